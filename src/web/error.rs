//! What goes wrong with a request, and the sentences that people get for it.
//!
//! Handlers return [`Error`]; [`render`] turns it into JSON or a page in the visitor's language,
//! so that no handler picks words. Every failure of ours is logged here, once.

use askama::Template as _;
use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use ingest::parse::ParseError;
use serde::Serialize;
use tracing::{error, warn};
use utoipa::ToSchema;

use super::compat::Dialect;
use super::limits::Excess;
use super::pages::{ErrorPage, Frame};
use super::people::told as people;
use super::rights::told as rights;
use super::told::told;
use super::viewer::language_of;
use crate::app::AskError;
use crate::encoding::percent_encoded;
use crate::language::Language;
use crate::library::LibraryError;
use crate::people::Refusal;
use crate::rights::RightsRefusal;

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Error {
    /// There is no such page, document or file, or it may not be read.
    NotFound,
    /// Neither key nor session.
    SignIn,
    /// Their role does not allow it.
    Forbidden,
    /// A form without the word of the session, or with that of an earlier one.
    StaleForm,
    /// What a decision is about was changed since it was looked at.
    Changed,
    /// Something about people that is not done.
    People(Refusal),
    /// Rights that are not changed.
    Rights(RightsRefusal),
    /// The request comes from another site.
    OtherSite,
    /// The request names a host that is not this one.
    WrongHost,
    /// A field is wrong.
    Field {
        /// The field.
        field: String,
        /// What is wrong, in English: from a parser.
        detail: String,
    },
    /// The body is not of the type that is read here.
    MediaType {
        /// The type that is read.
        expected: &'static str,
    },
    /// The body is too large.
    BodyTooLarge,
    /// There is no model of this name.
    NoModel {
        /// The name as sent.
        name: String,
    },
    /// The question is empty.
    EmptyQuestion,
    /// The question is too long.
    LongQuestion {
        /// Its characters.
        actual: usize,
    },
    /// The name of a file leads out of its folder.
    FileName {
        /// The name as sent.
        name: String,
    },
    /// A file has no bytes.
    EmptyFile,
    /// A file is larger than may be.
    LargeFile {
        /// The limit, for people.
        limit: String,
    },
    /// A file that is not worth taking: another format, damaged, encrypted.
    UnreadableFile(ParseError),
    /// The connection ended within a file.
    BrokenFile,
    /// More than one may ask for.
    TooMuch {
        /// Of what.
        excess: Excess,
        /// Until one may ask again.
        seconds: u64,
    },
    /// An answer that this installation did not give as it is shown.
    NotGenuine {
        /// What is broken in it.
        ko: String,
        /// The same in English.
        en: String,
    },
    /// Too much runs already.
    Busy,
    /// No room on the disk.
    DiskFull,
    /// The server is being stopped.
    Stopping,
    /// Not ready to serve.
    NotReady {
        /// What is missing.
        detail: String,
    },
    /// The fault is ours.
    Internal,
}

/// The body of every error.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorFields,
}

/// What went wrong.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorFields {
    /// For programs: a name that stays, such as `question_too_long`.
    pub code: &'static str,
    /// For people: a sentence.
    pub message: String,
    /// The field that is wrong, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The limit that was passed, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The language of `message`, `ko` or `en`.
    pub language: &'static str,
}

impl Error {
    /// A field that is wrong.
    pub(super) fn field(field: impl Into<String>, detail: impl ToString) -> Self {
        Self::Field {
            field: field.into(),
            detail: detail.to_string(),
        }
    }

