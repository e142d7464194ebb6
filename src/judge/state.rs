//! Models a documented state: what must be stored, what may be, and what must not.
//!
//! It never looks at status codes or errors, only at what was written and what was read.

use crate::generate::{Effect, Model, StateKind, View};
use crate::wire;
use serde_json::Value as Json;

/// How a law is violated.
#[derive(Debug)]
pub(super) struct Broken {
    /// Short description that is the same from run to run.
    pub note: String,
    /// Full sentence that includes the stored values.
    pub why: String,
}

impl Broken {
    pub fn new(note: impl Into<String>, why: impl Into<String>) -> Self {
        Self { note: note.into(), why: why.into() }
    }
}

/// A state as it was read from a response.
pub(super) enum Seen {
    Map(Vec<(String, Json)>),
    List(Vec<Json>),
    Field(Json),
}

/// Reads a state from a response. A missing value reads as empty.
///
/// # Errors
/// Returns an error if the value does not have the type of the state.
pub(super) fn seen(kind: StateKind, document: &Json, view: &View) -> Result<Seen, Broken> {
    let found = wire::value_at(document, &view.place).unwrap_or(&Json::Null);
    let item = |json: &Json| match &view.item {
        Some(place) => at(json, place).cloned().unwrap_or(Json::Null),
        None => json.clone(),
    };
    Ok(match (kind, found) {
        (StateKind::Field, found) => Seen::Field(item(found)),
        (StateKind::Map, Json::Null) => Seen::Map(Vec::new()),
        (StateKind::List, Json::Null) => Seen::List(Vec::new()),
        (StateKind::Map, Json::Object(entries)) => {
            Seen::Map(entries.iter().map(|(key, value)| (key.clone(), item(value))).collect())
        }
        (StateKind::Map, Json::Array(items)) if view.key.is_some() => {
            let key = view.key.as_deref().unwrap_or_default();
            let entry = |one: &Json| Some((at(one, key)?.as_str()?.to_owned(), item(one)));
            Seen::Map(items.iter().filter_map(entry).collect())
        }
        (StateKind::List, Json::Array(items)) => Seen::List(items.iter().map(item).collect()),
        (kind, _) => {
            let due = if kind == StateKind::Map { "a map" } else { "a list" };
            return Err(Broken::new(
                format!("`{}` not {due}", view.place),
                format!("expected {due} at `{}`", view.place),
            ));
        }
    })
}

/// Returns the value at a path, in which `*` stands for an object's only member.
fn at<'j>(json: &'j Json, place: &str) -> Option<&'j Json> {
    place.split('.').try_fold(json, |json, name| match (name, json) {
        ("*", Json::Object(members)) if members.len() == 1 => members.values().next(),
        (name, json) => json.get(name),
    })
}

/// A stored entry.
struct Entry {
    /// Key of a map's entry; empty for list items and fields.
    key: String,
    /// Values that the entry may have; more than one if writes were concurrent.
    allowed: Vec<Json>,
    /// Value before the last write.
    before: Option<Json>,
    /// Whether the entry must exist.
    required: bool,
    /// Whether this case wrote the entry.
    ours: bool,
}

/// The state of one resource as documented.
pub(super) struct State {
    model: Model,
    entries: Vec<Entry>,
    /// Whether all stored entries are known.
    complete: bool,
    /// Whether the order of the stored entries is known.
    ordered: bool,
    looked: bool,
    shown: bool,
    /// Keys or items that rejected writes would have left.
    traces: Vec<(String, Json)>,
    removed: Vec<String>,
}

