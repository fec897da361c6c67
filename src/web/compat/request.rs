//! What comes in: which message is the question, and which fields are not read.
//!
//! The newest question is answered. Of the conversation only the user's earlier questions are read,
//! and only to complete a follow-up: instructions and earlier answers cannot change what the
//! documents say. What a client asks for
//! and would not get, such as tools, is refused with the field's name, and so is a field that
//! nobody knows, since it may be a `filter` with a typing error.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::web::error::Error;

/// A message of a conversation. Other fields of it, such as `name`, are not read.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(in crate::web) struct MessageInput {
    /// Who speaks: `user`, `assistant`, `system`, for OpenAI's clients also `developer`.
    role: String,
    /// What is said. May be null for `assistant`.
    #[serde(default)]
    content: Option<MessageContent>,
    #[serde(default)]
    #[schema(ignore)]
    tool_calls: Option<Value>,
    #[serde(default)]
    #[schema(ignore)]
    function_call: Option<Value>,
    #[serde(default)]
    #[schema(ignore)]
    audio: Option<Value>,
}

/// What a message says: a text, or parts.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "expected a text or a list of parts such as `{\"type\": \"text\", \"text\": \"...\"}`"
)]
enum MessageContent {
    /// A text.
    Text(String),
    /// Parts of a text; read as lines of one.
    Parts(Vec<TextPart>),
}

/// A part of a message.
#[derive(Clone, Debug, Deserialize, ToSchema)]
struct TextPart {
    /// Only `text` is read.
    #[serde(rename = "type")]
    kind: String,
    /// The text.
    #[serde(default)]
    text: Option<String>,
}

/// The newest message of the user.
///
/// # Errors
/// When there is none, the assistant has spoken since, or any message is of a role or holds a
/// part that is not read here.
pub(super) fn question(messages: &[MessageInput], roles: &[&str]) -> Result<String, Error> {
    let mut texts = Vec::with_capacity(messages.len());
    for (number, message) in messages.iter().enumerate() {
        let at = format!("messages[{number}]");
        let role = message.role.as_str();
        if !roles.contains(&role) {
            return Err(Error::field(
                format!("{at}.role"),
                format!("`{role}` is not read here, only `{}`", roles.join("`, `")),
            ));
        }
        for (field, value) in [
            ("tool_calls", &message.tool_calls),
            ("function_call", &message.function_call),
            ("audio", &message.audio),
        ] {
            if value.as_ref().is_some_and(|value| !is_nothing(value)) {
                return Err(Error::field(
                    format!("{at}.{field}"),
                    "there are no tools and no audio here, only text",
                ));
            }
        }
        texts.push(text(&at, message)?);
    }
    let newest = messages
        .iter()
        .rposition(|message| message.role == "user")
        .ok_or_else(|| Error::field("messages", "none is from the user"))?;
    if messages[newest..]
        .iter()
        .any(|message| message.role == "assistant")
    {
        return Err(Error::field(
            "messages",
            "the last one is the assistant's, and an answer cannot be begun for it",
        ));
    }
    Ok(texts.swap_remove(newest))
}

/// The user's messages before the newest one, oldest first; those that are texts, and the last few.
pub(super) fn earlier(messages: &[MessageInput]) -> Vec<String> {
    const READ: usize = 8;
    let said = messages.iter().filter(|message| message.role == "user");
    let mut texts: Vec<String> = said.filter_map(|message| text("", message).ok()).collect();
    texts.pop();
    let skipped = texts.len().saturating_sub(READ);
    texts.split_off(skipped)
}

fn text(at: &str, message: &MessageInput) -> Result<String, Error> {
    let parts = match &message.content {
        None if message.role == "assistant" => return Ok(String::new()),
        None => return Err(Error::field(format!("{at}.content"), "it is missing")),
        Some(MessageContent::Text(text)) => return Ok(text.clone()),
        Some(MessageContent::Parts(parts)) => parts,
    };
    let mut lines = Vec::with_capacity(parts.len());
    for (number, part) in parts.iter().enumerate() {
        let field = |name: &str| format!("{at}.content[{number}].{name}");
        if part.kind != "text" {
            return Err(Error::field(
                field("type"),
                format!("`{}` is not read here, only `text`", part.kind),
            ));
        }
        let Some(text) = &part.text else {
            return Err(Error::field(field("text"), "it is missing"));
        };
        lines.push(text.as_str());
    }
    Ok(lines.join("\n"))
}

/// A field that asks for what there is not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    field: &'static str,
    reason: &'static str,
    harmless: &'static [&'static str],
}

/// Looks at the fields that are not read.
///
/// # Errors
/// When one of them asks for something that would not be given, or nobody knows it.
pub(super) fn look_at(
    rest: &BTreeMap<String, Value>,
    ignored: &[&str],
    refused: &[Refused],
) -> Result<(), Error> {
    for (field, value) in rest {
        if ignored.contains(&field.as_str()) {
            continue;
        }
        match refused.iter().find(|refused| refused.field == field) {
            Some(refused) if is_nothing(value) || refused.lets_through(value) => {}
            Some(refused) => return Err(Error::field(field, refused.reason)),
            None => return Err(Error::field(field, format!("unknown field `{field}`"))),
        }
    }
    Ok(())
}

