//! What a modelled service does when a resource is created twice under one name, or deleted while others are inside it.

use crate::case::{Case, LawName, ResponseCheck, StepPurpose, Value};
use crate::contract::{ErrorRole, Operation};
use crate::generate::modelled::resource::{created_resource, innermost_reference, references, resource_of_fixture};
use crate::generate::modelled::shown_members::constant_places;
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::fixture_resource::FixtureResource;
use crate::generate::stateful::resource_case::{ResourceCase, with_member};
use crate::generate::web::updates::states_law;
use crate::infer::split_operation_name;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    if !context.plan.is_only_modelled {
        return Vec::new();
    }
    [taken_name_case(context), dependent_case(context)].into_iter().flatten().collect()
}

/// Words in the names of conflicts with another request, which has nothing to do with names.
const RACE_WORDS: [&str; 5] = ["concurrent", "modif", "precondition", "notready", "aborted"];

/// Builds the case that creates a second resource under the name of the first, which stays what it was.
fn taken_name_case(context: &OperationContext<'_>) -> Option<Case> {
    let operation = context.operation;
    let resource = created_resource(context.plan, operation)?;
    if operation.traits.repeatable || resource.fixture.names.is_empty() {
        return None;
    }
    let mut conflicts = context.plan.errors_with_role(operation, ErrorRole::Conflict);
    conflicts.retain(|error| {
        let name = error.error.as_ref().map_or_else(String::new, |name| name.as_str().to_ascii_lowercase());
        !RACE_WORDS.iter().any(|word| name.contains(word))
    });
    // Where the chosen name is what identifies the resource, there cannot be two of one name.
    let is_create = split_operation_name(operation.name.as_str()).0 == "create";
    let is_rejected = !conflicts.is_empty()
        && (states_law(context, LawName::RejectsDuplicates) || is_create && resource.is_named_by_caller);
    let mut case = ResourceCase::new(context, LawName::RejectsDuplicates, "created");
    let input = case.plain_input(operation);
    let first = case.create_with(&resource, StepPurpose::Act, 1, input.clone());
    case.check(ResponseCheck::Needs(first.step.clone()));
    let before = add_read(&mut case, &resource, &first.identifier);
    let second = case.create_with(&resource, StepPurpose::Act, 2, with_other_token(context, input));
    if is_rejected {
        case.check(ResponseCheck::Rejected { step: second.step, role: ErrorRole::Conflict, errors: conflicts });
    } else if !is_create || !resource.is_named_by_caller {
        return None;
    }
    let after = add_read(&mut case, &resource, &first.identifier);
    if let (Some(before), Some(after), Some(reader)) = (before, after, resource.reader) {
        let places = constant_places(context.plan.contract, reader);
        case.check(ResponseCheck::Unchanged { before, after, places });
    } else if !is_rejected {
        return None;
    }
    case.build("there are no two resources of one name: the first stays what it was")
}

/// Adds a read of a created resource, if an operation reads it.
fn add_read(
    case: &mut ResourceCase<'_, '_>,
    resource: &FixtureResource<'_>,
    identifier: &Value,
) -> Option<crate::case::StepRef> {
    let reader: &Operation = resource.reader?;
    let input = with_member(case.plain_input(reader), &resource.label.label, identifier.clone());
    Some(case.add_step(StepPurpose::ReadBack, reader, input))
}

/// Returns the input with another idempotency token: with the same one, a request is a repetition that succeeds.
fn with_other_token(context: &OperationContext<'_>, mut input: Value) -> Value {
    let members = context.operation.input.as_ref().and_then(|id| context.plan.contract.shape(id).kind.members());
    let (Value::Map(given), Some(members)) = (&mut input, members) else { return input };
    for (name, value) in given.iter_mut() {
        let is_token = members.get(name).is_some_and(|member| member.traits.idempotency_token);
        if let (true, Value::Text(token)) = (is_token, value) {
            *token = token.chars().rev().collect();
        }
    }
    input
}

/// Builds the case that deletes a resource which another one is in, if the documents say that it is rejected.
fn dependent_case(context: &OperationContext<'_>) -> Option<Case> {
    let (plan, operation) = (context.plan, context.operation);
    if !states_law(context, LawName::ProtectsChildren) {
        return None;
    }
    let own = innermost_reference(plan, operation)?;
    let child = plan.scenario.fixtures.keys().find_map(|name| {
        let child = resource_of_fixture(plan, name)?;
        let is_inside = references(plan, child.creator).iter().any(|label| label.fixture == own.fixture);
        is_inside.then_some(child)
    })?;
    let mut case = ResourceCase::new(context, LawName::ProtectsChildren, "delete");
    let created = case.create(&child, StepPurpose::SetUp, 1);
    case.check(ResponseCheck::Needs(created.step));
    let act = case.add_step(StepPurpose::Act, operation, case.plain_input(operation));
    case.expect_rejection(act, operation, ErrorRole::Conflict)?;
    case.build("a resource that is not empty is not deleted")
}
