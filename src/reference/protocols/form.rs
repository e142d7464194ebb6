//! Form bodies of the query protocols: pairs of a dotted name and a text, parsed to values.
//!
//! Never decides the names of members; awsQuery and EC2 differ in them.

use super::{Place, scalar};
use crate::contract::{Kind, Member, TimestampFormat};
use crate::reference::read::Unread;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// Maximum number of parts of a dotted name.
const MOST_PARTS: usize = 100;
/// Maximum number of a list item.
const MOST_ITEMS: usize = 100_000;

/// Decodes a name or value of a form or query; returns `None` if it is not UTF-8.
pub(super) fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// The text and the children at one part of a dotted name.
#[derive(Debug, Default)]
pub(super) struct Branch {
    text: Option<String>,
    below: IndexMap<String, Branch>,
}

/// The naming rules of a query protocol.
pub(super) trait Names {
    /// Returns a member's name in the form.
    fn member<'a>(&self, name: &'a str, member: &'a Member, place: Place<'a>) -> std::borrow::Cow<'a, str>;
    /// Returns the part of the name between a list and the numbers of its items, if there is one.
    fn item<'a>(&self, list: Place<'a>) -> Option<&'a str>;
}

impl Branch {
    /// Parses the pairs of a form.
    pub(super) fn read(body: &[u8]) -> Result<Self, Unread> {
        let text = std::str::from_utf8(body).map_err(|_| Unread::Malformed("the body is not UTF-8".to_owned()))?;
        let mut root = Self::default();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                return Err(Unread::Malformed("the form is not UTF-8".to_owned()));
            };
            root.put(&name, value)?;
        }
        Ok(root)
    }

    fn put(&mut self, name: &str, value: String) -> Result<(), Unread> {
        if name.split('.').count() > MOST_PARTS {
            return Err(Unread::Malformed(format!("a name has more than {MOST_PARTS} parts")));
        }
        let mut at = self;
        for part in name.split('.') {
            at = at.below.entry(part.to_owned()).or_default();
        }
        at.text = Some(value);
        Ok(())
    }

    /// Returns the text at a name without dots.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.below.get(name)?.text.as_deref()
    }

    /// Returns the members of a structure.
    pub(super) fn members(&self, place: Place<'_>, names: &dyn Names) -> Result<Map<String, Value>, Unread> {
        let mut out = Map::new();
        for (name, member) in place.members().into_iter().flatten() {
            let below = place.of(member);
            if let Some(branch) = self.below.get(&*names.member(name, member, below)) {
                out.insert(name.clone(), branch.value(below, names)?);
            }
        }
        Ok(out)
    }

    fn value(&self, place: Place<'_>, names: &dyn Names) -> Result<Value, Unread> {
        // A text instead of a list, map or structure stays a string, which the check then rejects.
        let text = |text: &String| Value::String(text.clone());
        match place.kind() {
            Kind::List { .. } => match (&self.text, self.below.is_empty()) {
                (Some(empty), true) if empty.is_empty() => Ok(Value::Array(Vec::new())),
                (Some(one), true) => Ok(text(one)),
                _ => {
                    let numbered = match names.item(place) {
                        Some(item) => self.below.get(item),
                        None => Some(self),
                    };
                    let items = place.items().unwrap_or(place);
                    let branches = numbered.map(|one| one.numbered(holes(items))).transpose()?.unwrap_or_default();
                    branches
                        .into_iter()
                        .map(|one| one.value(items, names))
                        .collect::<Result<Vec<_>, _>>()
                        .map(Value::Array)
                }
            },
            Kind::Map { .. } => match (&self.text, self.below.is_empty()) {
                (Some(one), true) => Ok(text(one)),
                _ => self.entries(place, names),
            },
            Kind::Structure { .. } | Kind::Union { .. } => match (&self.text, self.below.is_empty()) {
                (Some(one), true) => Ok(text(one)),
                _ => self.members(place, names).map(Value::Object),
            },
            _ => match &self.text {
                Some(one) => strict(place, one.clone()),
                // A scalar with children is returned as a structure, which the check then rejects.
                None => Ok(Value::Object(Map::new())),
            },
        }
    }

    fn entries(&self, place: Place<'_>, names: &dyn Names) -> Result<Value, Unread> {
        let Some((keys, values)) = place.entries() else { return Ok(Value::Object(Map::new())) };
        let numbered = if place.is_flattened() { Some(self) } else { self.below.get("entry") };
        let name_of = |place: Place<'_>, usual: &str| place.own.name.clone().unwrap_or_else(|| usual.to_owned());
        let (key_name, value_name) = (name_of(keys, "key"), name_of(values, "value"));
        let mut out = Map::new();
        for entry in numbered.map(|one| one.numbered(false)).transpose()?.unwrap_or_default() {
            let Some(key) = entry.below.get(&key_name).and_then(|branch| branch.text.clone()) else {
                return Err(Unread::Malformed(format!("a map entry has no `{key_name}`")));
            };
            let value = match entry.below.get(&value_name) {
                Some(branch) => branch.value(values, names)?,
                None => Value::Null,
            };
            out.insert(key, value);
        }
        Ok(Value::Object(out))
    }

    /// Returns the children with the numbers from 1 on, in order. A missing number is an empty item, if items may be
    /// empty.
    fn numbered(&self, holes: bool) -> Result<Vec<&Self>, Unread> {
        static NOTHING: LazyLock<Branch> = LazyLock::new(Branch::default);
        let mut found: Vec<(usize, &Self)> = Vec::new();
        for (name, branch) in &self.below {
            let plain = name.bytes().all(|byte| byte.is_ascii_digit()) && !name.starts_with('0');
            match name.parse::<usize>() {
                Ok(number) if plain && number <= MOST_ITEMS => found.push((number, branch)),
                _ => return Err(Unread::Malformed(format!("`{name}` is not an item number"))),
            }
        }
        found.sort_unstable_by_key(|(number, _)| *number);
        let mut items = Vec::with_capacity(found.len());
        for (number, branch) in found {
            if number > items.len() + 1 && !holes {
                return Err(Unread::Malformed("the items are not numbered consecutively from 1".to_owned()));
            }
            items.resize(number - 1, &*NOTHING);
            items.push(branch);
        }
        Ok(items)
    }
}

