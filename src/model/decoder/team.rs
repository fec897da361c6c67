//! Threads that work on one thing together.
//!
//! A forward pass is some hundred short steps, each divided among all threads. Handing a step
//! to sleeping threads takes longer than many steps do, so threads wait for the next one
//! awake for a moment, and sleep after that: an idle model costs nothing, and threads whose
//! core is taken by another program do not hold up more than the step they are in.

#![expect(
    unsafe_code,
    reason = "a step borrows from the stack of the thread that waits for its end"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{JoinHandle, Thread};

/// Looks at the next step that a waiting thread takes before it sleeps; some 50 microseconds.
const LOOKS: usize = 4_000;

type Step = *const (dyn Fn() + Sync);

struct Shared {
    /// Counts steps. A change says that `step` is to be done.
    number: AtomicUsize,
    step: std::cell::UnsafeCell<Option<Step>>,
    /// Helpers that are not done with the step.
    working: AtomicUsize,
    asleep: Vec<AtomicBool>,
    failed: AtomicBool,
    over: AtomicBool,
}

// SAFETY: `step` is written only while no helper works, and read only after `number` changed.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// A thread that gives out work and its helpers.
pub(super) struct Team {
    shared: Arc<Shared>,
    helpers: Vec<(JoinHandle<()>, Thread)>,
}

impl Team {
    /// A team of `threads`, the calling one among them.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub(super) fn new(threads: usize) -> std::io::Result<Self> {
        let helpers = threads.saturating_sub(1);
        let shared = Arc::new(Shared {
            number: AtomicUsize::new(0),
            step: std::cell::UnsafeCell::new(None),
            working: AtomicUsize::new(0),
            asleep: (0..helpers).map(|_| AtomicBool::new(false)).collect(),
            failed: AtomicBool::new(false),
            over: AtomicBool::new(false),
        });
        // Those that were started end with the team, also when a later one cannot be.
        let mut team = Self {
            shared,
            helpers: Vec::with_capacity(helpers),
        };
        for index in 0..helpers {
            let shared = Arc::clone(&team.shared);
            let handle = std::thread::Builder::new()
                .name(format!("decoder-{}", index + 1))
                .spawn(move || help(&shared, index))?;
            let thread = handle.thread().clone();
            team.helpers.push((handle, thread));
        }
        Ok(team)
    }

    /// Threads that work.
    pub(super) fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Does `work` for every number below `count`, on all threads, and waits for the end.
    ///
    /// # Panics
    /// When `work` does.
    pub(super) fn each(&mut self, count: usize, work: impl Fn(usize) + Sync) {
        if count < 2 || self.helpers.is_empty() {
            (0..count).for_each(work);
            return;
        }
        let next = AtomicUsize::new(0);
        self.together(&|| {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    break;
                }
                work(number);
            }
        });
    }

    /// Does `work` on every thread once.
    fn together(&mut self, work: &(dyn Fn() + Sync)) {
        let shared = &*self.shared;
        // SAFETY: only the lifetime is put off. Helpers are waited for below, also when this
        // thread's own part panics, so nobody uses `work` after its end.
        let step: Step = unsafe { std::mem::transmute::<&(dyn Fn() + Sync), Step>(work) };
        // SAFETY: no helper works now, and this is the only thread that gives out work.
        unsafe { *shared.step.get() = Some(step) };
        shared.working.store(self.helpers.len(), Ordering::Relaxed);
        shared.number.fetch_add(1, Ordering::SeqCst);
        for (asleep, (_, thread)) in shared.asleep.iter().zip(&self.helpers) {
            if asleep.swap(false, Ordering::SeqCst) {
                thread.unpark();
            }
        }
        let own = catch_unwind(AssertUnwindSafe(work));
        let mut looks = 0;
        while shared.working.load(Ordering::Acquire) > 0 {
            looks += 1;
            if looks < LOOKS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        let failed = shared.failed.swap(false, Ordering::Relaxed);
        if let Err(panic) = own {
            std::panic::resume_unwind(panic);
        }
        assert!(!failed, "a step does not panic on a helper");
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.shared.number.fetch_add(1, Ordering::SeqCst);
        for (handle, thread) in self.helpers.drain(..) {
            thread.unpark();
            // A helper catches what its work panics with.
            let _ = handle.join();
        }
    }
}

fn help(shared: &Shared, index: usize) {
    let mut done = 0;
    loop {
        let mut looks = 0;
        while shared.number.load(Ordering::Acquire) == done {
            looks += 1;
            if looks < LOOKS {
                std::hint::spin_loop();
                continue;
            }
            shared.asleep[index].store(true, Ordering::SeqCst);
            if shared.number.load(Ordering::SeqCst) == done {
                std::thread::park();
            }
            shared.asleep[index].store(false, Ordering::SeqCst);
        }
        done = done.wrapping_add(1);
        if shared.over.load(Ordering::SeqCst) {
            return;
        }
        // SAFETY: the number changed after the step was written, and the thread that wrote it
        // waits until this helper says that it is done.
        let step = unsafe { (*shared.step.get()).map(|step| &*step) };
        let step = step.expect("a number is changed after its step is written");
        if catch_unwind(AssertUnwindSafe(step)).is_err() {
            shared.failed.store(true, Ordering::Relaxed);
        }
        shared.working.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_done_once() {
        let mut team = Team::new(3).unwrap();
        for count in [0, 1, 2, 7, 1_000] {
            let done: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            team.each(count, |number| {
                done[number].fetch_add(1, Ordering::Relaxed);
            });
            assert!(done.iter().all(|done| done.load(Ordering::Relaxed) == 1));
        }
    }

    #[test]
    fn helpers_that_fell_asleep_wake_up() {
        let mut team = Team::new(2).unwrap();
        for _ in 0..3 {
            let threads = std::sync::Mutex::new(std::collections::HashSet::new());
            team.each(200, |_| {
                threads.lock().unwrap().insert(std::thread::current().id());
                std::thread::sleep(std::time::Duration::from_micros(50));
            });
            assert_eq!(threads.lock().unwrap().len(), 2);
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    #[test]
    fn a_panic_reaches_who_gave_the_work() {
        let mut team = Team::new(2).unwrap();
        let broken = catch_unwind(AssertUnwindSafe(|| {
            team.each(100, |number| assert!(number < 50, "number {number}"));
        }));
        assert!(broken.is_err());
        team.each(10, |_| {});
    }
}
