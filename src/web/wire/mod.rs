//! What the API says and reads: the JSON shapes, apart from the inner types, so that inner
//! names stay free to change.
//!
//! Every offset names its unit: plain `start` and `end` count Unicode code points, `_utf16`
//! counts UTF-16 code units, which is what JavaScript, Java and C# index strings by. For Korean
//! the two agree; for emoji and rare Hanja they do not.

mod answer;
mod check;
mod conversation;
mod document;
mod feedback;
mod people;
pub mod rights;
mod scope;
mod search;
mod webhooks;

pub(crate) use answer::abstention;
pub use answer::{
    AnswerBody, AnswerRequest, CitationBody, ClaimBody, Claims, LedgerBody, PassageBody, RankBody,
    RetrievalBody, Told, WithheldBody, answer, answer_in, retrieval,
};
pub use check::{
    CheckCitation, CheckClaim, CheckError, CheckReport, CheckRequest, PassageInput, SentenceInput,
    check,
};
pub use conversation::{
    BegunTurnBody, ConversationBody, ConversationList, ConversationRequest, HiddenBody,
    SuggestionsBody, TurnBody, WholeConversationBody,
};
pub(crate) use conversation::{conversation, turn};
pub use document::{
    DocumentBody, DocumentList, ProblemBody, UploadReport, UploadedFile, VersionBody, VersionList,
    document, versions,
};
pub use feedback::{
    CorrectedBody, DecisionRequest, ExportQuery, FeedbackBody, FeedbackList, FeedbackQuery,
    FeedbackRequest,
};
pub(crate) use feedback::{
    audience as export_audience, given as given_feedback, listed as listed_feedback,
};
pub use people::{
    IdentityBody, IdentityList, InviteRequest, InvitedBody, KeyBody, KeyList, KeyRequest, LinkBody,
    LinkIdentityRequest, MadeKeyBody, OneSessionBody, PasswordRequest, PersonBody,
    PersonChangeRequest, PersonList, SessionBody, SessionList, SignInRequest,
};
pub use scope::FilterBody;
pub use search::{
    CheckTextBody, CheckTextRequest, CheckedBody, FoundBody, SearchBody, SearchRequest, checked,
    found, sentences,
};
pub use webhooks::{
    DeliveryBody, DeliveryList, MadeWebhookBody, SentBody, WebhookBody, WebhookChangeRequest,
    WebhookList, WebhookRequest, delivery, webhook,
};

use std::ops::Range;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{check as checked, language};

/// A range of a text, in two units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SpanBody {
    /// First character, in Unicode code points from 0.
    pub start: usize,
    /// One past the last character, in Unicode code points.
    pub end: usize,
    /// First character, in UTF-16 code units from 0.
    pub start_utf16: usize,
    /// One past the last character, in UTF-16 code units.
    pub end_utf16: usize,
}

impl SpanBody {
    fn new(chars: &Range<usize>, utf16: &Range<usize>) -> Self {
        Self {
            start: chars.start,
            end: chars.end,
            start_utf16: utf16.start,
            end_utf16: utf16.end,
        }
    }
}

/// A language, as its BCP 47 tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Korean.
    Ko,
    /// English.
    En,
}

/// What happens to a sentence that is not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is withheld, and counted.
    Strict,
    /// It is shown, visibly marked.
    Marked,
}

/// What the checker says of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The cited passages say it.
    Supported,
    /// They say part of it.
    Partial,
    /// They say otherwise.
    Contradicted,
    /// They do not say it.
    Unsupported,
    /// It claims nothing: a greeting, a heading, that the passages do not say something.
    NotCheckable,
    /// The checker could not run. Never to be treated as supported.
    Unverified,
}

impl Verdict {
    /// Its name in JSON.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Partial => "partial",
            Self::Contradicted => "contradicted",
            Self::Unsupported => "unsupported",
            Self::NotCheckable => "not_checkable",
            Self::Unverified => "unverified",
        }
    }
}

/// Why a sentence has the verdict it has. Which fields there are depends on `kind`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReasonBody {
    /// `no_citation`, `not_verbatim`, `missing_fact`, `bound_elsewhere`, `other_limit`,
    /// `wrong_arithmetic`, `opposite`, `low_similarity`, `partly_missing` or `checker_failed`.
    pub kind: &'static str,
    /// For `not_verbatim`: the words that the passages do not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// For `missing_fact`: the number, date, unit, code or article that they do not hold; for
    /// `bound_elsewhere` one that they hold for something else; for `other_limit` the limit, for
    /// `wrong_arithmetic` the calculation, as the sentence writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
    /// For `missing_fact`, `bound_elsewhere` and `other_limit`: what the passages have instead, if
    /// they have one of that kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// For `bound_elsewhere`: what the fact belongs to in the passages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// For `partly_missing`: the words without support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// For `checker_failed`: how, for an administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The reason as a sentence for people, in the language of the answer.
    pub words: String,
}

