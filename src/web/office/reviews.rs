//! `GET /admin/feedback`: what people said of answers, for administrators, who decide whether it is learnt
//! from.
//!
//! A correction is what a person wrote: it stands there as theirs, each sentence with what the checker
//! said of it. Of an answer that rests on a document which the administrator may not read today nothing
//! is shown but that something was said.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use ingest::{ContentHash, DocumentId};
use jiff::Timestamp;
use serde::Deserialize;

use super::form::Fields;
use super::thousands;
use super::words::{OfficeWords, office_words};
use crate::catalogue::{JudgementCursor, JudgementFilter, JudgementRow, Review};
use crate::feedback::{Decision, KeptSentence, Kind};
use crate::people::{PeopleError, PersonId, Refusal};
use crate::web::Shared;
use crate::web::error::Error;
use crate::web::feedback::{keep_decision, may_see};
use crate::web::pages::{Frame, html};
use crate::web::people::when;
use crate::web::viewer::{Speaks, Viewer};
use crate::web::wire::{self, Verdict};
use crate::web::words::Words;
pub(in crate::web) use words::{ReviewWords, review_words};

/// Judgements on a page.
const PAGE: u32 = 20;
/// The page, without what narrows it.
const PATH: &str = "/admin/feedback";

/// What narrows the list, as it stands in addresses and forms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct ReviewParams {
    /// `waiting`, `all`, `accepted` or `refused`; empty is `waiting`.
    pub(in crate::web) show: String,
    /// The name of a kind; empty is any.
    pub(in crate::web) kind: String,
    /// Where the page begins.
    pub(in crate::web) cursor: String,
    /// Whether something was decided just now.
    pub(in crate::web) done: String,
}

/// The kinds that people choose from.
const KINDS: [Kind; 5] = [
    Kind::Right,
    Kind::Wrong,
    Kind::WrongSource,
    Kind::Outdated,
    Kind::Missing,
];

impl ReviewParams {
    fn review(&self) -> Result<Option<Review>, Error> {
        match self.show.as_str() {
            "" | "waiting" => Ok(Some(Review::Waiting)),
            "all" => Ok(None),
            "accepted" => Ok(Some(Review::Decided(Decision::Accepted))),
            "refused" => Ok(Some(Review::Decided(Decision::Refused))),
            _ => Err(Error::field(
                "show",
                "waiting, all, accepted or refused is expected",
            )),
        }
    }

    fn kind(&self) -> Result<Option<Kind>, Error> {
        if self.kind.is_empty() {
            return Ok(None);
        }
        let known = KINDS.into_iter().find(|kind| kind.as_str() == self.kind);
        let known = known.ok_or_else(|| Error::field("kind", "there is no such kind"))?;
        Ok(Some(known))
    }

    fn cursor(&self) -> Result<Option<JudgementCursor>, Error> {
        if self.cursor.is_empty() {
            return Ok(None);
        }
        let cursor = self.cursor.parse::<JudgementCursor>();
        cursor
            .map(Some)
            .map_err(|error| Error::field("cursor", error))
    }

    /// A link to the list that `show` and `kind` narrow, from `cursor` on.
    fn link(show: &str, kind: &str, cursor: &str, done: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("show", show),
            ("kind", kind),
            ("cursor", cursor),
            ("done", done),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() {
            PATH.to_owned()
        } else {
            format!("{PATH}?{query}")
        }
    }
}

/// A sentence with what the checker said of it.
#[derive(Clone, Debug)]
pub(in crate::web) struct SaidView {
    pub(in crate::web) text: String,
    /// Its verdict, as the style sheet names it.
    pub(in crate::web) verdict: &'static str,
    pub(in crate::web) mark: &'static str,
    pub(in crate::web) verdict_words: &'static str,
}

/// A document by its title.
#[derive(Clone, Debug)]
pub(in crate::web) struct RestsOn {
    pub(in crate::web) title: String,
    pub(in crate::web) url: String,
}

/// A decision that is offered.
#[derive(Clone, Debug)]
pub(in crate::web) struct Choice {
    pub(in crate::web) word: &'static str,
    /// What the form sends.
    pub(in crate::web) value: &'static str,
    pub(in crate::web) class: &'static str,
}

