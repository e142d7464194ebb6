//! ec2Query: form with its own naming rules in, XML out.
//!
//! Never decides a status. Rules after
//! [EC2 query](https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html).

use super::form::QueryNaming;
use super::xml::{self, REQUEST_ID};
use super::{ErrorContent, ShapeRef};
use crate::contract::Member;
use serde_json::Value;
use std::borrow::Cow;

pub(super) const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";

/// The naming rules of ec2Query.
pub(super) struct Ec2QueryFields;

impl QueryNaming for Ec2QueryFields {
    fn member_name<'a>(&self, name: &'a str, member: &'a Member, _place: ShapeRef<'a>) -> Cow<'a, str> {
        if let Some(own) = &member.traits.query_name {
            return Cow::Borrowed(own);
        }
        let name = member.wire_name(name);
        match name.split_at_checked(1) {
            Some((first, rest)) if first.bytes().all(|byte| byte.is_ascii_lowercase()) => {
                Cow::Owned(first.to_ascii_uppercase() + rest)
            }
            _ => Cow::Borrowed(name),
        }
    }

    fn item_name<'a>(&self, _list: ShapeRef<'a>) -> Option<&'a str> {
        None
    }
}

/// Returns the body of a success, whose members are in the root itself.
pub(super) fn write_success(operation: &str, output: Option<ShapeRef<'_>>, value: &Value) -> String {
    let mut out = format!("<{operation}Response><requestId>{REQUEST_ID}</requestId>");
    if let (Some(place), Value::Object(members)) = (output, value) {
        xml::write_members(&mut out, members, Some(place));
    }
    out + "</" + operation + "Response>"
}

/// Returns the body of an error.
pub(super) fn write_error(content: &ErrorContent<'_>) -> String {
    let mut inner = String::new();
    content.write_xml(&mut inner);
    format!("<Response><Errors><Error>{inner}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>")
}
