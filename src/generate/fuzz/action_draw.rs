//! Draws the actions of a fuzz case: one request, a sequence about one stored member, or any sequence.
//!
//! It never fails to terminate: once the choices run out, every choice is 0, the simplest.

use super::action::Action;
use super::generator::{FuzzGenerator, OperationInfo, StatefulTarget};
use super::values::{MAX_PARTS, ValueGenerator};
use crate::case::{Damage, Resource, StateKind, Value};
use crate::contract::{MemberLocation, MemberPath, PathSegment, ShapeKind};
use crate::pattern::{Draw, pick_item};
use indexmap::IndexMap;
use std::cell::Cell;

/// Maximum number of actions drawn for a sequence.
const MAX_ACTIONS_DRAWN: u64 = 14;
/// Number of different keys in a sequence; few, so that writes hit the same entries.
const KEY_COUNT: u64 = 5;

impl FuzzGenerator<'_> {
    /// Draws actions. Returns `None` if the choices lead to nothing that can be sent.
    pub fn draw_actions(&self, draw: &mut dyn Draw) -> Option<Vec<Action>> {
        draw_actions(self, draw)
    }
}

fn draw_actions(generator: &FuzzGenerator<'_>, draw: &mut dyn Draw) -> Option<Vec<Action>> {
    if generator.operation_infos.is_empty() {
        return None;
    }
    match draw.below(8) {
        0..=4 => Some(vec![draw_request(generator, pick_item(draw, &generator.operation_infos)?, draw)?]),
        5 | 6 if !generator.stateful_targets.is_empty() => {
            draw_stateful_sequence(generator, pick_item(draw, &generator.stateful_targets)?, draw)
        }
        _ => draw_any_sequence(generator, draw),
    }
}

/// Draws requests of any operations, one after another.
fn draw_any_sequence(generator: &FuzzGenerator<'_>, draw: &mut dyn Draw) -> Option<Vec<Action>> {
    let count = draw.between(2, MAX_ACTIONS_DRAWN);
    let mut actions: Vec<Action> = Vec::new();
    for _ in 0..count {
        if !actions.is_empty() && draw.one_in(4) {
            let repeated = pick_item(draw, &actions)?.clone();
            actions.push(repeated);
        } else {
            actions.extend(draw_request(generator, pick_item(draw, &generator.operation_infos)?, draw));
        }
    }
    (!actions.is_empty()).then_some(actions)
}

/// Draws one request.
fn draw_request(generator: &FuzzGenerator<'_>, info: &OperationInfo<'_>, draw: &mut dyn Draw) -> Option<Action> {
    let kind = draw.below(8);
    let violated_path = if matches!(kind, 5 | 6) { pick_item(draw, &info.sites).map(|site| &site.path) } else { None };
    let values = ValueGenerator {
        generator,
        operation: info.operation,
        violated_path,
        keep_small: false,
        parts_left: Cell::new(MAX_PARTS),
    };
    let input = match (&info.operation.input, draw.one_in(2)) {
        (None, _) => Value::empty_map(),
        (Some(input), true) => values.draw_value(input, &MemberPath::root(), 0, draw)?,
        (Some(input), false) => draw_changed_input(generator, info, input, &values, draw)?,
    };
    let damage = if kind == 7 { vec![draw_damage(draw)] } else { Vec::new() };
    Some(Action::Send { operation: info.operation.name.clone(), resource: Resource::FIRST, input, damage })
}

/// Draws an input: the control's, with a few members changed.
fn draw_changed_input(
    generator: &FuzzGenerator<'_>,
    info: &OperationInfo<'_>,
    input: &crate::contract::ShapeId,
    values: &ValueGenerator<'_, '_>,
    draw: &mut dyn Draw,
) -> Option<Value> {
    let Value::Map(mut plain) = info.control_input.clone() else { return Some(info.control_input.clone()) };
    let members = generator.context().contract.shape(input).kind.members()?;
    let mut set = |name: &str, draw: &mut dyn Draw| {
        let (name, member) = members.get_key_value(name)?;
        let value = values.draw_value(&member.shape, &MemberPath::root().join_member(name), 1, draw)?;
        plain.insert(name.clone(), value);
        Some(())
    };
    if let Some(top) = values.violated_path.and_then(MemberPath::top_member) {
        set(top, draw)?;
    }
    let names: Vec<&String> = members.keys().collect();
    for _ in 0..draw.below(4) {
        if let Some(name) = pick_item(draw, &names) {
            let _ = set(name, draw);
        }
    }
    Some(Value::Map(plain))
}

/// Draws a change to an encoded request.
fn draw_damage(draw: &mut dyn Draw) -> Damage {
    let bytes = |draw: &mut dyn Draw| (0..draw.between(1, 6)).map(|_| draw.below(256) as u8).collect::<Vec<u8>>();
    match draw.below(8) {
        0 | 1 => Damage::BodyTruncated(draw.between(1, 99) as u8),
        2 => Damage::BodySuffixed(bytes(draw)),
        3 => Damage::BodyPrefixed(bytes(draw)),
        4 | 5 => {
            const OF: [&[u8]; 10] = [b"{", b"}", b"\"", b":", b",", b"[", b"<", b"=", b"&", b"a"];
            let from = pick_item(draw, &OF).map_or_else(|| b"a".to_vec(), |from| from.to_vec());
            Damage::BodyReplaced(from, bytes(draw))
        }
        6 => Damage::Body((0..draw.below(40)).map(|_| draw.below(256) as u8).collect()),
        _ => Damage::ContentType(draw.one_in(2).then(|| "text/plain".to_owned())),
    }
}

