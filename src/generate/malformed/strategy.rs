//! The two strategies of this folder: requests that must be rejected, and requests on which the documents are silent.
//!
//! It only selects by body format; the cases are in the files of each format.

use super::body_format::{BodyFormat, body_format};
use super::cases::MalformedCases;
use super::{cbor, envelope, form, json, json_unspecified, xml};
use crate::case::Case;
use crate::generate::operation_context::OperationContext;

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
