//! How long stages took: counts of times between bounds that grow by a fifth, so that a share of
//! them is known to a fifth and no single time is kept.

use std::collections::BTreeMap;
use std::time::Duration;

/// Bounds at most: from a tenth of a millisecond to some minutes.
const BOUNDS: usize = 90;

/// The upper bounds in microseconds, in order.
fn bounds() -> impl Iterator<Item = u64> {
    std::iter::successors(Some(100_u64), |bound| Some(bound * 119 / 100)).take(BOUNDS)
}

/// Under which name a time of a stage is counted, such as `retrieve 017`.
pub(super) fn name(stage: &str, time: Duration) -> String {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let place = bounds().position(|bound| micros <= bound);
    format!("{stage} {:03}", place.unwrap_or(BOUNDS - 1))
}

/// How many times there were of a stage, by the places of their bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Times(BTreeMap<usize, u64>);

/// What a name under which times are counted stands for.
pub(super) fn read(name: &str) -> Option<(&str, usize)> {
    let (stage, place) = name.rsplit_once(' ')?;
    Some((stage, place.parse().ok().filter(|place| *place < BOUNDS)?))
}

impl Times {
    /// Adds times.
    pub(super) fn add(&mut self, place: usize, amount: u64) {
        *self.0.entry(place).or_default() += amount;
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The time that `percent` of 100 took at most, to a fifth.
    pub(super) fn percentile(&self, percent: u64) -> Duration {
        let wanted = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (place, amount) in &self.0 {
            seen += amount;
            if seen >= wanted {
                return Duration::from_micros(bounds().nth(*place).unwrap_or(0));
            }
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_times_are_known_to_a_fifth() {
        let mut times = Times::default();
        for millis in 1..=100 {
            let name = name("retrieve", Duration::from_millis(millis));
            let (stage, place) = read(&name).unwrap();
            assert_eq!(stage, "retrieve");
            times.add(place, 1);
        }
        assert_eq!(times.count(), 100);
        for (percent, millis) in [(50, 50), (95, 95), (100, 100)] {
            let found = times.percentile(percent);
            let exact = Duration::from_millis(millis);
            assert!(
                found >= exact && found <= exact * 6 / 5,
                "{percent}: {found:?}"
            );
        }
        assert_eq!(Times::default().percentile(95), Duration::ZERO);
    }

    #[test]
    fn the_longest_and_the_shortest_have_a_place() {
        assert_eq!(name("x", Duration::ZERO), "x 000");
        assert_eq!(name("x", Duration::MAX), "x 089");
        assert!(bounds().last().unwrap() > 300_000_000);
        assert!(read("x").is_none() && read("x 090").is_none());
    }
}
