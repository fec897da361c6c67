//! `GET /docs`: the page that describes the API, made by this server from the same description
//! that `/openapi.json` gives. Nothing on it comes from elsewhere.
//!
//! | module | what it is for |
//! |---|---|
//! | `reading` | the description as what the page shows: routes, bodies, fields |
//! | `sample` | examples of bodies that the description gives no example of |
//! | `korean` | what each route does, in Korean |

mod korean;
mod reading;
mod sample;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ingest::parse::ParseError;
use serde_json::Value;

use super::connection::Connection;
use super::error::Error;
use super::limits::Excess;
use super::pages::{Frame, html};
use super::viewer::{Speaks, Viewer};
use super::{Shared, api, compat};
use crate::language::Language;
use crate::people::Refusal;
use reading::{Group, Kind, Reading, Shape};

#[derive(Debug, Template)]
#[template(path = "pages/docs.html")]
struct DocsPage {
    frame: Frame,
    /// Where this server is, as the visitor reached it.
    origin: String,
    groups: Vec<Group>,
    shapes: Vec<Shape>,
    errors: Vec<ErrorRow>,
}

/// An error that any route may give.
#[derive(Debug)]
struct ErrorRow {
    status: u16,
    code: &'static str,
    sentence: String,
}

impl DocsPage {
    fn new(frame: Frame, origin: String, description: &Value) -> Self {
        let language = frame.language;
        let reading = Reading::new(description, language, &origin);
        Self {
            groups: reading.groups(),
            shapes: reading.shapes(),
            errors: errors(language),
            frame,
            origin,
        }
    }

    /// What a group of routes is for.
    fn title(&self, group: &Group) -> String {
        let words = self.frame.words;
        match group.tag.as_str() {
            "answers" => words.docs_answers.to_owned(),
            "conversations" => words.conversations.to_owned(),
            "documents" => words.documents.to_owned(),
            "compatible" => words.docs_compatible.to_owned(),
            "people" => words.people.to_owned(),
            "rights" => words.rights.to_owned(),
            "webhooks" => words.docs_webhooks.to_owned(),
            "feedback" => words.feedback.to_owned(),
            other => other.to_owned(),
        }
    }

    /// The name of a kind of value in words.
    fn kind(&self, kind: &Kind) -> String {
        let words = self.frame.words;
        let mut name = kind.name.clone();
        if kind.is_map {
            name = words.docs_map_of.replace("{type}", &name);
        }
        if kind.is_list {
            name = words.docs_list_of.replace("{type}", &name);
        }
        if kind.may_be_null {
            name = words.docs_or_null.replace("{type}", &name);
        }
        name
    }

    fn has_korean(&self) -> bool {
        self.frame.language == Language::Ko
    }
}

/// `GET /docs`: what the API does.
pub(super) async fn page(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    connection: Connection,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let frame = Frame::new(&shared, &viewer, language, "docs");
    let description = serde_json::to_value(api::description())
        .map_err(|error| Error::internal("describing the API", &error))?;
    html(&DocsPage::new(
        frame,
        compat::origin(connection, &headers),
        &description,
    ))
}

/// The errors that there are, each as it is told.
fn errors(language: Language) -> Vec<ErrorRow> {
    let text = || "...".to_owned();
    [
        Error::field("field", "..."),
        Error::EmptyQuestion,
        Error::LongQuestion { actual: 5_000 },
        Error::NoModel { name: text() },
        Error::SignIn,
        Error::People(Refusal::WrongSignIn),
        Error::Forbidden,
        Error::OtherSite,
        Error::StaleForm,
        Error::Changed,
        Error::WrongHost,
        Error::NotFound,
        Error::MediaType {
            expected: "application/json",
        },
        Error::BodyTooLarge,
        Error::FileName { name: text() },
        Error::EmptyFile,
        Error::BrokenFile,
        Error::NotGenuine {
            ko: text(),
            en: text(),
        },
        Error::LargeFile { limit: text() },
        Error::UnreadableFile(ParseError::Encrypted { reason: text() }),
        Error::UnreadableFile(ParseError::Damaged { reason: text() }),
        Error::People(Refusal::TooManyAttempts { seconds: 1 }),
        Error::TooMuch {
            excess: Excess::Questions,
            seconds: 1,
        },
        Error::Busy,
        Error::Stopping,
        Error::NotReady { detail: text() },
        Error::DiskFull,
        Error::Internal,
    ]
    .into_iter()
    .map(|error| {
        let fields = error.fields(language);
        ErrorRow {
            status: error.status().as_u16(),
            code: fields.code,
            sentence: fields.message,
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(language: Language) -> String {
        let description = serde_json::to_value(api::description()).unwrap();
        let origin = "http://127.0.0.1:8420".to_owned();
        DocsPage::new(Frame::plain(language), origin, &description)
            .render()
            .unwrap()
    }

    #[test]
    fn every_route_is_on_the_page_in_both_languages() {
        let description = serde_json::to_value(api::description()).unwrap();
        for language in [Language::Ko, Language::En] {
            let page = rendered(language);
            for (path, methods) in description["paths"].as_object().unwrap() {
                for method in methods.as_object().unwrap().keys() {
                    let method = method.to_uppercase();
                    let heading = format!("<code>{method} {path}</code>");
                    assert!(page.contains(&heading), "{heading}");
                }
            }
            for code in [
                "question_too_long",
                "busy",
                "stopping",
                "model_not_found",
                "sign_in",
                "too_many_attempts",
            ] {
                assert!(page.contains(code), "{code}");
            }
            assert!(page.contains(&format!("<html lang=\"{}\"", language.tag())));
        }
        assert!(rendered(Language::Ko).contains("문장마다"));
    }

    #[test]
    fn links_on_the_page_lead_to_something_on_it() {
        let page = rendered(Language::En);
        let mut links = 0;
        for link in page.split("href=\"#").skip(1) {
            let anchor = link.split('"').next().unwrap();
            assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
            links += 1;
        }
        assert!(links > 30, "{links}");
    }

    #[test]
    fn nothing_on_the_page_comes_from_elsewhere() {
        let page = rendered(Language::Ko);
        for tag in [
            "<script",
            "<img",
            "<iframe",
            "<style",
            " style=",
            " onclick=",
        ] {
            assert!(!page.contains(tag), "{tag}");
        }
        for source in page.split(" src=\"").skip(1) {
            assert!(source.starts_with('/'), "{source}");
        }
    }

    #[test]
    fn a_description_cannot_break_out_of_the_page() {
        let hostile = "</code><script>alert(1)</script>";
        let description = serde_json::json!({
            "paths": { "/x": { "post": {
                "tags": [hostile], "summary": hostile, "description": hostile,
                "parameters": [{"name": hostile, "in": "query", "description": hostile, "schema": {"type": hostile}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/X"}, "example": hostile}}},
                "responses": {"200": {"description": hostile}},
            }}},
            "components": { "schemas": { "X": {
                "type": "object", "description": hostile,
                "properties": {hostile: {"type": "string", "enum": [hostile], "description": hostile}},
            }}},
        });
        let page = DocsPage::new(Frame::plain(Language::En), hostile.to_owned(), &description)
            .render()
            .unwrap();
        assert!(
            page.contains("alert(1)") && !page.contains("<script>"),
            "{page}"
        );
    }
}
