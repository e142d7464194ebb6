//! The tags of a resource: keys with values, which requests add, remove and list as a map or as a list.
//!
//! For contracts of which only the shapes are known: the names of operations and members say what is a tag.

use crate::contract::{Contract, ShapeId, ShapeKind};
use serde_json::{Map, Value};

/// The key under which a record holds the tags.
pub(super) const TAGS: &str = "* tags";

/// What an operation does with the tags that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagChange {
    Add,
    Remove,
    /// They take the place of all others, as those of a new resource do.
    Replace,
}

impl TagChange {
    pub(super) fn of_operation(operation: &str) -> Self {
        let about_tags = operation.contains("Tag");
        match () {
            () if operation.starts_with("Untag") || operation.starts_with("Remove") && about_tags => Self::Remove,
            () if operation.starts_with("Tag") || operation.starts_with("Add") && about_tags => Self::Add,
            () => Self::Replace,
        }
    }
}

/// The members of a list's items that hold the key and the value of a tag.
struct TagItem<'c> {
    key: &'c str,
    value: &'c str,
}

fn is_tag_name(name: &str) -> bool {
    name.to_ascii_lowercase().contains("tag")
}

fn tag_item<'c>(contract: &'c Contract, list: &ShapeId) -> Option<TagItem<'c>> {
    let ShapeKind::List { member } = &contract.shapes.get(list)?.kind else { return None };
    let members = contract.shapes.get(member)?.kind.members()?;
    let find = |end: &str| members.keys().find(|name| name.to_ascii_lowercase().ends_with(end)).map(String::as_str);
    Some(TagItem { key: find("key")?, value: find("value")? })
}

fn is_text(contract: &Contract, id: &ShapeId) -> bool {
    matches!(contract.shapes.get(id).map(|shape| &shape.kind), Some(ShapeKind::String))
}

/// Returns true if a member holds tags.
pub(super) fn holds_tags(contract: &Contract, name: &str, shape: &ShapeId) -> bool {
    let is_map = match contract.shapes.get(shape).map(|shape| &shape.kind) {
        Some(ShapeKind::Map { value, .. }) => is_text(contract, value),
        _ => false,
    };
    is_tag_name(name) && (is_map || tag_item(contract, shape).is_some())
}

/// Returns true if a member is a list of the keys of tags.
pub(super) fn holds_tag_keys(contract: &Contract, name: &str, shape: &ShapeId) -> bool {
    let is_list = match contract.shapes.get(shape).map(|shape| &shape.kind) {
        Some(ShapeKind::List { member }) => is_text(contract, member),
        _ => false,
    };
    is_tag_name(name) && is_list
}

/// Returns the tags that a member holds, by key.
fn read_tags(contract: &Contract, shape: &ShapeId, value: &Value) -> Map<String, Value> {
    match value {
        Value::Object(entries) => entries.clone(),
        Value::Array(items) => {
            let Some(names) = tag_item(contract, shape) else { return Map::new() };
            let entry = |item: &Value| {
                let key = item.get(names.key)?.as_str()?.to_owned();
                Some((key, item.get(names.value).cloned().unwrap_or_else(|| Value::from(""))))
            };
            items.iter().filter_map(entry).collect()
        }
        _ => Map::new(),
    }
}

/// Applies a member with tags, or with the keys of tags, to a record.
pub(super) fn change_tags(
    contract: &Contract,
    record: &mut Map<String, Value>,
    change: TagChange,
    (shape, value): (&ShapeId, &Value),
) {
    let mut stored = match record.remove(TAGS) {
        Some(Value::Object(stored)) => stored,
        _ => Map::new(),
    };
    match (change, value) {
        (TagChange::Remove, Value::Array(keys)) => {
            keys.iter().filter_map(Value::as_str).for_each(|key| drop(stored.remove(key)));
        }
        (TagChange::Remove, _) => {}
        (TagChange::Add, value) => stored.extend(read_tags(contract, shape, value)),
        (TagChange::Replace, value) => stored = read_tags(contract, shape, value),
    }
    record.insert(TAGS.to_owned(), Value::Object(stored));
}

/// Returns the stored tags in the form of an output member.
pub(super) fn shown_tags(contract: &Contract, record: &Map<String, Value>, shape: &ShapeId) -> Option<Value> {
    let stored = record.get(TAGS)?.as_object()?;
    let Some(names) = tag_item(contract, shape) else { return Some(Value::Object(stored.clone())) };
    let item = |(key, value): (&String, &Value)| {
        let members = [(names.key.to_owned(), Value::from(key.as_str())), (names.value.to_owned(), value.clone())];
        Value::Object(members.into_iter().collect())
    };
    Some(Value::Array(stored.iter().map(item).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::testing::contract_of_shapes;
    use serde_json::json;

    #[test]
    fn tags_are_added_removed_and_shown_as_a_map_or_a_list() {
        let contract = contract_of_shapes(json!({
            "Tags": {"type": "list", "member": "Tag"}, "TagMap": {"type": "map", "key": "Text", "value": "Text"},
            "Tag": {"type": "structure", "members": {"Key": {"shape": "Text"}, "Value": {"shape": "Text"}}},
            "Keys": {"type": "list", "member": "Text"}, "Text": {"type": "string"}
        }));
        let [tags, map, keys] = ["Tags", "TagMap", "Keys"].map(ShapeId::from);
        assert!(holds_tags(&contract, "Tags", &tags) && holds_tags(&contract, "tags", &map));
        assert!(holds_tag_keys(&contract, "TagKeys", &keys) && !holds_tags(&contract, "TagKeys", &keys));
        let mut record = Map::new();
        let mut change = |operation: &str, shape: &ShapeId, value: Value| {
            change_tags(&contract, &mut record, TagChange::of_operation(operation), (shape, &value));
            (shown_tags(&contract, &record, &map), shown_tags(&contract, &record, &tags))
        };
        change("CreateThing", &map, json!({"old": "1"}));
        change("TagResource", &tags, json!([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]));
        let shown = change("AddTagsToThing", &map, json!({"b": "3"}));
        assert_eq!(shown.0, Some(json!({"old": "1", "a": "2", "b": "3"})));
        let (_, shown) = change("UntagResource", &keys, json!(["old", "b", "none"]));
        assert_eq!(shown, Some(json!([{"Key": "a", "Value": "2"}])));
    }
}
