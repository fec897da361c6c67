//! What the description of the API says of every route alike: how it refuses, and streams.
//!
//! `/docs` has the errors in a table of their own; programs that read `/openapi.json` find them with each
//! route.

use serde_json::{Map, Value, json};

/// Routes that stream, where they are asked to.
const STREAMS: &[&str] = &["/v1/answers", "/v1/chat/completions", "/v1/messages"];

/// The shape of errors on a route: that of the protocol which it speaks.
fn error_shape(path: &str) -> &'static str {
    match path {
        "/v1/chat/completions" => "OpenAiErrorBody",
        "/v1/messages" => "AnthropicErrorBody",
        _ => "ErrorBody",
    }
}

fn shape(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn refusal(description: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

/// Routes about models speak both protocols, by who asks.
fn error_schema(path: &str) -> Value {
    if path.starts_with("/v1/models") {
        json!({ "oneOf": [shape("OpenAiErrorBody"), shape("AnthropicErrorBody")] })
    } else {
        shape(error_shape(path))
    }
}

fn complete(path: &str, method: &str, route: &mut Map<String, Value>) {
    let error = error_schema(path);
    let Some(responses) = route.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    for (status, description) in [
        ("401", "Nobody who is known"),
        (
            "429",
            "More than one may ask for; `Retry-After` says how long to wait",
        ),
        ("default", "Any other refusal or fault"),
    ] {
        responses
            .entry(status)
            .or_insert_with(|| refusal(description, &error));
    }
    if STREAMS.contains(&path)
        && let Some(content) = responses
            .get_mut("200")
            .and_then(|answer| answer.get_mut("content"))
            .and_then(Value::as_object_mut)
    {
        content.entry("text/event-stream").or_insert_with(
            || json!({ "schema": { "description": "Server-sent events: `event` and `data`" } }),
        );
    }
    // A file is of whatever type it is.
    if path.ends_with("/original")
        && let Some(content) = responses
            .get_mut("200")
            .and_then(|answer| answer.get_mut("content"))
            .and_then(Value::as_object_mut)
        && let Some(file) = content.remove("application/octet-stream")
    {
        content.insert("*/*".to_owned(), file);
    }
    // Files of an upload are told of one by one; what is wrong with all of it is an error.
    if (path, method) == ("/v1/documents", "post")
        && let Some(schema) = responses
            .get_mut("4XX")
            .and_then(|answer| answer.pointer_mut("/content/application~1json/schema"))
    {
        *schema = json!({ "oneOf": [schema.clone(), error] });
    }
}

/// Adds to a description what all routes have in common.
pub(super) fn complete_all(description: &mut Value) {
    let paths = description.get_mut("paths").and_then(Value::as_object_mut);
    for (path, methods) in paths.into_iter().flatten() {
        for (method, route) in methods.as_object_mut().into_iter().flatten() {
            if let Some(route) = route.as_object_mut() {
                complete(path, method, route);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_says_how_it_refuses() {
        let description = super::super::api::description().to_json().unwrap();
        let mut description: Value = serde_json::from_str(&description).unwrap();
        complete_all(&mut description);
        let shapes = description["components"]["schemas"].as_object().unwrap();
        for (path, methods) in description["paths"].as_object().unwrap() {
            for (method, route) in methods.as_object().unwrap() {
                for status in ["401", "429", "default"] {
                    let answer = &route["responses"][status];
                    assert!(
                        answer["description"].is_string(),
                        "{method} {path} {status}"
                    );
                }
            }
        }
        for name in ["ErrorBody", "OpenAiErrorBody", "AnthropicErrorBody"] {
            assert!(shapes.contains_key(name), "{name}");
        }
        let streams = &description["paths"]["/v1/answers"]["post"]["responses"]["200"]["content"];
        assert!(
            streams["text/event-stream"].is_object() && streams["application/json"].is_object()
        );
        let upload = &description["paths"]["/v1/documents"]["post"]["responses"]["4XX"];
        let schema = &upload["content"]["application/json"]["schema"]["oneOf"];
        assert_eq!(schema.as_array().unwrap().len(), 2, "{upload}");
    }
}
