//! Compiles a contract for serving: routes, constraint trees and errors are looked up once per operation.
//!
//! Never parses a request; see [`super::service`].

use super::answer::{Dialect, ErrorAnswer, ErrorBody, Refusal};
use super::check::Violation;
use super::fault::{Change, ErrorEdit};
use super::protocols::{self, Place};
use super::register::{self, Dealings};
use super::request::{Delivery, Response};
use super::route::Route;
use super::state::Store;
use super::tree::{NodeKind, Patterns, Tree};
use super::trick::{Trick, Tricks};
use super::world::{Form, World};
use super::{connect, leadlex, memory, sample};
use crate::contract::{Auth, Constraint, Contract, Location, MemberPath, Operation, OperationTraits, ShapeId};
use bytes::Bytes;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// A validated request, with everything that an operation's behaviour needs.
pub(super) struct Call<'a> {
    pub op: &'a Op,
    pub input: &'a Map<String, Value>,
    pub store: &'a Store,
}

/// The behaviour of an operation; `None` is a response without content.
pub(super) type Act = fn(&Call<'_>) -> Result<Option<Value>, Box<Violation>>;

impl<'a> Call<'a> {
    /// Returns a string member of the input.
    pub(super) fn text(&self, member: &str) -> Option<&'a str> {
        self.input.get(member).and_then(Value::as_str)
    }

    /// Returns an error if storing these entries under a member would exceed a byte budget that counts stored data.
    pub(super) fn keeps_budget(&self, member: &str, entries: &Map<String, Value>) -> Result<(), Box<Violation>> {
        let Some(tree) = &self.op.tree else { return Ok(()) };
        let Some(slot) = tree.slots().iter().find(|slot| slot.name == member) else { return Ok(()) };
        for check in tree.nodes[slot.node].rules.iter().filter(|check| check.counts_stored()) {
            if let Some(most) = check.exceeded_by(entries.iter().map(|(key, value)| (key.as_str(), value))) {
                return Err(Box::new(Violation {
                    path: MemberPath::root().member(member),
                    constraint: Constraint::MaxTotalBytes,
                    rule: format!("would exceed {most} bytes together with the stored data"),
                    crash: false,
                }));
            }
        }
        Ok(())
    }
}

/// An operation, compiled for serving.
#[derive(Clone)]
pub(super) struct Op {
    pub name: String,
    pub route: Route,
    pub tree: Option<Arc<Tree>>,
    /// Wire names of the input members whose wire name differs from their name.
    wire: Arc<HashMap<String, String>>,
    pub input: Option<ShapeId>,
    pub output: Option<ShapeId>,
    pub traits: Arc<OperationTraits>,
    pub reads_body: bool,
    /// Whether the wire format of the input differs from the contract's: by member names, or timestamps as strings.
    pub renames: bool,
    pub has_query: bool,
    pub has_headers: bool,
    pub errors: Arc<HashMap<Refusal, ErrorAnswer>>,
    pub success: u16,
    /// The success response for the smallest output.
    pub smallest: Response,
    /// The smallest output, under the contract's names.
    pub least: Arc<Value>,
    pub permission: Option<String>,
    /// Members that identify resources, each with the templates of the identifiers that exist.
    pub ids: Arc<Vec<(String, Vec<Form>)>>,
    /// Whether the operation changes nothing.
    pub only_looks: bool,
    /// The resources that the operation creates, names and deletes.
    pub dealings: Arc<Dealings>,
    pub act: Option<Act>,
    pub tricks: Tricks,
}

/// Everything that one server, faithful or not, enforces.
#[derive(Clone)]
pub(super) struct Checks {
    pub contract: Arc<Contract>,
    pub operations: Vec<Arc<Op>>,
    pub dialect: Dialect,
    pub auth: Vec<Auth>,
    pub base: String,
    pub place: String,
}

impl Checks {
    pub(super) fn new(contract: &Arc<Contract>, world: &World, patterns: &mut Patterns) -> Self {
        let dialect = Dialect::of(contract, world);
        let mut operations: Vec<Arc<Op>> = contract
            .operations
            .iter()
            .filter_map(|operation| Op::new(contract, operation, world, dialect, patterns))
            .map(Arc::new)
            .collect();
        operations.sort_by_key(|op| std::cmp::Reverse(op.route.exactness()));
        Self {
            contract: Arc::clone(contract),
            operations,
            dialect,
            auth: contract.auth.clone(),
            base: contract.base.as_deref().map(base_path).unwrap_or_default(),
            place: world.error_code.clone().unwrap_or_else(|| "error.code".to_owned()),
        }
    }

    pub(super) fn operation_mut(&mut self, name: &str) -> Option<&mut Op> {
        self.operations.iter_mut().find(|op| op.name == name).map(Arc::make_mut)
    }

