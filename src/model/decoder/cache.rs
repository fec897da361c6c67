//! Blocks of keys and values: who has which, and what stays for later.
//!
//! A full block is known by the tokens in it and all before it. Whoever begins with the same
//! tokens shares it: a second question over the same passages computes only what is new.
//! Blocks that nobody has stay until their room is needed, those unused for longest going
//! first. Names are SHA-256 of all tokens: two beginnings do not share by accident.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest as _, Sha256};

use super::attention::BLOCK;

/// The name of a block: of its tokens and all before them.
pub(super) type BlockName = [u8; 32];

/// The names of all full blocks of `tokens`, written with adapter number `adapter`.
pub(super) fn names(tokens: &[u32], adapter: Option<usize>) -> Vec<BlockName> {
    let mut name: BlockName = Sha256::digest(format!("{adapter:?}")).into();
    tokens
        .chunks_exact(BLOCK)
        .map(|tokens| {
            name = next_name(&name, tokens);
            name
        })
        .collect()
}

fn next_name(before: &BlockName, tokens: &[u32]) -> BlockName {
    let mut digest = Sha256::new();
    digest.update(before);
    for token in tokens {
        digest.update(token.to_le_bytes());
    }
    digest.finalize().into()
}

/// Stamps of blocks with a name begin here; those without one lie below and are used first.
const NAMED: u64 = 1 << 40;

/// All blocks of a model.
#[derive(Debug)]
pub(super) struct Blocks {
    /// How many conversations have each block.
    users: Vec<u32>,
    names: Vec<Option<BlockName>>,
    by_name: HashMap<BlockName, u32>,
    /// Blocks that nobody has, those to be used first at the start.
    idle: BTreeMap<u64, u32>,
    /// The key of each idle block.
    stamps: Vec<u64>,
    clock: u64,
}

impl Blocks {
    /// `count` empty blocks.
    pub(super) fn new(count: usize) -> Self {
        let count = u32::try_from(count).expect("blocks are counted in 32 bits");
        Self {
            users: vec![0; count as usize],
            names: vec![None; count as usize],
            by_name: HashMap::new(),
            idle: (0..count).map(|block| (u64::from(block), block)).collect(),
            stamps: (0..u64::from(count)).collect(),
            clock: NAMED + u64::from(count),
        }
    }

    /// Blocks that a new conversation could have.
    pub(super) fn idle(&self) -> usize {
        self.idle.len()
    }

    /// Takes `count` blocks, the first of them those that are already known by `names`.
    /// Gives the blocks and how many of them hold what they should; none if there are too few.
    pub(super) fn take(&mut self, names: &[BlockName], count: usize) -> Option<(Vec<u32>, usize)> {
        let mut blocks: Vec<u32> = names
            .iter()
            .take(count)
            .map_while(|name| self.by_name.get(name).copied())
            .collect();
        let known = blocks.len();
        let taken_from_idle = blocks
            .iter()
            .filter(|block| self.users[**block as usize] == 0)
            .count();
        if self.idle.len() < taken_from_idle + count - known {
            return None;
        }
        for block in &blocks {
            self.use_again(*block);
        }
        while blocks.len() < count {
            let (_, block) = self.idle.pop_first().expect("there were enough");
            if let Some(name) = self.names[block as usize].take() {
                self.by_name.remove(&name);
            }
            self.users[block as usize] = 1;
            blocks.push(block);
        }
        Some((blocks, known))
    }

    fn use_again(&mut self, block: u32) {
        let at = block as usize;
        if self.users[at] == 0 {
            self.idle.remove(&self.stamps[at]);
        }
        self.users[at] += 1;
    }

    /// Says that `block` now holds what `name` names.
    pub(super) fn name(&mut self, block: u32, name: BlockName) {
        // Two that computed the same at the same time: the first one's stays known.
        if !self.by_name.contains_key(&name) && self.names[block as usize].is_none() {
            self.by_name.insert(name, block);
            self.names[block as usize] = Some(name);
        }
    }

    /// Gives blocks back. Those without a name hold nothing for later and are used first; of
    /// the others the last ones, since without the first they are of no use.
    pub(super) fn give_back(&mut self, blocks: &[u32]) {
        for block in blocks.iter().rev() {
            let at = *block as usize;
            self.users[at] -= 1;
            if self.users[at] > 0 {
                continue;
            }
            self.clock += 1;
            let stamp = if self.names[at].is_some() {
                self.clock
            } else {
                self.clock - NAMED
            };
            self.stamps[at] = stamp;
            self.idle.insert(stamp, *block);
        }
    }

