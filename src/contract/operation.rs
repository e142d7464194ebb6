//! The contract itself, its operations and its errors.

use super::{
    AuthScheme, ErrorName, ErrorRole, Fact, FactOrigin, MemberPath, OperationName, OperationTraits, PathSegment,
    Provenance, ServiceTraits, Shape, ShapeId, ShapeKind,
};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Everything that the documentation of one API promises.
///
/// # Examples
/// ```
/// use overstep::contract::{Contract, HttpBinding, Operation, OperationName};
///
/// let mut operation = Operation::new(OperationName::new("GetNote"));
/// operation.http = Some(HttpBinding::new("GET", "/notes/{id}"));
/// let mut contract = Contract::new("notes");
/// contract.operations.push(operation);
/// assert!(contract.operation("GetNote").is_some());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Contract {
    /// The service's short name, for example `connect`.
    pub service: String,
    /// The wire protocol of requests and responses, if a source states it.
    pub protocol: Option<Protocol>,
    /// The authentication schemes; a caller may use any one of them.
    pub auth: Vec<AuthScheme>,
    /// The documented base URL; the URL of an endpoint replaces it.
    pub base_url: Option<String>,
    /// The service's names and version that every request carries.
    pub traits: ServiceTraits,
    /// The operations, in documented order.
    pub operations: Vec<Operation>,
    /// All errors that an operation lists or that are common to all operations, by name.
    pub errors: IndexMap<ErrorName, ErrorShape>,
    /// Errors that every operation may return even if its own description does not list them.
    pub common_error_names: Vec<ErrorName>,
    /// All shapes, by name.
    pub shapes: IndexMap<ShapeId, Shape>,
    /// The places of sentences about members whose numbers no fact holds.
    pub unread_sentences: Vec<Provenance>,
    /// Contracts of other services, whose operations only create what this API's operations need. The names of their
    /// operations begin with the service: `ec2:CreateSubnet`.
    pub supporting: Vec<Contract>,
}

