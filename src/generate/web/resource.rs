//! The resources of a web API: the operations that create, read, list, change and delete what a fixture stands for.
//!
//! It builds no case.

use crate::contract::{MemberLocation, Operation, Protocol};
use crate::generate::operation_context::OperationContext;
use crate::generate::plan_context::PlanContext;
use crate::generate::stateful::fixture_resource::{FixtureResource, ResourceLabel};
use crate::scenario::{Fixture, fixture_placeholder};

/// Returns true if the contract is that of a web API.
pub(crate) fn is_web_api(plan: &PlanContext<'_>) -> bool {
    plan.contract.protocol == Some(Protocol::RestJson) && !plan.is_only_modelled
}

/// Returns true if an operation is sent with this method.
pub(crate) fn has_method(operation: &Operation, method: &str) -> bool {
    operation.http.as_ref().is_some_and(|http| http.method == method)
}

/// Returns the labels of an operation's path that name what fixtures create, from left to right.
pub(crate) fn resource_labels(plan: &PlanContext<'_>, operation: &Operation) -> Vec<ResourceLabel> {
    let Some(http) = &operation.http else { return Vec::new() };
    let members = operation.input.as_ref().and_then(|input| plan.contract.shape(input).kind.members());
    let names = http.uri.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.trim_end_matches('+')));
    names
        .filter_map(|label| {
            members?.get(label).filter(|member| member.location == MemberLocation::Label)?;
            let template = plan.scenario.use_value(operation.name.as_str(), label)?.as_str()?;
            let (fixture, capture) = fixture_placeholder(template)?;
            plan.scenario.fixtures.get(fixture)?;
            Some(ResourceLabel { label: label.to_owned(), fixture: fixture.to_owned(), capture: capture.to_owned() })
        })
        .collect()
}

/// Returns the resource that the path of an operation ends with, or the one before a final word: that of
/// `/projects/{project_id}/archive`.
pub(crate) fn named_resource(plan: &PlanContext<'_>, operation: &Operation) -> Option<ResourceLabel> {
    resource_labels(plan, operation).pop()
}

/// Returns true if the path of an operation ends with the label of a resource.
pub(crate) fn ends_with_label(operation: &Operation, label: &ResourceLabel) -> bool {
    let uri = operation.http.as_ref().map_or("", |http| http.uri.as_str());
    uri.ends_with(&format!("{{{}}}", label.label)) || uri.ends_with(&format!("{{{}+}}", label.label))
}

/// Returns the path of an operation in which all labels have the same name.
fn route_shape(operation: &Operation) -> Option<String> {
    let uri = &operation.http.as_ref()?.uri;
    let segments = uri.trim_end_matches('/').split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    Some(segments.collect::<Vec<_>>().join("/"))
}

/// Returns the resource of a fixture. Returns `None` if no single operation creates it.
pub(crate) fn resource_of_fixture<'p>(plan: &PlanContext<'p>, name: &str) -> Option<FixtureResource<'p>> {
    let fixture = plan.scenario.fixtures.get(name)?;
    let create = fixture.create.first()?;
    let creator = plan.contract.operation(create.operation_name()?)?;
    if !matches!(creator.http.as_ref()?.method.as_str(), "POST" | "PUT") {
        return None;
    }
    // A fixture in another state, which further requests bring about, is the same kind of resource.
    let is_same = |other: &str| {
        let first = plan.scenario.fixtures.get(other).and_then(|fixture| fixture.create.first());
        other == name || first.is_some_and(|first| first.request == create.request)
    };
    let ends_here = |operation: &Operation| {
        named_resource(plan, operation).filter(|label| is_same(&label.fixture) && ends_with_label(operation, label))
    };
    let all = || plan.contract.operations.iter().filter(|one| plan.scenario.includes_operation(one.name.as_str()));
    let of = |method: &str| all().find(|one| has_method(one, method) && ends_here(one).is_some());
    let reader = of("GET");
    let any = reader.or_else(|| of("PATCH")).or_else(|| of("DELETE")).or_else(|| of("PUT"))?;
    let label = ends_here(any)?;
    let item = route_shape(any)?;
    let collection = item.strip_suffix("/{}")?.to_owned();
    let list = all().find(|one| has_method(one, "GET") && route_shape(one).as_deref() == Some(&collection));
    let is_named_by_caller = fixture.names.contains_key(&label.capture);
    // The name that was sent stands for an identifier that no document shows: it is good for requests, not for laws.
    if is_named_by_caller && create.captures.contains_key(&label.capture) {
        return None;
    }
    Some(FixtureResource { label, fixture, creator, is_named_by_caller, reader, deleter: of("DELETE"), list })
}

/// Returns the resources that an operation creates.
pub(crate) fn created_resource<'p>(context: &OperationContext<'p>) -> Option<FixtureResource<'p>> {
    let plan = context.plan;
    let is_own = |fixture: &Fixture| {
        fixture.create.first().is_some_and(|create| create.request == context.operation.name.as_str())
    };
    let (name, _) = plan.scenario.fixtures.iter().find(|(_, fixture)| is_own(fixture))?;
    resource_of_fixture(plan, name)
}

/// Returns the resource that an operation reads, changes or deletes: the one that its path names last.
pub(crate) fn subject_resource<'p>(context: &OperationContext<'p>) -> Option<FixtureResource<'p>> {
    let label = named_resource(context.plan, context.operation)?;
    resource_of_fixture(context.plan, &label.fixture)
}

/// Returns true if an operation acts on the resource that its path names last: `POST /projects/{project_id}/archive`.
/// A word that other operations list or create below is a collection.
pub(crate) fn is_action(plan: &PlanContext<'_>, operation: &Operation, label: &ResourceLabel) -> bool {
    let Some(uri) = operation.http.as_ref().map(|http| http.uri.trim_end_matches('/')) else { return false };
    let Some((item, word)) = uri.rsplit_once('/') else { return false };
    let is_listed = |other: &Operation| {
        let http = other.http.as_ref().map_or(("", ""), |http| (http.method.as_str(), http.uri.as_str()));
        http.1.starts_with(&format!("{uri}/{{")) || (http.0 == "GET" && http.1.trim_end_matches('/') == uri)
    };
    let creates = |fixture: &Fixture| fixture.create.first().is_some_and(|one| one.request == operation.name.as_str());
    let is_collection = plan.contract.operations.iter().any(is_listed) || plan.scenario.fixtures.values().any(creates);
    !word.starts_with('{') && item.ends_with(&format!("{{{}}}", label.label)) && !is_collection
}

/// Returns the resource that an operation lists.
pub(crate) fn listed_resource<'p>(context: &OperationContext<'p>) -> Option<FixtureResource<'p>> {
    let plan = context.plan;
    let is_listed =
        |resource: &FixtureResource<'_>| resource.list.is_some_and(|list| list.name == context.operation.name);
    plan.scenario.fixtures.keys().find_map(|name| resource_of_fixture(plan, name).filter(is_listed))
}
