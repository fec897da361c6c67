//! What is known of a document beside its text: from people, and from the document itself.

use std::collections::BTreeSet;

use ingest::{Day, DocumentId, Labels};
use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

/// Characters of a name: a title, an author, a collection, a tag.
const NAME_LIMIT: usize = 200;
/// Tags of a document.
const TAGS_LIMIT: usize = 50;

/// What people say of a document. It goes before what the document says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The language of its text, such as `ko`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The collection that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// Its tags.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// The day that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dated: Option<Day>,
    /// The first day that it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Day>,
    /// The last day that it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<Day>,
    /// The document that took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<DocumentId>,
    /// Since when that one has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_on: Option<Day>,
}

impl Metadata {
    /// What is said of the files in a document, too.
    #[must_use]
    pub fn inherited(&self) -> Self {
        Self {
            title: None,
            author: None,
            language: None,
            dated: None,
            ..self.clone()
        }
    }
}

/// What a version says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The language of its text, such as `ko`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When it was changed last or made, by its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dated: Option<Day>,
    /// The first day that it is in force, by its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Day>,
    /// The last day that it is in force, by its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<Day>,
    /// The titles of documents whose place it takes, by its text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<String>,
}

/// A change of what people say of a document: fields that are left out stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MetadataChange {
    /// Its title; null takes it away, here and below.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub title: Option<Option<String>>,
    /// Who wrote it.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub author: Option<Option<String>>,
    /// The language of its text, such as `ko`.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub language: Option<Option<String>>,
    /// The collection that it is in.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub collection: Option<Option<String>>,
    /// Its tags, all of them.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    pub tags: Option<Option<BTreeSet<String>>>,
    /// The day that it is of.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub dated: Option<Option<Day>>,
    /// The first day that it is in force.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub effective_from: Option<Option<Day>>,
    /// The last day that it is in force.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub effective_until: Option<Option<Day>>,
    /// The document that took its place.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub superseded_by: Option<Option<DocumentId>>,
    /// Since when that one has it.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub superseded_on: Option<Option<Day>>,
}

impl MetadataChange {
    /// The names of the fields that are given.
    #[must_use]
    pub fn fields(&self) -> Vec<&'static str> {
        let fields = [
            ("title", self.title.is_some()),
            ("author", self.author.is_some()),
            ("language", self.language.is_some()),
            ("collection", self.collection.is_some()),
            ("tags", self.tags.is_some()),
            ("dated", self.dated.is_some()),
            ("effective_from", self.effective_from.is_some()),
            ("effective_until", self.effective_until.is_some()),
            ("superseded_by", self.superseded_by.is_some()),
            ("superseded_on", self.superseded_on.is_some()),
        ];
        let given = fields.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(name, _)| name).collect()
    }
}

/// Tells a field that is null from one that is left out.
#[expect(
    clippy::option_option,
    reason = "left out, null and given are three things here"
)]
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What people say that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// A name is empty, too long or holds characters that are not printed.
    #[error("{field}: a name of 1 to {NAME_LIMIT} characters, all of them printed, is expected")]
    Name {
        /// The field.
        field: &'static str,
    },
    /// No language.
    #[error("language: a code such as `ko` or `en` is expected")]
    Language,
    /// Too many tags.
    #[error("tags: more than {TAGS_LIMIT}")]
    Tags,
    /// It ends before it begins.
    #[error("effective_until: {until} is before {from}, from when it is in force")]
    Ends {
        /// Its first day.
        from: Day,
        /// Its last.
        until: Day,
    },
    /// A day without a document.
    #[error("superseded_on: no document takes its place (`superseded_by`)")]
    NoSuccessor,
    /// The document that takes its place is not there, or may not be read.
    #[error("superseded_by: there is no document {0}")]
    UnknownSuccessor(DocumentId),
    /// Documents take each other's place.
    #[error("superseded_by: the document {0} is this one, or is superseded by it")]
    Circle(DocumentId),
}

impl MetadataError {
    /// The field that is wrong.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Name { field } => field,
            Self::Language => "language",
            Self::Tags => "tags",
            Self::Ends { .. } => "effective_until",
            Self::NoSuccessor => "superseded_on",
            Self::UnknownSuccessor(_) | Self::Circle(_) => "superseded_by",
        }
    }
}

/// A name as it is kept: what a Mac and everyone else write alike, without space around it.
fn name(field: &'static str, text: &str) -> Result<String, MetadataError> {
    let name: String = text.nfc().collect::<String>().trim().to_owned();
    let is_name =
        (1..=NAME_LIMIT).contains(&name.chars().count()) && !name.chars().any(is_unprinted);
    if is_name {
        Ok(name)
    } else {
        Err(MetadataError::Name { field })
    }
}

