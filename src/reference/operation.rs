//! An operation, compiled for serving, and a call of it.
//!
//! Never compiles anything; see [`super::compile`].

use super::constraints::{ConstraintTree, InputViolation, NodeKind};
use super::error_response::{ErrorCause, ErrorResponse};
use super::misbehavior::{Misbehavior, MisbehaviorSet};
use super::request::ServerResponse;
use super::route::RouteTemplate;
use super::server_config::IdentifierTemplate;
use super::state::{ResourceEffects, ResourceStore};
use crate::contract::{Constraint, MemberPath, OperationTraits, ShapeId};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// An operation, compiled for serving.
#[derive(Clone)]
pub(super) struct CompiledOperation {
    pub name: String,
    pub route: RouteTemplate,
    pub tree: Option<Arc<ConstraintTree>>,
    /// Wire names of the input members whose wire name differs from their name.
    pub wire_names: Arc<HashMap<String, String>>,
    pub input: Option<ShapeId>,
    pub output: Option<ShapeId>,
    pub traits: Arc<OperationTraits>,
    pub has_body_members: bool,
    /// Whether the wire format of the input differs from the contract's: by member names, or timestamps as strings.
    pub needs_json_conversion: bool,
    pub has_query: bool,
    pub has_headers: bool,
    /// Whether a member is bound to a cookie.
    pub has_cookies: bool,
    /// Whether the body is a form.
    pub has_form: bool,
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
    /// Whether there are no two resources of one name.
    pub creates_once: bool,
    /// Whether a name that is taken is rejected.
    pub rejects_taken_names: bool,
    pub behavior: Option<OperationBehavior>,
    pub misbehaviors: MisbehaviorSet,
}

impl CompiledOperation {
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

    pub(super) fn misbehaves(&self, misbehavior: Misbehavior) -> bool {
        self.misbehaviors.has(misbehavior)
    }
}

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
