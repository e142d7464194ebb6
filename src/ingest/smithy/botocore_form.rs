//! Rewrites the shapes and operations of a Smithy model into botocore's form.
//!
//! It never reads a limit itself, and never touches a contract.

use super::model::{SmithyMember, SmithyModel};
use super::shape_traits::{
    entry, flag_entry, is_known_trait, restricts_values, text_entry, translate_location, translate_traits,
};
use crate::contract::Protocol;
use crate::ingest::IngestDiagnostic;
use crate::ingest::json::{JsonEntry, JsonNode, JsonValue};
use crate::ingest::source_text::SourceText;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// Maximum number of shapes that are copied for members with constraints of their own.
const MAX_COPIES: usize = 10_000;

/// The operations and shapes of a service in botocore's form.
#[derive(Default)]
pub(super) struct TranslatedService {
    pub operations: Vec<JsonEntry>,
    pub shapes: Vec<JsonEntry>,
    pub diagnostics: Vec<IngestDiagnostic>,
}

/// Rewrites one service of a model.
pub(super) struct ServiceTranslator<'m> {
    model: &'m SmithyModel<'m>,
    text: &'m SourceText<'m>,
    protocol: Option<Protocol>,
    /// The service's XML namespace, if it has one.
    namespace: Option<&'m JsonEntry>,
    /// Names in botocore's form by absolute shape id.
    names: HashMap<&'m str, String>,
    taken_names: HashSet<String>,
    /// Shapes that are being copied for a member; none is copied for a member inside of its own copy.
    copying: Vec<&'m str>,
    copies: usize,
    open: VecDeque<&'m str>,
    /// Line and number of uses of each trait that is not known.
    unknown_traits: BTreeMap<&'m str, (u32, usize)>,
    service: TranslatedService,
}

impl<'m> ServiceTranslator<'m> {
    /// Creates a translator for the service with this id.
    pub fn new(
        model: &'m SmithyModel<'m>,
        text: &'m SourceText<'m>,
        service: &'m JsonEntry,
        protocol: Option<Protocol>,
    ) -> Self {
        Self {
            model,
            text,
            protocol,
            namespace: model.shape_trait(&service.key, "smithy.api#xmlNamespace"),
            names: HashMap::new(),
            taken_names: HashSet::new(),
            copying: Vec::new(),
            copies: 0,
            open: VecDeque::new(),
            unknown_traits: BTreeMap::new(),
            service: TranslatedService::default(),
        }
    }

    /// Rewrites the operations of the service and all shapes that they refer to.
    pub fn translate(mut self, service: &'m JsonEntry) -> TranslatedService {
        for id in self.model.operations(service) {
            match self.model.shape(id) {
                Some(operation) => self.translate_operation(id, operation, service),
                None => self.warn(
                    service.line,
                    format!("the service binds `{id}`, which the model does not define"),
                    "the operation is left out; correct the model",
                ),
            }
        }
        while let Some(id) = self.open.pop_front() {
            self.translate_shape(id);
        }
        for (name, (line, count)) in std::mem::take(&mut self.unknown_traits) {
            let uses = if count == 1 { "once".to_owned() } else { format!("{count} times") };
            self.service
                .diagnostics
                .push(self.text.note(line, format!("the trait `{name}`, used {uses}, is not read")));
        }
        self.service
    }

    fn warn(&mut self, line: u32, message: String, hint: &str) {
        self.service.diagnostics.push(self.text.warning(line, message, hint));
    }

    /// Returns the name of a shape in botocore's form and queues the shape. Shapes of different namespaces may have the
    /// same name.
    fn name_of(&mut self, id: &'m str) -> String {
        if let Some(name) = self.names.get(id) {
            return name.clone();
        }
        let (namespace, local) = id.split_once('#').unwrap_or(("", id));
        let is_taken = self.taken_names.contains(local);
        let name = if is_taken { format!("{}_{local}", namespace.replace('.', "_")) } else { local.to_owned() };
        self.taken_names.insert(name.clone());
        self.names.insert(id, name.clone());
        self.open.push_back(id);
        name
    }

    fn reference(&mut self, id: &'m str, line: u32) -> JsonEntry {
        text_entry("shape", line, &self.name_of(id))
    }

