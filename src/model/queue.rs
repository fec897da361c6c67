//! Jobs of models that share threads, and their order.
//!
//! A job is cut into portions of bounded size. Threads take one portion after another: claims
//! before queries before passages of a question before documents, so that a question waits for a
//! portion and never for a whole document. While questions are answered, and a moment longer,
//! documents rest but for a portion now and then: what is done for a question beside these jobs
//! needs the cores too. The number of jobs that wait is bounded; beyond it the answer is "busy" at once.
//! What nobody waits for any more is dropped.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ingest::{BackendError, Vector};
use tokio::sync::oneshot;

use super::stack::Buffers;

/// Jobs of each kind that may wait or run.
const JOBS: usize = 64;
/// How long documents rest after a question's last job, on cores that its search needs as well.
pub(super) const REST: Duration = Duration::from_millis(500);
/// However many questions are asked, a portion of documents begins this often.
const TURN: Duration = Duration::from_secs(1);

/// A model as the threads know it.
pub(super) trait Engine: Send + Sync {
    /// What errors call it, such as `the embedding model`.
    fn called(&self) -> &'static str;

    /// A row of numbers for each window.
    fn run(&self, windows: &[&[u32]], buffers: &mut Buffers) -> candle_core::Result<Vec<Vector>>;
}

/// What a job is for. Earlier ones go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Judging claims of an answer whose first sentences may be shown already. Each text has
    /// one window, and what was computed for it comes as it is.
    Claims,
    /// The vector of a question.
    Query,
    /// Vectors of passages that a question waits for.
    Passages,
    /// Vectors of passages of documents that are taken in.
    Documents,
}

impl Task {
    const ALL: [Self; 4] = [Self::Claims, Self::Query, Self::Passages, Self::Documents];
}

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
struct Job {
    task: Task,
    engine: Arc<dyn Engine>,
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
struct Portion {
    job: Arc<Job>,
    windows: Vec<usize>,
}

/// Threads that compute jobs, until this is dropped.
pub(super) struct Workers {
    queue: Arc<Queue>,
}

impl Workers {
    /// Starts `count` threads; the system knows them by `name` and their number. Documents
    /// rest for `rest` after a question's last job.
    pub(super) fn start(count: usize, name: &str, rest: Duration) -> io::Result<Self> {
        let workers = Self {
            queue: Arc::new(Queue {
                rest,
                ..Queue::default()
            }),
        };
        for number in 0..count {
            let queue = Arc::clone(&workers.queue);
            thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || serve(&queue))?;
        }
        Ok(workers)
    }

    /// Has `engine` compute the windows of `texts` texts, in portions of `tokens` at most: a
    /// vector for each text.
    pub(super) async fn run(
        &self,
        task: Task,
        engine: &Arc<dyn Engine>,
        texts: usize,
        windows: Vec<Window>,
        tokens: usize,
    ) -> Result<Vec<Vector>, BackendError> {
        if texts == 0 {
            return Ok(Vec::new());
        }
        let answer = self.queue.submit(task, engine, texts, windows, tokens)?;
        answer
            .await
            .map_err(|_| BackendError::message(format!("{} was closed", engine.called())))?
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// What each of the threads does until the queue is closed.
fn serve(queue: &Queue) {
    let mut buffers = Buffers::default();
    while let Some(portion) = queue.next() {
        // A fault in one job must not leave all later ones waiting. Buffers hold nothing that
        // a later job reads before it writes.
        let rows = catch_unwind(AssertUnwindSafe(|| {
            portion.engine().run(&portion.windows(), &mut buffers)
        }))
        .unwrap_or_else(|_| Err(candle_core::Error::Msg("it panicked".to_owned())));
        queue.finish(&portion, rows.map_err(|error| error.to_string()));
    }
}

/// Portions that wait.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    /// How long documents rest after a question's last job.
    rest: Duration,
}

#[derive(Default)]
struct State {
    /// Of each task, in their order.
    lines: [Line; Task::ALL.len()],
    /// When a job of a question last came or ended.
    asked: Option<Instant>,
    /// When a portion of documents last began.
    turn: Option<Instant>,
    closed: bool,
}

#[derive(Default)]
struct Line {
    portions: VecDeque<Portion>,
    /// Jobs that wait or run.
    jobs: usize,
}

impl State {
    fn line(&mut self, task: Task) -> &mut Line {
        &mut self.lines[task as usize]
    }

