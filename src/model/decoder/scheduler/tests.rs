use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::adapter::Adapter;
use super::super::model::ModelOptions;
use super::super::source::Source;
use super::super::stage::{Hidden, Stage};
use super::*;

/// What a request was told.
#[derive(Debug, Default)]
struct Told {
    tokens: Vec<Written>,
    judged: Option<Vec<f32>>,
    end: Option<Result<Summary, String>>,
}

#[derive(Clone, Default)]
struct Asker {
    told: Arc<Mutex<Told>>,
    left: Arc<AtomicBool>,
}

impl Asker {
    fn ask(&self, scheduler: &mut Scheduler, prompt: Vec<u32>, work: Work) {
        scheduler.push(Request {
            prompt,
            work,
            adapter: None,
            listener: Box::new(self.clone()),
        });
    }

    fn told(&self) -> Told {
        std::mem::take(&mut self.told.lock().unwrap())
    }
}

impl Listener for Asker {
    fn token(&mut self, token: Written) -> bool {
        self.told.lock().unwrap().tokens.push(token);
        true
    }

    fn judged(&mut self, log_probabilities: Vec<f32>) {
        self.told.lock().unwrap().judged = Some(log_probabilities);
    }

    fn over(self: Box<Self>, end: Result<Summary, ModelError>) {
        self.told.lock().unwrap().end = Some(end.map_err(|error| error.to_string()));
    }

    fn has_left(&self) -> bool {
        self.left.load(Ordering::Relaxed)
    }
}

/// How a stage misbehaves.
#[derive(Clone, Default)]
struct Fault {
    fails: Arc<AtomicBool>,
    spoils: Arc<AtomicBool>,
}

struct Faulty {
    stage: Box<dyn Stage>,
    fault: Fault,
}

impl Stage for Faulty {
    fn device(&self) -> String {
        self.stage.device()
    }

    fn layers(&self) -> Range<usize> {
        self.stage.layers()
    }

    fn bytes(&self) -> (usize, usize) {
        self.stage.bytes()
    }

    fn forward(&mut self, batch: &Batch, hidden: Hidden) -> Result<Hidden, ModelError> {
        if self.fault.fails.load(Ordering::Relaxed) {
            return Err(ModelError::Accelerator("it is out of order".to_owned()));
        }
        self.stage.forward(batch, hidden)
    }

    fn scores(&mut self, batch: &Batch, hidden: Hidden) -> Result<Vec<Vec<f32>>, ModelError> {
        let mut scores = self.stage.scores(batch, hidden)?;
        if self.fault.spoils.load(Ordering::Relaxed) {
            for scores in &mut scores {
                scores[3] = f32::NAN;
            }
        }
        Ok(scores)
    }

    fn adapt(&mut self, adapter: &Adapter) -> Result<(), ModelError> {
        self.stage.adapt(adapter)
    }
}

/// A scheduler of the committed model with room for `context` tokens, 64 at a time.
fn scheduler(context: usize) -> (Scheduler, Fault) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mixtral");
    let options = ModelOptions {
        context,
        rows: 64,
        half: false,
        threads: 1,
        devices: vec!["cpu".parse().unwrap()],
        adapters: Vec::new(),
    };
    let mut model = Model::open(Source::open(&path).unwrap(), &options).unwrap();
    let fault = Fault::default();
    model.replace(|stages| {
        let faulty = |stage| {
            let fault = fault.clone();
            Box::new(Faulty { stage, fault }) as Box<dyn Stage>
        };
        stages.into_iter().map(faulty).collect()
    });
    (Scheduler::new(model, 4), fault)
}

fn prompt(length: u32, salt: u32) -> Vec<u32> {
    (0..length).map(|index| (index * 37 + salt) % 320).collect()
}

fn write(tokens: usize) -> Work {
    Work::Write {
        tokens,
        sampling: Sampling::default(),
        ends: Vec::new(),
        top: 0,
    }
}

fn run(scheduler: &mut Scheduler) {
    for _ in 0..1_000 {
        if scheduler.is_idle() {
            return;
        }
        scheduler.step();
    }
    panic!("requests have an end");
}

fn written(told: &Told) -> Vec<u32> {
    told.tokens.iter().map(|written| written.token).collect()
}

