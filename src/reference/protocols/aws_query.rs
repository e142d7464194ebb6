//! awsQuery: form in, XML out; the form names the operation.
//!
//! Never decides a status. Rules after
//! [AWS query](https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).

use super::form::QueryNaming;
use super::xml::{self, REQUEST_ID};
use super::{ErrorContent, ShapeRef};
use crate::contract::Member;
use serde_json::Value;
use std::borrow::Cow;

pub(super) const CONTENT_TYPE: &str = "text/xml";

/// The naming rules of awsQuery.
pub(super) struct AwsQueryFields;

impl QueryNaming for AwsQueryFields {
    fn member_name<'a>(&self, name: &'a str, member: &'a Member, shape: ShapeRef<'a>) -> Cow<'a, str> {
        // A flattened list without a name of its own uses the name of its items: `AttributeName.1`.
        let of_items = shape.items().filter(|_| shape.is_flattened()).and_then(|items| items.traits.name.as_deref());
        Cow::Borrowed(member.wire.as_deref().or(of_items).unwrap_or(name))
    }

    fn item_name<'a>(&self, list: ShapeRef<'a>) -> Option<&'a str> {
        (!list.is_flattened()).then(|| list.items().and_then(|items| items.traits.name.as_deref()).unwrap_or("member"))
    }
}

/// Returns the body of a success.
pub(super) fn write_success(operation: &str, output: Option<ShapeRef<'_>>, value: &Value) -> String {
    let mut out = format!("<{operation}Response>");
    if output.is_some() {
        xml::write_element(&mut out, &format!("{operation}Result"), value, output);
    }
    out + "<ResponseMetadata><RequestId>" + REQUEST_ID + "</RequestId></ResponseMetadata></" + operation + "Response>"
}

/// Returns the body of an error.
pub(super) fn write_error(content: &ErrorContent<'_>) -> String {
    let side = if content.status < 500 { "Sender" } else { "Receiver" };
    let mut inner = format!("<Type>{side}</Type>");
    content.write_xml(&mut inner);
    format!("<ErrorResponse><Error>{inner}</Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>")
}
