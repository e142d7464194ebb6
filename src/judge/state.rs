//! Models a documented state: what must be stored, what may be, and what must not.
//!
//! It never looks at status codes or errors, only at what was written and what was read.

use crate::case::{StateKind, StateModel, StateView, WriteEffect};
use crate::wire;
use serde_json::Value as Json;

/// How a law is violated.
#[derive(Debug)]
pub(super) struct LawViolation {
    /// Short description that is the same from run to run.
    pub note: String,
    /// Full sentence that includes the stored values.
    pub why: String,
}

impl LawViolation {
    pub fn new(note: impl Into<String>, why: impl Into<String>) -> Self {
        Self { note: note.into(), why: why.into() }
    }
}

/// A state as it was read from a response.
pub(super) enum ReadState {
    Map(Vec<(String, Json)>),
    List(Vec<Json>),
    Field(Json),
}

/// Reads a state from a response. A missing value reads as empty.
///
/// # Errors
/// Returns an error if the value does not have the type of the state.
pub(super) fn read_state(kind: StateKind, document: &Json, view: &StateView) -> Result<ReadState, LawViolation> {
    let found = wire::value_at(document, &view.place).unwrap_or(&Json::Null);
    let item = |json: &Json| match &view.item {
        Some(place) => value_at_place(json, place).cloned().unwrap_or(Json::Null),
        None => json.clone(),
    };
    Ok(match (kind, found) {
        (StateKind::Field, found) => ReadState::Field(item(found)),
        (StateKind::Map, Json::Null) => ReadState::Map(Vec::new()),
        (StateKind::List, Json::Null) => ReadState::List(Vec::new()),
        (StateKind::Map, Json::Object(entries)) => {
            ReadState::Map(entries.iter().map(|(key, value)| (key.clone(), item(value))).collect())
        }
        (StateKind::Map, Json::Array(items)) if view.key.is_some() => {
            let key = view.key.as_deref().unwrap_or_default();
            let entry = |one: &Json| Some((value_at_place(one, key)?.as_str()?.to_owned(), item(one)));
            ReadState::Map(items.iter().filter_map(entry).collect())
        }
        (StateKind::List, Json::Array(items)) => ReadState::List(items.iter().map(item).collect()),
        (kind, _) => {
            let due = if kind == StateKind::Map { "a map" } else { "a list" };
            return Err(LawViolation::new(
                format!("`{}` not {due}", view.place),
                format!("expected {due} at `{}`", view.place),
            ));
        }
    })
}

/// Returns the value at a path, in which `*` stands for an object's only member.
fn value_at_place<'j>(json: &'j Json, place: &str) -> Option<&'j Json> {
    place.split('.').try_fold(json, |json, name| match (name, json) {
        ("*", Json::Object(members)) if members.len() == 1 => members.values().next(),
        (name, json) => json.get(name),
    })
}

/// A stored entry.
struct StateEntry {
    /// Key of a map's entry; empty for list items and fields.
    key: String,
    /// Values that the entry may have; more than one if writes were concurrent.
    allowed: Vec<Json>,
    /// Value before the last write.
    previous_value: Option<Json>,
    /// Whether the entry must exist.
    required: bool,
    /// Whether this case wrote the entry.
    is_written_by_case: bool,
}

/// The state of one resource as documented.
pub(super) struct ExpectedState {
    model: StateModel,
    entries: Vec<StateEntry>,
    /// Whether all stored entries are known.
    complete: bool,
    /// Whether the order of the stored entries is known.
    ordered: bool,
    was_read: bool,
    was_visible: bool,
    /// Keys or items that rejected writes would have left.
    rejected_writes: Vec<(String, Json)>,
    removed: Vec<String>,
}

