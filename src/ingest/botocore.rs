//! Reads botocore's service models (`service-2.json`).
//!
//! It never follows references out of the model: one document is sufficient.

use super::botocore_traits::{operation_traits, parts, service_traits, traits};
use super::draft::Draft;
use super::json::{self, Entry, Node};
use super::prose;
use super::text::Text;
use super::{Diagnostic, IngestError, Options};
use crate::contract::{Auth, Contract, ErrorName, ErrorShape, Fact, Kind, Location, Protocol, Role, ShapeId, Standing};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet, VecDeque};

/// Returns the service's short name from the model's metadata.
fn service_name(metadata: Option<&Node>) -> String {
    let Some(metadata) = metadata else { return String::new() };
    let version = metadata.text_of("apiVersion").unwrap_or_default();
    metadata
        .text_of("uid")
        .and_then(|uid| uid.strip_suffix(version).and_then(|rest| rest.strip_suffix('-')))
        .or_else(|| metadata.text_of("endpointPrefix"))
        .unwrap_or_default()
        .to_owned()
}

/// Reads a model, limited to the operations that the options name, if any.
pub(super) fn read(text: &Text<'_>, options: &Options) -> Result<(Contract, Vec<Diagnostic>), IngestError> {
    let root = json::parse(&text.text).map_err(|error| IngestError {
        place: Box::new(text.place_at(error.offset..(error.offset + 1).min(text.text.len()).max(error.offset))),
        message: format!("not valid JSON: {}", error.reason),
        hint: Some("check that the file is complete".to_owned()),
    })?;
    lower(text, &root, options)
}

/// Returns true if the beginning of a document looks like a service model.
pub(super) fn is_model(head: &str) -> bool {
    head.trim_start().starts_with('{')
        && (head.contains("\"metadata\"") || head.contains("\"operations\"") || head.contains("\"shapes\""))
}

fn lower(text: &Text<'_>, root: &Node, options: &Options) -> Result<(Contract, Vec<Diagnostic>), IngestError> {
    let (Some(operations), Some(shapes)) = (root.get("operations"), root.get("shapes")) else {
        return Err(text.error(
            1,
            "JSON document without `operations` and `shapes`",
            "expected a botocore model (`service-2.json`) or a contract in the format `overstep-contract/1`",
        ));
    };
    let metadata = root.get("metadata");
    let mut draft = Draft::new(&service_name(metadata), &text.name, Standing::Model);
    let protocol = metadata.and_then(protocol);
    draft.contract.protocol = protocol;
    draft.contract.traits = metadata.map(service_traits).unwrap_or_default();
    draft.contract.auth = metadata.map(|metadata| auth(metadata, &draft.contract.service)).unwrap_or_default();
    let mut model = Model {
        text,
        shapes: shapes.entries().iter().map(|entry| (entry.key.as_str(), entry)).collect(),
        uses: uses(shapes),
        draft,
        diagnostics: Vec::new(),
        open: VecDeque::new(),
        lowered: HashSet::new(),
        binds: matches!(protocol, None | Some(Protocol::RestJson1 | Protocol::RestXml)),
    };
    for entry in operations.entries() {
        let name = entry.node.text_of("name").unwrap_or(&entry.key);
        if options.wants(name) {
            model.operation(name, entry);
        }
    }
    while let Some(name) = model.open.pop_front() {
        model.shape(&name);
    }
    model.describe_shapes();
    for entry in operations.entries() {
        let name = entry.node.text_of("name").unwrap_or(&entry.key);
        let index = model.draft.contract.operations.iter().position(|operation| operation.name.as_str() == name);
        if let (Some(index), Some(documentation)) = (index, entry.node.entry("documentation")) {
            let sentences = prose::html_sentences(documentation.line, documentation.node.text().unwrap_or_default());
            model.draft.describe_operation(index, &sentences);
        }
    }
    Ok((model.draft.contract, model.diagnostics))
}

