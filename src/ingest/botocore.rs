//! Reads botocore's service models (`service-2.json`).
//!
//! It never follows references out of the model: one document is sufficient.

use super::botocore_traits::{read_operation_traits, read_part_traits, read_service_traits, read_traits};
use super::contract_builder::ContractBuilder;
use super::described_limits::{DescribedMember, StatedShapeFact};
use super::error_list::add_listed_errors;
use super::json::{self, JsonEntry, JsonError, JsonNode};
use super::sentences::{Description, StatedFact, may_state, read_description, split_html_sentences};
use super::source_text::SourceText;
use super::stated_effects::rule_of_error;
use super::{DocumentLookup, IngestDiagnostic, IngestError, IngestOptions, worked_examples};
use crate::contract::{
    AuthScheme, Contract, ErrorName, ErrorRole, ErrorShape, Fact, FactField, FactOrigin, MemberLocation, Protocol,
    ShapeId, ShapeKind,
};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet, VecDeque};

/// Returns the service's short name from the model's metadata.
fn service_name(metadata: Option<&JsonNode>) -> String {
    let Some(metadata) = metadata else { return String::new() };
    let version = metadata.member_text("apiVersion").unwrap_or_default();
    metadata
        .member_text("uid")
        .and_then(|uid| uid.strip_suffix(version).and_then(|rest| rest.strip_suffix('-')))
        .or_else(|| metadata.member_text("endpointPrefix"))
        .unwrap_or_default()
        .to_owned()
}

/// Reads a model with the worked examples beside it, limited to the operations that the options name, if any.
pub(super) fn read(
    text: &SourceText<'_>,
    options: &IngestOptions,
    documents: &mut dyn DocumentLookup,
) -> Result<(Contract, Vec<IngestDiagnostic>), IngestError> {
    let root = json::parse(&text.text).map_err(|error| invalid_json(text, &error))?;
    let (mut contract, diagnostics) = read_model(text, &root, options)?;
    if let Some((_, bytes)) = documents.find_relative(&text.source, worked_examples::BOTOCORE_FILE) {
        worked_examples::add_botocore_examples(&mut contract, &String::from_utf8_lossy(&bytes));
    }
    Ok((contract, diagnostics))
}

/// Returns the error for a document that is not valid JSON.
pub(super) fn invalid_json(text: &SourceText<'_>, error: &JsonError) -> IngestError {
    IngestError {
        place: Box::new(text.span_location(error.offset..(error.offset + 1).min(text.text.len()).max(error.offset))),
        message: format!("not valid JSON: {}", error.reason),
        hint: Some("check that the file is complete".to_owned()),
    }
}

/// Returns true if the beginning of a document looks like a service model.
pub(super) fn is_model(head: &str) -> bool {
    head.trim_start().starts_with('{')
        && (head.contains("\"metadata\"") || head.contains("\"operations\"") || head.contains("\"shapes\""))
}

/// Reads a parsed model, limited to the operations that the options name, if any.
///
/// # Errors
/// Returns an error if the document has no `operations` or `shapes`.
pub(super) fn read_model(
    text: &SourceText<'_>,
    root: &JsonNode,
    options: &IngestOptions,
) -> Result<(Contract, Vec<IngestDiagnostic>), IngestError> {
    let (Some(operations), Some(shapes)) = (root.get("operations"), root.get("shapes")) else {
        return Err(text.error(
            1,
            "JSON document without `operations` and `shapes`",
            "expected a botocore model (`service-2.json`) or a contract in the format `overstep-contract/1`",
        ));
    };
    let metadata = root.get("metadata");
    let mut builder = ContractBuilder::new(&service_name(metadata), &text.name, FactOrigin::Model);
    let protocol = metadata.and_then(detect_protocol);
    builder.contract.protocol = protocol;
    builder.contract.traits = metadata.map(read_service_traits).unwrap_or_default();
    builder.contract.auth = metadata.map(|metadata| read_auth(metadata, &builder.contract.service)).unwrap_or_default();
    let mut model = BotocoreReader {
        text,
        shapes: shapes.entries().iter().map(|entry| (entry.key.as_str(), entry)).collect(),
        reference_counts: count_references(shapes),
        builder,
        diagnostics: Vec::new(),
        pending: VecDeque::new(),
        queued: HashSet::new(),
        has_http_bindings: matches!(protocol, None | Some(Protocol::RestJson1 | Protocol::RestXml)),
    };
    for entry in operations.entries() {
        let name = entry.node.member_text("name").unwrap_or(&entry.key);
        if options.includes(name) {
            model.lower_operation(name, entry);
        }
    }
    while let Some(name) = model.pending.pop_front() {
        model.lower_shape(&name);
    }
    model.apply_shape_docs();
    model.builder.apply_relations();
    for entry in operations.entries() {
        let name = entry.node.member_text("name").unwrap_or(&entry.key);
        let index = model.builder.contract.operations.iter().position(|operation| operation.name.as_str() == name);
        let Some(index) = index else { continue };
        let sentences = entry.node.entry("documentation").map_or_else(Vec::new, |documentation| {
            split_html_sentences(documentation.line, documentation.node.as_text().unwrap_or_default())
        });
        model.builder.apply_operation_sentences(index, &sentences);
        model.apply_effects(index, &sentences);
    }
    model.builder.apply_relations();
    add_listed_errors(&mut model.builder.contract, shapes.entries(), &text.name);
    Ok((model.builder.contract, model.diagnostics))
}