impl State {
    /// Creates a state about which nothing is known.
    pub fn new(model: Model) -> Self {
        Self {
            model,
            entries: Vec::new(),
            complete: false,
            ordered: true,
            looked: false,
            shown: false,
            traces: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// Returns true if the state has been read before.
    pub fn was_seen(&self) -> bool {
        self.looked
    }

    /// Returns true if no response has shown the state so far, although something must be stored.
    pub fn is_hidden(&mut self, found: Option<&Json>) -> bool {
        self.shown |= found.is_some_and(|found| !found.is_null());
        !self.shown && self.entries.iter().any(|entry| entry.required && entry.ours)
    }

    /// Returns true if the state holds, or may hold, entries that this case did not write.
    pub fn holds_others(&self) -> bool {
        self.entries.iter().any(|entry| !entry.ours && entry.allowed != [Json::Null])
    }

    /// Applies an accepted write. `raced` is set if a concurrent write comes before it in the list.
    pub fn write(&mut self, effect: &Effect, raced: bool) {
        if !self.model.merges && !raced && !matches!(effect, Effect::Remove(_)) {
            self.entries.iter_mut().for_each(|entry| entry.required = false);
        }
        match effect {
            Effect::Put(entries) => entries.iter().for_each(|(key, value)| self.put(key, value, raced)),
            Effect::Set(value) => self.put("", value, raced),
            Effect::Append(items) => {
                self.ordered &= !raced;
                for item in items {
                    let known = self.entries.iter_mut().find(|entry| entry.allowed.iter().any(|one| covers(item, one)));
                    match known {
                        Some(known) => {
                            known.required = true;
                            known.ours = true;
                        }
                        None => self.entries.push(Entry::written("", item, None)),
                    }
                }
            }
            Effect::Remove(keys) => {
                self.entries.retain(|entry| !keys.contains(&entry.key));
                self.removed.extend(keys.iter().cloned());
            }
        }
        if let Effect::Put(entries) = effect {
            self.traces.retain(|(key, _)| !entries.iter().any(|(written, _)| written == key));
            self.removed.retain(|key| !entries.iter().any(|(written, _)| written == key));
        }
    }

    fn put(&mut self, key: &str, value: &Json, raced: bool) {
        match self.entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) if raced => entry.allowed.push(value.clone()),
            Some(entry) => {
                let before = entry.allowed.first().cloned();
                *entry = Entry::written(key, value, before);
            }
            None => self.entries.push(Entry::written(key, value, None)),
        }
    }

    /// Records what a rejected write would have left.
    pub fn refuse(&mut self, effect: &Effect) {
        match effect {
            Effect::Put(entries) => self.traces.extend(entries.iter().cloned()),
            Effect::Append(items) => self.traces.extend(items.iter().map(|item| (String::new(), item.clone()))),
            Effect::Set(value) => self.traces.push((String::new(), value.clone())),
            Effect::Remove(_) => {}
        }
    }

    /// Compares what was read with the expected state, and takes it as the known state.
    ///
    /// # Errors
    /// Returns an error if the two do not match.
    pub fn look(&mut self, found: Seen) -> Result<(), Broken> {
        let found = match found {
            Seen::Map(entries) => entries,
            Seen::Field(value) => vec![(String::new(), value)],
            Seen::List(items) => {
                self.look_at_list(&items)?;
                items.into_iter().map(|item| (String::new(), item)).collect()
            }
        };
        if self.model.kind != StateKind::List {
            self.look_at_entries(&found)?;
        }
        self.adopt(found);
        Ok(())
    }

    fn look_at_entries(&self, found: &[(String, Json)]) -> Result<(), Broken> {
        for entry in self.entries.iter().filter(|entry| entry.required) {
            let Some((_, value)) = found.iter().find(|(key, _)| *key == entry.key) else {
                return Err(if entry.ours {
                    let why = format!("{} was written, but is missing", named(&entry.key, &entry.allowed[0]));
                    Broken::new("what was written is not there", why)
                } else {
                    let why = format!("{} existed before and is gone", named(&entry.key, &entry.allowed[0]));
                    Broken::new("what was stored is gone", why)
                });
            };
            // An empty field may be omitted.
            let emptied = value.is_null() && entry.allowed.iter().any(|allowed| *allowed == "");
            if entry.allowed.iter().any(|allowed| covers(allowed, value)) || emptied {
                continue;
            }
            let due = named(&entry.key, &entry.allowed[0]);
            let why = format!("expected {due}, but read {}", short(value));
            return Err(Broken::new(self.changed(entry, value), why));
        }
        let stray = found.iter().find(|(key, _)| !self.entries.iter().any(|entry| entry.key == *key));
        match stray.filter(|_| self.complete || self.is_trace(stray)) {
            None => Ok(()),
            Some((key, value)) => Err(self.stray(key, value)),
        }
    }

