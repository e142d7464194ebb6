//! Reads a document from top to bottom: title, servers, credentials, operations.
//!
//! It never builds a shape itself.

use super::entry::OperationEntry;
use super::shapes::{PendingShape, ShapeKey};
use super::{FilePlace, Located, Omission, Omissions, OpenApiFiles, SchemaView, names};
use crate::contract::{AuthScheme, Contract, Fact, FactField, FactOrigin, Protocol, ShapeId};
use crate::ingest::contract_builder::ContractBuilder;
use crate::ingest::json::{JsonNode, JsonValue};
use crate::ingest::source_text::SourceText;
use crate::ingest::{DocumentLookup, IngestDiagnostic, IngestError, IngestOptions};
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet, VecDeque};

/// The versions of the format that differ in what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OpenApiVersion {
    /// Swagger 2.0.
    Swagger2,
    /// OpenAPI 3.0.
    V30,
    /// OpenAPI 3.1 and later: schemas are those of JSON Schema 2020-12.
    V31,
}

impl OpenApiVersion {
    fn of(root: &JsonNode) -> Self {
        let text = |key: &str| match root.get(key).map(|node| &node.value) {
            Some(JsonValue::Text(text)) => Some(text.clone()),
            // YAML reads 3.0 as a number.
            Some(JsonValue::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        match text("openapi") {
            None => Self::Swagger2,
            Some(version) if version.starts_with("3.0") || version == "3" => Self::V30,
            Some(_) => Self::V31,
        }
    }

    /// Returns true if keywords beside `$ref` have an effect.
    pub fn allows_reference_siblings(self) -> bool {
        self == Self::V31
    }
}

/// Reads a document.
///
/// # Errors
/// Returns an error if the document is neither JSON nor YAML.
pub(in crate::ingest) fn read(
    text: &SourceText<'_>,
    options: &IngestOptions,
    documents: &mut dyn DocumentLookup,
) -> Result<(Contract, Vec<IngestDiagnostic>), IngestError> {
    let (files, unreadable) = OpenApiFiles::load(text, documents)?;
    let mut reader = OpenApiReader::new(&files);
    for file in unreadable {
        let message = format!("cannot read `{}`: {}", file.path, file.reason);
        let hint = "files are looked for in the folder of the document and below it";
        reader.warn(file.place, message, hint);
    }
    reader.read_document(options);
    Ok(reader.into_contract())
}

/// A document that is being read.
pub(super) struct OpenApiReader<'d> {
    pub files: &'d OpenApiFiles<'d>,
    pub version: OpenApiVersion,
    pub builder: ContractBuilder,
    pub omissions: Omissions,
    pub shapes: HashMap<ShapeKey, ShapeId>,
    pub pending: VecDeque<PendingShape<'d>>,
    /// The schemas of errors' bodies by the errors' names, each with its identity.
    pub error_bodies: IndexMap<String, (Option<usize>, Option<Located<'d>>)>,
    /// Whether a schema has members that exist in one direction only.
    pub has_directions: bool,
    /// The credentials by the names of their schemes; `None` for those that cannot be sent.
    pub schemes: HashMap<String, Option<AuthScheme>>,
    /// The credentials that parameters of the current operation carry.
    pub parameter_credentials: Vec<(AuthScheme, FilePlace)>,
    /// Structures and shapes of members whose description is beside their schema, with the members' names.
    pub described_members: Vec<(ShapeId, ShapeId, String, Located<'d>)>,
    /// The object that is the body of the current operation, if its members are members of the input.
    pub body_object: Option<SchemaView<'d>>,
    diagnostics: Vec<IngestDiagnostic>,
    operation_names: HashSet<String>,
}

impl<'d> OpenApiReader<'d> {
    fn new(files: &'d OpenApiFiles<'d>) -> Self {
        let root = files.root();
        let title = root.get("info").and_then(|info| info.text("title")).unwrap_or_default();
        let name = &files.text(0).name;
        let mut builder = ContractBuilder::new(&names::service_name(title), name, FactOrigin::Documented);
        builder.contract.protocol = Some(Protocol::RestJson);
        Self {
            files,
            version: OpenApiVersion::of(root.node),
            builder,
            omissions: Omissions::default(),
            shapes: HashMap::new(),
            pending: VecDeque::new(),
            error_bodies: IndexMap::new(),
            has_directions: files.any_true(&["readOnly", "writeOnly"]),
            schemes: HashMap::new(),
            parameter_credentials: Vec::new(),
            described_members: Vec::new(),
            body_object: None,
            diagnostics: Vec::new(),
            operation_names: HashSet::new(),
        }
    }

    fn read_document(&mut self, options: &IngestOptions) {
        let root = self.files.root();
        self.read_servers(root);
        self.read_security_schemes(root);
        if root.get("webhooks").is_some() {
            self.omissions.add(Omission::Webhooks, root.place_of("webhooks"));
        }
        let default_security = root.get("security");
        let mut entries: Vec<OperationEntry<'d>> = Vec::new();
        for (path, _, item) in root.get("paths").into_iter().flat_map(Located::entries) {
            if path.starts_with('/') {
                entries.extend(self.operations_of(path, item));
            } else if !path.starts_with("x-") {
                let message = format!("`{path}` is no path; its operations are left out");
                self.warn(item.place(), message, "a path begins with `/`");
            }
        }
        let has_security =
            default_security.is_some() || entries.iter().any(|entry| entry.item.get("security").is_some());
        for entry in entries {
            let operation_id = entry.item.text("operationId");
            let name = names::operation_name(operation_id, entry.method, entry.path);
            if !options.includes(&name) {
                continue;
            }
            let name = self.unused_operation_name(name);
            self.read_operation(&name, &entry, default_security, has_security);
        }
        self.unify_security();
        self.build_pending_shapes();
        self.apply_member_descriptions();
        self.builder.apply_relations();
        self.build_error_bodies();
        self.builder.contract.remove_unreachable();
        if self.builder.contract.operations.is_empty() {
            let note = self.files.text(0).note(1, "no operation found: the document has no paths");
            self.diagnostics.push(note);
        }
    }

    fn unused_operation_name(&mut self, name: String) -> String {
        let mut unused = name.clone();
        let mut number = 2;
        while !self.operation_names.insert(unused.clone()) {
            unused = format!("{name}{number}");
            number += 1;
        }
        unused
    }

    /// Reads the base URL: the first server with the defaults of its variables.
    fn read_servers(&mut self, root: Located<'d>) {
        if self.version == OpenApiVersion::Swagger2 {
            let scheme = root.get("schemes").and_then(|list| list.items().next()?.node.as_text()).unwrap_or("http");
            let path = root.text("basePath").unwrap_or_default().trim_end_matches('/');
            let host = root.text("host");
            if host.is_some() || !path.is_empty() {
                self.builder.contract.base_url = Some(format!("{scheme}://{}{path}", host.unwrap_or("localhost")));
            }
            return;
        }
        let mut servers = root.get("servers").into_iter().flat_map(Located::items);
        let Some(server) = servers.next() else { return };
        let mut url = server.text("url").unwrap_or_default().to_owned();
        for (name, _, variable) in server.get("variables").into_iter().flat_map(Located::entries) {
            let first = variable.get("enum").and_then(|list| list.items().next());
            let value = variable.get("default").or(first).map(|value| value.node.to_json());
            let value = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            url = url.replace(&format!("{{{name}}}"), &value.unwrap_or_default());
        }
        let url = url.trim_end_matches('/');
        if !url.is_empty() {
            // A relative URL is relative to where the document is served.
            let origin = if url.contains("://") { "" } else { "http://localhost" };
            let slash = if origin.is_empty() || url.starts_with('/') { "" } else { "/" };
            self.builder.contract.base_url = Some(format!("{origin}{slash}{url}"));
        }
        if servers.next().is_some() {
            self.omissions.add(Omission::OtherServers, root.place_of("servers"));
        }
    }

    /// Makes a file the one that the following facts are attributed to.
    pub fn at(&mut self, place: FilePlace) {
        self.builder.switch_document(&self.files.text(place.file).name);
    }

    /// Records a field of a shape with its place.
    pub fn record(&mut self, id: &ShapeId, field: FactField, value: impl Into<Json>, place: FilePlace) {
        self.at(place);
        self.builder.record_shape_fact(id, field, value, place.line);
    }

    /// Returns a fact with its place.
    pub fn fact(&mut self, field: FactField, value: impl Into<Json>, place: FilePlace) -> Fact {
        self.at(place);
        Fact::new(field, value, FactOrigin::Documented, &self.builder.provenance_at(place.line))
    }

    pub fn warn(&mut self, place: FilePlace, message: impl Into<String>, hint: &str) {
        self.diagnostics.push(self.files.text(place.file).warning(place.line, message, hint));
    }

    fn into_contract(self) -> (Contract, Vec<IngestDiagnostic>) {
        let mut diagnostics = self.diagnostics;
        diagnostics.extend(self.omissions.into_diagnostics(self.files));
        (self.builder.contract, diagnostics)
    }
}
