//! Compiles a contract for serving: routes, constraint trees and errors are looked up once per operation.
//!
//! Never parses a request; see [`super::service`].

use super::constraints::{ConstraintTree, PatternCache};
use super::error_response::{ErrorCause, ErrorDialect, ErrorResponse};
use super::misbehavior::MisbehaviorSet;
use super::operation::CompiledOperation;
use super::protocols::{self, ShapeRef};
use super::request::{DeliveryMode, ServerResponse};
use super::route::RouteTemplate;
use super::sample;
use super::server_config::{IdentifierTemplate, ServerConfig};
use super::services::{connect, leadlex};
use super::state::{ResourceEffects, WebModel, apply_output_texts};
use crate::contract::{AuthScheme, Contract, ErrorRole, HttpBinding, Member, MemberLocation, Operation};
use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// Everything that one server, faithful or not, enforces.
#[derive(Clone)]
pub(super) struct CompiledServer {
    pub contract: Arc<Contract>,
    pub operations: Vec<Arc<CompiledOperation>>,
    pub dialect: ErrorDialect,
    pub auth: Vec<AuthScheme>,
    pub base_path: String,
    pub error_code_path: String,
    pub web: Arc<WebModel>,
}

impl CompiledServer {
    pub(super) fn new(contract: &Arc<Contract>, config: &ServerConfig, patterns: &mut PatternCache) -> Self {
        let dialect = ErrorDialect::for_contract(contract, config);
        let mut operations: Vec<Arc<CompiledOperation>> = contract
            .operations
            .iter()
            .filter_map(|operation| compile_operation(contract, operation, config, dialect, patterns))
            .map(Arc::new)
            .collect();
        operations.sort_by_key(|op| std::cmp::Reverse(op.route.specificity()));
        Self {
            contract: Arc::clone(contract),
            operations,
            dialect,
            auth: contract.auth.clone(),
            web: Arc::new(WebModel::new(contract, config)),
            base_path: contract.base_url.as_deref().map(base_path).unwrap_or_default(),
            error_code_path: config.error_code_path.clone().unwrap_or_else(|| "error.code".to_owned()),
        }
    }

    pub(super) fn operation_mut(&mut self, name: &str) -> Option<&mut CompiledOperation> {
        self.operations.iter_mut().find(|op| op.name == name).map(Arc::make_mut)
    }
}

/// Returns the path of a base URL, without a trailing slash.
fn base_path(url: &str) -> String {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => url,
    };
    path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_owned()
}

fn compile_operation(
    contract: &Contract,
    operation: &Operation,
    config: &ServerConfig,
    dialect: ErrorDialect,
    patterns: &mut PatternCache,
) -> Option<CompiledOperation> {
    let name = operation.name.as_str();
    let (route, success_status) = compile_route(contract, operation)?;
    let tree = operation.input.as_ref().map(|input| Arc::new(ConstraintTree::new(contract, input, patterns)));
    let members = operation
        .input
        .as_ref()
        .and_then(|input| contract.shapes.get(input))
        .and_then(|shape| shape.kind.members())
        .cloned()
        .unwrap_or_default();
    let has_members_in = |location: MemberLocation| members.values().any(|member| member.location == location);
    let smallest_output = smallest_output(contract, operation, config);
    let mut op = CompiledOperation {
        name: name.to_owned(),
        route,
        tree,
        wire_names: Arc::new(
            members.iter().filter_map(|(name, member)| Some((name.clone(), member.wire.clone()?))).collect(),
        ),
        input: operation.input.clone(),
        output: operation.output.clone(),
        traits: Arc::new(operation.traits.clone()),
        has_body_members: has_members_in(MemberLocation::Body),
        needs_json_conversion: operation
            .input
            .as_ref()
            .is_some_and(|input| ShapeRef::new(contract, input).differs_in_json()),
        has_query: has_members_in(MemberLocation::Query),
        has_headers: has_members_in(MemberLocation::Header),
        has_cookies: has_members_in(MemberLocation::Cookie),
        has_form: has_members_in(MemberLocation::Form),
        errors: Arc::new(compile_errors(contract, operation, dialect)),
        success_status: success_status.unwrap_or(200),
        smallest_response: ServerResponse {
            status: 200,
            headers: Vec::new(),
            body: Bytes::new(),
            delivery: DeliveryMode::Whole,
        },
        smallest_output: Arc::default(),
        permission: operation.permission.clone(),
        known_identifiers: Arc::new(known_identifiers(&members, config)),
        is_read_only: is_read_only(operation),
        resource_effects: Arc::new(ResourceEffects::for_operation(name, config)),
        creates_once: creates_once(operation),
        rejects_taken_names: rejects_taken_names(contract, operation),
        behavior: connect::find_behavior(name, &members).or_else(|| leadlex::find_behavior(name, &members)),
        misbehaviors: MisbehaviorSet::default(),
    };
    op.smallest_response = protocols::write_success(contract, &op, &smallest_output);
    op.smallest_output = Arc::new(smallest_output);
    Some(op)
}

