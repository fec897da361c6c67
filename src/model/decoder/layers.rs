//! Which layers run on which devices, and the memory that takes.
//!
//! It is arithmetic on bytes, done before anything is allocated: what does not fit is refused
//! with the numbers. One accelerator that holds everything is used alone, because handing on
//! between devices takes time and gives none; otherwise layers are spread over all
//! accelerators so that each is filled to the same part, and the processor takes what they
//! cannot hold.

use std::fmt::{self, Display, Formatter};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::super::ModelError;
use super::attention::BLOCK;

/// A device that layers may run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// The processor.
    Processor,
    /// An NVIDIA accelerator, by number.
    Cuda(usize),
    /// The processor, by the operations that accelerators use: slow, and there to compare with.
    Candle,
}

impl Display for Target {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Processor => formatter.write_str("cpu"),
            Self::Cuda(number) => write!(formatter, "cuda:{number}"),
            Self::Candle => formatter.write_str("cpu-candle"),
        }
    }
}

/// A device as the configuration asks for it: `cuda:0`, or `cuda:0=16` for 16 layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) target: Target,
    /// Its layers; without it, as many as it should have.
    pub(crate) layers: Option<usize>,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("device `{text}` is none of `cuda:0`, `cuda:0=16`, `cpu`, `cpu=8`");
        let (name, layers) = match text.split_once('=') {
            Some((name, layers)) => (name, Some(layers.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let target = match name.split_once(':') {
            None if name == "cpu" => Target::Processor,
            None if name == "cpu-candle" => Target::Candle,
            None if name == "cuda" => Target::Cuda(0),
            Some(("cuda", number)) => Target::Cuda(number.parse().map_err(|_| wrong())?),
            _ => return Err(wrong()),
        };
        if layers == Some(0) {
            return Err(format!("device `{text}` has no layer; leave it out"));
        }
        Ok(Self { target, layers })
    }
}

/// Reads devices as the configuration names them.
///
/// # Errors
/// When one is written wrongly, in words.
pub(crate) fn read_devices(names: &[String]) -> Result<Vec<Wanted>, String> {
    names.iter().map(|name| name.parse()).collect()
}

/// Looks at the names of devices: what is written wrongly, or named twice.
///
/// # Errors
/// In words.
pub(crate) fn check_devices(names: &[String]) -> Result<(), String> {
    let devices = read_devices(names)?;
    for (index, device) in devices.iter().enumerate() {
        if devices[..index]
            .iter()
            .any(|other| other.target == device.target)
        {
            return Err(format!("device `{}` is named twice", device.target));
        }
    }
    check_order(&devices)
}

/// The processor is filled as far as it goes, which leaves nothing to those behind it.
fn check_order(devices: &[Wanted]) -> Result<(), String> {
    let before_last = &devices[..devices.len().saturating_sub(1)];
    let takes_all = |one: &Wanted| one.target == Target::Processor && one.layers.is_none();
    if before_last.iter().any(takes_all) {
        return Err(
            "device `cpu` stands before others: name it last, or give its layers, as in `cpu=8`"
                .to_owned(),
        );
    }
    Ok(())
}

/// What a device has, and what a model would take on it.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) wanted: Wanted,
    /// Bytes that are free.
    pub(crate) free: usize,
    /// Bytes that are left free.
    pub(crate) reserve: usize,
    /// Bytes of the weights of each layer.
    pub(crate) weights: Vec<usize>,
    /// Bytes of the weights behind the last layer.
    pub(crate) head: usize,
    /// Bytes of keys and values of one block in one layer.
    pub(crate) block: usize,
    /// Bytes of the buffers that all layers share.
    pub(crate) work: usize,
}

impl Candidate {
    fn usable(&self) -> usize {
        self.free.saturating_sub(self.reserve)
    }

    fn share(&self, layers: Range<usize>, blocks: usize) -> Share {
        let mut weights = self.weights[layers.clone()].iter().sum();
        if layers.end == self.weights.len() {
            weights += self.head;
        }
        Share {
            target: self.wanted.target,
            weights,
            cells: blocks * self.block * layers.len(),
            work: self.work,
            free: self.free,
            reserve: self.reserve,
            layers,
        }
    }
}

