//! Server-sent events: an answer sentence by sentence, and the live states of documents.
//!
//! Everything essential is also in the last event or in the plain routes, so a program that
//! drops an event it does not know loses nothing.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt as _, stream};
use ingest::DocumentId;
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tracing::{error, info};

use super::Shared;
use super::error::{Error, ErrorBody};
use super::limits::StreamRoom;
use super::viewer::{Viewer, Who};
use super::wire;
use crate::app::{App, AskError, AskEvent, Phase};
use crate::ask::{Context, Question, Reader};
use crate::catalogue::{ListQuery, PAGE_LIMIT, StateCounts};
use crate::check::{Answer, AnswerEvent};
use crate::language::Language;
use crate::library::LibraryError;
use crate::people::PersonId;
use crate::talk::{Recorder, suggest};

/// A silent stream is cut by proxies: something is said this often.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// States are sent this often at most.
const STATES: Duration = Duration::from_millis(400);

fn heartbeat() -> Interval {
    let mut interval = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// An event with a name.
pub(super) fn event(name: &str, content: &impl Serialize) -> Event {
    match serde_json::to_string(content) {
        Ok(json) => Event::default().event(name).data(json),
        Err(error) => unwritable(&error),
    }
}

/// An event without a name.
pub(super) fn data(content: &impl Serialize) -> Event {
    match serde_json::to_string(content) {
        Ok(json) => Event::default().data(json),
        Err(error) => unwritable(&error),
    }
}

fn unwritable(error: &serde_json::Error) -> Event {
    error!(error = error.to_string(), "an event cannot be written");
    Event::default().event("error").data("{}")
}

/// Sends events. The room for the stream is given back when it ends or its reader leaves.
pub(super) fn respond(
    room: StreamRoom,
    events: impl futures::Stream<Item = Result<Event, Infallible>> + Send + 'static,
) -> Response {
    let events = events.map(move |event| {
        let _held = &room;
        event
    });
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Sse::new(events)).into_response()
}

/// What happens while a question is answered, with heartbeats in between. Dropping it ends the
/// work.
#[derive(Debug)]
pub(super) struct Progress {
    events: mpsc::UnboundedReceiver<AskEvent>,
    heartbeat: Interval,
    ended: bool,
}

/// What happens next.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing, for a while.
    Heartbeat,
    /// Something.
    Event(AskEvent),
}

impl Progress {
    pub(super) fn new(events: mpsc::UnboundedReceiver<AskEvent>) -> Self {
        Self {
            events,
            heartbeat: heartbeat(),
            ended: false,
        }
    }

    /// What happens next; none after [`AskEvent::Final`] or [`AskEvent::Failed`], one of which
    /// always comes.
    pub(super) async fn next(&mut self) -> Option<Step> {
        if self.ended {
            return None;
        }
        let received = tokio::select! {
            received = self.events.recv() => received,
            _ = self.heartbeat.tick() => return Some(Step::Heartbeat),
        };
        let event = received.unwrap_or_else(|| {
            AskEvent::Failed(AskError::Failed("the answer ended early".to_owned()))
        });
        if let AskEvent::Final(_, timings) = &event {
            info!(?timings, "answered");
        }
        self.ended = matches!(event, AskEvent::Final(..) | AskEvent::Failed(_));
        Some(Step::Event(event))
    }
}

/// A question as it is asked, and where it is kept.
#[derive(Debug)]
pub(super) struct Asking {
    /// What is searched for.
    pub(super) question: Question,
    pub(super) notices: Vec<String>,
    pub(super) told: wire::Told,
    /// Keeps it, in a conversation.
    pub(super) recorder: Option<Recorder>,
    /// Questions of the conversation, this one among them: they are not suggested again.
    pub(super) asked: Vec<String>,
}

impl Asking {
    /// A question that is kept nowhere.
    pub(super) fn alone(question: Question, notices: Vec<String>) -> Self {
        Self {
            question,
            notices,
            told: wire::Told::default(),
            recorder: None,
            asked: Vec::new(),
        }
    }

    /// The whole answer, kept.
    pub(super) async fn whole(&mut self, app: &App, answer: &Answer) -> wire::AnswerBody {
        let (question, notices) = (&self.question, &self.notices);
        let body = wire::answer_in(question, answer, notices, app.prover(), &self.told);
        if let Some(recorder) = &mut self.recorder {
            recorder.done(&body).await;
        }
        body
    }

    /// There is no answer.
    pub(super) async fn failed(&mut self, error: &AskError) {
        match &mut self.recorder {
            Some(recorder) if matches!(error, AskError::Stopping) => recorder.stopped().await,
            Some(recorder) => recorder.failed().await,
            None => {}
        }
    }

