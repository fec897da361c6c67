//! The same answers in the shapes of other protocols, so that clients of OpenAI and Anthropic
//! work unchanged.
//!
//! | module | what it is for |
//! |---|---|
//! | `openai` | `POST /v1/chat/completions` |
//! | `anthropic` | `POST /v1/messages` |
//! | `models` | `/v1/models`, for both; what the name of a model stands for |
//! | `request` | which message is the question, and which fields are not read |
//! | `dialect` | errors as each protocol writes them |
//!
//! A question goes the way of `POST /v1/answers` and no other: [`Asking`] asks, [`Shown`] lets
//! through what the checker showed, and the protocols only write it down.

pub(super) mod anthropic;
mod dialect;
pub(super) mod models;
pub(super) mod openai;
mod request;

pub(super) use dialect::{AnthropicErrorBody, Dialect};

use std::sync::Arc;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::response::sse::Event;
use futures::StreamExt as _;
use futures::stream;

use super::connection::Connection;
use super::error::Error;
use super::limits::StreamRoom;
use super::stream::{Progress, Step, respond};
use super::viewer::Viewer;
use super::wire::{self, AnswerBody, CitationBody, ClaimBody, FilterBody, Verdict};
use super::words::words;
use super::{Shared, wire::Language as Tag};
use crate::app::{App, AskEvent};
use crate::ask::{Question, Scope};
use crate::check::{self, Answer, AnswerEvent, CheckedSentence, Mode};
use crate::language::Language;
use crate::talk;
use models::Model;

/// A question that came in another protocol's words.
#[derive(Debug)]
struct Asking {
    app: Arc<App>,
    /// Who asks, for the audit log.
    actor: Arc<str>,
    /// What is searched for.
    question: Question,
    mode: Mode,
    notices: Vec<String>,
    told: wire::Told,
}

impl Asking {
    /// The question may follow up on questions before it, oldest first.
    async fn new(
        shared: Shared,
        viewer: Viewer,
        model: Model,
        (earlier, typed): (Vec<String>, String),
        language: Option<Tag>,
        filter: Option<FilterBody>,
    ) -> Self {
        let language = language.map_or_else(|| Language::of(&typed), Into::into);
        let earlier = talk::in_full(&earlier);
        let earlier: Vec<&str> = earlier.iter().map(String::as_str).collect();
        let text = shared.app.standing_alone(&earlier, &typed).await;
        Self {
            told: wire::Told {
                asked: (text != typed).then_some(typed),
                kept: None,
            },
            notices: shared.app.notices(language),
            app: shared.app,
            actor: viewer.actor,
            mode: model.mode,
            question: Question {
                language,
                reader: viewer.reader,
                scope: filter.map_or_else(Scope::default, Into::into),
                adapter: model.adapter,
                text,
            },
        }
    }

    /// The answer once it is whole.
    async fn whole(&self) -> Result<AnswerBody, Error> {
        let answer = self
            .app
            .answer_as(&self.actor, self.question.clone(), self.mode)
            .await?;
        Ok(self.body(&answer))
    }

    /// The answer as it is checked, in events that `writer` writes. Dropping the response ends
    /// the work; where the server stops first, the last event says so.
    fn stream(self, room: StreamRoom, writer: impl WriteEvents) -> Result<Response, Error> {
        let received = self
            .app
            .ask_as(&self.actor, self.question.clone(), self.mode)?;
        let streaming = Streaming {
            progress: Progress::new(received),
            shown: Shown::new(self.question.language, self.mode),
            asking: self,
            writer,
            began: false,
        };
        let events = stream::unfold(streaming, |mut streaming| async move {
            let events = streaming.next().await?;
            Some((events, streaming))
        });
        let events = events.flat_map(|events| stream::iter(events.into_iter().map(Ok)));
        Ok(respond(room, events))
    }

    fn body(&self, answer: &Answer) -> AnswerBody {
        let (question, notices) = (&self.question, &self.notices);
        wire::answer_in(question, answer, notices, self.app.prover(), &self.told)
    }
}

/// What a stream tells, in this order: that it begins; sentences, and heartbeats in between; the
/// whole answer, or why there is none.
#[derive(Debug)]
enum Said {
    Began,
    Heartbeat,
    Sentence(Box<ClaimBody>),
    Final(Box<AnswerBody>),
    Failed(Error),
}

/// Writes what is said as events of a protocol.
trait WriteEvents: Send + 'static {
    fn write(&mut self, said: Said) -> Vec<Event>;
}

struct Streaming<W> {
    asking: Asking,
    progress: Progress,
    shown: Shown,
    writer: W,
    began: bool,
}