/// Counts the references to each shape, so that a sentence about one member is not applied to a shape that others use.
fn uses(shapes: &Node) -> HashMap<String, usize> {
    let mut uses = HashMap::new();
    let mut count = |node: Option<&Node>| {
        if let Some(name) = node.and_then(|node| node.text_of("shape")) {
            *uses.entry(name.to_owned()).or_default() += 1;
        }
    };
    for entry in shapes.entries() {
        for part in ["member", "key", "value"] {
            count(entry.node.get(part));
        }
        for member in entry.node.get("members").map(Node::entries).unwrap_or_default() {
            count(Some(&member.node));
        }
    }
    uses
}

fn protocol(metadata: &Node) -> Option<Protocol> {
    let version = metadata.text_of("jsonVersion").unwrap_or("1.0");
    let known = |name: &str| match name {
        "json" if version.starts_with("1.1") => Some(Protocol::AwsJson1_1),
        "json" => Some(Protocol::AwsJson1_0),
        "rest-json" => Some(Protocol::RestJson1),
        "rest-xml" => Some(Protocol::RestXml),
        "smithy-rpc-v2-cbor" => Some(Protocol::RpcV2Cbor),
        "query" => Some(Protocol::AwsQuery),
        "ec2" => Some(Protocol::Ec2Query),
        _ => None,
    };
    // This is botocore's own order of preference.
    let listed: Vec<&str> =
        metadata.get("protocols").map(Node::items).unwrap_or_default().iter().filter_map(Node::text).collect();
    ["json", "rest-json", "rest-xml", "smithy-rpc-v2-cbor", "query", "ec2"]
        .into_iter()
        .find(|name| listed.contains(name))
        .or_else(|| metadata.text_of("protocol"))
        .and_then(known)
}

fn auth(metadata: &Node, service: &str) -> Vec<Auth> {
    let signing = metadata.text_of("signingName").or_else(|| metadata.text_of("endpointPrefix"));
    let sigv4 = || Auth::SigV4 { service: signing.filter(|name| *name != service).map(str::to_owned) };
    let listed: Vec<&str> =
        metadata.get("auth").map(Node::items).unwrap_or_default().iter().filter_map(Node::text).collect();
    let mut auth: Vec<Auth> = Vec::new();
    for name in listed {
        let one = match name {
            "aws.auth#sigv4" | "aws.auth#sigv4a" => sigv4(),
            "smithy.api#httpBearerAuth" => Auth::Bearer,
            "smithy.api#noAuth" => Auth::None,
            _ => continue,
        };
        if !auth.contains(&one) {
            auth.push(one);
        }
    }
    if auth.is_empty() {
        match metadata.text_of("signatureVersion") {
            Some("bearer") => auth.push(Auth::Bearer),
            Some("none") => auth.push(Auth::None),
            Some(_) => auth.push(sigv4()),
            None => {}
        }
    }
    auth
}

struct Model<'m> {
    text: &'m Text<'m>,
    shapes: HashMap<&'m str, &'m Entry>,
    uses: HashMap<String, usize>,
    draft: Draft,
    diagnostics: Vec<Diagnostic>,
    open: VecDeque<String>,
    lowered: HashSet<String>,
    /// Whether the protocol can bind members outside the body; other protocols ignore such bindings.
    binds: bool,
}

impl<'m> Model<'m> {
    fn operation(&mut self, name: &str, entry: &'m Entry) {
        let node = &entry.node;
        let index = self.draft.operation(name, entry.line);
        if let Some(http) = node.entry("http") {
            for (key, path) in [("method", "http/method"), ("requestUri", "http/uri")] {
                if let Some(entry) = http.node.entry(key)
                    && let Some(value) = entry.node.text()
                {
                    self.draft.state_operation(index, path, value, entry.line);
                }
            }
            match http.node.entry("responseCode").map(|entry| (entry, entry.node.number())) {
                Some((entry, Some(code))) => {
                    self.draft.state_operation(index, "http/success", code.clone(), entry.line);
                }
                // The model's format defaults to 200.
                _ => self.draft.state_operation_as(index, "http/success", 200, http.line, Standing::Assumed),
            }
        }
        if let Some(operation) = self.draft.contract.operations.get_mut(index) {
            operation.traits = operation_traits(node);
        }
        for side in ["input", "output"] {
            let Some(reference) = node.get(side) else { continue };
            let id = self.reference(reference, name);
            match side {
                "input" => {
                    if self.shapes.get(id.as_str()).is_none_or(|e| e.node.text_of("type") == Some("structure")) {
                        self.draft.contract.operations[index].input = Some(id);
                    } else {
                        self.diagnostics.push(self.text.warning(
                            reference.line,
                            format!("the input of `{name}` is not a structure"),
                            "the input is ignored; correct the model",
                        ));
                    }
                }
                _ => self.draft.contract.operations[index].output = Some(id),
            }
        }
        for reference in node.get("errors").map(Node::items).unwrap_or_default() {
            let Some(shape) = reference.text_of("shape") else { continue };
            self.error(index, shape, reference);
        }
    }