/// Controls, and marks that turn the direction of what follows.
fn is_unprinted(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl MetadataChange {
    /// Whether nothing is to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What people say of a document after it.
    ///
    /// # Errors
    /// When a field is wrong; the error names it.
    pub fn apply(&self, to: &Metadata) -> Result<Metadata, MetadataError> {
        let names = |field, change: &Option<Option<String>>, was: &Option<String>| match change {
            None => Ok(was.clone()),
            Some(None) => Ok(None),
            Some(Some(text)) => name(field, text).map(Some),
        };
        let language = match &self.language {
            Some(Some(code)) => {
                let code = code.trim().to_ascii_lowercase();
                let is_code = (2..=3).contains(&code.len())
                    && code.bytes().all(|byte| byte.is_ascii_lowercase());
                Some(is_code.then_some(code).ok_or(MetadataError::Language)?)
            }
            Some(None) => None,
            None => to.language.clone(),
        };
        let tags = match &self.tags {
            None => to.tags.clone(),
            Some(None) => BTreeSet::new(),
            Some(Some(tags)) => tags
                .iter()
                .map(|tag| name("tags", tag))
                .collect::<Result<_, _>>()?,
        };
        if tags.len() > TAGS_LIMIT {
            return Err(MetadataError::Tags);
        }
        let after = Metadata {
            title: names("title", &self.title, &to.title)?,
            author: names("author", &self.author, &to.author)?,
            language,
            collection: names("collection", &self.collection, &to.collection)?,
            tags,
            dated: self.dated.unwrap_or(to.dated),
            effective_from: self.effective_from.unwrap_or(to.effective_from),
            effective_until: self.effective_until.unwrap_or(to.effective_until),
            superseded_by: self.superseded_by.unwrap_or(to.superseded_by),
            superseded_on: match self.superseded_by {
                // Nobody took its place any more: the day goes too.
                Some(None) => self.superseded_on.unwrap_or(None),
                _ => self.superseded_on.unwrap_or(to.superseded_on),
            },
        };
        if let (Some(from), Some(until)) = (after.effective_from, after.effective_until)
            && until < from
        {
            return Err(MetadataError::Ends { from, until });
        }
        if after.superseded_on.is_some() && after.superseded_by.is_none() {
            return Err(MetadataError::NoSuccessor);
        }
        Ok(after)
    }
}

/// What a search can be narrowed by: what people say, and else what the document says.
#[must_use]
pub(super) fn labels(set: &Metadata, said: &Said) -> Labels {
    let from = set.effective_from.or(said.effective_from);
    let last_by_successor = set.superseded_on.and_then(Day::previous);
    let last_said = set.effective_until.or(said.effective_until);
    let ends_by_people = set.effective_until.and_then(Day::next);
    Labels {
        collection: set.collection.clone(),
        tags: set.tags.clone(),
        language: set.language.clone().or_else(|| said.language.clone()),
        author: set.author.clone().or_else(|| said.author.clone()),
        dated: set.dated.or(said.dated),
        from,
        until: last_said.into_iter().chain(last_by_successor).min(),
        retired: ends_by_people.into_iter().chain(set.superseded_on).min(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn change(json: &str) -> MetadataChange {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_field_that_is_left_out_stays_and_null_takes_it_away() {
        let was = change(
            r#"{"collection": " 인사 ", "tags": ["b", "a "], "effective_from": "2025-03-01"}"#,
        )
        .apply(&Metadata::default())
        .unwrap();
        assert_eq!(was.collection.as_deref(), Some("인사"));
        assert_eq!(was.tags, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
        let after = change(r#"{"collection": null, "author": "김하늘"}"#)
            .apply(&was)
            .unwrap();
        assert_eq!(
            (after.collection, after.author.as_deref()),
            (None, Some("김하늘"))
        );
        assert_eq!(
            (after.tags, after.effective_from),
            (was.tags.clone(), was.effective_from)
        );
        assert!(change("{}").is_empty() && !change(r#"{"title": null}"#).is_empty());
        let known = serde_json::to_string(&was).unwrap();
        assert_eq!(serde_json::from_str::<Metadata>(&known).unwrap(), was);
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_field() {
        for (json, field) in [
            (r#"{"title": " "}"#, "title"),
            (r#"{"author": "a\nb"}"#, "author"),
            (r#"{"collection": "a\u202eb"}"#, "collection"),
            (r#"{"language": "korean"}"#, "language"),
            (r#"{"tags": [""]}"#, "tags"),
            (
                r#"{"effective_from": "2025-03-01", "effective_until": "2025-02-28"}"#,
                "effective_until",
            ),
            (r#"{"superseded_on": "2025-03-01"}"#, "superseded_on"),
        ] {
            let error = change(json).apply(&Metadata::default()).unwrap_err();
            assert_eq!(error.field(), field, "{json}");
            assert!(error.to_string().starts_with(field), "{error}");
        }
        let long = MetadataChange {
            title: Some(Some("가".repeat(NAME_LIMIT + 1))),
            ..MetadataChange::default()
        };
        assert!(long.apply(&Metadata::default()).is_err());
        for wrong in [
            r#"{"effective_from": "2025-02-30"}"#,
            r#"{"colour": "red"}"#,
            r#"{"superseded_by": "x"}"#,
        ] {
            assert!(
                serde_json::from_str::<MetadataChange>(wrong).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn only_people_retire_a_document() {
        let said = Said {
            language: Some("ko".to_owned()),
            effective_from: Some(day("2024-01-01")),
            effective_until: Some(day("2024-12-31")),
            ..Said::default()
        };
        let read = labels(&Metadata::default(), &said);
        assert_eq!((read.until, read.retired), (Some(day("2024-12-31")), None));
        let set = Metadata {
            effective_until: Some(day("2025-06-30")),
            ..Metadata::default()
        };
        let set_too = labels(&set, &said);
        assert_eq!(set_too.until, Some(day("2025-06-30")));
        assert_eq!(set_too.retired, Some(day("2025-07-01")));
        let superseded = Metadata {
            superseded_by: Some(DocumentId::at("new")),
            superseded_on: Some(day("2025-03-01")),
            ..set
        };
        let labels = labels(&superseded, &said);
        assert_eq!(labels.until, Some(day("2025-02-28")));
        assert_eq!(labels.retired, Some(day("2025-03-01")));
        assert_eq!(labels.language.as_deref(), Some("ko"));
    }
}
