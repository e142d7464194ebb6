//! Finds where a web API's response shows the identifier of what was created, and which values a new resource needs.
//!
//! It never builds a fixture.

use crate::contract::{Contract, Operation, Shape, ShapeId, ShapeKind, plain_name};
use crate::infer::name_parts::{ReferenceKind, parse_reference, split_words};
use crate::infer::template_fit::template_fits;
use crate::infer::unique_template::unique_template;
use std::collections::VecDeque;

/// Members that wrap what a response is about.
const WRAPPERS: [&str; 9] = ["data", "result", "results", "item", "items", "response", "payload", "record", "resource"];
/// Names of a resource's own identifier, the most common first.
const OWN_IDENTIFIERS: [&str; 6] = ["id", "_id", "uuid", "uid", "guid", "pk"];
/// Members that identify a resource without any of those, the most common first: `{terminal_id}` is the `name` of a
/// terminal.
pub(super) const NAMING_MEMBERS: [&str; 5] = ["name", "key", "slug", "code", "number"];
/// Maximum depth of the search for an identifier.
const MAX_DEPTH: usize = 3;
/// Separates the places of a captured value; the first that the response has counts.
const SEPARATOR: &str = " | ";
/// The identifier is the end of the URL of the new resource.
const LOCATION_HEADER: &str = "header Location";

/// Templates for texts that differ from case to case; a text of any common form matches one of them.
const FRESH_TEXTS: [&str; 6] =
    ["ovs-{run}-{case}", "ovs{run}{case}", "o{run}{case}", "o{case}", "{run}-0000-4000-8000-{case}", "OVS-{case}"];
/// Templates for email addresses.
const FRESH_EMAILS: [&str; 3] = ["ovs-{run}-{case}@example.com", "o{run}{case}@example.com", "o{case}@example.com"];
/// Last words of members whose values are usually unique.
const UNIQUE_WORDS: [&str; 22] = [
    "email",
    "username",
    "login",
    "slug",
    "handle",
    "sku",
    "code",
    "name",
    "domain",
    "subdomain",
    "hostname",
    "key",
    "reference",
    "number",
    "nickname",
    "title",
    "isbn",
    "ean",
    "iban",
    "vin",
    "barcode",
    "serial",
];
/// An identifier in the form of a UUID that no resource has.
pub(super) const MISSING_UUID: &str = "00000000-0000-4000-8000-000000000000";

/// Where the response to a creating operation shows an identifier.
pub(super) struct IdentifierPlaces {
    /// The places, for `capture`: the documented one, then those that are usual.
    pub capture: String,
    /// The documented shape of the identifier, if the response documents it.
    pub shape: Option<ShapeId>,
}

/// Returns where the response shows the identifier that a member called `member` refers to.
pub(super) fn identifier_places(
    contract: &Contract,
    operation: &Operation,
    member: &str,
    noun: &[String],
) -> IdentifierPlaces {
    let is_own_id = is_own_identifier(member, noun);
    let own_member = member_of_noun(member, noun).filter(|_| !is_own_id);
    let find = |member: &str, is_id| find_identifier(contract, operation.output.as_ref()?, is_id, member, noun);
    let documented = find(member, is_own_id).or_else(|| find(own_member.as_deref()?, false));
    let mut places: Vec<String> = documented.iter().map(|(place, _)| place.clone()).collect();
    if documented.is_none() {
        places.push(member.to_owned());
        if !is_own_id {
            places.push(format!("data.{member}"));
        }
        if let Some(own) = own_member {
            places.extend([format!("data.{own}"), own]);
        }
        // A label of another name is usually the identifier all the same: `{ref}`.
        places.extend(["id".to_owned(), "data.id".to_owned(), format!("{}.id", noun.join("_"))]);
    }
    places.push(LOCATION_HEADER.to_owned());
    let mut seen = std::collections::HashSet::new();
    places.retain(|place| seen.insert(place.clone()));
    IdentifierPlaces { capture: places.join(SEPARATOR), shape: documented.map(|(_, shape)| shape) }
}

/// Returns where a list shows the identifier of its first item.
pub(super) fn listed_identifier_places(
    contract: &Contract,
    operation: &Operation,
    member: &str,
    noun: &[String],
) -> IdentifierPlaces {
    let documented = operation
        .output
        .as_ref()
        .and_then(|output| find_identifier(contract, output, true, member, noun))
        .filter(|(place, _)| place.contains("[0]"));
    match documented {
        Some((place, shape)) => IdentifierPlaces { capture: place, shape: Some(shape) },
        None => {
            let places = ["[0].id", "data[0].id", "items[0].id", "results[0].id"].map(str::to_owned);
            IdentifierPlaces { capture: places.join(SEPARATOR), shape: None }
        }
    }
}

/// Returns where an output shows a member of the resource itself.
pub(super) fn find_own_member(contract: &Contract, output: &ShapeId, member: &str, noun: &[String]) -> Option<String> {
    find_identifier(contract, output, false, member, noun)
        .map(|(place, _)| place)
        .filter(|place| !place.contains("[0]"))
}