    fn note(&mut self, task: Task) {
        if task != Task::Documents {
            self.asked = Some(Instant::now());
        }
    }

    /// How long documents rest from now on.
    fn rest(&self, rest: Duration) -> Duration {
        let left = |of: Duration, since: Option<Instant>| {
            since.map_or(Duration::ZERO, |since| of.saturating_sub(since.elapsed()))
        };
        left(rest, self.asked).min(left(TURN, self.turn))
    }
}

/// Where the answer to a job arrives; dropping it ends the job.
type Answer = oneshot::Receiver<Result<Vec<Vector>, BackendError>>;

impl Queue {
    /// Queues a job of `texts` texts for `engine`, in portions of `tokens` at most; every text
    /// has a window.
    ///
    /// # Errors
    /// When as many jobs wait as may.
    fn submit(
        &self,
        task: Task,
        engine: &Arc<dyn Engine>,
        texts: usize,
        windows: Vec<Window>,
        tokens: usize,
    ) -> Result<Answer, BackendError> {
        let mut state = self.lock();
        let refused = |why| BackendError::message(format!("{} is {why}", engine.called()));
        if state.closed {
            return Err(refused("shutting down"));
        }
        if state.line(task).jobs >= JOBS {
            return Err(refused("busy"));
        }
        state.line(task).jobs += 1;
        state.note(task);
        let (asker, answer) = oneshot::channel();
        let portions = portions(&windows, tokens);
        let progress = Progress {
            sums: vec![Vector::new(); texts],
            windows_left: windows.len(),
            asker: Some(asker),
        };
        let job = Arc::new(Job {
            task,
            engine: Arc::clone(engine),
            windows,
            progress: Mutex::new(progress),
        });
        for windows in portions {
            state.line(task).portions.push_back(Portion {
                job: Arc::clone(&job),
                windows,
            });
        }
        drop(state);
        self.changed.notify_all();
        Ok(answer)
    }

