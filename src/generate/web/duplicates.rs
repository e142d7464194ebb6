//! Something done twice: creating under a name that is taken, repeating an action or an idempotency key, deleting what
//! others depend on.

use crate::case::{Case, Intent, LawName, MemberPlaces, ResponseCheck, StepPurpose, Value};
use crate::contract::{ErrorRole, MemberLocation, Operation};
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::fixture_resource::FixtureResource;
use crate::generate::stateful::resource_case::{ResourceCase, with_member};
use crate::generate::web::resource::{
    created_resource, ends_with_label, has_method, is_action, is_web_api, named_resource, resource_labels,
    resource_of_fixture, subject_resource,
};
use crate::generate::web::shown_members::stored_places;
use crate::generate::web::updates::states_law;

/// Words of members whose values identify one resource, so that an error for a conflict is about them.
const IDENTIFYING_WORDS: [&str; 9] =
    ["email", "username", "login", "slug", "handle", "sku", "domain", "subdomain", "hostname"];

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    if !is_web_api(context.plan) {
        return Vec::new();
    }
    let mut out = Vec::new();
    if let Some(resource) = created_resource(context).filter(|resource| !resource.is_named_by_caller) {
        out.extend(taken_name_case(context, &resource));
        out.extend(repeated_key_case(context, &resource));
        out.extend(reused_key_case(context, &resource));
    }
    if let Some(resource) = subject_resource(context) {
        let is_item = ends_with_label(context.operation, &resource.label);
        if is_item && ["PUT", "PATCH"].iter().any(|method| has_method(context.operation, method)) {
            out.extend(renamed_case(context, &resource));
        }
        if is_item && has_method(context.operation, "DELETE") {
            out.extend(dependent_case(context, &resource));
        }
        let subject = named_resource(context.plan, context.operation);
        let acts = subject.is_some_and(|label| is_action(context.plan, context.operation, &label));
        if acts && has_method(context.operation, "POST") {
            out.extend(repeated_action_case(context));
        }
    }
    out
}

/// Returns the body members that must be unique: those that get a value of their own in each case. A conflict is due if
/// the documents say that a name may be taken, or if a member identifies one resource by its meaning.
fn unique_members(context: &OperationContext<'_>, creator: &Operation) -> Vec<String> {
    let (plan, operation) = (context.plan, context.operation);
    let members = operation.input.as_ref().and_then(|input| plan.contract.shape(input).kind.members());
    let fresh = plan.scenario.operation_notes(creator.name.as_str()).map_or(&[][..], |notes| &notes.fresh_members);
    let in_body = |name: &String| {
        members.is_some_and(|members| members.get(name).is_some_and(|it| it.location == MemberLocation::Body))
    };
    let unique: Vec<String> = fresh.iter().filter(|name| in_body(name)).cloned().collect();
    let identifies = |name: &String| IDENTIFYING_WORDS.iter().any(|word| name.to_ascii_lowercase().contains(word));
    let is_due = states_law(context, LawName::RejectsDuplicates) || unique.iter().any(identifies);
    if is_due && !plan.errors_with_role(operation, ErrorRole::Conflict).is_empty() { unique } else { Vec::new() }
}

/// Builds the case that creates a second resource under the name of the first, which stays what it was.
fn taken_name_case(context: &OperationContext<'_>, resource: &FixtureResource<'_>) -> Option<Case> {
    let operation = context.operation;
    if unique_members(context, operation).is_empty() {
        return None;
    }
    let mut case = ResourceCase::new(context, LawName::RejectsDuplicates, "created");
    let input = case.plain_input(operation);
    let first = case.create_with(resource, StepPurpose::Act, 1, input.clone());
    case.check(ResponseCheck::Needs(first.step.clone()));
    let second = case.create_with(resource, StepPurpose::Act, 2, input);
    case.expect_rejection(second.step, operation, ErrorRole::Conflict)?;
    if let Some(reader) = resource.reader {
        let input = with_member(case.plain_input(reader), &resource.label.label, first.identifier);
        let read = case.add_step(StepPurpose::ReadBack, reader, input);
        case.check(ResponseCheck::Accepted(read.clone()));
        let places = stored_places(context.plan.contract, operation, reader, &resource.label.fixture);
        let members: Vec<MemberPlaces> = places.into_iter().map(|(_, places)| places).collect();
        case.check(ResponseCheck::ShowsSent { written: first.step, read, members });
    }
    case.build("a name that must be unique is rejected the second time")
}

/// Builds the case that gives a resource the name of another one.
fn renamed_case(context: &OperationContext<'_>, resource: &FixtureResource<'_>) -> Option<Case> {
    let operation = context.operation;
    let unique = unique_members(context, resource.creator);
    if unique.is_empty() || resource.is_named_by_caller || resource.creator.name == operation.name {
        return None;
    }
    let mut case = ResourceCase::new(context, LawName::RejectsDuplicates, "renamed");
    let other = case.sampler(resource.creator).for_resource(crate::case::Resource::SECOND).plain_input();
    let mut input = case.plain_input(operation);
    for name in &unique {
        input = with_member(input, name, other.member(name)?.clone());
    }
    case.create_with(resource, StepPurpose::SetUp, 2, other);
    let act = case.add_step(StepPurpose::Act, operation, input);
    case.expect_rejection(act, operation, ErrorRole::Conflict)?;
    case.build("a name that another resource has is rejected")
}

