//! Decides what a byte budget counts, once all other limits are known.
//!
//! It never guesses silently: the chosen scope is recorded as an `assumed` fact, or as two if both are possible.

use crate::contract::{
    ByteScope, Contract, Fact, FactField, FactOrigin, MemberPath, PathSegment, Shape, ShapeId, ShapeKind, ShapeRule,
};
use std::collections::HashSet;

/// Decides the scope of every byte budget: the one under which every other documented maximum stays reachable.
/// If both scopes allow that, `values` is chosen and both are recorded as disputed facts.
pub(super) fn decide_byte_scopes(contract: &mut Contract) {
    let ids: Vec<ShapeId> = contract.shapes.keys().cloned().collect();
    for id in ids {
        let shape = &contract.shapes[&id];
        for index in 0..shape.rules.len() {
            let ShapeRule::MaxTotalBytes { max, .. } = contract.shapes[&id].rules[index] else { continue };
            let scope_field = FactField::RuleScope(index);
            let shape = &contract.shapes[&id];
            if shape.facts.iter().any(|fact| fact.field == scope_field && fact.standing != FactOrigin::Assumed) {
                continue;
            }
            let Some(provenance) = shape.facts_at(&FactField::Rule(index)).next().map(Fact::provenance) else {
                continue;
            };
            let scopes = possible_scopes(contract, shape, max);
            let Some(shape) = contract.shapes.get_mut(&id) else { continue };
            shape.facts.retain(|fact| fact.field != scope_field);
            let disputed = scopes.len() > 1;
            for scope in &scopes {
                let value = serde_json::to_value(scope).unwrap_or_default();
                let mut fact = Fact::new(scope_field.clone(), value, FactOrigin::Assumed, &provenance);
                fact.disputed = disputed;
                shape.facts.push(fact);
            }
            if let (Some(ShapeRule::MaxTotalBytes { over, .. }), Some(first)) =
                (shape.rules.get_mut(index), scopes.first())
            {
                *over = *first;
            }
        }
    }
}

/// Returns the scopes under which the longest key and the longest value remain possible.
fn possible_scopes(contract: &Contract, shape: &Shape, budget: u64) -> Vec<ByteScope> {
    let (key, value) = match &shape.kind {
        ShapeKind::Map { key, value } => (contract.shapes.get(key).map(Shape::length).unwrap_or_default(), value),
        ShapeKind::List { member } => (Default::default(), member),
        _ => return vec![ByteScope::Values],
    };
    let value = value_length_bounds(contract, value);
    let (key_min, key_max) = (key.min.unwrap_or(0), key.max.unwrap_or(0));
    let (value_min, value_max) = (value.0, value.1.unwrap_or(0));
    // Every value has a key, so the longest value comes with at least the shortest key.
    let min_key_length = if matches!(shape.kind, ShapeKind::Map { .. }) { key_min.max(1) } else { 0 };
    let values_fit = value_max <= budget;
    let keys_and_values_fit = value_max + min_key_length <= budget && key_max + value_min <= budget;
    match (values_fit, keys_and_values_fit) {
        (true, true) if matches!(shape.kind, ShapeKind::Map { .. }) => {
            vec![ByteScope::Values, ByteScope::KeysAndValues]
        }
        (false, true) => vec![ByteScope::KeysAndValues],
        _ => vec![ByteScope::Values],
    }
}

/// Returns the minimum and maximum length of a value that counts against a budget: for a structure the length of its
/// member `Value` if it has one, otherwise the longest of its strings.
fn value_length_bounds(contract: &Contract, id: &ShapeId) -> (u64, Option<u64>) {
    let mut seen = HashSet::new();
    let mut pending = vec![(id.clone(), MemberPath::root())];
    let mut longest: Option<u64> = None;
    if let Some(members) = contract.shapes.get(id).and_then(|shape| shape.kind.members())
        && let Some(member) = members.get("Value").or_else(|| members.get("value"))
    {
        pending = vec![(member.shape.clone(), MemberPath::root())];
    }
    let mut shortest = None;
    while let Some((id, path)) = pending.pop() {
        let Some(shape) = contract.shapes.get(&id).filter(|_| seen.insert(id)) else { continue };
        if shape.kind.is_text() {
            let length = shape.length();
            longest = longest.max(length.max);
            shortest = shortest.or(length.min);
            continue;
        }
        pending.extend(shape.child_shape_ids().map(|id| (id.clone(), path.join(PathSegment::Item))));
    }
    (shortest.unwrap_or(0), longest)
}
