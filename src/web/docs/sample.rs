//! Examples of bodies that the description gives no example of: every field, with a value of
//! its kind.

use serde_json::{Map, Value, json};

/// Schemas refer to each other, and some to themselves.
const DEPTH: usize = 7;

/// An example of what `schema` describes; `schemas` are those that it may refer to.
pub(super) fn sample(schema: &Value, schemas: &Value) -> Value {
    value(schema, schemas, DEPTH)
}

/// What a reference leads to, or the schema itself.
pub(super) fn resolved<'a>(schema: &'a Value, schemas: &'a Value) -> &'a Value {
    name_of(schema)
        .and_then(|name| schemas.get(name))
        .unwrap_or(schema)
}

/// The name of the schema that a reference leads to.
pub(super) fn name_of(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

/// Whether a schema describes nothing but null.
pub(super) fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}

fn value(schema: &Value, schemas: &Value, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    let given = [
        schema.get("example"),
        schema["examples"].get(0),
        schema.get("const"),
        schema["enum"].get(0),
    ];
    if let Some(given) = given.into_iter().flatten().next() {
        return given.clone();
    }
    if name_of(schema).is_some() {
        let next = resolved(schema, schemas);
        return if name_of(next).is_some() {
            Value::Null
        } else {
            value(next, schemas, depth - 1)
        };
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let first = choices.iter().find(|choice| !is_null(choice));
            return first.map_or(Value::Null, |first| value(first, schemas, depth - 1));
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut all = Map::new();
        for part in parts {
            match value(part, schemas, depth - 1) {
                Value::Object(fields) => all.extend(fields),
                other if parts.len() == 1 => return other,
                _ => {}
            }
        }
        return Value::Object(all);
    }
    match kind(schema) {
        "string" => json!(match schema["format"].as_str() {
            Some("date") => "2025-03-01",
            Some("date-time") => "2025-03-01T09:00:00Z",
            _ => "...",
        }),
        "integer" => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        "number" => json!(0.5),
        "boolean" => json!(false),
        "array" => json!([value(&schema["items"], schemas, depth - 1)]),
        "object" => object(schema, schemas, depth),
        _ => Value::Null,
    }
}

fn object(schema: &Value, schemas: &Value, depth: usize) -> Value {
    let mut fields = Map::new();
    if let Some(properties) = schema["properties"].as_object() {
        for (name, property) in properties {
            fields.insert(name.clone(), value(property, schemas, depth - 1));
        }
    }
    let is_plain_map = fields.is_empty() && schema["additionalProperties"].is_object();
    if is_plain_map {
        let inner = value(&schema["additionalProperties"], schemas, depth - 1);
        fields.insert("...".to_owned(), inner);
    }
    Value::Object(fields)
}

/// The type that a schema names first, besides null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind.as_str(),
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("null"),
        _ if schema["properties"].is_object() => "object",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_value_of_its_kind() {
        let schemas = json!({
            "Answer": {"allOf": [
                {"$ref": "#/components/schemas/Span"},
                {"type": "object", "properties": {
                    "text": {"type": ["string", "null"]},
                    "verdict": {"type": "string", "enum": ["supported", "partial"]},
                    "score": {"type": "number"},
                    "day": {"type": "string", "format": "date"},
                    "usage": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Span"}]},
                    "names": {"type": "array", "items": {"type": "string"}},
                    "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
                    "shown": {"type": "boolean", "example": true},
                }},
            ]},
            "Span": {"type": "object", "properties": {"start": {"type": "integer", "minimum": 0}}},
        });
        let sampled = sample(&json!({"$ref": "#/components/schemas/Answer"}), &schemas);
        assert_eq!(
            sampled,
            json!({
                "start": 0, "text": "...", "verdict": "supported", "score": 0.5, "day": "2025-03-01",
                "usage": {"start": 0}, "names": ["..."], "counts": {"...": 1}, "shown": true,
            })
        );
    }

    #[test]
    fn schemas_that_refer_to_themselves_come_to_an_end() {
        let schemas = json!({
            "Tree": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}},
            "Loop": {"$ref": "#/components/schemas/Loop"},
        });
        assert!(sample(&json!({"$ref": "#/components/schemas/Tree"}), &schemas).is_object());
        assert_eq!(
            sample(&json!({"$ref": "#/components/schemas/Loop"}), &schemas),
            Value::Null
        );
    }
}