/// What a person said, as the page shows it.
#[derive(Clone, Debug)]
pub(in crate::web) struct ReviewView {
    pub(in crate::web) id: String,
    pub(in crate::web) language: &'static str,
    /// The question; none where the viewer may not see the answer.
    pub(in crate::web) question: Option<String>,
    pub(in crate::web) kind: &'static str,
    /// Who said it, and when.
    pub(in crate::web) said_by: String,
    /// How far administrators are with it, as the style sheet names it.
    pub(in crate::web) state: &'static str,
    pub(in crate::web) state_words: &'static str,
    /// Who decided, and when.
    pub(in crate::web) decided: Option<String>,
    /// What it is about, in words.
    pub(in crate::web) about: String,
    pub(in crate::web) abstained: bool,
    /// The sentence of the answer, or all that were shown.
    pub(in crate::web) sentences: Vec<SaidView>,
    pub(in crate::web) correction: Option<String>,
    pub(in crate::web) correction_title: &'static str,
    /// Whose words the correction is, and whether the documents support it.
    pub(in crate::web) correction_hint: &'static str,
    pub(in crate::web) corrected: Vec<SaidView>,
    pub(in crate::web) note: Option<String>,
    pub(in crate::web) documents: Vec<RestsOn>,
    pub(in crate::web) is_usable: bool,
    /// When what is shown was said, as the form sends it back.
    pub(in crate::web) given_at: String,
    /// What may be decided; nothing where the viewer may not see the answer.
    pub(in crate::web) choices: Vec<Choice>,
}

/// A link to another part of the list.
#[derive(Clone, Debug)]
pub(in crate::web) struct ShowLink {
    pub(in crate::web) word: &'static str,
    pub(in crate::web) count: Option<String>,
    pub(in crate::web) link: String,
    pub(in crate::web) is_chosen: bool,
}

#[derive(Debug, Template)]
#[template(path = "pages/reviews.html")]
pub(in crate::web) struct ReviewsPage {
    pub(in crate::web) frame: Frame,
    pub(in crate::web) text: &'static ReviewWords,
    pub(in crate::web) office: &'static OfficeWords,
    pub(in crate::web) params: ReviewParams,
    pub(in crate::web) waiting: String,
    pub(in crate::web) shows: Vec<ShowLink>,
    pub(in crate::web) reviews: Vec<ReviewView>,
    pub(in crate::web) next: Option<String>,
    pub(in crate::web) first: Option<String>,
}

impl ReviewsPage {
    fn kinds(&self) -> [(&'static str, &'static str); 5] {
        KINDS.map(|kind| (kind.as_str(), kind_word(self.frame.words, kind)))
    }

    fn is_kind(&self, kind: &str) -> bool {
        self.params.kind == kind
    }

    fn is_saved(&self) -> bool {
        !self.params.done.is_empty()
    }
}

/// How many wait, in words.
pub(super) fn waiting_words(text: &ReviewWords, waiting: u64) -> String {
    let count = thousands(waiting);
    text.waiting_count.replace("{count}", &count)
}

