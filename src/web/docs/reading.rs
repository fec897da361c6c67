//! The description of the API as what the page shows of it.

use std::fmt::Write as _;

use serde_json::Value;

use super::korean;
use super::sample::{is_null, name_of, resolved, sample};
use crate::language::Language;

/// Routes of a kind.
#[derive(Debug)]
pub(super) struct Group {
    /// The name of the kind in the description.
    pub(super) tag: String,
    pub(super) routes: Vec<Route>,
}

/// A route.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) anchor: String,
    /// In capitals.
    pub(super) method: String,
    pub(super) path: String,
    /// What it does, in the language of the page where that is told.
    pub(super) summary: Vec<Piece>,
    /// The same in English, where the page is in another language.
    pub(super) english: Option<Vec<Piece>>,
    /// More on it, in English.
    pub(super) paragraphs: Vec<Vec<Piece>>,
    pub(super) parameters: Vec<Field>,
    pub(super) request: Option<Body>,
    pub(super) replies: Vec<Reply>,
    /// How to call it from a command line.
    pub(super) command: String,
}

/// What a request or a reply holds.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) media_type: String,
    pub(super) description: Vec<Piece>,
    pub(super) kind: Option<Kind>,
    pub(super) fields: Vec<Field>,
    pub(super) example: Option<String>,
}

/// A reply.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: String,
    pub(super) description: Vec<Piece>,
    pub(super) body: Option<Body>,
}

/// A parameter, or a field of a body.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    /// For parameters: `path` or `query`.
    pub(super) place: String,
    pub(super) kind: Kind,
    pub(super) is_required: bool,
    pub(super) description: Vec<Piece>,
}

/// The kind of a value.
#[derive(Debug, Default)]
pub(super) struct Kind {
    /// Such as `string`, or the name of a shape.
    pub(super) name: String,
    /// The shape that it is described by.
    pub(super) shape: Option<String>,
    pub(super) is_list: bool,
    pub(super) is_map: bool,
    pub(super) may_be_null: bool,
    /// The only values that there are.
    pub(super) values: Vec<String>,
}

/// A shape that bodies are made of.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) description: Vec<Piece>,
    /// The only values that there are.
    pub(super) values: Vec<String>,
    /// Its fields; more than one list where it comes in several forms.
    pub(super) forms: Vec<Vec<Field>>,
}

/// A piece of prose.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    /// Whether it stood between backticks.
    pub(super) is_code: bool,
}

/// The description, read for a page in a language.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    description: &'a Value,
    schemas: &'a Value,
    language: Language,
    origin: &'a str,
}

impl<'a> Reading<'a> {
    pub(super) fn new(description: &'a Value, language: Language, origin: &'a str) -> Self {
        Self {
            schemas: &description["components"]["schemas"],
            description,
            language,
            origin,
        }
    }

