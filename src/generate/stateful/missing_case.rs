//! Builds a case in which a request names a resource that does not exist.
//!
//! It expects the errors that the caller gives, and nothing where there are none.

use crate::case::{
    Case, CaseClass, CaseId, CaseKind, CaseSubject, Expectation, ExpectedError, Intent, JudgedPart, Step, StepPurpose,
    StepRequest, Value,
};
use crate::contract::{ErrorRole, MemberPath, Operation};
use crate::generate::fixture_steps::surround_with_fixtures;
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::fixture_resource::ResourceLabel;

/// Builds a case in which a request, the last of these steps, names a resource that does not exist.
pub(crate) fn missing_case(
    context: &OperationContext<'_>,
    label: &ResourceLabel,
    variant: &str,
    mut errors: Vec<ExpectedError>,
    steps: impl FnOnce(&CaseId) -> Option<Vec<Step>>,
) -> Option<Case> {
    let (plan, operation) = (context.plan, context.operation);
    if errors.is_empty() {
        return None;
    }
    let kind = CaseKind::MissingResource(MemberPath::root().join_member(&label.label));
    let id = plan.case_id(operation, CaseSubject::Class(CaseClass::Missing), kind, variant);
    let steps = steps(&id)?;
    // An identifier of another form may be called invalid.
    if variant != "deleted" && variant != "other-parent" {
        errors.extend(plan.errors_with_role(operation, ErrorRole::InvalidInput));
    }
    let judged = steps.iter().position(|step| step.purpose == StepPurpose::Act)?;
    let (steps, first) = surround_with_fixtures(plan, &id, steps);
    let expectation = Expectation::Reject { role: ErrorRole::MissingResource, errors };
    Some(Case {
        operation: operation.name.clone(),
        intent: Intent::Missing,
        member: None,
        constraint: None,
        steps,
        judged: JudgedPart::Step(first + judged),
        rule: match variant {
            "deleted" => "what was deleted does not exist".to_owned(),
            "other-parent" => "the resource exists below another parent only".to_owned(),
            _ => format!("`{}` does not exist", label.label),
        },
        source: plan.error_source(operation, &expectation),
        expectation,
        unsendable_reason: None,
        is_exclusive: false,
        id,
    })
}

/// Builds the step of a request under test.
pub(crate) fn act_step(context: &OperationContext<'_>, operation: &Operation, input: Value, turn: u32) -> Step {
    Step {
        purpose: StepPurpose::Act,
        request: StepRequest::Operation { name: operation.name.clone(), input, damage: Vec::new() },
        authorization: context.plan.default_authorization(),
        captures: Vec::new(),
        turn,
        fixture: None,
    }
}
