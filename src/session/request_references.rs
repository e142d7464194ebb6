//! References to resources in requests, and the resources that messages name.
//!
//! It sends nothing.

use crate::contract::{Contract, MemberPath, PathSegment, plain_name};
use crate::infer::IdentifierOrigin;
use serde_json::Value as Json;

/// Maximum number of times that a list holds the same reference.
const MAX_REPEATED_REFERENCES: usize = 4;
/// Minimum length of a noun that is searched for in messages.
pub(super) const MIN_NOUN_LENGTH: usize = 3;

/// Returns the place and the value of a reference; a reference in a list is each of its items.
pub(super) fn place_of_reference(
    contract: &Contract,
    reference: &IdentifierOrigin,
) -> Option<(MemberPath, Option<Json>)> {
    let mut path = MemberPath::parse(&reference.member)?;
    let mut value = Json::String(reference.value.clone());
    if path.0.last() == Some(&PathSegment::Item) {
        path.0.pop();
        let shape = contract.owner_of(&reference.operation).input_shape_at(&reference.operation, &path);
        let least = shape.and_then(|shape| contract.owner_of(&reference.operation).shape(shape).length().min);
        let count = least.map_or(1, |least| usize::try_from(least).unwrap_or(1)).clamp(1, MAX_REPEATED_REFERENCES);
        value = Json::Array(vec![value; count]);
    }
    Some((path, Some(value)))
}

/// Returns true if a value has this place.
pub(super) fn has_place(value: &Json, path: &[PathSegment]) -> bool {
    match (path, value) {
        ([], _) => true,
        ([PathSegment::Member(name), rest @ ..], Json::Object(members)) => {
            members.get(name.as_str()).is_some_and(|member| has_place(member, rest))
        }
        ([PathSegment::Item, rest @ ..], Json::Array(items)) => items.first().is_some_and(|item| has_place(item, rest)),
        _ => false,
    }
}

/// Sets a text member of a structure: `Name` of `TableInput` is the `Name` of the table.
pub(super) fn set_member(value: &mut Json, name: &str, template: &Json) {
    if let Some(member) = value.get_mut(name).filter(|member| member.is_string()) {
        *member = template.clone();
    }
}

/// Returns the words of a message in lowercase.
pub(super) fn words_of(message: &str) -> Vec<String> {
    message.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase).collect()
}

/// Returns true if a place is a member or a part of it.
pub(super) fn is_part_of(place: &str, member: &str) -> bool {
    place.strip_prefix(member).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '{']))
}

/// Endings of members that say by what they name a resource.
const REFERENCE_ENDINGS: [&str; 7] = ["ids", "arns", "names", "id", "arn", "name", "s"];

/// Returns true if a message names the resource that a member refers to: "the specified subnet" for `Subnets`.
pub(super) fn names_member(message: &str, place: &str) -> bool {
    let last = plain_name(place.rsplit('.').next().unwrap_or(place));
    let noun = REFERENCE_ENDINGS.iter().find_map(|ending| last.strip_suffix(ending)).unwrap_or(&last);
    noun.len() >= MIN_NOUN_LENGTH && plain_name(message).contains(noun)
}

/// Returns true if an error says that a resource does not exist.
pub(super) fn says_missing(observed: &str, message: &str) -> bool {
    let message = message.to_lowercase();
    observed.contains("NotFound") || ["not found", "not exist", "doesn't exist"].iter().any(|it| message.contains(it))
}
