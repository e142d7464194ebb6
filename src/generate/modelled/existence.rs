//! Identifiers of what does not exist in a modelled service: never given out, deleted, or almost right.
//!
//! A service may report it by any error, but it must not succeed.

use crate::case::{Case, ExpectedError, StepPurpose, Value};
use crate::contract::{ErrorRole, Operation, ShapeKind};
use crate::generate::fixture_steps::build_fixture_step;
use crate::generate::modelled::resource::{innermost_reference, references, resource_of_fixture};
use crate::generate::operation_context::OperationContext;
use crate::generate::plan_context::PlanContext;
use crate::generate::stateful::fixture_resource::{FixtureResource, ResourceLabel};
use crate::generate::stateful::missing_case::{act_step, missing_case};
use crate::generate::stateful::resource_case::with_member;

/// Words in the names and values of members that show a deletion which takes time, or a resource that stays visible.
const DELETION_WORDS: [&str; 6] = ["delet", "inactive", "terminat", "recovery", "archiv", "retention"];

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    let (plan, operation) = (context.plan, context.operation);
    if !plan.is_only_modelled || plan.errors_with_role(operation, ErrorRole::MissingResource).is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for label in references(plan, operation) {
        let is_own = plan.scenario.fixtures[&label.fixture]
            .create
            .first()
            .is_some_and(|create| create.request == operation.name.as_str());
        if is_own {
            continue;
        }
        for form in ["unknown", "longer", "shorter"] {
            out.extend(similar_case(context, &label, form));
        }
    }
    out.extend(innermost_reference(plan, operation).and_then(|label| deleted_case(context, &label)));
    out
}

/// Returns the errors that fit: the documented ones, and any other.
fn fitting_errors(context: &OperationContext<'_>) -> Vec<ExpectedError> {
    let mut errors = context.plan.errors_with_role(context.operation, ErrorRole::MissingResource);
    errors.push(ExpectedError { status: None, error: None });
    errors
}

/// Builds the case with an identifier that was never given out: an unknown one, or one that is almost right.
fn similar_case(context: &OperationContext<'_>, label: &ResourceLabel, form: &str) -> Option<Case> {
    let (plan, operation) = (context.plan, context.operation);
    let is_chosen = plan.scenario.fixtures[&label.fixture].names.contains_key(&label.capture);
    // Of a chosen name only a longer one is known not to exist, beside the one that the scenario gives.
    let is_given = plan.scenario.missing_value(operation.name.as_str(), &label.label).is_some();
    let similar = match form {
        "unknown" if is_chosen || is_given => return None,
        "longer" if is_chosen => format!("{{{}}}x", label.placeholder()),
        _ if is_chosen => return None,
        form => format!("{{{}~{form}}}", label.placeholder()),
    };
    // One near miss of each operation that reads the resource is enough.
    let is_reader = || resource_of_fixture(plan, &label.fixture)?.reader.filter(|reader| reader.name == operation.name);
    if form != "unknown" && is_reader().is_none() {
        return None;
    }
    let variant = if form == "unknown" { "never-made" } else { form };
    missing_case(context, label, variant, fitting_errors(context), |id| {
        let input = plan.input_sampler(operation, id).plain_input();
        let input = with_member(input, &label.label, Value::Template(similar.clone()));
        Some(vec![act_step(context, operation, input, 0)])
    })
}

/// Builds the case in which the resource was deleted before.
fn deleted_case(context: &OperationContext<'_>, label: &ResourceLabel) -> Option<Case> {
    let (plan, operation) = (context.plan, context.operation);
    let resource = resource_of_fixture(plan, &label.fixture)?;
    let ([deletion], Some(deleter)) = (resource.fixture.delete.as_slice(), resource.deleter) else { return None };
    let repeats_deletion = deleter.name == operation.name;
    if operation.name == resource.creator.name
        || !vanishes_at_once(plan, &resource, deleter)
        || (repeats_deletion && operation.traits.repeatable)
    {
        return None;
    }
    missing_case(context, label, "deleted", fitting_errors(context), |id| {
        let sampler = plan.input_sampler(operation, id);
        let (templates, who) = (sampler.templates, plan.default_authorization());
        let delete = build_fixture_step(plan, deletion, "deleted", &templates, StepPurpose::SetUp, &who);
        Some(vec![delete, act_step(context, operation, sampler.plain_input(), 1)])
    })
}

/// Returns true if nothing says that a resource stays visible after its deletion.
fn vanishes_at_once(plan: &PlanContext<'_>, resource: &FixtureResource<'_>, deleter: &Operation) -> bool {
    let has_word = |text: &str| {
        let lower = text.to_ascii_lowercase();
        DELETION_WORDS.iter().any(|word| lower.contains(word))
    };
    let shows_deletion = |operation: &Operation| {
        let shapes = plan.contract.shapes_within(operation.output.iter().cloned().collect());
        shapes.iter().any(|id| match &plan.contract.shape(id).kind {
            ShapeKind::Enum { values } => values.iter().any(|value| has_word(value)),
            kind => kind.members().is_some_and(|members| members.keys().any(|name| has_word(name))),
        })
    };
    let inputs = deleter.input.as_ref().and_then(|input| plan.contract.shape(input).kind.members());
    let has_options = inputs.into_iter().flatten().any(|(name, _)| has_word(name) || name.contains("Force"));
    let awaits_state = resource.fixture.create.len() > 1;
    let is_deletion = deleter.name.as_str().starts_with("Delete");
    is_deletion
        && !deleter.traits.delayed
        && !has_options
        && !awaits_state
        && !shows_deletion(deleter)
        && !resource.reader.is_some_and(shows_deletion)
}