/// Returns the member of a resource that a name with the resource's noun refers to: `name` for `work_pool_name`.
pub(super) fn member_of_noun(name: &str, noun: &[String]) -> Option<String> {
    let words = split_words(name);
    let rest = words.strip_prefix(noun).filter(|rest| !noun.is_empty() && !rest.is_empty())?;
    Some(rest.join("_"))
}

/// Returns true if a member refers to a resource by its own identifier rather than by a name, a slug or a number.
pub(super) fn is_own_identifier(member: &str, noun: &[String]) -> bool {
    let reference = parse_reference(member);
    match reference.kind {
        ReferenceKind::Id => true,
        ReferenceKind::BareNoun => noun.ends_with(&reference.noun),
        ReferenceKind::Name | ReferenceKind::Arn | ReferenceKind::Url => false,
    }
}

/// Searches an output in breadth-first order: for a member of the same name and, if it is the resource's own identifier,
/// for the usual names of one.
fn find_identifier(
    contract: &Contract,
    output: &ShapeId,
    is_own_id: bool,
    member: &str,
    noun: &[String],
) -> Option<(String, ShapeId)> {
    // Numbers in examples may be fractions.
    let is_scalar = |id: &ShapeId| {
        let kind = &contract.shape(id).kind;
        matches!(kind, ShapeKind::String | ShapeKind::Integer | ShapeKind::Long | ShapeKind::Double)
    };
    let (lower, plain) = (member.to_ascii_lowercase(), plain_name(member));
    let fits = |name: &str, is_own: bool| {
        let reference = parse_reference(name);
        let is_same = if plain.is_empty() { name.to_ascii_lowercase() == lower } else { plain_name(name) == plain };
        if !is_own_id {
            return is_same && is_own;
        }
        (is_same && (is_own || !reference.noun.is_empty()))
            || (is_own && OWN_IDENTIFIERS.contains(&name.to_ascii_lowercase().as_str()))
            || (reference.kind == ReferenceKind::Id && !reference.noun.is_empty() && reference.noun == noun)
    };
    // Parts of a resource have identifiers of their own: only wrappers and the resource's noun lead to its identifier.
    let mut open: VecDeque<(String, &ShapeId, usize, bool)> = VecDeque::from([(String::new(), output, 0, true)]);
    while let Some((path, id, depth, is_own)) = open.pop_front() {
        match &contract.shape(id).kind {
            ShapeKind::Structure { members } | ShapeKind::Union { members } => {
                let dot = if path.is_empty() { "" } else { "." };
                let place =
                    |name: &String, wire: &str| format!("{path}{dot}{}", if wire.is_empty() { name } else { wire });
                let mut found: Vec<(usize, String, &ShapeId)> = members
                    .iter()
                    .filter(|(name, it)| fits(name, is_own) && is_scalar(&it.shape))
                    .map(|(name, it)| {
                        let rank = usize::from(name.to_ascii_lowercase() != lower);
                        (rank, place(name, it.wire_name(name)), &it.shape)
                    })
                    .collect();
                found.sort_by_key(|(rank, ..)| *rank);
                if let Some((_, place, shape)) = found.into_iter().next() {
                    return Some((place, shape.clone()));
                }
                for (name, it) in members.iter().filter(|_| depth < MAX_DEPTH) {
                    let reference = parse_reference(name);
                    let leads = WRAPPERS.contains(&name.to_ascii_lowercase().as_str()) || reference.noun == noun;
                    open.push_back((place(name, it.wire_name(name)), &it.shape, depth + 1, is_own && leads));
                }
            }
            ShapeKind::List { member } if depth <= MAX_DEPTH => {
                open.push_back((format!("{path}[0]"), member, depth + 1, is_own));
            }
            _ => {}
        }
    }
    None
}

/// Returns a template for a value that differs from case to case, for a member whose values are usually unique.
pub(super) fn fresh_value(member: &str, shape: &Shape) -> Option<String> {
    let words = split_words(member);
    let last = words.last()?.as_str();
    if !UNIQUE_WORDS.contains(&last) || !matches!(shape.kind, ShapeKind::String) {
        return None;
    }
    let first: &[&str] = if last == "email" { &FRESH_EMAILS } else { &FRESH_TEXTS };
    let second: &[&str] = if last == "email" { &[] } else { &FRESH_EMAILS };
    let usual = first.iter().chain(second).copied().find(|template| template_fits(shape, template));
    usual.map(str::to_owned).or_else(|| unique_template(shape))
}

/// Returns true for a header that makes a request idempotent: `Idempotency-Key`.
pub(super) fn is_idempotency_key(header: &str) -> bool {
    let plain = plain_name(header);
    plain.contains("idempotency") || plain == "requestid" || plain == "xrequestid"
}

/// Returns a template for an identifier that the caller chooses.
pub(super) fn fresh_identifier(shape: &Shape) -> Option<String> {
    let is_text = matches!(shape.kind, ShapeKind::String);
    let usual = FRESH_TEXTS.into_iter().find(|template| is_text && template_fits(shape, template));
    usual.map(str::to_owned).or_else(|| unique_template(shape))
}
