//! Placeholders for the values that the scenario's `use` sets: inserted, filled, and compared.
//!
//! It never draws a value.

use super::action::USE_PLACEHOLDER;
use crate::case::{CaseId, Value};
use crate::contract::{Contract, MemberPath, Operation, PathSegment, ShapeId, ShapeKind};
use crate::generate::plan_context::PlanContext;

/// Calls `at` for each part of a value, outermost first. If `at` returns true, the parts inside are skipped.
pub(super) fn visit_values(
    contract: &Contract,
    id: &ShapeId,
    value: &mut Value,
    path: &MemberPath,
    at: &mut dyn FnMut(&MemberPath, &ShapeId, &mut Value) -> bool,
) {
    if at(path, id, value) {
        return;
    }
    match (&contract.shape(id).kind, value) {
        (ShapeKind::Structure { members } | ShapeKind::Union { members }, Value::Map(given)) => {
            for (name, value) in given {
                if let Some(member) = members.get(name) {
                    visit_values(contract, &member.shape, value, &path.join_member(name), at);
                }
            }
        }
        (ShapeKind::List { member }, Value::List(items)) => {
            let place = path.join(PathSegment::Item);
            for item in items {
                visit_values(contract, member, item, &place, at);
            }
        }
        (ShapeKind::Map { value: inner, .. }, Value::Map(entries)) => {
            let place = path.join(PathSegment::Value);
            for value in entries.values_mut() {
                visit_values(contract, inner, value, &place, at);
            }
        }
        _ => {}
    }
}

/// Replaces every value that the scenario's `use` sets for this resource by [`USE_PLACEHOLDER`], and returns the number
/// of replacements.
pub(super) fn insert_placeholders(
    context: &PlanContext<'_>,
    operation: &Operation,
    case: &CaseId,
    resource: u32,
    value: &mut Value,
) -> usize {
    let Some(input) = &operation.input else { return 0 };
    let sampler = context.input_sampler(operation, case).for_resource(resource);
    let mut replaced = 0;
    visit_values(context.contract, input, value, &MemberPath::root(), &mut |path, id, value| {
        let used = context.scenario.use_value(operation.name.as_str(), &path.to_string()).is_some();
        if used && sampler.sample_value(id, path) == *value {
            *value = Value::Template(USE_PLACEHOLDER.to_owned());
            replaced += 1;
            return true;
        }
        false
    });
    replaced
}

/// Returns true if the input differs, at any path with a `use`, from what the scenario sets for this resource.
pub(super) fn uses_foreign_identifier(
    context: &PlanContext<'_>,
    operation: &Operation,
    case: &CaseId,
    resource: u32,
    value: &mut Value,
) -> bool {
    let Some(input) = &operation.input else { return false };
    let sampler = context.input_sampler(operation, case).for_resource(resource);
    let mut is_foreign = false;
    visit_values(context.contract, input, value, &MemberPath::root(), &mut |path, id, value| {
        let used = context.scenario.use_value(operation.name.as_str(), &path.to_string()).is_some();
        is_foreign |= used && sampler.sample_value(id, path) != *value;
        is_foreign
    });
    is_foreign
}

/// Replaces every [`USE_PLACEHOLDER`] by the value that the scenario sets for this resource.
pub(super) fn fill_placeholders(
    context: &PlanContext<'_>,
    operation: &Operation,
    case: &CaseId,
    resource: u32,
    value: &mut Value,
) {
    let Some(input) = &operation.input else { return };
    let sampler = context.input_sampler(operation, case).for_resource(resource);
    visit_values(context.contract, input, value, &MemberPath::root(), &mut |path, id, value| {
        if matches!(value, Value::Template(text) if text == USE_PLACEHOLDER) {
            *value = sampler.sample_value(id, path);
            return true;
        }
        false
    });
}
