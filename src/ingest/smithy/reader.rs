//! Reads one service of a Smithy model into a contract.
//!
//! It never looks at single shapes.

use super::botocore_form::{ServiceTranslator, TranslatedService};
use super::model::SmithyModel;
use super::shape_traits::{entry, text_entry};
use crate::contract::{AuthScheme, Contract, Protocol};
use crate::ingest::json::{JsonEntry, JsonNode, JsonValue};
use crate::ingest::source_text::SourceText;
use crate::ingest::top_member::top_member;
use crate::ingest::worked_examples::add_examples;
use crate::ingest::{IngestDiagnostic, IngestError, IngestOptions, botocore, json};

/// Protocol traits in botocore's order of preference, and the name of each in a botocore model.
const PROTOCOLS: &[(&str, Protocol, &str)] = &[
    ("aws.protocols#awsJson1_0", Protocol::AwsJson1_0, "json"),
    ("aws.protocols#awsJson1_1", Protocol::AwsJson1_1, "json"),
    ("aws.protocols#restJson1", Protocol::RestJson1, "rest-json"),
    ("aws.protocols#restXml", Protocol::RestXml, "rest-xml"),
    ("smithy.protocols#rpcv2Cbor", Protocol::RpcV2Cbor, "smithy-rpc-v2-cbor"),
    ("aws.protocols#awsQuery", Protocol::AwsQuery, "query"),
    ("aws.protocols#ec2Query", Protocol::Ec2Query, "ec2"),
];

/// Returns true if a document is a Smithy model as JSON.
pub(in crate::ingest) fn is_model(text: &str) -> bool {
    text.trim_start().starts_with('{') && top_member(text, "smithy").is_some()
}

/// Reads a model, limited to the operations that the options name, if any.
///
/// # Errors
/// Returns an error if the text is not valid JSON, or if the model has no service.
pub(in crate::ingest) fn read(
    text: &SourceText<'_>,
    options: &IngestOptions,
) -> Result<(Contract, Vec<IngestDiagnostic>), IngestError> {
    let root = json::parse(&text.text).map_err(|error| botocore::invalid_json(text, &error))?;
    let model = SmithyModel::new(&root);
    let services = model.services();
    let Some(&service) = services.first() else {
        return Err(text.error(
            1,
            "Smithy model without a service",
            "a service says which operations there are; build the model with the one that binds them",
        ));
    };
    let (protocol, spoken) = find_protocol(&model, service);
    let translated = ServiceTranslator::new(&model, text, service, protocol).translate(service);
    let TranslatedService { operations, shapes, mut diagnostics } = translated;
    for other in services.iter().skip(1) {
        diagnostics
            .push(text.note(other.line, format!("the service `{}` is not read, only `{}`", other.key, service.key)));
    }
    if spoken.is_none() {
        diagnostics.push(text.warning(
            service.line,
            format!("the service `{}` names no protocol that is known", service.key),
            "requests are sent as JSON to the documented routes; set `protocol` in the scenario",
        ));
    }
    let metadata = metadata(&model, service, spoken);
    let botocore_root = JsonNode {
        line: 1,
        value: JsonValue::Object(vec![
            entry("metadata", service.line, JsonValue::Object(metadata)),
            entry("operations", service.line, JsonValue::Object(operations)),
            entry("shapes", service.line, JsonValue::Object(shapes)),
        ]),
    };
    let (mut contract, more) = botocore::read_model(text, &botocore_root, options)?;
    if spoken.is_none() {
        contract.protocol = Some(Protocol::RestJson);
    }
    for id in model.operations(service) {
        let name = id.split_once('#').map_or(id, |(_, local)| local);
        if needs_no_credentials(&model, id)
            && let Some(operation) = contract.operations.iter_mut().find(|one| one.name.as_str() == name)
        {
            operation.traits.anonymous = true;
        }
    }
    for id in model.operations(service) {
        let name = id.split_once('#').map_or(id, |(_, local)| local);
        if let Some(examples) = model.shape_trait(id, "smithy.api#examples")
            && let Some(operation) = contract.operations.iter_mut().find(|one| one.name.as_str() == name)
        {
            add_examples(operation, examples.node.items());
        }
    }
    contract.auth = read_auth(&model, service, &contract.service);
    diagnostics.extend(more);
    Ok((contract, diagnostics))
}

