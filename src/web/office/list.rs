//! Lists of documents: what a request asks for, as JSON and as links of the page.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use ingest::parse::Format;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

use crate::catalogue::{ListPage, ListQuery, PAGE_LIMIT, SortBy, states_of};
use crate::language::Language;
use crate::library::today;
use crate::web::Shared;
use crate::web::error::{Error, ErrorBody};
use crate::web::viewer::{Speaks, Viewer};
use crate::web::wire;

/// Rows of a page if nothing is said.
const LIMIT: u32 = 100;
/// Characters of what is looked for.
const TEXT: usize = 200;

/// A page of the documents that the asker may find.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct DocumentPage {
    /// The documents, in the order that was asked for.
    pub(in crate::web) documents: Vec<wire::DocumentBody>,
    /// What to send as `cursor` for the next page; null after the last.
    pub(in crate::web) next: Option<String>,
    /// How many documents the asker may find in each state, whatever this page lists.
    pub(in crate::web) counts: BTreeMap<String, u64>,
}

/// What a list is asked for with. What is empty is left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct ListParams {
    pub(super) q: String,
    pub(super) state: String,
    pub(super) format: String,
    pub(super) collection: String,
    pub(super) tag: String,
    pub(super) source: String,
    pub(super) problems: String,
    pub(super) duplicates: String,
    pub(super) out_of_force: String,
    pub(super) sort: String,
    pub(super) order: String,
    pub(super) cursor: String,
    pub(super) limit: String,
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn flag(name: &str, text: &str) -> Result<bool, Error> {
    match text.trim() {
        "" | "0" | "false" => Ok(false),
        "1" | "true" | "on" => Ok(true),
        _ => Err(Error::field(name, "`true` or `false` is expected")),
    }
}

/// A name as it is kept.
fn name(field: &str, text: &str) -> Result<Option<String>, Error> {
    let text: Option<String> = given(text).map(|text| text.nfc().collect());
    match text {
        Some(text) if text.chars().count() > TEXT => Err(Error::field(
            field,
            format!("longer than {TEXT} characters"),
        )),
        text => Ok(text),
    }
}

impl ListParams {
    /// How it is sorted: by what, and whether the last comes first.
    pub(super) fn sorting(&self) -> Result<(SortBy, bool), Error> {
        let sort = match given(&self.sort) {
            None => SortBy::default(),
            Some(sort) => SortBy::ALL
                .into_iter()
                .find(|known| known.as_str() == sort)
                .ok_or_else(|| {
                    Error::field("sort", "`name`, `state`, `size` or `changed` is expected")
                })?,
        };
        let descending = match self.order.trim() {
            // What changed last is looked for first.
            "" => sort == SortBy::Changed,
            "asc" => false,
            "desc" => true,
            _ => return Err(Error::field("order", "`asc` or `desc` is expected")),
        };
        Ok((sort, descending))
    }

    /// What the catalogue is asked.
    pub(super) fn query(&self) -> Result<ListQuery, Error> {
        let (sort, descending) = self.sorting()?;
        let states = match given(&self.state) {
            None => BTreeSet::new(),
            Some(state) => states_of(state).ok_or_else(|| {
                Error::field(
                    "state",
                    "a state such as `ready`, or `working`, is expected",
                )
            })?,
        };
        let format = given(&self.format)
            .map(|format| {
                let known = format.parse::<Format>();
                known.map_err(|_| Error::field("format", "a format such as `pdf` is expected"))
            })
            .transpose()?;
        let after = given(&self.cursor)
            .map(|cursor| {
                cursor
                    .parse()
                    .map_err(|error| Error::field("cursor", error))
            })
            .transpose()?;
        let after: Option<crate::catalogue::Cursor> = after;
        if let Some(cursor) = &after
            && !cursor.is_of(sort, descending)
        {
            return Err(Error::field("cursor", "it is of a list in another order"));
        }
        let limit = match given(&self.limit) {
            None => LIMIT,
            Some(limit) => limit
                .parse()
                .ok()
                .filter(|limit| (1..=PAGE_LIMIT).contains(limit))
                .ok_or_else(|| {
                    Error::field(
                        "limit",
                        format!("a number from 1 to {PAGE_LIMIT} is expected"),
                    )
                })?,
        };
        Ok(ListQuery {
            text: name("q", &self.q)?,
            states,
            format,
            collection: name("collection", &self.collection)?,
            tag: name("tag", &self.tag)?,
            source: given(&self.source).map(str::to_owned),
            problems: flag("problems", &self.problems)?,
            duplicates: flag("duplicates", &self.duplicates)?,
            out_of_force: flag("out_of_force", &self.out_of_force)?.then(today),
            least: None,
            sort,
            descending,
            after,
            limit,
        })
    }

    /// Whether the list is narrowed by anything.
    pub(super) fn is_narrowed(&self) -> bool {
        [&self.q, &self.state]
            .into_iter()
            .any(|text| given(text).is_some())
            || self.has_more()
    }

    /// Whether it is narrowed by more than words and state.
    pub(super) fn has_more(&self) -> bool {
        let more = [
            &self.format,
            &self.collection,
            &self.tag,
            &self.source,
            &self.problems,
            &self.duplicates,
            &self.out_of_force,
        ];
        more.into_iter().any(|text| given(text).is_some())
    }

