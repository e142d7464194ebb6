//! What an error says, before a protocol has written it.
//!
//! Decides nothing: status, code and message come from whoever refuses.

use super::{Place, json, xml};
use crate::contract::Location;
use serde_json::{Map, Value};

/// An error to be written.
pub(in crate::reference) struct Words<'a> {
    pub status: u16,
    /// What callers know the error by.
    pub code: Option<&'a str>,
    /// The name of its shape, where protocols say that and the code apart.
    pub name: Option<&'a str>,
    /// Its shape, where the contract has one.
    pub place: Option<Place<'a>>,
    /// Its members under the contract's names, the message among them.
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

    /// The members as a JSON document.
    pub(super) fn written_json(&self) -> Value {
        let members = Value::Object(self.in_body());
        self.place.map_or_else(|| members.clone(), |place| json::written(place, &members))
    }

    /// Code and members as elements.
    pub(super) fn write_xml(&self, out: &mut String) {
        if let Some(code) = self.code {
            out.push_str("<Code>");
            xml::escape(out, code);
            out.push_str("</Code>");
        }
        xml::write_members(out, &self.in_body(), self.place);
    }
}