/// Draws writes, rejected writes, removals and reads of one stored member.
fn draw_stateful_sequence(
    generator: &FuzzGenerator<'_>,
    target: &StatefulTarget<'_>,
    draw: &mut dyn Draw,
) -> Option<Vec<Action>> {
    let stored_member = &target.stored_member;
    let operation = stored_member.operation;
    let member = stored_member.path.top_member()?;
    let info = generator.operation_info(operation.name.as_str())?;
    let read = |resource| Action::Read { operation: operation.name.clone(), member: member.to_owned(), resource };
    let mut actions = vec![read(Resource::FIRST)];
    let mut resources = vec![Resource::FIRST];
    for _ in 0..draw.between(2, MAX_ACTIONS_DRAWN) {
        let resource = if target.has_other_resources && draw.one_in(5) { Resource::SECOND } else { Resource::FIRST };
        if !resources.contains(&resource) {
            resources.push(resource);
            actions.push(read(resource));
        }
        match draw.below(10) {
            0..=5 => actions.push(draw_write(generator, target, info, resource, None, draw)?),
            6 => match target.removal {
                Some((removal, named)) => {
                    actions.extend(draw_removal(generator, target, removal, named, resource, draw))
                }
                None => actions.push(read(resource)),
            },
            7 | 8 => {
                let inside: Vec<&MemberPath> = info
                    .sites
                    .iter()
                    .map(|site| &site.path)
                    .filter(|path| path.0.starts_with(&stored_member.path.0))
                    .collect();
                let violated_path = pick_item(draw, &inside).copied();
                actions.push(draw_write(generator, target, info, resource, violated_path, draw)?);
            }
            _ => actions.push(read(resource)),
        }
    }
    for resource in resources {
        // If only write responses show the stored list, one more write makes the final state visible.
        if stored_member.kind == StateKind::List {
            actions.push(draw_write(generator, target, info, resource, None, draw)?);
        }
        actions.push(read(resource));
    }
    Some(actions)
}

fn draw_write(
    generator: &FuzzGenerator<'_>,
    target: &StatefulTarget<'_>,
    info: &OperationInfo<'_>,
    resource: Resource,
    violated_path: Option<&MemberPath>,
    draw: &mut dyn Draw,
) -> Option<Action> {
    let stored_member = &target.stored_member;
    let contract = generator.context().contract;
    let values = ValueGenerator {
        generator,
        operation: stored_member.operation,
        violated_path,
        keep_small: true,
        parts_left: Cell::new(MAX_PARTS),
    };
    let mut value = values.draw_value(stored_member.shape, &stored_member.path, 1, draw)?;
    if let (ShapeKind::Map { key, .. }, Value::Map(entries), None) =
        (&contract.shape(stored_member.shape).kind, &mut value, violated_path)
    {
        let mut named = IndexMap::new();
        for (_, entry) in std::mem::take(entries) {
            named.insert(self::draw_key(generator, target, key, draw), entry);
        }
        if named.is_empty() {
            let place = stored_member.path.join(PathSegment::Value);
            if let ShapeKind::Map { value: inner, .. } = &contract.shape(stored_member.shape).kind {
                named.insert(self::draw_key(generator, target, key, draw), values.draw_value(inner, &place, 2, draw)?);
            }
        }
        *entries = named;
    }
    let Value::Map(mut input) = info.control_input.clone() else { return None };
    input.insert(stored_member.path.top_member()?.to_owned(), value);
    let operation = stored_member.operation.name.clone();
    Some(Action::Send { operation, resource, input: Value::Map(input), damage: Vec::new() })
}

fn draw_key(
    generator: &FuzzGenerator<'_>,
    target: &StatefulTarget<'_>,
    shape: &crate::contract::ShapeId,
    draw: &mut dyn Draw,
) -> String {
    let sampler = generator.context().input_sampler(target.stored_member.operation, &generator.empty_id);
    sampler.sample_key(shape, &target.stored_member.path, draw.below(KEY_COUNT))
}

fn draw_removal(
    generator: &FuzzGenerator<'_>,
    target: &StatefulTarget<'_>,
    removal: &crate::contract::Operation,
    keys_member: &str,
    resource: Resource,
    draw: &mut dyn Draw,
) -> Option<Action> {
    let Value::Map(mut input) = generator.operation_info(removal.name.as_str())?.control_input.clone() else {
        return None;
    };
    let ShapeKind::Map { key, .. } = &generator.context().contract.shape(target.stored_member.shape).kind else {
        return None;
    };
    let mut keys: Vec<String> = (0..draw.between(1, 2)).map(|_| self::draw_key(generator, target, key, draw)).collect();
    keys.sort();
    keys.dedup();
    input.insert(keys_member.to_owned(), Value::List(keys.into_iter().map(Value::Text).collect()));
    Some(Action::Send { operation: removal.name.clone(), resource, input: Value::Map(input), damage: Vec::new() })
}

/// Returns true if a request with this input has a document as its body.
pub(super) fn has_body_document(info: &OperationInfo<'_>, input: &Value) -> bool {
    let Value::Map(given) = input else { return false };
    let of = |location| {
        info.sites.iter().any(|site| {
            site.location == location
                && site.path.0.len() == 1
                && site.path.top_member().is_some_and(|top| given.contains_key(top))
        })
    };
    of(MemberLocation::Body) && !of(MemberLocation::Payload)
}
