//! Determines which operation a request is for, and which error is sent if it is for none.
//!
//! Never parses an input. Operations with HTTP bindings are distinguished by [`super::super::route`].

use super::compression::{allows_compression, decompress, is_gzip_encoded};
use super::form::FormNode;
use super::{aws_json, rpcv2_cbor};
use crate::contract::{Contract, Protocol};
use crate::reference::misbehavior::Misbehavior;
use crate::reference::request::ServerRequest;
use std::borrow::Cow;

/// How a request selects its operation.
#[derive(Debug, PartialEq)]
pub(in crate::reference) enum OperationSelector<'a> {
    /// By method and path.
    ByRoute,
    /// By name, in a header, form or path.
    ByName(Cow<'a, str>),
    /// The name is missing, although the protocol requires it, or it belongs to another service.
    Missing,
}

/// Returns how a request selects its operation.
pub(in crate::reference) fn select_operation<'a>(
    contract: &Contract,
    request: &ServerRequest<'a>,
    path: &'a str,
    query: &str,
) -> OperationSelector<'a> {
    let known = |service: &str| contract.traits.target_prefix.as_deref().is_none_or(|prefix| prefix == service);
    let of = |found: Option<(&'a str, &'a str)>| match found {
        Some((service, operation)) if known(service) => OperationSelector::ByName(Cow::Borrowed(operation)),
        _ => OperationSelector::Missing,
    };
    match contract.protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::RestXml) => OperationSelector::ByRoute,
        Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => of(aws_json::parse_target(request)),
        Some(Protocol::RpcV2Cbor) if rpcv2_cbor::names_other_protocol(request) => OperationSelector::Missing,
        Some(Protocol::RpcV2Cbor) => of(rpcv2_cbor::parse_path(path)),
        Some(Protocol::AwsQuery | Protocol::Ec2Query) => {
            // The name is compressed along with the rest of the form, so it is not known yet whether the operation
            // allows compression.
            let may_compress = contract.operations.iter().any(|operation| allows_compression(&operation.traits));
            let body = match may_compress && is_gzip_encoded(request) {
                true => Cow::Owned(decompress(request.body).unwrap_or_default()),
                false => Cow::Borrowed(request.body),
            };
            let form = FormNode::parse(&body).unwrap_or_default();
            let in_query = FormNode::parse(query.as_bytes()).unwrap_or_default();
            let parameter = |name: &str| form.text(name).or(in_query.text(name)).map(str::to_owned);
            let fits = match (&contract.traits.version, parameter("Version")) {
                (Some(expected), Some(version)) => *expected == version,
                _ => true,
            };
            match parameter("Action") {
                Some(action) if fits => OperationSelector::ByName(Cow::Owned(action)),
                _ => OperationSelector::Missing,
            }
        }
    }
}

/// Returns the route of an operation without a documented one, if its protocol defines it.
pub(in crate::reference) fn default_route(contract: &Contract, operation: &str) -> Option<(&'static str, String)> {
    match contract.protocol? {
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 | Protocol::AwsQuery | Protocol::Ec2Query => {
            Some(("POST", "/".to_owned()))
        }
        Protocol::RpcV2Cbor => {
            let service = contract.traits.target_prefix.as_deref().unwrap_or("{service}");
            Some(("POST", format!("/service/{service}/operation/{operation}")))
        }
        Protocol::RestJson | Protocol::RestJson1 | Protocol::RestXml => None,
    }
}

/// Returns true if operations are distinguished by name alone, so that models give all of them the same route.
pub(in crate::reference) fn selects_by_name(protocol: Option<Protocol>) -> bool {
    !matches!(protocol, None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::RestXml))
}

/// Returns the status and code for a request that matches no operation.
pub(in crate::reference) fn unknown_operation_error(
    contract: &Contract,
    is_aws: bool,
    named: bool,
    other_method: bool,
) -> (u16, &'static str) {
    let status = if other_method { 405 } else { 404 };
    match contract.protocol {
        Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1) if named => (400, "UnknownOperationException"),
        Some(Protocol::AwsQuery | Protocol::Ec2Query) if named => (400, "InvalidAction"),
        Some(Protocol::AwsQuery | Protocol::Ec2Query) => (400, "MissingAction"),
        Some(Protocol::RestXml) if other_method => (405, "MethodNotAllowed"),
        Some(Protocol::RestXml) => (404, "UnknownOperationException"),
        _ if is_aws => (status, "UnknownOperationException"),
        _ if other_method => (405, "method_not_allowed"),
        _ => (404, "route_not_found"),
    }
}

