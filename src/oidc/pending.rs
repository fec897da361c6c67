//! People who are on their way to a provider: what they must bring back.
//!
//! Each is kept under the hash of a random word that only their browser has, and goes when it is
//! asked for: nothing that comes back works twice, or in another browser.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::people::Token;

/// Signing in at the provider may take this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// So many may be on their way. The one that has been longest goes for one more.
const MOST: usize = 10_000;

/// What somebody must bring back, and what the provider's answer is compared with.
#[derive(Debug)]
pub(super) struct Away {
    pub(super) provider: String,
    pub(super) state: Token,
    pub(super) nonce: Token,
    pub(super) verifier: String,
    /// Where they wanted to go.
    pub(super) next: String,
    pub(super) since: Instant,
}

/// All who are on their way.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<HashMap<String, Away>>);

impl Pending {
    /// Keeps one under `hash`.
    pub(super) fn put(&self, hash: String, away: Away) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, one| one.since.elapsed() < PATIENCE);
        }
        if all.len() >= MOST {
            let oldest = all.iter().min_by_key(|(_, one)| one.since);
            if let Some(oldest) = oldest.map(|(hash, _)| hash.clone()) {
                all.remove(&oldest);
            }
        }
        all.insert(hash, away);
    }

    /// Takes the one under `hash` away, if it has not been too long.
    pub(super) fn take(&self, hash: &str) -> Option<Away> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(hash)
            .filter(|one| one.since.elapsed() < PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away(since: Instant) -> Away {
        Away {
            provider: "company".to_owned(),
            state: Token::random("").unwrap(),
            nonce: Token::random("").unwrap(),
            verifier: String::new(),
            next: "/".to_owned(),
            since,
        }
    }

    #[test]
    fn what_comes_back_works_once_and_not_for_ever() {
        let pending = Pending::default();
        let now = Instant::now();
        pending.put("a".to_owned(), away(now));
        assert!(pending.take("b").is_none());
        assert!(pending.take("a").is_some());
        assert!(pending.take("a").is_none());
        if let Some(long_ago) = now.checked_sub(PATIENCE) {
            pending.put("a".to_owned(), away(long_ago));
            assert!(pending.take("a").is_none());
        }
    }

    #[test]
    fn there_is_an_end_to_how_many_are_on_their_way() {
        let pending = Pending::default();
        for number in 0..=MOST {
            pending.put(number.to_string(), away(Instant::now()));
        }
        assert!(pending.take("0").is_none(), "the longest goes");
        assert!(pending.take(&MOST.to_string()).is_some());
    }
}
