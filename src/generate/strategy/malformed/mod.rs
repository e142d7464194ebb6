//! Requests whose bytes no reader may take, and requests on whose form the documents are silent, by protocol.
//!
//! What some reader could take for a valid request is never called wrong: it is recorded, and must only not break the
//! server.

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

/// Replaced by bytes that no text can hold, after encoding.
const MARK: &str = "overstepMARKoverstep";

/// What must be refused.
pub(crate) fn cases(work: &Work<'_>) -> Vec<Case> {
    let mut out = Cases::new(work);
    match family(work) {
        Family::Json => json::refused(&mut out),
        // Any text is a form.
        Family::Form => {}
        Family::Xml => xml::refused(&mut out),
        Family::Cbor => cbor::refused(&mut out),
    }
    out.made
}

/// What must only be survived, and how operations are named.
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

/// The plainest way to make a body that is no document; `None` where any body says something.
pub(super) fn no_document(work: &Work<'_>) -> Option<Damage> {
    let broken = match family(work) {
        Family::Json => &b"{"[..],
        Family::Form => return None,
        Family::Xml => b"<",
        // Additional information that no item has.
        Family::Cbor => b"\x1c",
    };
    work.has_document().then(|| Damage::Body(broken.to_vec()))
}

/// What a request's document is made of.
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