/// Returns true if the protocol's documents are JSON.
pub(in crate::reference) fn uses_json(protocol: Option<Protocol>) -> bool {
    match protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => true,
        Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml | Protocol::RpcV2Cbor) => false,
    }
}

/// Returns true if all values are sent as text, so that a number cannot have the wrong type.
pub(in crate::reference) fn sends_only_text(protocol: Option<Protocol>) -> bool {
    matches!(protocol, Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml))
}

/// Returns true if a misbehavior can be observed in the protocol.
pub(in crate::reference) fn is_observable(protocol: Option<Protocol>, misbehavior: Misbehavior) -> bool {
    let format = match protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => {
            return true;
        }
        Some(Protocol::RestXml) => "XML",
        Some(Protocol::AwsQuery | Protocol::Ec2Query) => "form",
        Some(Protocol::RpcV2Cbor) => "CBOR",
    };
    match misbehavior {
        // These concern the syntax of JSON, or behaviour that only a JSON parser has.
        Misbehavior::DeepCrashes
        | Misbehavior::SurrogateCrashes
        | Misbehavior::HugeNumberCrashes
        | Misbehavior::NullCrashes
        | Misbehavior::TrailingBytes
        | Misbehavior::NanAccepted
        | Misbehavior::SingleQuotesAccepted
        | Misbehavior::BareNamesAccepted
        | Misbehavior::TrailingCommaAccepted
        | Misbehavior::CommentsAccepted
        | Misbehavior::InvalidUtf8Accepted
        | Misbehavior::NotObjectCrashes
        | Misbehavior::NotObjectAccepted
        | Misbehavior::TruncatedAccepted
        | Misbehavior::SuccessNull
        | Misbehavior::SuccessArray
        | Misbehavior::SuccessWrapped => false,
        Misbehavior::NulCrashes => format != "XML",
        // A form is never empty, because it names the operation; almost any bytes are a form.
        Misbehavior::EmptyBodyCrashes | Misbehavior::EmptyBodyAccepted => format != "form",
        // CBOR marks text strings as such, so only those could contain invalid UTF-8.
        Misbehavior::InvalidUtf8Crashes => format != "CBOR",
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::testing::compress_gzip;

    fn contract(protocol: Protocol) -> Contract {
        let mut contract = Contract::new("things");
        contract.protocol = Some(protocol);
        contract.traits.version = Some("2026-01-01".to_owned());
        contract.traits.target_prefix = Some("Things_20260101".to_owned());
        contract
    }

    /// Returns the operation that a request names: `-` if it names none, empty if its route decides.
    fn operation(protocol: Protocol, target: &str, header: Option<(&str, &str)>, body: &str) -> String {
        let headers: Vec<(&str, &[u8])> = header.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let request = ServerRequest { method: "POST", target, headers: &headers, body: body.as_bytes() };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match select_operation(&contract(protocol), &request, path, query) {
            OperationSelector::ByRoute => String::new(),
            OperationSelector::ByName(name) => name.into_owned(),
            OperationSelector::Missing => "-".to_owned(),
        }
    }

    #[test]
    fn compressed_form_is_read_only_if_compression_is_allowed() {
        let named_in = |compression: &[&str], header: &str, body: &[u8]| {
            let mut contract = contract(Protocol::AwsQuery);
            let mut operation = crate::contract::Operation::new("PutThing".into());
            operation.traits.compression = compression.iter().map(|one| (*one).to_owned()).collect();
            contract.operations.push(operation);
            let headers = [("content-encoding", header.as_bytes())];
            let request = ServerRequest { method: "POST", target: "/", headers: &headers, body };
            matches!(select_operation(&contract, &request, "/", ""), OperationSelector::ByName(name) if name == "PutThing")
        };
        let plain = b"Action=PutThing";
        let packed = compress_gzip(plain);
        assert!(named_in(&["gzip"], "gzip", &packed) && !named_in(&[], "gzip", &packed));
        assert!(named_in(&[], "gzip", plain) && !named_in(&["gzip"], "gzip", plain));
        assert!(named_in(&["gzip"], "", plain) && !named_in(&["gzip"], "", &packed));
    }

    #[test]
    fn unknown_operation_error_depends_on_the_protocol() {
        for (protocol, named, other_method, expected) in [
            (Protocol::RestXml, false, false, (404, "UnknownOperationException")),
            (Protocol::RestXml, false, true, (405, "MethodNotAllowed")),
            (Protocol::RestJson1, false, false, (404, "UnknownOperationException")),
            (Protocol::RestJson1, false, true, (405, "UnknownOperationException")),
            (Protocol::AwsQuery, true, false, (400, "InvalidAction")),
            (Protocol::Ec2Query, false, false, (400, "MissingAction")),
            (Protocol::AwsJson1_0, true, false, (400, "UnknownOperationException")),
            (Protocol::AwsJson1_1, false, false, (404, "UnknownOperationException")),
            (Protocol::RpcV2Cbor, false, true, (405, "UnknownOperationException")),
        ] {
            assert_eq!(
                unknown_operation_error(&contract(protocol), true, named, other_method),
                expected,
                "{protocol:?}"
            );
        }
        assert_eq!(
            unknown_operation_error(&contract(Protocol::RestXml), false, false, false),
            (404, "UnknownOperationException")
        );
        assert_eq!(
            unknown_operation_error(&contract(Protocol::RestJson), false, false, true),
            (405, "method_not_allowed")
        );
        assert_eq!(
            unknown_operation_error(&contract(Protocol::RestJson), false, false, false),
            (404, "route_not_found")
        );
    }

    #[test]
    fn protocols_select_operations_by_name_or_by_route() {
        for protocol in [Protocol::AwsJson1_0, Protocol::AwsQuery, Protocol::Ec2Query, Protocol::RpcV2Cbor] {
            assert!(selects_by_name(Some(protocol)), "{protocol:?}");
        }
        for protocol in [None, Some(Protocol::RestJson), Some(Protocol::RestJson1), Some(Protocol::RestXml)] {
            assert!(!selects_by_name(protocol), "{protocol:?}");
        }
    }

    #[test]
    fn empty_body_faults_apply_if_bodies_may_be_empty() {
        for (protocol, expected) in
            [(Protocol::AwsQuery, false), (Protocol::RestXml, true), (Protocol::RpcV2Cbor, true)]
        {
            for misbehavior in [Misbehavior::EmptyBodyCrashes, Misbehavior::EmptyBodyAccepted] {
                assert_eq!(is_observable(Some(protocol), misbehavior), expected, "{protocol:?} {misbehavior:?}");
            }
        }
    }

    #[test]
    fn each_protocol_finds_the_operation_name() {
        for protocol in [Protocol::AwsJson1_0, Protocol::AwsJson1_1] {
            for (header, expected) in [
                (Some(("X-Amz-Target", "Things_20260101.PutThing")), "PutThing"),
                (Some(("x-amz-target", "Others_20260101.PutThing")), "-"),
                (Some(("x-amz-target", "PutThing")), "-"),
                (None, "-"),
            ] {
                assert_eq!(operation(protocol, "/", header, "{}"), expected, "{header:?}");
            }
        }
        for protocol in [Protocol::AwsQuery, Protocol::Ec2Query] {
            for (target, body, expected) in [
                ("/", "Action=PutThing&Version=2026-01-01&Name=a", "PutThing"),
                ("/", "Name=a&Action=Put%54hing", "PutThing"),
                ("/?Action=PutThing", "", "PutThing"),
                ("/", "Action=PutThing&Version=2020-01-01", "-"),
                ("/", "Version=2026-01-01", "-"),
                ("/", "Action.1=PutThing", "-"),
                ("/", "Action=%ff", "-"),
            ] {
                assert_eq!(operation(protocol, target, None, body), expected, "{target} {body}");
            }
        }
        for (target, header, expected) in [
            ("/service/Things_20260101/operation/PutThing", None, "PutThing"),
            ("/service/Others/operation/PutThing", None, "-"),
            ("/", None, "-"),
            ("/service/Things_20260101/operation/PutThing", Some(("x-amz-target", "Things_20260101.PutThing")), "-"),
        ] {
            assert_eq!(operation(Protocol::RpcV2Cbor, target, header, ""), expected, "{target}");
        }
        assert_eq!(operation(Protocol::RestXml, "/things", None, ""), "");
    }
}
