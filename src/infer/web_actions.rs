//! Actions that need another one before them: a task can be stopped after it was started.
//!
//! It knows pairs of words only; whether the action needs the other one at all is for the endpoint to show.

use crate::contract::Operation;
use crate::infer::web_completion::WebCompleter;
use crate::scenario::RawRequest;
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

impl WebCompleter<'_> {
    /// Returns the fixture on which the action was taken that this operation undoes, if the path ends with such a word
    /// behind the label. `base` is the fixture that creates the resource, and the name of its identifier.
    pub(super) fn ensure_acted_fixture(
        &mut self,
        operation: &Operation,
        label: &str,
        (fixture, capture): (&str, &str),
    ) -> Option<String> {
        let http = operation.http.as_ref().filter(|http| http.method == "POST" || http.method == "PUT")?;
        let (item, word) = http.uri.trim_end_matches('/').rsplit_once('/')?;
        if !item.ends_with(&format!("{{{label}}}")) {
            return None;
        }
        let word = word.to_ascii_lowercase();
        let (_, before) = PREREQUISITES.iter().find(|(action, _)| *action == word)?;
        let contract = self.contract;
        let (done, first) = before.iter().find_map(|verb| {
            let uri = format!("{item}/{verb}");
            let is_first = |other: &&Operation| {
                other.http.as_ref().is_some_and(|it| it.method == http.method && it.uri.eq_ignore_ascii_case(&uri))
            };
            Some((*verb, contract.operations.iter().find(is_first)?))
        })?;
        let name = format!("{fixture}_after_{done}");
        if !self.fixtures.contains_key(&name) {
            let mut acted = self.fixtures.get(fixture)?.clone();
            let uses =
                self.result.scenario.operation_notes(operation.name.as_str()).map(|notes| notes.use_values.clone());
            let outer = uses.into_iter().flatten().filter(|(member, _)| item.contains(&format!("{{{member}}}")));
            let own = (label.to_owned(), Json::String(format!("{{{name}.{capture}}}")));
            let input: serde_json::Map<String, Json> = outer.chain([own]).collect();
            acted.create.push(RawRequest {
                request: first.name.to_string(),
                input: Some(Json::Object(input.clone())),
                ..RawRequest::default()
            });
            for delete in &mut acted.delete {
                let text = |value: &Json| {
                    value.as_str().map(|text| text.replace(&format!("{{{fixture}."), &format!("{{{name}.")))
                };
                let notes = self.result.scenario.operation_notes(&delete.request);
                let values = notes.into_iter().flat_map(|notes| &notes.use_values);
                let input = values.filter_map(|(member, value)| Some((member.clone(), Json::String(text(value)?))));
                delete.input = Some(Json::Object(input.collect()));
            }
            self.fixtures.insert(name.clone(), acted);
        }
        Some(name)
    }
}