    /// Records the traits that are not known.
    fn record_unknown(&mut self, traits: &[&'m JsonEntry]) {
        for one in traits.iter().filter(|one| !is_known_trait(&one.key)) {
            self.unknown_traits.entry(one.key.as_str()).or_insert((one.line, 0)).1 += 1;
        }
    }

    fn translate_operation(&mut self, id: &'m str, operation: &'m JsonEntry, service: &'m JsonEntry) {
        let local = id.split_once('#').map_or(id, |(_, local)| local);
        let (line, node) = (operation.line, &operation.node);
        let traits = self.model.traits(id);
        self.record_unknown(&traits);
        let mut members = vec![text_entry("name", line, local), self.http_entry(&traits, line)];
        for side in ["input", "output"] {
            let target = node.get(side).and_then(|node| node.member_text("target"));
            let Some(target) = target.filter(|target| *target != "smithy.api#Unit") else { continue };
            let place = node.entry(side).map_or(line, |entry| entry.line);
            let mut reference = vec![self.reference(target, place)];
            if side == "input" && self.protocol == Some(Protocol::RestXml) && self.has_body_members(target) {
                reference.extend(self.root_element(target, place));
            }
            members.push(entry(side, place, JsonValue::Object(reference)));
        }
        let of = |node: &'m JsonNode| node.get("errors").map(JsonNode::items).unwrap_or_default();
        let mut errors: Vec<JsonNode> = Vec::new();
        for error in of(node).iter().chain(of(&service.node)) {
            if let Some(target) = error.member_text("target") {
                let reference = self.reference(target, error.line);
                errors.push(JsonNode { line: error.line, value: JsonValue::Object(vec![reference]) });
            }
        }
        members.push(entry("errors", line, JsonValue::List(errors)));
        members.extend(operation_entries(&traits));
        self.service.operations.push(entry(local, line, JsonValue::Object(members)));
    }

    /// Returns true if the protocol binds members to places outside of the body.
    fn has_bindings(&self) -> bool {
        matches!(self.protocol, None | Some(Protocol::RestJson1 | Protocol::RestXml))
    }

    /// Returns true if a member of a structure is part of a body that consists of several members.
    fn has_body_members(&self, id: &'m str) -> bool {
        self.model.members(id).iter().any(|member| {
            let traits = self.model.member_traits(member);
            !traits.iter().any(|one| one.key.starts_with("smithy.api#http"))
        })
    }

    /// Returns the HTTP binding. Protocols without bindings send everything to `/`.
    fn http_entry(&self, traits: &[&'m JsonEntry], line: u32) -> JsonEntry {
        let binding = traits.iter().find(|one| one.key == "smithy.api#http").filter(|_| self.has_bindings());
        let Some(binding) = binding else {
            let members = vec![text_entry("method", line, "POST"), text_entry("requestUri", line, "/")];
            return entry("http", line, JsonValue::Object(members));
        };
        let mut members = Vec::new();
        for part in binding.node.entries() {
            match part.key.as_str() {
                "method" => members.push(part.clone()),
                "uri" => {
                    let uri = without_operation_id(part.node.as_text().unwrap_or_default());
                    members.push(text_entry("requestUri", part.line, &uri));
                }
                "code" => members.push(JsonEntry { key: "responseCode".to_owned(), ..part.clone() }),
                _ => {}
            }
        }
        entry("http", binding.line, JsonValue::Object(members))
    }

    /// Returns the name and namespace of the XML element of a request or payload.
    fn root_element(&self, id: &'m str, line: u32) -> Vec<JsonEntry> {
        let named = self.model.shape_trait(id, "smithy.api#xmlName").and_then(|one| one.node.as_text());
        let local = id.split_once('#').map_or(id, |(_, local)| local);
        let mut found = vec![text_entry("locationName", line, named.unwrap_or(local))];
        found.extend(self.namespace.map(|one| JsonEntry {
            key: "xmlNamespace".to_owned(),
            line,
            node: one.node.clone(),
        }));
        found
    }

    fn translate_shape(&mut self, id: &'m str) {
        let name = self.names.get(id).cloned().unwrap_or_default();
        let (line, type_name) = match self.model.shape(id) {
            Some(shape) => (shape.line, shape.node.member_text("type").unwrap_or("document")),
            None => match prelude_type(id) {
                Some(type_name) => (1, type_name),
                // The reader says that the model does not define it.
                None => return,
            },
        };
        let traits = self.model.traits(id);
        self.record_unknown(&traits);
        let node = self.shape_node(id, type_name, line, &traits);
        self.service.shapes.push(JsonEntry { key: name, line, node });
    }

    /// Returns a shape in botocore's form, with these traits.
    fn shape_node(&mut self, id: &'m str, type_name: &str, line: u32, traits: &[&'m JsonEntry]) -> JsonNode {
        let mut members = translate_traits(traits, self.wire_name_trait());
        let has = |name: &str| traits.iter().find(|one| one.key == name);
        let type_line = self.model.shape(id).and_then(|shape| shape.node.entry("type")).map_or(line, |one| one.line);
        let (form, flag) = match type_name {
            "enum" => ("string", None),
            "intEnum" => ("integer", None),
            "set" => ("list", Some("uniqueItems")),
            "union" => ("structure", Some("union")),
            "document" => ("structure", Some("document")),
            other => (other, None),
        };
        members.push(text_entry("type", type_line, form));
        members.extend(flag.map(|flag| flag_entry(flag, type_line)));
        if let Some(streaming) = has("smithy.api#streaming") {
            members.push(flag_entry(if type_name == "union" { "eventstream" } else { "streaming" }, streaming.line));
        }
        match type_name {
            "enum" => members.push(self.enum_values(id, line)),
            "intEnum" => self.warn(
                line,
                format!("the values of the integer enumeration `{id}` are not tested"),
                "only its type is; use a range",
            ),
            "structure" | "union" => {
                members.extend(self.structure_entries(id, line, has("smithy.api#error").is_some()));
                members.extend(error_entries(traits));
            }
            "list" | "set" | "map" => {
                for member in self.model.members(id) {
                    let node = self.member_node(id, &member);
                    members.push(JsonEntry { key: member.name.to_owned(), line: member.line, node });
                }
            }
            _ => {}
        }
        JsonNode { line, value: JsonValue::Object(members) }
    }

    /// Returns the values of an enumeration of version 2.0.
    fn enum_values(&self, id: &'m str, line: u32) -> JsonEntry {
        let values = self.model.members(id).into_iter().map(|member| {
            let traits = self.model.member_traits(&member);
            let value = traits.iter().find(|one| one.key == "smithy.api#enumValue").and_then(|one| one.node.as_text());
            JsonNode { line: member.line, value: JsonValue::Text(value.unwrap_or(member.name).to_owned()) }
        });
        entry("enum", line, JsonValue::List(values.collect()))
    }

    /// Returns the members of a structure or union, with those that are required and the one that is the payload.
    fn structure_entries(&mut self, id: &'m str, line: u32, is_error: bool) -> Vec<JsonEntry> {
        let (mut members, mut required, mut payload) = (Vec::new(), Vec::new(), None);
        for member in self.model.members(id) {
            let traits = self.model.member_traits(&member);
            for one in &traits {
                match one.key.as_str() {
                    "smithy.api#required" => {
                        let value = JsonValue::Text(member.name.to_owned());
                        required.push(JsonNode { line: one.line, value });
                    }
                    "smithy.api#httpPayload" => payload = Some(text_entry("payload", one.line, member.name)),
                    _ => {}
                }
            }
            let node = self.member_node(id, &member);
            members.push(JsonEntry { key: member.name.to_owned(), line: member.line, node });
        }
        let mut found = vec![entry("members", line, JsonValue::Object(members))];
        if !required.is_empty() {
            found.push(entry("required", line, JsonValue::List(required)));
        }
        found.extend(payload);
        found.extend(is_error.then(|| flag_entry("exception", line)));
        found
    }

    /// Returns a reference to a member's shape with the member's traits. A member that restricts its values further gets
    /// a copy of its target.
    fn member_node(&mut self, owner: &'m str, member: &SmithyMember<'m>) -> JsonNode {
        let (target, line) = (member.target(), member.line);
        let traits = self.model.member_traits(member);
        self.record_unknown(&traits);
        let mut entries = Vec::new();
        if restricts_values(&traits) {
            entries.push(text_entry("shape", line, &self.restricted_copy(owner, member, &traits)));
        } else {
            entries.push(self.reference(target, line));
        }
        let location = if self.has_bindings() { translate_location(member.name, &traits) } else { Vec::new() };
        let wire_name = self.wire_name_trait().filter(|_| location.is_empty());
        entries.extend(translate_traits(&traits, wire_name));
        let is_payload = traits.iter().any(|one| one.key == "smithy.api#httpPayload");
        let is_structure = self
            .model
            .shape(target)
            .is_some_and(|shape| matches!(shape.node.member_text("type"), Some("structure" | "union")));
        if is_payload && is_structure && self.protocol == Some(Protocol::RestXml) {
            // Without a name, the element is called like its shape.
            let is_renamed = self.model.shape_trait(target, "smithy.api#xmlName").is_some();
            let is_named = entries.iter().any(|one| one.key == "locationName");
            let root = self.root_element(target, line).into_iter();
            entries.extend(root.filter(|one| one.key != "locationName" || (is_renamed && !is_named)));
        }
        entries.extend(location);
        JsonNode { line, value: JsonValue::Object(entries) }
    }

    /// Adds a copy of a member's target with the member's constraints, and returns its name.
    fn restricted_copy(&mut self, owner: &'m str, member: &SmithyMember<'m>, traits: &[&'m JsonEntry]) -> String {
        let target = member.target();
        if self.copying.contains(&target) || self.copies >= MAX_COPIES {
            return self.name_of(target);
        }
        let local = owner.split_once('#').map_or(owner, |(_, local)| local);
        let mut name = format!("{local}{}", capitalize(member.name));
        while self.taken_names.contains(&name) {
            name.push('_');
        }
        self.taken_names.insert(name.clone());
        self.copies += 1;
        self.copying.push(target);
        let type_name = self.model.shape(target).and_then(|shape| shape.node.member_text("type"));
        let type_name = type_name.or_else(|| prelude_type(target)).unwrap_or("document");
        // The reader takes the last entry of a name, which is the member's.
        let all: Vec<&JsonEntry> = self.model.traits(target).into_iter().chain(traits.iter().copied()).collect();
        let node = self.shape_node(target, type_name, member.line, &all);
        self.copying.pop();
        self.service.shapes.push(JsonEntry { key: name.clone(), line: member.line, node });
        name
    }

    /// Returns the trait that gives members their names on the wire.
    fn wire_name_trait(&self) -> Option<&'static str> {
        match self.protocol {
            Some(Protocol::RestXml | Protocol::AwsQuery | Protocol::Ec2Query) => Some("smithy.api#xmlName"),
            Some(Protocol::RestJson1) => Some("smithy.api#jsonName"),
            // AWS JSON and CBOR ignore both traits.
            _ => None,
        }
    }
}

/// Returns the type of a shape of Smithy's prelude.
fn prelude_type(id: &str) -> Option<&'static str> {
    let name = id.strip_prefix("smithy.api#")?;
    Some(match name.strip_prefix("Primitive").unwrap_or(name) {
        "Blob" => "blob",
        "Boolean" => "boolean",
        "String" => "string",
        "Byte" => "byte",
        "Short" => "short",
        "Integer" => "integer",
        "Long" => "long",
        "Float" => "float",
        "Double" => "double",
        "BigInteger" => "bigInteger",
        "BigDecimal" => "bigDecimal",
        "Timestamp" => "timestamp",
        "Document" => "document",
        "Unit" => "structure",
        _ => return None,
    })
}