    fn is_trace(&self, stray: Option<&(String, Json)>) -> bool {
        stray.is_some_and(|(key, _)| self.removed.contains(key))
    }

    fn changed(&self, entry: &Entry, value: &Json) -> &'static str {
        let of_refused = |(key, trace): &(String, Json)| *key == entry.key && covers(trace, value);
        if self.traces.iter().any(of_refused) {
            "a refused write left a trace"
        } else if entry.before.as_ref().is_some_and(|before| covers(before, value)) {
            "the value from before is still there"
        } else if entry.ours {
            "another value than was written"
        } else {
            "what was stored has changed"
        }
    }

    fn stray(&self, key: &str, value: &Json) -> Broken {
        let what = named(key, value);
        if self.traces.iter().any(|(trace, _)| trace == key) {
            Broken::new("a refused write left a trace", format!("{what} was rejected, but is stored"))
        } else if self.removed.iter().any(|removed| removed == key) {
            Broken::new("what was taken back is still there", format!("{what} was removed, but still exists"))
        } else {
            Broken::new("something that nobody wrote", format!("{what} exists, but was never written"))
        }
    }

    fn look_at_list(&self, items: &[Json]) -> Result<(), Broken> {
        let equal = |one: &Json, other: &Json| covers(one, other);
        if self.model.deduplicates {
            let twice = items.iter().enumerate().find(|(index, item)| items[..*index].contains(item));
            if let Some((_, item)) = twice {
                return Err(Broken::new("something is stored twice", format!("{} is stored twice", short(item))));
            }
        }
        for entry in self.entries.iter().filter(|entry| entry.required) {
            if !items.iter().any(|item| entry.allowed.iter().any(|allowed| equal(allowed, item))) {
                let what = short(&entry.allowed[0]);
                return Err(if entry.ours {
                    Broken::new("what was written is not there", format!("{what} was written, but is missing"))
                } else {
                    Broken::new("what was stored is gone", format!("{what} existed before and is gone"))
                });
            }
        }
        let known = |item: &Json| self.entries.iter().any(|entry| entry.allowed.iter().any(|one| equal(one, item)));
        // If the state was not read before, an unknown item may have existed already.
        if let Some(item) = items.iter().find(|item| self.complete && !known(item)) {
            return Err(if self.traces.iter().any(|(_, trace)| equal(trace, item)) {
                Broken::new("a refused write left a trace", format!("{} was rejected, but is stored", short(item)))
            } else {
                Broken::new("something that nobody wrote", format!("{} exists, but was never written", short(item)))
            });
        }
        if self.complete && self.ordered {
            let due: Vec<&Json> = self.entries.iter().filter(|entry| entry.required).map(|e| &e.allowed[0]).collect();
            let mut place = items.iter();
            let in_order = due.iter().all(|wanted| place.any(|item| equal(wanted, item)));
            if self.model.ordered && !in_order {
                return Err(Broken::new(
                    "the order has changed",
                    "items were read in a different order than they were written",
                ));
            }
        }
        Ok(())
    }

    fn adopt(&mut self, found: Vec<(String, Json)>) {
        let ours: Vec<(String, Json)> = self
            .entries
            .drain(..)
            .filter(|entry| entry.ours)
            .flat_map(|entry| entry.allowed.into_iter().map(move |value| (entry.key.clone(), value)))
            .collect();
        let is_list = self.model.kind == StateKind::List;
        let is_ours =
            |key: &str, value: &Json| ours.iter().any(|(own, one)| own == key && (!is_list || covers(one, value)));
        self.entries = found
            .into_iter()
            .map(|(key, value)| Entry {
                ours: is_ours(&key, &value),
                key,
                allowed: vec![value],
                before: None,
                required: true,
            })
            .collect();
        self.complete = true;
        self.ordered = true;
        self.looked = true;
    }
}

impl Entry {
    fn written(key: &str, value: &Json, before: Option<Json>) -> Self {
        Self { key: key.to_owned(), allowed: vec![value.clone()], before, required: true, ours: true }
    }
}

