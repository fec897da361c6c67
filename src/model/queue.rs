//! Jobs of a model and their order.
//!
//! A job is cut into portions of bounded size. Threads take one portion after another: those of
//! queries before those of passages, so that a question waits for a portion and never for a
//! whole document. The number of jobs that wait is bounded; beyond it the answer is "busy" at
//! once. What nobody waits for any more is dropped.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ingest::{BackendError, Vector};
use tokio::sync::oneshot;

use super::tokenizer::Role;

/// Jobs of each role that may wait or run.
const JOBS: usize = 64;

/// A window of a text's tokens.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// The text's number in its job.
    pub(super) text: usize,
    /// Token ids, control tokens among them.
    pub(super) ids: Vec<u32>,
    /// How much it counts in the text's vector.
    pub(super) weight: f32,
}

/// Texts that one asker waits for.
pub(super) struct Job {
    role: Role,
    windows: Vec<Window>,
    progress: Mutex<Progress>,
}

struct Progress {
    sums: Vec<Vector>,
    windows_left: usize,
    /// Taken when the answer is sent.
    asker: Option<oneshot::Sender<Result<Vec<Vector>, BackendError>>>,
}

/// Windows of one job that are computed together.
pub(super) struct Portion {
    job: Arc<Job>,
    windows: Vec<usize>,
}

/// Portions that wait.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queries: VecDeque<Portion>,
    passages: VecDeque<Portion>,
    query_jobs: usize,
    passage_jobs: usize,
    closed: bool,
}

impl State {
    fn jobs(&mut self, role: Role) -> &mut usize {
        match role {
            Role::Query => &mut self.query_jobs,
            Role::Passage => &mut self.passage_jobs,
        }
    }
}

/// Where the answer to a job arrives; dropping it ends the job.
pub(super) type Answer = oneshot::Receiver<Result<Vec<Vector>, BackendError>>;

impl Queue {
    /// Queues a job of `texts` texts, in portions of `tokens` at most; every text has a window.
    ///
    /// # Errors
    /// When as many jobs wait as may.
    pub(super) fn submit(
        &self,
        role: Role,
        texts: usize,
        windows: Vec<Window>,
        tokens: usize,
    ) -> Result<Answer, BackendError> {
        let mut state = self.lock();
        if state.closed {
            return Err(BackendError::message(
                "the embedding model is shutting down",
            ));
        }
        if *state.jobs(role) >= JOBS {
            return Err(BackendError::message("the embedding model is busy"));
        }
        *state.jobs(role) += 1;
        let (asker, answer) = oneshot::channel();
        let portions = portions(&windows, tokens);
        let progress = Progress {
            sums: vec![Vector::new(); texts],
            windows_left: windows.len(),
            asker: Some(asker),
        };
        let job = Arc::new(Job {
            role,
            windows,
            progress: Mutex::new(progress),
        });
        let waiting = match role {
            Role::Query => &mut state.queries,
            Role::Passage => &mut state.passages,
        };
        for windows in portions {
            waiting.push_back(Portion {
                job: Arc::clone(&job),
                windows,
            });
        }
        drop(state);
        self.changed.notify_all();
        Ok(answer)
    }

    /// The next portion that somebody waits for; none when the queue was closed.
    pub(super) fn next(&self) -> Option<Portion> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            let Some(portion) = state
                .queries
                .pop_front()
                .or_else(|| state.passages.pop_front())
            else {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            match portion.job.is_wanted() {
                Wanted::Yes => return Some(portion),
                Wanted::NoMore => *state.jobs(portion.job.role) -= 1,
                Wanted::Answered => {}
            }
        }
    }

    /// Takes in what was computed for a portion, a vector for each of its windows, and answers
    /// the asker when it was the last.
    pub(super) fn finish(&self, portion: &Portion, means: Result<Vec<Vector>, String>) {
        if portion.job.take_in(portion, means) {
            *self.lock().jobs(portion.job.role) -= 1;
        }
    }

    /// Ends the threads that wait; jobs that are not finished are dropped.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.queries.clear();
        state.passages.clear();
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, and if something did, the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether somebody waits for a job.
enum Wanted {
    Yes,
    /// The asker left, and this is the first to notice.
    NoMore,
    /// It was answered already, as when a portion failed.
    Answered,
}