/// Returns the route of an operation and its documented success status, or `None` if it has no route.
fn compile_route(contract: &Contract, operation: &Operation) -> Option<(RouteTemplate, Option<u16>)> {
    match &operation.http {
        Some(http) => Some((RouteTemplate::new(&http.method, &http.uri), http.success)),
        None => {
            let (method, uri) = protocols::default_route(contract, operation.name.as_str())?;
            Some((RouteTemplate::new(method, &uri), None))
        }
    }
}

fn compile_errors(
    contract: &Contract,
    operation: &Operation,
    dialect: ErrorDialect,
) -> HashMap<ErrorCause, ErrorResponse> {
    ErrorCause::ALL
        .into_iter()
        .map(|cause| (cause, ErrorResponse::new(contract, &operation.name, cause, dialect)))
        .collect()
}

/// Returns the smallest output of an operation, with the configured texts.
fn smallest_output(contract: &Contract, operation: &Operation, config: &ServerConfig) -> Value {
    let mut output = operation
        .output
        .as_ref()
        .and_then(|output| sample::smallest_value(contract, output))
        .unwrap_or_else(|| Value::Object(Map::new()));
    apply_output_texts(contract, operation.name.as_str(), operation.output.as_ref(), config, &mut output);
    output
}

/// Returns the members that identify resources, each with the templates of the identifiers that exist.
fn known_identifiers(
    members: &IndexMap<String, Member>,
    config: &ServerConfig,
) -> Vec<(String, Vec<IdentifierTemplate>)> {
    members
        .keys()
        .filter_map(|name| {
            let templates: Vec<IdentifierTemplate> = config
                .known_identifiers
                .iter()
                .filter(|known| known.member == *name)
                .map(|known| IdentifierTemplate::new(&known.template))
                .collect();
            (!templates.is_empty()).then(|| (name.clone(), templates))
        })
        .collect()
}

/// Returns true if an operation that creates a resource creates no second one of the same name.
fn creates_once(operation: &Operation) -> bool {
    let is_creation = operation.name.as_str().starts_with("Create");
    !operation.traits.repeatable && (is_creation || operation.laws.iter().any(|law| law == "rejects-duplicates"))
}

/// Returns true if an operation documents an error for a name that is taken. Conflicts between requests at the same time
/// are no such errors.
fn rejects_taken_names(contract: &Contract, operation: &Operation) -> bool {
    let is_race = |name: &str| {
        let lower = name.to_ascii_lowercase();
        ["concurrent", "modif", "precondition", "notready", "aborted"].iter().any(|word| lower.contains(word))
    };
    let mut errors = contract.operation_errors(operation);
    errors.any(|(name, error)| error.role == ErrorRole::Conflict && !is_race(name.as_str()))
}

/// Returns true if an operation is read-only, judged by its method or its name.
fn is_read_only(operation: &Operation) -> bool {
    let method = operation.http.as_ref().map(|HttpBinding { method, .. }| method.as_str());
    matches!(method, Some("GET" | "HEAD"))
        || ["Get", "Describe", "List", "Head", "Search", "Query", "Scan", "Lookup", "BatchGet"].iter().any(|verb| {
            let rest = operation.name.as_str().strip_prefix(verb);
            rest.is_some_and(|rest| rest.chars().next().is_none_or(char::is_uppercase))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_only_operations_are_recognized_by_method_or_name() {
        for (name, method, expected) in [
            ("GetThing", None, true),
            ("Get", None, true),
            ("DescribeThings", None, true),
            ("Getaway", None, false),
            ("MakeThing", None, false),
            ("GetThing", Some("POST"), true),
            ("MakeThing", Some("POST"), false),
            ("Thing", Some("GET"), true),
            ("Thing", Some("HEAD"), true),
        ] {
            let mut operation = Operation::new(name.into());
            operation.http =
                method.map(|method| HttpBinding { method: method.to_owned(), uri: "/x".to_owned(), success: None });
            assert_eq!(is_read_only(&operation), expected, "{name} {method:?}");
        }
    }
}