/// Returns true if the read value matches the written one. A server may add members to objects and omit null members.
fn covers(written: &Json, read: &Json) -> bool {
    match (written, read) {
        (Json::Object(written), Json::Object(read)) => written
            .iter()
            .filter(|(_, value)| !value.is_null())
            .all(|(name, value)| read.get(name).is_some_and(|found| covers(value, found))),
        (Json::Array(written), Json::Array(read)) => {
            written.len() == read.len() && written.iter().zip(read).all(|(one, other)| covers(one, other))
        }
        (Json::Number(one), Json::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (one, other) => one == other,
    }
}

fn named(key: &str, value: &Json) -> String {
    if key.is_empty() { short(value) } else { format!("`{}` = {}", cut(key), short(value)) }
}

/// Formats a value in a few characters.
pub(super) fn short(value: &Json) -> String {
    cut(&value.to_string())
}

/// Returns the text, truncated if it is long.
pub(super) fn cut(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(merges: bool) -> State {
        State::new(Model { kind: StateKind::Map, merges, deduplicates: false, ordered: false })
    }

    fn list(deduplicates: bool, ordered: bool) -> State {
        State::new(Model { kind: StateKind::List, merges: true, deduplicates, ordered })
    }

    fn entries(json: &Json) -> Seen {
        Seen::Map(json.as_object().expect("an object").iter().map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    fn items(json: &Json) -> Seen {
        Seen::List(json.as_array().expect("an array").clone())
    }

    fn put(key: &str, value: &str) -> Effect {
        Effect::Put(vec![(key.to_owned(), value.into())])
    }

    fn note(result: Result<(), Broken>) -> String {
        result.map_or_else(|broken| broken.note, |()| "kept".to_owned())
    }

    #[test]
    fn map_violations_are_named() {
        let after = |merges: bool, found: &Json| {
            let mut state = map(merges);
            state.look(entries(&json!({"old": "1"}))).expect("the first read is accepted");
            state.write(&put("new", "2"), false);
            note(state.look(entries(found)))
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
        state.look(entries(&json!({"a": "1", "b": "2"}))).expect("the first read is accepted");
        state.refuse(&put("trace", "t"));
        assert_eq!(
            note(state.look(entries(&json!({"a": "1", "b": "2", "trace": "t"})))),
            "a refused write left a trace"
        );
        state.write(&Effect::Remove(vec!["a".into()]), false);
        assert_eq!(note(state.look(entries(&json!({"a": "1", "b": "2"})))), "what was taken back is still there");
        assert_eq!(note(state.look(entries(&json!({"b": "2"})))), "kept");
        state.write(&put("b", "3"), false);
        assert_eq!(note(state.look(entries(&json!({"b": "2"})))), "the value from before is still there");
    }

    #[test]
    fn first_read_after_a_rejected_write_is_accepted() {
        let refused = || {
            let mut state = list(true, false);
            state.refuse(&Effect::Append(vec!["x".into()]));
            state
        };
        assert_eq!(note(refused().look(items(&json!(["x"])))), "kept");
        let mut known = refused();
        known.look(items(&json!(["a"]))).expect("the first read is accepted");
        assert_eq!(note(known.look(items(&json!(["a", "x"])))), "a refused write left a trace");
        assert_eq!(note(known.look(items(&json!(["a", "y"])))), "something that nobody wrote");
    }

    #[test]
    fn either_of_two_concurrent_writes_may_win() {
        let mut state = map(true);
        state.look(entries(&json!({}))).expect("the first read is accepted");
        state.write(&put("k", "1"), false);
        state.write(&put("k", "2"), true);
        assert_eq!(note(state.look(entries(&json!({"k": "3"})))), "another value than was written");
        assert_eq!(note(state.look(entries(&json!({"k": "1"})))), "kept");
    }

    #[test]
    fn list_violations_are_named() {
        let after = |deduplicates, ordered, found: &Json| {
            let mut state = list(deduplicates, ordered);
            state.look(items(&json!(["z"]))).expect("the first read is accepted");
            state.write(&Effect::Append(vec!["b".into(), "a".into(), "z".into()]), false);
            note(state.look(items(found)))
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
