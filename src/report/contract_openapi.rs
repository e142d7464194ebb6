//! Writes a contract as an OpenAPI 3.1 document, for `ingest --format openapi`.
//!
//! It never reads a document. What OpenAPI cannot say is listed, not dropped in silence.

use super::openapi_schemas::SchemaWriter;
use crate::contract::{
    AuthScheme, Contract, ErrorName, ErrorRole, ErrorShape, Member, MemberLocation, Operation, Protocol, ShapeKind,
};
use serde_json::{Map, Value as Json, json};

/// A contract in another format.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvertedContract {
    /// The document as JSON, indented, with a newline at the end.
    pub text: String,
    /// What the format cannot say, a sentence each.
    pub omissions: Vec<String>,
}

/// Returns the contract as an OpenAPI document, or `None` if its protocol sends all operations to one route or speaks
/// XML.
pub fn contract_openapi(contract: &Contract) -> Option<ConvertedContract> {
    if !matches!(contract.protocol, None | Some(Protocol::RestJson | Protocol::RestJson1)) {
        return None;
    }
    let mut writer = OpenApiWriter { contract, schemas: SchemaWriter::new(contract), omissions: Vec::new() };
    let paths = writer.paths();
    let mut components = Map::new();
    let (schemas, omissions) = writer.schemas.finish();
    if !schemas.is_empty() {
        components.insert("schemas".to_owned(), Json::Object(schemas));
    }
    let schemes = security_schemes(contract);
    if !schemes.is_empty() {
        components.insert("securitySchemes".to_owned(), Json::Object(schemes));
    }
    let title = if contract.service.is_empty() { "API" } else { &contract.service };
    let version = contract.traits.version.as_deref().unwrap_or("1");
    let mut document = json!({"openapi": "3.1.0", "info": {"title": title, "version": version}});
    if let Some(base) = &contract.base_url {
        document["servers"] = json!([{"url": base}]);
    }
    if !contract.auth.is_empty() {
        document["security"] = requirements(&contract.auth);
    }
    document["paths"] = Json::Object(paths);
    document["components"] = Json::Object(components);
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    let omissions = writer.omissions.into_iter().chain(omissions).collect();
    Some(ConvertedContract { text, omissions })
}

struct OpenApiWriter<'c> {
    contract: &'c Contract,
    schemas: SchemaWriter<'c>,
    omissions: Vec<String>,
}

/// The members of an input or output by the part of the message that carries them.
type NamedMember<'c> = (&'c str, &'c Member);

impl<'c> OpenApiWriter<'c> {
    fn paths(&mut self) -> Map<String, Json> {
        let mut paths = Map::new();
        for operation in &self.contract.operations {
            let Some(http) = &operation.http else {
                self.omissions.push(format!("`{}` has no route", operation.name));
                continue;
            };
            let path = self.path_template(operation, &http.uri);
            let method = http.method.to_ascii_lowercase();
            let written = self.operation(operation, http.success);
            let item = paths.entry(path.clone()).or_insert_with(|| Json::Object(Map::new()));
            if item.get(&method).is_some() {
                self.omissions.push(format!("`{}` is left out: `{} {path}` is taken", operation.name, http.method));
            } else {
                item[&method] = written;
            }
        }
        paths
    }

    /// Returns the path of a route; a fixed query has no place in it, and neither has a label over several segments.
    fn path_template(&mut self, operation: &Operation, uri: &str) -> String {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        if !query.is_empty() {
            self.omissions.push(format!("`{}`: the fixed query `{query}`", operation.name));
        }
        if path.contains("+}") {
            self.omissions.push(format!("`{}`: a label may hold slashes", operation.name));
        }
        let path = path.replace("+}", "}");
        if path.starts_with('/') { path } else { format!("/{path}") }
    }