    /// Applies a change; returns false if there is nothing to change.
    pub(super) fn apply(&mut self, change: &Change, patterns: &mut Patterns) -> bool {
        match change {
            Change::Constraint(site, edit) => {
                let Some(op) = self.operation_mut(&site.operation) else { return false };
                op.tree.as_mut().is_some_and(|tree| Arc::make_mut(tree).edit(&site.path, edit, patterns))
            }
            Change::Error { operation, role, edit } => {
                let Some(op) = self.operation_mut(operation) else { return false };
                let errors = Arc::make_mut(&mut op.errors);
                for (_, error) in errors.iter_mut().filter(|(refusal, _)| refusal.role() == *role) {
                    edit.apply(error);
                }
                true
            }
            Change::Trick { operation, trick } => {
                let Some(op) = self.operation_mut(operation) else { return false };
                op.tricks.add(*trick);
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
    fn apply(&self, error: &mut ErrorAnswer) {
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
            Self::Foreign(content_type) => {
                (error.body, error.content_type) = (ErrorBody::Foreign, Some(*content_type));
            }
            Self::CodeInBody => error.body = ErrorBody::WithCode,
        }
        if error.code.is_none() {
            error.name = None;
        }
    }
}

impl Op {
    fn new(
        contract: &Contract,
        operation: &Operation,
        world: &World,
        dialect: Dialect,
        patterns: &mut Patterns,
    ) -> Option<Self> {
        let name = operation.name.as_str();
        let (route, success) = match &operation.http {
            Some(http) => (Route::new(&http.method, &http.uri), http.success),
            None => {
                let (method, uri) = protocols::usual_route(contract, name)?;
                (Route::new(method, &uri), None)
            }
        };
        let tree = operation.input.as_ref().map(|input| Tree::new(contract, input, patterns));
        let members = operation
            .input
            .as_ref()
            .and_then(|input| contract.shapes.get(input))
            .and_then(|shape| shape.kind.members())
            .cloned()
            .unwrap_or_default();
        let at = |location: Location| members.values().any(|member| member.location == location);
        let wire: HashMap<String, String> =
            members.iter().filter_map(|(name, member)| Some((name.clone(), member.wire.clone()?))).collect();
        let errors = Refusal::ALL
            .into_iter()
            .map(|refusal| (refusal, ErrorAnswer::new(contract, &operation.name, refusal, dialect)))
            .collect();
        let mut smallest = operation
            .output
            .as_ref()
            .and_then(|output| sample::smallest(contract, output))
            .unwrap_or_else(|| Value::Object(Map::new()));
        register::shown(contract, name, operation.output.as_ref(), world, &mut smallest);
        let ids = members
            .keys()
            .filter_map(|name| {
                let forms: Vec<Form> = world
                    .known
                    .iter()
                    .filter(|known| known.member == *name)
                    .map(|known| Form::new(&known.form))
                    .collect();
                (!forms.is_empty()).then(|| (name.clone(), forms))
            })
            .collect();
        let renames = operation.input.as_ref().is_some_and(|input| Place::new(contract, input).has_other_json());
        let mut op = Self {
            name: name.to_owned(),
            route,
            tree: tree.map(Arc::new),
            wire: Arc::new(wire),
            input: operation.input.clone(),
            output: operation.output.clone(),
            traits: Arc::new(operation.traits.clone()),
            reads_body: at(Location::Body),
            renames,
            has_query: at(Location::Query),
            has_headers: at(Location::Header),
            errors: Arc::new(errors),
            success: success.unwrap_or(200),
            smallest: Response { status: 200, headers: Vec::new(), body: Bytes::new(), delivery: Delivery::Whole },
            least: Arc::default(),
            permission: operation.permission.clone(),
            ids: Arc::new(ids),
            only_looks: memory::only_looks(operation),
            dealings: Arc::new(Dealings::of(name, world)),
            act: connect::act(name, &members).or_else(|| leadlex::act(name, &members)),
            tricks: Tricks::default(),
        };
        op.smallest = protocols::success(contract, &op, &smallest);
        op.least = Arc::new(smallest);
        Some(op)
    }

    /// Returns a member's name on the wire.
    pub(super) fn wire_name<'a>(&'a self, member: &'a str) -> &'a str {
        self.wire.get(member).map_or(member, String::as_str)
    }

    /// Returns true if a label of this name may be an empty segment.
    pub(super) fn may_be_empty(&self, label: &str) -> bool {
        let Some(tree) = &self.tree else { return false };
        tree.slots().iter().find(|slot| slot.name == label || self.wire_name(&slot.name) == label).is_some_and(|slot| {
            let node = &tree.nodes[slot.node];
            matches!(node.kind, NodeKind::Text) && node.length_min.unwrap_or(0) == 0
        })
    }

    pub(super) fn has(&self, trick: Trick) -> bool {
        self.tricks.has(trick)
    }
}