/// Counts the references to each shape, so that a sentence about one member is not applied to a shape that others use.
fn count_references(shapes: &JsonNode) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    let mut count = |node: Option<&JsonNode>| {
        if let Some(name) = node.and_then(|node| node.member_text("shape")) {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
    };
    for entry in shapes.entries() {
        for part in ["member", "key", "value"] {
            count(entry.node.get(part));
        }
        for member in entry.node.get("members").map(JsonNode::entries).unwrap_or_default() {
            count(Some(&member.node));
        }
    }
    counts
}

fn detect_protocol(metadata: &JsonNode) -> Option<Protocol> {
    let version = metadata.member_text("jsonVersion").unwrap_or("1.0");
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
    let listed: Vec<&str> = metadata
        .get("protocols")
        .map(JsonNode::items)
        .unwrap_or_default()
        .iter()
        .filter_map(JsonNode::as_text)
        .collect();
    ["json", "rest-json", "rest-xml", "smithy-rpc-v2-cbor", "query", "ec2"]
        .into_iter()
        .find(|name| listed.contains(name))
        .or_else(|| metadata.member_text("protocol"))
        .and_then(known)
}

fn read_auth(metadata: &JsonNode, service: &str) -> Vec<AuthScheme> {
    let signing = metadata.member_text("signingName").or_else(|| metadata.member_text("endpointPrefix"));
    let sigv4 = || AuthScheme::SigV4 { service: signing.filter(|name| *name != service).map(str::to_owned) };
    let listed: Vec<&str> =
        metadata.get("auth").map(JsonNode::items).unwrap_or_default().iter().filter_map(JsonNode::as_text).collect();
    let mut auth: Vec<AuthScheme> = Vec::new();
    for name in listed {
        let one = match name {
            "aws.auth#sigv4" | "aws.auth#sigv4a" => sigv4(),
            "smithy.api#httpBearerAuth" => AuthScheme::Bearer,
            "smithy.api#noAuth" => AuthScheme::None,
            _ => continue,
        };
        if !auth.contains(&one) {
            auth.push(one);
        }
    }
    if auth.is_empty() {
        match metadata.member_text("signatureVersion") {
            Some("bearer") => auth.push(AuthScheme::Bearer),
            Some("none") => auth.push(AuthScheme::None),
            Some(_) => auth.push(sigv4()),
            None => {}
        }
    }
    auth
}

pub(super) struct BotocoreReader<'m> {
    text: &'m SourceText<'m>,
    pub(super) shapes: HashMap<&'m str, &'m JsonEntry>,
    reference_counts: HashMap<String, usize>,
    pub(super) builder: ContractBuilder,
    diagnostics: Vec<IngestDiagnostic>,
    pending: VecDeque<String>,
    queued: HashSet<String>,
    /// Whether the protocol can bind members outside the body; other protocols ignore such bindings.
    has_http_bindings: bool,
}