    fn members(&self, shape: Option<&crate::contract::ShapeId>) -> Vec<NamedMember<'c>> {
        let members = shape.and_then(|id| self.contract.shape(id).kind.members());
        members.into_iter().flatten().map(|(name, member)| (name.as_str(), member)).collect()
    }

    fn operation(&mut self, operation: &'c Operation, success: Option<u16>) -> Json {
        let mut written = Map::new();
        written.insert("operationId".to_owned(), operation.name.as_str().into());
        let members = self.members(operation.input.as_ref());
        let parameters: Vec<Json> = members.iter().filter_map(|member| self.parameter(*member)).collect();
        if !parameters.is_empty() {
            written.insert("parameters".to_owned(), parameters.into());
        }
        if let Some(body) = self.request_body(operation, &members) {
            written.insert("requestBody".to_owned(), body);
        }
        if let Some(input) = &operation.input {
            let rules = self.contract.shape(input).rules.len();
            if rules > 0 {
                self.omissions.push(format!("`{}`: {rules} rules over several members", operation.name));
            }
        }
        let mut responses = Map::new();
        let status = success.map_or_else(|| "2XX".to_owned(), |status| status.to_string());
        responses.insert(status, self.success_response(operation));
        self.add_errors(operation, &mut responses);
        written.insert("responses".to_owned(), Json::Object(responses));
        if operation.traits.anonymous {
            let mut alternatives = requirements(&self.contract.auth);
            if let Some(list) = alternatives.as_array_mut() {
                list.push(json!({}));
            }
            written.insert("security".to_owned(), if self.contract.auth.is_empty() { json!([]) } else { alternatives });
        } else if !operation.traits.auth.is_empty() {
            written.insert("security".to_owned(), requirements(&operation.traits.auth));
        }
        Json::Object(written)
    }

    fn parameter(&mut self, (name, member): NamedMember<'c>) -> Option<Json> {
        let place = match member.location {
            MemberLocation::Label => "path",
            MemberLocation::Query => "query",
            MemberLocation::Header => "header",
            MemberLocation::Cookie => "cookie",
            _ => return None,
        };
        let wire = member.wire_name(name);
        let is_required = member.required || place == "path";
        let mut parameter = json!({"name": wire, "in": place, "required": is_required});
        parameter["schema"] = self.schemas.member_schema(member);
        let is_list = matches!(self.contract.shape(&member.shape).kind, ShapeKind::List { .. });
        match (place, member.traits.separator.as_deref()) {
            ("query", Some(",")) => parameter["explode"] = false.into(),
            ("query", Some(" ")) => {
                (parameter["style"], parameter["explode"]) = ("spaceDelimited".into(), false.into());
            }
            ("query", Some("|")) => (parameter["style"], parameter["explode"]) = ("pipeDelimited".into(), false.into()),
            ("path", Some(",")) | (_, None) => {}
            (_, Some(_)) if is_list => self.omissions.push(format!("how the list `{wire}` is written")),
            _ => {}
        }
        Some(parameter)
    }

    fn request_body(&mut self, operation: &Operation, members: &[NamedMember<'c>]) -> Option<Json> {
        let stated = operation.traits.content_type.as_deref();
        if let Some((_, member)) = members.iter().find(|(_, member)| member.location == MemberLocation::Payload) {
            let (media_type, schema) = self.payload(member, stated);
            return Some(json!({"required": member.required, "content": {media_type: {"schema": schema}}}));
        }
        let is_form = members.iter().any(|(_, member)| member.location == MemberLocation::Form);
        let place = if is_form { MemberLocation::Form } else { MemberLocation::Body };
        let of_body: Vec<NamedMember<'c>> =
            members.iter().copied().filter(|(_, member)| member.location == place).collect();
        if of_body.is_empty() {
            return None;
        }
        let usual = if is_form { "application/x-www-form-urlencoded" } else { "application/json" };
        let is_required = of_body.iter().any(|(_, member)| member.required);
        let schema = self.schemas.object_schema(&of_body);
        Some(json!({"required": is_required, "content": {stated.unwrap_or(usual): {"schema": schema}}}))
    }

    /// Returns the media type and schema of a member that is the whole body.
    fn payload(&mut self, member: &'c Member, stated: Option<&str>) -> (String, Json) {
        let (usual, schema) = match self.contract.shape(&member.shape).kind {
            ShapeKind::Blob => ("application/octet-stream", json!({"type": "string", "format": "binary"})),
            _ => ("application/json", self.schemas.member_schema(member)),
        };
        (stated.unwrap_or(usual).to_owned(), schema)
    }

    fn success_response(&mut self, operation: &'c Operation) -> Json {
        let mut response = json!({"description": "Success"});
        let members = self.members(operation.output.as_ref());
        if let Some((_, member)) = members.iter().find(|(_, member)| member.location == MemberLocation::Payload) {
            let (media_type, schema) = self.payload(member, None);
            response["content"] = json!({media_type: {"schema": schema}});
        } else if let Some(output) = &operation.output {
            let of_body = members.iter().filter(|(_, member)| member.location == MemberLocation::Body).count();
            if of_body > 0 {
                let schema = self.schemas.body_schema(output, of_body == members.len());
                response["content"] = json!({"application/json": {"schema": schema}});
            }
        }
        let mut headers = Map::new();
        for (name, member) in &members {
            let wire = member.wire_name(name);
            if member.location == MemberLocation::Header && !wire.starts_with(':') {
                let schema = self.schemas.member_schema(member);
                headers.insert(wire.to_owned(), json!({"required": member.required, "schema": schema}));
            }
        }
        if !headers.is_empty() {
            response["headers"] = Json::Object(headers);
        }
        response
    }

    /// Adds the errors of an operation: those of one status are one response.
    fn add_errors(&mut self, operation: &'c Operation, responses: &mut Map<String, Json>) {
        let mut by_status: indexmap::IndexMap<String, Vec<(&'c ErrorName, &'c ErrorShape)>> = indexmap::IndexMap::new();
        for (name, error) in self.contract.operation_errors(operation) {
            let any = if error.role == ErrorRole::ServerFault { "5XX" } else { "4XX" };
            let status = error.status.map_or_else(|| any.to_owned(), |status| status.to_string());
            by_status.entry(status).or_default().push((name, error));
        }
        for (status, errors) in by_status {
            let named: Vec<&str> = errors
                .iter()
                .filter(|(_, error)| !error.unnamed)
                .map(|(name, error)| error.code.as_deref().unwrap_or(name.as_str()))
                .collect();
            let mut layers: Vec<Json> = Vec::new();
            if let [(_, ErrorShape { shape: Some(shape), .. })] = errors.as_slice() {
                layers.push(self.schemas.body_schema(shape, true));
            }
            match named.as_slice() {
                [] => {}
                [only] => layers.push(json!({"type": "object", "properties": {"code": {"const": only}}})),
                several => {
                    self.omissions.push(format!("`{}`: which error {status} is, of {}", operation.name, several.len()));
                    layers.push(json!({"type": "object", "properties": {"code": {"enum": several}}}));
                }
            }
            let role = errors.first().map_or(ErrorRole::Other, |(_, error)| error.role);
            let mut response = json!({"description": describe_role(role)});
            match layers.len() {
                0 => {}
                1 => response["content"] = json!({"application/json": {"schema": layers.remove(0)}}),
                _ => response["content"] = json!({"application/json": {"schema": {"allOf": layers}}}),
            }
            responses.insert(status, response);
        }
    }
}

