//! Finds where the response of a web API shows a member of a request.
//!
//! It compares names and shapes, never values.

use crate::case::MemberPlaces;
use crate::contract::{Contract, Member, MemberLocation, Operation, ShapeId, ShapeKind};

/// Members that wrap what a response is about.
const WRAPPERS: [&str; 8] = ["data", "result", "item", "response", "payload", "record", "resource", "attributes"];
/// Parts of the names of members that change on their own, or are shown only once or in another form.
const VOLATILE_PARTS: [&str; 17] = [
    "updated", "modified", "changed", "version", "etag", "revision", "last", "count", "token", "secret", "password",
    "url", "uri", "expires", "href", "link", "hash",
];

/// Returns true if a member may change on its own, or is not shown as it was sent.
pub(crate) fn is_volatile(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    VOLATILE_PARTS.iter().any(|part| lower.contains(part)) || lower == "key" || lower.ends_with("_key")
}

/// Returns the members of a structure that a response shows, each with its path.
pub(crate) fn shown_members<'c>(
    contract: &'c Contract,
    operation: &Operation,
    noun: &str,
) -> Vec<(String, &'c str, &'c Member)> {
    let Some(output) = &operation.output else { return Vec::new() };
    let Some(id) = contract.shapes.get_key_value(output).map(|(id, _)| id) else { return Vec::new() };
    let Some(members) = contract.shape(id).kind.members() else { return Vec::new() };
    let in_body = || members.iter().filter(|(_, member)| member.location == MemberLocation::Body);
    let is_wrapper = |name: &str| WRAPPERS.contains(&name) || name.eq_ignore_ascii_case(noun);
    // A wrapper is the only structure, or one of the usual names, so that no other resource is taken for this one.
    let wrapper = in_body().find(|(name, member)| {
        is_wrapper(name) && matches!(contract.shape(&member.shape).kind, ShapeKind::Structure { .. })
    });
    match wrapper {
        Some((name, member)) => {
            let outer = member.wire_name(name);
            let inner = contract.shape(&member.shape).kind.members().into_iter().flatten();
            inner.map(|(name, it)| (format!("{outer}.{}", it.wire_name(name)), name.as_str(), it)).collect()
        }
        None => in_body().map(|(name, it)| (it.wire_name(name).to_owned(), name.as_str(), it)).collect(),
    }
}

/// Returns the body members of an operation's input that the response of another one shows, by name.
pub(crate) fn stored_places<'c>(
    contract: &'c Contract,
    writer: &'c Operation,
    reader: &Operation,
    noun: &str,
) -> Vec<(&'c str, MemberPlaces)> {
    let shown = shown_members(contract, reader, noun);
    let inputs = writer.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    inputs
        .into_iter()
        .flatten()
        .filter(|(_, member)| member.location == MemberLocation::Body)
        .filter_map(|(name, member)| {
            let (place, ..) = shown
                .iter()
                .find(|(_, other, it)| *other == name && have_same_kind(contract, &member.shape, &it.shape, 0))?;
            let hidden = ["password", "secret", "token"].iter().any(|part| name.to_ascii_lowercase().contains(part));
            let places = MemberPlaces { first: member.wire_name(name).to_owned(), second: place.clone() };
            (!hidden).then_some((name.as_str(), places))
        })
        .collect()
}

/// Returns the members that two responses show alike: those of the resource that do not change on their own.
pub(crate) fn common_places(contract: &Contract, one: &Operation, other: &Operation, noun: &str) -> Vec<MemberPlaces> {
    let second = shown_members(contract, other, noun);
    shown_members(contract, one, noun)
        .into_iter()
        .filter(|(_, name, member)| {
            !is_volatile(name)
                && !matches!(contract.shape(&member.shape).kind, ShapeKind::Timestamp | ShapeKind::Document)
        })
        .filter_map(|(first, name, member)| {
            let (place, ..) = second
                .iter()
                .find(|(_, other, it)| *other == name && have_same_kind(contract, &member.shape, &it.shape, 0))?;
            Some(MemberPlaces { first, second: place.clone() })
        })
        .collect()
}

/// Returns true if two shapes have values of the same kind.
pub(crate) fn have_same_kind(contract: &Contract, one: &ShapeId, other: &ShapeId, depth: usize) -> bool {
    let (one, other) = (&contract.shape(one).kind, &contract.shape(other).kind);
    let is_text = |kind: &ShapeKind| matches!(kind, ShapeKind::String | ShapeKind::Enum { .. } | ShapeKind::Timestamp);
    let is_number =
        |kind: &ShapeKind| matches!(kind, ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double);
    match (one, other) {
        (ShapeKind::Boolean, ShapeKind::Boolean) | (ShapeKind::Map { .. }, ShapeKind::Map { .. }) => true,
        (ShapeKind::List { member: one }, ShapeKind::List { member: other }) => {
            depth > 3 || have_same_kind(contract, one, other, depth + 1)
        }
        (ShapeKind::Structure { members: one }, ShapeKind::Structure { members: other }) => {
            depth > 3
                || one.iter().all(|(name, member)| {
                    other.get(name).is_some_and(|it| have_same_kind(contract, &member.shape, &it.shape, depth + 1))
                })
        }
        (one, other) => (is_text(one) && is_text(other)) || (is_number(one) && is_number(other)),
    }
}
