//! Cases over the life of a resource that a fixture creates: what was created can be read, what a partial update leaves
//! out is kept, and what was deleted is gone.
//!
//! It infers nothing: the fixtures of the scenario say which operations create and delete a resource.

use crate::case::{
    Capture, Case, CaseClass, CaseKind, CaseSubject, Certainty, Expectation, Intent, JudgedPart, LawName, Resource,
    StateKind, Step, StepPurpose, StepRequest, Value,
};
use crate::contract::{ErrorRole, MemberLocation, MemberPath, Operation, Protocol, ShapeKind};
use crate::generate::fixture_steps;
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::stateful_case::{CaseMetadata, StatefulCaseBuilder};
use crate::generate::stateful::stored_member::{StoredMember, field_in_output, stored_members, to_json};
use crate::scenario::Fixture;

/// The variant of the case that reads a deleted resource.
const DELETED: &str = "deleted";

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    if context.plan.contract.protocol != Some(Protocol::RestJson) {
        return Vec::new();
    }
    let mut out: Vec<Case> = deleted_case(context).into_iter().collect();
    out.extend(created_cases(context));
    out.extend(kept_cases(context));
    out
}

/// The member of an operation that names the resource of a fixture.
struct NamedResource<'p> {
    label: String,
    fixture: &'p Fixture,
    /// The name of the captured identifier.
    capture: String,
}

/// Returns the resource that the last label of an operation's path names, if a fixture creates it.
fn named_resource<'p>(context: &OperationContext<'p>, operation: &Operation) -> Option<NamedResource<'p>> {
    let (contract, scenario) = (context.plan.contract, context.plan.scenario);
    let uri = &operation.http.as_ref()?.uri;
    let label = uri.strip_suffix('}')?.rsplit_once('{')?.1.trim_end_matches('+').to_owned();
    let members = contract.shape(operation.input.as_ref()?).kind.members()?;
    members.get(&label).filter(|member| member.location == MemberLocation::Label)?;
    let template = scenario.use_value(operation.name.as_str(), &label)?.as_str()?;
    let (fixture, capture) = template.strip_prefix('{')?.strip_suffix('}')?.split_once('.')?;
    Some(NamedResource { label, fixture: scenario.fixtures.get(fixture)?, capture: capture.to_owned() })
}

fn is_get(operation: &Operation) -> bool {
    operation.http.as_ref().is_some_and(|http| http.method == "GET")
}

/// Builds the case that reads a resource after it was deleted, if the documents have an error for it.
fn deleted_case(context: &OperationContext<'_>) -> Option<Case> {
    let (plan, operation) = (context.plan, context.operation);
    let resource = named_resource(context, operation).filter(|_| is_get(operation))?;
    let [deletion] = resource.fixture.delete.as_slice() else { return None };
    let errors = plan.errors_with_role(operation, ErrorRole::MissingResource);
    if errors.is_empty() || deletion.operation_name().is_none() {
        return None;
    }
    let path = MemberPath::root().join_member(&resource.label);
    let kind = CaseKind::MissingResource(path);
    let id = plan.case_id(operation, CaseSubject::Class(CaseClass::Missing), kind, DELETED);
    let sampler = plan.input_sampler(operation, &id);
    let request =
        StepRequest::Operation { name: operation.name.clone(), input: sampler.plain_input(), damage: Vec::new() };
    let who = plan.default_authorization();
    let templates = sampler.templates;
    let delete = fixture_steps::build_fixture_step(plan, deletion, DELETED, &templates, StepPurpose::SetUp, &who);
    let read =
        Step { purpose: StepPurpose::Act, request, authorization: who, captures: Vec::new(), turn: 1, fixture: None };
    let (steps, first) = fixture_steps::surround_with_fixtures(plan, &id, vec![delete, read]);
    let expectation = Expectation::Reject { role: ErrorRole::MissingResource, errors };
    Some(Case {
        operation: operation.name.clone(),
        intent: Intent::Missing,
        member: None,
        constraint: None,
        steps,
        judged: JudgedPart::Step(first + 1),
        rule: "what was deleted does not exist".to_owned(),
        source: plan.error_source(operation, &expectation),
        expectation,
        unsendable_reason: None,
        is_exclusive: false,
        id,
    })
}

