//! Paths in outputs, such as `Cart.ids[0]`: finds their shapes, and writes texts to them.
//!
//! Never invents a member that the contract does not have.

use crate::contract::{Contract, Shape, ShapeId, ShapeKind};
use crate::reference::sample::smallest_value;
use crate::reference::server_config::ServerConfig;
use serde_json::Value;

/// Splits off the first step of an output path: a member's name, whether it selects the first item, and the rest.
fn split_step(path: &str) -> (&str, bool, Option<&str>) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    match first.strip_suffix("[0]") {
        Some(name) => (name, true, rest),
        None => (first, false, rest),
    }
}

/// Finds a member by its name in the contract or on the wire.
fn find_member<'c>(contract: &'c Contract, id: &ShapeId, name: &str) -> Option<(&'c str, &'c ShapeId)> {
    let members = contract.shapes.get(id)?.kind.members()?;
    let found = members.iter().find(|(own, member)| *own == name || member.wire_name(own) == name);
    found.map(|(own, member)| (own.as_str(), &member.shape))
}

fn item_or_self<'c>(contract: &'c Contract, id: &'c ShapeId, is_item: bool) -> Option<&'c ShapeId> {
    match &contract.shapes.get(id)?.kind {
        ShapeKind::List { member } if is_item => Some(member),
        _ if is_item => None,
        _ => Some(id),
    }
}

pub(super) fn shape_at<'c>(contract: &'c Contract, id: &ShapeId, path: &str) -> Option<&'c Shape> {
    let (name, is_item, rest) = split_step(path);
    let (_, id) = find_member(contract, id, name)?;
    let id = item_or_self(contract, id, is_item)?;
    match rest {
        Some(rest) => shape_at(contract, id, rest),
        None => contract.shapes.get(id),
    }
}

/// Writes a text into an output, along with the structures around it; returns false if the path does not exist.
pub(super) fn put_text(contract: &Contract, id: &ShapeId, answer: &mut Value, path: &str, text: &str) -> bool {
    let (name, is_item, rest) = split_step(path);
    let Some((name, id)) = find_member(contract, id, name) else { return false };
    let Some(inner) = item_or_self(contract, id, is_item) else { return false };
    let Some(members) = answer.as_object_mut() else { return false };
    if !members.contains_key(name) {
        members.insert(name.to_owned(), smallest_value(contract, id).unwrap_or(Value::Null));
    }
    let Some(mut place) = members.get_mut(name) else { return false };
    if is_item {
        if place.as_array().is_none_or(Vec::is_empty) {
            *place = Value::Array(vec![smallest_value(contract, inner).unwrap_or(Value::Null)]);
        }
        let Some(first) = place.get_mut(0) else { return false };
        place = first;
    }
    match rest {
        Some(rest) => put_text(contract, inner, place, rest, text),
        None => {
            // The member may be a number or another type that cannot hold the text.
            *place = match contract.shapes.get(inner).map(|shape| &shape.kind) {
                Some(ShapeKind::String | ShapeKind::Enum { .. }) | None => Value::String(text.to_owned()),
                Some(ShapeKind::Integer | ShapeKind::Long) if text.parse::<u32>().is_ok() => {
                    Value::from(text.parse::<u32>().unwrap_or_default())
                }
                Some(_) => smallest_value(contract, inner).unwrap_or(Value::Null),
            };
            true
        }
    }
}

/// Writes the configured texts of an operation's responses into its smallest output.
pub(in crate::reference) fn apply_output_texts(
    contract: &Contract,
    operation: &str,
    output: Option<&ShapeId>,
    config: &ServerConfig,
    least: &mut Value,
) {
    let Some(id) = output else { return };
    for configured in config.output_texts.iter().filter(|configured| configured.operation == operation) {
        let mut with = least.clone();
        if put_text(contract, id, &mut with, &configured.path, &configured.text) {
            *least = with;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::server_config::OutputText;
    use crate::reference::testing::contract_of_shapes;
    use serde_json::json;

    #[test]
    fn only_lists_have_a_first_item() {
        let contract =
            contract_of_shapes(json!({"List": {"type": "list", "member": "Text"}, "Text": {"type": "string"}}));
        let of = |id: &str, is_item| {
            let id = ShapeId::from(id);
            item_or_self(&contract, &id, is_item).map(|id| id.as_str().to_owned())
        };
        assert_eq!(of("List", true).as_deref(), Some("Text"));
        assert_eq!(of("List", false).as_deref(), Some("List"));
        assert_eq!(of("Text", true), None);
        assert_eq!(of("Text", false).as_deref(), Some("Text"));
        assert_eq!(of("Nothing", false), None);
    }

    #[test]
    fn configured_texts_appear_in_the_output() {
        let contract = contract_of_shapes(json!({
            "Out": {"type": "structure", "members": {"cart": {"shape": "Cart", "wire": "Cart"}}},
            "Cart": {"type": "structure", "members": {
                "name": {"shape": "Text", "required": true}, "state": {"shape": "State"}}},
            "Text": {"type": "string"},
            "State": {"type": "enum", "values": ["CREATING", "READY"]}
        }));
        let text = OutputText { operation: "Look".into(), path: "Cart.state".into(), text: "READY".into() };
        let config = ServerConfig { output_texts: vec![text], ..ServerConfig::default() };
        let mut least = json!({});
        apply_output_texts(&contract, "Look", Some(&ShapeId::from("Out")), &config, &mut least);
        assert_eq!(least, json!({ "cart": { "name": "", "state": "READY" } }));
    }
}
