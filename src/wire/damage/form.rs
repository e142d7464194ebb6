//! Damage to the names in a form: fields, the numbers of list items and the name before the numbers.
//!
//! It never changes a value.

use super::target::DamageTarget;
use crate::contract::{Protocol, WireTraits};
use crate::wire::aws_query::AwsQueryFormNaming;
use crate::wire::ec2_query::Ec2QueryFormNaming;
use crate::wire::form::FormNaming;
use crate::wire::placed_shape::PlacedShape;
use crate::wire::rest;
use crate::wire::text::percent_encode;

/// Returns the pairs of a form, as written.
fn split_pairs(body: &[u8]) -> Option<Vec<&str>> {
    let text = std::str::from_utf8(body).ok().filter(|text| !text.is_empty())?;
    Some(text.split('&').collect())
}

fn pair_name(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}

/// Returns the encoded name of a member, and the prefix of its items before their numbers.
fn encoded_names(place: &DamageTarget<'_>, name: &str) -> Option<(String, String)> {
    let naming: &dyn FormNaming = match place.contract.protocol {
        Some(Protocol::Ec2Query) => &Ec2QueryFormNaming,
        _ => &AwsQueryFormNaming,
    };
    let member = rest::members(place.contract, place.operation)?.get(name)?;
    let none = WireTraits::default();
    let input = PlacedShape::new(place.contract, place.operation.input.as_ref()?, &none);
    let (_, known) = input.member(name)?;
    let own = naming.member_name(name, member, known);
    let items = naming.item_prefix(&own, Some(known));
    Some((percent_encode(&own, b""), percent_encode(&items, b"")))
}

/// Returns the form with every pair of a member repeated at the end.
pub(super) fn duplicate_member(body: &[u8], place: &DamageTarget<'_>, name: &str) -> Option<Vec<u8>> {
    let (own, _) = encoded_names(place, name)?;
    let all = split_pairs(body)?;
    let below = format!("{own}.");
    let of_member = |pair: &&&str| pair_name(pair) == own || pair_name(pair).starts_with(&below);
    let again: Vec<&str> = all.iter().filter(of_member).copied().collect();
    (!again.is_empty()).then(|| [all.as_slice(), again.as_slice()].concat().join("&").into_bytes())
}

/// Returns the form with a field set to another value, or removed; `None` if nothing would change.
pub(super) fn set_field(body: &[u8], name: &str, value: Option<&str>) -> Option<Vec<u8>> {
    let mut all: Vec<String> = split_pairs(body)?.into_iter().map(str::to_owned).collect();
    let at = all.iter().position(|pair| pair_name(pair) == name);
    match (at, value) {
        (Some(at), Some(value)) => all[at] = format!("{name}={}", percent_encode(value, b"")),
        (None, Some(value)) => all.push(format!("{name}={}", percent_encode(value, b""))),
        (Some(_), None) => all.retain(|pair| pair_name(pair) != name),
        (None, None) => return None,
    }
    let changed = all.join("&").into_bytes();
    (changed != body).then_some(changed)
}

/// Returns the form with the number of a list's last item replaced by these characters.
pub(super) fn set_last_item_number(body: &[u8], place: &DamageTarget<'_>, name: &str, number: &str) -> Option<Vec<u8>> {
    let (_, items) = encoded_names(place, name)?;
    let begin = format!("{items}.");
    let number_of = |pair: &str| {
        let rest = pair_name(pair).strip_prefix(&begin)?;
        rest.split('.').next()?.parse::<u64>().ok()
    };
    let all = split_pairs(body)?;
    let last = all.iter().filter_map(|pair| number_of(pair)).max()?;
    let old = format!("{begin}{last}");
    let changed: Vec<String> = all
        .iter()
        .map(|pair| match pair.strip_prefix(&old) {
            Some(rest) if number_of(pair) == Some(last) => format!("{begin}{number}{rest}"),
            _ => (*pair).to_owned(),
        })
        .collect();
    let changed = changed.join("&").into_bytes();
    (changed != body).then_some(changed)
}

/// Returns the form with another name, or none, before the numbers of a list's items.
pub(super) fn set_item_word(body: &[u8], place: &DamageTarget<'_>, name: &str, word: Option<&str>) -> Option<Vec<u8>> {
    let (own, items) = encoded_names(place, name)?;
    let (old, new) = (format!("{items}."), word.map_or_else(|| format!("{own}."), |word| format!("{own}.{word}.")));
    let all = split_pairs(body)?;
    let changed: Vec<String> = all
        .iter()
        .map(|pair| match pair.strip_prefix(&old) {
            Some(rest) => format!("{new}{rest}"),
            None => (*pair).to_owned(),
        })
        .collect();
    let changed = changed.join("&").into_bytes();
    (changed != body).then_some(changed)
}
