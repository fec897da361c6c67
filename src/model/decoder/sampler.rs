//! From the scores of all tokens to the next one.

use super::matrix::sum_of_powers;
use super::simd::{LANES, Level};

/// How the next token is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sampling {
    /// Scores are divided by it. 0 takes the likeliest token.
    pub(crate) temperature: f32,
    /// Only the likeliest tokens that are this likely together are chosen from.
    pub(crate) top_p: f32,
    /// Starts the random numbers: the same seed writes the same text.
    pub(crate) seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_p: 1.0,
            seed: 0,
        }
    }
}

/// Chooses tokens for one request.
#[derive(Debug)]
pub(super) struct Sampler {
    sampling: Sampling,
    random: fastrand::Rng,
}

impl Sampler {
    pub(super) fn new(sampling: Sampling) -> Self {
        Self {
            sampling,
            random: fastrand::Rng::with_seed(sampling.seed),
        }
    }

    /// The next token. Of equally likely ones the first.
    pub(super) fn choose(&mut self, scores: &[f32]) -> u32 {
        if self.sampling.temperature <= 0.0 {
            return likeliest(scores);
        }
        let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut weights: Vec<(f32, u32)> = scores
            .iter()
            .zip(0..)
            .map(|(score, token)| (((score - largest) / self.sampling.temperature).exp(), token))
            .collect();
        if self.sampling.top_p < 1.0 {
            weights.sort_by(|left, right| right.0.total_cmp(&left.0));
            let total: f32 = weights.iter().map(|(weight, _)| weight).sum();
            let mut sum = 0.0;
            let kept = weights
                .iter()
                .position(|(weight, _)| {
                    sum += weight;
                    sum >= self.sampling.top_p * total
                })
                .map_or(weights.len(), |last| last + 1);
            weights.truncate(kept.max(1));
        }
        let total: f32 = weights.iter().map(|(weight, _)| weight).sum();
        let mut point = self.random.f32() * total;
        for (weight, token) in &weights {
            point -= weight;
            if point < 0.0 {
                return *token;
            }
        }
        // Rounding may leave a rest behind the last that has any weight.
        let last = weights.iter().rev().find(|(weight, _)| *weight > 0.0);
        last.map_or_else(|| likeliest(scores), |(_, token)| *token)
    }
}

fn likeliest(scores: &[f32]) -> u32 {
    let mut best = (f32::NEG_INFINITY, 0);
    for (score, token) in scores.iter().zip(0..) {
        if *score > best.0 {
            best = (*score, token);
        }
    }
    best.1
}

/// What is added to a score to make it the logarithm of a probability.
/// It is no number if a score is none.
pub(super) fn normalizer(level: Level, scores: &[f32]) -> f32 {
    let mut largest = [f32::NEG_INFINITY; LANES];
    let mut is_broken = false;
    let (whole, rest) = scores.as_chunks::<LANES>();
    for scores in whole {
        for (largest, score) in largest.iter_mut().zip(scores) {
            is_broken |= score.is_nan();
            *largest = largest.max(*score);
        }
    }
    is_broken |= rest.iter().any(|score| score.is_nan());
    let all = largest.iter().chain(rest).copied();
    let largest = all.fold(f32::NEG_INFINITY, f32::max);
    if is_broken {
        return f32::NAN;
    }
    -largest - sum_of_powers(level, scores, largest).ln()
}

/// The `count` likeliest tokens with the logarithms of their probabilities, likeliest first.
pub(super) fn top(scores: &[f32], normalizer: f32, count: usize) -> Vec<(u32, f32)> {
    let mut best: Vec<(u32, f32)> = Vec::with_capacity(count + 1);
    for (score, token) in scores.iter().zip(0..) {
        if best.len() == count && best.last().is_none_or(|(_, least)| score <= least) {
            continue;
        }
        let at = best.partition_point(|(_, other)| other >= score);
        best.insert(at, (token, *score));
        best.truncate(count);
    }
    for (_, score) in &mut best {
        *score += normalizer;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often `token` is chosen, of 20,000 times.
    fn share(sampling: Sampling, scores: &[f32], token: u32) -> usize {
        let mut sampler = Sampler::new(sampling);
        (0..20_000)
            .filter(|_| sampler.choose(scores) == token)
            .count()
    }

    #[test]
    fn without_a_temperature_the_likeliest_is_taken() {
        let mut sampler = Sampler::new(Sampling::default());
        assert_eq!(sampler.choose(&[0.0, 3.0, 3.0, 1.0]), 1);
    }

    #[test]
    fn tokens_are_chosen_as_often_as_they_are_likely() {
        let scores = [2.0_f32.ln(), 0.0, 1.0_f32.ln(), f32::NEG_INFINITY];
        let sampling = Sampling {
            temperature: 1.0,
            top_p: 1.0,
            seed: 7,
        };
        assert!(share(sampling, &scores, 0).abs_diff(10_000) < 400);
        assert_eq!(share(sampling, &scores, 3), 0);
        let colder = Sampling {
            temperature: 0.5,
            ..sampling
        };
        assert!(share(colder, &scores, 0).abs_diff(13_333) < 400);
        let narrow = Sampling {
            top_p: 0.5,
            ..sampling
        };
        assert_eq!(share(narrow, &scores, 0), 20_000);
    }

    #[test]
    fn a_seed_repeats_itself() {
        let scores: Vec<f32> = (0..50_u8).map(|index| f32::from(index % 7) * 0.3).collect();
        let write = |seed| {
            let mut sampler = Sampler::new(Sampling {
                temperature: 1.0,
                top_p: 0.9,
                seed,
            });
            (0..30).map(|_| sampler.choose(&scores)).collect::<Vec<_>>()
        };
        assert_eq!(write(1), write(1));
        assert_ne!(write(1), write(2));
    }

    #[test]
    fn normalizers_are_those_of_double_precision_on_every_level() {
        for count in [1, 15, 16, 17, 32_000] {
            let mut random = fastrand::Rng::with_seed(count);
            let scores: Vec<f32> = (0..count).map(|_| random.f32() * 30.0 - 10.0).collect();
            let total: f64 = scores.iter().map(|score| f64::from(*score).exp()).sum();
            for level in Level::all() {
                let found = f64::from(normalizer(level, &scores));
                assert!((found + total.ln()).abs() < 1e-5, "{count} scores: {found}");
            }
        }
        let broken = [[1.0; 40].as_slice(), &[f32::NAN], &[1.0; 20]].concat();
        for level in Level::all() {
            assert!(!normalizer(level, &broken).is_finite());
            assert!(!normalizer(level, &[f32::INFINITY, 1.0]).is_finite());
            assert!(!normalizer(level, &[f32::NEG_INFINITY; 3]).is_finite());
        }
    }

    #[test]
    fn probabilities_of_all_tokens_sum_to_one() {
        let scores = [1.0, 200.0, 199.0, -5.0];
        let normalizer = normalizer(Level::detect(), &scores);
        let total: f32 = scores.iter().map(|score| (score + normalizer).exp()).sum();
        assert!((total - 1.0).abs() < 1e-5);
        let top = top(&scores, normalizer, 2);
        assert_eq!((top[0].0, top[1].0), (1, 2));
        assert!((top[0].1.exp() - 0.731).abs() < 1e-3);
    }
}
