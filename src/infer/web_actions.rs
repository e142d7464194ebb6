//! Actions that need another one before them: a task can be stopped after it was started.
//!
//! It knows pairs of words, and the actions that a scenario names. Whether an action needs another one at all is for the
//! endpoint to show.

use crate::contract::{Member, MemberLocation, Operation};
use crate::infer::creators::input_members;
use crate::infer::name_parts::split_words;
use crate::infer::web_completion::{WebCompleter, fixture_in};
use crate::scenario::{Fixture, RawRequest, fixture_placeholder};
use serde_json::Value as Json;

/// Actions, each with those that may come before it.
const PREREQUISITES: [(&str, &[&str]); 12] = [
    ("stop", &["start", "run"]),
    ("pause", &["start", "run"]),
    ("resume", &["pause", "suspend", "stop"]),
    ("unarchive", &["archive"]),
    ("restore", &["archive", "delete", "trash"]),
    ("unpublish", &["publish"]),
    ("unlock", &["lock"]),
    ("reopen", &["close", "complete", "resolve"]),
    ("reactivate", &["deactivate", "disable", "suspend"]),
    ("unsuspend", &["suspend"]),
    ("unblock", &["block"]),
    ("unassign", &["assign"]),
];

impl<'c> WebCompleter<'c> {
    /// Returns the fixture on which the actions were taken that come before this operation: those that the scenario names,
    /// or the one that the operation undoes. `fixture` creates the resource that the label names.
    pub(super) fn ensure_acted_fixture(
        &mut self,
        operation: &'c Operation,
        label: &str,
        fixture: &str,
    ) -> Option<String> {
        let mut name = fixture.to_owned();
        for action in self.actions_before(operation, label, fixture) {
            name = self.ensure_fixture_after(action, &name)?;
        }
        (name != fixture).then_some(name)
    }

    /// Returns the fixture of a resource outside the path on which the actions were taken that the scenario names before
    /// this operation.
    pub(super) fn ensure_acted_reference(&mut self, operation: &'c Operation, fixture: &str) -> Option<String> {
        let mut name = fixture.to_owned();
        for action in self.stated_actions(operation) {
            if self.acts_on(action, fixture) {
                name = self.ensure_fixture_after(action, &name)?;
            }
        }
        (name != fixture).then_some(name)
    }