    /// What may be asked next, kept with the turn.
    pub(super) async fn suggestions(
        &self,
        app: &App,
        context: &Context,
        answer: &Answer,
    ) -> Option<wire::SuggestionsBody> {
        let (_, turn) = self.told.kept.as_ref()?;
        let found = suggest::suggestions(app, &self.question, context, answer, &self.asked).await;
        let catalogue = app.library().catalogue();
        if let Err(error) = catalogue.set_suggestions(turn, &found).await {
            error!(%error, "suggestions cannot be kept");
        }
        Some(wire::SuggestionsBody {
            turn: turn.clone(),
            suggestions: found.into_iter().map(|found| found.question).collect(),
        })
    }
}

struct Answering {
    app: Arc<App>,
    progress: Progress,
    asking: Asking,
    /// What is said first, in a conversation.
    opening: Option<wire::BegunTurnBody>,
    context: Option<Arc<Context>>,
    /// The answer, once it is sent.
    answer: Option<Arc<Answer>>,
    claims: wire::Claims,
    withheld: wire::WithheldBody,
    language: Language,
}

/// The events of an answer: `retrieval`, then `sentence` and `withheld` as they are checked,
/// `heartbeat` in between, then `final` or `error`; in a conversation `turn` before them all, and
/// `suggestions` after `final`. Dropping the stream ends the work.
pub(super) fn answer(
    app: Arc<App>,
    room: StreamRoom,
    events: mpsc::UnboundedReceiver<AskEvent>,
    asking: Asking,
    speaks: Language,
) -> Response {
    let kept = asking.told.kept.clone();
    let answering = Answering {
        app,
        claims: wire::Claims::new(asking.question.language),
        progress: Progress::new(events),
        opening: kept.map(|(conversation, turn)| wire::BegunTurnBody {
            conversation,
            turn,
            searched_for: asking
                .told
                .asked
                .as_ref()
                .map(|_| asking.question.text.clone()),
        }),
        context: None,
        answer: None,
        asking,
        withheld: wire::WithheldBody::default(),
        language: speaks,
    };
    let events = stream::unfold(answering, |mut answering| async move {
        let event = answering.next().await?;
        Some((Ok(event), answering))
    });
    respond(room, events)
}

impl Answering {
    async fn next(&mut self) -> Option<Event> {
        if let Some(opening) = self.opening.take() {
            return Some(event("turn", &opening));
        }
        let happened = match self.progress.next().await {
            Some(Step::Heartbeat) => return Some(event("heartbeat", &serde_json::json!({}))),
            Some(Step::Event(happened)) => happened,
            None => return self.after().await,
        };
        Some(match happened {
            AskEvent::Retrieval(context) => {
                if let Some(recorder) = &mut self.asking.recorder {
                    recorder.found(&context);
                }
                let body = wire::retrieval(&context);
                self.context = Some(context);
                event("retrieval", &body)
            }
            AskEvent::Answer(AnswerEvent::Sentence(sentence)) => {
                let claim = self.claims.next(&sentence);
                if let Some(recorder) = &mut self.asking.recorder {
                    recorder.sentence(&claim);
                }
                event("sentence", &claim)
            }
            AskEvent::Answer(AnswerEvent::Withheld(sentence)) => {
                let language = self.asking.question.language;
                self.withheld.add(&sentence, language);
                event("withheld", &self.withheld)
            }
            AskEvent::Final(answer, _) => {
                let body = self.asking.whole(&self.app, &answer).await;
                self.answer = Some(answer);
                event("final", &body)
            }
            AskEvent::Failed(error) => {
                self.asking.failed(&error).await;
                let error = Error::from(error).fields(self.language);
                event("error", &ErrorBody { error })
            }
        })
    }

    /// What comes after the answer has been sent.
    async fn after(&mut self) -> Option<Event> {
        let (context, answer) = (self.context.take()?, self.answer.take()?);
        let found = self
            .asking
            .suggestions(&self.app, &context, &answer)
            .await?;
        Some(event("suggestions", &found))
    }
}

/// Documents whose states one stream tells.
pub(super) const WATCHED: usize = 500;

struct Watching {
    shared: Shared,
    reader: Reader,
    /// Who watches, if it is a person: their groups may become others meanwhile.
    person: Option<PersonId>,
    /// Those that are watched; the ones that changed last, if none are named.
    ids: Option<Vec<DocumentId>>,
    changes: watch::Receiver<u64>,
    phase: watch::Receiver<Phase>,
    heartbeat: Interval,
    known: HashMap<DocumentId, wire::DocumentBody>,
    counts: StateCounts,
    began: bool,
    ended: bool,
    language: Language,
}

/// What changed since the last event.
#[derive(Serialize)]
struct Changes {
    changed: Vec<wire::DocumentBody>,
    gone: Vec<String>,
    /// How many documents there are by state.
    counts: StateCounts,
}