    /// A link to the same list with other values of some fields; from its beginning, unless
    /// `cursor` is one of them.
    pub(super) fn link(&self, changes: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let kept = [
            ("q", &self.q),
            ("state", &self.state),
            ("format", &self.format),
            ("collection", &self.collection),
            ("tag", &self.tag),
            ("source", &self.source),
            ("problems", &self.problems),
            ("duplicates", &self.duplicates),
            ("out_of_force", &self.out_of_force),
            ("sort", &self.sort),
            ("order", &self.order),
            ("limit", &self.limit),
        ];
        for (name, value) in kept {
            let is_changed = changes.iter().any(|(changed, _)| *changed == name);
            if !is_changed && let Some(value) = given(value) {
                query.append_pair(name, value);
            }
        }
        for (name, value) in changes {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() {
            "/documents".to_owned()
        } else {
            format!("/documents?{query}")
        }
    }
}

/// The page that `params` ask for.
pub(super) async fn page_of(
    shared: &Shared,
    viewer: &Viewer,
    params: &ListParams,
) -> Result<ListPage, Error> {
    let query = params.query()?;
    let library = shared.app.library();
    Ok(library.page(&query, &viewer.reader).await?)
}

/// A page as JSON.
pub(super) fn body(page: &ListPage, language: Language) -> DocumentPage {
    let views = page.views.iter();
    DocumentPage {
        documents: views.map(|view| wire::document(view, language)).collect(),
        next: page.next.as_ref().map(ToString::to_string),
        counts: page.counts.clone(),
    }
}

/// Lists the documents that the asker may find, a page at a time.
///
/// A page begins after the last row of the one before it (`cursor`): none comes twice and none is
/// left out while documents come and go, unless what the list is sorted by changes meanwhile.
#[utoipa::path(
    get, path = "/v1/documents", tag = "documents",
    params(
        ("q" = Option<String>, Query, description = "Words that must all stand in the title or the file's name"),
        ("state" = Option<String>, Query, description = "In this state, or `working`: in one that is not final"),
        ("format" = Option<String>, Query, description = "Of this format, such as `pdf`"),
        ("collection" = Option<String>, Query, description = "In this collection"),
        ("tag" = Option<String>, Query, description = "With this tag"),
        ("source" = Option<String>, Query, description = "From this source, by its name in `GET /v1/sources`; `upload` is all that people handed in"),
        ("problems" = Option<bool>, Query, description = "Only those with problems, and those that failed"),
        ("duplicates" = Option<bool>, Query, description = "Only those with the same content as another one that the asker may find"),
        ("out_of_force" = Option<bool>, Query, description = "Only those that are not in force today"),
        ("sort" = Option<String>, Query, description = "`name`, `state`, `size` or `changed`, which it is if left out"),
        ("order" = Option<String>, Query, description = "`asc` or `desc`; if left out, `desc` for `changed` and `asc` for the others"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Documents of a page, 100 if left out and 500 at most"),
    ),
    responses(
        (status = 200, description = "A page of documents", body = DocumentPage),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
    )
)]
pub(in crate::web) async fn documents(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    params: Result<Query<ListParams>, QueryRejection>,
) -> Result<Json<DocumentPage>, Error> {
    let Query(params) = params.map_err(|error| Error::field("query", error.body_text()))?;
    let page = page_of(&shared, &viewer, &params).await?;
    Ok(Json(body(&page, language)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(params: &ListParams) -> String {
        match params.query() {
            Err(Error::Field { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        let with = |change: fn(&mut ListParams)| {
            let mut params = ListParams::default();
            change(&mut params);
            field(&params)
        };
        assert_eq!(with(|params| params.sort = "colour".to_owned()), "sort");
        assert_eq!(with(|params| params.order = "up".to_owned()), "order");
        assert_eq!(with(|params| params.state = "done".to_owned()), "state");
        assert_eq!(with(|params| params.format = "exe".to_owned()), "format");
        assert_eq!(with(|params| params.cursor = "zz".to_owned()), "cursor");
        assert_eq!(with(|params| params.limit = "501".to_owned()), "limit");
        assert_eq!(
            with(|params| params.problems = "maybe".to_owned()),
            "problems"
        );
        assert_eq!(with(|params| params.q = "가".repeat(201)), "q");
    }

    #[test]
    fn what_is_empty_narrows_nothing() {
        let params = ListParams {
            q: "  ".to_owned(),
            problems: "0".to_owned(),
            ..ListParams::default()
        };
        let query = params.query().unwrap();
        assert!(query.text.is_none() && !query.problems && query.descending);
        assert_eq!((query.sort, query.limit), (SortBy::Changed, 100));
    }

    #[test]
    fn links_keep_what_is_asked_for_and_begin_anew() {
        let params = ListParams {
            q: "휴가 & 병가".to_owned(),
            cursor: "00".to_owned(),
            ..ListParams::default()
        };
        let link = params.link(&[("sort", "name")]);
        assert!(link.starts_with("/documents?q=%ED"), "{link}");
        assert!(
            link.ends_with("+%26+%EB%B3%91%EA%B0%80&sort=name"),
            "{link}"
        );
        assert_eq!(ListParams::default().link(&[]), "/documents");
    }
}