/// Returns a sentence that says what an error means.
fn describe_role(role: ErrorRole) -> &'static str {
    match role {
        ErrorRole::InvalidInput => "The request is invalid.",
        ErrorRole::MissingResource => "The resource does not exist.",
        ErrorRole::Unauthenticated => "The caller is not authenticated.",
        ErrorRole::Forbidden => "The caller lacks the permission.",
        ErrorRole::Throttled => "There are too many requests.",
        ErrorRole::Conflict => "There is a conflict with the state of the resource.",
        ErrorRole::Limit => "A quota is used up.",
        ErrorRole::ServerFault => "The server failed.",
        ErrorRole::Other => "Another error.",
    }
}

/// Returns the name of a scheme among the document's security schemes, and its definition.
fn security_scheme(scheme: &AuthScheme) -> Option<(String, Json)> {
    let key = |name: &str, place: &str| json!({"type": "apiKey", "in": place, "name": name});
    Some(match scheme {
        AuthScheme::Bearer => ("bearer".to_owned(), json!({"type": "http", "scheme": "bearer"})),
        AuthScheme::Basic => ("basic".to_owned(), json!({"type": "http", "scheme": "basic"})),
        AuthScheme::Header { name, .. } => (format!("header-{name}"), key(name, "header")),
        AuthScheme::Query { name } => (format!("query-{name}"), key(name, "query")),
        AuthScheme::Cookie { name } => (format!("cookie-{name}"), key(name, "cookie")),
        // Amazon API Gateway writes signatures in this way.
        AuthScheme::SigV4 { .. } => {
            let mut definition = key("Authorization", "header");
            definition["x-amazon-apigateway-authtype"] = "awsSigv4".into();
            ("sigv4".to_owned(), definition)
        }
        AuthScheme::None => return None,
    })
}

fn security_schemes(contract: &Contract) -> Map<String, Json> {
    let of_operations = contract.operations.iter().flat_map(|operation| &operation.traits.auth);
    contract.auth.iter().chain(of_operations).filter_map(security_scheme).collect()
}

/// Returns the requirements of which one has to be met.
fn requirements(schemes: &[AuthScheme]) -> Json {
    let one = |scheme: &AuthScheme| security_scheme(scheme).map_or_else(|| json!({}), |(name, _)| json!({name: []}));
    schemes.iter().map(one).collect()
}
