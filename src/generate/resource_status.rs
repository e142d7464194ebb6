//! Classifies the resources that an input names: owned by the scenario, nonexistent, or unknown.
//!
//! It never creates a resource and never asks the endpoint.

use super::draft::Planner;
use super::template::{Templates, has_holes};
use super::{CaseId, Value};
use crate::contract::{Kind, MemberPath, Operation, Segment, ShapeId};

/// What the identifiers in an input refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resources {
    /// Only resources that the scenario owns.
    Owned,
    /// The name of a new resource, which may be in use already.
    Taken,
    /// A resource of which it is not known whether it exists.
    Unknown,
    /// A name that another case may have given to a resource that it created.
    Chosen,
    /// A token that only the service can issue.
    Opaque,
    /// A nonexistent resource as one of several: a response may report each individually.
    Among,
    /// A resource that does not exist, according to the scenario.
    Foreign,
}

/// The reason why the outcome is unspecified if one of several resources does not exist.
pub(crate) const AMONG: &str = "a response may report nonexistent entries of a list individually";

/// Returns the worst class of all identifiers in the input, which is the greatest one.
pub(crate) fn resources(planner: &Planner<'_>, operation: &Operation, case: &CaseId, input: &Value) -> Resources {
    let Some(shape) = &operation.input else { return Resources::Owned };
    walk(planner, operation, case, shape, input, &MemberPath::root())
}

fn walk(
    planner: &Planner<'_>,
    operation: &Operation,
    case: &CaseId,
    id: &ShapeId,
    value: &Value,
    path: &MemberPath,
) -> Resources {
    let inner = |id: &ShapeId, value: &Value, path: MemberPath| walk(planner, operation, case, id, value, &path);
    // If the documents name an error for it, that error is expected.
    let among = |worst| if planner.is_reticent() && worst == Resources::Foreign { Resources::Among } else { worst };
    match (&planner.contract.shape(id).kind, value) {
        (Kind::Structure { members } | Kind::Union { members }, Value::Map(given)) => given
            .iter()
            .filter_map(|(name, value)| members.get(name).map(|member| inner(&member.shape, value, path.member(name))))
            .max(),
        (Kind::List { member }, Value::List(items)) => {
            let worst = items.iter().map(|item| inner(member, item, path.then(Segment::Item))).max();
            worst.map(among)
        }
        (Kind::Map { value: entry, .. }, Value::Map(entries)) => {
            let values = entries.values().map(|value| inner(entry, value, path.then(Segment::Value))).max();
            let place = path.then(Segment::Key);
            let named = planner.scenario.use_at(operation.name.as_str(), &place).is_some();
            // Template keys come from the scenario, so they need no check.
            let keys = entries.keys().filter(|key| named && Value::as_template_key(key).is_none());
            keys.map(|key| identifier(planner, operation, case, &place, key)).map(among).max().max(values)
        }
        (Kind::String, Value::Text(text)) => Some(identifier(planner, operation, case, path, text)),
        // It is not known which small numbers exist.
        (Kind::Integer | Kind::Long, Value::Number(_)) if is_owned_identifier(planner, operation, path) => {
            Some(Resources::Opaque)
        }
        _ => None,
    }
    .unwrap_or(Resources::Owned)
}

fn identifier(planner: &Planner<'_>, operation: &Operation, case: &CaseId, path: &MemberPath, text: &str) -> Resources {
    let name = operation.name.as_str();
    let place = path.to_string();
    if planner.scenario.notes(name).is_some_and(|notes| notes.fresh.contains(&place)) {
        // Any name may be chosen for a new resource, but only the name generated for the case is certain to be unused.
        let chosen = planner.scenario.use_for(name, &place);
        let same = chosen.is_some_and(|json| Templates::new(planner.scenario, case).json(json) == Value::text(text));
        return if same { Resources::Owned } else { Resources::Taken };
    }
    let used = planner.scenario.use_for(name, &place);
    if let Some(json) = used {
        let is_identifier =
            json.as_str().is_some_and(has_holes) || planner.scenario.missing_for(name, &place).is_some();
        let filled = |json| Templates::new(planner.scenario, case).json(json);
        let same = || filled(json) == Value::text(text);
        let is_missing =
            || planner.scenario.missing_for(name, &place).is_some_and(|json| filled(json) == Value::text(text));
        return match () {
            () if !is_identifier || same() => Resources::Owned,
            () if is_missing() || !is_chosen(planner, json) => Resources::Foreign,
            () => Resources::Chosen,
        };
    }
    match path.last_member() {
        Some(member) if gives_out(member) => Resources::Opaque,
        Some(member) if names_resource(member) => Resources::Unknown,
        _ => Resources::Owned,
    }
}

/// Returns true if an identifier is a name that the caller chooses when creating the resource: `{queue.QueueName}`.
fn is_chosen(planner: &Planner<'_>, json: &serde_json::Value) -> bool {
    let hole = json.as_str().and_then(|text| text.strip_prefix('{')?.strip_suffix('}')?.split_once('.'));
    hole.is_some_and(|(fixture, name)| {
        planner.scenario.fixtures.get(fixture).is_some_and(|fixture| fixture.names.contains_key(name))
    })
}

/// Returns true for pagination tokens and handles: only values that the service issued before are meaningful.
fn gives_out(member: &str) -> bool {
    let name = member.to_ascii_lowercase();
    ["nexttoken", "pagetoken", "paginationtoken", "continuationtoken", "startingtoken", "nextmarker", "cursor"]
        .iter()
        .any(|token| name.ends_with(token))
        || ["marker", "nextpagetoken", "tasktoken", "receipthandle", "sharditerator", "exclusivestartkey"]
            .contains(&name.as_str())
}

/// Returns true if the member's name says that it refers to a resource: `QueueId`, `roleArn`, `SubnetIds`.
fn names_resource(member: &str) -> bool {
    ["Id", "Ids", "Arn", "Arns", "ARN", "ID"].iter().any(|end| member.ends_with(end))
        || matches!(member, "id" | "ids" | "arn" | "arns")
        || ["_id", "_ids", "_arn"].iter().any(|end| member.ends_with(end))
}

/// Returns true if the scenario uses this member of an operation's input as an identifier of its resources.
pub(crate) fn is_owned_identifier(planner: &Planner<'_>, operation: &Operation, path: &MemberPath) -> bool {
    let (name, place) = (operation.name.as_str(), path.to_string());
    planner.scenario.use_for(name, &place).is_some_and(|json| {
        json.as_str().is_some_and(has_holes) || planner.scenario.missing_for(name, &place).is_some()
    })
}
