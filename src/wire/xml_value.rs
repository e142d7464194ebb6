//! Converts XML elements into a document, with the help of the contract for those that it describes.
//!
//! It never rejects a value for its type: a text that is not a number stays a text, to be judged elsewhere.

use super::placed_shape::PlacedShape;
use super::xml::ResponseXmlElement;
use crate::contract::{MemberLocation, ShapeKind};
use serde_json::{Map, Number, Value as Json};

/// Converts an undocumented element: into a text, or into an object of its children. Repeated children become a
/// list, and names of attributes get an `@` in front.
pub(super) fn undocumented_to_json(element: &ResponseXmlElement) -> Json {
    if element.children.is_empty() && element.attributes.is_empty() {
        return element.text.as_str().into();
    }
    let mut out = Map::new();
    for (name, value) in &element.attributes {
        out.insert(format!("@{name}"), value.as_str().into());
    }
    for child in &element.children {
        append_member(&mut out, &child.name, undocumented_to_json(child));
    }
    if element.children.is_empty() {
        out.insert("#text".to_owned(), element.text.as_str().into());
    }
    Json::Object(out)
}

fn append_member(out: &mut Map<String, Json>, name: &str, value: Json) {
    match out.get_mut(name) {
        None => {
            out.insert(name.to_owned(), value);
        }
        Some(Json::Array(items)) => items.push(value),
        Some(first) => {
            let first_value = first.take();
            *first = Json::Array(vec![first_value, value]);
        }
    }
}

/// Converts an element into a structure, by the wire names of its members; undocumented children are
/// included.
pub(super) fn structure_to_json(element: &ResponseXmlElement, known: PlacedShape<'_>) -> Json {
    let Some(members) = known.kind().members() else { return elements_to_json(&[element], known) };
    let mut out = Map::new();
    let mut used: Vec<&str> = Vec::new();
    for (name, member) in members {
        if member.location == MemberLocation::Header {
            continue;
        }
        let Some((_, below)) = known.member(name) else { continue };
        let key = member.wire_name(name);
        if below.traits.attribute {
            if let Some((_, value)) = element.attributes.iter().find(|(name, _)| name == key) {
                out.insert(key.to_owned(), parse_scalar(value, below.kind()));
            }
            continue;
        }
        // Old services use the item's name instead of the list's for the items of a flattened list.
        let item = below.list_item().filter(|_| below.is_flattened()).and_then(|item| item.traits.name.as_deref());
        let tag = item.filter(|_| element.child(key).is_none()).unwrap_or(key);
        let found: Vec<&ResponseXmlElement> = element.children_named(tag).collect();
        used.push(tag);
        if !found.is_empty() {
            out.insert(key.to_owned(), elements_to_json(&found, below));
        }
    }
    for child in element.children.iter().filter(|child| !used.contains(&child.name.as_str())) {
        append_member(&mut out, &child.name, undocumented_to_json(child));
    }
    Json::Object(out)
}

/// Converts all elements with one name: a single value, or the items or entries of a flattened list or map.
fn elements_to_json(found: &[&ResponseXmlElement], known: PlacedShape<'_>) -> Json {
    let Some(first) = found.first() else { return Json::Null };
    let single = |read: &dyn Fn(&ResponseXmlElement) -> Json| match found {
        [one] => read(one),
        // If one is expected, several are a fault, which the list makes visible.
        several => Json::Array(several.iter().map(|one| read(one)).collect()),
    };
    if let Some(item) = known.list_item() {
        let items: Vec<&ResponseXmlElement> =
            if known.is_flattened() { found.to_vec() } else { first.children.iter().collect() };
        return Json::Array(items.into_iter().map(|one| elements_to_json(&[one], item)).collect());
    }
    if let Some((keys, values)) = known.map_entry() {
        let entries: Vec<&ResponseXmlElement> =
            if known.is_flattened() { found.to_vec() } else { first.children.iter().collect() };
        let key_name = keys.traits.name.as_deref().unwrap_or("key");
        let value_name = values.traits.name.as_deref().unwrap_or("value");
        let mut out = Map::new();
        for entry in entries {
            if let Some(key) = entry.child(key_name) {
                let value = entry.child(value_name).map_or(Json::Null, |value| elements_to_json(&[value], values));
                out.insert(key.text.clone(), value);
            }
        }
        return Json::Object(out);
    }
    match known.kind() {
        ShapeKind::Structure { .. } | ShapeKind::Union { .. } => single(&|one| structure_to_json(one, known)),
        ShapeKind::Document => single(&undocumented_to_json),
        kind => single(&|one| {
            if one.children.is_empty() { parse_scalar(&one.text, kind) } else { undocumented_to_json(one) }
        }),
    }
}

/// Parses a text as a value of this kind; it stays a text if it is not one.
fn parse_scalar(text: &str, kind: &ShapeKind) -> Json {
    let trimmed = text.trim();
    match kind {
        ShapeKind::Boolean if trimmed == "true" => Json::Bool(true),
        ShapeKind::Boolean if trimmed == "false" => Json::Bool(false),
        ShapeKind::Integer | ShapeKind::Long => match (trimmed.parse::<i64>(), trimmed.parse::<u64>()) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) => number.into(),
            _ => text.into(),
        },
        ShapeKind::Float | ShapeKind::Double => match trimmed.parse::<f64>().ok().and_then(Number::from_f64) {
            Some(number) => Json::Number(number),
            None => text.into(),
        },
        _ => text.into(),
    }
}
