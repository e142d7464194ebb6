//! Values that differ from case to case: for members that are usually unique, and for keys that make a request idempotent.
//!
//! It never decides which operation creates a resource.

use crate::contract::{Member, MemberLocation, Operation, Shape};
use crate::infer::creators::input_members;
use crate::infer::web_completion::WebCompleter;
use crate::infer::web_identifiers::{fresh_identifier, fresh_value, is_idempotency_key};
use crate::infer::web_routes::WebCreator;
use serde_json::Value as Json;

impl<'c> WebCompleter<'c> {
    /// Gives values that are usually unique to the members of a request that creates something.
    pub(super) fn complete_unique_members(&mut self, operation: &'c Operation) {
        if self.web.created_by(operation).next().is_none() {
            return;
        }
        let required: Vec<(&String, &Shape)> = input_members(self.contract, operation)
            .filter(|(_, member)| member.required && member.location.is_in_body())
            .map(|(name, member)| (name, self.contract.shape(&member.shape)))
            .collect();
        for (member, shape) in required {
            if self.result.scenario.use_value(operation.name.as_str(), member).is_none() {
                self.generate_value(operation, member, fresh_value(member, shape));
            }
        }
    }

    /// Gives values that differ from case to case to required members of an update that are unique where the resource is
    /// created.
    pub(super) fn complete_updated_unique_members(&mut self, operation: &'c Operation) {
        if operation.http.as_ref().is_none_or(|http| !matches!(http.method.as_str(), "PUT" | "PATCH")) {
            return;
        }
        let required: Vec<(&String, &Shape)> = input_members(self.contract, operation)
            .filter(|(name, member)| {
                member.required && member.location.is_in_body() && self.is_unique_elsewhere(operation, name)
            })
            .map(|(name, member)| (name, self.contract.shape(&member.shape)))
            .collect();
        for (member, shape) in required {
            if self.result.scenario.use_value(operation.name.as_str(), member).is_none() {
                self.generate_value(operation, member, fresh_value(member, shape));
            }
        }
    }

    /// Repeats the identifier in the path of an update where its body has a member of the same name: a resource that gets
    /// another identifier would not be the one that the path names.
    pub(super) fn repeat_labels_in_body(&mut self, operation: &'c Operation) {
        if operation.http.as_ref().is_none_or(|http| !matches!(http.method.as_str(), "PUT" | "PATCH")) {
            return;
        }
        let members = || input_members(self.contract, operation);
        let label_of = |wire_name: &str| {
            let is_same = |name: &String, member: &Member| {
                member.location == MemberLocation::Label && member.wire_name(name) == wire_name
            };
            members().find(|(name, member)| is_same(name, member)).map(|(name, _)| name)
        };
        let repeated: Vec<(&String, bool, &String)> = members()
            .filter(|(_, member)| member.location.is_in_body())
            .filter_map(|(name, member)| Some((name, member.required, label_of(member.wire_name(name))?)))
            .collect();
        for (member, is_required, label) in repeated {
            let name = operation.name.as_str();
            let Some(value) = self.result.scenario.use_value(name, label).and_then(Json::as_str).map(str::to_owned)
            else {
                continue;
            };
            match is_required && self.result.scenario.use_value(name, member).is_none() {
                true => self.set_use(operation, member, value, operation.name.to_string()),
                false => self.set_optional_value(operation, member, &value),
            }
        }
    }

    /// Sets the value of a member that plain requests leave out.
    pub(super) fn set_optional_value(&mut self, operation: &Operation, member: &str, value: &str) {
        let name = operation.name.as_str();
        if self.result.scenario.use_value(name, member).is_none() {
            let values = &mut self.notes_mut(name).optional_values;
            values.entry(member.to_owned()).or_insert_with(|| Json::String(value.to_owned()));
        }
    }

    /// Gives values that differ from case to case to optional members that are usually unique, and to keys that make a
    /// request idempotent.
    pub(super) fn complete_optional_unique_members(&mut self, operation: &'c Operation) {
        let writes = |method: &str| matches!(method, "POST" | "PUT" | "PATCH");
        if operation.http.as_ref().is_none_or(|http| !writes(&http.method)) {
            return;
        }
        let creates = self.web.created_by(operation).next().is_some();
        let optional: Vec<(&String, String)> = input_members(self.contract, operation)
            .filter(|(_, member)| !member.required)
            .filter_map(|(name, member)| {
                let shape = self.contract.shape(&member.shape);
                let template = match member.location {
                    MemberLocation::Header if is_idempotency_key(member.wire_name(name)) => fresh_identifier(shape),
                    MemberLocation::Body | MemberLocation::Form
                        if creates || self.is_unique_elsewhere(operation, name) =>
                    {
                        fresh_value(name, shape)
                    }
                    _ => None,
                };
                Some((name, template?))
            })
            .collect();
        for (member, template) in optional {
            let notes = self.notes_mut(operation.name.as_str());
            if notes.optional_values.contains_key(member) {
                continue;
            }
            self.set_optional_value(operation, member, &template);
            let notes = self.notes_mut(operation.name.as_str());
            if notes.optional_values.contains_key(member) && !notes.fresh_members.contains(member) {
                notes.fresh_members.push(member.clone());
            }
        }
    }

    /// Returns true if a member of an update is unique where the resource is created.
    fn is_unique_elsewhere(&self, operation: &Operation, member: &str) -> bool {
        let Some((_, key)) = self.web.route_of(operation).and_then(|route| route.final_resource()) else {
            return false;
        };
        let Some(resource) = self.web.resources.iter().find(|resource| resource.collection == key) else {
            return false;
        };
        let is_fresh = |creator: &WebCreator<'_>| {
            let notes = self.result.scenario.operation_notes(creator.operation.name.as_str());
            notes.is_some_and(|notes| notes.fresh_members.iter().any(|fresh| fresh == member))
        };
        resource.creators.iter().any(is_fresh)
    }
}