    /// The routes, in groups.
    pub(super) fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (path, methods) in entries(&self.description["paths"]) {
            for (method, operation) in entries(methods) {
                if !operation["responses"].is_object() {
                    continue;
                }
                let tag = operation["tags"][0].as_str().unwrap_or_default();
                let route = self.route(method, path, operation);
                match groups.iter_mut().find(|group| group.tag == tag) {
                    Some(group) => group.routes.push(route),
                    None => groups.push(Group {
                        tag: tag.to_owned(),
                        routes: vec![route],
                    }),
                }
            }
        }
        groups
    }

    /// The shapes that bodies are made of, by name.
    pub(super) fn shapes(&self) -> Vec<Shape> {
        entries(self.schemas)
            .map(|(name, schema)| Shape {
                name: name.clone(),
                description: prose(&schema["description"]),
                values: values(schema),
                forms: self.forms(schema),
            })
            .collect()
    }

    fn route(&self, method: &str, path: &str, operation: &Value) -> Route {
        let english = prose(&operation["summary"]);
        let told = match self.language {
            Language::Ko => korean::summary(method, path),
            Language::En => None,
        };
        let (summary, english) = match told {
            Some(told) => (pieces(told), Some(english)),
            None => (english, None),
        };
        let request = first(&operation["requestBody"]["content"]).map(|(media_type, content)| {
            let described = prose(&operation["requestBody"]["description"]);
            self.body(media_type, content, described)
        });
        Route {
            anchor: anchor(method, path),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary,
            english,
            paragraphs: paragraphs(&operation["description"]),
            parameters: list(&operation["parameters"])
                .map(|parameter| self.parameter(parameter))
                .collect(),
            replies: entries(&operation["responses"])
                .map(|(status, reply)| Reply {
                    status: status.clone(),
                    description: prose(&reply["description"]),
                    body: first(&reply["content"])
                        .map(|(media_type, content)| self.body(media_type, content, Vec::new())),
                })
                .collect(),
            command: self.command(method, path, request.as_ref()),
            request,
        }
    }

    fn parameter(&self, parameter: &Value) -> Field {
        Field {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            kind: self.kind(&parameter["schema"]),
            is_required: parameter["required"] == true,
            description: prose(&parameter["description"]),
        }
    }

    fn body(&self, media_type: &str, content: &Value, description: Vec<Piece>) -> Body {
        let schema = &content["schema"];
        let is_json = media_type == "application/json";
        let given = content
            .get("example")
            .or_else(|| entries(&content["examples"]).find_map(|(_, example)| example.get("value")))
            .cloned();
        let example = given.or_else(|| is_json.then(|| sample(schema, self.schemas)));
        Body {
            media_type: media_type.to_owned(),
            description,
            kind: schema.is_object().then(|| self.kind(schema)),
            fields: self
                .forms(resolved(schema, self.schemas))
                .into_iter()
                .next()
                .unwrap_or_default(),
            example: example.and_then(|example| serde_json::to_string_pretty(&example).ok()),
        }
    }

    fn command(&self, method: &str, path: &str, request: Option<&Body>) -> String {
        let mut command = format!(
            "curl -X {} '{}{path}' \\\n  -H \"Authorization: Bearer $KEY\"",
            method.to_uppercase(),
            self.origin,
        );
        match request {
            Some(Body {
                media_type,
                example: Some(example),
                ..
            }) => {
                // A quote in a quoted word of the shell.
                let example = example.replace('\'', r"'\''");
                let _ = write!(
                    command,
                    " \\\n  -H 'Content-Type: {media_type}' \\\n  -d '{example}'"
                );
            }
            Some(body) if body.media_type == "multipart/form-data" => {
                command.push_str(" \\\n  -F file=@leave.pdf");
            }
            _ => {}
        }
        command
    }

    /// The fields of a schema; a list for each of its forms.
    fn forms(&self, schema: &Value) -> Vec<Vec<Field>> {
        for choice in ["oneOf", "anyOf"] {
            if schema[choice].is_array() {
                return list(&schema[choice])
                    .filter(|form| !is_null(form))
                    .map(|form| self.fields(form))
                    .filter(|fields| !fields.is_empty())
                    .collect();
            }
        }
        let fields = self.fields(schema);
        if fields.is_empty() {
            Vec::new()
        } else {
            vec![fields]
        }
    }

    fn fields(&self, schema: &Value) -> Vec<Field> {
        let mut fields = Vec::new();
        for part in list(&schema["allOf"]) {
            fields.extend(self.fields(resolved(part, self.schemas)));
        }
        let required: Vec<&str> = list(&schema["required"])
            .filter_map(Value::as_str)
            .collect();
        for (name, property) in entries(&schema["properties"]) {
            fields.push(Field {
                name: name.clone(),
                place: String::new(),
                kind: self.kind(property),
                is_required: required.contains(&name.as_str()),
                description: prose(&property["description"]),
            });
        }
        fields
    }

    fn kind(&self, schema: &Value) -> Kind {
        if let Some(name) = name_of(schema) {
            return Kind {
                name: name.to_owned(),
                shape: self.schemas[name].is_object().then(|| name.to_owned()),
                ..Kind::default()
            };
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            if schema[choice].is_array() {
                let mut kinds: Vec<Kind> = list(&schema[choice])
                    .filter(|form| !is_null(form))
                    .map(|form| self.kind(form))
                    .collect();
                let may_be_null = list(&schema[choice]).any(is_null);
                let only = if kinds.len() == 1 { kinds.pop() } else { None };
                return Kind {
                    may_be_null,
                    ..only.unwrap_or_else(|| either(&kinds))
                };
            }
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one.as_str()],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let may_be_null = types.len() > 1 && types.contains(&"null");
        let plain = types.into_iter().find(|kind| *kind != "null");
        if plain == Some("array") {
            return Kind {
                is_list: true,
                may_be_null,
                ..self.kind(&schema["items"])
            };
        }
        if schema["additionalProperties"].is_object() && schema.get("properties").is_none() {
            return Kind {
                is_map: true,
                may_be_null,
                ..self.kind(&schema["additionalProperties"])
            };
        }
        Kind {
            name: plain.unwrap_or("JSON").to_owned(),
            may_be_null,
            values: values(schema),
            ..Kind::default()
        }
    }
}

