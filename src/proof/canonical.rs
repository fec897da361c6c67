//! JSON that has one meaning and one form, so that its hash survives being read and written by
//! another program.
//!
//! The form: no white space, the keys of an object in the order of their UTF-8 bytes, strings as
//! `serde_json` escapes them. A whole number below 2^53 is written without a point however it
//! came, since JavaScript writes `1.0` as `1`; any other float as the shortest digits that give
//! it, with an exponent.

use std::fmt;

use ingest::ContentHash;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A JSON text in which no object has a key twice: of two equal keys one program would show the
/// first and another check the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Json(Value);

impl Json {
    /// The value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Strict).map(Self)
    }
}

struct Strict;

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Json(value)) = entries.next_element()? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        const SHOWN: usize = 40;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let Json(value) = entries.next_value()?;
            if object.contains_key(&key) {
                let shown: String = key.chars().take(SHOWN).collect();
                return Err(A::Error::custom(format_args!(
                    "an object has the key `{shown}` twice"
                )));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// The canonical form of `value`; where it is an object, without its key `without`.
pub(crate) fn canonical(value: &Value, without: &str) -> String {
    let mut text = String::new();
    match value {
        Value::Object(object) => write_object(object, Some(without), &mut text),
        value => write(value, &mut text),
    }
    text
}

/// SHA-256 of [`canonical`].
pub(super) fn hash(value: &Value, without: &str) -> ContentHash {
    ContentHash::of(canonical(value, without).as_bytes())
}

/// As deep as the reader lets JSON be nested, which is 128 levels.
fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => text.push_str(&number_text(number)),
        Value::String(string) => write_string(string, text),
        Value::Array(array) => {
            text.push('[');
            for (index, value) in array.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        Value::Object(object) => write_object(object, None, text),
    }
}

fn write_object(object: &Map<String, Value>, without: Option<&str>, text: &mut String) {
    let mut entries: Vec<(&String, &Value)> = object
        .iter()
        .filter(|(key, _)| Some(key.as_str()) != without)
        .collect();
    // The order in a `Map` hangs on a feature of serde_json that any crate may switch on.
    entries.sort_unstable_by_key(|(key, _)| *key);
    text.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_string(key, text);
        text.push(':');
        write(value, text);
    }
    text.push('}');
}

fn write_string(string: &str, text: &mut String) {
    text.push_str(&Value::from(string).to_string());
}

fn number_text(number: &Number) -> String {
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    if number.is_u64() || number.is_i64() {
        return number.to_string();
    }
    match number.as_f64() {
        // Adding zero makes the negative zero the only one.
        Some(float) if float.fract() == 0.0 && float.abs() < WHOLE => format!("{:.0}", float + 0.0),
        Some(float) => format!("{float:e}"),
        None => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Json, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(canonical(read(text).unwrap().value(), ""), expected);
    }

    #[test]
    fn what_another_program_writes_otherwise_has_the_same_form() {
        check(
            r#" { "b" : 1.0, "a" : [ true, null, -0.0 ] } "#,
            r#"{"a":[true,null,0],"b":1}"#,
        );
        check(r#"{"\u00e9":"\ud55c\/"}"#, "{\"é\":\"한/\"}");
        check(
            "[0.95, 9.5e-1, 1e2, 18446744073709551615, -3]",
            "[9.5e-1,9.5e-1,100,18446744073709551615,-3]",
        );
        check(
            r#"{"seal":{"seal":1},"a":0}"#,
            r#"{"a":0,"seal":{"seal":1}}"#,
        );
        let value = read(r#"{"seal":{"seal":1},"a":{"seal":2}}"#).unwrap();
        assert_eq!(canonical(value.value(), "seal"), r#"{"a":{"seal":2}}"#);
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_wherever_it_is() {
        for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"c":2,"\u0061":3}}]"#] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("the key `a` twice"), "{error}");
        }
    }

    #[test]
    fn json_that_goes_too_deep_or_ends_early_is_an_error() {
        assert!(read(&"[".repeat(1_000_000)).is_err());
        assert!(read(r#"{"a":"#).is_err());
        assert!(read("1e999").is_err());
        assert!(read(r#""\ud800""#).is_err());
    }

    /// Any JSON, with keys and strings of any characters.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>()
                .prop_filter("JSON has no other", |float| float.is_finite())
                .prop_map(Value::from),
            any::<f32>()
                .prop_filter("JSON has no other", |float| float.is_finite())
                .prop_map(|float| serde_json::to_value(float).unwrap()),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::hash_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// The form is JSON of the same value, and its own form.
        #[test]
        fn the_form_of_a_form_is_itself(value in any_json()) {
            let text = canonical(&value, "");
            let again = read(&text).unwrap();
            prop_assert_eq!(canonical(again.value(), ""), text.clone());
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(canonical(read(&pretty).unwrap().value(), ""), text);
        }
    }
}