    /// A fault of ours, logged.
    pub(super) fn internal(doing: &'static str, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut chain = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            chain.push_str(": ");
            chain.push_str(&inner.to_string());
            source = inner.source();
        }
        error!(error = chain, "{doing} failed");
        Self::Internal
    }

    /// A failure to write a file.
    pub(super) fn writing(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            Self::DiskFull
        } else {
            Self::internal("writing an uploaded file", error)
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::NoModel { .. } => StatusCode::NOT_FOUND,
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::OtherSite | Self::StaleForm => StatusCode::FORBIDDEN,
            Self::Changed => StatusCode::CONFLICT,
            Self::People(refusal) => people::status(*refusal),
            Self::Rights(refusal) => rights::status(refusal),
            Self::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Field { .. }
            | Self::EmptyQuestion
            | Self::FileName { .. }
            | Self::EmptyFile
            | Self::BrokenFile => StatusCode::BAD_REQUEST,
            Self::MediaType { .. } | Self::UnreadableFile(ParseError::Unsupported { .. }) => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::BodyTooLarge | Self::LargeFile { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMuch { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::LongQuestion { .. } | Self::UnreadableFile(_) | Self::NotGenuine { .. } => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::Busy | Self::Stopping | Self::NotReady { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::SignIn => "sign_in",
            Self::Forbidden => "forbidden",
            Self::StaleForm => "stale_form",
            Self::Changed => "changed_meanwhile",
            Self::People(refusal) => people::code(*refusal),
            Self::Rights(refusal) => rights::code(refusal),
            Self::OtherSite => "other_site",
            Self::WrongHost => "wrong_host",
            Self::Field { .. } => "bad_field",
            Self::MediaType { .. } => "unsupported_media_type",
            Self::BodyTooLarge => "body_too_large",
            Self::NoModel { .. } => "model_not_found",
            Self::EmptyQuestion => "question_empty",
            Self::LongQuestion { .. } => "question_too_long",
            Self::FileName { .. } => "bad_file_name",
            Self::EmptyFile => "file_empty",
            Self::LargeFile { .. } => "file_too_large",
            Self::UnreadableFile(error) => match error {
                ParseError::Empty => "file_empty",
                ParseError::Unsupported { .. } => "file_unsupported",
                ParseError::Encrypted { .. } => "file_encrypted",
                ParseError::Damaged { .. } => "file_damaged",
                ParseError::Limit { .. }
                | ParseError::TimedOut { .. }
                | ParseError::OutOfMemory { .. } => "file_over_limit",
                ParseError::Crashed { .. } => "file_unreadable",
            },
            Self::BrokenFile => "file_incomplete",
            Self::TooMuch { .. } => "too_many_requests",
            Self::NotGenuine { .. } => "answer_not_genuine",
            Self::Busy => "busy",
            Self::Stopping => "stopping",
            Self::DiskFull => "disk_full",
            Self::NotReady { .. } => "not_ready",
            Self::Internal => "internal",
        }
    }

    fn field_name(&self) -> Option<String> {
        match self {
            Self::Field { field, .. } => Some(field.clone()),
            Self::NoModel { .. } => Some("model".to_owned()),
            Self::NotGenuine { .. } => Some("answer".to_owned()),
            Self::People(refusal) => people::field(*refusal).map(str::to_owned),
            Self::EmptyQuestion | Self::LongQuestion { .. } => Some("question".to_owned()),
            Self::FileName { .. }
            | Self::EmptyFile
            | Self::LargeFile { .. }
            | Self::UnreadableFile(_)
            | Self::BrokenFile => Some("file".to_owned()),
            _ => None,
        }
    }

    /// A sentence for people.
    pub(super) fn sentence(&self, language: Language) -> String {
        let (ko, en) = match self {
            Self::NotFound => (
                "찾으시는 것이 없거나 볼 권한이 없습니다.",
                "There is no such thing, or you may not see it.",
            ),
            Self::SignIn => ("먼저 로그인해 주세요.", "Sign in first."),
            Self::Forbidden => (
                "이 작업을 할 권한이 없습니다.",
                "Your role does not allow this.",
            ),
            Self::StaleForm => (
                "화면이 오래되었습니다. 새로 고친 뒤 다시 시도해 주세요.",
                "This page is out of date. Reload it and try again.",
            ),
            Self::Changed => (
                "그사이 내용이 바뀌었습니다. 새로 고쳐 다시 확인해 주세요.",
                "This was changed meanwhile. Reload it and look again.",
            ),
            Self::People(refusal) => return people::sentence(*refusal, language),
            Self::Rights(refusal) => return rights::sentence(refusal, language),
            Self::OtherSite => (
                "다른 사이트에서 보낸 요청은 받지 않습니다.",
                "Requests from other sites are refused.",
            ),
            Self::WrongHost => (
                "이 서버의 주소가 아닙니다. 127.0.0.1이나 localhost로 접속해 주세요.",
                "This is not the server's address. Use 127.0.0.1 or localhost.",
            ),
            Self::MediaType { expected } => {
                return match language {
                    Language::Ko => format!("요청의 형식은 {expected}이어야 합니다."),
                    Language::En => format!("The request must be {expected}."),
                };
            }
            Self::Field { field, detail } => {
                return match language {
                    Language::Ko => format!("`{field}` 값이 잘못되었습니다: {detail}."),
                    Language::En => format!("`{field}` is wrong: {detail}."),
                };
            }
            Self::BodyTooLarge => ("요청이 너무 큽니다.", "The request is too large."),
            Self::NoModel { name } => {
                return match language {
                    Language::Ko => {
                        format!("`{name}`이라는 모델은 없습니다. `/v1/models`에 목록이 있습니다.")
                    }
                    Language::En => {
                        format!("There is no model `{name}`. `/v1/models` lists them.")
                    }
                };
            }
            Self::EmptyQuestion => ("질문이 비어 있습니다.", "The question is empty."),
            Self::LongQuestion { actual } => {
                let limit = crate::app::QUESTION_LIMIT;
                return match language {
                    Language::Ko => format!("질문이 {actual}자입니다. {limit}자까지 됩니다."),
                    Language::En => {
                        format!("The question has {actual} characters, the limit is {limit}.")
                    }
                };
            }
            Self::FileName { name } => {
                return match language {
                    Language::Ko => format!("`{name}`은(는) 파일 이름으로 쓸 수 없습니다."),
                    Language::En => format!("`{name}` cannot be the name of a file."),
                };
            }
            Self::EmptyFile => ("빈 파일입니다.", "The file is empty."),
            Self::LargeFile { limit } => {
                return match language {
                    Language::Ko => format!("파일이 {limit}보다 큽니다."),
                    Language::En => format!("The file is larger than {limit}."),
                };
            }
            Self::UnreadableFile(error) => {
                let reason = told(&error.to_string(), language);
                return match language {
                    Language::Ko => format!("{reason}."),
                    Language::En => format!("It cannot be read: {reason}."),
                };
            }
            Self::BrokenFile => (
                "파일이 끝까지 오지 않았습니다.",
                "The file did not arrive whole.",
            ),
            Self::TooMuch { excess, seconds } => return too_much(*excess, *seconds, language),
            Self::NotGenuine { ko, en } => {
                return match language {
                    Language::Ko => format!("이 서버가 만든 답 그대로가 아닙니다. {ko}"),
                    Language::En => {
                        format!("This is not an answer as this installation gave it. {en}")
                    }
                };
            }
            Self::Busy => (
                "지금은 바쁩니다. 잠시 뒤에 다시 해 주세요.",
                "Busy. Try again soon.",
            ),
            Self::Stopping => (
                "서버를 멈추는 중입니다. 잠시 뒤에 다시 물어봐 주세요.",
                "The server is being stopped. Ask again in a while.",
            ),
            Self::DiskFull => (
                "서버의 디스크가 가득 찼습니다.",
                "The server's disk is full.",
            ),
            Self::NotReady { detail } => {
                return match language {
                    Language::Ko => format!("아직 준비되지 않았습니다: {detail}."),
                    Language::En => format!("Not ready: {detail}."),
                };
            }
            Self::Internal => (
                "서버에 문제가 생겼습니다. 관리자가 기록을 볼 수 있습니다.",
                "The fault is ours. The log tells an administrator more.",
            ),
        };
        match language {
            Language::Ko => ko,
            Language::En => en,
        }
        .to_owned()
    }

    /// The error as it stands in JSON.
    pub(super) fn fields(&self, language: Language) -> ErrorFields {
        ErrorFields {
            code: self.code(),
            message: self.sentence(language),
            field: self.field_name(),
            limit: matches!(self, Self::LongQuestion { .. }).then_some(crate::app::QUESTION_LIMIT),
            language: language.tag(),
        }
    }
}

/// What is said of one who asks for too much.
fn too_much(excess: Excess, seconds: u64, language: Language) -> String {
    let (ko, en) = match excess {
        Excess::Requests => ("요청이 너무 잦습니다", "Too many requests came from you"),
        Excess::Questions => ("질문이 너무 잦습니다", "You asked too many questions"),
        Excess::Uploads => ("파일을 너무 자주 올렸습니다", "You sent files too often"),
        Excess::AtOnce => (
            "이전 질문들에 아직 답하는 중입니다",
            "Earlier questions of yours are still being answered",
        ),
        Excess::Streams { most } => {
            return match language {
                Language::Ko => format!(
                    "실시간 연결을 동시에 {most}개까지만 열 수 있습니다(`server.limits.streams`). 다른 탭이나 프로그램을 닫고 {seconds}초 뒤에 다시 시도해 주세요."
                ),
                Language::En => format!(
                    "You may have {most} streams open at once (`server.limits.streams`). Close other tabs or programs, and try again in {seconds} s."
                ),
            };
        }
    };
    match language {
        Language::Ko => format!("{ko}. {seconds}초 뒤에 다시 시도해 주세요."),
        Language::En => format!("{en}. Try again in {seconds} s."),
    }
}

impl From<AskError> for Error {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Empty => Self::EmptyQuestion,
            AskError::TooLong { actual } => Self::LongQuestion { actual },
            AskError::NoAdapter(name) => Self::Field {
                field: "adapter".to_owned(),
                detail: format!("there is no `{name}`"),
            },
            AskError::Busy => Self::Busy,
            AskError::Stopping => Self::Stopping,
            AskError::EngineBusy(reason) => {
                warn!(reason, "the engine is busy");
                Self::Busy
            }
            AskError::Failed(_) => Self::internal("answering", &error),
        }
    }
}

