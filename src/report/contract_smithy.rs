//! Writes a contract as a Smithy 2.0 model in JSON (the [JSON AST](https://smithy.io/2.0/spec/json-ast.html)), for
//! `ingest --format smithy`.
//!
//! It never reads a model. What Smithy cannot say is listed, not dropped in silence.

use super::contract_openapi::ConvertedContract;
use crate::contract::{
    AuthScheme, Contract, ErrorRole, ErrorShape, Member, MemberLocation, Operation, Protocol, Shape, ShapeId,
    ShapeKind, TimestampFormat, WireTraits,
};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

/// Returns the contract as a Smithy model.
pub fn contract_smithy(contract: &Contract) -> ConvertedContract {
    let mut writer = SmithyWriter::new(contract);
    writer.write_service();
    for operation in &contract.operations {
        writer.write_operation(operation);
    }
    for (id, shape) in &contract.shapes {
        writer.write_shape(id, shape);
    }
    writer.write_errors();
    let document = json!({"smithy": "2.0", "shapes": writer.shapes});
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    ConvertedContract { text, omissions: writer.omissions.into_iter().collect() }
}

struct SmithyWriter<'c> {
    contract: &'c Contract,
    namespace: String,
    /// Names of shapes in the model.
    names: IndexMap<&'c ShapeId, String>,
    shapes: Map<String, Json>,
    omissions: BTreeSet<String>,
}

impl<'c> SmithyWriter<'c> {
    fn new(contract: &'c Contract) -> Self {
        let service = identifier(&contract.service).to_ascii_lowercase();
        let namespace = if service.is_empty() { "api".to_owned() } else { format!("api.{service}") };
        let mut names: IndexMap<&ShapeId, String> = IndexMap::new();
        for id in contract.shapes.keys() {
            let mut name = identifier(id.as_str());
            // Names differ by more than case, and none is that of the service, an operation or an error.
            let is_taken = |name: &str, names: &IndexMap<&ShapeId, String>| {
                names.values().any(|taken| taken.eq_ignore_ascii_case(name))
                    || contract.operations.iter().any(|one| identifier(one.name.as_str()).eq_ignore_ascii_case(name))
            };
            while name.is_empty() || is_taken(&name, &names) {
                name.push_str("Shape");
            }
            names.insert(id, name);
        }
        Self { contract, namespace, names, shapes: Map::new(), omissions: BTreeSet::new() }
    }

    fn absolute(&self, name: &str) -> String {
        format!("{}#{name}", self.namespace)
    }

    fn target(&self, id: &ShapeId) -> Json {
        json!(self.absolute(self.names.get(id).map_or("Unknown", String::as_str)))
    }

    fn insert(&mut self, name: &str, shape: Json) {
        self.shapes.insert(self.absolute(name), shape);
    }

    /// Returns the name of the service's shape, which is part of the request in the protocols with JSON.
    fn service_name(&self) -> String {
        let named = self.contract.traits.target_prefix.as_deref().map(identifier);
        let mut name = named.filter(|name| !name.is_empty()).unwrap_or_else(|| "Service".to_owned());
        while self.names.values().any(|taken| taken.eq_ignore_ascii_case(&name)) {
            name.push_str("Service");
        }
        name
    }

    fn write_service(&mut self) {
        let contract = self.contract;
        let operations: Vec<Json> = contract
            .operations
            .iter()
            .map(|operation| json!({"target": self.absolute(&identifier(operation.name.as_str()))}))
            .collect();
        let mut traits = Map::new();
        let protocol = match contract.protocol {
            Some(Protocol::AwsJson1_0) => Some("aws.protocols#awsJson1_0"),
            Some(Protocol::AwsJson1_1) => Some("aws.protocols#awsJson1_1"),
            Some(Protocol::RestJson1) => Some("aws.protocols#restJson1"),
            Some(Protocol::RestXml) => Some("aws.protocols#restXml"),
            Some(Protocol::AwsQuery) => Some("aws.protocols#awsQuery"),
            Some(Protocol::Ec2Query) => Some("aws.protocols#ec2Query"),
            Some(Protocol::RpcV2Cbor) => Some("smithy.protocols#rpcv2Cbor"),
            // Smithy has no trait for plain JSON over HTTP.
            Some(Protocol::RestJson) | None => None,
        };
        traits.extend(protocol.map(|name| (name.to_owned(), json!({}))));
        if contract.traits.query_compatible {
            traits.insert("aws.protocols#awsQueryCompatible".to_owned(), json!({}));
        }
        if contract.protocol.is_some_and(|protocol| protocol != Protocol::RestJson) {
            let prefix = json!({"sdkId": contract.service, "endpointPrefix": contract.service});
            traits.insert("aws.api#service".to_owned(), prefix);
        }
        for scheme in &contract.auth {
            match scheme_trait(scheme, &contract.service) {
                Some((name, value)) if !traits.contains_key(name) => {
                    traits.insert(name.to_owned(), value);
                }
                Some((name, _)) => {
                    self.omissions.insert(format!("a second way to authenticate with `{name}`"));
                }
                None => {
                    self.omissions.insert(format!("the credentials {scheme:?}"));
                }
            }
        }
        if contract.base_url.is_some() {
            self.omissions.insert("the base URL".to_owned());
        }
        let version = contract.traits.version.as_deref().unwrap_or("1");
        let service = json!({"type": "service", "version": version, "operations": operations, "traits": traits});
        let name = self.service_name();
        self.insert(&name, service);
    }

