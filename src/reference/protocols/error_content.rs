//! The content of an error, independent of the protocol that writes it.
//!
//! Never decides the status, code or message: the caller does.

use super::{ShapeRef, json, xml};
use crate::contract::{Contract, MemberLocation, ShapeId};
use serde_json::{Map, Value};

/// An error to be written.
pub(in crate::reference) struct ErrorContent<'a> {
    pub status: u16,
    /// The error code that callers see.
    pub code: Option<&'a str>,
    /// The name of the error's shape, for protocols that send it in addition to the code.
    pub name: Option<&'a str>,
    /// The error's shape, if the contract has one.
    pub shape: Option<ShapeRef<'a>>,
    /// The error's members under the contract's names, including the message.
    pub members: Map<String, Value>,
}

impl ErrorContent<'_> {
    fn body_members(&self) -> Map<String, Value> {
        let members = self.shape.and_then(ShapeRef::members);
        let bound =
            |name: &String| members.is_some_and(|m| m.get(name).is_some_and(|m| m.location == MemberLocation::Header));
        self.members
            .iter()
            .filter(|(name, _)| !bound(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Returns the members as a JSON document.
    pub(super) fn to_json(&self) -> Value {
        let members = Value::Object(self.body_members());
        self.shape.map_or_else(|| members.clone(), |place| json::to_wire(place, &members))
    }

    /// Writes the code and members as elements.
    pub(super) fn write_xml(&self, out: &mut String) {
        if let Some(code) = self.code {
            out.push_str("<Code>");
            xml::escape(out, code);
            out.push_str("</Code>");
        }
        xml::write_members(out, &self.body_members(), self.shape);
    }
}

/// Returns a value of a shape as JSON, with the names on the wire.
pub(in crate::reference) fn json_document(contract: &Contract, id: &ShapeId, value: &Value) -> Value {
    json::to_wire(ShapeRef::new(contract, id), value)
}