    /// The next portion that somebody waits for; none when the queue was closed.
    fn next(&self) -> Option<Portion> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            let rest = state.rest(self.rest);
            let of_questions = Task::Documents as usize;
            let lines = if rest.is_zero() {
                &mut state.lines[..]
            } else {
                &mut state.lines[..of_questions]
            };
            let first = |line: &mut Line| line.portions.pop_front();
            let Some(portion) = lines.iter_mut().find_map(first) else {
                state = if state.line(Task::Documents).portions.is_empty() {
                    self.changed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner)
                } else {
                    self.changed
                        .wait_timeout(state, rest)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                };
                continue;
            };
            match portion.job.is_wanted() {
                Wanted::Yes => {
                    if portion.job.task == Task::Documents {
                        state.turn = Some(Instant::now());
                    }
                    return Some(portion);
                }
                Wanted::NoMore => state.line(portion.job.task).jobs -= 1,
                Wanted::Answered => {}
            }
        }
    }

    /// Takes in what was computed for a portion, a row for each of its windows, and answers the
    /// asker when it was the last.
    fn finish(&self, portion: &Portion, rows: Result<Vec<Vector>, String>) {
        let ended = portion.job.take_in(portion, rows);
        let mut state = self.lock();
        state.note(portion.job.task);
        if ended {
            state.line(portion.job.task).jobs -= 1;
        }
    }

    /// Ends the threads that wait; jobs that are not finished are dropped.
    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for line in &mut state.lines {
            line.portions.clear();
        }
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
    fn take_in(&self, portion: &Portion, rows: Result<Vec<Vector>, String>) -> bool {
        let mut progress = self.lock();
        let rows = match rows {
            Ok(rows) => rows,
            Err(reason) => {
                let engine = self.engine.called();
                let error = BackendError::message(format!("{engine} failed: {reason}"));
                return progress.answer(Err(error));
            }
        };
        for (window, row) in portion.windows.iter().zip(rows) {
            let Window { text, weight, .. } = &self.windows[*window];
            let sum = &mut progress.sums[*text];
            if sum.is_empty() {
                sum.resize(row.len(), 0.0);
            }
            sum.iter_mut()
                .zip(row)
                .for_each(|(sum, value)| *sum += weight * value);
        }
        progress.windows_left -= portion.windows.len();
        if progress.windows_left > 0 {
            return false;
        }
        let mut vectors = std::mem::take(&mut progress.sums);
        if self.task != Task::Claims {
            vectors.iter_mut().for_each(to_unit_length);
        }
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
    /// What computes it.
    fn engine(&self) -> &dyn Engine {
        &*self.job.engine
    }

    /// The token ids of its windows.
    fn windows(&self) -> Vec<&[u32]> {
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

    /// What the rows of these tests are said to come from.
    struct Nobody;

    impl Engine for Nobody {
        fn called(&self) -> &'static str {
            "the model"
        }

        fn run(&self, _: &[&[u32]], _: &mut Buffers) -> candle_core::Result<Vec<Vector>> {
            candle_core::bail!("nobody computes")
        }
    }

    fn engine() -> Arc<dyn Engine> {
        Arc::new(Nobody)
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
            .submit(Task::Passages, &engine(), 3, windows(&[10, 10, 10]), 20)
            .unwrap();
        assert_eq!(compute(&queue), 2);
        let mut query = queue
            .submit(Task::Query, &engine(), 1, windows(&[5]), 20)
            .unwrap();
        compute(&queue);
        assert!(query.try_recv().is_ok());
        assert!(passages.try_recv().is_err());
        compute(&queue);
        assert_eq!(passages.try_recv().unwrap().unwrap().len(), 3);
    }

    #[test]
    fn documents_rest_while_questions_are_answered_and_still_get_their_turn() {
        let mut state = State::default();
        assert_eq!(state.rest(REST), Duration::ZERO);
        state.note(Task::Documents);
        assert_eq!(state.rest(REST), Duration::ZERO);
        let now = Instant::now();
        state.asked = Some(now);
        // None began yet: one may.
        assert_eq!(state.rest(REST), Duration::ZERO);
        state.turn = Some(now);
        state.note(Task::Passages);
        let rest = state.rest(REST);
        assert!(!rest.is_zero() && rest <= REST, "{rest:?}");
        assert_eq!(state.rest(Duration::ZERO), Duration::ZERO);
        // Asked all the time.
        state.turn = now.checked_sub(TURN);
        assert_eq!(state.rest(REST), Duration::ZERO);

        let queue = Queue {
            rest: Duration::from_secs(3_600),
            ..Queue::default()
        };
        let mut documents = queue
            .submit(Task::Documents, &engine(), 2, windows(&[20, 20]), 20)
            .unwrap();
        compute(&queue);
        let mut query = queue
            .submit(Task::Query, &engine(), 1, windows(&[5]), 20)
            .unwrap();
        compute(&queue);
        assert!(query.try_recv().is_ok());
        // Waits for its turn, not for an hour.
        compute(&queue);
        assert!(documents.try_recv().is_ok());
    }

    #[test]
    fn claims_overtake_queries_and_their_rows_come_as_they_are() {
        let queue = Queue::default();
        let mut query = queue
            .submit(Task::Query, &engine(), 1, windows(&[5]), 20)
            .unwrap();
        let mut claims = queue
            .submit(Task::Claims, &engine(), 2, windows(&[4, 6]), 20)
            .unwrap();
        compute(&queue);
        assert!(query.try_recv().is_err());
        let rows = claims.try_recv().unwrap().unwrap();
        assert_eq!(rows, [vec![3.0, 4.0], vec![3.0, 6.0]]);
        compute(&queue);
        assert!(query.try_recv().is_ok());
    }

    #[test]
    fn vectors_come_in_the_order_of_texts_and_have_unit_length() {
        let queue = Queue::default();
        let mut answer = queue
            .submit(Task::Passages, &engine(), 3, windows(&[4, 0, 40]), 40)
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
        let mut answer = queue
            .submit(Task::Passages, &engine(), 1, windows, 4)
            .unwrap();
        compute(&queue);
        // (3 * [3, 4] + 1 * [3, 0]) / 4 is [3, 3].
        let vectors = answer.try_recv().unwrap().unwrap();
        assert!((vectors[0][0] - vectors[0][1]).abs() < 1e-6);
    }

    #[test]
    fn a_full_queue_is_busy_at_once_and_has_room_again_afterwards() {
        let queue = Queue::default();
        let answers: Vec<Answer> = (0..JOBS)
            .map(|_| {
                queue
                    .submit(Task::Query, &engine(), 1, windows(&[5]), 20)
                    .unwrap()
            })
            .collect();
        let error = queue
            .submit(Task::Query, &engine(), 1, windows(&[5]), 20)
            .unwrap_err();
        assert_eq!(error.to_string(), "the model is busy");
        assert!(
            queue
                .submit(Task::Passages, &engine(), 1, windows(&[5]), 20)
                .is_ok()
        );
        compute(&queue);
        assert!(
            queue
                .submit(Task::Query, &engine(), 1, windows(&[5]), 20)
                .is_ok()
        );
        drop(answers);
    }

    #[test]
    fn a_job_whose_asker_left_is_dropped() {
        let queue = Queue::default();
        let gone = queue
            .submit(Task::Passages, &engine(), 4, windows(&[15, 15, 15, 15]), 20)
            .unwrap();
        compute(&queue);
        drop(gone);
        let mut answer = queue
            .submit(Task::Passages, &engine(), 1, windows(&[5]), 20)
            .unwrap();
        compute(&queue);
        assert!(answer.try_recv().is_ok());
        assert_eq!(queue.lock().line(Task::Passages).jobs, 0);
    }

    #[test]
    fn a_failure_is_told_once_and_the_rest_of_the_job_is_dropped() {
        let queue = Queue::default();
        let mut answer = queue
            .submit(Task::Passages, &engine(), 2, windows(&[15, 15]), 20)
            .unwrap();
        let portion = queue.next().unwrap();
        queue.finish(&portion, Err("out of memory".to_owned()));
        let error = answer.try_recv().unwrap().unwrap_err();
        assert!(error.to_string().contains("out of memory"), "{error}");
        let mut next = queue
            .submit(Task::Passages, &engine(), 1, windows(&[5]), 20)
            .unwrap();
        compute(&queue);
        assert!(next.try_recv().is_ok());
        assert_eq!(queue.lock().line(Task::Passages).jobs, 0);
    }

    /// Panics on windows of length 3.
    struct Fragile;

    impl Engine for Fragile {
        fn called(&self) -> &'static str {
            "the model"
        }

        fn run(&self, windows: &[&[u32]], _: &mut Buffers) -> candle_core::Result<Vec<Vector>> {
            assert!(
                windows.iter().all(|window| window.len() != 3),
                "a length of 3"
            );
            Ok(windows.iter().map(|_| vec![1.0]).collect())
        }
    }

    #[tokio::test]
    async fn a_job_that_panics_is_an_error_and_the_next_is_computed() {
        let workers = Workers::start(1, "test", REST).unwrap();
        let engine: Arc<dyn Engine> = Arc::new(Fragile);
        let run = async |length| {
            let windows = windows(&[length]);
            workers.run(Task::Claims, &engine, 1, windows, 20).await
        };
        let error = run(3).await.unwrap_err();
        assert_eq!(error.to_string(), "the model failed: it panicked");
        assert_eq!(run(4).await.unwrap(), [[1.0]]);
    }

    #[test]
    fn a_closed_queue_ends_its_threads_and_takes_no_job() {
        let queue = Queue::default();
        let mut answer = queue
            .submit(Task::Passages, &engine(), 1, windows(&[5]), 20)
            .unwrap();
        queue.close();
        assert!(queue.next().is_none());
        assert!(answer.try_recv().is_err());
        assert!(
            queue
                .submit(Task::Query, &engine(), 1, windows(&[5]), 20)
                .is_err()
        );
    }
}