    /// Returns the actions that the scenario names before an operation.
    fn stated_actions(&self, operation: &Operation) -> Vec<&'c Operation> {
        let contract = self.contract;
        let notes = self.result.scenario.operation_notes(operation.name.as_str());
        let stated = notes.into_iter().flat_map(|notes| &notes.after);
        stated.filter_map(|name| contract.operation(name)).collect()
    }

    /// Returns true if the path of an action names last what a fixture creates.
    fn acts_on(&mut self, action: &'c Operation, fixture: &str) -> bool {
        self.complete_operation(action);
        let label =
            self.web.route_of(action).and_then(|route| route.labels().last()).map(|(label, _)| label.to_owned());
        let used = label.and_then(|label| self.result.scenario.use_value(action.name.as_str(), &label)?.as_str());
        let creator = |name: &str| Some(self.known_fixture(name)?.create.first()?.request.clone());
        used.and_then(fixture_in).is_some_and(|name| creator(name).is_some() && creator(name) == creator(fixture))
    }

    /// Returns the actions that come before an operation on the resource that a label names.
    fn actions_before(&mut self, operation: &'c Operation, label: &str, fixture: &str) -> Vec<&'c Operation> {
        let stated = self.stated_actions(operation);
        let is_last =
            self.web.route_of(operation).and_then(|route| route.labels().last()).is_some_and(|(last, _)| last == label);
        if !is_last {
            return Vec::new();
        }
        if !stated.is_empty() {
            return stated.into_iter().filter(|action| self.acts_on(action, fixture)).collect();
        }
        self.undone_action(operation, label).into_iter().collect()
    }

    /// Returns the action that an operation undoes, if its path ends with such a word behind the label.
    fn undone_action(&self, operation: &'c Operation, label: &str) -> Option<&'c Operation> {
        let http = operation.http.as_ref().filter(|http| http.method == "POST" || http.method == "PUT")?;
        let (item, word) = http.uri.trim_end_matches('/').rsplit_once('/')?;
        if !item.ends_with(&format!("{{{label}}}")) {
            return None;
        }
        let word = word.to_ascii_lowercase();
        let (_, before) = PREREQUISITES.iter().find(|(action, _)| *action == word)?;
        let is_first = |other: &&Operation, uri: &str| {
            let other = other.http.as_ref().filter(|it| it.method == http.method);
            other.is_some_and(|it| it.uri.trim_end_matches('/').eq_ignore_ascii_case(uri))
        };
        before.iter().find_map(|verb| {
            let uri = format!("{item}/{verb}");
            self.contract.operations.iter().find(|other| is_first(other, &uri))
        })
    }

    /// Returns the fixture that is `base` after an action.
    fn ensure_fixture_after(&mut self, action: &'c Operation, base: &str) -> Option<String> {
        self.complete_operation(action);
        let base = self.fixture_of_action(action, base)?;
        let uri = action.http.as_ref()?.uri.trim_end_matches('/');
        let word = uri.rsplit('/').find(|segment| !segment.starts_with('{'))?;
        let name = format!("{base}_after_{}", split_words(word).join("_"));
        if !self.fixtures.contains_key(&name) {
            let mut acted = self.known_fixture(&base)?.clone();
            let request = action.name.to_string();
            acted.create.push(RawRequest { request, stands_for: Some(base.clone()), ..RawRequest::default() });
            acted.delete = deletes_in_place_of(&acted.delete, &base);
            self.fixtures.insert(name.clone(), acted);
            self.acted_fixtures.push((name.clone(), base));
        }
        Some(name)
    }

    /// Lets a request that must name the version of what it changes (`If-Match`) take it from a read before it.
    pub(super) fn complete_precondition(&mut self, operation: &'c Operation) {
        let is_version = |(name, member): &(&String, &Member)| {
            member.location == MemberLocation::Header && member.wire_name(name).eq_ignore_ascii_case("if-match")
        };
        // A read needs no version, and is what shows it. A deletion that need not name one also cleans up.
        let method = operation.http.as_ref().map_or("", |http| http.method.as_str());
        let needs_version = |member: &Member| match method {
            "GET" | "HEAD" => false,
            "DELETE" => member.required,
            _ => true,
        };
        let version = input_members(self.contract, operation).find(is_version);
        let version = version.filter(|(_, member)| needs_version(member));
        let Some((header, _)) = version else { return };
        let name = operation.name.as_str();
        let Some((label, key)) = self.web.route_of(operation).and_then(|route| route.final_resource()) else { return };
        let label = label.to_owned();
        let reader = self.web.resources.iter().find(|resource| resource.collection == key).and_then(|it| it.reader);
        let used = self.result.scenario.use_value(name, &label).and_then(Json::as_str).map(str::to_owned);
        let base = used.as_deref().and_then(fixture_placeholder);
        let (Some(reader), Some((base, capture))) = (reader, base) else { return };
        if self.result.scenario.use_value(name, header).is_some() {
            return;
        }
        self.complete_operation(reader);
        let read = format!("{base}_after_read");
        if !self.fixtures.contains_key(&read) {
            let Some(mut acted) = self.known_fixture(base).cloned() else { return };
            acted.create.push(RawRequest {
                request: reader.name.to_string(),
                stands_for: Some(base.to_owned()),
                captures: [("etag".to_owned(), "header ETag".to_owned())].into_iter().collect(),
                ..RawRequest::default()
            });
            acted.delete = deletes_in_place_of(&acted.delete, base);
            self.fixtures.insert(read.clone(), acted);
            self.acted_fixtures.push((read.clone(), base.to_owned()));
        }
        let created_by = self.creator_of_fixture(&read);
        self.set_use(operation, &label, format!("{{{read}.{capture}}}"), created_by.clone());
        self.set_use(operation, header, format!("{{{read}.etag}}"), created_by);
    }

    /// Returns the fixture on which an action is taken: `base`, or one that is `base` after actions which come before.
    fn fixture_of_action(&self, action: &Operation, base: &str) -> Option<String> {
        let creator = |name: &str| Some(self.known_fixture(name)?.create.first()?.request.clone());
        let own = creator(base)?;
        let uses = self.result.scenario.operation_notes(action.name.as_str()).map(|notes| &notes.use_values);
        let mut named = uses.into_iter().flat_map(|uses| uses.values()).filter_map(Json::as_str).filter_map(fixture_in);
        let found = named.find(|name| creator(name).as_ref() == Some(&own));
        // An action that comes before itself would never end.
        found.filter(|found| found.len() >= base.len()).map(str::to_owned).or_else(|| Some(base.to_owned()))
    }

    pub(super) fn known_fixture(&self, name: &str) -> Option<&Fixture> {
        self.fixtures.get(name).or_else(|| self.result.scenario.fixtures.get(name))
    }
}

/// Returns the requests that delete a fixture, for another one that stands in its place.
pub(super) fn deletes_in_place_of(deletes: &[RawRequest], base: &str) -> Vec<RawRequest> {
    let redirect = |delete: &RawRequest| {
        let stands_for = delete.stands_for.clone().or_else(|| Some(base.to_owned()));
        RawRequest { stands_for, ..delete.clone() }
    };
    deletes.iter().map(redirect).collect()
}