impl ReasonBody {
    fn new(reason: &checked::Reason, language: language::Language) -> Self {
        let words = reason.words(language);
        match reason.clone() {
            checked::Reason::NoCitation => Self {
                kind: "no_citation",
                words,
                ..Self::default()
            },
            checked::Reason::NotVerbatim { quote } => Self {
                kind: "not_verbatim",
                quote: Some(quote),
                words,
                ..Self::default()
            },
            checked::Reason::MissingFact { fact, instead } => Self {
                kind: "missing_fact",
                fact: Some(fact),
                instead,
                words,
                ..Self::default()
            },
            checked::Reason::BoundElsewhere { fact, to, instead } => Self {
                kind: "bound_elsewhere",
                fact: Some(fact),
                to: Some(to),
                instead,
                words,
                ..Self::default()
            },
            checked::Reason::OtherLimit { said, there } => Self {
                kind: "other_limit",
                fact: Some(said),
                instead: Some(there),
                words,
                ..Self::default()
            },
            checked::Reason::WrongArithmetic { shown } => Self {
                kind: "wrong_arithmetic",
                fact: Some(shown),
                words,
                ..Self::default()
            },
            checked::Reason::Opposite => Self {
                kind: "opposite",
                words,
                ..Self::default()
            },
            checked::Reason::LowSimilarity => Self {
                kind: "low_similarity",
                words,
                ..Self::default()
            },
            checked::Reason::PartlyMissing { words: missing } => Self {
                kind: "partly_missing",
                missing: Some(missing),
                words,
                ..Self::default()
            },
            checked::Reason::CheckerFailed { error } => Self {
                kind: "checker_failed",
                error: Some(error),
                words,
                ..Self::default()
            },
        }
    }
}

impl From<language::Language> for Language {
    fn from(language: language::Language) -> Self {
        match language {
            language::Language::Ko => Self::Ko,
            language::Language::En => Self::En,
        }
    }
}

impl From<Language> for language::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::Ko => Self::Ko,
            Language::En => Self::En,
        }
    }
}

impl From<checked::Mode> for Mode {
    fn from(mode: checked::Mode) -> Self {
        match mode {
            checked::Mode::Strict => Self::Strict,
            checked::Mode::Marked => Self::Marked,
        }
    }
}

impl From<Mode> for checked::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Strict => Self::Strict,
            Mode::Marked => Self::Marked,
        }
    }
}

impl From<checked::Verdict> for Verdict {
    fn from(verdict: checked::Verdict) -> Self {
        match verdict {
            checked::Verdict::Supported => Self::Supported,
            checked::Verdict::Partial => Self::Partial,
            checked::Verdict::Contradicted => Self::Contradicted,
            checked::Verdict::Unsupported => Self::Unsupported,
            checked::Verdict::NotCheckable => Self::NotCheckable,
            checked::Verdict::Unverified => Self::Unverified,
        }
    }
}

/// Says where texts stand when they are joined by a space, in both units.
#[derive(Clone, Debug, Default)]
struct Joined {
    text: String,
    chars: usize,
    utf16: usize,
}

impl Joined {
    /// Appends `text`, after a space unless it is the first, and says where it stands.
    fn push(&mut self, text: &str) -> SpanBody {
        if !self.text.is_empty() {
            self.text.push(' ');
            self.chars += 1;
            self.utf16 += 1;
        }
        let (chars, utf16) = (self.chars, self.utf16);
        self.text.push_str(text);
        self.chars += text.chars().count();
        self.utf16 += text.encode_utf16().count();
        SpanBody::new(&(chars..self.chars), &(utf16..self.utf16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_texts_stand_where_both_units_say() {
        let mut joined = Joined::default();
        let texts = ["연차는 15일 🎉입니다.", "It is 𠮷.", "끝."];
        let spans: Vec<SpanBody> = texts.iter().map(|text| joined.push(text)).collect();
        assert_eq!(joined.text, "연차는 15일 🎉입니다. It is 𠮷. 끝.");
        let utf16: Vec<u16> = joined.text.encode_utf16().collect();
        for (text, span) in texts.iter().zip(&spans) {
            let by_chars: String = joined
                .text
                .chars()
                .skip(span.start)
                .take(span.end - span.start)
                .collect();
            assert_eq!(by_chars, *text);
            assert_eq!(
                String::from_utf16(&utf16[span.start_utf16..span.end_utf16]).unwrap(),
                *text
            );
        }
        assert_eq!(
            spans[2].start_utf16,
            spans[2].start + 2,
            "two characters outside the BMP"
        );
    }
}
