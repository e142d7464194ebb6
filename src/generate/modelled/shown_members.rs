//! Finds where the response of a modelled operation shows a member of a request.
//!
//! It compares names and shapes, never values.

use crate::case::MemberPlaces;
use crate::contract::{Contract, Member, MemberLocation, Operation, ShapeId, ShapeKind};
use crate::generate::web::shown_members::{have_same_kind, is_volatile};

/// Parts of the names of members that are shown only once, in another form, or not at all.
const HIDDEN_PARTS: [&str; 5] = ["password", "secret", "token", "key", "policy"];

/// Returns the members of a response, each with its path: those at the top, and those of the structure, or of the items of
/// the list, that the response is about.
fn shown_members<'c>(contract: &'c Contract, reader: &Operation) -> Vec<(String, &'c str, &'c Member)> {
    let members = reader.output.as_ref().and_then(|output| contract.shapes.get(output)?.kind.members());
    let Some(members) = members else { return Vec::new() };
    let in_body =
        || members.iter().filter(|(_, it)| matches!(it.location, MemberLocation::Body | MemberLocation::Payload));
    let inner = |id: &ShapeId| match &contract.shapes.get(id)?.kind {
        ShapeKind::List { member } => Some(("[0]", contract.shapes.get(member)?.kind.members()?)),
        kind => Some(("", kind.members()?)),
    };
    let mut wrappers = in_body().filter_map(|(name, it)| Some((it.wire_name(name), inner(&it.shape)?)));
    let wrapper = wrappers.next().filter(|_| wrappers.next().is_none());
    let mut shown: Vec<_> = in_body().map(|(name, it)| (it.wire_name(name).to_owned(), name.as_str(), it)).collect();
    if let Some((outer, (index, inside))) = wrapper {
        shown.extend(
            inside.iter().map(|(name, it)| (format!("{outer}{index}.{}", it.wire_name(name)), name.as_str(), it)),
        );
    }
    shown
}

/// Returns the members of an operation's input that the response of another one shows as they were sent, by name.
pub(crate) fn stored_places<'c>(
    contract: &'c Contract,
    writer: &'c Operation,
    reader: &Operation,
) -> Vec<(&'c str, MemberPlaces)> {
    let shown = shown_members(contract, reader);
    let inputs = writer.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    inputs
        .into_iter()
        .flatten()
        .filter(|(name, member)| member.location == MemberLocation::Body && !is_hidden(name))
        .filter_map(|(name, member)| {
            let mut same = shown
                .iter()
                .filter(|(_, other, it)| *other == name && have_same_kind(contract, &member.shape, &it.shape, 0));
            let (place, ..) = same.next().filter(|_| same.next().is_none())?;
            Some((name.as_str(), MemberPlaces { first: member.wire_name(name).to_owned(), second: place.clone() }))
        })
        .collect()
}

/// Returns the places of a response that show the same as long as nothing changes the resource: texts and whole numbers
/// that do not change on their own, and the time of creation.
pub(crate) fn constant_places(contract: &Contract, reader: &Operation) -> Vec<String> {
    let is_constant = |name: &str, member: &Member| {
        let is_creation = name.to_ascii_lowercase().contains("creat");
        match contract.shape(&member.shape).kind {
            ShapeKind::Timestamp => is_creation,
            ShapeKind::String => is_creation || !is_volatile(name) && !name.to_ascii_lowercase().contains("stat"),
            _ => false,
        }
    };
    let shown = shown_members(contract, reader);
    shown.into_iter().filter(|(_, name, member)| is_constant(name, member)).map(|(place, ..)| place).collect()
}

/// Returns true if a member may be shown in another form, or not at all.
fn is_hidden(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    is_volatile(name) || HIDDEN_PARTS.iter().any(|part| lower.contains(part))
}
