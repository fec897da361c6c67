//! What the tools are called, and what goes in and out. The shapes are those of the API: their
//! schemas are the ones that describe it.

use std::sync::{Arc, LazyLock};

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::web::wire;

pub(super) const SEARCH: &str = "search";
pub(super) const ASK: &str = "ask";
pub(super) const CHECK: &str = "check";

/// The tools.
pub(super) fn all() -> Vec<Tool> {
    static ALL: LazyLock<Vec<Tool>> = LazyLock::new(|| {
        let mut asked = schema::<wire::AnswerRequest>();
        // A call has one result.
        if let Some(Value::Object(fields)) = asked.get_mut("properties") {
            fields.remove("stream");
        }
        vec![
            tool(
                SEARCH,
                "Search the documents",
                "Finds passages in the documents that the asker may read. Each comes word for word, with the document's \
                 id and version (SHA-256), page, place and link. Korean and English.",
                schema::<wire::SearchRequest>(),
                schema::<wire::SearchBody>(),
            ),
            tool(
                ASK,
                "Ask the documents",
                "Answers a question from the documents that the asker may read. Every sentence was checked against \
                 the exact words that it cites; what they do not support is withheld and counted. When the documents \
                 do not answer, it abstains and says so. Korean and English.",
                asked,
                schema::<wire::AnswerBody>(),
            ),
            tool(
                CHECK,
                "Check a text",
                "Says of each sentence of a text whether it is supported, partly supported, contradicted or not \
                 supported, why, and by which exact words: by the passages that come with it, or, without any, by \
                 the documents that the asker may read. Korean and English.",
                schema::<wire::CheckTextRequest>(),
                schema::<wire::CheckTextBody>(),
            ),
        ]
    });
    ALL.clone()
}

fn tool(
    name: &'static str,
    title: &str,
    description: &'static str,
    input: JsonObject,
    output: JsonObject,
) -> Tool {
    let mut tool = Tool::new(name, description, input);
    tool.title = Some(title.to_owned());
    tool.output_schema = Some(Arc::new(output));
    // Nothing is changed, and nothing is asked of the world outside.
    tool.annotations = Some(ToolAnnotations::from_raw(
        Some(title.to_owned()),
        Some(true),
        Some(false),
        Some(true),
        Some(false),
    ));
    tool
}

/// The JSON schema of a shape of the API, with all that it refers to in itself.
fn schema<T: ToSchema>() -> JsonObject {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let mut schema = to_object(&T::schema());
    // A result of one kind may look like one of another kind too.
    if let Some(kinds) = schema.remove("oneOf") {
        schema.insert("anyOf".to_owned(), kinds);
    }
    // The protocol wants an object at the top, whichever of several it is.
    schema.entry("type").or_insert_with(|| json!("object"));
    let parts: JsonObject = parts
        .into_iter()
        .map(|(name, part)| (name, Value::Object(to_object(&part))))
        .collect();
    if !parts.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(parts));
    }
    let mut schema = Value::Object(schema);
    refer_inside(&mut schema);
    match schema {
        Value::Object(schema) => schema,
        _ => JsonObject::new(),
    }
}

fn to_object(part: &impl serde::Serialize) -> JsonObject {
    match serde_json::to_value(part) {
        Ok(Value::Object(object)) => object,
        // A schema is an object; one that could not be written would allow everything.
        _ => JsonObject::new(),
    }
}

fn refer_inside(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(to) if key == "$ref" => {
                        *to = to.replace("#/components/schemas/", "#/$defs/");
                    }
                    other => refer_inside(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(refer_inside),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(object) => {
                for (key, value) in object {
                    match value {
                        Value::String(to) if key == "$ref" => found.push(to.clone()),
                        other => references(other, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn schemas_are_objects_and_whole_in_themselves() {
        for tool in all() {
            let output = tool.output_schema.clone().unwrap();
            for schema in [&tool.input_schema, &output] {
                let schema = Value::Object((**schema).clone());
                assert_eq!(schema["type"], "object", "{}: {schema}", tool.name);
                let mut found = Vec::new();
                references(&schema, &mut found);
                for reference in found {
                    let name = reference.strip_prefix("#/$defs/").unwrap();
                    assert!(schema["$defs"][name].is_object(), "{}: {name}", tool.name);
                }
            }
        }
    }

    #[test]
    fn a_question_is_asked_without_a_stream() {
        let asked = all().into_iter().find(|tool| tool.name == ASK).unwrap();
        let fields = asked.input_schema["properties"].as_object().unwrap();
        assert!(fields.contains_key("question") && !fields.contains_key("stream"));
        assert_eq!(asked.input_schema["required"], json!(["question"]));
    }
}
