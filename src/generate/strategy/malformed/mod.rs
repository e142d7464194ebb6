//! Malformed requests, and requests in forms on which the documents are silent, by protocol.
//!
//! A request that some parser could read as valid is never expected to be rejected: its response is recorded, and it
//! must not break the server.

mod call;
mod cases;
mod cbor;
mod form;
mod json;
mod json_open;
mod xml;

use super::Work;
use crate::contract::Protocol;
use crate::generate::case::{Case, Damage};
use cases::Cases;

/// Marker text that is replaced, after encoding, by bytes that a text cannot contain.
const MARK: &str = "overstepMARKoverstep";

/// Returns the cases that must be rejected.
pub(crate) fn cases(work: &Work<'_>) -> Vec<Case> {
    let mut out = Cases::new(work);
    match family(work) {
        Family::Json => json::refused(&mut out),
        // Every text is a form.
        Family::Form => {}
        Family::Xml => xml::refused(&mut out),
        Family::Cbor => cbor::refused(&mut out),
    }
    out.made
}

/// Returns the cases with undocumented outcomes, and those about how a request names its operation.
pub(crate) fn open(work: &Work<'_>) -> Vec<Case> {
    let mut out = Cases::new(work);
    match family(work) {
        Family::Json => json_open::open(&mut out),
        Family::Form => form::open(&mut out),
        Family::Xml => xml::open(&mut out),
        Family::Cbor => cbor::open(&mut out),
    }
    call::cases(&mut out);
    out.made
}

/// Returns the simplest damage that makes a body unparsable, or `None` if every body can be parsed.
pub(super) fn no_document(work: &Work<'_>) -> Option<Damage> {
    let broken = match family(work) {
        Family::Json => &b"{"[..],
        Family::Form => return None,
        Family::Xml => b"<",
        // A reserved value of the additional information.
        Family::Cbor => b"\x1c",
    };
    work.has_document().then(|| Damage::Body(broken.to_vec()))
}

/// The format of a request's document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Json,
    Form,
    Xml,
    Cbor,
}

pub(super) fn family(work: &Work<'_>) -> Family {
    match work.planner.contract.protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => {
            Family::Json
        }
        Some(Protocol::AwsQuery | Protocol::Ec2Query) => Family::Form,
        Some(Protocol::RestXml) => Family::Xml,
        Some(Protocol::RpcV2Cbor) => Family::Cbor,
    }
}
