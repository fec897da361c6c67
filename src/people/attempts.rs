//! Limits on attempts to sign in: per name, and per address that they come from.
//!
//! A few attempts are free; each one after them must wait twice as long as the one before. An
//! attempt counts when it begins, so that many at once are not all free. Whether anybody has the
//! name makes no difference.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use ingest::ContentHash;
use jiff::{SignedDuration, Timestamp};

use super::types::{Name, Refusal};

/// Wrong passwords for one name that cost no time.
const FREE_OF_NAME: u32 = 5;
/// Longer nobody waits for a name: its owner must be able to come in while another tries.
const LONGEST_OF_NAME: SignedDuration = SignedDuration::from_secs(5 * 60);
/// Wrong attempts from one address that cost no time: an office may have a single one.
const FREE_OF_ADDRESS: u32 = 30;
const LONGEST_OF_ADDRESS: SignedDuration = SignedDuration::from_secs(60);
/// Wrong keys from one address that are all told to the audit log.
const FREE_OF_KEYS: u32 = 10;
/// After them one is told in so long at least.
const LONGEST_OF_KEYS: SignedDuration = SignedDuration::from_secs(10 * 60);
/// After so long without another attempt all is forgotten.
const MEMORY: SignedDuration = SignedDuration::from_secs(60 * 60);
/// Names, and addresses, that are kept in mind.
const MOST: usize = 10_000;

/// All attempts that did not lead in.
#[derive(Debug)]
pub(super) struct Attempts {
    tallies: Mutex<Tallies>,
}

#[derive(Debug)]
struct Tallies {
    names: Counter<ContentHash>,
    addresses: Counter<IpAddr>,
    /// Wrong keys that programs show. Apart from the addresses: a program with an old key must not keep
    /// the people of its network from signing in. Where no address is known, all are one.
    keys: Counter<Option<IpAddr>>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            tallies: Mutex::new(Tallies {
                names: Counter::new(FREE_OF_NAME, LONGEST_OF_NAME),
                addresses: Counter::new(FREE_OF_ADDRESS, LONGEST_OF_ADDRESS),
                keys: Counter::new(FREE_OF_KEYS, LONGEST_OF_KEYS),
            }),
        }
    }
}

impl Attempts {
    /// Counts an attempt before it is made.
    ///
    /// # Errors
    /// When it must wait. It is not counted then.
    pub(super) fn begin(
        &self,
        name: Option<&str>,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let (name, address) = (name.map(key_of), address.map(network));
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = Ord::max(
            tallies.names.wait(name.as_ref(), now),
            tallies.addresses.wait(address.as_ref(), now),
        );
        if wait > SignedDuration::ZERO {
            let begun = u64::from(wait.subsec_nanos() > 0);
            let seconds = u64::try_from(wait.as_secs()).unwrap_or(0) + begun;
            return Err(Refusal::TooManyAttempts { seconds });
        }
        tallies.names.add(name, now);
        tallies.addresses.add(address, now);
        Ok(())
    }

    /// Whether a wrong key that was shown is worth telling; it is then counted. A key is too long to
    /// be guessed, so that nobody must wait, but what programs show again and again would fill a log.
    pub(super) fn tells_of_key(&self, address: Option<IpAddr>, now: Timestamp) -> bool {
        let address = address.map(network);
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let is_told = tallies.keys.wait(Some(&address), now) <= SignedDuration::ZERO;
        if is_told {
            tallies.keys.add(Some(address), now);
        }
        is_told
    }

    /// The attempt that was counted led in. It alone is taken back of the address: else who has
    /// one account could try those of others for ever.
    pub(super) fn succeeded(&self, name: Option<&str>, address: Option<IpAddr>) {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = name {
            tallies.names.forget(&key_of(name));
        }
        if let Some(address) = address {
            tallies.addresses.take_back(&network(address));
        }
    }
}

/// Names are kept as hashes: people type passwords in their place.
fn key_of(name: &str) -> ContentHash {
    ContentHash::of(Name::folded(name).as_bytes())
}

/// Who has one address of IPv6 has all of its network.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(bits))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[derive(Clone, Copy, Debug)]
struct Tally {
    count: u32,
    last: Timestamp,
    /// Before this no other attempt may be made.
    next: Timestamp,
}

/// A bounded count of attempts.
#[derive(Debug)]
struct Counter<K> {
    free: u32,
    longest: SignedDuration,
    tallies: HashMap<K, Tally>,
}

impl<K: Clone + Eq + Hash> Counter<K> {
    fn new(free: u32, longest: SignedDuration) -> Self {
        Self {
            free,
            longest,
            tallies: HashMap::new(),
        }
    }

    fn wait(&self, key: Option<&K>, now: Timestamp) -> SignedDuration {
        key.and_then(|key| self.tallies.get(key))
            .map_or(SignedDuration::ZERO, |tally| tally.next.duration_since(now))
    }

