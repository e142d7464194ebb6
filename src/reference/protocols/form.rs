//! Form bodies of the query protocols: pairs of a dotted name and a text, parsed to values.
//!
//! Never decides the names of members; awsQuery and EC2 differ in them.

use super::ShapeRef;
use super::scalars::parse_scalar_strictly;
use crate::contract::{Member, ShapeKind};
use crate::reference::body_parser::ReadFailure;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// Maximum number of parts of a dotted name.
const MAX_NAME_PARTS: usize = 100;
/// Maximum number of a list item.
const MAX_ITEM_NUMBER: usize = 100_000;

/// Decodes a name or value of a form or query; returns `None` if it is not UTF-8.
pub(super) fn decode_form_text(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// The text and the children at one part of a dotted name.
#[derive(Debug, Default)]
pub(super) struct FormNode {
    text: Option<String>,
    children: IndexMap<String, FormNode>,
}

/// The naming rules of a query protocol.
pub(super) trait QueryNaming {
    /// Returns a member's name in the form.
    fn member_name<'a>(&self, name: &'a str, member: &'a Member, place: ShapeRef<'a>) -> std::borrow::Cow<'a, str>;
    /// Returns the part of the name between a list and the numbers of its items, if there is one.
    fn item_name<'a>(&self, list: ShapeRef<'a>) -> Option<&'a str>;
}

impl FormNode {
    /// Parses the pairs of a form.
    pub(super) fn parse(body: &[u8]) -> Result<Self, ReadFailure> {
        let text = std::str::from_utf8(body).map_err(|_| ReadFailure::Malformed("the body is not UTF-8".to_owned()))?;
        let mut root = Self::default();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (Some(name), Some(value)) = (decode_form_text(name), decode_form_text(value)) else {
                return Err(ReadFailure::Malformed("the form is not UTF-8".to_owned()));
            };
            root.insert(&name, value)?;
        }
        Ok(root)
    }

    fn insert(&mut self, name: &str, value: String) -> Result<(), ReadFailure> {
        if name.split('.').count() > MAX_NAME_PARTS {
            return Err(ReadFailure::Malformed(format!("a name has more than {MAX_NAME_PARTS} parts")));
        }
        let mut at = self;
        for part in name.split('.') {
            at = at.children.entry(part.to_owned()).or_default();
        }
        at.text = Some(value);
        Ok(())
    }

    /// Returns the text at a name without dots.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.children.get(name)?.text.as_deref()
    }

    /// Returns the members of a structure.
    pub(super) fn read_members(
        &self,
        shape: ShapeRef<'_>,
        names: &dyn QueryNaming,
    ) -> Result<Map<String, Value>, ReadFailure> {
        let mut out = Map::new();
        for (name, member) in shape.members().into_iter().flatten() {
            let below = shape.member(member);
            if let Some(branch) = self.children.get(&*names.member_name(name, member, below)) {
                out.insert(name.clone(), branch.read_value(below, names)?);
            }
        }
        Ok(out)
    }

    fn read_value(&self, shape: ShapeRef<'_>, names: &dyn QueryNaming) -> Result<Value, ReadFailure> {
        // A text instead of a list, map or structure stays a string, which the check then rejects.
        let text = |text: &String| Value::String(text.clone());
        match shape.kind() {
            ShapeKind::List { .. } => match (&self.text, self.children.is_empty()) {
                (Some(empty), true) if empty.is_empty() => Ok(Value::Array(Vec::new())),
                (Some(one), true) => Ok(text(one)),
                _ => {
                    let numbered = match names.item_name(shape) {
                        Some(item) => self.children.get(item),
                        None => Some(self),
                    };
                    let items = shape.items().unwrap_or(shape);
                    let branches = numbered
                        .map(|one| one.numbered_children(may_be_absent(items)))
                        .transpose()?
                        .unwrap_or_default();
                    branches
                        .into_iter()
                        .map(|one| one.read_value(items, names))
                        .collect::<Result<Vec<_>, _>>()
                        .map(Value::Array)
                }
            },
            ShapeKind::Map { .. } => match (&self.text, self.children.is_empty()) {
                (Some(one), true) => Ok(text(one)),
                _ => self.read_entries(shape, names),
            },
            ShapeKind::Structure { .. } | ShapeKind::Union { .. } => match (&self.text, self.children.is_empty()) {
                (Some(one), true) => Ok(text(one)),
                _ => self.read_members(shape, names).map(Value::Object),
            },
            _ => match &self.text {
                Some(one) => parse_scalar_strictly(shape, one.clone()),
                // A scalar with children is returned as a structure, which the check then rejects.
                None => Ok(Value::Object(Map::new())),
            },
        }
    }

    fn read_entries(&self, shape: ShapeRef<'_>, names: &dyn QueryNaming) -> Result<Value, ReadFailure> {
        let Some((keys, values)) = shape.entries() else { return Ok(Value::Object(Map::new())) };
        let numbered = if shape.is_flattened() { Some(self) } else { self.children.get("entry") };
        let name_of = |place: ShapeRef<'_>, usual: &str| place.traits.name.clone().unwrap_or_else(|| usual.to_owned());
        let (key_name, value_name) = (name_of(keys, "key"), name_of(values, "value"));
        let mut out = Map::new();
        for entry in numbered.map(|one| one.numbered_children(false)).transpose()?.unwrap_or_default() {
            let Some(key) = entry.children.get(&key_name).and_then(|branch| branch.text.clone()) else {
                return Err(ReadFailure::Malformed(format!("a map entry has no `{key_name}`")));
            };
            let value = match entry.children.get(&value_name) {
                Some(branch) => branch.read_value(values, names)?,
                None => Value::Null,
            };
            out.insert(key, value);
        }
        Ok(Value::Object(out))
    }

    /// Returns the children with the numbers from 1 on, in order. A missing number is an empty item, if items may be
    /// empty.
    fn numbered_children(&self, holes: bool) -> Result<Vec<&Self>, ReadFailure> {
        static NOTHING: LazyLock<FormNode> = LazyLock::new(FormNode::default);
        let mut found: Vec<(usize, &Self)> = Vec::new();
        for (name, branch) in &self.children {
            let plain = name.bytes().all(|byte| byte.is_ascii_digit()) && !name.starts_with('0');
            match name.parse::<usize>() {
                Ok(number) if plain && number <= MAX_ITEM_NUMBER => found.push((number, branch)),
                _ => return Err(ReadFailure::Malformed(format!("`{name}` is not an item number"))),
            }
        }
        found.sort_unstable_by_key(|(number, _)| *number);
        let mut items = Vec::with_capacity(found.len());
        for (number, branch) in found {
            if number > items.len() + 1 && !holes {
                return Err(ReadFailure::Malformed("the items are not numbered consecutively from 1".to_owned()));
            }
            items.resize(number - 1, &*NOTHING);
            items.push(branch);
        }
        Ok(items)
    }
}