    fn error(&mut self, index: usize, name: &str, reference: &'m Node) {
        let shape = self.shapes.get(name).map(|entry| &entry.node);
        let traits = shape.and_then(|shape| shape.get("error")).or_else(|| reference.get("error"));
        let status_entry = traits.and_then(|traits| traits.entry("httpStatusCode"));
        let status = status_entry
            .and_then(|entry| entry.node.number())
            .and_then(serde_json::Number::as_u64)
            .and_then(|code| u16::try_from(code).ok());
        let description = shape.and_then(|shape| shape.text_of("documentation")).unwrap_or_default();
        let fault = shape.is_some_and(|shape| shape.is_true("fault"));
        let mut role = Role::infer(status, name, description);
        if fault && role == Role::Other {
            role = Role::ServerFault;
        }
        let id = shape.map(|_| self.reference(reference, name));
        let key = ErrorName::from(name);
        if !self.draft.contract.errors.contains_key(&key) {
            let code = traits.and_then(|traits| traits.text_of("code")).filter(|code| *code != name);
            let mut error =
                ErrorShape { status: None, role, code: code.map(str::to_owned), shape: id, facts: Vec::new() };
            if let (Some(status), Some(entry)) = (status, status_entry) {
                error.state(Fact::new("status", status, Standing::Model, &self.draft.at(entry.line)));
            }
            self.draft.contract.errors.insert(key, error);
        }
        self.draft.state_operation(index, &format!("errors/{name}"), true, reference.line);
    }

    /// Returns the shape that a reference names and queues it for reading.
    fn reference(&mut self, reference: &Node, owner: &str) -> ShapeId {
        let name = reference.text_of("shape").unwrap_or_default();
        if !self.shapes.contains_key(name) {
            self.diagnostics.push(self.text.warning(
                reference.line,
                format!("`{owner}` refers to the shape `{name}`, which the model does not define"),
                "treated as any value; correct the model",
            ));
            let id = ShapeId::from(if name.is_empty() { "Unknown" } else { name });
            if !self.draft.contract.shapes.contains_key(&id) {
                self.draft.insert(id.clone(), Kind::Document, reference.line);
            }
            return id;
        }
        if self.lowered.insert(name.to_owned()) {
            self.open.push_back(name.to_owned());
        }
        ShapeId::from(name)
    }

    fn shape(&mut self, name: &str) {
        let Some(&entry) = self.shapes.get(name) else { return };
        let node = &entry.node;
        let id = ShapeId::from(name);
        let type_line = node.entry("type").map_or(entry.line, |entry| entry.line);
        let type_name = node.text_of("type").unwrap_or("structure");
        let kind = match type_name {
            _ if node.is_true("document") => Kind::Document,
            "structure" if node.is_true("union") => Kind::Union { members: IndexMap::new() },
            "structure" => Kind::Structure { members: IndexMap::new() },
            "list" => match node.get("member") {
                Some(member) => Kind::List { member: self.reference(member, name) },
                None => self.unknown(entry, "list without `member`"),
            },
            "map" => match (node.get("key"), node.get("value")) {
                (Some(key), Some(value)) => {
                    Kind::Map { key: self.reference(key, name), value: self.reference(value, name) }
                }
                _ => self.unknown(entry, "map without `key` and `value`"),
            },
            "string" | "character" => match node.get("enum") {
                Some(list) => {
                    Kind::Enum { values: list.items().iter().filter_map(Node::text).map(str::to_owned).collect() }
                }
                None => Kind::String,
            },
            "integer" | "short" | "byte" => Kind::Integer,
            "long" | "bigInteger" => Kind::Long,
            "float" => Kind::Float,
            "double" | "bigDecimal" => Kind::Double,
            "boolean" => Kind::Boolean,
            "blob" => Kind::Blob,
            "timestamp" => Kind::Timestamp,
            other => self.unknown(entry, &format!("unknown type `{other}`")),
        };
        self.draft.insert(id.clone(), kind.clone(), type_line);
        let shape = self.draft.shape_mut(&id);
        shape.traits = traits(node);
        shape.parts = parts(node);
        self.constraints(&id, node, &kind);
        if kind.members().is_some() {
            self.members(&id, node);
        }
    }