impl Contract {
    /// Creates an empty contract.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            protocol: None,
            auth: Vec::new(),
            base_url: None,
            traits: ServiceTraits::default(),
            operations: Vec::new(),
            errors: IndexMap::new(),
            common_error_names: Vec::new(),
            shapes: IndexMap::new(),
            unread_sentences: Vec::new(),
            supporting: Vec::new(),
        }
    }

    /// Returns the contract that has an operation: one of another service if it supports this one, otherwise this one.
    pub fn owner_of(&self, operation: &str) -> &Self {
        if !operation.contains(OperationName::SERVICE_SEPARATOR) {
            return self;
        }
        self.supporting.iter().find(|other| other.operation(operation).is_some()).unwrap_or(self)
    }

    /// Adds the contract of another service whose operations create what this API's operations need.
    pub fn add_supporting(&mut self, service: &str, mut other: Self) {
        for operation in &mut other.operations {
            operation.name = OperationName::of_service(service, operation.name.as_str());
        }
        self.supporting.push(other);
    }

    /// Returns the operation with this name, of this API or of a supporting service.
    pub fn any_operation(&self, name: &str) -> Option<&Operation> {
        self.owner_of(name).operation(name)
    }

    /// Returns shapes and all shapes that they refer to.
    pub fn shapes_within(&self, roots: Vec<ShapeId>) -> HashSet<ShapeId> {
        let mut found = HashSet::new();
        let mut open = roots;
        while let Some(id) = open.pop() {
            if let Some(shape) = self.shapes.get(&id).filter(|_| found.insert(id)) {
                open.extend(shape.child_shape_ids().cloned());
            }
        }
        found
    }

    /// Returns the operation with this name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.name.as_str() == name)
    }

    /// Returns the shape with this name. Every name inside a contract has one: the readers and
    /// [`super::from_json`] reject contracts with a name that is not defined.
    ///
    /// # Panics
    /// Panics if the contract does not define the name.
    pub fn shape(&self, id: &ShapeId) -> &Shape {
        &self.shapes[id]
    }

    /// Returns the shape of a member of an operation's input; `None` if the input has no such member.
    pub fn input_shape_at(&self, operation: &str, path: &MemberPath) -> Option<&ShapeId> {
        let mut id = self.operation(operation)?.input.as_ref()?;
        for segment in &path.0 {
            id = match (&self.shapes.get(id)?.kind, segment) {
                (ShapeKind::List { member }, PathSegment::Item) => member,
                (ShapeKind::Map { key, .. }, PathSegment::Key) => key,
                (ShapeKind::Map { value, .. }, PathSegment::Value) => value,
                (kind, PathSegment::Member(name)) => &kind.members()?.get(name)?.shape,
                _ => return None,
            };
        }
        Some(id)
    }

    /// Returns how callers of an operation authenticate: the caller may choose one. The list is empty if no source says it.
    pub fn auth_schemes<'a>(&'a self, operation: &'a Operation) -> &'a [AuthScheme] {
        if operation.traits.auth.is_empty() { &self.auth } else { &operation.traits.auth }
    }

    /// Returns the documented errors of an operation, with what is known about each.
    pub fn operation_errors<'a>(
        &'a self,
        operation: &'a Operation,
    ) -> impl Iterator<Item = (&'a ErrorName, &'a ErrorShape)> {
        operation.errors.iter().filter_map(|name| self.errors.get_key_value(name))
    }

    /// Returns true if all operations come from machine models only, so that no document states which requests are
    /// accepted. If a page documents at least one operation, a person has reviewed the API, and models are treated as
    /// strictly as pages.
    pub fn is_model_only(&self) -> bool {
        !self.operations.is_empty() && self.operations.iter().all(Operation::is_model_only)
    }

    /// Returns the errors that every operation may return.
    pub fn common_errors(&self) -> impl Iterator<Item = (&ErrorName, &ErrorShape)> {
        self.common_error_names.iter().filter_map(|name| self.errors.get_key_value(name))
    }

    /// Returns the contract reduced to the named operations and what they refer to; unknown names are ignored.
    pub fn restrict_to(&self, names: &[impl AsRef<str>]) -> Self {
        let names: std::collections::HashSet<&str> = names.iter().map(AsRef::as_ref).collect();
        let mut restricted = self.clone();
        restricted.operations.retain(|operation| names.contains(operation.name.as_str()));
        restricted.remove_unreachable();
        for other in &mut restricted.supporting {
            other.operations.retain(|operation| names.contains(operation.name.as_str()));
            other.remove_unreachable();
        }
        restricted.supporting.retain(|other| !other.operations.is_empty());
        restricted
    }

    /// Removes shapes and errors that no operation refers to.
    pub fn remove_unreachable(&mut self) {
        let mut reached = std::collections::HashSet::new();
        let mut open: Vec<ShapeId> = Vec::new();
        for operation in &self.operations {
            open.extend(operation.input.iter().chain(&operation.output).cloned());
        }
        for name in self.operations.iter().flat_map(|operation| &operation.errors) {
            open.extend(self.errors.get(name).and_then(|error| error.shape.clone()));
        }
        while let Some(id) = open.pop() {
            if !reached.insert(id.clone()) {
                continue;
            }
            if let Some(shape) = self.shapes.get(&id) {
                open.extend(shape.child_shape_ids().cloned());
            }
        }
        self.shapes.retain(|id, _| reached.contains(id));
        let operations = &self.operations;
        let common = &self.common_error_names;
        let listed: std::collections::HashSet<&ErrorName> =
            operations.iter().flat_map(|operation| &operation.errors).collect();
        self.errors.retain(|name, _| common.contains(name) || listed.contains(name));
    }
}

impl Shape {
    /// Returns the shapes that this one refers to.
    pub fn child_shape_ids(&self) -> impl Iterator<Item = &ShapeId> {
        use super::ShapeKind;
        let (pair, members) = match &self.kind {
            ShapeKind::List { member } => ([Some(member), None], None),
            ShapeKind::Map { key, value } => ([Some(key), Some(value)], None),
            kind => ([None, None], kind.members()),
        };
        pair.into_iter().flatten().chain(members.into_iter().flat_map(|members| members.values().map(|m| &m.shape)))
    }
}

/// A wire protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Protocol {
    /// AWS restJson1.
    #[serde(rename = "restJson1")]
    RestJson1,
    /// AWS JSON 1.0.
    #[serde(rename = "awsJson1_0")]
    AwsJson1_0,
    /// AWS JSON 1.1.
    #[serde(rename = "awsJson1_1")]
    AwsJson1_1,
    /// AWS query.
    #[serde(rename = "awsQuery")]
    AwsQuery,
    /// EC2 query.
    #[serde(rename = "ec2Query")]
    Ec2Query,
    /// AWS restXml.
    #[serde(rename = "restXml")]
    RestXml,
    /// Smithy RPC v2 CBOR.
    #[serde(rename = "rpcv2Cbor")]
    RpcV2Cbor,
    /// Plain JSON over HTTP, bound by route and location.
    #[serde(rename = "restJson")]
    RestJson,
}