impl<'m> BotocoreReader<'m> {
    fn lower_operation(&mut self, name: &str, entry: &'m JsonEntry) {
        let node = &entry.node;
        let index = self.builder.add_operation(name, entry.line);
        if let Some(http) = node.entry("http") {
            for (key, field) in [("method", FactField::HttpMethod), ("requestUri", FactField::HttpUri)] {
                if let Some(entry) = http.node.entry(key)
                    && let Some(value) = entry.node.as_text()
                {
                    self.builder.record_operation_fact(index, field, value, entry.line);
                }
            }
            match http.node.entry("responseCode").map(|entry| (entry, entry.node.as_number())) {
                Some((entry, Some(code))) => {
                    self.builder.record_operation_fact(index, FactField::HttpSuccess, code.clone(), entry.line);
                }
                // The model's format defaults to 200.
                _ => self.builder.record_operation_fact_as(
                    index,
                    FactField::HttpSuccess,
                    200,
                    http.line,
                    FactOrigin::Assumed,
                ),
            }
        }
        if let Some(operation) = self.builder.contract.operations.get_mut(index) {
            operation.traits = read_operation_traits(node);
        }
        for side in ["input", "output"] {
            let Some(reference) = node.get(side) else { continue };
            let id = self.resolve_reference(reference, name);
            match side {
                "input" => {
                    if self.shapes.get(id.as_str()).is_none_or(|e| e.node.member_text("type") == Some("structure")) {
                        self.builder.contract.operations[index].input = Some(id);
                    } else {
                        self.diagnostics.push(self.text.warning(
                            reference.line,
                            format!("the input of `{name}` is not a structure"),
                            "the input is ignored; correct the model",
                        ));
                    }
                }
                _ => self.builder.contract.operations[index].output = Some(id),
            }
        }
        for reference in node.get("errors").map(JsonNode::items).unwrap_or_default() {
            let Some(shape) = reference.member_text("shape") else { continue };
            self.lower_error(index, shape, reference);
        }
    }

    fn lower_error(&mut self, index: usize, name: &str, reference: &'m JsonNode) {
        let shape = self.shapes.get(name).map(|entry| &entry.node);
        let traits = shape.and_then(|shape| shape.get("error")).or_else(|| reference.get("error"));
        let status_entry = traits.and_then(|traits| traits.entry("httpStatusCode"));
        let status = status_entry
            .and_then(|entry| entry.node.as_number())
            .and_then(serde_json::Number::as_u64)
            .and_then(|code| u16::try_from(code).ok());
        let description = shape.and_then(|shape| shape.member_text("documentation")).unwrap_or_default();
        let fault = shape.is_some_and(|shape| shape.is_true("fault"));
        let mut role = ErrorRole::infer(status, name, description);
        if fault && role == ErrorRole::Other {
            role = ErrorRole::ServerFault;
        }
        // What is wrong with a list is wrong with the input: an empty batch, or too many entries.
        if rule_of_error(name, description).is_some() {
            role = ErrorRole::InvalidInput;
        }
        let id = shape.map(|_| self.resolve_reference(reference, name));
        let key = ErrorName::from(name);
        if !self.builder.contract.errors.contains_key(&key) {
            let code = traits.and_then(|traits| traits.member_text("code")).filter(|code| *code != name);
            let mut error = ErrorShape { code: code.map(str::to_owned), shape: id, ..ErrorShape::new(role) };
            if let (Some(status), Some(entry)) = (status, status_entry) {
                error.add_fact(Fact::new(
                    FactField::Status,
                    status,
                    FactOrigin::Model,
                    &self.builder.provenance_at(entry.line),
                ));
            }
            self.builder.contract.errors.insert(key, error);
        }
        self.builder.record_operation_fact(index, FactField::Error(name.to_string()), true, reference.line);
    }

    /// Returns the shape that a reference names and queues it for reading.
    fn resolve_reference(&mut self, reference: &JsonNode, owner: &str) -> ShapeId {
        let name = reference.member_text("shape").unwrap_or_default();
        if !self.shapes.contains_key(name) {
            self.diagnostics.push(self.text.warning(
                reference.line,
                format!("`{owner}` refers to the shape `{name}`, which the model does not define"),
                "treated as any value; correct the model",
            ));
            let id = ShapeId::from(if name.is_empty() { "Unknown" } else { name });
            if !self.builder.contract.shapes.contains_key(&id) {
                self.builder.insert_shape(id.clone(), ShapeKind::Document, reference.line);
            }
            return id;
        }
        if self.queued.insert(name.to_owned()) {
            self.pending.push_back(name.to_owned());
        }
        ShapeId::from(name)
    }