impl Job {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_wanted(&self) -> Wanted {
        let mut progress = self.lock();
        match &progress.asker {
            None => Wanted::Answered,
            Some(asker) if asker.is_closed() => {
                progress.asker = None;
                Wanted::NoMore
            }
            Some(_) => Wanted::Yes,
        }
    }

    /// Whether the job came to its end by this.
    fn take_in(&self, portion: &Portion, means: Result<Vec<Vector>, String>) -> bool {
        let mut progress = self.lock();
        let means = match means {
            Ok(means) => means,
            Err(reason) => {
                let error = BackendError::message(format!("the embedding model failed: {reason}"));
                return progress.answer(Err(error));
            }
        };
        for (window, mean) in portion.windows.iter().zip(means) {
            let Window { text, weight, .. } = &self.windows[*window];
            let sum = &mut progress.sums[*text];
            if sum.is_empty() {
                sum.resize(mean.len(), 0.0);
            }
            sum.iter_mut()
                .zip(mean)
                .for_each(|(sum, value)| *sum += weight * value);
        }
        progress.windows_left -= portion.windows.len();
        if progress.windows_left > 0 {
            return false;
        }
        let mut vectors = std::mem::take(&mut progress.sums);
        vectors.iter_mut().for_each(to_unit_length);
        progress.answer(Ok(vectors))
    }
}

impl Progress {
    /// Sends the answer; false if there was one already.
    fn answer(&mut self, answer: Result<Vec<Vector>, BackendError>) -> bool {
        let Some(asker) = self.asker.take() else {
            return false;
        };
        // An asker that left needs no answer.
        let _ = asker.send(answer);
        true
    }
}

impl Portion {
    /// The token ids of its windows.
    pub(super) fn windows(&self) -> Vec<&[u32]> {
        self.windows
            .iter()
            .map(|window| self.job.windows[*window].ids.as_slice())
            .collect()
    }
}

fn to_unit_length(vector: &mut Vector) {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        for value in vector.iter_mut() {
            *value /= length;
        }
    }
}

