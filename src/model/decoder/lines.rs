//! Memory for weights, and for keys and values.
//!
//! A token goes through all weights once, some gigabytes a second. With pages of 4 KiB the
//! processor looks up an address for every 64 lines, and its fetching ahead ends with the page.
//! Weights therefore lie in chunks that start at whole huge pages (2 MiB), which the kernel is
//! asked for; small matrices share a chunk. Where there are no huge pages all else is the same.

#![expect(
    unsafe_code,
    reason = "matrices share chunks of memory, of which each has its own part"
)]

use std::io;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use memmap2::MmapMut;

/// A line of a processor's cache.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [u8; 64]);

const HUGE_PAGE: usize = 2 << 20;

/// Bytes of a chunk that matrices share. What is not used of it takes no memory.
const CHUNK: usize = 8 * HUGE_PAGE;

/// The chunk that the next matrix may share, and the lines of it that are taken.
static LATEST: Mutex<(Weak<Chunk>, usize)> = Mutex::new((Weak::new(), 0));

/// Memory that starts at a huge page.
struct Chunk {
    start: NonNull<Line>,
    lines: usize,
    _memory: MmapMut,
}

// SAFETY: it is memory that nothing else points to; each part of it has one owner.
unsafe impl Send for Chunk {}
// SAFETY: as above.
unsafe impl Sync for Chunk {}

impl Chunk {
    fn new(lines: usize) -> io::Result<Self> {
        let bytes = lines.checked_mul(size_of::<Line>());
        let bytes = bytes.and_then(|bytes| bytes.checked_next_multiple_of(HUGE_PAGE));
        let mapped = bytes.and_then(|bytes| bytes.checked_add(HUGE_PAGE));
        let (Some(bytes), Some(mapped)) = (bytes, mapped) else {
            return Err(io::ErrorKind::OutOfMemory.into());
        };
        let mut memory = MmapMut::map_anon(mapped)?;
        let first = memory.as_ptr().align_offset(HUGE_PAGE);
        #[cfg(target_os = "linux")]
        if let Err(error) = memory.advise_range(memmap2::Advice::HugePage, first, bytes) {
            tracing::debug!(%error, "weights lie in small pages");
        }
        let own = &mut memory[first..first + bytes];
        let start = NonNull::from(own).cast::<Line>();
        Ok(Self {
            start,
            lines: bytes / size_of::<Line>(),
            _memory: memory,
        })
    }
}

/// What may be any bytes, zeros among them.
///
/// # Safety
/// Every pattern of bits is a value, none has to be dropped, and its alignment is at most a
/// line's.
pub(super) unsafe trait Plain: Copy {}

// SAFETY: it is bytes.
unsafe impl Plain for Line {}
// SAFETY: every pattern of bits is a number, or says that it is none.
unsafe impl Plain for f32 {}
// SAFETY: every pattern of bits is a number.
unsafe impl Plain for u16 {}

/// Values that start as zeros, at the start of a line.
pub(super) struct Zeros<T> {
    chunk: Arc<Chunk>,
    first: usize,
    len: usize,
    values: PhantomData<T>,
}

impl<T: Plain> Zeros<T> {
    /// `len` zeros.
    ///
    /// # Errors
    /// When the system gives no memory.
    pub(super) fn new(len: usize) -> io::Result<Self> {
        let bytes = len.checked_mul(size_of::<T>());
        let bytes = bytes.ok_or(io::ErrorKind::OutOfMemory)?;
        let (chunk, first) = take(bytes.div_ceil(size_of::<Line>()))?;
        Ok(Self {
            chunk,
            first,
            len,
            values: PhantomData,
        })
    }
}

/// A chunk, and the first of `lines` lines of it that are given to nobody else, ever.
fn take(lines: usize) -> io::Result<(Arc<Chunk>, usize)> {
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    let (weak, taken) = &mut *latest;
    if let Some(chunk) = weak.upgrade()
        && chunk.lines - *taken >= lines
    {
        let first = *taken;
        *taken += lines;
        return Ok((chunk, first));
    }
    let chunk = Arc::new(Chunk::new(lines.max(CHUNK / size_of::<Line>()))?);
    // The one with more room left is kept for the next.
    let left = weak.upgrade().map_or(0, |chunk| chunk.lines - *taken);
    if chunk.lines - lines >= left {
        *latest = (Arc::downgrade(&chunk), lines);
    }
    Ok((chunk, 0))
}

impl<T: Plain> Deref for Zeros<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: these lines of the chunk are this owner's alone, and hold values.
        unsafe {
            let start = self.chunk.start.as_ptr().add(self.first);
            std::slice::from_raw_parts(start.cast(), self.len)
        }
    }
}

impl<T: Plain> DerefMut for Zeros<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above.
        unsafe {
            let start = self.chunk.start.as_ptr().add(self.first);
            std::slice::from_raw_parts_mut(start.cast(), self.len)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_overlap_and_start_as_zeros() {
        let large = CHUNK / size_of::<Line>() + 5;
        let mut parts: Vec<Zeros<Line>> = [1, 0, 70_000, large, 3, 200_000, 100_000, large, 9]
            .into_iter()
            .map(|len| Zeros::new(len).unwrap())
            .collect();
        for (part, number) in parts.iter_mut().zip(1..) {
            assert!(part.iter().all(|line| line.0 == [0; 64]));
            part.fill(Line([number; 64]));
        }
        for (part, number) in parts.iter().zip(1..) {
            assert!(part.iter().all(|line| line.0 == [number; 64]));
            assert_eq!(part.as_ptr().align_offset(64), 0);
        }
        drop(parts.split_off(4));
        assert!(parts[3].iter().all(|line| line.0 == [4; 64]));
        assert!(Zeros::<Line>::new(usize::MAX / 64).is_err());
        assert!(Zeros::<Line>::new(usize::MAX / 32).is_err());
    }
}