/// Returns true if an item may be absent from the wire: an empty container has no name in a form.
fn may_be_absent(items: ShapeRef<'_>) -> bool {
    matches!(
        items.kind(),
        ShapeKind::List { .. }
            | ShapeKind::Map { .. }
            | ShapeKind::Structure { .. }
            | ShapeKind::Union { .. }
            | ShapeKind::Document
    )
}

#[cfg(test)]
mod tests {
    use super::super::aws_query::AwsQueryFields;
    use super::*;
    use crate::contract::Contract;
    use crate::reference::testing::contract_of_shapes;
    use serde_json::json;

    fn contract() -> Contract {
        contract_of_shapes(json!({
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
        let members = FormNode::parse(form.as_bytes())
            .and_then(|root| root.read_members(ShapeRef::new(&contract, &id), &AwsQueryFields));
        members.ok().map(Value::Object)
    }

    #[test]
    fn dotted_names_are_parsed_to_nested_values() {
        for (form, expected) in [
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
            assert_eq!(read(form), expected, "{form}");
        }
        assert_eq!(
            read("Things.member.100000.A=a").map(|read| read["Things"].as_array().map(Vec::len)),
            Some(Some(100_000))
        );
    }

    #[test]
    fn parts_of_a_name_are_limited() {
        let name = |parts: usize| vec!["a"; parts].join(".") + "=b";
        assert_eq!(read(&name(MAX_NAME_PARTS)), Some(json!({})));
        assert_eq!(read(&name(MAX_NAME_PARTS + 1)), None);
        assert_eq!(read(&name(MAX_NAME_PARTS + 2)), None);
    }
}
