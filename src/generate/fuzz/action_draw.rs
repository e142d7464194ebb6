//! Draws the actions of a fuzz case: one request, a sequence about one stored member, or any sequence.
//!
//! It never fails to terminate: once the choices run out, every choice is 0, the simplest.

use super::act::Act;
use super::source::{Family, Ground, Wild};
use super::values::Values;
use crate::contract::{Kind, Location, MemberPath, Segment};
use crate::generate::draw::{Draw, pick};
use crate::generate::relation::StateKind;
use crate::generate::{Damage, Value};
use indexmap::IndexMap;

/// Maximum number of actions drawn for a sequence.
const LONGEST: u64 = 14;
/// Number of different keys in a sequence; few, so that writes hit the same entries.
const KEYS: u64 = 5;

pub(super) fn acts(wild: &Wild<'_>, draw: &mut dyn Draw) -> Option<Vec<Act>> {
    if wild.grounds.is_empty() {
        return None;
    }
    match draw.below(8) {
        0..=4 => Some(vec![request(wild, pick(draw, &wild.grounds)?, draw)?]),
        5 | 6 if !wild.families.is_empty() => family(wild, pick(draw, &wild.families)?, draw),
        _ => any(wild, draw),
    }
}

/// Draws requests of any operations, one after another.
fn any(wild: &Wild<'_>, draw: &mut dyn Draw) -> Option<Vec<Act>> {
    let count = draw.between(2, LONGEST);
    let mut acts: Vec<Act> = Vec::new();
    for _ in 0..count {
        if !acts.is_empty() && draw.one_in(4) {
            let again = pick(draw, &acts)?.clone();
            acts.push(again);
        } else {
            acts.extend(request(wild, pick(draw, &wild.grounds)?, draw));
        }
    }
    (!acts.is_empty()).then_some(acts)
}

/// Draws one request.
fn request(wild: &Wild<'_>, ground: &Ground<'_>, draw: &mut dyn Draw) -> Option<Act> {
    let kind = draw.below(8);
    let broken = if matches!(kind, 5 | 6) { pick(draw, &ground.sites).map(|site| &site.path) } else { None };
    let values = Values { wild, operation: ground.operation, broken, small: false };
    let input = match (&ground.operation.input, draw.one_in(2)) {
        (None, _) => Value::empty(),
        (Some(input), true) => values.value(input, &MemberPath::root(), 0, draw)?,
        (Some(input), false) => changed(wild, ground, input, &values, draw)?,
    };
    let damage = if kind == 7 { vec![damage(draw)] } else { Vec::new() };
    Some(Act::Send { operation: ground.operation.name.clone(), resource: 1, input, damage })
}

/// Draws an input: the control's, with a few members changed.
fn changed(
    wild: &Wild<'_>,
    ground: &Ground<'_>,
    input: &crate::contract::ShapeId,
    values: &Values<'_, '_>,
    draw: &mut dyn Draw,
) -> Option<Value> {
    let Value::Map(mut plain) = ground.plain.clone() else { return Some(ground.plain.clone()) };
    let members = wild.planner().contract.shape(input).kind.members()?;
    let mut set = |name: &str, draw: &mut dyn Draw| {
        let (name, member) = members.get_key_value(name)?;
        let value = values.value(&member.shape, &MemberPath::root().member(name), 1, draw)?;
        plain.insert(name.clone(), value);
        Some(())
    };
    if let Some(top) = values.broken.and_then(MemberPath::top) {
        set(top, draw)?;
    }
    let names: Vec<&String> = members.keys().collect();
    for _ in 0..draw.below(4) {
        if let Some(name) = pick(draw, &names) {
            let _ = set(name, draw);
        }
    }
    Some(Value::Map(plain))
}

/// Draws a change to an encoded request.
fn damage(draw: &mut dyn Draw) -> Damage {
    let bytes = |draw: &mut dyn Draw| (0..draw.between(1, 6)).map(|_| draw.below(256) as u8).collect::<Vec<u8>>();
    match draw.below(8) {
        0 | 1 => Damage::BodyTruncated(draw.between(1, 99) as u8),
        2 => Damage::BodySuffixed(bytes(draw)),
        3 => Damage::BodyPrefixed(bytes(draw)),
        4 | 5 => {
            const OF: [&[u8]; 10] = [b"{", b"}", b"\"", b":", b",", b"[", b"<", b"=", b"&", b"a"];
            let from = pick(draw, &OF).map_or_else(|| b"a".to_vec(), |from| from.to_vec());
            Damage::BodyReplaced(from, bytes(draw))
        }
        6 => Damage::Body((0..draw.below(40)).map(|_| draw.below(256) as u8).collect()),
        _ => Damage::ContentType(draw.one_in(2).then(|| "text/plain".to_owned())),
    }
}