#[test]
fn a_step_that_fails_is_told_to_all_in_it_and_leaves_nothing_behind() {
    let (mut scheduler, fault) = scheduler(2_048);
    let askers = [Asker::default(), Asker::default()];
    for (asker, salt) in askers.iter().zip(0..) {
        asker.ask(&mut scheduler, prompt(200, salt), write(50));
    }
    for _ in 0..10 {
        scheduler.step();
    }
    fault.fails.store(true, Ordering::Relaxed);
    scheduler.step();
    for asker in &askers {
        let told = asker.told();
        let error = told.end.unwrap().unwrap_err();
        assert!(error.contains("it is out of order"), "{error}");
    }
    assert!(scheduler.is_idle());
    assert_eq!(scheduler.blocks.idle(), 32);
    fault.fails.store(false, Ordering::Relaxed);
    askers[0].ask(&mut scheduler, prompt(200, 0), write(5));
    run(&mut scheduler);
    let told = askers[0].told();
    let summary = told.end.unwrap().unwrap();
    assert_eq!((summary.known, summary.written), (0, 5));
}

#[test]
fn scores_that_are_no_numbers_end_an_answer_and_are_not_shared() {
    let (mut scheduler, fault) = scheduler(2_048);
    let asker = Asker::default();
    asker.ask(&mut scheduler, prompt(200, 0), write(5));
    run(&mut scheduler);
    let first = asker.told();
    fault.spoils.store(true, Ordering::Relaxed);
    asker.ask(&mut scheduler, prompt(200, 0), write(5));
    run(&mut scheduler);
    let told = asker.told();
    let error = told.end.unwrap().unwrap_err();
    assert!(
        error.contains("not numbers") && told.tokens.is_empty(),
        "{error}"
    );
    asker.ask(&mut scheduler, prompt(200, 0), Work::Judge { last: 2 });
    run(&mut scheduler);
    let told = asker.told();
    assert!(told.judged.is_none() && told.end.unwrap().is_err());
    fault.spoils.store(false, Ordering::Relaxed);
    asker.ask(&mut scheduler, prompt(200, 0), write(5));
    run(&mut scheduler);
    let again = asker.told();
    assert_eq!(written(&again), written(&first));
    assert_eq!(again.end.unwrap().unwrap().known, 0, "computed afresh");
}

#[test]
fn a_request_for_more_than_there_is_ends_with_the_numbers() {
    let (mut scheduler, _) = scheduler(256);
    let asker = Asker::default();
    asker.ask(&mut scheduler, prompt(200, 0), write(100));
    let next = Asker::default();
    next.ask(&mut scheduler, prompt(10, 0), write(3));
    run(&mut scheduler);
    let error = asker.told().end.unwrap().unwrap_err();
    assert!(
        error.contains("takes 5 blocks") && error.contains("are 4"),
        "{error}"
    );
    assert_eq!(next.told().tokens.len(), 3);
}

/// What is judged begins in one piece of the prompt and ends in the next, behind blocks that
/// were computed before.
#[test]
fn judging_over_pieces_is_judging_at_once() {
    let (mut scheduler, _) = scheduler(2_048);
    let asker = Asker::default();
    let tokens = prompt(200, 0);
    asker.ask(&mut scheduler, tokens.clone(), Work::Judge { last: 199 });
    run(&mut scheduler);
    let whole = asker.told().judged.unwrap();
    assert_eq!(whole.len(), 199);
    for (length, last) in [(200, 70), (200, 8), (200, 1), (130, 65), (129, 1), (65, 64)] {
        asker.ask(
            &mut scheduler,
            tokens[..length].to_vec(),
            Work::Judge { last },
        );
        run(&mut scheduler);
        let told = asker.told();
        let judged = told.judged.unwrap();
        assert_eq!(
            judged,
            whole[length - 1 - last..length - 1],
            "{last} of {length}"
        );
        assert!(told.end.unwrap().is_ok());
    }
    assert!(scheduler.counters().known_tokens > 0);
}

#[test]
fn those_who_leave_make_room_whether_they_run_or_wait() {
    let (mut scheduler, _) = scheduler(256);
    let askers: Vec<Asker> = (0..3).map(|_| Asker::default()).collect();
    for asker in &askers {
        asker.ask(&mut scheduler, prompt(100, 0), write(100));
    }
    scheduler.step();
    assert_eq!((scheduler.running.len(), scheduler.waiting.len()), (1, 2));
    askers[1].left.store(true, Ordering::Relaxed);
    askers[0].left.store(true, Ordering::Relaxed);
    scheduler.step();
    assert_eq!((scheduler.running.len(), scheduler.waiting.len()), (1, 0));
    let summary = askers[0].told().end.unwrap().unwrap();
    assert_eq!(summary.end, End::Listener);
    run(&mut scheduler);
    assert_eq!(askers[2].told().tokens.len(), 100);
    assert_eq!(scheduler.blocks.idle(), 4);
}
