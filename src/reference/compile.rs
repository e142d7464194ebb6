//! Compiles a contract for serving: routes, constraint trees and errors are looked up once per operation.
//!
//! Never parses a request; see [`super::service`].

use super::check::InputViolation;
use super::constraint_tree::{ConstraintTree, NodeKind, PatternCache};
use super::error_response::{ErrorBody, ErrorCause, ErrorDialect, ErrorResponse};
use super::fault::{ErrorEdit, FaultChange};
use super::misbehavior::{Misbehavior, MisbehaviorSet};
use super::protocols::{self, ShapeRef};
use super::request::{DeliveryMode, ServerResponse};
use super::resource_registry::{self, ResourceEffects};
use super::resource_store::ResourceStore;
use super::route::RouteTemplate;
use super::server_config::{IdentifierTemplate, ServerConfig};
use super::{generic_state, sample};
use crate::contract::{
    AuthScheme, Constraint, Contract, MemberLocation, MemberPath, Operation, OperationTraits, ShapeId,
};
use crate::reference::services::{connect, leadlex};
use bytes::Bytes;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// A validated request, with everything that an operation's behaviour needs.
pub(super) struct OperationCall<'a> {
    pub op: &'a CompiledOperation,
    pub input: &'a Map<String, Value>,
    pub store: &'a ResourceStore,
}

/// The behaviour of an operation; `None` is a response without content.
pub(super) type OperationBehavior = fn(&OperationCall<'_>) -> Result<Option<Value>, Box<InputViolation>>;

impl<'a> OperationCall<'a> {
    /// Returns a string member of the input.
    pub(super) fn input_text(&self, member: &str) -> Option<&'a str> {
        self.input.get(member).and_then(Value::as_str)
    }

    /// Returns an error if storing these entries under a member would exceed a byte budget that counts stored data.
    pub(super) fn check_stored_budget(
        &self,
        member: &str,
        entries: &Map<String, Value>,
    ) -> Result<(), Box<InputViolation>> {
        let Some(tree) = &self.op.tree else { return Ok(()) };
        let Some(slot) = tree.slots().iter().find(|slot| slot.name == member) else { return Ok(()) };
        for check in tree.nodes[slot.node].rules.iter().filter(|check| check.counts_stored()) {
            if let Some(most) = check.exceeded_budget(entries.iter().map(|(key, value)| (key.as_str(), value))) {
                return Err(Box::new(InputViolation {
                    path: MemberPath::root().join_member(member),
                    constraint: Constraint::MaxTotalBytes,
                    rule: format!("would exceed {most} bytes together with the stored data"),
                    crashes: false,
                }));
            }
        }
        Ok(())
    }
}

/// An operation, compiled for serving.
#[derive(Clone)]
pub(super) struct CompiledOperation {
    pub name: String,
    pub route: RouteTemplate,
    pub tree: Option<Arc<ConstraintTree>>,
    /// Wire names of the input members whose wire name differs from their name.
    wire_names: Arc<HashMap<String, String>>,
    pub input: Option<ShapeId>,
    pub output: Option<ShapeId>,
    pub traits: Arc<OperationTraits>,
    pub has_body_members: bool,
    /// Whether the wire format of the input differs from the contract's: by member names, or timestamps as strings.
    pub needs_json_conversion: bool,
    pub has_query: bool,
    pub has_headers: bool,
    pub errors: Arc<HashMap<ErrorCause, ErrorResponse>>,
    pub success_status: u16,
    /// The success response for the smallest output.
    pub smallest_response: ServerResponse,
    /// The smallest output, under the contract's names.
    pub smallest_output: Arc<Value>,
    pub permission: Option<String>,
    /// Members that identify resources, each with the templates of the identifiers that exist.
    pub known_identifiers: Arc<Vec<(String, Vec<IdentifierTemplate>)>>,
    /// Whether the operation changes nothing.
    pub is_read_only: bool,
    /// The resources that the operation creates, names and deletes.
    pub resource_effects: Arc<ResourceEffects>,
    pub behavior: Option<OperationBehavior>,
    pub misbehaviors: MisbehaviorSet,
}

