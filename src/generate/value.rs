//! The values of requests and answers, in the terms of the contract and not of any protocol.

use indexmap::IndexMap;

/// A value as a case means it. It can hold what JSON cannot say and what no valid request holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, said aloud.
    Null,
    /// A truth.
    Boolean(bool),
    /// A number, as its literal: `1`, `2.0`, `1e400`. Kept as text so that nothing rounds it.
    Number(String),
    /// A text.
    Text(String),
    /// A text with holes that are known only while a case runs: captures, `{run}`, secrets.
    Template(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// A sequence.
    List(Vec<Value>),
    /// A structure or a map, in the order of sending. A key may be a template: see [`Value::template_key`].
    Map(IndexMap<String, Value>),
    /// Exactly these characters in the place of a value, in a body made of text: `NaN`, `'x'`, `"\ud800"`.
    Raw(String),
}

/// How a key begins that is a template: this character [stands for nothing](https://www.unicode.org/faq/private_use.html#nonchar4)
/// in any text, and no case sends it as a key.
const TEMPLATE_KEY: char = '\u{FDD0}';

impl Value {
    /// The key of a map that is known only while a case runs.
    pub fn template_key(template: &str) -> String {
        format!("{TEMPLATE_KEY}{template}")
    }

    /// The template that a key is; `None` where it is plain.
    pub fn as_template_key(key: &str) -> Option<&str> {
        key.strip_prefix(TEMPLATE_KEY)
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A whole number.
    pub fn integer(number: i128) -> Self {
        Self::Number(number.to_string())
    }

    /// An empty structure or map.
    pub fn empty() -> Self {
        Self::Map(IndexMap::new())
    }

    /// The member or entry of this name.
    pub fn member(&self, name: &str) -> Option<&Value> {
        // Of few, the wanted one is compared with each sooner than its hash is made.
        const FEW: usize = 8;
        match self {
            Self::Map(members) if members.len() <= FEW => {
                members.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
            }
            Self::Map(members) => members.get(name),
            _ => None,
        }
    }

    /// As JSON whose texts are templates: what a scenario's `use` says. Bytes are base64.
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

    /// From JSON; texts are texts, not templates.
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(truth) => Self::Boolean(*truth),
            serde_json::Value::Number(number) => Self::Number(number.to_string()),
            serde_json::Value::String(text) => Self::Text(text.clone()),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            serde_json::Value::Object(members) => {
                Self::Map(members.iter().map(|(name, value)| (name.clone(), Self::from_json(value))).collect())
            }
        }
    }
}