fn kind_word(words: &'static Words, kind: Kind) -> &'static str {
    match kind {
        Kind::Right => words.feedback_right,
        Kind::Wrong => words.feedback_wrong,
        Kind::WrongSource => words.feedback_wrong_source,
        Kind::Outdated => words.feedback_outdated,
        Kind::Missing => words.feedback_missing,
    }
}

fn said(words: &'static Words, text: &str, verdict: Verdict) -> SaidView {
    let (class, mark, verdict_words) = words.of_verdict(verdict.as_str());
    SaidView {
        text: text.to_owned(),
        verdict: class,
        mark,
        verdict_words,
    }
}

/// What may be decided of something on which that was decided: what would change it.
fn choices(text: &ReviewWords, decision: Option<Decision>) -> Vec<Choice> {
    let choice = |word, value, class| Choice { word, value, class };
    let accept = choice(text.accept, "accepted", "button main");
    let refuse = choice(text.refuse, "refused", "button");
    let later = choice(text.later, "later", "quiet");
    match decision {
        None => vec![accept, refuse],
        Some(Decision::Accepted) => vec![refuse, later],
        Some(Decision::Refused) => vec![accept, later],
    }
}

/// What the rows of a page name: people by what they are called in the audit log, documents by their ids.
#[derive(Debug, Default)]
struct Named {
    people: BTreeMap<String, String>,
    documents: BTreeMap<DocumentId, String>,
}

impl Named {
    async fn of(
        shared: &Shared,
        viewer: &Viewer,
        rows: &[(JudgementRow, bool)],
    ) -> Result<Self, Error> {
        let mut named = Self::default();
        for (row, _) in rows {
            let decided = row.judgement.decided.as_ref();
            let actors = [
                Some(&row.judgement.actor),
                decided.map(|decided| &decided.by),
            ];
            for actor in actors.into_iter().flatten() {
                if named.people.contains_key(actor) {
                    continue;
                }
                let id = PersonId::from(actor.clone());
                let name = match shared.app.people().get(&id).await {
                    Ok(person) => person.display_name,
                    // A key, who has the machine, or somebody who is gone.
                    Err(PeopleError::Refused(Refusal::NotFound)) => actor.clone(),
                    Err(error) => return Err(error.into()),
                };
                named.people.insert(actor.clone(), name);
            }
        }
        let seen = rows.iter().filter(|(_, may_see)| *may_see);
        let ids: BTreeSet<DocumentId> = seen
            .flat_map(|(row, _)| row.judged.documents())
            .map(|(document, _)| document)
            .collect();
        let ids: Vec<DocumentId> = ids.into_iter().collect();
        let views = shared.app.library().some(&ids, &viewer.reader).await?;
        named.documents = views
            .into_iter()
            .map(|view| (view.id, view.title))
            .collect();
        Ok(named)
    }

    fn person<'a>(&'a self, actor: &'a str) -> &'a str {
        self.people.get(actor).map_or(actor, String::as_str)
    }

    fn document(&self, (document, version): (DocumentId, ContentHash)) -> Option<RestsOn> {
        Some(RestsOn {
            title: self.documents.get(&document)?.clone(),
            url: format!("/documents/{document}?version={version}"),
        })
    }
}

/// What a person said, as `viewer` may see it.
fn view(
    frame: &Frame,
    (viewer, named): (&Viewer, &Named),
    (row, may_see): &(JudgementRow, bool),
) -> ReviewView {
    let (words, text) = (frame.words, review_words(frame.language));
    let (judged, judgement) = (&row.judged, &row.judgement);
    // The API says who sees what.
    let body = wire::listed_feedback(row, (&*viewer.actor, viewer.is_admin()), *may_see);
    let shown = if *may_see { judged.shown() } else { Vec::new() };
    let kept = |sentence: &&KeptSentence| said(words, &sentence.text, sentence.verdict.into());
    let sentences = match judgement.sentence {
        Some(at) => shown.get(at).map(kept).into_iter().collect(),
        None => shown.iter().map(kept).collect(),
    };
    let about = match judgement.sentence {
        Some(at) => {
            let number = (at + 1).to_string();
            text.of_sentence.replace("{number}", &number)
        }
        None => text.of_answer.to_owned(),
    };
    let told = |words: &str, name: &str, time: Timestamp| {
        words
            .replace("{time}", &when(time))
            .replace("{name}", named.person(name))
    };
    let (state, state_words) = match judgement.decision() {
        Some(Decision::Accepted) => ("accepted", text.accepted),
        Some(Decision::Refused) => ("refused", text.refused),
        None if judgement.waits() => ("waiting", text.waiting),
        None => ("undecided", text.undecided),
    };
    let corrected = body.corrected.iter();
    let documents = judged.documents().into_iter();
    ReviewView {
        id: body.id,
        language: judged.language.tag(),
        question: body.question,
        kind: kind_word(words, judgement.kind),
        said_by: told(text.said_by, &judgement.actor, judgement.given),
        state,
        state_words,
        decided: judgement
            .decided
            .as_ref()
            .map(|decided| told(text.decided, &decided.by, decided.at)),
        about,
        abstained: judged.abstained,
        sentences,
        correction_title: match judgement.kind {
            Kind::Missing => text.addition,
            _ => text.correction,
        },
        correction_hint: if body.corrected.is_empty() {
            text.not_checked
        } else if judgement.is_unsupported() {
            text.unsupported
        } else {
            text.supported
        },
        corrected: corrected
            .map(|sentence| said(words, &sentence.text, sentence.verdict))
            .collect(),
        correction: body.correction,
        note: body.note,
        documents: documents
            .filter(|_| *may_see)
            .filter_map(|kept| named.document(kept))
            .collect(),
        is_usable: body.usable,
        given_at: judgement.given.to_string(),
        choices: if *may_see {
            choices(text, judgement.decision())
        } else {
            Vec::new()
        },
    }
}

fn shows(text: &'static ReviewWords, params: &ReviewParams, waiting: u64) -> Vec<ShowLink> {
    let chosen = match params.show.as_str() {
        "" => "waiting",
        show => show,
    };
    let link = |show: &'static str, word, count| ShowLink {
        word,
        count,
        link: ReviewParams::link(show, &params.kind, "", ""),
        is_chosen: chosen == show,
    };
    vec![
        link("waiting", text.waiting, Some(thousands(waiting))),
        link("all", text.all, None),
        link("accepted", text.accepted, None),
        link("refused", text.refused, None),
    ]
}