/// Returns true if an item may be absent from the wire: an empty container has no name in a form.
fn holes(items: Place<'_>) -> bool {
    matches!(
        items.kind(),
        Kind::List { .. } | Kind::Map { .. } | Kind::Structure { .. } | Kind::Union { .. } | Kind::Document
    )
}

/// Converts a text to a value of the shape's type; a timestamp must have the expected format.
pub(super) fn strict(place: Place<'_>, text: String) -> Result<Value, Unread> {
    match (place.kind(), scalar(place, text, TimestampFormat::DateTime)) {
        (Kind::Timestamp, Value::String(text)) => {
            Err(Unread::Malformed(format!("`{text}` is not a timestamp in the expected format")))
        }
        (_, value) => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::aws_query::AwsQuery;
    use super::*;
    use crate::contract::Contract;
    use crate::reference::testing::of_shapes;
    use serde_json::json;

    fn contract() -> Contract {
        of_shapes(json!({
            "In": {"type": "structure", "members": {
                "Text": {"shape": "Text"}, "Texts": {"shape": "Texts"}, "Things": {"shape": "Things"},
                "Lists": {"shape": "Lists"}, "Maps": {"shape": "Maps"}, "Map": {"shape": "Map"},
                "Thing": {"shape": "Thing"}, "Any": {"shape": "Anys"}}},
            "Text": {"type": "string"}, "Texts": {"type": "list", "member": "Text"},
            "Thing": {"type": "structure", "members": {"A": {"shape": "Text"}}},
            "Things": {"type": "list", "member": "Thing"}, "Lists": {"type": "list", "member": "Texts"},
            "Map": {"type": "map", "key": "Text", "value": "Text"}, "Maps": {"type": "list", "member": "Map"},
            "Either": {"type": "union", "members": {"A": {"shape": "Text"}}},
            "Any": {"type": "document"}, "Anys": {"type": "list", "member": "Any"}
        }))
    }

    fn read(form: &str) -> Option<Value> {
        let contract = contract();
        let id = "In".into();
        let members =
            Branch::read(form.as_bytes()).and_then(|root| root.members(Place::new(&contract, &id), &AwsQuery));
        members.ok().map(Value::Object)
    }

    #[test]
    fn dotted_names_are_parsed_to_nested_values() {
        for (form, due) in [
            ("Text=a", Some(json!({"Text": "a"}))),
            ("Text.x=a", Some(json!({"Text": {}}))),
            ("Texts=", Some(json!({"Texts": []}))),
            ("Texts=a", Some(json!({"Texts": "a"}))),
            ("Texts.member.1=a&Texts.member.2=b", Some(json!({"Texts": ["a", "b"]}))),
            ("Texts.member.2=b&Texts.member.1=a", Some(json!({"Texts": ["a", "b"]}))),
            ("Texts=&Texts.member.1=a", Some(json!({"Texts": ["a"]}))),
            ("Texts.member.2=b", None),
            ("Texts.member.0=b", None),
            ("Texts.member.01=b", None),
            ("Texts.member.x=b", None),
            ("Texts.member.1x=b", None),
            ("Texts.member.100001=b", None),
            ("Things.member.1.A=a", Some(json!({"Things": [{"A": "a"}]}))),
            // Empty items have no name, so their numbers are missing.
            ("Things.member.3.A=a", Some(json!({"Things": [{}, {}, {"A": "a"}]}))),
            ("Lists.member.2.member.1=a", Some(json!({"Lists": [[], ["a"]]}))),
            ("Maps.member.2.entry.1.key=a&Maps.member.2.entry.1.value=b", Some(json!({"Maps": [{}, {"a": "b"}]}))),
            ("Any.member.2=b", Some(json!({"Any": [{}, "b"]}))),
            ("Things.member.100001.A=a", None),
            ("Things.member.x.A=a", None),
            ("Map=a", Some(json!({"Map": "a"}))),
            ("Map.entry.1.key=a&Map.entry.1.value=b", Some(json!({"Map": {"a": "b"}}))),
            ("Map.entry.1.key=a", Some(json!({"Map": {"a": null}}))),
            ("Map.entry.1.value=a", None),
            ("Map.entry.2.key=a", None),
            ("Thing=a", Some(json!({"Thing": "a"}))),
            ("Thing.A=a", Some(json!({"Thing": {"A": "a"}}))),
            ("Thing.B=a", Some(json!({"Thing": {}}))),
            ("Text=%ff", None),
            ("&&Text=a+b%2B", Some(json!({"Text": "a b+"}))),
        ] {
            assert_eq!(read(form), due, "{form}");
        }
        assert_eq!(
            read("Things.member.100000.A=a").map(|read| read["Things"].as_array().map(Vec::len)),
            Some(Some(100_000))
        );
    }

    #[test]
    fn parts_of_a_name_are_limited() {
        let name = |parts: usize| vec!["a"; parts].join(".") + "=b";
        assert_eq!(read(&name(MOST_PARTS)), Some(json!({})));
        assert_eq!(read(&name(MOST_PARTS + 1)), None);
        assert_eq!(read(&name(MOST_PARTS + 2)), None);
    }
}
