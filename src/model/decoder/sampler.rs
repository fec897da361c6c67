//! From the scores of all tokens to the next one.

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
        // Rounding may leave a rest behind the last.
        weights.last().map_or(0, |(_, token)| *token)
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
pub(super) fn normalizer(scores: &[f32]) -> f32 {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = scores
        .iter()
        .map(|score| f64::from(score - largest).exp())
        .sum();
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm is small")]
    let total = total.ln() as f32;
    -largest - total
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
    best.iter_mut().for_each(|(_, score)| *score += normalizer);
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(sampling: Sampling, scores: &[f32], token: u32) -> f64 {
        let mut sampler = Sampler::new(sampling);
        let hits = (0..20_000)
            .filter(|_| sampler.choose(scores) == token)
            .count();
        hits as f64 / 20_000.0
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
        assert!((share(sampling, &scores, 0) - 0.5).abs() < 0.02);
        assert_eq!(share(sampling, &scores, 3), 0.0);
        let colder = Sampling {
            temperature: 0.5,
            ..sampling
        };
        assert!((share(colder, &scores, 0) - 4.0 / 6.0).abs() < 0.02);
        let narrow = Sampling {
            top_p: 0.5,
            ..sampling
        };
        assert_eq!(share(narrow, &scores, 0), 1.0);
    }

    #[test]
    fn a_seed_repeats_itself() {
        let scores: Vec<f32> = (0..50).map(|index| (index % 7) as f32 * 0.3).collect();
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
    fn probabilities_of_all_tokens_sum_to_one() {
        let scores = [1.0, 200.0, 199.0, -5.0];
        let normalizer = normalizer(&scores);
        let total: f32 = scores.iter().map(|score| (score + normalizer).exp()).sum();
        assert!((total - 1.0).abs() < 1e-5);
        let top = top(&scores, normalizer, 2);
        assert_eq!((top[0].0, top[1].0), (1, 2));
        assert!((top[0].1.exp() - 0.731).abs() < 1e-3);
    }
}