/// Everything that one server, faithful or not, enforces.
#[derive(Clone)]
pub(super) struct CompiledServer {
    pub contract: Arc<Contract>,
    pub operations: Vec<Arc<CompiledOperation>>,
    pub dialect: ErrorDialect,
    pub auth: Vec<AuthScheme>,
    pub base_path: String,
    pub error_code_path: String,
}

impl CompiledServer {
    pub(super) fn new(contract: &Arc<Contract>, config: &ServerConfig, patterns: &mut PatternCache) -> Self {
        let dialect = ErrorDialect::for_contract(contract, config);
        let mut operations: Vec<Arc<CompiledOperation>> = contract
            .operations
            .iter()
            .filter_map(|operation| CompiledOperation::new(contract, operation, config, dialect, patterns))
            .map(Arc::new)
            .collect();
        operations.sort_by_key(|op| std::cmp::Reverse(op.route.specificity()));
        Self {
            contract: Arc::clone(contract),
            operations,
            dialect,
            auth: contract.auth.clone(),
            base_path: contract.base_url.as_deref().map(base_path).unwrap_or_default(),
            error_code_path: config.error_code_path.clone().unwrap_or_else(|| "error.code".to_owned()),
        }
    }

    pub(super) fn operation_mut(&mut self, name: &str) -> Option<&mut CompiledOperation> {
        self.operations.iter_mut().find(|op| op.name == name).map(Arc::make_mut)
    }

