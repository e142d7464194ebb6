//! Malformed requests, and requests in forms on which the documents are silent, by protocol.
//!
//! A request that some parser could read as valid is never expected to be rejected: its response is recorded, and it
//! must not break the server.

mod cases;
mod cbor;
mod envelope;
mod form;
mod json;
mod json_unspecified;
mod xml;

use crate::case::{Case, Damage};
use crate::contract::Protocol;
use crate::generate::operation_context::OperationContext;
use cases::MalformedCases;

/// Marker text that is replaced, after encoding, by bytes that a text cannot contain.
const MARKER: &str = "overstepMARKoverstep";

/// Returns the cases that must be rejected.
pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    let mut out = MalformedCases::new(context);
    match body_format(context) {
        BodyFormat::Json => json::add_rejected(&mut out),
        // Every text is a form.
        BodyFormat::Form => {}
        BodyFormat::Xml => xml::add_rejected(&mut out),
        BodyFormat::Cbor => cbor::add_rejected(&mut out),
    }
    out.cases
}

/// Returns the cases with undocumented outcomes, and those about how a request names its operation.
pub(crate) fn unspecified_cases(context: &OperationContext<'_>) -> Vec<Case> {
    let mut out = MalformedCases::new(context);
    match body_format(context) {
        BodyFormat::Json => json_unspecified::add_unspecified(&mut out),
        BodyFormat::Form => form::add_unspecified(&mut out),
        BodyFormat::Xml => xml::add_unspecified(&mut out),
        BodyFormat::Cbor => cbor::add_unspecified(&mut out),
    }
    envelope::add_cases(&mut out);
    out.cases
}

/// Returns the simplest damage that makes a body unparsable, or `None` if every body can be parsed.
pub(super) fn unparsable_body(context: &OperationContext<'_>) -> Option<Damage> {
    let broken = match body_format(context) {
        BodyFormat::Json => &b"{"[..],
        BodyFormat::Form => return None,
        BodyFormat::Xml => b"<",
        // A reserved value of the additional information.
        BodyFormat::Cbor => b"\x1c",
    };
    context.has_document().then(|| Damage::Body(broken.to_vec()))
}

/// The format of a request's document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyFormat {
    Json,
    Form,
    Xml,
    Cbor,
}

pub(super) fn body_format(context: &OperationContext<'_>) -> BodyFormat {
    match context.plan.contract.protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => {
            BodyFormat::Json
        }
        Some(Protocol::AwsQuery | Protocol::Ec2Query) => BodyFormat::Form,
        Some(Protocol::RestXml) => BodyFormat::Xml,
        Some(Protocol::RpcV2Cbor) => BodyFormat::Cbor,
    }
}