    fn unknown(&mut self, entry: &Entry, why: &str) -> Kind {
        self.diagnostics.push(self.text.warning(
            entry.line,
            format!("shape `{}`: {why}", entry.key),
            "treated as any value; correct the model",
        ));
        Kind::Document
    }

    fn constraints(&mut self, id: &ShapeId, node: &Node, kind: &Kind) {
        let field = match kind {
            Kind::Integer | Kind::Long | Kind::Float | Kind::Double => Some("range"),
            Kind::String | Kind::Blob | Kind::List { .. } | Kind::Map { .. } => Some("length"),
            // A length limit on an enum adds nothing to its list of values.
            _ => None,
        };
        for end in ["min", "max"] {
            if let (Some(field), Some(entry)) = (field, node.entry(end))
                && let Some(number) = entry.node.number()
            {
                self.draft.state(id, &format!("{field}/{end}"), number.clone(), entry.line);
            }
        }
        if let Some(entry) = node.entry("pattern")
            && let (Some(pattern), true) = (entry.node.text(), kind.is_text())
            && !matches!(kind, Kind::Enum { .. })
        {
            self.draft.state(id, "pattern", pattern, entry.line);
        }
        if let (Some(entry), Kind::Enum { values }) = (node.entry("enum"), kind) {
            self.draft.state(id, "enum", values.clone(), entry.line);
        }
        if node.is_true("uniqueItems") {
            self.draft.state(id, "unique", true, node.line);
        }
    }

    fn members(&mut self, id: &ShapeId, node: &'m Node) {
        let payload = node.text_of("payload").filter(|_| self.binds);
        for entry in node.get("members").map(Node::entries).unwrap_or_default() {
            let (name, reference) = (entry.key.as_str(), &entry.node);
            let shape = self.reference(reference, id.as_str());
            self.draft.member(id, name, &shape, entry.line);
            // The target shape may not have been read yet, so its type comes from the model.
            let kind = self.shapes.get(shape.as_str()).map_or("document", |entry| type_name(&entry.node));
            if let Some(fact) = self.draft.shape_mut(id).facts.last_mut() {
                fact.value = kind.into();
            }
            let place = reference.entry("location").filter(|_| self.binds);
            let line = place.map_or(entry.line, |place| place.line);
            let wire = reference.text_of("locationName").map(str::to_owned);
            let location = match place.and_then(|place| place.node.text()) {
                Some("uri") => Some(Location::Label),
                Some("querystring") => Some(Location::Query),
                Some("header" | "headers") => Some(Location::Header),
                Some("statusCode") => Some(Location::Header),
                _ if payload == Some(name) => Some(Location::Payload),
                _ => None,
            };
            let wire = match place.and_then(|place| place.node.text()) {
                // The name of HTTP/2's pseudo-header for the status.
                Some("statusCode") => Some(":status".to_owned()),
                _ => wire,
            };
            if let Some(member) = self.draft.shape_mut(id).kind.members_mut().and_then(|members| members.get_mut(name))
            {
                member.traits = traits(reference);
                // The name on the wire is stored in the member's `wire`.
                member.traits.name = None;
            }
            match location {
                Some(location) => self.draft.bind(id, name, location, wire.as_deref(), line),
                None => {
                    if let Some(wire) = wire.filter(|wire| wire != name)
                        && let Some(members) = self.draft.shape_mut(id).kind.members_mut()
                        && let Some(member) = members.get_mut(name)
                    {
                        member.wire = Some(wire);
                    }
                }
            }
        }
        for required in node.get("required").map(Node::items).unwrap_or_default() {
            if let Some(name) = required.text() {
                self.draft.state(id, &format!("members/{name}/required"), true, required.line);
            }
        }
    }