/// Draws writes, rejected writes, removals and reads of one stored member.
fn family(wild: &Wild<'_>, family: &Family<'_>, draw: &mut dyn Draw) -> Option<Vec<Act>> {
    let keeper = &family.keeper;
    let operation = keeper.operation;
    let member = keeper.path.top()?;
    let ground = wild.ground(operation.name.as_str())?;
    let look = |resource| Act::Look { operation: operation.name.clone(), member: member.to_owned(), resource };
    let mut acts = vec![look(1)];
    let mut resources = 1;
    for _ in 0..draw.between(2, LONGEST) {
        let resource = if family.has_others && draw.one_in(5) { 2 } else { 1 };
        if resource > resources {
            resources = resource;
            acts.push(look(resource));
        }
        match draw.below(10) {
            0..=5 => acts.push(write(wild, family, ground, resource, None, draw)?),
            6 => match family.undoing {
                Some((undoing, named)) => acts.extend(take_back(wild, family, undoing, named, resource, draw)),
                None => acts.push(look(resource)),
            },
            7 | 8 => {
                let inside: Vec<&MemberPath> = ground
                    .sites
                    .iter()
                    .map(|site| &site.path)
                    .filter(|path| path.0.starts_with(&keeper.path.0))
                    .collect();
                let broken = pick(draw, &inside).copied();
                acts.push(write(wild, family, ground, resource, broken, draw)?);
            }
            _ => acts.push(look(resource)),
        }
    }
    for resource in 1..=resources {
        // If only write responses show the stored list, one more write makes the final state visible.
        if keeper.kind == StateKind::List {
            acts.push(write(wild, family, ground, resource, None, draw)?);
        }
        acts.push(look(resource));
    }
    Some(acts)
}

fn write(
    wild: &Wild<'_>,
    family: &Family<'_>,
    ground: &Ground<'_>,
    resource: u32,
    broken: Option<&MemberPath>,
    draw: &mut dyn Draw,
) -> Option<Act> {
    let keeper = &family.keeper;
    let contract = wild.planner().contract;
    let values = Values { wild, operation: keeper.operation, broken, small: true };
    let mut value = values.value(keeper.shape, &keeper.path, 1, draw)?;
    if let (Kind::Map { key, .. }, Value::Map(entries), None) = (&contract.shape(keeper.shape).kind, &mut value, broken)
    {
        let mut named = IndexMap::new();
        for (_, entry) in std::mem::take(entries) {
            named.insert(self::key(wild, family, key, draw), entry);
        }
        if named.is_empty() {
            let place = keeper.path.then(Segment::Value);
            if let Kind::Map { value: inner, .. } = &contract.shape(keeper.shape).kind {
                named.insert(self::key(wild, family, key, draw), values.value(inner, &place, 2, draw)?);
            }
        }
        *entries = named;
    }
    let Value::Map(mut input) = ground.plain.clone() else { return None };
    input.insert(keeper.path.top()?.to_owned(), value);
    let operation = keeper.operation.name.clone();
    Some(Act::Send { operation, resource, input: Value::Map(input), damage: Vec::new() })
}

fn key(wild: &Wild<'_>, family: &Family<'_>, shape: &crate::contract::ShapeId, draw: &mut dyn Draw) -> String {
    let sampler = wild.planner().sampler(family.keeper.operation, &wild.nameless);
    sampler.key(shape, &family.keeper.path, draw.below(KEYS))
}

fn take_back(
    wild: &Wild<'_>,
    family: &Family<'_>,
    undoing: &crate::contract::Operation,
    named: &str,
    resource: u32,
    draw: &mut dyn Draw,
) -> Option<Act> {
    let Value::Map(mut input) = wild.ground(undoing.name.as_str())?.plain.clone() else { return None };
    let Kind::Map { key, .. } = &wild.planner().contract.shape(family.keeper.shape).kind else { return None };
    let mut keys: Vec<String> = (0..draw.between(1, 2)).map(|_| self::key(wild, family, key, draw)).collect();
    keys.sort();
    keys.dedup();
    input.insert(named.to_owned(), Value::List(keys.into_iter().map(Value::Text).collect()));
    Some(Act::Send { operation: undoing.name.clone(), resource, input: Value::Map(input), damage: Vec::new() })
}

/// Returns true if a request with this input has a document as its body.
pub(super) fn has_document(ground: &Ground<'_>, input: &Value) -> bool {
    let Value::Map(given) = input else { return false };
    let of = |location| {
        ground.sites.iter().any(|site| {
            site.location == location
                && site.path.0.len() == 1
                && site.path.top().is_some_and(|top| given.contains_key(top))
        })
    };
    of(Location::Body) && !of(Location::Payload)
}
