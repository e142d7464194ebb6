//! The values of requests and responses, in the terms of the contract; they know nothing of any protocol.

use indexmap::IndexMap;

/// A value of a request or response. It can hold what JSON cannot express and what no valid request contains.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An explicit null.
    Null,
    /// A Boolean.
    Boolean(bool),
    /// A number as its literal: `1`, `2.0`, `1e400`. It is stored as text to avoid rounding.
    Number(String),
    /// A text.
    Text(String),
    /// A text with placeholders whose values are known only while a case runs: captures, `{run}`, secrets.
    Template(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A structure or a map, in the order in which it is sent. A key may be a template: see [`Value::template_key`].
    Map(IndexMap<String, Value>),
    /// Exactly these characters in place of a value, in a textual body: `NaN`, `'x'`, `"\ud800"`.
    Raw(String),
}

/// Prefix of a key that is a template: a [noncharacter](https://www.unicode.org/faq/private_use.html#nonchar4), which
/// no case sends as a key.
const TEMPLATE_KEY_PREFIX: char = '\u{FDD0}';

impl Value {
    /// Returns the key for a map entry whose key is known only while a case runs.
    pub fn template_key(template: &str) -> String {
        format!("{TEMPLATE_KEY_PREFIX}{template}")
    }

    /// Returns the template that a key holds, or `None` if the key is plain.
    pub fn as_template_key(key: &str) -> Option<&str> {
        key.strip_prefix(TEMPLATE_KEY_PREFIX)
    }

    /// Creates a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Creates an integer.
    pub fn integer(number: i128) -> Self {
        Self::Number(number.to_string())
    }

    /// Creates an empty structure or map.
    pub fn empty_map() -> Self {
        Self::Map(IndexMap::new())
    }

    /// Returns the member or entry of this name.
    pub fn member(&self, name: &str) -> Option<&Value> {
        // In a small map, a linear search is faster than hashing.
        const FEW: usize = 8;
        match self {
            Self::Map(members) if members.len() <= FEW => {
                members.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
            }
            Self::Map(members) => members.get(name),
            _ => None,
        }
    }

    /// Converts to JSON whose texts are templates, in the form of a scenario's `use`. Bytes become base64.
    pub fn to_template(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Boolean(truth) => Json::Bool(*truth),
            Self::Number(number) => serde_json::from_str(number).unwrap_or_else(|_| Json::String(number.clone())),
            Self::Text(text) => Json::String(text.replace('{', "{{").replace('}', "}}")),
            Self::Template(text) | Self::Raw(text) => Json::String(text.clone()),
            Self::Blob(bytes) => Json::String(data_encoding::BASE64.encode(bytes)),
            Self::List(items) => Json::Array(items.iter().map(Self::to_template).collect()),
            Self::Map(members) => {
                let key = |name: &String| Self::as_template_key(name).unwrap_or(name).to_owned();
                Json::Object(members.iter().map(|(name, value)| (key(name), value.to_template())).collect())
            }
        }
    }

    /// Converts from JSON. Texts become texts, not templates.
    pub fn from_json(json: &serde_json::Value) -> Self {
        Self::from_json_with(json, &|text| Self::text(text))
    }

    /// Converts from JSON, with `convert_text` for its texts.
    pub fn from_json_with(json: &serde_json::Value, convert_text: &dyn Fn(&str) -> Self) -> Self {
        let convert = |value: &serde_json::Value| Self::from_json_with(value, convert_text);
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(truth) => Self::Boolean(*truth),
            serde_json::Value::Number(number) => Self::Number(number.to_string()),
            serde_json::Value::String(text) => convert_text(text),
            serde_json::Value::Array(items) => Self::List(items.iter().map(convert).collect()),
            serde_json::Value::Object(members) => {
                Self::Map(members.iter().map(|(name, value)| (name.clone(), convert(value))).collect())
            }
        }
    }
}