/// The live states of documents: `documents` with those that are watched, then `changes` with those
/// that changed, the ids of those that are gone, and how many there are by state; `stopping` when
/// the server stops. `ids` are watched, or else the documents that changed last.
///
/// # Errors
/// When the viewer has too many streams open.
pub(super) fn states(
    shared: Shared,
    viewer: Viewer,
    ids: Option<Vec<DocumentId>>,
    language: Language,
) -> Result<Response, Error> {
    let room = shared.limits.stream(&viewer)?;
    let watching = Watching {
        changes: shared.app.library().watch(),
        phase: shared.app.phase(),
        shared,
        reader: viewer.reader,
        person: match viewer.who {
            Who::Person { id, .. } => Some(id),
            Who::Nobody | Who::Key { .. } => None,
        },
        ids,
        heartbeat: heartbeat(),
        known: HashMap::new(),
        counts: StateCounts::new(),
        began: false,
        ended: false,
        language,
    };
    let events = stream::unfold(watching, |mut watching| async move {
        let event = watching.next().await?;
        Some((Ok(event), watching))
    });
    Ok(respond(room, events))
}

impl Watching {
    async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        if !self.began {
            self.began = true;
            self.changes.mark_unchanged();
            return Some(match self.look().await {
                Ok((documents, counts)) => {
                    self.known = by_id(&documents);
                    self.counts = counts;
                    let documents = documents.into_iter().map(|(_, body)| body).collect();
                    event("documents", &wire::DocumentList { documents })
                }
                Err(failed) => self.failed(failed),
            });
        }
        loop {
            tokio::select! {
                changed = self.changes.changed() => {
                    // The library is gone: the server stops.
                    changed.ok()?;
                }
                _ = self.phase.wait_for(|phase| *phase != Phase::Running) => {
                    self.ended = true;
                    return Some(event("stopping", &serde_json::json!({})));
                }
                _ = self.heartbeat.tick() => return Some(event("heartbeat", &serde_json::json!({}))),
            }
            tokio::time::sleep(STATES).await;
            self.changes.mark_unchanged();
            if !self.read_anew().await {
                self.ended = true;
                return None;
            }
            let (documents, counts) = match self.look().await {
                Ok(seen) => seen,
                Err(failed) => return Some(self.failed(failed)),
            };
            let mut now = by_id(&documents);
            let gone = match self.gone(&now).await {
                Ok(gone) => gone,
                Err(failed) => return Some(self.failed(failed)),
            };
            let changes = Changes {
                changed: documents
                    .into_iter()
                    .filter(|(id, body)| self.known.get(id) != Some(body))
                    .map(|(_, body)| body)
                    .collect(),
                gone: gone.iter().map(ToString::to_string).collect(),
                counts: counts.clone(),
            };
            let is_same = changes.changed.is_empty() && gone.is_empty() && counts == self.counts;
            // Those that others pushed out of the last ones are known still.
            for (id, body) in self.known.drain() {
                if !gone.contains(&id) && now.len() < 2 * WATCHED {
                    now.entry(id).or_insert(body);
                }
            }
            self.known = now;
            self.counts = counts;
            if !is_same {
                return Some(event("changes", &changes));
            }
        }
    }

    /// Looks up what a person who watches may read by now. False where they may not come in any more,
    /// or it cannot be told.
    async fn read_anew(&mut self) -> bool {
        let Some(id) = &self.person else { return true };
        let found = self.shared.app.people().get(id).await;
        match found {
            Ok(person) if !person.disabled => {
                self.reader = Reader::new(person.all_groups()).with_person(person.id);
                true
            }
            Ok(_) | Err(_) => false,
        }
    }

    /// The documents that are watched as they are now, and how many there are by state.
    async fn look(
        &self,
    ) -> Result<(Vec<(DocumentId, wire::DocumentBody)>, StateCounts), LibraryError> {
        let library = self.shared.app.library();
        let (views, counts) = if let Some(ids) = &self.ids {
            let views = library.some(ids, &self.reader).await?;
            (views, library.state_counts(&self.reader).await?)
        } else {
            let last = ListQuery {
                descending: true,
                limit: PAGE_LIMIT,
                ..ListQuery::default()
            };
            let page = library.page(&last, &self.reader).await?;
            (page.views, page.counts)
        };
        let bodies = views
            .iter()
            .map(|view| (view.id, wire::document(view, self.language)));
        Ok((bodies.collect(), counts))
    }

    /// Those that were known and are not there any more, or may not be read.
    async fn gone(
        &self,
        now: &HashMap<DocumentId, wire::DocumentBody>,
    ) -> Result<HashSet<DocumentId>, LibraryError> {
        let unseen = self.known.keys().filter(|id| !now.contains_key(id));
        let unseen: Vec<DocumentId> = unseen.copied().collect();
        let there = self
            .shared
            .app
            .library()
            .some(&unseen, &self.reader)
            .await?;
        let mut gone: HashSet<DocumentId> = unseen.into_iter().collect();
        for view in there {
            gone.remove(&view.id);
        }
        Ok(gone)
    }

    fn failed(&mut self, error: LibraryError) -> Event {
        self.ended = true;
        let error = Error::from(error).fields(self.language);
        event("error", &ErrorBody { error })
    }
}

fn by_id(
    documents: &[(DocumentId, wire::DocumentBody)],
) -> HashMap<DocumentId, wire::DocumentBody> {
    documents.iter().cloned().collect()
}
