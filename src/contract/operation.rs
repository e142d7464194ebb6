//! The contract itself, its operations and its errors.

use super::{
    ErrorName, Fact, OperationName, OperationTraits, Provenance, Role, ServiceTraits, Shape, ShapeId, Standing,
};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Everything that one API promises.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// The service's short name, for example `connect`.
    pub service: String,
    /// How requests and answers are written, where a source says it.
    pub protocol: Option<Protocol>,
    /// How callers prove who they are; any one of them.
    pub auth: Vec<Auth>,
    /// The documented base URL, which an endpoint replaces.
    pub base: Option<String>,
    /// What every request says of the service.
    pub traits: ServiceTraits,
    /// In documented order.
    pub operations: Vec<Operation>,
    /// All errors that an operation names, by name, and those that are common to all.
    pub errors: IndexMap<ErrorName, ErrorShape>,
    /// Errors that every operation may answer, though its own description does not list them.
    pub common: Vec<ErrorName>,
    /// All shapes, by name.
    pub shapes: IndexMap<ShapeId, Shape>,
}

impl Contract {
    /// A contract that promises nothing yet.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            protocol: None,
            auth: Vec::new(),
            base: None,
            traits: ServiceTraits::default(),
            operations: Vec::new(),
            errors: IndexMap::new(),
            common: Vec::new(),
            shapes: IndexMap::new(),
        }
    }

    /// The operation of this name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.name.as_str() == name)
    }

    /// The shape of this name. Every name inside a contract has one: the readers and
    /// [`super::from_json`] refuse contracts with a name that leads nowhere.
    ///
    /// # Panics
    /// Where the name is not this contract's.
    pub fn shape(&self, id: &ShapeId) -> &Shape {
        &self.shapes[id]
    }

    /// The documented errors of an operation, with what is known of each.
    pub fn errors_of<'a>(&'a self, operation: &'a Operation) -> impl Iterator<Item = (&'a ErrorName, &'a ErrorShape)> {
        operation.errors.iter().filter_map(|name| self.errors.get_key_value(name))
    }

    /// Whether machine models are all there is: nobody has written down what is granted. Where a page documents one of
    /// the operations, somebody has looked at all of them, and models are held to like pages.
    pub fn is_only_modelled(&self) -> bool {
        !self.operations.is_empty() && self.operations.iter().all(Operation::is_only_modelled)
    }

    /// The errors that every operation may answer.
    pub fn common_errors(&self) -> impl Iterator<Item = (&ErrorName, &ErrorShape)> {
        self.common.iter().filter_map(|name| self.errors.get_key_value(name))
    }

    /// The same contract with only the named operations and what they reach; unknown names change nothing.
    pub fn restricted_to(&self, names: &[impl AsRef<str>]) -> Self {
        let mut kept = self.clone();
        kept.operations.retain(|operation| names.iter().any(|name| name.as_ref() == operation.name.as_str()));
        kept.prune();
        kept
    }

    /// Drops shapes and errors that no operation reaches.
    pub fn prune(&mut self) {
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
                open.extend(shape.neighbours().cloned());
            }
        }
        self.shapes.retain(|id, _| reached.contains(id));
        let operations = &self.operations;
        let common = &self.common;
        self.errors.retain(|name, _| {
            common.contains(name) || operations.iter().any(|operation| operation.errors.contains(name))
        });
    }
}

impl Shape {
    /// The shapes that this one names.
    pub fn neighbours(&self) -> impl Iterator<Item = &ShapeId> {
        use super::Kind;
        let (pair, members) = match &self.kind {
            Kind::List { member } => ([Some(member), None], None),
            Kind::Map { key, value } => ([Some(key), Some(value)], None),
            kind => ([None, None], kind.members()),
        };
        pair.into_iter().flatten().chain(members.into_iter().flat_map(|members| members.values().map(|m| &m.shape)))
    }
}

/// How requests and answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// All of them.
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

    /// As in the JSON form.
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

/// A way to prove who is calling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "lowercase")]
pub enum Auth {
    /// AWS Signature Version 4.
    SigV4 {
        /// The service's name in the signature's scope, where it is not the service's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<String>,
    },
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// A key in a header.
    Header {
        /// The header's name.
        name: String,
    },
    /// Anybody may call.
    None,
}

/// How an operation is bound to HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Http {
    /// `GET`, `POST` …
    pub method: String,
    /// The route, with labels: `/contacts/{InstanceId}/{ContactId}`; `{Key+}` takes slashes too.
    pub uri: String,
    /// The status of success, where a source says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<u16>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Its name.
    pub name: OperationName,
    /// Its route, where a source gives one.
    pub http: Option<Http>,
    /// The structure of its input.
    pub input: Option<ShapeId>,
    /// The structure of its output; a structure without members is a documented empty result.
    pub output: Option<ShapeId>,
    /// The errors that it documents.
    pub errors: Vec<ErrorName>,
    /// What it promises about state: `merges`, `overwrites`, `deduplicates`, `idempotent` …
    pub laws: Vec<String>,
    /// The permission that the caller needs, as documented.
    pub permission: Option<String>,
    /// How its requests and answers look on the wire, beside the protocol's rules.
    pub traits: OperationTraits,
    /// Where it is described.
    pub sources: Vec<Provenance>,
    /// Who says so, and where.
    pub facts: Vec<Fact>,
}

impl Operation {
    /// Whether only machine models describe it: they say what requests look like, not which are granted.
    fn is_only_modelled(&self) -> bool {
        let mut modelled = false;
        for fact in &self.facts {
            match fact.standing {
                Standing::Model => modelled = true,
                Standing::Documented => return false,
                _ => {}
            }
        }
        modelled
    }

    /// An operation of which only the name is known.
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
            sources: Vec::new(),
            facts: Vec::new(),
        }
    }
}

/// One documented error.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorShape {
    /// Its status, where a source says it.
    pub status: Option<u16>,
    /// What it means.
    pub role: Role,
    /// Its code on the wire, where that is not its name.
    pub code: Option<String>,
    /// The structure of its body, where a source gives one.
    pub shape: Option<ShapeId>,
    /// Who says so, and where.
    pub facts: Vec<Fact>,
}
