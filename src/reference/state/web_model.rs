//! What each operation of a web API does to resources, read from routes and from the configured resources.
//!
//! Never keeps a resource; see [`super::WebStore`].

use super::web_list::WebList;
use crate::contract::{Contract, ErrorRole, MemberLocation, Operation, PathSegment, Protocol};
use crate::reference::server_config::{ResourceDefinition, ResourceIdentifier, ServerConfig};
use std::collections::HashMap;

/// The operations of a web API by name.
#[derive(Debug, Default)]
pub(in crate::reference) struct WebModel {
    operations: HashMap<String, WebOperation>,
}

/// What an operation does to resources.
#[derive(Debug, Default)]
pub(super) struct WebOperation {
    pub method: String,
    /// The label that names a resource last, and the kind of the resource: the operation that creates it.
    pub subject: Option<(String, String)>,
    /// The other labels that name resources, with their kinds.
    pub outer: Vec<(String, String)>,
    /// Whether the path ends with that label.
    pub is_item: bool,
    /// The identifier of what the operation creates.
    pub creates: Option<ResourceIdentifier>,
    pub list: Option<WebList>,
    pub laws: Vec<String>,
    /// Members that no two resources of a kind share, and the kind.
    pub unique: Option<(String, Vec<String>)>,
    /// The header that makes a request idempotent.
    pub idempotency_key: Option<String>,
}

impl WebModel {
    /// Reads the operations of a contract. The model is empty unless the contract is that of a web API.
    pub(in crate::reference) fn new(contract: &Contract, config: &ServerConfig) -> Self {
        if contract.protocol != Some(Protocol::RestJson) || contract.is_model_only() {
            return Self::default();
        }
        let operations = contract.operations.iter().filter_map(|operation| {
            let model = WebOperation::new(contract, config, operation)?;
            Some((operation.name.to_string(), model))
        });
        Self { operations: operations.collect() }
    }

    /// Returns true if an operation creates, names or lists a resource.
    pub(in crate::reference) fn has_operation(&self, name: &str) -> bool {
        self.operations.get(name).is_some_and(|operation| {
            operation.subject.is_some() || operation.creates.is_some() || operation.list.is_some()
        })
    }

    pub(super) fn operation(&self, name: &str) -> Option<&WebOperation> {
        self.operations.get(name)
    }
}

impl WebOperation {
    fn new(contract: &Contract, config: &ServerConfig, operation: &Operation) -> Option<Self> {
        let http = operation.http.as_ref()?;
        let name = operation.name.as_str();
        let mut labels = subject_labels(config, operation);
        let subject = labels.pop();
        let own = config.resources.iter().find(|resource| resource.created_by == name);
        let is_item = subject.as_ref().is_some_and(|(label, _)| http.uri.ends_with(&format!("{{{label}}}")));
        let kind =
            own.map(|own| &own.created_by).or_else(|| subject.as_ref().filter(|_| is_item).map(|(_, kind)| kind));
        let has_conflict = contract.operation_errors(operation).any(|(_, error)| error.role == ErrorRole::Conflict);
        let unique = kind.filter(|_| has_conflict && http.method != "DELETE").map(|kind| {
            let members = config.unique_members.iter().filter(|(creator, _)| creator == kind);
            (kind.clone(), members.map(|(_, member)| member.clone()).collect())
        });
        let inputs = operation.input.as_ref().and_then(|input| contract.shapes.get(input)?.kind.members());
        let idempotency_key = inputs.into_iter().flatten().find(|(name, member)| {
            member.location == MemberLocation::Header
                && member.wire_name(name).to_ascii_lowercase().contains("idempotency")
        });
        Some(Self {
            method: http.method.clone(),
            is_item,
            creates: own.and_then(|own| own.identifiers.first().cloned()),
            list: config.resources.iter().find_map(|resource| listed(contract, config, operation, resource)),
            laws: operation.laws.clone(),
            unique,
            idempotency_key: idempotency_key.map(|(name, _)| name.clone()),
            subject,
            outer: labels,
        })
    }

    pub(super) fn states(&self, law: &str) -> bool {
        self.laws.iter().any(|one| one == law)
    }
}

/// Returns the labels that name resources, from left to right, with the resources' kinds.
fn subject_labels(config: &ServerConfig, operation: &Operation) -> Vec<(String, String)> {
    let Some(http) = &operation.http else { return Vec::new() };
    let all = config.resources.iter().flat_map(|resource| {
        let own = resource.identifier_members.iter().filter(|one| one.operation == operation.name.as_str());
        own.filter_map(|one| match one.member.0.as_slice() {
            [PathSegment::Member(label)] => {
                Some((http.uri.rfind(&format!("{{{label}}}"))?, (label.clone(), resource.created_by.clone())))
            }
            _ => None,
        })
    });
    let mut found: Vec<(usize, (String, String))> = all.collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, label)| label).collect()
}

/// Returns a path in which all labels have the same name.
fn plain_route(uri: &str) -> String {
    let segments = uri.trim_end_matches('/').split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    segments.collect::<Vec<_>>().join("/")
}

/// Returns the list of a kind of resource, if the operation lists it: its path is that of an item without the label.
fn listed(
    contract: &Contract,
    config: &ServerConfig,
    operation: &Operation,
    resource: &ResourceDefinition,
) -> Option<WebList> {
    let http = operation.http.as_ref().filter(|http| http.method == "GET")?;
    let collection = plain_route(&http.uri);
    let is_item = |other: &Operation| {
        let (Some(it), Some((label, kind))) = (&other.http, subject_labels(config, other).pop()) else { return false };
        kind == resource.created_by
            && it.uri.ends_with(&format!("{{{label}}}"))
            && plain_route(&it.uri).strip_suffix("/{}") == Some(&collection)
    };
    if !contract.operations.iter().any(is_item) {
        return None;
    }
    let id = match resource.identifiers.first()? {
        ResourceIdentifier::FromInput(member) => member.clone(),
        ResourceIdentifier::FromOutput(path) => path.rsplit('.').next().unwrap_or(path).to_owned(),
    };
    WebList::new(contract, operation, &resource.created_by, &id)
}