/// What one device does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) target: Target,
    /// Its layers.
    pub(crate) layers: Range<usize>,
    /// Bytes of their weights.
    pub(crate) weights: usize,
    /// Bytes of their keys and values.
    pub(crate) cells: usize,
    /// Bytes of buffers.
    pub(crate) work: usize,
    /// Bytes that were free before.
    pub(crate) free: usize,
    /// Bytes of them that are left free.
    pub(crate) reserve: usize,
}

impl Share {
    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.weights + self.cells + self.work
    }
}

/// What each device does, and the memory that takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) shares: Vec<Share>,
    /// Tokens of all conversations that are kept at the same time.
    pub(crate) context: usize,
}

impl Plan {
    /// What `share` is, on the device that is called `name`.
    pub(crate) fn describe(&self, share: &Share, name: &str) -> String {
        format!(
            "layers {} to {} on {name}: {} of {} free (weights {}, keys and values of {} tokens {}, \
             work {})",
            share.layers.start + 1,
            share.layers.end,
            gigabytes(share.bytes()),
            gigabytes(share.free),
            gigabytes(share.weights),
            self.context,
            gigabytes(share.cells),
            gigabytes(share.work),
        )
    }
}

impl Display for Plan {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let shares = self.shares.iter();
        let lines: Vec<String> = shares
            .map(|share| self.describe(share, &share.target.to_string()))
            .collect();
        formatter.write_str(&lines.join("\n"))
    }
}

/// Gives layers to devices, for `blocks` blocks of keys and values.
///
/// # Errors
/// When they do not fit: in words, with what they take, what there is, and the longest context
/// that would fit.
pub(crate) fn assign(candidates: &[Candidate], blocks: usize) -> Result<Plan, String> {
    check_counts(candidates)?;
    let shares = fit(candidates, blocks).ok_or_else(|| shortage(candidates, blocks))?;
    Ok(Plan {
        shares,
        context: blocks * BLOCK,
    })
}

fn check_counts(candidates: &[Candidate]) -> Result<(), String> {
    let Some(first) = candidates.first() else {
        return Err("no device is named".to_owned());
    };
    let layers = first.weights.len();
    let counts: Vec<usize> = candidates
        .iter()
        .filter_map(|candidate| candidate.wanted.layers)
        .collect();
    let sum: usize = counts.iter().sum();
    if sum > layers || (counts.len() == candidates.len() && sum != layers) {
        return Err(format!(
            "devices are given {sum} layers, and the model has {layers}"
        ));
    }
    Ok(())
}

fn fit(candidates: &[Candidate], blocks: usize) -> Option<Vec<Share>> {
    let whole = 1.0;
    let free = candidates.iter().all(|one| one.wanted.layers.is_none());
    if free {
        let accelerators = candidates
            .iter()
            .filter(|one| one.wanted.target != Target::Processor);
        for accelerator in accelerators {
            let alone = fill(std::slice::from_ref(accelerator), blocks, whole);
            if alone.is_some() {
                return alone;
            }
        }
    }
    let mut best = fill(candidates, blocks, whole)?;
    let needs_processor = best.iter().any(|share| share.target == Target::Processor);
    if needs_processor {
        return Some(best);
    }
    // The smallest part of each that still holds everything.
    let (mut low, mut high) = (0.0, whole);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        let found = fill(candidates, blocks, middle)
            .filter(|shares| shares.iter().all(|share| share.target != Target::Processor));
        match found {
            Some(shares) => (best, high) = (shares, middle),
            None => low = middle,
        }
    }
    Some(best)
}

/// Gives each device as many layers as fit into `part` of what it has; a given number is given
/// whatever the part.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a byte in a terabyte does not matter"
)]
fn fill(candidates: &[Candidate], blocks: usize, part: f64) -> Option<Vec<Share>> {
    let layers = candidates.first()?.weights.len();
    let mut shares = Vec::new();
    let mut next = 0;
    for (index, candidate) in candidates.iter().enumerate() {
        let given_later: usize = candidates[index + 1..]
            .iter()
            .filter_map(|candidate| candidate.wanted.layers)
            .sum();
        let most = layers - next - given_later.min(layers - next);
        let fits = |count: usize, part: f64| {
            let limit = (candidate.usable() as f64 * part) as usize;
            candidate.share(next..next + count, blocks).bytes() <= limit
        };
        let count = match candidate.wanted.layers {
            Some(count) if count <= layers - next && fits(count, 1.0) => count,
            Some(_) => return None,
            // The processor is filled as far as it must be.
            None if candidate.wanted.target == Target::Processor => (0..=most)
                .rev()
                .find(|count| fits(*count, 1.0))
                .unwrap_or(0),
            None => (0..=most)
                .rev()
                .find(|count| fits(*count, part))
                .unwrap_or(0),
        };
        if count > 0 {
            shares.push(candidate.share(next..next + count, blocks));
            next += count;
        }
    }
    (next == layers).then_some(shares)
}

