//! Which documents a question is answered from, as the API has it.

use std::collections::BTreeSet;

use ingest::{Day, DocumentId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ask::{OnDay, Scope};

/// Narrows a question to some documents. All that is given must hold; case does not matter in
/// names. Days are ISO 8601, such as `2025-03-01`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FilterBody {
    /// In one of these collections.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub collections: BTreeSet<String>,
    /// With all of these tags.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// With text in one of these languages, such as `ko`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub languages: BTreeSet<String>,
    /// By one of these authors.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub authors: BTreeSet<String>,
    /// One of these documents, by their ids.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub documents: BTreeSet<DocumentId>,
    /// With these words in the title, or in the file's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Dated on this day or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub dated_from: Option<Day>,
    /// Dated on this day or earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub dated_until: Option<Day>,
    /// In force on this day, by what people and the texts say; or `any`. If left out, documents
    /// that a person has put out of force are not searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub in_force: Option<OnDay>,
}

impl From<FilterBody> for Scope {
    fn from(body: FilterBody) -> Self {
        Self {
            collections: body.collections,
            tags: body.tags,
            languages: body.languages,
            authors: body.authors,
            documents: body.documents,
            title: body.title.filter(|title| !title.trim().is_empty()),
            dated_from: body.dated_from,
            dated_until: body.dated_until,
            in_force: body.in_force,
        }
    }
}

impl From<&Scope> for FilterBody {
    fn from(scope: &Scope) -> Self {
        let scope = scope.clone();
        Self {
            collections: scope.collections,
            tags: scope.tags,
            languages: scope.languages,
            authors: scope.authors,
            documents: scope.documents,
            title: scope.title,
            dated_from: scope.dated_from,
            dated_until: scope.dated_until,
            in_force: scope.in_force,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_and_written_alike() {
        let json =
            r#"{"tags":["hr"],"title":"출장","dated_from":"2025-01-01","in_force":"2024-05-01"}"#;
        let body: FilterBody = serde_json::from_str(json).unwrap();
        let scope = Scope::from(body.clone());
        assert_eq!(
            scope.in_force,
            Some(OnDay::Day("2024-05-01".parse().unwrap()))
        );
        assert_eq!(
            serde_json::to_string(&FilterBody::from(&scope)).unwrap(),
            json
        );
        let any: FilterBody = serde_json::from_str(r#"{"in_force": "any"}"#).unwrap();
        assert_eq!(any.in_force, Some(OnDay::Any));
        for wrong in [
            r#"{"in_force": "always"}"#,
            r#"{"dated_from": "2025-02-30"}"#,
            r#"{"tag": ["hr"]}"#,
            r#"{"documents": ["x"]}"#,
        ] {
            assert!(
                serde_json::from_str::<FilterBody>(wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
