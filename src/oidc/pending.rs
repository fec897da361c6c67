//! People who are on their way to a provider: what they must bring back.
//!
//! Each is kept under the hash of a random word that only their browser has, and goes when it is
//! asked for: nothing that comes back works twice, or in another browser. Who sets out again and again
//! pushes out only their own: an address has so many on their way, and where there is no room for all
//! of them, the address with the most gives way.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::people::{Token, network};

/// Signing in at the provider may take this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// So many may be on their way in all.
const MOST: usize = 10_000;
/// So many from one address: an office may have a single one.
const MOST_OF_ADDRESS: usize = 500;

/// What somebody must bring back, and what the provider's answer is compared with.
#[derive(Debug)]
pub(super) struct Away {
    pub(super) provider: String,
    pub(super) state: Token,
    pub(super) nonce: Token,
    pub(super) verifier: String,
    /// Where they wanted to go.
    pub(super) next: String,
    /// The id of the session that they had when they set out.
    pub(super) session: Option<String>,
    /// Where they come from, if it is known.
    pub(super) address: Option<IpAddr>,
    pub(super) since: Instant,
}

/// All who are on their way.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<HashMap<String, Away>>);

impl Pending {
    /// Keeps one under `hash`.
    pub(super) fn put(&self, hash: String, away: Away) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, one| one.since.elapsed() < PATIENCE);
        let address = away.address.map(network);
        let of = |one: &Away| one.address.map(network);
        let theirs = all.values().filter(|one| of(one) == address).count();
        let gives_way = if theirs >= MOST_OF_ADDRESS {
            Some(address)
        } else if all.len() >= MOST {
            let mut counts: HashMap<Option<IpAddr>, usize> = HashMap::new();
            for one in all.values() {
                *counts.entry(of(one)).or_default() += 1;
            }
            let most = counts.into_iter().max_by_key(|(_, count)| *count);
            most.map(|(address, _)| address)
        } else {
            None
        };
        if let Some(address) = gives_way {
            let theirs = all.iter().filter(|(_, one)| of(one) == address);
            let oldest = theirs.min_by_key(|(_, one)| one.since);
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
        away_from("192.0.2.1", since)
    }

    fn away_from(address: &str, since: Instant) -> Away {
        Away {
            address: Some(address.parse().unwrap()),
            session: None,
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
    fn who_sets_out_again_and_again_pushes_only_their_own_out() {
        let pending = Pending::default();
        let other = away_from("192.0.2.2", Instant::now());
        pending.put("other".to_owned(), other);
        for number in 0..=MOST_OF_ADDRESS {
            // All of one network.
            let address = format!("2001:db8::{number:x}");
            pending.put(number.to_string(), away_from(&address, Instant::now()));
        }
        assert_eq!(pending.0.lock().unwrap().len(), MOST_OF_ADDRESS + 1);
        assert!(pending.take("0").is_none(), "the longest of theirs goes");
        assert!(pending.take(&MOST_OF_ADDRESS.to_string()).is_some());
        assert!(pending.take("other").is_some(), "another's stays");
    }

    #[test]
    fn where_there_is_no_room_the_address_with_the_most_gives_way() {
        let pending = Pending::default();
        let other = away_from("192.0.2.2", Instant::now());
        pending.put("other".to_owned(), other);
        // As many as there may be, from twenty addresses.
        {
            let mut all = pending.0.lock().unwrap();
            for number in 0..MOST - 1 {
                let address = format!("198.51.100.{}", number % 20);
                all.insert(number.to_string(), away_from(&address, Instant::now()));
            }
            assert_eq!(all.len(), MOST);
        }
        let late = away_from("192.0.2.3", Instant::now());
        pending.put("late".to_owned(), late);
        assert_eq!(pending.0.lock().unwrap().len(), MOST);
        assert!(pending.take("other").is_some() && pending.take("late").is_some());
    }
}