fn shortage(candidates: &[Candidate], blocks: usize) -> String {
    let first = &candidates[0];
    let layers = first.weights.len();
    let whole = first.share(0..layers, blocks);
    let has: Vec<String> = candidates
        .iter()
        .map(|candidate| {
            let given = candidate
                .wanted
                .layers
                .map(|count| format!(" for {count} layers"))
                .unwrap_or_default();
            format!(
                "{} on {}{given}",
                gigabytes(candidate.usable()),
                candidate.wanted.target
            )
        })
        .collect();
    let (mut low, mut high) = (0, blocks);
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        if fit(candidates, middle).is_some() {
            low = middle;
        } else {
            high = middle;
        }
    }
    let largest = if low == 0 {
        "it does not fit with any context".to_owned()
    } else {
        format!("a context of {} tokens would fit", low * BLOCK)
    };
    format!(
        "the model takes {}: weights {}, keys and values of {} tokens {}, and {} of work on each \
         device; free are {}; {largest}",
        gigabytes(whole.bytes()),
        gigabytes(whole.weights),
        blocks * BLOCK,
        gigabytes(whole.cells),
        gigabytes(whole.work),
        has.join(", "),
    )
}

/// Bytes in thousands of millions, as memory is sold.
fn gigabytes(bytes: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "it is rounded to a tenth")]
    let value = bytes as f64 / 1e9;
    if value < 0.1 {
        format!("{value:.3} GB")
    } else {
        format!("{value:.1} GB")
    }
}

/// Bytes of `free` that are left to others: the driver's own, other programs, and fragments.
pub(crate) fn reserve(free: usize) -> usize {
    (free / 50 + (512 << 20)).min(free / 4)
}

/// Bytes of this machine's memory that are free to this process: what the kernel says can be
/// had without swapping, and what is left of the limits of its control groups.
///
/// # Errors
/// When the kernel does not say.
pub(crate) fn free_on_host() -> Result<usize, ModelError> {
    free_below(Path::new("/"))
}

fn free_below(root: &Path) -> Result<usize, ModelError> {
    let path = root.join("proc/meminfo");
    let text = std::fs::read_to_string(&path).map_err(ModelError::io(&path))?;
    let available = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<usize>().ok())
        .map(|kilobytes| kilobytes * 1024)
        .ok_or_else(|| ModelError::corrupt(&path, "it says nothing of `MemAvailable`"))?;
    let groups = std::fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let left = groups
        .lines()
        .filter_map(|line| left_in_group(root, line))
        .min();
    Ok(left.map_or(available, |left| left.min(available)))
}