    /// Applies the sentences of all shapes that were read, each followed by those of its members.
    fn describe_shapes(&mut self) {
        let ids: Vec<ShapeId> = self.draft.contract.shapes.keys().cloned().collect();
        for id in &ids {
            let Some(&entry) = self.shapes.get(id.as_str()) else { continue };
            if let Some(documentation) = entry.node.entry("documentation") {
                let sentences =
                    prose::html_sentences(documentation.line, documentation.node.text().unwrap_or_default());
                // A sentence about all items together applies to the list or map that contains them.
                let containers: Vec<ShapeId> = self
                    .draft
                    .contract
                    .shapes
                    .iter()
                    .filter(|(_, shape)| match &shape.kind {
                        Kind::List { member } => member == id,
                        Kind::Map { value, .. } => value == id,
                        _ => false,
                    })
                    .map(|(id, _)| id.clone())
                    .collect();
                if sentences.iter().any(|sentence| !prose::about_member(&sentence.text).is_empty()) {
                    self.draft.describe(id, containers.first(), &sentences);
                }
            }
            for member in entry.node.get("members").map(Node::entries).unwrap_or_default() {
                self.describe_member(id, member);
            }
        }
    }

    fn describe_member(&mut self, owner: &ShapeId, member: &Entry) {
        let Some(documentation) = member.node.entry("documentation") else { return };
        let sentences = prose::html_sentences(documentation.line, documentation.node.text().unwrap_or_default());
        if sentences.iter().all(|sentence| prose::about_member(&sentence.text).is_empty()) {
            return;
        }
        let Some(target) = member.node.text_of("shape") else { return };
        let mut id = ShapeId::from(target);
        let exclusive = self.uses.get(target).copied().unwrap_or(0) <= 1;
        if !exclusive {
            id = self.split(owner, &member.key, &id);
        }
        if let Kind::Map { key, value } = self.draft.shape_mut(&id).kind.clone() {
            // A sentence about this map's keys does not apply to other maps with the same key shape.
            let about_keys = sentences
                .iter()
                .any(|s| prose::about_member(&s.text).iter().any(|f| matches!(f, prose::Finding::KeyPattern(_))));
            if about_keys && (!exclusive || self.uses.get(key.as_str()).copied().unwrap_or(0) > 1) {
                let own = self.copy(&format!("{}Key", id.as_str()), &key);
                self.draft.shape_mut(&id).kind = Kind::Map { key: own, value };
            }
        }
        self.draft.describe(&id, None, &sentences);
    }

    fn copy(&mut self, name: &str, from: &ShapeId) -> ShapeId {
        let shape = self.draft.shape_mut(from).clone();
        let id = self.draft.add(name, shape.kind.clone(), 1);
        *self.draft.shape_mut(&id) = shape;
        id
    }

    /// Gives a member its own copy of a shape, so that a sentence about it affects no other member.
    fn split(&mut self, owner: &ShapeId, name: &str, shape: &ShapeId) -> ShapeId {
        if self.draft.shape_mut(shape).kind.members().is_some() {
            return shape.clone();
        }
        let before = self.draft.contract.shapes.get(shape).cloned();
        let own = self.copy(&format!("{}{}", owner.as_str(), capitalised(name.to_owned())), shape);
        if let Some(member) = self.draft.shape_mut(owner).kind.members_mut().and_then(|members| members.get_mut(name))
            && before.is_some()
        {
            member.shape = own.clone();
        }
        own
    }
}

fn type_name(node: &Node) -> &'static str {
    match node.text_of("type").unwrap_or("structure") {
        _ if node.is_true("document") => "document",
        "structure" if node.is_true("union") => "union",
        "structure" => "structure",
        "list" => "list",
        "map" => "map",
        "string" | "character" if node.get("enum").is_some() => "enum",
        "string" | "character" => "string",
        "integer" | "short" | "byte" => "integer",
        "long" | "bigInteger" => "long",
        "float" => "float",
        "double" | "bigDecimal" => "double",
        "boolean" => "boolean",
        "blob" => "blob",
        "timestamp" => "timestamp",
        _ => "document",
    }
}

fn capitalised(name: String) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
