//! ec2Query: form with its own naming rules in, XML out.
//!
//! Never decides a status. Rules after
//! [EC2 query](https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html).

use super::form::Names;
use super::{Place, REQUEST_ID, Words, xml};
use crate::contract::Member;
use serde_json::Value;
use std::borrow::Cow;

pub(super) const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";

/// The naming rules of ec2Query.
pub(super) struct Ec2Query;

impl Names for Ec2Query {
    fn member<'a>(&self, name: &'a str, member: &'a Member, _place: Place<'a>) -> Cow<'a, str> {
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

    fn item<'a>(&self, _list: Place<'a>) -> Option<&'a str> {
        None
    }
}

/// Returns the body of a success, whose members are in the root itself.
pub(super) fn success(operation: &str, output: Option<Place<'_>>, value: &Value) -> String {
    let mut out = format!("<{operation}Response><requestId>{REQUEST_ID}</requestId>");
    if let (Some(place), Value::Object(members)) = (output, value) {
        xml::write_members(&mut out, members, Some(place));
    }
    out + "</" + operation + "Response>"
}

/// Returns the body of an error.
pub(super) fn error(words: &Words<'_>) -> String {
    let mut inner = String::new();
    words.write_xml(&mut inner);
    format!("<Response><Errors><Error>{inner}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>")
}