impl ExpectedState {
    /// Creates a state about which nothing is known.
    pub fn new(model: StateModel) -> Self {
        Self {
            model,
            entries: Vec::new(),
            complete: false,
            ordered: true,
            was_read: false,
            was_visible: false,
            rejected_writes: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// Returns true if the state has been read before.
    pub fn has_been_read(&self) -> bool {
        self.was_read
    }

    /// Returns true if no response has shown the state so far, although something must be stored.
    pub fn is_never_visible(&mut self, found: Option<&Json>) -> bool {
        self.was_visible |= found.is_some_and(|found| !found.is_null());
        !self.was_visible && self.entries.iter().any(|entry| entry.required && entry.is_written_by_case)
    }

    /// Returns true if the state holds, or may hold, entries that this case did not write.
    pub fn has_foreign_entries(&self) -> bool {
        self.entries.iter().any(|entry| !entry.is_written_by_case && entry.allowed != [Json::Null])
    }

    /// Applies an accepted write. `raced` is set if a concurrent write comes before it in the list.
    pub fn apply_write(&mut self, effect: &WriteEffect, raced: bool) {
        if !self.model.merges && !raced && !matches!(effect, WriteEffect::Remove(_)) {
            self.entries.iter_mut().for_each(|entry| entry.required = false);
        }
        match effect {
            WriteEffect::Put(entries) => entries.iter().for_each(|(key, value)| self.put_entry(key, value, raced)),
            WriteEffect::Set(value) => self.put_entry("", value, raced),
            WriteEffect::Append(items) => {
                self.ordered &= !raced;
                for item in items {
                    let known =
                        self.entries.iter_mut().find(|entry| entry.allowed.iter().any(|one| value_covers(item, one)));
                    match known {
                        Some(known) => {
                            known.required = true;
                            known.is_written_by_case = true;
                        }
                        None => self.entries.push(StateEntry::from_write("", item, None)),
                    }
                }
            }
            WriteEffect::Remove(keys) => {
                self.entries.retain(|entry| !keys.contains(&entry.key));
                self.removed.extend(keys.iter().cloned());
            }
        }
        if let WriteEffect::Put(entries) = effect {
            self.rejected_writes.retain(|(key, _)| !entries.iter().any(|(written, _)| written == key));
            self.removed.retain(|key| !entries.iter().any(|(written, _)| written == key));
        }
    }

    fn put_entry(&mut self, key: &str, value: &Json, raced: bool) {
        match self.entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) if raced => entry.allowed.push(value.clone()),
            Some(entry) => {
                let before = entry.allowed.first().cloned();
                *entry = StateEntry::from_write(key, value, before);
            }
            None => self.entries.push(StateEntry::from_write(key, value, None)),
        }
    }

    /// Records what a rejected write would have left.
    pub fn record_rejected_write(&mut self, effect: &WriteEffect) {
        match effect {
            WriteEffect::Put(entries) => self.rejected_writes.extend(entries.iter().cloned()),
            WriteEffect::Append(items) => {
                self.rejected_writes.extend(items.iter().map(|item| (String::new(), item.clone())))
            }
            WriteEffect::Set(value) => self.rejected_writes.push((String::new(), value.clone())),
            WriteEffect::Remove(_) => {}
        }
    }

    /// Compares what was read with the expected state, and takes it as the known state.
    ///
    /// # Errors
    /// Returns an error if the two do not match.
    pub fn check_read(&mut self, found: ReadState) -> Result<(), LawViolation> {
        let found = match found {
            ReadState::Map(entries) => entries,
            ReadState::Field(value) => vec![(String::new(), value)],
            ReadState::List(items) => {
                self.check_list(&items)?;
                items.into_iter().map(|item| (String::new(), item)).collect()
            }
        };
        if self.model.kind != StateKind::List {
            self.check_entries(&found)?;
        }
        self.adopt_read(found);
        Ok(())
    }