    fn write_operation(&mut self, operation: &'c Operation) {
        let side = |id: &Option<ShapeId>| id.as_ref().map_or_else(|| json!("smithy.api#Unit"), |id| self.target(id));
        let errors: Vec<Json> =
            operation.errors.iter().map(|name| json!({"target": self.absolute(&error_name(name.as_str()))})).collect();
        let mut traits = Map::new();
        if let Some(http) = operation.http.as_ref().filter(|_| self.has_bindings()) {
            let mut binding = json!({"method": http.method, "uri": self.uri(operation, &http.uri)});
            if let Some(success) = http.success {
                binding["code"] = success.into();
            }
            traits.insert("smithy.api#http".to_owned(), binding);
        }
        if let Some(prefix) = &operation.traits.host_prefix {
            traits.insert("smithy.api#endpoint".to_owned(), json!({"hostPrefix": prefix}));
        }
        if !operation.traits.compression.is_empty() {
            let encodings = json!({"encodings": operation.traits.compression});
            traits.insert("smithy.api#requestCompression".to_owned(), encodings);
        }
        if operation.traits.checksum_required {
            traits.insert("smithy.api#httpChecksumRequired".to_owned(), json!({}));
        }
        if operation.traits.unsigned_payload {
            traits.insert("aws.auth#unsignedPayload".to_owned(), json!({}));
        }
        if operation.traits.anonymous {
            traits.insert("smithy.api#optionalAuth".to_owned(), json!({}));
        }
        let shape = json!({
            "type": "operation", "input": {"target": side(&operation.input)}, "output": {"target": side(&operation.output)},
            "errors": errors, "traits": traits,
        });
        self.insert(&identifier(operation.name.as_str()), shape);
    }

    /// Returns a URI whose labels have the names of members, as Smithy wants them.
    fn uri(&self, operation: &Operation, uri: &str) -> String {
        let members = operation.input.as_ref().and_then(|id| self.contract.shape(id).kind.members());
        let labels = members.into_iter().flatten().filter(|(_, member)| member.location == MemberLocation::Label);
        labels.fold(uri.to_owned(), |uri, (name, member)| {
            let (wire, name) = (member.wire_name(name), identifier(name));
            uri.replace(&format!("{{{wire}}}"), &format!("{{{name}}}"))
                .replace(&format!("{{{wire}+}}"), &format!("{{{name}+}}"))
        })
    }

