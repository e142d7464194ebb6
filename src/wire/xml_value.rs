//! Converts XML elements into a document, with the help of the contract for those that it describes.
//!
//! It never rejects a value for its type: a text that is not a number stays a text, to be judged elsewhere.

use super::known::Known;
use super::xml::Element;
use crate::contract::{Kind, Location};
use serde_json::{Map, Number, Value as Json};

/// Converts an undocumented element: into a text, or into an object of its children. Repeated children become a
/// list, and names of attributes get an `@` in front.
pub(super) fn unknown(element: &Element) -> Json {
    if element.children.is_empty() && element.attributes.is_empty() {
        return element.text.as_str().into();
    }
    let mut out = Map::new();
    for (name, value) in &element.attributes {
        out.insert(format!("@{name}"), value.as_str().into());
    }
    for child in &element.children {
        append(&mut out, &child.name, unknown(child));
    }
    if element.children.is_empty() {
        out.insert("#text".to_owned(), element.text.as_str().into());
    }
    Json::Object(out)
}

fn append(out: &mut Map<String, Json>, name: &str, value: Json) {
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
pub(super) fn structure(element: &Element, known: Known<'_>) -> Json {
    let Some(members) = known.kind().members() else { return read(&[element], known) };
    let mut out = Map::new();
    let mut used: Vec<&str> = Vec::new();
    for (name, member) in members {
        if member.location == Location::Header {
            continue;
        }
        let Some((_, below)) = known.member(name) else { continue };
        let key = member.wire_name(name);
        if below.traits.attribute {
            if let Some((_, value)) = element.attributes.iter().find(|(name, _)| name == key) {
                out.insert(key.to_owned(), scalar(value, below.kind()));
            }
            continue;
        }
        // Old services use the item's name instead of the list's for the items of a flattened list.
        let item = below.item().filter(|_| below.flattened()).and_then(|item| item.traits.name.as_deref());
        let tag = item.filter(|_| element.child(key).is_none()).unwrap_or(key);
        let found: Vec<&Element> = element.all(tag).collect();
        used.push(tag);
        if !found.is_empty() {
            out.insert(key.to_owned(), read(&found, below));
        }
    }
    for child in element.children.iter().filter(|child| !used.contains(&child.name.as_str())) {
        append(&mut out, &child.name, unknown(child));
    }
    Json::Object(out)
}

/// Converts all elements with one name: a single value, or the items or entries of a flattened list or map.
fn read(found: &[&Element], known: Known<'_>) -> Json {
    let Some(first) = found.first() else { return Json::Null };
    let single = |read: &dyn Fn(&Element) -> Json| match found {
        [one] => read(one),
        // If one is expected, several are a fault, which the list makes visible.
        several => Json::Array(several.iter().map(|one| read(one)).collect()),
    };
    if let Some(item) = known.item() {
        let items: Vec<&Element> = if known.flattened() { found.to_vec() } else { first.children.iter().collect() };
        return Json::Array(items.into_iter().map(|one| read(&[one], item)).collect());
    }
    if let Some((keys, values)) = known.entry() {
        let entries: Vec<&Element> = if known.flattened() { found.to_vec() } else { first.children.iter().collect() };
        let key_name = keys.traits.name.as_deref().unwrap_or("key");
        let value_name = values.traits.name.as_deref().unwrap_or("value");
        let mut out = Map::new();
        for entry in entries {
            if let Some(key) = entry.child(key_name) {
                let value = entry.child(value_name).map_or(Json::Null, |value| read(&[value], values));
                out.insert(key.text.clone(), value);
            }
        }
        return Json::Object(out);
    }
    match known.kind() {
        Kind::Structure { .. } | Kind::Union { .. } => single(&|one| structure(one, known)),
        Kind::Document => single(&unknown),
        kind => single(&|one| if one.children.is_empty() { scalar(&one.text, kind) } else { unknown(one) }),
    }
}

/// Parses a text as a value of this kind; it stays a text if it is not one.
fn scalar(text: &str, kind: &Kind) -> Json {
    let trimmed = text.trim();
    match kind {
        Kind::Boolean if trimmed == "true" => Json::Bool(true),
        Kind::Boolean if trimmed == "false" => Json::Bool(false),
        Kind::Integer | Kind::Long => match (trimmed.parse::<i64>(), trimmed.parse::<u64>()) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) => number.into(),
            _ => text.into(),
        },
        Kind::Float | Kind::Double => match trimmed.parse::<f64>().ok().and_then(Number::from_f64) {
            Some(number) => Json::Number(number),
            None => text.into(),
        },
        _ => text.into(),
    }
}
