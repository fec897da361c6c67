//! Measures, each defined once.

use std::time::Duration;

/// Bins of the expected calibration error, as Guo and others (2017) use.
const BINS: usize = 15;

/// Milliseconds that `percent` of 100 sorted times do not exceed.
#[must_use]
pub fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted
        .get(index)
        .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// The mean of times in milliseconds, 0 of none.
pub(super) fn mean_ms(times: &[Duration]) -> f64 {
    let sum: Duration = times.iter().sum();
    sum.as_secs_f64() * 1000.0 / real(times.len().max(1))
}

/// A count as a number that can be divided.
pub(super) fn real(count: usize) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "what is counted here is far fewer than 2^52"
    )]
    let real = count as f64;
    real
}

/// The share that `part` is of `all`; not a number if there is none.
pub(super) fn share(part: usize, all: usize) -> f64 {
    real(part) / real(all)
}

/// The area under the ROC curve: the chance that a true one scores higher than a false one, ties
/// by half. Not a number if one kind is missing.
pub(super) fn auc(scored: &[(f32, bool)]) -> f64 {
    let mut sorted: Vec<(f32, bool)> = scored.to_vec();
    sorted.sort_by(|one, two| one.0.total_cmp(&two.0));
    let (mut below, mut wins, mut trues) = (0.0_f64, 0.0_f64, 0.0_f64);
    let mut at = 0;
    while at < sorted.len() {
        let tied = sorted[at..]
            .iter()
            .take_while(|(score, _)| score.total_cmp(&sorted[at].0).is_eq())
            .count();
        let (mut good, mut bad) = (0.0, 0.0);
        for (_, truth) in &sorted[at..at + tied] {
            if *truth {
                good += 1.0;
            } else {
                bad += 1.0;
            }
        }
        wins += good * (below + bad / 2.0);
        below += bad;
        trues += good;
        at += tied;
    }
    if trues == 0.0 || below == 0.0 {
        f64::NAN
    } else {
        wins / (trues * below)
    }
}

/// The mean of the shares of true ones that are said to be true and of false ones that are said to
/// be false. Not a number if one kind is missing.
pub(super) fn balanced_accuracy(decided: impl IntoIterator<Item = (bool, bool)>) -> f64 {
    let (mut right, mut all) = ([0.0_f64; 2], [0.0_f64; 2]);
    for (said, truth) in decided {
        let class = usize::from(truth);
        all[class] += 1.0;
        right[class] += f64::from(u8::from(said == truth));
    }
    if all.contains(&0.0) {
        f64::NAN
    } else {
        f64::midpoint(right[0] / all[0], right[1] / all[1])
    }
}

/// The expected calibration error of scores that are read as the probability of being true: over
/// 15 bins of equal width, the distance between the mean score of a bin and the share of true ones
/// in it, weighted by how many of all are in it. Bin `m` of `M` holds the scores over `(m-1)/M` up
/// to `m/M`; 0 is in the first. Not a number if there is none.
///
/// Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (2017), equation 3,
/// taken of the probability that a claim is supported instead of that of the likelier class, since
/// that is the score that people are shown.
pub(super) fn expected_calibration_error(scored: &[(f32, bool)]) -> f64 {
    let mut bins = [(0.0_f64, 0.0_f64); BINS];
    for (score, truth) in scored {
        let score = f64::from(score.clamp(0.0, 1.0));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is from 0 to 15"
        )]
        let upper = (score * real(BINS)).ceil() as usize;
        let (scores, trues) = &mut bins[upper.saturating_sub(1).min(BINS - 1)];
        *scores += score;
        *trues += f64::from(u8::from(*truth));
    }
    // The weight of a bin and the means in it are both by its number, which falls out.
    let apart: f64 = bins
        .iter()
        .map(|(scores, trues)| (scores - trues).abs())
        .sum();
    apart / real(scored.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-6, "{one} instead of {other}");
    }

    #[test]
    fn the_area_under_the_curve_agrees_with_pairs_counted_by_hand() {
        // Of four pairs three are in order and one is tied.
        let scored = [(0.9, true), (0.5, false), (0.5, true), (0.1, false)];
        near(auc(&scored), 3.5 / 4.0);
        near(auc(&[(0.2, true), (0.8, false)]), 0.0);
        assert!(auc(&[(0.2, true)]).is_nan());
        assert!(auc(&[]).is_nan());
    }

    #[test]
    fn balanced_accuracy_gives_both_kinds_the_same_weight() {
        let decided = [(true, true), (false, true), (false, false)];
        // Half of the true ones and all of the false ones.
        near(balanced_accuracy(decided), 0.75);
        assert!(balanced_accuracy([(true, true)]).is_nan());
    }

    #[test]
    fn calibration_error_agrees_with_bins_worked_out_by_hand() {
        // Bins of 1/15: 0.92 and 0.90 are in the 14th (0.8667 to 0.9333), mean 0.91, half of
        // them true; 0.10 is in the second, none true; 0.48 in the eighth, true.
        let scored = [(0.92, true), (0.90, false), (0.10, false), (0.48, true)];
        let expected = 2.0 / 4.0 * (0.91 - 0.5_f64).abs() + 1.0 / 4.0 * 0.10 + 1.0 / 4.0 * 0.52;
        near(expected_calibration_error(&scored), expected);
    }

    #[test]
    fn the_ends_of_the_scale_are_in_a_bin() {
        near(
            expected_calibration_error(&[(0.0, false), (1.0, true)]),
            0.0,
        );
        near(
            expected_calibration_error(&[(0.0, true), (1.0, false)]),
            1.0,
        );
        // Half of those with 0.5 are true: nothing is wrong with that.
        near(
            expected_calibration_error(&[(0.5, true), (0.5, false)]),
            0.0,
        );
        assert!(expected_calibration_error(&[]).is_nan());
    }

    #[test]
    fn times_are_told_as_they_were_taken() {
        let times: Vec<Duration> = (1..=20).map(Duration::from_millis).collect();
        near(percentile(&times, 50), 10.0);
        near(percentile(&times, 95), 19.0);
        near(mean_ms(&times), 10.5);
        near(mean_ms(&[]), 0.0);
    }
}