/// `GET /admin/feedback`.
pub(super) async fn page(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    params: Result<Query<ReviewParams>, QueryRejection>,
) -> Result<Response, Error> {
    viewer.must_be_admin()?;
    let Query(params) = params.map_err(|error| Error::field("query", error.body_text()))?;
    let catalogue = shared.app.library().catalogue();
    let failed = |error: sqlx::Error| Error::internal("reading feedback", &error);
    let after = params.cursor()?;
    let filter = JudgementFilter {
        kind: params.kind()?,
        review: params.review()?,
        after: after.as_ref(),
        // One more, to know whether there is another page.
        limit: Some(PAGE + 1),
        ..JudgementFilter::default()
    };
    let mut found = catalogue.judgements(filter).await.map_err(failed)?;
    let has_more = found.len() > PAGE as usize;
    found.truncate(PAGE as usize);
    let last = found.last().filter(|_| has_more);
    let next = last.map(|row| JudgementCursor::of(&row.judgement).to_string());
    let waiting = catalogue.waiting_judgements().await.map_err(failed)?;
    let mut rows = Vec::new();
    for row in found {
        let may_see = may_see(catalogue, &row, &viewer.reader).await?;
        rows.push((row, may_see));
    }
    let named = Named::of(&shared, &viewer, &rows).await?;
    let frame = Frame::new(&shared, &viewer, language, "admin");
    let text = review_words(language);
    let link = |cursor: &str| ReviewParams::link(&params.show, &params.kind, cursor, "");
    html(&ReviewsPage {
        text,
        office: office_words(language),
        waiting: waiting_words(text, waiting),
        shows: shows(text, &params, waiting),
        reviews: rows
            .iter()
            .map(|row| view(&frame, (&viewer, &named), row))
            .collect(),
        next: next.as_deref().map(link),
        first: (!params.cursor.is_empty()).then(|| link("")),
        params,
        frame,
    })
}

/// `POST /admin/feedback/{id}`: decides on what somebody said, and leads back to the list.
pub(super) async fn decide(
    State(shared): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    viewer.must_be_admin()?;
    let decision = match fields.get("decision") {
        "accepted" => Some(Decision::Accepted),
        "refused" => Some(Decision::Refused),
        "later" => None,
        _ => return Err(Error::field("decision", "there is no such decision")),
    };
    let looked_at = fields
        .get("given_at")
        .parse::<Timestamp>()
        .map_err(|error| Error::field("given_at", error))?;
    keep_decision(&shared, &viewer, &id, decision, Some(looked_at)).await?;
    let to = ReviewParams::link(
        fields.get("show"),
        fields.get("kind"),
        fields.get("cursor"),
        "1",
    );
    Ok(Redirect::to(&to).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_narrowed_by_what_there_is() {
        let params = |show: &str, kind: &str| ReviewParams {
            show: show.to_owned(),
            kind: kind.to_owned(),
            ..ReviewParams::default()
        };
        assert_eq!(params("", "").review(), Ok(Some(Review::Waiting)));
        assert_eq!(params("all", "").review(), Ok(None));
        let refused = Some(Review::Decided(Decision::Refused));
        assert_eq!(params("refused", "").review(), Ok(refused));
        assert_eq!(params("", "").kind(), Ok(None));
        for kind in KINDS {
            assert_eq!(params("", kind.as_str()).kind(), Ok(Some(kind)));
        }
        assert!(params("", "fine").kind().is_err() && params("later", "").review().is_err());
    }

    #[test]
    fn links_say_only_what_narrows() {
        assert_eq!(ReviewParams::link("", "", "", ""), PATH);
        let link = ReviewParams::link("all", "wrong", "7.x&y", "1");
        assert_eq!(
            link,
            "/admin/feedback?show=all&kind=wrong&cursor=7.x%26y&done=1"
        );
    }

    #[test]
    fn only_what_changes_something_is_offered() {
        let text = review_words(crate::language::Language::En);
        let offered = |decision| {
            let choices = choices(text, decision).into_iter();
            choices.map(|choice| choice.word).collect::<Vec<_>>()
        };
        assert_eq!(offered(None), ["Accept", "Refuse"]);
        assert_eq!(
            offered(Some(Decision::Accepted)),
            ["Refuse", "Decide later"]
        );
        assert_eq!(offered(Some(Decision::Refused)), ["Accept", "Decide later"]);
    }
}