/// Returns what the traits of an error say in botocore's form.
fn error_entries(traits: &[&JsonEntry]) -> Vec<JsonEntry> {
    let Some(error) = traits.iter().find(|one| one.key == "smithy.api#error") else { return Vec::new() };
    let is_client = error.node.as_text() != Some("server");
    let mut members = Vec::new();
    for one in traits {
        match one.key.as_str() {
            "smithy.api#httpError" => {
                members.push(JsonEntry { key: "httpStatusCode".to_owned(), line: one.line, node: one.node.clone() });
            }
            "aws.protocols#awsQueryError" => {
                members.extend(one.node.entry("code").cloned());
                let status = one.node.entry("httpResponseCode");
                members.extend(status.map(|status| JsonEntry { key: "httpStatusCode".to_owned(), ..status.clone() }));
            }
            _ => {}
        }
    }
    let mut found = vec![entry("error", error.line, JsonValue::Object(members))];
    found.extend((!is_client).then(|| flag_entry("fault", error.line)));
    found
}

/// Returns what the traits of an operation say in botocore's form, beside the HTTP binding.
fn operation_entries(traits: &[&JsonEntry]) -> Vec<JsonEntry> {
    let mut found = Vec::new();
    for one in traits {
        let line = one.line;
        match one.key.as_str() {
            "smithy.api#documentation" => {
                found.push(JsonEntry { key: "documentation".to_owned(), line, node: one.node.clone() });
            }
            "smithy.api#endpoint" => found.push(JsonEntry { key: "endpoint".to_owned(), line, node: one.node.clone() }),
            "smithy.api#requestCompression" => {
                found.push(JsonEntry { key: "requestcompression".to_owned(), line, node: one.node.clone() });
            }
            "aws.protocols#httpChecksum" => {
                found.push(JsonEntry { key: "httpChecksum".to_owned(), line, node: one.node.clone() });
            }
            "smithy.api#httpChecksumRequired" => found.push(flag_entry("httpChecksumRequired", line)),
            "aws.auth#unsignedPayload" => found.push(flag_entry("unsignedPayload", line)),
            _ => {}
        }
    }
    found
}

/// Returns a URI without the parameter `x-id`, by which AWS's SDKs tell their own requests apart; services ignore it.
fn without_operation_id(uri: &str) -> String {
    let Some((path, query)) = uri.split_once('?') else { return uri.to_owned() };
    let kept: Vec<&str> = query.split('&').filter(|part| !part.starts_with("x-id=")).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

fn capitalize(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
