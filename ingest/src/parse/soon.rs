//! For tests of hostile files: reading one must end soon.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The processor time that reading may take, hardly optimised.
const SOON: Duration = Duration::from_secs(20);

/// Does work that must end soon. The time on a processor counts where it is known, so that a
/// busy machine fails no test.
#[track_caller]
pub(super) fn soon<T>(work: impl FnOnce() -> T) -> T {
    let start = worked();
    let result = work();
    let took = worked().saturating_sub(start);
    assert!(took < SOON, "{took:?}");
    result
}

/// How long this thread has worked.
fn worked() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|times| times.split(' ').next()?.parse().ok())
        .map_or_else(|| START.elapsed(), Duration::from_nanos)
}
