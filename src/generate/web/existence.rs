//! Identifiers of what does not exist: never made, deleted, below another parent, or almost right.
//!
//! It expects the documented error for a missing resource, and nothing where none is documented.

use crate::case::{Case, LawName, ResponseCheck, StepPurpose, Value};
use crate::contract::{ErrorRole, ShapeKind};
use crate::generate::fixture_steps::build_fixture_step;
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::fixture_resource::ResourceLabel;
use crate::generate::stateful::missing_case::{act_step, missing_case};
use crate::generate::stateful::resource_case::{ResourceCase, with_member};
use crate::generate::web::resource::{ends_with_label, has_method, is_web_api, resource_labels, resource_of_fixture};
use crate::generate::web::shown_members::shown_members;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    if !is_web_api(context.plan) {
        return Vec::new();
    }
    let labels = resource_labels(context.plan, context.operation);
    let mut out = Vec::new();
    for label in &labels {
        out.extend(unknown_case(context, label));
        out.extend(deleted_case(context, &labels, label));
    }
    if let [.., parent, child] = labels.as_slice() {
        out.extend(other_parent_case(context, parent, child));
    }
    if let Some(own) =
        labels.last().filter(|own| has_method(context.operation, "GET") && ends_with_label(context.operation, own))
    {
        for form in ["longer", "shorter", "other-case", "changed"] {
            out.extend(near_miss_case(context, own, form));
        }
    }
    out
}

fn is_created<'p>(context: &OperationContext<'p>, label: &ResourceLabel) -> bool {
    resource_of_fixture(context.plan, &label.fixture)
        .is_some_and(|resource| !resource.is_named_by_caller && resource.creator.name != context.operation.name)
}

/// Builds the case with an identifier of the right form that was never given out.
fn unknown_case(context: &OperationContext<'_>, label: &ResourceLabel) -> Option<Case> {
    let operation = context.operation;
    if !is_created(context, label)
        || context.plan.scenario.missing_value(operation.name.as_str(), &label.label).is_some()
    {
        return None;
    }
    let errors = context.plan.errors_with_role(operation, ErrorRole::MissingResource);
    missing_case(context, label, "never-made", errors, |id| {
        let input = context.plan.input_sampler(operation, id).plain_input();
        let unknown = Value::Template(format!("{{{}~unknown}}", label.placeholder()));
        Some(vec![act_step(context, operation, with_member(input, &label.label, unknown), 0)])
    })
}

/// Builds the case in which the resource was deleted before.
fn deleted_case(context: &OperationContext<'_>, labels: &[ResourceLabel], label: &ResourceLabel) -> Option<Case> {
    let (plan, operation) = (context.plan, context.operation);
    let resource = resource_of_fixture(plan, &label.fixture)?;
    let [deletion] = resource.fixture.delete.as_slice() else { return None };
    // What depends on another resource may keep it from being deleted.
    let is_innermost = labels.last() == Some(label);
    if !is_innermost || operation.name == resource.creator.name || deletion.operation_name().is_none() {
        return None;
    }
    let errors = plan.errors_with_role(operation, ErrorRole::MissingResource);
    missing_case(context, label, "deleted", errors, |id| {
        let sampler = plan.input_sampler(operation, id);
        let (templates, who) = (sampler.templates, plan.default_authorization());
        let delete = build_fixture_step(plan, deletion, "deleted", &templates, StepPurpose::SetUp, &who);
        Some(vec![delete, act_step(context, operation, sampler.plain_input(), 1)])
    })
}

/// Builds the case in which the path names the resource below another parent.
fn other_parent_case(context: &OperationContext<'_>, parent: &ResourceLabel, child: &ResourceLabel) -> Option<Case> {
    let (plan, operation) = (context.plan, context.operation);
    let resource = resource_of_fixture(plan, &parent.fixture)?;
    let own = resource_of_fixture(plan, &child.fixture)?;
    let is_below = resource_labels(plan, own.creator).iter().any(|label| label.fixture == parent.fixture);
    if resource.is_named_by_caller || !is_below {
        return None;
    }
    let mut case = ResourceCase::new(context, LawName::Identifies, "other-parent");
    let other = case.create(&resource, StepPurpose::SetUp, 2);
    let input = with_member(case.plain_input(operation), &parent.label, other.identifier.clone());
    let act = case.add_step(StepPurpose::Act, operation, input);
    case.expect_rejection(act, operation, ErrorRole::MissingResource)?;
    case.build("the resource exists below its own parent only")
}

/// Builds the case with an identifier that is almost that of a resource.
fn near_miss_case(context: &OperationContext<'_>, label: &ResourceLabel, form: &str) -> Option<Case> {
    let (plan, operation) = (context.plan, context.operation);
    let shape = plan.contract.shape(operation.input.as_ref()?).kind.members()?.get(&label.label)?;
    let shape = plan.contract.shape(&shape.shape);
    let is_number = matches!(shape.kind, ShapeKind::Integer | ShapeKind::Long);
    // A pattern is usually that of UUIDs, which are the same in either case; other texts may count upwards.
    let has_form = form != if shape.pattern.is_some() { "other-case" } else { "changed" };
    if !is_created(context, label) || !has_form || (is_number && form != "longer") {
        return None;
    }
    let shown = shown_members(plan.contract, operation, &label.fixture);
    let (id, ..) = shown.into_iter().find(|(_, name, _)| *name == label.capture)?;
    let mut case = ResourceCase::new(context, LawName::Identifies, form);
    let other = Value::Template(format!("{{{}~{form}}}", label.placeholder()));
    let act = case.add_step(StepPurpose::Act, operation, with_member(case.plain_input(operation), &label.label, other));
    case.check(ResponseCheck::AnotherResource { step: act, id, name: label.placeholder() });
    case.build("an identifier names one resource only")
}