    fn has_bindings(&self) -> bool {
        matches!(self.contract.protocol, None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::RestXml))
    }

    /// Returns the trait that gives members their names on the wire.
    fn wire_name_trait(&self) -> &'static str {
        match self.contract.protocol {
            Some(Protocol::RestXml | Protocol::AwsQuery | Protocol::Ec2Query) => "smithy.api#xmlName",
            _ => "smithy.api#jsonName",
        }
    }

    fn write_shape(&mut self, id: &'c ShapeId, shape: &'c Shape) {
        let mut traits = wire_traits(&shape.traits, None);
        if let Some(name) = &shape.traits.name {
            traits.insert(self.wire_name_trait().to_owned(), json!(name));
        }
        self.add_constraints(id, shape, &mut traits);
        let part = |id: &ShapeId, part: &WireTraits| {
            let mut traits = wire_traits(part, None);
            if let Some(name) = &part.name {
                traits.insert(self.wire_name_trait().to_owned(), json!(name));
            }
            json!({"target": self.target(id), "traits": traits})
        };
        let mut written = match &shape.kind {
            ShapeKind::List { member } => json!({"type": "list", "member": part(member, &shape.parts.member)}),
            ShapeKind::Map { key, value } => {
                json!({"type": "map", "key": part(key, &shape.parts.key), "value": part(value, &shape.parts.value)})
            }
            ShapeKind::Structure { members } => json!({"type": "structure", "members": self.members(members)}),
            ShapeKind::Union { members } => json!({"type": "union", "members": self.members(members)}),
            ShapeKind::Enum { values } => json!({"type": "enum", "members": enum_members(values)}),
            kind => json!({"type": simple_type(kind)}),
        };
        written["traits"] = Json::Object(traits);
        let name = self.names.get(id).cloned().unwrap_or_default();
        self.insert(&name, written);
    }

    fn add_constraints(&mut self, id: &ShapeId, shape: &Shape, traits: &mut Map<String, Json>) {
        if let Some(length) = shape.length {
            traits.insert("smithy.api#length".to_owned(), json!(length));
        }
        if let Some(range) = &shape.range {
            traits.insert("smithy.api#range".to_owned(), json!(range));
        }
        if let Some(pattern) = &shape.pattern {
            traits.insert("smithy.api#pattern".to_owned(), json!(pattern));
        }
        if shape.unique {
            traits.insert("smithy.api#uniqueItems".to_owned(), json!({}));
        }
        let lost = [
            (shape.nullable, "null as a value"),
            (shape.open, "that other values may be valid"),
            (shape.any_size, "integers of any size"),
            (shape.multiple_of.is_some(), "multiples of a number"),
            (!shape.rules.is_empty(), "rules over several members"),
        ];
        for (_, what) in lost.iter().filter(|(is_lost, _)| *is_lost) {
            self.omissions.insert(format!("`{id}`: {what}"));
        }
    }

    fn members(&self, members: &IndexMap<String, Member>) -> Map<String, Json> {
        let mut written = Map::new();
        for (name, member) in members {
            let wire = member.wire_name(name);
            let mut traits = wire_traits(&member.traits, Some(member.location));
            if member.required {
                traits.insert("smithy.api#required".to_owned(), json!({}));
            }
            let key = identifier(name);
            let binding = match member.location {
                MemberLocation::Label => Some(("smithy.api#httpLabel", json!({}))),
                MemberLocation::Query => Some(("smithy.api#httpQuery", json!(wire))),
                MemberLocation::Header if wire == ":status" => Some(("smithy.api#httpResponseCode", json!({}))),
                MemberLocation::Header => Some((self.header_trait(member), json!(wire))),
                MemberLocation::Payload => Some(("smithy.api#httpPayload", json!({}))),
                _ => None,
            };
            if let Some((binding, value)) = binding {
                traits.insert(binding.to_owned(), value);
            }
            let is_named =
                matches!(member.location, MemberLocation::Body | MemberLocation::Form | MemberLocation::Payload);
            if is_named && (wire != key || member.location == MemberLocation::Payload && member.wire.is_some()) {
                traits.insert(self.wire_name_trait().to_owned(), json!(wire));
            }
            written.insert(key, json!({"target": self.target(&member.shape), "traits": traits}));
        }
        written
    }

    /// A map in headers has a prefix instead of a name.
    fn header_trait(&self, member: &Member) -> &'static str {
        match self.contract.shape(&member.shape).kind {
            ShapeKind::Map { .. } => "smithy.api#httpPrefixHeaders",
            _ => "smithy.api#httpHeader",
        }
    }

    fn write_errors(&mut self) {
        for (name, error) in &self.contract.errors {
            let shape = error.shape.as_ref().and_then(|id| self.contract.shape(id).kind.members());
            let members = shape.map(|members| self.members(members)).unwrap_or_default();
            let key = error_name(name.as_str());
            let mut written = json!({"type": "structure", "members": members});
            written["traits"] = Json::Object(self.error_traits(error));
            if error.code.is_some() && error.status.is_none() {
                self.omissions.insert(format!("that the status of `{name}` is not known"));
            }
            if error.unnamed {
                self.omissions.insert(format!("that the error `{name}` has no type"));
            }
            self.insert(&key, written);
        }
    }

    fn error_traits(&self, error: &ErrorShape) -> Map<String, Json> {
        let is_server = error.role == ErrorRole::ServerFault || error.status.is_some_and(|status| status >= 500);
        let mut traits = Map::new();
        traits.insert("smithy.api#error".to_owned(), json!(if is_server { "server" } else { "client" }));
        if let Some(status) = error.status {
            traits.insert("smithy.api#httpError".to_owned(), json!(status));
        }
        if let Some(code) = &error.code {
            let status = error.status.unwrap_or(if is_server { 500 } else { 400 });
            traits.insert("aws.protocols#awsQueryError".to_owned(), json!({"code": code, "httpResponseCode": status}));
        }
        traits
    }
}

