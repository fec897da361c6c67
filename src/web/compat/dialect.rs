//! Errors as each protocol writes them. Statuses and codes are those of the other routes.

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::language::Language;
use crate::web::error::Error;

/// A protocol that clients speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Dialect {
    OpenAi,
    Anthropic,
}

/// The body of an error for OpenAI's clients.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct OpenAiErrorBody {
    error: OpenAiError,
}

/// What went wrong, for OpenAI's clients.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct OpenAiError {
    /// For people: a sentence.
    message: String,
    /// `invalid_request_error`, `authentication_error`, `permission_error`, `rate_limit_error`
    /// or `server_error`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The field that is wrong, if it is one.
    param: Option<String>,
    /// For programs: a name that stays, the same as on the other routes.
    code: &'static str,
}

/// The body of an error for Anthropic's clients.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::web) struct AnthropicErrorBody {
    /// Always `error`.
    #[serde(rename = "type")]
    kind: &'static str,
    error: AnthropicError,
}

/// What went wrong, for Anthropic's clients.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct AnthropicError {
    /// `invalid_request_error`, `authentication_error`, `permission_error`, `not_found_error`,
    /// `rate_limit_error`, `overloaded_error` or `api_error`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// For people: a sentence.
    message: String,
    details: AnthropicErrorDetails,
}

/// The cause of an error.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct AnthropicErrorDetails {
    /// For programs: a name that stays, the same as on the other routes.
    error_code: &'static str,
    /// The field that is wrong, if it is one.
    field: Option<String>,
}

impl Dialect {
    /// What the asker of a request speaks, if not our own.
    pub(in crate::web) fn of(request: &Request) -> Option<Self> {
        match request.uri().path() {
            "/v1/chat/completions" => Some(Self::OpenAi),
            "/v1/messages" => Some(Self::Anthropic),
            path if path == "/v1/models" || path.starts_with("/v1/models/") => {
                // Both ask there; Anthropic's clients name a version everywhere.
                let is_anthropic = request.headers().contains_key("anthropic-version");
                Some(if is_anthropic {
                    Self::Anthropic
                } else {
                    Self::OpenAi
                })
            }
            _ => None,
        }
    }

    /// The error as a response.
    pub(in crate::web) fn response(self, error: &Error, language: Language) -> Response {
        let status = error.status();
        match self {
            Self::OpenAi => (status, Json(openai(error, language))).into_response(),
            Self::Anthropic => (status, Json(anthropic(error, language))).into_response(),
        }
    }
}

/// The error for OpenAI's clients.
pub(super) fn openai(error: &Error, language: Language) -> OpenAiErrorBody {
    let fields = error.fields(language);
    let kind = match error.status() {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        status if status.is_server_error() => "server_error",
        _ => "invalid_request_error",
    };
    OpenAiErrorBody {
        error: OpenAiError {
            message: fields.message,
            kind,
            param: fields.field.map(named_here),
            code: fields.code,
        },
    }
}

/// The error for Anthropic's clients.
pub(super) fn anthropic(error: &Error, language: Language) -> AnthropicErrorBody {
    let fields = error.fields(language);
    let kind = match error.status() {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::NOT_FOUND => "not_found_error",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        StatusCode::SERVICE_UNAVAILABLE => "overloaded_error",
        status if status.is_server_error() => "api_error",
        _ => "invalid_request_error",
    };
    AnthropicErrorBody {
        kind: "error",
        error: AnthropicError {
            kind,
            message: fields.message,
            details: AnthropicErrorDetails {
                error_code: fields.code,
                field: fields.field.map(named_here),
            },
        },
    }
}

/// The field of these protocols that holds what our own has in `field`.
fn named_here(field: String) -> String {
    if field == "question" {
        "messages".to_owned()
    } else {
        field
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn each_protocol_gets_its_own_shape() {
        let error = Error::LongQuestion { actual: 5_000 };
        let body = serde_json::to_value(openai(&error, Language::En)).unwrap();
        assert_eq!(body["error"]["type"], "invalid_request_error");
        assert_eq!(body["error"]["param"], "messages");
        assert_eq!(body["error"]["code"], "question_too_long");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains("5000"), "{message}");

        let body = serde_json::to_value(anthropic(&Error::Busy, Language::Ko)).unwrap();
        assert_eq!(body["type"], "error");
        assert_eq!(body["error"]["type"], "overloaded_error");
        assert_eq!(
            body["error"]["details"],
            json!({"error_code": "busy", "field": Value::Null})
        );
    }

    #[test]
    fn the_protocol_is_told_by_the_path_and_at_the_models_by_the_version() {
        let of = |path: &str, version: bool| {
            let mut request = axum::http::Request::get(path);
            if version {
                request = request.header("anthropic-version", "2023-06-01");
            }
            Dialect::of(&request.body(Body::empty()).unwrap())
        };
        assert_eq!(of("/v1/chat/completions", true), Some(Dialect::OpenAi));
        assert_eq!(of("/v1/messages", false), Some(Dialect::Anthropic));
        assert_eq!(of("/v1/models", false), Some(Dialect::OpenAi));
        assert_eq!(of("/v1/models/veracite", true), Some(Dialect::Anthropic));
        assert_eq!(of("/v1/modelsx", true), None);
        assert_eq!(of("/v1/answers", true), None);
    }
}