/// Builds, for each member of a creating operation that can be read back, the case that reads it.
fn created_cases(context: &OperationContext<'_>) -> Vec<Case> {
    let (plan, operation) = (context.plan, context.operation);
    let contract = plan.contract;
    let reads_what_it_creates = |reader: &&Operation| {
        is_get(reader)
            && named_resource(context, reader).is_some_and(|resource| {
                let create = resource.fixture.create.first();
                create.is_some_and(|create| {
                    create.request == operation.name.as_str() && create.captures.contains_key(&resource.capture)
                })
            })
    };
    let Some(reader) = contract.operations.iter().find(reads_what_it_creates) else { return Vec::new() };
    let Some(resource) = named_resource(context, reader) else { return Vec::new() };
    let Some(places) = resource.fixture.create.first().and_then(|create| create.captures.get(&resource.capture)) else {
        return Vec::new();
    };
    let members = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    let stored = members.into_iter().flatten().filter_map(|(name, member)| {
        let is_plain = member.location == MemberLocation::Body
            && matches!(
                contract.shape(&member.shape).kind,
                ShapeKind::String | ShapeKind::Enum { .. } | ShapeKind::Boolean | ShapeKind::Integer | ShapeKind::Long
            );
        if is_plain { field_in_output(contract, operation, name, reader) } else { None }
    });
    stored.filter_map(|member| created_case(context, &member, reader, &resource.label, places)).collect()
}

fn created_case(
    context: &OperationContext<'_>,
    member: &StoredMember<'_>,
    reader: &Operation,
    label: &str,
    places: &str,
) -> Option<Case> {
    let (plan, operation) = (context.plan, context.operation);
    let variant = format!("created-{}", member.path);
    let mut builder = StatefulCaseBuilder::new(plan, member, operation, LawName::ReadYourWrite, &variant);
    let value = plan.input_sampler(operation, &builder.id).sample_value(member.shape, &member.path);
    // The value of a placeholder is only known when the request is sent.
    to_json(&value)?;
    let name = format!("made.{places}");
    builder.create_with_value(&value, vec![Capture { name: name.clone(), path: places.to_owned() }])?;
    let input = plan.input_sampler(reader, &builder.id).plain_input();
    let Value::Map(mut given) = input else { return None };
    given.insert(label.to_owned(), Value::Template(format!("{{{name}}}")));
    builder.read_state_from(reader, Value::Map(given));
    builder.build(CaseMetadata {
        operation,
        rule: "a read returns what was created".to_owned(),
        source: operation.sources.first().cloned(),
        is_documented: true,
    })
}

/// Builds, for each member of a partial update, the case in which another member is updated.
fn kept_cases(context: &OperationContext<'_>) -> Vec<Case> {
    let operation = context.operation;
    if operation.http.as_ref().is_none_or(|http| http.method != "PATCH") {
        return Vec::new();
    }
    let members = stored_members(context.plan, operation);
    let inferred: Vec<&StoredMember<'_>> =
        members.iter().filter(|member| member.is_inferred && member.kind == StateKind::Field).collect();
    let pairs = inferred.iter().enumerate().filter(|_| inferred.len() > 1);
    pairs
        .filter_map(|(at, member)| {
            let other = inferred[(at + 1) % inferred.len()];
            let variant = format!("left-out-{}", member.path);
            let law = LawName::ReadYourWrite;
            let mut builder = StatefulCaseBuilder::new(context.plan, member, operation, law, &variant);
            builder.write_value(Resource::FIRST, &Value::text("one"), Certainty::Uncertain)?;
            builder.read_state(Resource::FIRST)?;
            builder.write_only(&other.path)?;
            builder.read_state(Resource::FIRST)?;
            builder.build(CaseMetadata {
                operation,
                rule: "a partial update keeps what it leaves out".to_owned(),
                source: operation.sources.first().cloned(),
                is_documented: true,
            })
        })
        .collect()
}