impl Protocol {
    /// All protocols.
    pub const ALL: [Self; 8] = [
        Self::RestJson1,
        Self::AwsJson1_0,
        Self::AwsJson1_1,
        Self::AwsQuery,
        Self::Ec2Query,
        Self::RestXml,
        Self::RpcV2Cbor,
        Self::RestJson,
    ];

    /// Returns the name used in the JSON form.
    pub fn name(self) -> &'static str {
        match self {
            Self::RestJson1 => "restJson1",
            Self::AwsJson1_0 => "awsJson1_0",
            Self::AwsJson1_1 => "awsJson1_1",
            Self::AwsQuery => "awsQuery",
            Self::Ec2Query => "ec2Query",
            Self::RestXml => "restXml",
            Self::RpcV2Cbor => "rpcv2Cbor",
            Self::RestJson => "restJson",
        }
    }
}

/// How an operation is bound to HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HttpBinding {
    /// `GET`, `POST` …
    pub method: String,
    /// The route, with labels: `/contacts/{InstanceId}/{ContactId}`; `{Key+}` may contain slashes.
    pub uri: String,
    /// The status of a success, if a source states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<u16>,
}

impl HttpBinding {
    /// Creates a binding without a documented success status.
    pub fn new(method: impl Into<String>, uri: impl Into<String>) -> Self {
        Self { method: method.into(), uri: uri.into(), success: None }
    }
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Operation {
    /// Its name.
    pub name: OperationName,
    /// Its route, if a source states one.
    pub http: Option<HttpBinding>,
    /// The structure of its input.
    pub input: Option<ShapeId>,
    /// The structure of its output. A structure without members means that the result is documented as empty.
    pub output: Option<ShapeId>,
    /// The errors that it documents.
    pub errors: Vec<ErrorName>,
    /// The laws that it promises: `merges`, `overwrites`, `deduplicates`, `idempotent` …
    pub laws: Vec<String>,
    /// The permission that the caller needs, as documented.
    pub permission: Option<String>,
    /// How its requests and responses look on the wire, in addition to the protocol's rules.
    pub traits: OperationTraits,
    /// Whole inputs that a source shows as worked examples, which may or may not be valid.
    pub examples: Vec<serde_json::Value>,
    /// The places where it is described.
    pub sources: Vec<Provenance>,
    /// The statements of the sources, with their places.
    pub facts: Vec<Fact>,
}

impl Operation {
    /// Returns true if only machine models describe the operation: they state what requests look like, not which are
    /// accepted.
    fn is_model_only(&self) -> bool {
        let mut modelled = false;
        for fact in &self.facts {
            match fact.standing {
                FactOrigin::Model => modelled = true,
                FactOrigin::Documented => return false,
                _ => {}
            }
        }
        modelled
    }

    /// Creates an operation of which only the name is known.
    pub fn new(name: OperationName) -> Self {
        Self {
            name,
            http: None,
            input: None,
            output: None,
            errors: Vec::new(),
            laws: Vec::new(),
            permission: None,
            traits: OperationTraits::default(),
            examples: Vec::new(),
            sources: Vec::new(),
            facts: Vec::new(),
        }
    }
}

/// One documented error.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ErrorShape {
    /// Its status, if a source states it.
    pub status: Option<u16>,
    /// What it means.
    pub role: ErrorRole,
    /// Whether the documents state no type for it, only that it occurs. Its name then exists in the contract alone, and
    /// a response may carry any type or none.
    pub unnamed: bool,
    /// Its code on the wire, if it differs from the name.
    pub code: Option<String>,
    /// The structure of its body, if a source states one.
    pub shape: Option<ShapeId>,
    /// The statements of the sources, with their places.
    pub facts: Vec<Fact>,
}

impl ErrorShape {
    /// Creates an error of which only the role is known.
    pub fn new(role: ErrorRole) -> Self {
        Self { status: None, role, unnamed: false, code: None, shape: None, facts: Vec::new() }
    }
}
