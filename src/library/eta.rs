//! How long a document still takes: an estimate from how quickly work went so far.

use std::time::Duration;

use crate::catalogue::{DocumentView, State, Waiting};

/// What was done since the library was opened, and how long it took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Speed {
    /// Bytes of files that were read and put into the index of words.
    pub(super) bytes: u64,
    /// The time of that, of all workers together.
    pub(super) reading: Duration,
    /// How many workers read.
    pub(super) readers: usize,
    /// Chunks that were embedded.
    pub(super) chunks: u64,
    /// The time of that.
    pub(super) embedding: Duration,
}

/// Seconds until a document is searched, or until its vectors are made when it is; none where
/// nothing was measured so far.
pub(super) fn seconds_left(view: &DocumentView, waiting: &Waiting, speed: &Speed) -> Option<u64> {
    match view.state {
        State::Queued => {
            let before = waiting.before(view.id)?;
            reading(before + view.size, speed)
        }
        State::Extracting | State::Chunking | State::Indexing => {
            let left = match view.pages_total {
                Some(total) if total > 0 => {
                    let undone = u64::from(total.saturating_sub(view.pages_done));
                    view.size.saturating_mul(undone) / u64::from(total)
                }
                _ => view.size,
            };
            reading(left, speed)
        }
        State::Embedding => {
            let own = view.chunks.saturating_sub(view.chunks_embedded);
            scaled(u64::from(own), speed.chunks, speed.embedding)
        }
        _ => None,
    }
}

fn reading(bytes: u64, speed: &Speed) -> Option<u64> {
    let readers = u32::try_from(speed.readers.max(1)).unwrap_or(u32::MAX);
    scaled(bytes, speed.bytes, speed.reading / readers)
}

/// The seconds that `amount` takes when `done` took `time`.
fn scaled(amount: u64, done: u64, time: Duration) -> Option<u64> {
    let micros = u128::from(amount).checked_mul(time.as_micros())?;
    let seconds = micros.checked_div(u128::from(done))?.div_ceil(1_000_000);
    u64::try_from(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_a_second_takes_ten_for_ten_times_as_much() {
        let second = Duration::from_secs(1);
        assert_eq!(scaled(10, 1, second), Some(10));
        assert_eq!(scaled(1, 10, second), Some(1));
        assert_eq!(scaled(10, 0, second), None);
        assert_eq!(scaled(u64::MAX, 1, Duration::MAX), None);
        let speed = Speed {
            bytes: 1 << 20,
            reading: Duration::from_secs(4),
            readers: 2,
            ..Speed::default()
        };
        assert_eq!(reading(3 << 20, &speed), Some(6));
        assert_eq!(reading(3, &Speed::default()), None);
    }
}