    fn lower_shape(&mut self, name: &str) {
        let Some(&entry) = self.shapes.get(name) else { return };
        let node = &entry.node;
        let id = ShapeId::from(name);
        let type_line = node.entry("type").map_or(entry.line, |entry| entry.line);
        let type_name = node.member_text("type").unwrap_or("structure");
        let kind = match type_name {
            _ if node.is_true("document") => ShapeKind::Document,
            "structure" if node.is_true("union") => ShapeKind::Union { members: IndexMap::new() },
            "structure" => ShapeKind::Structure { members: IndexMap::new() },
            "list" => match node.get("member") {
                Some(member) => ShapeKind::List { member: self.resolve_reference(member, name) },
                None => self.warn_unknown(entry, "list without `member`"),
            },
            "map" => match (node.get("key"), node.get("value")) {
                (Some(key), Some(value)) => ShapeKind::Map {
                    key: self.resolve_reference(key, name),
                    value: self.resolve_reference(value, name),
                },
                _ => self.warn_unknown(entry, "map without `key` and `value`"),
            },
            "string" | "character" => match node.get("enum") {
                Some(list) => ShapeKind::Enum {
                    values: list.items().iter().filter_map(JsonNode::as_text).map(str::to_owned).collect(),
                },
                None => ShapeKind::String,
            },
            "integer" | "short" | "byte" => ShapeKind::Integer,
            "long" | "bigInteger" => ShapeKind::Long,
            "float" => ShapeKind::Float,
            "double" | "bigDecimal" => ShapeKind::Double,
            "boolean" => ShapeKind::Boolean,
            "blob" => ShapeKind::Blob,
            "timestamp" => ShapeKind::Timestamp,
            other => self.warn_unknown(entry, &format!("unknown type `{other}`")),
        };
        self.builder.insert_shape(id.clone(), kind.clone(), type_line);
        let shape = self.builder.shape_mut(&id);
        shape.traits = read_traits(node);
        shape.parts = read_part_traits(node);
        self.record_constraints(&id, node, &kind);
        if kind.members().is_some() {
            self.lower_members(&id, node);
        }
    }

    fn warn_unknown(&mut self, entry: &JsonEntry, why: &str) -> ShapeKind {
        self.diagnostics.push(self.text.warning(
            entry.line,
            format!("shape `{}`: {why}", entry.key),
            "treated as any value; correct the model",
        ));
        ShapeKind::Document
    }

    fn record_constraints(&mut self, id: &ShapeId, node: &JsonNode, kind: &ShapeKind) {
        let limits = match kind {
            ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double => {
                Some([("min", FactField::RangeMin), ("max", FactField::RangeMax)])
            }
            ShapeKind::String | ShapeKind::Blob | ShapeKind::List { .. } | ShapeKind::Map { .. } => {
                Some([("min", FactField::LengthMin), ("max", FactField::LengthMax)])
            }
            // A length limit on an enum adds nothing to its list of values.
            _ => None,
        };
        for (end, field) in limits.into_iter().flatten() {
            if let Some(entry) = node.entry(end)
                && let Some(number) = entry.node.as_number()
            {
                self.builder.record_shape_fact(id, field, number.clone(), entry.line);
            }
        }
        if let Some(entry) = node.entry("pattern")
            && let (Some(pattern), true) = (entry.node.as_text(), kind.is_text())
            && !matches!(kind, ShapeKind::Enum { .. })
        {
            self.builder.record_shape_fact(id, FactField::Pattern, pattern, entry.line);
        }
        if let (Some(entry), ShapeKind::Enum { values }) = (node.entry("enum"), kind) {
            self.builder.record_shape_fact(id, FactField::Enum, values.clone(), entry.line);
        }
        if node.is_true("uniqueItems") {
            self.builder.record_shape_fact(id, FactField::Unique, true, node.line);
        }
    }