fn either(kinds: &[Kind]) -> Kind {
    let names: Vec<String> = kinds
        .iter()
        .map(|kind| {
            if kind.is_list {
                format!("[{}]", kind.name)
            } else {
                kind.name.clone()
            }
        })
        .collect();
    Kind {
        name: names.join(" | "),
        ..Kind::default()
    }
}

fn values(schema: &Value) -> Vec<String> {
    list(&schema["enum"])
        .map(|value| match value {
            Value::String(value) => value.clone(),
            other => other.to_string(),
        })
        .collect()
}

/// The name that a route has in links of the page.
fn anchor(method: &str, path: &str) -> String {
    let mut anchor = method.to_owned();
    for word in path
        .split(|char: char| !char.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        anchor.push('-');
        anchor.push_str(word);
    }
    anchor
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn first(object: &Value) -> Option<(&String, &Value)> {
    entries(object).next()
}

fn list(array: &Value) -> impl Iterator<Item = &Value> {
    array.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn prose(value: &Value) -> Vec<Piece> {
    pieces(value.as_str().unwrap_or_default())
}

fn paragraphs(value: &Value) -> Vec<Vec<Piece>> {
    value
        .as_str()
        .unwrap_or_default()
        .split("\n\n")
        .filter(|paragraph| !paragraph.trim().is_empty())
        .map(pieces)
        .collect()
}

/// A text cut at its backticks, in one line.
fn pieces(text: &str) -> Vec<Piece> {
    text.replace('\n', " ")
        .split('`')
        .enumerate()
        .filter(|(_, text)| !text.is_empty())
        .map(|(position, text)| Piece {
            text: text.to_owned(),
            is_code: position % 2 == 1,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reading_of(description: &Value) -> Reading<'_> {
        Reading::new(description, Language::En, "http://127.0.0.1:8420")
    }

    #[test]
    fn prose_is_cut_at_its_backticks() {
        let code = |text: &str, is_code| Piece {
            text: text.to_owned(),
            is_code,
        };
        assert_eq!(
            pieces("`a` is\n`b`."),
            [
                code("a", true),
                code(" is ", false),
                code("b", true),
                code(".", false)
            ]
        );
    }

    #[test]
    fn kinds_are_told_as_they_are() {
        let description = json!({"components": {"schemas": {"A": {"type": "object"}}}});
        let reading = reading_of(&description);
        let reference = json!({"$ref": "#/components/schemas/A"});
        let list = reading.kind(&json!({"type": ["array", "null"], "items": reference}));
        assert_eq!(
            (list.name.as_str(), list.is_list, list.may_be_null),
            ("A", true, true)
        );
        assert_eq!(list.shape.as_deref(), Some("A"));
        let nullable = reading.kind(&json!({"oneOf": [{"type": "null"}, reference]}));
        assert_eq!((nullable.name.as_str(), nullable.may_be_null), ("A", true));
        let either = reading
            .kind(&json!({"oneOf": [{"type": "string"}, {"type": "array", "items": reference}]}));
        assert_eq!(either.name, "string | [A]");
        let map =
            reading.kind(&json!({"type": "object", "additionalProperties": {"type": "integer"}}));
        assert_eq!((map.name.as_str(), map.is_map), ("integer", true));
        let choice = reading.kind(&json!({"type": "string", "enum": ["ko", "en"]}));
        assert_eq!(choice.values, ["ko", "en"]);
        assert_eq!(reading.kind(&json!({})).name, "JSON");
    }

    #[test]
    fn a_command_survives_quotes_and_has_an_example() {
        let description = json!({
            "paths": {"/v1/x/{id}": {"post": {
                "responses": {"200": {"description": "ok"}},
                "requestBody": {"content": {"application/json": {"example": {"text": "it's"}}}},
            }}},
        });
        let groups = reading_of(&description).groups();
        let route = &groups[0].routes[0];
        assert_eq!(route.anchor, "post-v1-x-id");
        assert!(route.command.contains(r#""it'\''s""#), "{}", route.command);
    }

    #[test]
    fn every_body_of_this_server_has_an_example() {
        let description = serde_json::to_value(crate::web::api::description()).unwrap();
        for group in reading_of(&description).groups() {
            for route in group.routes {
                let name = format!("{} {}", route.method, route.path);
                let bodies = route
                    .replies
                    .iter()
                    .filter_map(|reply| reply.body.as_ref())
                    .chain(&route.request)
                    .filter(|body| body.media_type == "application/json");
                for body in bodies {
                    let example = body.example.as_deref().unwrap_or_default();
                    assert!(example.starts_with('{'), "{name}: {example}");
                    assert!(!body.fields.is_empty(), "{name}");
                }
                assert!(!route.summary.is_empty(), "{name}");
            }
        }
    }
}