/// Windows in portions of `tokens` at most, longest first: threads that end together leave no
/// core idle, and windows of equal length come together. A window alone may be longer.
fn portions(windows: &[Window], tokens: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..windows.len()).collect();
    order.sort_by_key(|window| std::cmp::Reverse(windows[*window].ids.len()));
    let mut portions: Vec<Vec<usize>> = Vec::new();
    let mut room = 0;
    for window in order {
        let length = windows[window].ids.len();
        match portions.last_mut() {
            Some(last) if length <= room => {
                last.push(window);
                room -= length;
            }
            _ => {
                portions.push(vec![window]);
                room = tokens.saturating_sub(length);
            }
        }
    }
    portions
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn windows(lengths: &[usize]) -> Vec<Window> {
        lengths
            .iter()
            .enumerate()
            .map(|(text, length)| Window {
                text,
                ids: vec![7; *length],
                weight: 1.0,
            })
            .collect()
    }

    fn compute(queue: &Queue) -> usize {
        let portion = queue.next().unwrap();
        let windows = portion.windows();
        let means = windows
            .iter()
            .map(|window| vec![3.0, f32::from(u8::try_from(window.len()).unwrap())]);
        let count = windows.len();
        queue.finish(&portion, Ok(means.collect()));
        count
    }

    proptest! {
        #[test]
        fn portions_hold_every_window_once_and_keep_their_size(
            lengths in prop::collection::vec(2_usize..600, 0..60)
        ) {
            let windows = windows(&lengths);
            let portions = portions(&windows, 512);
            for portion in &portions {
                let tokens: usize = portion.iter().map(|window| lengths[*window]).sum();
                prop_assert!(tokens <= 512 || portion.len() == 1);
            }
            let mut all: Vec<usize> = portions.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_query_overtakes_passages_between_portions() {
        let queue = Queue::default();
        let mut passages = queue
            .submit(Role::Passage, 3, windows(&[10, 10, 10]), 20)
            .unwrap();
        assert_eq!(compute(&queue), 2);
        let mut query = queue.submit(Role::Query, 1, windows(&[5]), 20).unwrap();
        compute(&queue);
        assert!(query.try_recv().is_ok());
        assert!(passages.try_recv().is_err());
        compute(&queue);
        assert_eq!(passages.try_recv().unwrap().unwrap().len(), 3);
    }

    #[test]
    fn vectors_come_in_the_order_of_texts_and_have_unit_length() {
        let queue = Queue::default();
        let mut answer = queue
            .submit(Role::Passage, 3, windows(&[4, 0, 40]), 40)
            .unwrap();
        compute(&queue);
        compute(&queue);
        let vectors = answer.try_recv().unwrap().unwrap();
        assert_eq!(vectors[0], [0.6, 0.8]);
        assert_eq!(vectors[1], [1.0, 0.0]);
        assert!(vectors[2][1] > 0.99);
    }

    #[test]
    fn windows_of_a_text_count_by_their_weight() {
        let queue = Queue::default();
        let windows = vec![
            Window {
                text: 0,
                ids: vec![1; 4],
                weight: 3.0,
            },
            Window {
                text: 0,
                ids: vec![1; 0],
                weight: 1.0,
            },
        ];
        let mut answer = queue.submit(Role::Passage, 1, windows, 4).unwrap();
        compute(&queue);
        // (3 * [3, 4] + 1 * [3, 0]) / 4 is [3, 3].
        let vectors = answer.try_recv().unwrap().unwrap();
        assert!((vectors[0][0] - vectors[0][1]).abs() < 1e-6);
    }

    #[test]
    fn a_full_queue_is_busy_at_once_and_has_room_again_afterwards() {
        let queue = Queue::default();
        let answers: Vec<Answer> = (0..JOBS)
            .map(|_| queue.submit(Role::Query, 1, windows(&[5]), 20).unwrap())
            .collect();
        let error = queue.submit(Role::Query, 1, windows(&[5]), 20).unwrap_err();
        assert!(error.to_string().contains("busy"), "{error}");
        assert!(queue.submit(Role::Passage, 1, windows(&[5]), 20).is_ok());
        compute(&queue);
        assert!(queue.submit(Role::Query, 1, windows(&[5]), 20).is_ok());
        drop(answers);
    }

    #[test]
    fn a_job_whose_asker_left_is_dropped() {
        let queue = Queue::default();
        let gone = queue
            .submit(Role::Passage, 4, windows(&[15, 15, 15, 15]), 20)
            .unwrap();
        compute(&queue);
        drop(gone);
        let mut answer = queue.submit(Role::Passage, 1, windows(&[5]), 20).unwrap();
        compute(&queue);
        assert!(answer.try_recv().is_ok());
        assert_eq!(queue.lock().passage_jobs, 0);
    }

    #[test]
    fn a_failure_is_told_once_and_the_rest_of_the_job_is_dropped() {
        let queue = Queue::default();
        let mut answer = queue
            .submit(Role::Passage, 2, windows(&[15, 15]), 20)
            .unwrap();
        let portion = queue.next().unwrap();
        queue.finish(&portion, Err("out of memory".to_owned()));
        let error = answer.try_recv().unwrap().unwrap_err();
        assert!(error.to_string().contains("out of memory"), "{error}");
        let mut next = queue.submit(Role::Passage, 1, windows(&[5]), 20).unwrap();
        compute(&queue);
        assert!(next.try_recv().is_ok());
        assert_eq!(queue.lock().passage_jobs, 0);
    }

    #[test]
    fn a_closed_queue_ends_its_threads_and_takes_no_job() {
        let queue = Queue::default();
        let mut answer = queue.submit(Role::Passage, 1, windows(&[5]), 20).unwrap();
        queue.close();
        assert!(queue.next().is_none());
        assert!(answer.try_recv().is_err());
        assert!(queue.submit(Role::Query, 1, windows(&[5]), 20).is_err());
    }
}