    fn lower_members(&mut self, id: &ShapeId, node: &'m JsonNode) {
        let payload = node.member_text("payload").filter(|_| self.has_http_bindings);
        for entry in node.get("members").map(JsonNode::entries).unwrap_or_default() {
            let (name, reference) = (entry.key.as_str(), &entry.node);
            let shape = self.resolve_reference(reference, id.as_str());
            self.builder.add_member(id, name, &shape, entry.line);
            // The target shape may not have been read yet, so its type comes from the model.
            let kind = self.shapes.get(shape.as_str()).map_or("document", |entry| shape_type_name(&entry.node));
            if let Some(fact) = self.builder.shape_mut(id).facts.last_mut() {
                fact.value = kind.into();
            }
            let place = reference.entry("location").filter(|_| self.has_http_bindings);
            let line = place.map_or(entry.line, |place| place.line);
            let wire = reference.member_text("locationName").map(str::to_owned);
            let location = match place.and_then(|place| place.node.as_text()) {
                Some("uri") => Some(MemberLocation::Label),
                Some("querystring") => Some(MemberLocation::Query),
                Some("header" | "headers") => Some(MemberLocation::Header),
                Some("statusCode") => Some(MemberLocation::Header),
                _ if payload == Some(name) => Some(MemberLocation::Payload),
                _ => None,
            };
            let wire = match place.and_then(|place| place.node.as_text()) {
                // The name of HTTP/2's pseudo-header for the status.
                Some("statusCode") => Some(":status".to_owned()),
                _ => wire,
            };
            if let Some(member) =
                self.builder.shape_mut(id).kind.members_mut().and_then(|members| members.get_mut(name))
            {
                member.traits = read_traits(reference);
                // The name on the wire is stored in the member's `wire`.
                member.traits.name = None;
            }
            match location {
                Some(location) => self.builder.set_location(id, name, location, wire.as_deref(), line),
                None => {
                    if let Some(wire) = wire.filter(|wire| wire != name)
                        && let Some(members) = self.builder.shape_mut(id).kind.members_mut()
                        && let Some(member) = members.get_mut(name)
                    {
                        member.wire = Some(wire);
                    }
                }
            }
        }
        for required in node.get("required").map(JsonNode::items).unwrap_or_default() {
            if let Some(name) = required.as_text() {
                self.builder.record_shape_fact(id, FactField::MemberRequired(name.to_string()), true, required.line);
            }
        }
    }

    /// Applies the sentences about the shapes of requests and about their members. The values of responses are not limited by them.
    fn apply_shape_docs(&mut self) {
        let mut containers: HashMap<ShapeId, ShapeId> = HashMap::new();
        for (id, shape) in &self.builder.contract.shapes {
            if let ShapeKind::List { member: item } | ShapeKind::Map { value: item, .. } = &shape.kind {
                containers.entry(item.clone()).or_insert_with(|| id.clone());
            }
        }
        let inputs = self.builder.contract.operations.iter().filter_map(|operation| operation.input.clone()).collect();
        let of_requests = self.builder.contract.shapes_within(inputs);
        let ids: Vec<ShapeId> =
            self.builder.contract.shapes.keys().filter(|id| of_requests.contains(*id)).cloned().collect();
        for id in ids {
            let Some(&entry) = self.shapes.get(id.as_str()) else { continue };
            // A sentence about all items together applies to the list or map that contains them.
            if let Some(read) = read_documentation(&entry.node, None) {
                self.builder.apply_description(&id, containers.get(&id), &read);
            }
            for member in entry.node.get("members").map(JsonNode::entries).unwrap_or_default() {
                if let Some(read) = read_documentation(&member.node, Some(&member.key)) {
                    self.apply_member_docs(&id, member, read);
                    self.apply_entry_limits(&id, member);
                }
            }
        }
    }