    fn check_entries(&self, found: &[(String, Json)]) -> Result<(), LawViolation> {
        let is_repeated =
            |(index, (key, _)): &(usize, &(String, Json))| found[..*index].iter().any(|(one, _)| one == key);
        if let Some((_, (key, value))) = found.iter().enumerate().find(is_repeated) {
            let why = format!("{} is there a second time", describe_entry(key, value));
            return Err(LawViolation::new("a key is there twice", why));
        }
        for entry in self.entries.iter().filter(|entry| entry.required) {
            let Some((_, value)) = found.iter().find(|(key, _)| *key == entry.key) else {
                return Err(if entry.is_written_by_case {
                    let why = format!("{} was written, but is missing", describe_entry(&entry.key, &entry.allowed[0]));
                    LawViolation::new("what was written is not there", why)
                } else {
                    let why = format!("{} existed before and is gone", describe_entry(&entry.key, &entry.allowed[0]));
                    LawViolation::new("what was stored is gone", why)
                });
            };
            // An empty field may be omitted.
            let emptied = value.is_null() && entry.allowed.iter().any(|allowed| *allowed == "");
            if entry.allowed.iter().any(|allowed| value_covers(allowed, value)) || emptied {
                continue;
            }
            let due = describe_entry(&entry.key, &entry.allowed[0]);
            let why = format!("expected {due}, but read {}", shorten_value(value));
            return Err(LawViolation::new(self.describe_changed_value(entry, value), why));
        }
        let stray = found.iter().find(|(key, _)| !self.entries.iter().any(|entry| entry.key == *key));
        match stray.filter(|_| self.complete || self.is_removed_entry(stray)) {
            None => Ok(()),
            Some((key, value)) => Err(self.unexpected_entry(key, value)),
        }
    }

    fn is_removed_entry(&self, stray: Option<&(String, Json)>) -> bool {
        stray.is_some_and(|(key, _)| self.removed.contains(key))
    }

    fn describe_changed_value(&self, entry: &StateEntry, value: &Json) -> &'static str {
        let of_refused = |(key, trace): &(String, Json)| *key == entry.key && value_covers(trace, value);
        if self.rejected_writes.iter().any(of_refused) {
            "a refused write left a trace"
        } else if entry.previous_value.as_ref().is_some_and(|before| value_covers(before, value)) {
            "the value from before is still there"
        } else if entry.is_written_by_case {
            "another value than was written"
        } else {
            "what was stored has changed"
        }
    }

    fn unexpected_entry(&self, key: &str, value: &Json) -> LawViolation {
        let what = describe_entry(key, value);
        if self.rejected_writes.iter().any(|(trace, _)| trace == key) {
            LawViolation::new("a refused write left a trace", format!("{what} was rejected, but is stored"))
        } else if self.removed.iter().any(|removed| removed == key) {
            LawViolation::new("what was taken back is still there", format!("{what} was removed, but still exists"))
        } else {
            LawViolation::new("something that nobody wrote", format!("{what} exists, but was never written"))
        }
    }

    fn check_list(&self, items: &[Json]) -> Result<(), LawViolation> {
        let equal = |one: &Json, other: &Json| value_covers(one, other);
        if self.model.deduplicates {
            let twice = items.iter().enumerate().find(|(index, item)| items[..*index].contains(item));
            if let Some((_, item)) = twice {
                return Err(LawViolation::new(
                    "something is stored twice",
                    format!("{} is stored twice", shorten_value(item)),
                ));
            }
        }
        for entry in self.entries.iter().filter(|entry| entry.required) {
            if !items.iter().any(|item| entry.allowed.iter().any(|allowed| equal(allowed, item))) {
                let what = shorten_value(&entry.allowed[0]);
                return Err(if entry.is_written_by_case {
                    LawViolation::new("what was written is not there", format!("{what} was written, but is missing"))
                } else {
                    LawViolation::new("what was stored is gone", format!("{what} existed before and is gone"))
                });
            }
        }
        let known = |item: &Json| self.entries.iter().any(|entry| entry.allowed.iter().any(|one| equal(one, item)));
        // If the state was not read before, an unknown item may have existed already.
        if let Some(item) = items.iter().find(|item| self.complete && !known(item)) {
            return Err(if self.rejected_writes.iter().any(|(_, trace)| equal(trace, item)) {
                LawViolation::new(
                    "a refused write left a trace",
                    format!("{} was rejected, but is stored", shorten_value(item)),
                )
            } else {
                LawViolation::new(
                    "something that nobody wrote",
                    format!("{} exists, but was never written", shorten_value(item)),
                )
            });
        }
        if self.complete && self.ordered {
            let due: Vec<&Json> = self.entries.iter().filter(|entry| entry.required).map(|e| &e.allowed[0]).collect();
            let mut place = items.iter();
            let in_order = due.iter().all(|wanted| place.any(|item| equal(wanted, item)));
            if self.model.ordered && !in_order {
                return Err(LawViolation::new(
                    "the order has changed",
                    "items were read in a different order than they were written",
                ));
            }
        }
        Ok(())
    }

    fn adopt_read(&mut self, found: Vec<(String, Json)>) {
        let ours: Vec<(String, Json)> = self
            .entries
            .drain(..)
            .filter(|entry| entry.is_written_by_case)
            .flat_map(|entry| entry.allowed.into_iter().map(move |value| (entry.key.clone(), value)))
            .collect();
        let is_list = self.model.kind == StateKind::List;
        let is_ours = |key: &str, value: &Json| {
            ours.iter().any(|(own, one)| own == key && (!is_list || value_covers(one, value)))
        };
        self.entries = found
            .into_iter()
            .map(|(key, value)| StateEntry {
                is_written_by_case: is_ours(&key, &value),
                key,
                allowed: vec![value],
                previous_value: None,
                required: true,
            })
            .collect();
        self.complete = true;
        self.ordered = true;
        self.was_read = true;
    }
}