    fn add(&mut self, key: Option<K>, now: Timestamp) {
        let Some(key) = key else { return };
        if !self.tallies.contains_key(&key) {
            self.make_room(now);
        }
        let fresh = Tally {
            count: 0,
            last: now,
            next: now,
        };
        let tally = self.tallies.entry(key).or_insert(fresh);
        if now.duration_since(tally.last) > MEMORY {
            *tally = fresh;
        }
        tally.count = tally.count.saturating_add(1);
        tally.last = now;
        // The attempt number `free` is the last that costs nothing: the one after it waits.
        if let Some(over) = tally.count.checked_sub(self.free) {
            let delay = SignedDuration::from_secs(1_i64 << over.min(30)).min(self.longest);
            tally.next = now.checked_add(delay).unwrap_or(Timestamp::MAX);
        }
    }

    fn forget(&mut self, key: &K) {
        self.tallies.remove(key);
    }

    fn take_back(&mut self, key: &K) {
        let Some(tally) = self.tallies.get_mut(key) else {
            return;
        };
        tally.count = tally.count.saturating_sub(1);
        tally.next = tally.last;
        if tally.count == 0 {
            self.tallies.remove(key);
        }
    }

    /// Makes room for one more: first goes what is forgotten anyway, then what was tried least.
    fn make_room(&mut self, now: Timestamp) {
        if self.tallies.len() < MOST {
            return;
        }
        self.tallies
            .retain(|_, tally| now.duration_since(tally.last) <= MEMORY);
        while self.tallies.len() >= MOST {
            let least = self
                .tallies
                .iter()
                .min_by_key(|(_, tally)| (tally.count, tally.last))
                .map(|(key, _)| key.clone());
            let Some(least) = least else { return };
            self.tallies.remove(&least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_772_323_200 + seconds).unwrap()
    }

    fn seconds(refused: Result<(), Refusal>) -> u64 {
        match refused {
            Err(Refusal::TooManyAttempts { seconds }) => seconds,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_delay_of_a_name_doubles_and_is_bounded() {
        let attempts = Attempts::default();
        let mut now = 0;
        for _ in 0..FREE_OF_NAME {
            attempts.begin(Some("mina"), None, at(now)).unwrap();
        }
        let mut waits = Vec::new();
        for _ in 0..12 {
            let wait = seconds(attempts.begin(Some("Mina "), None, at(now)));
            waits.push(wait);
            now += i64::try_from(wait).unwrap();
            attempts.begin(Some("mina"), None, at(now)).unwrap();
        }
        assert_eq!(&waits[..4], [1, 2, 4, 8]);
        assert_eq!(waits[11], 300);
        attempts.begin(Some("jun"), None, at(now)).unwrap();
        // An hour without attempts, and all is as at first.
        now += MEMORY.as_secs() + 600;
        for _ in 0..FREE_OF_NAME {
            attempts.begin(Some("mina"), None, at(now)).unwrap();
        }
    }

    #[test]
    fn who_came_in_starts_anew_and_their_address_does_not() {
        let attempts = Attempts::default();
        let address: IpAddr = "192.0.2.7".parse().unwrap();
        for attempt in 0..FREE_OF_ADDRESS {
            let other = format!("name{attempt}");
            attempts.begin(Some(&other), Some(address), at(0)).unwrap();
            if attempt % 10 == 4 {
                attempts.begin(Some("own"), Some(address), at(0)).unwrap();
                attempts.succeeded(Some("own"), Some(address));
            }
        }
        let mapped: IpAddr = "::ffff:192.0.2.7".parse().unwrap();
        assert!(seconds(attempts.begin(Some("newer"), Some(mapped), at(0))) > 0);
        assert!(attempts.begin(Some("newer"), None, at(0)).is_ok());
    }

    #[test]
    fn wrong_keys_are_told_now_and_then_and_keep_nobody_out() {
        let attempts = Attempts::default();
        let address: IpAddr = "192.0.2.7".parse().unwrap();
        for address in [Some(address), None] {
            let mut told = 0;
            for second in 0..3_600 {
                told += u32::from(attempts.tells_of_key(address, at(second)));
            }
            assert!(told > FREE_OF_KEYS && told < FREE_OF_KEYS + 20, "{told}");
            attempts.begin(Some("mina"), address, at(3_600)).unwrap();
        }
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let one: IpAddr = "2001:db8:1:2::7".parse().unwrap();
        let other: IpAddr = "2001:db8:1:2:ffff::1".parse().unwrap();
        let elsewhere: IpAddr = "2001:db8:1:3::7".parse().unwrap();
        assert_eq!(network(one), network(other));
        assert_ne!(network(one), network(elsewhere));
    }

    #[test]
    fn memory_is_bounded_and_who_is_tried_most_is_remembered() {
        let mut counter = Counter::new(FREE_OF_NAME, LONGEST_OF_NAME);
        for _ in 0..FREE_OF_NAME {
            counter.add(Some(0), at(0));
        }
        for key in 1..MOST + 100 {
            counter.add(Some(key), at(1));
        }
        assert!(counter.tallies.len() <= MOST);
        assert_eq!(counter.tallies[&0].count, FREE_OF_NAME);
    }
}
