//! Lists that are maps: their items hold a key and a value each, as those of tags do.

use super::{Contract, ShapeId, ShapeKind};

/// The members of a list's items that make the list a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryMembers {
    /// The name of the member with the key.
    pub key: String,
    /// The name of the member with the value.
    pub value: String,
}

/// Returns the members that make a list a map: those whose names end with `key` and `value`. Items may have others.
pub fn entry_members(contract: &Contract, list: &ShapeId) -> Option<EntryMembers> {
    let ShapeKind::List { member } = &contract.shapes.get(list)?.kind else { return None };
    let members = contract.shapes.get(member)?.kind.members()?;
    let ending = |end: &str| members.keys().find(|name| name.to_ascii_lowercase().ends_with(end)).cloned();
    Some(EntryMembers { key: ending("key")?, value: ending("value")? })
}

/// Returns true if the items of a list have a key and a value, both texts, and nothing else.
pub fn holds_only_entries(contract: &Contract, list: &ShapeId) -> bool {
    let Some(ShapeKind::List { member }) = contract.shapes.get(list).map(|shape| &shape.kind) else { return false };
    let members = contract.shapes.get(member).and_then(|shape| shape.kind.members());
    let is_text = |shape: &ShapeId| matches!(contract.shape(shape).kind, ShapeKind::String);
    members.is_some_and(|members| members.len() == 2 && members.values().all(|member| is_text(&member.shape)))
        && entry_members(contract, list).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_of_keys_and_values_are_maps() {
        let text = json!({
            "format": "overstep-contract/1", "service": "s", "operations": [], "errors": [],
            "shapes": {
                "Text": {"type": "string"}, "Texts": {"type": "list", "member": "Text"},
                "Tag": {"type": "structure", "members": {"TagKey": {"shape": "Text"}, "TagValue": {"shape": "Text"}}},
                "Tags": {"type": "list", "member": "Tag"},
                "Setting": {"type": "structure", "members": {
                    "Key": {"shape": "Text"}, "Value": {"shape": "Text"}, "Scope": {"shape": "Text"}}},
                "Settings": {"type": "list", "member": "Setting"},
            },
        });
        let contract = crate::contract::from_json(&text.to_string()).expect("a contract");
        let found = |list: &str| entry_members(&contract, &ShapeId::from(list));
        let names = |key: &str, value: &str| Some(EntryMembers { key: key.to_owned(), value: value.to_owned() });
        assert_eq!(found("Tags"), names("TagKey", "TagValue"));
        assert_eq!(found("Settings"), names("Key", "Value"));
        assert_eq!(found("Texts"), None);
        let only = |list: &str| holds_only_entries(&contract, &ShapeId::from(list));
        assert_eq!((only("Tags"), only("Settings"), only("Texts")), (true, false, false));
    }
}