impl StateEntry {
    fn from_write(key: &str, value: &Json, previous_value: Option<Json>) -> Self {
        Self {
            key: key.to_owned(),
            allowed: vec![value.clone()],
            previous_value,
            required: true,
            is_written_by_case: true,
        }
    }
}

/// Returns true if the read value matches the written one. A server may add members to objects and omit null members.
fn value_covers(written: &Json, read: &Json) -> bool {
    match (written, read) {
        (Json::Object(written), Json::Object(read)) => written
            .iter()
            .filter(|(_, value)| !value.is_null())
            .all(|(name, value)| read.get(name).is_some_and(|found| value_covers(value, found))),
        (Json::Array(written), Json::Array(read)) => {
            written.len() == read.len() && written.iter().zip(read).all(|(one, other)| value_covers(one, other))
        }
        (Json::Number(one), Json::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (one, other) => one == other,
    }
}

fn describe_entry(key: &str, value: &Json) -> String {
    if key.is_empty() { shorten_value(value) } else { format!("`{}` = {}", truncate_text(key), shorten_value(value)) }
}

/// Formats a value in a few characters.
pub(super) fn shorten_value(value: &Json) -> String {
    truncate_text(&value.to_string())
}

/// Returns the text, truncated if it is long.
pub(super) fn truncate_text(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    if text.chars().count() <= MAX_CHARS {
        text.to_owned()
    } else {
        text.chars().take(MAX_CHARS).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(merges: bool) -> ExpectedState {
        ExpectedState::new(StateModel { kind: StateKind::Map, merges, deduplicates: false, ordered: false })
    }

    fn list(deduplicates: bool, ordered: bool) -> ExpectedState {
        ExpectedState::new(StateModel { kind: StateKind::List, merges: true, deduplicates, ordered })
    }

    fn entries(json: &Json) -> ReadState {
        ReadState::Map(json.as_object().expect("an object").iter().map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    fn items(json: &Json) -> ReadState {
        ReadState::List(json.as_array().expect("an array").clone())
    }

    fn put(key: &str, value: &str) -> WriteEffect {
        WriteEffect::Put(vec![(key.to_owned(), value.into())])
    }

    fn note(result: Result<(), LawViolation>) -> String {
        result.map_or_else(|broken| broken.note, |()| "kept".to_owned())
    }

    #[test]
    fn map_violations_are_named() {
        let after = |merges: bool, found: &Json| {
            let mut state = map(merges);
            state.check_read(entries(&json!({"old": "1"}))).expect("the first read is accepted");
            state.apply_write(&put("new", "2"), false);
            note(state.check_read(entries(found)))
        };
        assert_eq!(after(true, &json!({"old": "1", "new": "2"})), "kept");
        assert_eq!(after(true, &json!({"new": "2"})), "what was stored is gone");
        assert_eq!(after(false, &json!({"new": "2"})), "kept");
        assert_eq!(after(true, &json!({"old": "1"})), "what was written is not there");
        assert_eq!(after(true, &json!({"old": "1", "new": "3"})), "another value than was written");
        assert_eq!(after(true, &json!({"old": "0", "new": "2"})), "what was stored has changed");
        assert_eq!(after(true, &json!({"old": "1", "new": "2", "x": "3"})), "something that nobody wrote");
    }

    #[test]
    fn rejected_and_removed_entries_are_recognised() {
        let mut state = map(true);
        state.check_read(entries(&json!({"a": "1", "b": "2"}))).expect("the first read is accepted");
        state.record_rejected_write(&put("trace", "t"));
        assert_eq!(
            note(state.check_read(entries(&json!({"a": "1", "b": "2", "trace": "t"})))),
            "a refused write left a trace"
        );
        state.apply_write(&WriteEffect::Remove(vec!["a".into()]), false);
        assert_eq!(note(state.check_read(entries(&json!({"a": "1", "b": "2"})))), "what was taken back is still there");
        assert_eq!(note(state.check_read(entries(&json!({"b": "2"})))), "kept");
        state.apply_write(&put("b", "3"), false);
        assert_eq!(note(state.check_read(entries(&json!({"b": "2"})))), "the value from before is still there");
    }

    #[test]
    fn first_read_after_a_rejected_write_is_accepted() {
        let refused = || {
            let mut state = list(true, false);
            state.record_rejected_write(&WriteEffect::Append(vec!["x".into()]));
            state
        };
        assert_eq!(note(refused().check_read(items(&json!(["x"])))), "kept");
        let mut known = refused();
        known.check_read(items(&json!(["a"]))).expect("the first read is accepted");
        assert_eq!(note(known.check_read(items(&json!(["a", "x"])))), "a refused write left a trace");
        assert_eq!(note(known.check_read(items(&json!(["a", "y"])))), "something that nobody wrote");
    }

    #[test]
    fn either_of_two_concurrent_writes_may_win() {
        let mut state = map(true);
        state.check_read(entries(&json!({}))).expect("the first read is accepted");
        state.apply_write(&put("k", "1"), false);
        state.apply_write(&put("k", "2"), true);
        assert_eq!(note(state.check_read(entries(&json!({"k": "3"})))), "another value than was written");
        assert_eq!(note(state.check_read(entries(&json!({"k": "1"})))), "kept");
    }

    #[test]
    fn list_violations_are_named() {
        let after = |deduplicates, ordered, found: &Json| {
            let mut state = list(deduplicates, ordered);
            state.check_read(items(&json!(["z"]))).expect("the first read is accepted");
            state.apply_write(&WriteEffect::Append(vec!["b".into(), "a".into(), "z".into()]), false);
            note(state.check_read(items(found)))
        };
        assert_eq!(after(true, true, &json!(["z", "b", "a"])), "kept");
        assert_eq!(after(true, true, &json!(["a", "b", "z"])), "the order has changed");
        assert_eq!(after(true, false, &json!(["a", "b", "z"])), "kept");
        assert_eq!(after(true, true, &json!(["z", "b", "a", "z"])), "something is stored twice");
        assert_eq!(after(false, true, &json!(["z", "b", "a", "z"])), "kept");
        assert_eq!(after(true, true, &json!(["b", "a"])), "what was written is not there");
        assert_eq!(after(true, true, &json!(["z", "b"])), "what was written is not there");
    }
}
