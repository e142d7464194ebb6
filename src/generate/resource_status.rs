//! Classifies the resources that an input names: owned by the scenario, nonexistent, or unknown.
//!
//! It never creates a resource and never asks the endpoint.

use super::plan_context::PlanContext;
use super::template_filler::{TemplateFiller, has_placeholders};
use super::web::list_names::is_place_in_list;
use crate::case::{CaseId, Value};
use crate::contract::{Member, MemberLocation, MemberPath, Operation, PathSegment, Protocol, ShapeId, ShapeKind};
use crate::scenario::fixture_placeholder;

/// What the identifiers in an input refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ResourceStatus {
    /// Only resources that the scenario owns.
    Owned,
    /// The name of a new resource, which may be in use already.
    MaybeTaken,
    /// A resource of which it is not known whether it exists.
    Unknown,
    /// A name that another case may have given to a resource that it created.
    MaybeCreatedByOtherCase,
    /// A token that only the service can issue.
    ServiceIssued,
    /// A nonexistent resource as one of several: a response may report each individually.
    NonexistentAmongOthers,
    /// A resource that does not exist, according to the scenario.
    Nonexistent,
}

/// The reason why the outcome is unspecified if one of several resources does not exist.
pub(crate) const REASON_AMONG_OTHERS: &str = "a response may report nonexistent entries of a list individually";

/// Returns the worst class of all identifiers in the input, which is the greatest one.
pub(crate) fn classify_resources(
    plan_context: &PlanContext<'_>,
    operation: &Operation,
    case: &CaseId,
    input: &Value,
) -> ResourceStatus {
    let Some(shape) = &operation.input else { return ResourceStatus::Owned };
    classify_value(plan_context, operation, case, shape, input, &MemberPath::root())
}

fn classify_value(
    plan_context: &PlanContext<'_>,
    operation: &Operation,
    case: &CaseId,
    id: &ShapeId,
    value: &Value,
    path: &MemberPath,
) -> ResourceStatus {
    let inner =
        |id: &ShapeId, value: &Value, path: MemberPath| classify_value(plan_context, operation, case, id, value, &path);
    // If the documents name an error for it, that error is expected.
    let among = |worst| {
        if plan_context.has_only_aws_models() && worst == ResourceStatus::Nonexistent {
            ResourceStatus::NonexistentAmongOthers
        } else {
            worst
        }
    };
    match (&plan_context.contract.shape(id).kind, value) {
        (ShapeKind::Structure { members } | ShapeKind::Union { members }, Value::Map(given)) => given
            .iter()
            .filter_map(|(name, value)| {
                let member = members.get(name)?;
                let place = path.join_member(name);
                let is_unknown = path.0.is_empty() && is_unknown_path_resource(plan_context, operation, &place, value);
                let status = inner(&member.shape, value, place);
                let status = match path.0.is_empty() && names_place_in_list(plan_context, member, name, value) {
                    true if !is_owned_identifier(plan_context, operation, &path.join_member(name)) => {
                        status.max(ResourceStatus::ServiceIssued)
                    }
                    _ => status,
                };
                Some(if is_unknown { status.max(ResourceStatus::Unknown) } else { status })
            })
            .max(),
        (ShapeKind::List { member }, Value::List(items)) => {
            let worst = items.iter().map(|item| inner(member, item, path.join(PathSegment::Item))).max();
            worst.map(among)
        }
        (ShapeKind::Map { value: entry, .. }, Value::Map(entries)) => {
            let values = entries.values().map(|value| inner(entry, value, path.join(PathSegment::Value))).max();
            let place = path.join(PathSegment::Key);
            let named = plan_context.scenario.use_value_at(operation.name.as_str(), &place).is_some();
            // Template keys come from the scenario, so they need no check.
            let keys = entries.keys().filter(|key| named && Value::as_template_key(key).is_none());
            keys.map(|key| classify_identifier(plan_context, operation, case, &place, key)).map(among).max().max(values)
        }
        (ShapeKind::String, Value::Text(text)) => Some(classify_identifier(plan_context, operation, case, path, text)),
        // It is not known which small numbers exist.
        (ShapeKind::Integer | ShapeKind::Long, Value::Number(_))
            if is_owned_identifier(plan_context, operation, path) =>
        {
            Some(ResourceStatus::ServiceIssued)
        }
        (ShapeKind::Integer | ShapeKind::Long, Value::Number(_))
            if plan_context.contract.protocol == Some(Protocol::RestJson)
                && path.last_member().is_some_and(refers_to_resource) =>
        {
            Some(ResourceStatus::Unknown)
        }
        _ => None,
    }
    .unwrap_or(ResourceStatus::Owned)
}

fn classify_identifier(
    plan_context: &PlanContext<'_>,
    operation: &Operation,
    case: &CaseId,
    path: &MemberPath,
    text: &str,
) -> ResourceStatus {
    let name = operation.name.as_str();
    let place = path.to_string();
    if plan_context.scenario.operation_notes(name).is_some_and(|notes| notes.fresh_members.contains(&place)) {
        // Any name may be chosen for a new resource, but only the name generated for the case is certain to be unused.
        let chosen = plan_context.scenario.value_when_sent(name, &place);
        let same = chosen
            .is_some_and(|json| TemplateFiller::new(plan_context.scenario, case).fill_json(json) == Value::text(text));
        return if same { ResourceStatus::Owned } else { ResourceStatus::MaybeTaken };
    }
    let used = plan_context.scenario.value_when_sent(name, &place);
    if let Some(json) = used {
        let is_identifier =
            json.as_str().is_some_and(has_placeholders) || plan_context.scenario.missing_value(name, &place).is_some();
        let filled = |json| TemplateFiller::new(plan_context.scenario, case).fill_json(json);
        let same = || filled(json) == Value::text(text);
        let is_missing =
            || plan_context.scenario.missing_value(name, &place).is_some_and(|json| filled(json) == Value::text(text));
        return match () {
            () if !is_identifier || same() => ResourceStatus::Owned,
            () if is_missing() || !is_caller_chosen(plan_context, json) => ResourceStatus::Nonexistent,
            () => ResourceStatus::MaybeCreatedByOtherCase,
        };
    }
    match path.last_member() {
        Some(member) if is_service_issued(member) => ResourceStatus::ServiceIssued,
        Some(member) if refers_to_resource(member) => ResourceStatus::Unknown,
        _ => ResourceStatus::Owned,
    }
}