/// What is left of the limits of a control group and those around it. Files of which only
/// copies are kept in memory do not count: the kernel drops them when memory is asked for.
fn left_in_group(root: &Path, line: &str) -> Option<usize> {
    let mut parts = line.splitn(3, ':');
    let (number, controllers, group) = (parts.next()?, parts.next()?, parts.next()?);
    let (base, limit, used, files) = if number == "0" && controllers.is_empty() {
        (
            "sys/fs/cgroup",
            "memory.max",
            "memory.current",
            "inactive_file",
        )
    } else if controllers.split(',').any(|name| name == "memory") {
        (
            "sys/fs/cgroup/memory",
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file",
        )
    } else {
        return None;
    };
    let base = root.join(base);
    let number = |path: PathBuf| {
        std::fs::read_to_string(path)
            .ok()?
            .trim()
            .parse::<usize>()
            .ok()
    };
    let left = |folder: &Path| {
        let limit = number(folder.join(limit))?;
        let used = number(folder.join(used))?;
        let stat = std::fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
        let files = stat
            .lines()
            .find_map(|line| line.strip_prefix(files)?.trim().parse::<usize>().ok())
            .unwrap_or(0);
        Some(limit.saturating_sub(used.saturating_sub(files)))
    };
    let own = base.join(group.trim_start_matches('/'));
    own.ancestors()
        .take_while(|folder| folder.starts_with(&base))
        .filter_map(left)
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: usize = 1_000_000_000;

    /// Mixtral 8x7B, 32 layers: 46.7 thousand million weights of `bits` bits.
    fn mixtral(wanted: &str, free: usize, bits: f64) -> Candidate {
        let wanted: Wanted = wanted.parse().unwrap();
        let bytes = |weights: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "they are whole bytes, and many"
            )]
            let bytes = (weights * bits / 8.0) as usize;
            bytes
        };
        // 8 x 3 x 14336 x 4096 in experts, 2 x 4096 x 4096 + 2 x 4096 x 1024 in attention.
        let weights = bytes(8.0 * 3.0 * 14_336.0 * 4_096.0 + 10_240.0 * 4_096.0);
        Candidate {
            wanted,
            free,
            reserve: reserve(free),
            weights: vec![weights; 32],
            head: bytes(32_000.0 * 4_096.0),
            block: 2 * BLOCK * 1_024 * 2,
            work: 2 * GB,
        }
    }

    fn counts(plan: &Plan) -> Vec<(String, usize)> {
        plan.shares
            .iter()
            .map(|share| (share.target.to_string(), share.layers.len()))
            .collect()
    }

    #[track_caller]
    fn check(candidates: &[Candidate], tokens: usize, expected: &[(&str, usize)]) {
        let plan = assign(candidates, tokens / BLOCK).unwrap();
        let expected: Vec<(String, usize)> = expected
            .iter()
            .map(|(name, layers)| ((*name).to_owned(), *layers))
            .collect();
        assert_eq!(counts(&plan), expected, "{plan}");
        for share in &plan.shares {
            assert!(share.bytes() <= share.free - share.reserve, "{plan}");
        }
        let mut next = 0;
        for share in &plan.shares {
            assert_eq!(share.layers.start, next);
            next = share.layers.end;
        }
        assert_eq!(next, 32);
    }

    #[test]
    fn two_cards_of_80_gb_hold_bf16_half_each() {
        let cards = ["cuda:0", "cuda:1"].map(|name| mixtral(name, 80 * GB, 16.0));
        check(&cards, 32_768, &[("cuda:0", 16), ("cuda:1", 16)]);
    }

    #[test]
    fn four_cards_of_40_gb_hold_bf16_a_quarter_each() {
        let cards =
            ["cuda:0", "cuda:1", "cuda:2", "cuda:3"].map(|name| mixtral(name, 40 * GB, 16.0));
        let each = ["cuda:0", "cuda:1", "cuda:2", "cuda:3"].map(|name| (name, 8));
        check(&cards, 4 * 32_768, &each);
    }

    #[test]
    fn one_card_of_48_or_80_gb_holds_four_bits_alone() {
        for free in [48 * GB, 80 * GB] {
            let card = mixtral("cuda:0", free, 4.9);
            check(std::slice::from_ref(&card), 32_768, &[("cuda:0", 32)]);
            let more = [
                card,
                mixtral("cuda:1", free, 4.9),
                mixtral("cpu", 64 * GB, 6.0),
            ];
            check(&more, 32_768, &[("cuda:0", 32)]);
        }
    }

    #[test]
    fn what_a_card_of_24_gb_cannot_hold_goes_to_the_processor() {
        let devices = [
            mixtral("cuda:0", 24 * GB, 4.9),
            mixtral("cpu", 64 * GB, 6.0),
        ];
        let plan = assign(&devices, 16_384 / BLOCK).unwrap();
        let [card, processor] = plan.shares.as_slice() else {
            panic!("{plan}");
        };
        assert_eq!(
            (card.target, processor.target),
            (Target::Cuda(0), Target::Processor)
        );
        // Not one layer more would fit on the card.
        let layer = card.bytes() / card.layers.len();
        assert!(card.bytes() + layer > card.free - card.reserve, "{plan}");
        assert_eq!(card.layers.len() + processor.layers.len(), 32);
        assert!(card.layers.len() > 15, "{plan}");
    }

    #[test]
    fn given_numbers_of_layers_are_kept() {
        let devices = [
            mixtral("cuda:0=10", 80 * GB, 4.9),
            mixtral("cuda:1", 80 * GB, 4.9),
            mixtral("cpu=4", 64 * GB, 6.0),
        ];
        check(
            &devices,
            4_096,
            &[("cuda:0", 10), ("cuda:1", 18), ("cpu", 4)],
        );
        let error = assign(&devices[..1], 64).unwrap_err();
        assert!(error.contains("10 layers, and the model has 32"), "{error}");
        let twice = ["cpu", "cuda:0", "cpu=3"].map(str::to_owned);
        let error = check_devices(&twice).unwrap_err();
        assert_eq!(error, "device `cpu` is named twice");
        let first = ["cpu", "cuda:0"].map(str::to_owned);
        let error = check_devices(&first).unwrap_err();
        assert!(error.contains("name it last"), "{error}");
        let given = ["cpu=8", "cuda:0", "cpu-candle"].map(str::to_owned);
        check_devices(&given).unwrap();
    }

    #[test]
    fn what_does_not_fit_is_refused_with_numbers_and_the_context_that_would() {
        let card = mixtral("cuda:0", 40 * GB, 4.9);
        let error = assign(std::slice::from_ref(&card), 131_072 / BLOCK).unwrap_err();
        assert!(error.contains("weights 28.5 GB"), "{error}");
        assert!(error.contains("131072 tokens 17.2 GB"), "{error}");
        assert!(error.contains("38.7 GB on cuda:0"), "{error}");
        let tokens: usize = error
            .split("a context of ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next()?.parse().ok())
            .unwrap();
        assert!(assign(std::slice::from_ref(&card), tokens / BLOCK).is_ok());
        assert!(assign(&[card], tokens / BLOCK + 1).is_err());
        let none = assign(&[mixtral("cuda:0", 16 * GB, 4.9)], 64).unwrap_err();
        assert!(none.contains("does not fit with any context"), "{none}");
    }

    #[test]
    fn devices_are_read_as_they_are_written() {
        let read = |text: &str| {
            text.parse::<Wanted>()
                .map(|wanted| (wanted.target, wanted.layers))
        };
        assert_eq!(read("cuda:1"), Ok((Target::Cuda(1), None)));
        assert_eq!(read("cuda:0=16"), Ok((Target::Cuda(0), Some(16))));
        assert_eq!(read("cpu"), Ok((Target::Processor, None)));
        for wrong in ["gpu", "cuda:", "cuda:x", "cpu=", "cpu=0", "cuda:0=-1", ""] {
            let error = read(wrong).unwrap_err();
            assert!(error.contains(&format!("`{wrong}`")), "{error}");
        }
    }

    #[test]
    fn the_limits_of_control_groups_count_and_copies_of_files_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "proc/meminfo",
            "MemTotal: 9000 kB\nMemAvailable:  8000 kB\n",
        );
        assert_eq!(free_below(folder.path()).unwrap(), 8_000 * 1024);
        write("proc/self/cgroup", "0::/a/b\n");
        write("sys/fs/cgroup/a/b/memory.max", "max\n");
        write("sys/fs/cgroup/a/b/memory.current", "500000\n");
        assert_eq!(free_below(folder.path()).unwrap(), 8_000 * 1024);
        write("sys/fs/cgroup/a/memory.max", "2000000\n");
        write("sys/fs/cgroup/a/memory.current", "1500000\n");
        write(
            "sys/fs/cgroup/a/memory.stat",
            "anon 1\ninactive_file 400000\n",
        );
        assert_eq!(free_below(folder.path()).unwrap(), 900_000);
        write("proc/self/cgroup", "4:memory:/c\n3:cpu:/\n");
        write("sys/fs/cgroup/memory/c/memory.limit_in_bytes", "3000000\n");
        write("sys/fs/cgroup/memory/c/memory.usage_in_bytes", "1000000\n");
        assert_eq!(free_below(folder.path()).unwrap(), 2_000_000);
        write("proc/meminfo", "MemTotal: 9000 kB\n");
        let error = free_below(folder.path()).unwrap_err().to_string();
        assert!(error.contains("MemAvailable"), "{error}");
    }

    #[test]
    fn this_machine_has_free_memory() {
        assert!(free_on_host().unwrap() > 1 << 20);
    }
}
