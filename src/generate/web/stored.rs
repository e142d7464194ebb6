//! What a web API stores when it creates a resource: each member, at its limits and empty, and all members together.

use crate::case::{Case, LawName, ResponseCheck, StepPurpose, Value};
use crate::contract::{ErrorRole, MemberLocation, MemberPath, Operation};
use crate::generate::input_sampler::InputChange;
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::fixture_resource::FixtureResource;
use crate::generate::stateful::resource_case::{ResourceCase, with_member};
use crate::generate::web::list_shape::ListShape;
use crate::generate::web::member_values::{full_value, member_values};
use crate::generate::web::resource::{created_resource, ends_with_label, has_method, is_web_api};
use crate::generate::web::shown_members::stored_places;

const LAW: LawName = LawName::ReadYourWrite;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    if !is_web_api(context.plan) {
        return Vec::new();
    }
    let Some(resource) = created_resource(context) else { return Vec::new() };
    let Some(reader) = resource.reader else { return Vec::new() };
    let mut out = Vec::new();
    out.extend(all_members_case(context, &resource, reader));
    let members = context.operation.input.as_ref().and_then(|input| context.plan.contract.shape(input).kind.members());
    for (name, member) in members.into_iter().flatten().filter(|(_, it)| it.location == MemberLocation::Body) {
        let path = MemberPath::root().join_member(name);
        let sampler_id = context.plan.law_case_id(context.operation, LAW, name);
        let sampler = context.plan.input_sampler(context.operation, &sampler_id);
        for (variant, value) in member_values(context, &sampler, &path, &member.shape) {
            out.extend(member_case(context, &resource, reader, (&path, &format!("{name}{variant}")), value));
        }
    }
    out.extend(rejected_case(context, &resource));
    out
}

/// Adds the read of a created resource, with the check that it succeeds.
fn add_read(
    case: &mut ResourceCase<'_, '_>,
    resource: &FixtureResource<'_>,
    reader: &Operation,
    identifier: &Value,
) -> crate::case::StepRef {
    let input = with_member(case.plain_input(reader), &resource.label.label, identifier.clone());
    let read = case.add_step(StepPurpose::ReadBack, reader, input);
    case.check(ResponseCheck::Accepted(read.clone()));
    read
}

fn created_case(
    context: &OperationContext<'_>,
    resource: &FixtureResource<'_>,
    reader: &Operation,
    variant: &str,
    input: impl FnOnce(&ResourceCase<'_, '_>) -> Value,
) -> Option<Case> {
    let mut case = ResourceCase::new(context, LAW, variant);
    let input = input(&case);
    if !case.is_valid(context.operation, &input) {
        return None;
    }
    let places = stored_places(context.plan.contract, context.operation, reader, &resource.label.fixture);
    let sent: Vec<_> = places.into_iter().filter(|(name, _)| input.member(name).is_some()).map(|(_, it)| it).collect();
    if sent.is_empty() {
        return None;
    }
    let created = case.create_with(resource, StepPurpose::Act, 1, input);
    case.check(ResponseCheck::Needs(created.step.clone()));
    let read = add_read(&mut case, resource, reader, &created.identifier);
    case.check(ResponseCheck::ShowsSent { written: created.step, read, members: sent });
    case.build("a read returns what was created")
}

fn member_case(
    context: &OperationContext<'_>,
    resource: &FixtureResource<'_>,
    reader: &Operation,
    (path, variant): (&MemberPath, &str),
    value: Value,
) -> Option<Case> {
    created_case(context, resource, reader, &format!("created-{variant}"), |case| {
        case.sampler(context.operation).input_with(&[(path, InputChange::Set(value))])
    })
}

/// Builds the case that creates a resource with all its members.
fn all_members_case(
    context: &OperationContext<'_>,
    resource: &FixtureResource<'_>,
    reader: &Operation,
) -> Option<Case> {
    created_case(context, resource, reader, "created-all-members", |case| all_members(context, case))
}

/// Returns an input with all body members that can be sent together.
pub(crate) fn all_members(context: &OperationContext<'_>, case: &ResourceCase<'_, '_>) -> Value {
    let sampler = case.sampler(context.operation);
    let members = context.operation.input.as_ref().and_then(|input| context.plan.contract.shape(input).kind.members());
    let mut input = sampler.plain_input();
    for (name, _) in members.into_iter().flatten().filter(|(_, it)| it.location == MemberLocation::Body) {
        let more =
            with_member(input.clone(), name, full_value(context, &sampler, &MemberPath::root().join_member(name)));
        if case.is_valid(context.operation, &more) {
            input = more;
        }
    }
    input
}

/// Builds the case in which a rejected creation must leave nothing in the list.
fn rejected_case(context: &OperationContext<'_>, resource: &FixtureResource<'_>) -> Option<Case> {
    let (plan, operation) = (context.plan, context.operation);
    let list = ListShape::of_resource(plan, resource)?;
    if !has_method(operation, "POST") || ends_with_label(operation, &resource.label) {
        return None;
    }
    let mut case = ResourceCase::new(context, LawName::RejectedLeavesNoTrace, "created");
    let (input, _) = invalid_input(context, &case)?;
    case.run_alone();
    let before = list.add_read(&mut case, &[]);
    let rejected = case.add_step(StepPurpose::Act, operation, input);
    let after = list.add_read(&mut case, &[]);
    case.expect_rejection(rejected, operation, ErrorRole::InvalidInput)?;
    case.check(ResponseCheck::PagesAreWhole {
        whole: list.view(before),
        parts: vec![after],
        id: list.id.clone(),
        size: u64::MAX,
    });
    case.build("a rejected request creates nothing")
}

/// Returns an input that violates a constraint of one member for certain and sends valid values of all others, with the
/// name of the violated member.
pub(crate) fn invalid_input(context: &OperationContext<'_>, case: &ResourceCase<'_, '_>) -> Option<(Value, String)> {
    let shape = context.operation.input.as_ref()?;
    let valid = all_members(context, case);
    let members = context.plan.contract.shape(shape).kind.members()?;
    let operation = context.operation.name.as_str();
    // A request with a wrong identifier is rejected before it can store anything.
    let is_content = |name: &str| context.plan.scenario.use_value(operation, name).is_none();
    let in_body =
        members.iter().filter(|(name, member)| member.location == MemberLocation::Body && is_content(name)).rev();
    // The last member is the wrong one, so that a server that stores one after another has stored the others.
    in_body.into_iter().find_map(|(name, _)| {
        [Value::Map([("overstep".to_owned(), Value::Boolean(true))].into_iter().collect()), Value::integer(-1)]
            .into_iter()
            .find_map(|wrong| {
                let input = with_member(valid.clone(), name, wrong);
                let found = context.plan.input_checker().violations(shape, &input);
                let is_certain = !found.is_empty() && found.iter().all(|violation| violation.certainty.is_certain());
                is_certain.then(|| (input, name.clone()))
            })
    })
}