/// Returns the trait of a service that says how callers authenticate, and its value.
fn scheme_trait(scheme: &AuthScheme, service: &str) -> Option<(&'static str, Json)> {
    let key = |name: &str, place: &str| Some(("smithy.api#httpApiKeyAuth", json!({"name": name, "in": place})));
    match scheme {
        AuthScheme::SigV4 { service: signing } => {
            Some(("aws.auth#sigv4", json!({"name": signing.as_deref().unwrap_or(service)})))
        }
        AuthScheme::Bearer => Some(("smithy.api#httpBearerAuth", json!({}))),
        AuthScheme::Basic => Some(("smithy.api#httpBasicAuth", json!({}))),
        AuthScheme::Header { name, .. } => key(name, "header"),
        AuthScheme::Query { name } => key(name, "query"),
        AuthScheme::Cookie { .. } | AuthScheme::None => None,
    }
}

/// Returns the traits that say how a value looks on the wire, apart from its name.
fn wire_traits(traits: &WireTraits, location: Option<MemberLocation>) -> Map<String, Json> {
    let mut written = Map::new();
    let flags = [
        (traits.flattened, "smithy.api#xmlFlattened"),
        (traits.attribute, "smithy.api#xmlAttribute"),
        (traits.idempotency_token, "smithy.api#idempotencyToken"),
        (traits.host_label, "smithy.api#hostLabel"),
        (traits.streaming || traits.event_stream, "smithy.api#streaming"),
        (traits.requires_length, "smithy.api#requiresLength"),
    ];
    for (_, name) in flags.iter().filter(|(is_set, _)| *is_set) {
        written.insert((*name).to_owned(), json!({}));
    }
    if traits.json_value && location.is_some() {
        written.insert("smithy.api#mediaType".to_owned(), json!("application/json"));
    }
    if let Some(name) = &traits.query_name {
        written.insert("aws.protocols#ec2QueryName".to_owned(), json!(name));
    }
    if let Some(namespace) = &traits.namespace {
        written.insert("smithy.api#xmlNamespace".to_owned(), json!(namespace));
    }
    if let Some(format) = traits.timestamp_format {
        let name = match format {
            TimestampFormat::DateTime => "date-time",
            TimestampFormat::HttpDate => "http-date",
            TimestampFormat::EpochSeconds => "epoch-seconds",
        };
        written.insert("smithy.api#timestampFormat".to_owned(), json!(name));
    }
    written
}

fn simple_type(kind: &ShapeKind) -> &'static str {
    match kind {
        ShapeKind::Blob => "blob",
        ShapeKind::Boolean => "boolean",
        ShapeKind::Integer => "integer",
        ShapeKind::Long => "long",
        ShapeKind::Float => "float",
        ShapeKind::Double => "double",
        ShapeKind::Timestamp => "timestamp",
        ShapeKind::Document => "document",
        _ => "string",
    }
}

/// Returns the members of an enumeration. A value that is not a name gets one.
fn enum_members(values: &[String]) -> Map<String, Json> {
    let mut members = Map::new();
    for (index, value) in values.iter().enumerate() {
        let mut name = identifier(value);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || members.contains_key(&name) {
            name = format!("VALUE_{index}");
        }
        members.insert(name, json!({"target": "smithy.api#Unit", "traits": {"smithy.api#enumValue": value}}));
    }
    members
}

/// Returns the name of an error's shape; one without a type has a status or a role as its name.
fn error_name(name: &str) -> String {
    let name = identifier(name);
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("Error{name}") } else { name }
}

/// Returns a text as a name: other characters than letters, digits and underscores become underscores.
fn identifier(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