impl<W: WriteEvents> Streaming<W> {
    async fn next(&mut self) -> Option<Vec<Event>> {
        if !self.began {
            self.began = true;
            return Some(self.writer.write(Said::Began));
        }
        let said = match self.progress.next().await? {
            Step::Heartbeat => vec![Said::Heartbeat],
            // What was found and withheld is told with the whole answer.
            Step::Event(AskEvent::Retrieval(_) | AskEvent::Answer(AnswerEvent::Withheld(_))) => {
                Vec::new()
            }
            Step::Event(AskEvent::Answer(AnswerEvent::Sentence(sentence))) => self
                .shown
                .next(&sentence)
                .into_iter()
                .map(|claim| Said::Sentence(Box::new(claim)))
                .collect(),
            Step::Event(AskEvent::Final(answer, _)) => {
                vec![Said::Final(Box::new(self.asking.body(&answer)))]
            }
            Step::Event(AskEvent::Failed(error)) => vec![Said::Failed(error.into())],
        };
        Some(
            said.into_iter()
                .flat_map(|said| self.writer.write(said))
                .collect(),
        )
    }
}

/// Holds back what claims nothing until something is said that stays: an answer that says no
/// more than a greeting abstains and shows nothing, and these protocols cannot take back what
/// they sent.
#[derive(Debug)]
struct Shown {
    claims: wire::Claims,
    mode: Mode,
    waiting: Vec<ClaimBody>,
    stays: bool,
}

impl Shown {
    fn new(language: Language, mode: Mode) -> Self {
        Self {
            claims: wire::Claims::new(language),
            mode,
            waiting: Vec::new(),
            stays: false,
        }
    }

    /// The sentences that may be sent now that this one is shown.
    fn next(&mut self, sentence: &CheckedSentence) -> Vec<ClaimBody> {
        self.waiting.push(self.claims.next(sentence));
        self.stays |= match sentence.verdict() {
            check::Verdict::Supported => true,
            check::Verdict::NotCheckable => false,
            _ => self.mode == Mode::Marked,
        };
        if self.stays {
            std::mem::take(&mut self.waiting)
        } else {
            Vec::new()
        }
    }
}

/// The quotes that a sentence rests on; none for one that they do not support, which clients
/// would show as supported.
fn quotes(claim: &ClaimBody) -> &[CitationBody] {
    match claim.verdict {
        Verdict::Supported | Verdict::Partial => &claim.citations,
        _ => &[],
    }
}

/// What stands after a sentence that is shown although the documents do not support it.
fn warning(verdict: Verdict, language: Language) -> Option<String> {
    let words = words(language);
    let word = match verdict {
        Verdict::Supported | Verdict::NotCheckable => return None,
        Verdict::Partial => words.partial,
        Verdict::Contradicted => words.contradicted,
        Verdict::Unsupported => words.unsupported,
        Verdict::Unverified => words.unverified,
    };
    Some(format!(" ({word})"))
}

/// Where the client reached this server, such as `https://docs.example.com`: links in answers
/// begin with it. Empty if the request does not say.
pub(super) fn origin(connection: Connection, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let scheme = connection.scheme();
    host.map_or_else(String::new, |host| format!("{scheme}://{host}"))
}

/// An id as these protocols make them: `chatcmpl-...`, `msg_...`.
fn new_id(prefix: &str) -> String {
    format!("{prefix}{}", uuid::Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn links_begin_where_the_client_reached_the_server() {
        let plain = Connection::default();
        let secure = Connection {
            is_secure: true,
            ..plain
        };
        let at = |host: &'static str, connection: Connection| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            // Whoever says so: a proxy that is trusted has made the connection a secure one.
            headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
            origin(connection, &headers)
        };
        assert_eq!(at("127.0.0.1:8420", plain), "http://127.0.0.1:8420");
        assert_eq!(at("docs.example.com", secure), "https://docs.example.com");
        assert_eq!(at("a b", secure), "");
        assert_eq!(origin(plain, &HeaderMap::new()), "");
    }

    #[test]
    fn only_what_is_not_plain_carries_a_warning() {
        assert_eq!(warning(Verdict::Supported, Language::Ko), None);
        assert_eq!(warning(Verdict::NotCheckable, Language::Ko), None);
        for verdict in [
            Verdict::Partial,
            Verdict::Contradicted,
            Verdict::Unsupported,
            Verdict::Unverified,
        ] {
            for language in [Language::Ko, Language::En] {
                assert!(warning(verdict, language).is_some(), "{verdict:?}");
            }
        }
    }
}