/// Returns true if a member is a segment of the path that names a resource, whatever the segment is called. Only the
/// documents of AWS name all members that do.
fn is_path_resource(plan_context: &PlanContext<'_>, operation: &Operation, path: &MemberPath) -> bool {
    let [PathSegment::Member(name)] = path.0.as_slice() else { return false };
    let contract = plan_context.contract;
    let members = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    members.and_then(|members| members.get(name)).is_some_and(|member| {
        let kind = &contract.shape(&member.shape).kind;
        contract.protocol == Some(Protocol::RestJson)
            && member.location == MemberLocation::Label
            && matches!(kind, ShapeKind::String | ShapeKind::Integer | ShapeKind::Long)
    })
}

/// Returns true if the path names a resource of which it is not known whether it exists. A server may look for it before
/// it checks the rest of the request.
pub(crate) fn has_unknown_path_resource(plan_context: &PlanContext<'_>, operation: &Operation, input: &Value) -> bool {
    let Value::Map(given) = input else { return false };
    given.iter().any(|(name, value)| {
        is_unknown_path_resource(plan_context, operation, &MemberPath::root().join_member(name), value)
    })
}

fn is_unknown_path_resource(
    plan_context: &PlanContext<'_>,
    operation: &Operation,
    path: &MemberPath,
    value: &Value,
) -> bool {
    matches!(value, Value::Text(_) | Value::Number(_))
        && is_path_resource(plan_context, operation, path)
        && plan_context.scenario.use_value(operation.name.as_str(), &path.to_string()).is_none()
}

/// Returns true if an identifier is a name that the caller chooses when creating the resource: `{queue.QueueName}`.
fn is_caller_chosen(plan_context: &PlanContext<'_>, json: &serde_json::Value) -> bool {
    let placeholder = json.as_str().and_then(fixture_placeholder);
    placeholder.is_some_and(|(fixture, name)| {
        plan_context.scenario.fixtures.get(fixture).is_some_and(|fixture| fixture.names.contains_key(name))
    })
}

/// Returns true if the value of a parameter is a place in a list of a web API: a cursor, or the number of a page other
/// than the first.
fn names_place_in_list(plan_context: &PlanContext<'_>, member: &Member, name: &str, value: &Value) -> bool {
    let is_first = matches!(value, Value::Number(number) if number == "0" || number == "1");
    let shape = plan_context.contract.shape(&member.shape);
    plan_context.contract.protocol == Some(Protocol::RestJson)
        && !plan_context.is_only_modelled
        && member.location == MemberLocation::Query
        && !is_first
        && is_place_in_list(member.wire_name(name), &shape.kind)
}

/// Returns true for pagination tokens and handles: only values that the service issued before are meaningful.
fn is_service_issued(member: &str) -> bool {
    let name = member.to_ascii_lowercase();
    ["nexttoken", "pagetoken", "paginationtoken", "continuationtoken", "startingtoken", "nextmarker", "cursor"]
        .iter()
        .any(|token| name.ends_with(token))
        || ["marker", "nextpagetoken", "tasktoken", "receipthandle", "sharditerator", "exclusivestartkey"]
            .contains(&name.as_str())
}

/// Returns true if the member's name says that it refers to a resource: `QueueId`, `roleArn`, `SubnetIds`.
fn refers_to_resource(member: &str) -> bool {
    ["Id", "Ids", "Arn", "Arns", "ARN", "ID"].iter().any(|end| member.ends_with(end))
        || matches!(member, "id" | "ids" | "arn" | "arns")
        || ["_id", "_ids", "_arn"].iter().any(|end| member.ends_with(end))
}

/// Returns true if a member, or a part of it, may name a resource.
pub(crate) fn may_refer_to_resource(
    plan_context: &PlanContext<'_>,
    operation: &Operation,
    id: &ShapeId,
    path: &MemberPath,
) -> bool {
    const MAX_DEPTH: usize = 6;
    match &plan_context.contract.shape(id).kind {
        _ if path.0.len() > MAX_DEPTH => false,
        ShapeKind::Structure { members } | ShapeKind::Union { members } => members.iter().any(|(name, member)| {
            may_refer_to_resource(plan_context, operation, &member.shape, &path.join_member(name))
        }),
        ShapeKind::List { member } => {
            may_refer_to_resource(plan_context, operation, member, &path.join(PathSegment::Item))
        }
        ShapeKind::String | ShapeKind::Integer | ShapeKind::Long => {
            is_owned_identifier(plan_context, operation, path) || path.last_member().is_some_and(refers_to_resource)
        }
        _ => false,
    }
}

/// Returns true if the scenario uses this member of an operation's input as an identifier of its resources.
pub(crate) fn is_owned_identifier(plan_context: &PlanContext<'_>, operation: &Operation, path: &MemberPath) -> bool {
    let (name, place) = (operation.name.as_str(), path.to_string());
    plan_context.scenario.value_when_sent(name, &place).is_some_and(|json| {
        json.as_str().is_some_and(has_placeholders) || plan_context.scenario.missing_value(name, &place).is_some()
    })
}