/// Returns the header that makes a request idempotent.
fn idempotency_member(context: &OperationContext<'_>) -> Option<String> {
    let (plan, operation) = (context.plan, context.operation);
    let members = plan.contract.shape(operation.input.as_ref()?).kind.members()?;
    members
        .iter()
        .find(|(name, member)| {
            member.location == MemberLocation::Header
                && member.wire_name(name).to_ascii_lowercase().replace('_', "-").contains("idempotency-key")
        })
        .map(|(name, _)| name.clone())
}

/// Returns the value of an idempotency key for this case.
fn key_value(case: &ResourceCase<'_, '_>, context: &OperationContext<'_>, name: &str) -> Option<Value> {
    let template = context.plan.scenario.value_when_sent(context.operation.name.as_str(), name)?;
    Some(case.sampler(context.operation).templates.fill_json(template))
}

/// Builds the case that repeats a request with its idempotency key: the response is that to the first.
fn repeated_key_case(context: &OperationContext<'_>, resource: &FixtureResource<'_>) -> Option<Case> {
    let (operation, member) = (context.operation, idempotency_member(context)?);
    let mut case = ResourceCase::new(context, LawName::HonorsIdempotencyKey, "repeated");
    let input = with_member(case.plain_input(operation), &member, key_value(&case, context, &member)?);
    let shown =
        crate::generate::web::shown_members::shown_members(context.plan.contract, operation, &resource.label.fixture);
    let (id, ..) = shown.into_iter().find(|(_, name, _)| *name == resource.label.capture)?;
    let first = case.create_with(resource, StepPurpose::Act, 1, input.clone());
    case.check(ResponseCheck::Needs(first.step.clone()));
    let second = case.create_with(resource, StepPurpose::Act, 2, input);
    case.check(ResponseCheck::Succeeds(second.step.clone()));
    let members = vec![MemberPlaces { first: id.clone(), second: id }];
    case.check(ResponseCheck::SameShown { first: first.step, second: second.step, members });
    case.build("a request with the same idempotency key has the response of the first")
}

/// Builds the case that sends another body with an idempotency key that was used, if the documents reject that.
fn reused_key_case(context: &OperationContext<'_>, resource: &FixtureResource<'_>) -> Option<Case> {
    let (operation, member) = (context.operation, idempotency_member(context)?);
    if !states_law(context, LawName::HonorsIdempotencyKey) {
        return None;
    }
    let mut case = ResourceCase::new(context, LawName::HonorsIdempotencyKey, "other-body");
    let key = key_value(&case, context, &member)?;
    let first_input = with_member(case.plain_input(operation), &member, key.clone());
    let other = case.sampler(operation).for_resource(crate::case::Resource::SECOND).plain_input();
    let second_input = with_member(other, &member, key);
    if first_input == second_input {
        return None;
    }
    let first = case.create_with(resource, StepPurpose::Act, 1, first_input);
    case.check(ResponseCheck::Needs(first.step));
    let second = case.create_with(resource, StepPurpose::Act, 2, second_input);
    let mut errors = context.plan.errors_with_role(operation, ErrorRole::Conflict);
    errors.extend(context.plan.errors_with_role(operation, ErrorRole::InvalidInput));
    if errors.is_empty() {
        return None;
    }
    case.check(ResponseCheck::Rejected { step: second.step, role: ErrorRole::Conflict, errors });
    case.build("an idempotency key that was used with another body is rejected")
}

/// Builds the case that repeats an action, if the documents say that it is rejected.
fn repeated_action_case(context: &OperationContext<'_>) -> Option<Case> {
    let operation = context.operation;
    if !states_law(context, LawName::RejectsRepetition) {
        return None;
    }
    let mut case = ResourceCase::new(context, LawName::RejectsRepetition, "twice");
    let input = case.plain_input(operation);
    let first = case.add_step(StepPurpose::Act, operation, input.clone());
    case.check(ResponseCheck::Needs(first));
    let second = case.add_step(StepPurpose::Act, operation, input);
    case.expect_rejection(second, operation, ErrorRole::Conflict)?;
    case.build("the same action is rejected the second time")
}

/// Builds the case that deletes a resource on which another one depends, if the documents say that it is rejected.
fn dependent_case(context: &OperationContext<'_>, resource: &FixtureResource<'_>) -> Option<Case> {
    let (plan, operation) = (context.plan, context.operation);
    if !states_law(context, LawName::ProtectsChildren) {
        return None;
    }
    // The documents may mean some kinds of dependent resources only, so there is one of each.
    let mut children: Vec<FixtureResource<'_>> = Vec::new();
    for child in plan.scenario.fixtures.keys().filter_map(|name| resource_of_fixture(plan, name)) {
        let is_below = resource_labels(plan, child.creator).iter().any(|label| label.fixture == resource.label.fixture);
        if is_below && children.iter().all(|known| known.creator.name != child.creator.name) {
            children.push(child);
        }
    }
    if children.is_empty() {
        return None;
    }
    let mut case = ResourceCase::new(context, LawName::ProtectsChildren, "delete");
    for child in &children {
        case.create(child, StepPurpose::SetUp, 1);
    }
    let act = case.add_step(StepPurpose::Act, operation, case.plain_input(operation));
    case.expect_rejection(act, operation, ErrorRole::Conflict)?;
    if let Some(reader) = resource.reader {
        let read = case.add_step(StepPurpose::ReadBack, reader, case.plain_input(reader));
        case.check(ResponseCheck::Accepted(read));
    }
    case.build("a resource that others depend on is not deleted").filter(|case| case.intent == Intent::Law)
}