    fn apply_member_docs(&mut self, owner: &ShapeId, member: &JsonEntry, read: Description) {
        let Some(target) = member.node.member_text("shape") else { return };
        let mut id = ShapeId::from(target);
        self.builder.note_relations(DescribedMember { owner, name: &member.key }, &id, &read);
        let stated = |builder: &ContractBuilder, id: &ShapeId| -> Vec<StatedShapeFact> {
            let facts = read.statements.iter().map(|(line, one)| builder.facts_of_statement(id, None, one, *line));
            facts.flatten().collect()
        };
        let is_new = |builder: &ContractBuilder, fact: &StatedShapeFact| {
            let shape = builder.contract.shapes.get(&fact.shape);
            shape.is_some_and(|shape| !shape.facts_at(&fact.field).any(|known| known.value == fact.value))
        };
        let is_exclusive = |name: &str| self.reference_counts.get(name).copied().unwrap_or(0) <= 1;
        let has_budget = read.statements.iter().any(|(_, one)| matches!(one.fact, StatedFact::TotalBytes(..)));
        let new: Vec<StatedShapeFact> =
            stated(&self.builder, &id).into_iter().filter(|fact| is_new(&self.builder, fact)).collect();
        let shared_part = new
            .iter()
            .map(|fact| &fact.shape)
            .find(|shape| **shape != id && !(is_exclusive(target) && is_exclusive(shape.as_str())));
        let shared_part = shared_part.cloned();
        if !is_exclusive(target) || shared_part.is_some() {
            if new.is_empty() && !has_budget {
                // The model states the same for all uses of the shape.
                read.unread_lines.iter().for_each(|line| self.builder.note_unread_sentence(*line));
                return;
            }
            if !is_exclusive(target) {
                id = self.give_own_shape(owner, &member.key, &id);
            }
            if let Some(part) = shared_part {
                self.give_own_part(&id, &part);
            }
        }
        self.builder.apply_description(&id, None, &read);
    }

    /// Gives a list or map its own copy of the shape of its items, keys or values.
    fn give_own_part(&mut self, id: &ShapeId, part: &ShapeId) {
        let suffix = match &self.builder.shape_mut(id).kind {
            ShapeKind::List { .. } => "Item",
            ShapeKind::Map { key, .. } if key == part => "Key",
            ShapeKind::Map { .. } => "Value",
            _ => return,
        };
        let own = self.copy_shape(&format!("{}{suffix}", id.as_str()), part);
        match &mut self.builder.shape_mut(id).kind {
            ShapeKind::List { member } => *member = own,
            ShapeKind::Map { key, .. } if suffix == "Key" => *key = own,
            ShapeKind::Map { value, .. } => *value = own,
            _ => {}
        }
    }

    fn copy_shape(&mut self, name: &str, from: &ShapeId) -> ShapeId {
        let shape = self.builder.shape_mut(from).clone();
        let id = self.builder.add_shape(name, shape.kind.clone(), 1);
        *self.builder.shape_mut(&id) = shape;
        id
    }

    /// Returns the shape of a member for a statement about this member alone: a copy if other members have it too.
    pub(super) fn own_shape(&mut self, owner: &ShapeId, name: &str, shape: &ShapeId) -> ShapeId {
        match self.reference_counts.get(shape.as_str()).copied().unwrap_or(0) {
            0 | 1 => shape.clone(),
            _ => self.give_own_shape(owner, name, shape),
        }
    }

    /// Gives a member its own copy of a shape, so that a sentence about it affects no other member.
    fn give_own_shape(&mut self, owner: &ShapeId, name: &str, shape: &ShapeId) -> ShapeId {
        if self.builder.shape_mut(shape).kind.members().is_some() {
            return shape.clone();
        }
        let before = self.builder.contract.shapes.get(shape).cloned();
        let own = self.copy_shape(&format!("{}{}", owner.as_str(), capitalize(name.to_owned())), shape);
        if let Some(member) = self.builder.shape_mut(owner).kind.members_mut().and_then(|members| members.get_mut(name))
            && before.is_some()
        {
            member.shape = own.clone();
        }
        own
    }
}

/// Returns what the documentation of a shape or member states, if it may state something.
fn read_documentation(node: &JsonNode, name: Option<&str>) -> Option<Description> {
    let documentation = node.entry("documentation")?;
    let text = documentation.node.as_text().filter(|text| may_state(text))?;
    let read = read_description(&split_html_sentences(documentation.line, text), name);
    (!read.statements.is_empty() || !read.unread_lines.is_empty()).then_some(read)
}

fn shape_type_name(node: &JsonNode) -> &'static str {
    match node.member_text("type").unwrap_or("structure") {
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

fn capitalize(name: String) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