impl Refused {
    /// A field, why it is refused, and values or types of values that ask for nothing.
    pub(super) const fn new(
        field: &'static str,
        reason: &'static str,
        harmless: &'static [&'static str],
    ) -> Self {
        Self {
            field,
            reason,
            harmless,
        }
    }

    /// Its name.
    #[cfg(test)]
    pub(super) fn field(&self) -> &'static str {
        self.field
    }

    fn lets_through(&self, value: &Value) -> bool {
        let is_harmless = |value: &Value| {
            value
                .as_str()
                .is_some_and(|value| self.harmless.contains(&value))
        };
        match value {
            Value::String(_) => is_harmless(value),
            Value::Array(values) => values.iter().all(is_harmless),
            Value::Object(object) => object.get("type").is_some_and(is_harmless),
            _ => false,
        }
    }
}

/// Whether a value asks for nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(value) => value.as_u64() == Some(0),
        Value::String(value) => value.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ROLES: &[&str] = &["system", "user", "assistant"];

    fn asked(messages: Value) -> Result<String, (String, String)> {
        let messages: Vec<MessageInput> = serde_json::from_value(messages).unwrap();
        question(&messages, ROLES).map_err(|error| match error {
            Error::Field { field, detail } => (field, detail),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn the_newest_message_of_the_user_is_the_question() {
        let messages = json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "연차는 며칠인가요?", "name": "mina"},
            {"role": "assistant", "content": null, "refusal": null, "tool_calls": null},
            {"role": "user", "content": [
                {"type": "text", "text": "병가는"},
                {"type": "text", "text": "며칠인가요?", "cache_control": {"type": "ephemeral"}},
            ]},
            {"role": "system", "content": "Be polite."},
        ]);
        assert_eq!(asked(messages).unwrap(), "병가는\n며칠인가요?");
    }

    #[test]
    fn earlier_messages_of_the_user_are_read_for_follow_ups_and_no_others() {
        let messages: Vec<MessageInput> = serde_json::from_value(json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "연차는 며칠인가요?"},
            {"role": "assistant", "content": "15일입니다."},
            {"role": "user", "content": "병가는?"},
        ]))
        .unwrap();
        assert_eq!(earlier(&messages), ["연차는 며칠인가요?"]);
        assert!(earlier(&messages[..2]).is_empty());
    }

    #[test]
    fn what_is_not_read_is_named() {
        for (messages, field, word) in [
            (json!([]), "messages", "user"),
            (
                json!([{"role": "user", "content": "?"}, {"role": "tool", "content": "1"}]),
                "messages[1].role",
                "`tool`",
            ),
            (
                json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]),
                "messages[0].content[0].type",
                "`image_url`",
            ),
            (
                json!([{"role": "user", "content": [{"type": "text"}]}]),
                "messages[0].content[0].text",
                "missing",
            ),
            (json!([{"role": "user"}]), "messages[0].content", "missing"),
            (
                json!([
                    {"role": "user", "content": "?"},
                    {"role": "assistant", "content": "The answer is"},
                ]),
                "messages",
                "assistant",
            ),
            (
                json!([
                    {"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]},
                    {"role": "user", "content": "?"},
                ]),
                "messages[0].tool_calls",
                "tools",
            ),
        ] {
            let (named, detail) = asked(messages).unwrap_err();
            assert_eq!(named, field);
            assert!(detail.contains(word), "{detail}");
        }
    }

    #[test]
    fn a_field_that_asks_for_nothing_passes() {
        const REFUSED: &[Refused] = &[
            Refused::new("tools", "there are none", &[]),
            Refused::new("format", "only text", &["text"]),
        ];
        let look = |json: Value| {
            let rest = serde_json::from_value(json).unwrap();
            look_at(&rest, &["seed"], REFUSED)
        };
        for passes in [
            json!({"seed": 7, "tools": [], "format": {"type": "text"}}),
            json!({"tools": null, "format": ["text"]}),
            json!({"tools": false, "format": "text"}),
        ] {
            assert_eq!(look(passes.clone()), Ok(()), "{passes}");
        }
        for (fails, field) in [
            (json!({"tools": [{"type": "function"}]}), "tools"),
            (json!({"tools": {}}), "tools"),
            (json!({"format": {"type": "json_object"}}), "format"),
            (json!({"format": ["text", "audio"]}), "format"),
            (json!({"filters": {}}), "filters"),
        ] {
            let error = look(fails).unwrap_err();
            assert!(
                matches!(&error, Error::Field { field: named, .. } if named == field),
                "{error:?}"
            );
        }
    }
}
