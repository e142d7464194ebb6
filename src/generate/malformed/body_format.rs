//! The format of a request's body, by protocol, and how to break it.

use crate::case::Damage;
use crate::contract::Protocol;
use crate::generate::operation_context::OperationContext;

/// Marker text that is replaced, after encoding, by bytes that a text cannot contain.
pub(super) const MARKER: &str = "overstepMARKoverstep";

/// Returns the simplest damage that makes a body unparsable, or `None` if every body can be parsed.
pub(crate) fn unparsable_body(context: &OperationContext<'_>) -> Option<Damage> {
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
pub(crate) enum BodyFormat {
    Json,
    Form,
    Xml,
    Cbor,
}

pub(crate) fn body_format(context: &OperationContext<'_>) -> BodyFormat {
    match context.plan.contract.protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => {
            BodyFormat::Json
        }
        Some(Protocol::AwsQuery | Protocol::Ec2Query) => BodyFormat::Form,
        Some(Protocol::RestXml) => BodyFormat::Xml,
        Some(Protocol::RpcV2Cbor) => BodyFormat::Cbor,
    }
}
