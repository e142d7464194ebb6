//! The resources of a modelled service: the members that name what a fixture creates, and the operations on it.
//!
//! It builds no case.

use crate::contract::{Operation, ShapeKind};
use crate::generate::plan_context::PlanContext;
use crate::generate::stateful::fixture_resource::{FixtureResource, ResourceLabel};
use crate::infer::split_operation_name;
use crate::scenario::fixture_placeholder;

/// Verbs that read one resource.
const READ_VERBS: [&str; 3] = ["describe", "get", "head"];
/// Words behind a resource's noun in the name of an operation that reads it.
const DETAIL_WORDS: [&str; 9] =
    ["attribute", "configuration", "detail", "info", "information", "metadata", "property", "setting", "summary"];

/// Returns the top-level members of an operation's input that name what fixtures create.
pub(crate) fn references(plan: &PlanContext<'_>, operation: &Operation) -> Vec<ResourceLabel> {
    let members = operation.input.as_ref().and_then(|input| plan.contract.shape(input).kind.members());
    let texts = members
        .into_iter()
        .flatten()
        .filter(|(_, member)| matches!(plan.contract.shape(&member.shape).kind, ShapeKind::String));
    texts
        .filter_map(|(name, _)| {
            let template = plan.scenario.use_value(operation.name.as_str(), name)?.as_str()?;
            let (fixture, capture) = fixture_placeholder(template)?;
            plan.scenario.fixtures.get(fixture)?;
            Some(ResourceLabel { label: name.clone(), fixture: fixture.to_owned(), capture: capture.to_owned() })
        })
        .collect()
}

/// Returns the reference of an operation to the resource that depends on all others that it names: the one whose fixture
/// comes last.
pub(crate) fn innermost_reference(plan: &PlanContext<'_>, operation: &Operation) -> Option<ResourceLabel> {
    let order = |label: &ResourceLabel| plan.scenario.fixtures.get_index_of(label.fixture.as_str());
    references(plan, operation).into_iter().max_by_key(order)
}

/// Returns the resource of a fixture. Returns `None` if no operation creates it, or if no operation names it.
pub(crate) fn resource_of_fixture<'p>(plan: &PlanContext<'p>, name: &str) -> Option<FixtureResource<'p>> {
    let fixture = plan.scenario.fixtures.get(name)?;
    let creator = plan.contract.operation(fixture.create.first()?.operation_name()?)?;
    let (verb, noun) = split_operation_name(creator.name.as_str());
    // A fixture may stand for what is there already: its first request lists or reads it.
    if verb == "list" || READ_VERBS.contains(&verb.as_str()) {
        return None;
    }
    let is_wanted = |one: &&Operation| plan.scenario.includes_operation(one.name.as_str());
    let names_it = |one: &Operation| references(plan, one).into_iter().find(|label| label.fixture == name);
    let rank = |one: &Operation| {
        let (verb, other) = split_operation_name(one.name.as_str());
        let rest = other.strip_prefix(noun.as_slice()).filter(|_| READ_VERBS.contains(&verb.as_str()))?;
        let is_detail = matches!(rest, [word] if DETAIL_WORDS.contains(&word.as_str()));
        (rest.is_empty() || is_detail).then_some(rest.len())
    };
    let ranked = plan.contract.operations.iter().filter(is_wanted).filter_map(|one| Some((rank(one)?, one)));
    let readers = ranked.filter(|(_, one)| names_it(one).is_some());
    let reader = readers.min_by_key(|(rank, _)| *rank).map(|(_, one)| one);
    let deleter = match fixture.delete.as_slice() {
        [delete] => delete.operation_name().and_then(|name| plan.contract.operation(name)),
        _ => None,
    };
    let label = reader.or(deleter).and_then(names_it)?;
    let is_named_by_caller = fixture.names.contains_key(&label.capture);
    Some(FixtureResource { label, fixture, creator, is_named_by_caller, reader, deleter, list: None })
}

/// Returns the resource that an operation creates.
pub(crate) fn created_resource<'p>(plan: &PlanContext<'p>, operation: &Operation) -> Option<FixtureResource<'p>> {
    let is_own = |first: &crate::scenario::RawRequest| first.request == operation.name.as_str();
    let mut fixtures = plan.scenario.fixtures.iter();
    let (name, _) = fixtures.find(|(_, fixture)| fixture.create.first().is_some_and(is_own))?;
    resource_of_fixture(plan, name)
}