impl From<LibraryError> for Error {
    fn from(error: LibraryError) -> Self {
        if error.is_full_disk() {
            Self::DiskFull
        } else if let LibraryError::Metadata(wrong) = &error {
            // The message begins with the field, which is told beside it.
            let words = wrong.to_string();
            let detail = words.split_once(": ").map_or("", |(_, detail)| detail);
            Self::field(wrong.field(), detail)
        } else {
            Self::internal("the library", &error)
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every [`Error`] a body: JSON for programs, a page for browsers.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let language = language_of(&request);
    let wants_page = wants_page(&request);
    let dialect = Dialect::of(&request);
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .to_owned();
    let mut response = next.run(request).await;
    // Routes that do not exist and methods that do not fit come from axum itself, bodiless.
    let error = match response.extensions_mut().remove::<Error>() {
        Some(error) => error,
        None if response.status() == StatusCode::NOT_FOUND && bodiless(&response) => {
            Error::NotFound
        }
        // A path or a query that is no such thing comes from axum too, as a line of text.
        None if response.status() == StatusCode::BAD_REQUEST && is_text(&response) => {
            let line = to_bytes(response.into_body(), 1_000).await;
            let line = line.unwrap_or_default();
            Error::field("address", String::from_utf8_lossy(&line))
        }
        None => return response,
    };
    let status = error.status();
    let mut rendered = if wants_page && error == Error::SignIn {
        let next: String = percent_encoded(&path, b"");
        return (
            StatusCode::SEE_OTHER,
            [(header::LOCATION, format!("/sign-in?next={next}"))],
        )
            .into_response();
    } else if wants_page {
        let page = ErrorPage {
            frame: Frame::plain(language),
            sentence: error.sentence(language),
        };
        match page.render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => {
                error!(
                    error = error.to_string(),
                    "the error page cannot be rendered"
                );
                status.into_response()
            }
        }
    } else if let Some(dialect) = dialect {
        dialect.response(&error, language)
    } else {
        (
            status,
            Json(ErrorBody {
                error: error.fields(language),
            }),
        )
            .into_response()
    };
    let headers = rendered.headers_mut();
    match error {
        Error::SignIn => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Error::Busy => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("3"));
        }
        Error::TooMuch { seconds, .. } => {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        Error::People(refusal) => {
            if let Some(seconds) = people::retry_after(refusal) {
                headers.insert(header::RETRY_AFTER, seconds.into());
            }
        }
        _ => {}
    }
    rendered
}

fn is_text(response: &Response) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/plain"))
}

fn bodiless(response: &Response) -> bool {
    use axum::body::HttpBody as _;
    response.body().size_hint().exact() == Some(0)
}

fn wants_page(request: &Request) -> bool {
    let is_api = request.uri().path().starts_with("/v1/");
    !is_api
        && request
            .headers()
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_question_names_its_limit_in_both_languages() {
        let error = Error::from(AskError::TooLong { actual: 4_567 });
        assert_eq!(error.status(), StatusCode::UNPROCESSABLE_ENTITY);
        for language in [Language::Ko, Language::En] {
            let fields = error.fields(language);
            assert!(
                fields.message.contains("4567") && fields.message.contains("4000"),
                "{}",
                fields.message
            );
            assert_eq!(fields.field.as_deref(), Some("question"));
        }
    }

    #[test]
    fn a_full_disk_is_told_apart() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert_eq!(
            Error::writing(&full).status(),
            StatusCode::INSUFFICIENT_STORAGE
        );
        let other = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        assert_eq!(Error::writing(&other), Error::Internal);
    }
}