    /// Forgets what `blocks` hold: it is not what their names say.
    pub(super) fn unname(&mut self, blocks: &[u32]) {
        for block in blocks {
            if let Some(name) = self.names[*block as usize].take() {
                self.by_name.remove(&name);
            }
        }
    }

    /// Forgets what all blocks hold.
    pub(super) fn forget(&mut self) {
        self.by_name.clear();
        self.names.fill(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(count: u32, salt: u32) -> Vec<u32> {
        (0..count).map(|index| index * 31 + salt).collect()
    }

    fn fill(blocks: &mut Blocks, taken: &[u32], names: &[BlockName]) {
        for (block, name) in taken.iter().zip(names) {
            blocks.name(*block, *name);
        }
    }

    #[test]
    fn the_same_beginning_is_shared_and_another_is_not() {
        let mut blocks = Blocks::new(10);
        let first = names(&tokens(200, 0), None);
        assert_eq!(first.len(), 3);
        let (one, known) = blocks.take(&first, 4).unwrap();
        assert_eq!(known, 0);
        fill(&mut blocks, &one, &first);
        // Shared while in use, and after.
        let (two, known) = blocks.take(&first, 4).unwrap();
        assert_eq!((known, &two[..3]), (3, &one[..3]));
        assert_ne!(two[3], one[3]);
        blocks.give_back(&one);
        blocks.give_back(&two);
        assert_eq!(blocks.idle(), 10);
        let (three, known) = blocks.take(&first, 4).unwrap();
        assert_eq!((known, &three[..3]), (3, &one[..3]));
        let (_, known) = blocks.take(&names(&tokens(200, 1), None), 3).unwrap();
        assert_eq!(known, 0);
        assert_ne!(names(&tokens(64, 0), None), names(&tokens(64, 0), Some(0)));
    }

    #[test]
    fn what_was_unused_for_longest_goes_first_and_never_what_is_in_use() {
        let mut blocks = Blocks::new(4);
        let (old, new) = (names(&tokens(128, 0), None), names(&tokens(64, 9), None));
        let (first, _) = blocks.take(&old, 2).unwrap();
        fill(&mut blocks, &first, &old);
        blocks.give_back(&first);
        let (second, _) = blocks.take(&new, 1).unwrap();
        fill(&mut blocks, &second, &new);
        blocks.give_back(&second);
        // Three more: the empty one, then the older conversation from its end.
        let (taken, _) = blocks.take(&[], 2).unwrap();
        assert!(!taken.contains(&second[0]) && !taken.contains(&first[0]));
        assert!(blocks.take(&[], 3).is_none());
        let (again, known) = blocks.take(&new, 1).unwrap();
        assert_eq!((again, known), (second, 1));
        assert_eq!(blocks.take(&old, 1).unwrap().1, 1);
        assert_eq!(blocks.idle(), 0);
    }

    #[test]
    fn no_block_is_lost_over_many_conversations() {
        let mut blocks = Blocks::new(9);
        let mut random = fastrand::Rng::with_seed(3);
        let mut held: Vec<Vec<u32>> = Vec::new();
        for round in 0..2_000 {
            let own = names(&tokens(256, random.u32(0..4)), None);
            if let Some((taken, known)) = blocks.take(&own, random.usize(1..5)) {
                if random.bool() {
                    fill(&mut blocks, &taken[known..], &own[known..]);
                }
                held.push(taken);
            } else {
                assert!(!held.is_empty(), "nobody has a block, in round {round}");
            }
            if !held.is_empty() && random.bool() {
                let given = held.swap_remove(random.usize(..held.len()));
                if random.u8(..) < 20 {
                    blocks.unname(&given);
                }
                blocks.give_back(&given);
            }
            let used: std::collections::HashSet<u32> = held.iter().flatten().copied().collect();
            assert_eq!(blocks.idle() + used.len(), 9, "in round {round}");
        }
    }

    #[test]
    fn known_blocks_count_against_what_is_idle() {
        let mut blocks = Blocks::new(3);
        let own = names(&tokens(128, 0), None);
        let (taken, _) = blocks.take(&own, 2).unwrap();
        fill(&mut blocks, &taken, &own);
        blocks.give_back(&taken);
        assert!(
            blocks.take(&own, 4).is_none(),
            "three idle, two of them its own"
        );
        assert_eq!(blocks.take(&own, 3).unwrap().1, 2);
    }
}
