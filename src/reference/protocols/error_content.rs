//! The content of an error, independent of the protocol that writes it.
//!
//! Never decides the status, code or message: the caller does.

use super::{Place, json, xml};
use crate::contract::Location;
use serde_json::{Map, Value};

/// An error to be written.
pub(in crate::reference) struct Words<'a> {
    pub status: u16,
    /// The error code that callers see.
    pub code: Option<&'a str>,
    /// The name of the error's shape, for protocols that send it in addition to the code.
    pub name: Option<&'a str>,
    /// The error's shape, if the contract has one.
    pub place: Option<Place<'a>>,
    /// The error's members under the contract's names, including the message.
    pub members: Map<String, Value>,
}

impl Words<'_> {
    fn in_body(&self) -> Map<String, Value> {
        let members = self.place.and_then(Place::members);
        let bound =
            |name: &String| members.is_some_and(|m| m.get(name).is_some_and(|m| m.location == Location::Header));
        self.members
            .iter()
            .filter(|(name, _)| !bound(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Returns the members as a JSON document.
    pub(super) fn written_json(&self) -> Value {
        let members = Value::Object(self.in_body());
        self.place.map_or_else(|| members.clone(), |place| json::written(place, &members))
    }

    /// Writes the code and members as elements.
    pub(super) fn write_xml(&self, out: &mut String) {
        if let Some(code) = self.code {
            out.push_str("<Code>");
            xml::escape(out, code);
            out.push_str("</Code>");
        }
        xml::write_members(out, &self.in_body(), self.place);
    }
}
