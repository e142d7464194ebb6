//! Finds the requests that delete what fixtures and tested operations of a web API create.
//!
//! It never deletes what a scenario did not create.

use crate::contract::Operation;
use crate::infer::creators::input_members;
use crate::infer::web_actions::deletes_in_place_of;
use crate::infer::web_completion::{WebCompleter, fixture_in};
use crate::scenario::RawRequest;
use serde_json::Value as Json;

impl<'c> WebCompleter<'c> {
    /// Adds, once, the request that deletes the resource of a fixture.
    pub fn add_delete(&mut self, resource: usize, fixture: &str) {
        if !self.fixtures[fixture].delete.is_empty() {
            return;
        }
        for deleter in self.web.resources[resource].deleters.clone() {
            self.complete_operation(deleter);
            let acted = self.acted_fixture_of(deleter, fixture);
            if !self.refers_only_to(deleter, acted.as_deref().unwrap_or(fixture)) {
                continue;
            }
            let actions = self.result.scenario.operation_notes(deleter.name.as_str()).map(|notes| notes.after.clone());
            for action in actions.unwrap_or_default() {
                self.fixtures[fixture].delete.push(RawRequest { request: action, ..RawRequest::default() });
            }
            let request = deleter.name.to_string();
            self.fixtures[fixture].delete.push(RawRequest { request, stands_for: acted, ..RawRequest::default() });
            if let Some(known) = self.result.resources.iter_mut().find(|known| known.fixture == fixture) {
                known.deleted_by = Some(deleter.name.to_string());
            }
            return;
        }
    }

    /// Returns the fixture that an operation deletes in place of `fixture`, if actions come before the deletion.
    fn acted_fixture_of(&self, deleter: &Operation, fixture: &str) -> Option<String> {
        let notes = self.result.scenario.operation_notes(deleter.name.as_str())?;
        let named = notes.use_values.values().filter_map(Json::as_str).filter_map(fixture_in);
        let is_acted =
            |name: &&str| name.starts_with(fixture) && self.acted_fixtures.iter().any(|(acted, _)| acted == name);
        named.filter(|_| !notes.after.is_empty()).find(is_acted).map(str::to_owned)
    }

    /// Returns true if an operation names the resource of a fixture, and others only if that fixture needs them.
    fn refers_only_to(&self, operation: &Operation, fixture: &str) -> bool {
        let uses = self.result.scenario.operation_notes(operation.name.as_str()).map(|notes| &notes.use_values);
        let named: Vec<&str> =
            uses.into_iter().flat_map(|uses| uses.values().filter_map(Json::as_str)).filter_map(fixture_in).collect();
        named.contains(&fixture) && named.iter().all(|one| *one == fixture || self.needs(fixture, one))
    }

    /// Returns true if a fixture is created with a value of another one.
    fn needs(&self, fixture: &str, other: &str) -> bool {
        let create = self.fixtures.get(fixture).and_then(|it| it.create.first());
        let notes = create.and_then(|create| self.result.scenario.operation_notes(&create.request));
        let mut named = notes.into_iter().flat_map(|notes| notes.use_values.values()).filter_map(Json::as_str);
        named.any(|value| fixture_in(value) == Some(other))
    }

    /// Adds a cleanup to an operation that creates a resource, so that its cases delete what they create.
    pub fn add_cleanup(&mut self, operation: &'c Operation) {
        let name = operation.name.as_str();
        if self.result.scenario.operation_notes(name).is_some_and(|notes| notes.cleanup.is_some()) {
            return;
        }
        let Some(resource) = self.web.created_by(operation).next() else { return };
        let known = &self.web.resources[resource];
        let Some(deleter) = known.deleters.first().copied() else { return };
        let Some(route) = self.web.route_of(deleter) else { return };
        let labels: Vec<String> = route.labels().map(|(label, _)| label.to_owned()).collect();
        let Some((own, outer)) = labels.split_last() else { return };
        let has_input = |label: &str| input_members(self.contract, operation).any(|(member, _)| member == label);
        let mut input = serde_json::Map::new();
        for label in outer {
            let used = self.result.scenario.use_value(name, label).cloned();
            let value = if has_input(label) { Some(Json::String(format!("{{made.{label}}}"))) } else { used };
            let Some(value) = value else { return };
            input.insert(label.clone(), value);
        }
        let is_named_by_caller =
            known.creators.iter().any(|it| it.operation.name == operation.name && it.is_named_by_caller);
        let (places, sent) = self.places_of_identifier(operation, own, &known.noun, deleter);
        let place = match is_named_by_caller && has_input(own) {
            true => own.clone(),
            false => sent.map_or(places, |(member, _)| member),
        };
        input.insert(own.clone(), Json::String(format!("{{made.{place}}}")));
        let request = deleter.name.to_string();
        self.notes_mut(name).cleanup =
            Some(RawRequest { request, input: Some(Json::Object(input)), ..RawRequest::default() });
    }

    /// Adds the deletion of fixtures whose deleting operation was being completed when the fixture was inferred.
    pub fn add_late_deletes(&mut self) {
        for (resource, fixture) in self.fixture_names.clone() {
            if self.fixtures.contains_key(&fixture) {
                self.add_delete(resource, &fixture);
            }
        }
        for (acted, base) in self.acted_fixtures.clone() {
            let deletes = self.known_fixture(&base).map(|base| base.delete.clone()).unwrap_or_default();
            let is_open = self.fixtures.get(&acted).is_some_and(|fixture| fixture.delete.is_empty());
            if is_open {
                self.fixtures[&acted].delete = deletes_in_place_of(&deletes, &base);
            }
        }
    }
}
