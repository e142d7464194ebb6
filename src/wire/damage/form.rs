//! Damage to the names in a form: fields, the numbers of list items and the name before the numbers.
//!
//! It never changes a value.

use super::Place;
use crate::contract::{Protocol, Traits};
use crate::wire::aws_query::AwsQuery;
use crate::wire::ec2_query::Ec2Query;
use crate::wire::form::Naming;
use crate::wire::known::Known;
use crate::wire::rest;
use crate::wire::text::percent_encode;

/// Returns the pairs of a form, as written.
fn pairs(body: &[u8]) -> Option<Vec<&str>> {
    let text = std::str::from_utf8(body).ok().filter(|text| !text.is_empty())?;
    Some(text.split('&').collect())
}

fn name_of(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}

/// Returns the encoded name of a member, and the prefix of its items before their numbers.
fn names(place: &Place<'_>, name: &str) -> Option<(String, String)> {
    let naming: &dyn Naming = match place.contract.protocol {
        Some(Protocol::Ec2Query) => &Ec2Query,
        _ => &AwsQuery,
    };
    let member = rest::members(place.contract, place.operation)?.get(name)?;
    let none = Traits::default();
    let input = Known::new(place.contract, place.operation.input.as_ref()?, &none);
    let (_, known) = input.member(name)?;
    let own = naming.member(name, member, known);
    let items = naming.items(&own, Some(known));
    Some((percent_encode(&own, b""), percent_encode(&items, b"")))
}

/// Returns the form with every pair of a member repeated at the end.
pub(super) fn twice(body: &[u8], place: &Place<'_>, name: &str) -> Option<Vec<u8>> {
    let (own, _) = names(place, name)?;
    let all = pairs(body)?;
    let below = format!("{own}.");
    let of_member = |pair: &&&str| name_of(pair) == own || name_of(pair).starts_with(&below);
    let again: Vec<&str> = all.iter().filter(of_member).copied().collect();
    (!again.is_empty()).then(|| [all.as_slice(), again.as_slice()].concat().join("&").into_bytes())
}

/// Returns the form with a field set to another value, or removed; `None` if nothing would change.
pub(super) fn with_field(body: &[u8], name: &str, value: Option<&str>) -> Option<Vec<u8>> {
    let mut all: Vec<String> = pairs(body)?.into_iter().map(str::to_owned).collect();
    let at = all.iter().position(|pair| name_of(pair) == name);
    match (at, value) {
        (Some(at), Some(value)) => all[at] = format!("{name}={}", percent_encode(value, b"")),
        (None, Some(value)) => all.push(format!("{name}={}", percent_encode(value, b""))),
        (Some(_), None) => all.retain(|pair| name_of(pair) != name),
        (None, None) => return None,
    }
    let changed = all.join("&").into_bytes();
    (changed != body).then_some(changed)
}

/// Returns the form with the number of a list's last item replaced by these characters.
pub(super) fn with_number(body: &[u8], place: &Place<'_>, name: &str, number: &str) -> Option<Vec<u8>> {
    let (_, items) = names(place, name)?;
    let begin = format!("{items}.");
    let number_of = |pair: &str| {
        let rest = name_of(pair).strip_prefix(&begin)?;
        rest.split('.').next()?.parse::<u64>().ok()
    };
    let all = pairs(body)?;
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
pub(super) fn with_word(body: &[u8], place: &Place<'_>, name: &str, word: Option<&str>) -> Option<Vec<u8>> {
    let (own, items) = names(place, name)?;
    let (old, new) = (format!("{items}."), word.map_or_else(|| format!("{own}."), |word| format!("{own}.{word}.")));
    let all = pairs(body)?;
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