/// Returns the protocol of a service, and its name in a botocore model. A protocol that is not known is treated as REST
/// with JSON if operations have HTTP bindings.
fn find_protocol(
    model: &SmithyModel<'_>,
    service: &JsonEntry,
) -> (Option<Protocol>, Option<(&'static str, &'static str)>) {
    let traits = model.traits(&service.key);
    let known = PROTOCOLS.iter().find(|(name, ..)| traits.iter().any(|one| one.key == *name));
    match known {
        Some((name, protocol, spoken)) => (Some(*protocol), Some((name, spoken))),
        None => (Some(Protocol::RestJson1), None),
    }
}

/// Returns the metadata of the service in botocore's form.
fn metadata(
    model: &SmithyModel<'_>,
    service: &JsonEntry,
    spoken: Option<(&'static str, &'static str)>,
) -> Vec<JsonEntry> {
    let line = service.line;
    let local = service.key.split_once('#').map_or(service.key.as_str(), |(_, local)| local);
    let of_aws = model.shape_trait(&service.key, "aws.api#service");
    let signing = model.shape_trait(&service.key, "aws.auth#sigv4").and_then(|one| one.node.member_text("name"));
    let prefix = of_aws.and_then(|one| one.node.member_text("endpointPrefix")).or(signing);
    let prefix = prefix.map_or_else(|| local.to_ascii_lowercase(), str::to_owned);
    let version = service.node.member_text("version").unwrap_or_default();
    let (protocol, name) = spoken.unwrap_or(("", "rest-json"));
    let mut members = vec![
        text_entry("apiVersion", line, version),
        text_entry("endpointPrefix", line, &prefix),
        text_entry("uid", line, &format!("{prefix}-{version}")),
        text_entry("protocol", line, name),
    ];
    let json_version = match protocol {
        "aws.protocols#awsJson1_0" => Some("1.0"),
        "aws.protocols#awsJson1_1" => Some("1.1"),
        _ => None,
    };
    members.extend(json_version.map(|version| text_entry("jsonVersion", line, version)));
    if json_version.is_some() || protocol == "smithy.protocols#rpcv2Cbor" {
        members.push(text_entry("targetPrefix", line, local));
    }
    if let Some(compatible) = model.shape_trait(&service.key, "aws.protocols#awsQueryCompatible") {
        members.push(entry("awsQueryCompatible", compatible.line, JsonValue::Object(Vec::new())));
    }
    members
}

/// Returns true if an operation accepts callers without credentials: `smithy.api#optionalAuth`, or an empty
/// `smithy.api#auth`.
fn needs_no_credentials(model: &SmithyModel<'_>, operation: &str) -> bool {
    model.traits(operation).iter().any(|one| match one.key.as_str() {
        "smithy.api#optionalAuth" => true,
        "smithy.api#auth" => one.node.items().is_empty(),
        _ => false,
    })
}

/// Returns how callers of the service authenticate: the schemes of its traits, in the order of `smithy.api#auth`.
fn read_auth(model: &SmithyModel<'_>, service: &JsonEntry, name: &str) -> Vec<AuthScheme> {
    let traits = model.traits(&service.key);
    let scheme = |one: &&JsonEntry| match one.key.as_str() {
        "aws.auth#sigv4" | "aws.auth#sigv4a" => {
            let signing = one.node.member_text("name").filter(|signing| *signing != name).map(str::to_owned);
            Some(AuthScheme::SigV4 { service: signing })
        }
        "smithy.api#httpBearerAuth" => Some(AuthScheme::Bearer),
        "smithy.api#httpBasicAuth" => Some(AuthScheme::Basic),
        "smithy.api#httpApiKeyAuth" => {
            let key = one.node.member_text("name").unwrap_or("Authorization").to_owned();
            Some(match one.node.member_text("in") {
                Some("query") => AuthScheme::Query { name: key },
                _ => AuthScheme::Header { name: key, prefix: None },
            })
        }
        _ => None,
    };
    let listed = traits.iter().find(|one| one.key == "smithy.api#auth").map(|one| one.node.items());
    let mut found: Vec<AuthScheme> = match listed {
        Some(order) => {
            let named = order.iter().filter_map(|item| traits.iter().find(|one| item.as_text() == Some(&one.key)));
            named.filter_map(scheme).collect()
        }
        None => traits.iter().filter_map(scheme).collect(),
    };
    found.dedup();
    found
}