    /// Applies a change; returns false if there is nothing to change.
    pub(super) fn apply_change(&mut self, change: &FaultChange, patterns: &mut PatternCache) -> bool {
        match change {
            FaultChange::Constraint(site, edit) => {
                let Some(op) = self.operation_mut(&site.operation) else { return false };
                op.tree.as_mut().is_some_and(|tree| Arc::make_mut(tree).apply_edit(&site.path, edit, patterns))
            }
            FaultChange::Error { operation, role, edit } => {
                let Some(op) = self.operation_mut(operation) else { return false };
                let errors = Arc::make_mut(&mut op.errors);
                for (_, error) in errors.iter_mut().filter(|(refusal, _)| refusal.role() == *role) {
                    edit.apply_to(error);
                }
                true
            }
            FaultChange::Misbehavior { operation, trick } => {
                let Some(op) = self.operation_mut(operation) else { return false };
                op.misbehaviors.add(*trick);
                true
            }
        }
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

impl ErrorEdit {
    fn apply_to(&self, error: &mut ErrorResponse) {
        match self {
            Self::Status(status) => error.status = *status,
            Self::Code(code) => (error.code, error.name) = (Some(code.clone()), Some(code.clone())),
            Self::NoCode => error.code = None,
            Self::Text => (error.body, error.code, error.content_type) = (ErrorBody::Text, None, Some("text/plain")),
            Self::Html => (error.body, error.code, error.content_type) = (ErrorBody::Html, None, Some("text/html")),
            Self::Empty => (error.body, error.code) = (ErrorBody::Empty, None),
            Self::Truncated => error.body = ErrorBody::Truncated,
            Self::ContentType(content_type) => error.content_type = Some(*content_type),
            Self::AsSuccess => {
                (error.status, error.body, error.code, error.content_type) = (200, ErrorBody::Success, None, None);
            }
            Self::WithStatus200 => error.status = 200,
            Self::OtherProtocol(content_type) => {
                (error.body, error.content_type) = (ErrorBody::OtherProtocol, Some(*content_type));
            }
            Self::CodeInBody => error.body = ErrorBody::CodeInBody,
        }
        if error.code.is_none() {
            error.name = None;
        }
    }
}

impl CompiledOperation {
    fn new(
        contract: &Contract,
        operation: &Operation,
        world: &ServerConfig,
        dialect: ErrorDialect,
        patterns: &mut PatternCache,
    ) -> Option<Self> {
        let name = operation.name.as_str();
        let (route, success) = match &operation.http {
            Some(http) => (RouteTemplate::new(&http.method, &http.uri), http.success),
            None => {
                let (method, uri) = protocols::default_route(contract, name)?;
                (RouteTemplate::new(method, &uri), None)
            }
        };
        let tree = operation.input.as_ref().map(|input| ConstraintTree::new(contract, input, patterns));
        let members = operation
            .input
            .as_ref()
            .and_then(|input| contract.shapes.get(input))
            .and_then(|shape| shape.kind.members())
            .cloned()
            .unwrap_or_default();
        let at = |location: MemberLocation| members.values().any(|member| member.location == location);
        let wire: HashMap<String, String> =
            members.iter().filter_map(|(name, member)| Some((name.clone(), member.wire.clone()?))).collect();
        let errors = ErrorCause::ALL
            .into_iter()
            .map(|refusal| (refusal, ErrorResponse::new(contract, &operation.name, refusal, dialect)))
            .collect();
        let mut smallest = operation
            .output
            .as_ref()
            .and_then(|output| sample::smallest_value(contract, output))
            .unwrap_or_else(|| Value::Object(Map::new()));
        resource_registry::apply_output_texts(contract, name, operation.output.as_ref(), world, &mut smallest);
        let ids = members
            .keys()
            .filter_map(|name| {
                let forms: Vec<IdentifierTemplate> = world
                    .known_identifiers
                    .iter()
                    .filter(|known| known.member == *name)
                    .map(|known| IdentifierTemplate::new(&known.template))
                    .collect();
                (!forms.is_empty()).then(|| (name.clone(), forms))
            })
            .collect();
        let renames = operation.input.as_ref().is_some_and(|input| ShapeRef::new(contract, input).differs_in_json());
        let mut op = Self {
            name: name.to_owned(),
            route,
            tree: tree.map(Arc::new),
            wire_names: Arc::new(wire),
            input: operation.input.clone(),
            output: operation.output.clone(),
            traits: Arc::new(operation.traits.clone()),
            has_body_members: at(MemberLocation::Body),
            needs_json_conversion: renames,
            has_query: at(MemberLocation::Query),
            has_headers: at(MemberLocation::Header),
            errors: Arc::new(errors),
            success_status: success.unwrap_or(200),
            smallest_response: ServerResponse {
                status: 200,
                headers: Vec::new(),
                body: Bytes::new(),
                delivery: DeliveryMode::Whole,
            },
            smallest_output: Arc::default(),
            permission: operation.permission.clone(),
            known_identifiers: Arc::new(ids),
            is_read_only: generic_state::is_read_only(operation),
            resource_effects: Arc::new(ResourceEffects::for_operation(name, world)),
            behavior: connect::find_behavior(name, &members).or_else(|| leadlex::find_behavior(name, &members)),
            misbehaviors: MisbehaviorSet::default(),
        };
        op.smallest_response = protocols::write_success(contract, &op, &smallest);
        op.smallest_output = Arc::new(smallest);
        Some(op)
    }

    /// Returns a member's name on the wire.
    pub(super) fn wire_name<'a>(&'a self, member: &'a str) -> &'a str {
        self.wire_names.get(member).map_or(member, String::as_str)
    }

    /// Returns true if a label of this name may be an empty segment.
    pub(super) fn may_be_empty(&self, label: &str) -> bool {
        let Some(tree) = &self.tree else { return false };
        tree.slots().iter().find(|slot| slot.name == label || self.wire_name(&slot.name) == label).is_some_and(|slot| {
            let node = &tree.nodes[slot.node];
            matches!(node.kind, NodeKind::Text) && node.length_min.unwrap_or(0) == 0
        })
    }

    pub(super) fn misbehaves(&self, trick: Misbehavior) -> bool {
        self.misbehaviors.has(trick)
    }
}
