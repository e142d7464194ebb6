//! The state of the server: one JSON object per resource, in shards with a lock each.
//!
//! Bounded: the least recently written resources are evicted first. Never interprets the objects, except for merging
//! a mapping or a list into one, which all services share.

use super::trick::{Trick, Tricks};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use unicode_normalization::UnicodeNormalization as _;

const SHARDS: usize = 16;
/// Maximum number of resources per shard.
const MOST_RESOURCES: usize = 2048;
/// Approximate maximum size of a shard's resources in bytes.
const MOST_BYTES: usize = 8 << 20;

/// The resources of one server, faithful or not.
#[derive(Debug)]
pub(super) struct Store {
    shards: Vec<Mutex<Shard>>,
    /// The delayed writes of [`Misbehavior::LosesUpdates`], oldest first.
    pending: Mutex<VecDeque<(String, Map<String, Value>)>>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Shard {
    records: HashMap<String, Record>,
    /// Each write, oldest first; one that a later write of the same resource has superseded is skipped.
    written: VecDeque<(u64, String)>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug, Default)]
struct Record {
    value: Map<String, Value>,
    bytes: usize,
    stamp: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            pending: Mutex::default(),
            hasher: RandomState::new(),
        }
    }
}

impl Store {
    fn shard(&self, key: &str) -> std::sync::MutexGuard<'_, Shard> {
        let index = self.hasher.hash_one(key) as usize % SHARDS;
        // A panic under the lock leaves a consistent record: every change is a single assignment.
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a resource; it is an empty object if nothing was written yet.
    pub(super) fn read<R>(&self, key: &str, tricks: Tricks, look: impl FnOnce(&Map<String, Value>) -> R) -> R {
        let key = if tricks.has(Trick::SharesResources) { "" } else { key };
        match self.shard(key).records.get(key) {
            Some(record) => look(&record.value),
            None => look(&Map::new()),
        }
    }

    /// Changes a resource. If `change` returns an error, the resource is only as modified as `change` left it.
    pub(super) fn write<R, E>(
        &self,
        key: &str,
        tricks: Tricks,
        change: impl FnOnce(&mut Map<String, Value>) -> Result<R, E>,
    ) -> Result<R, E> {
        let key: Cow<'_, str> = match () {
            () if tricks.has(Trick::SharesResources) => Cow::Borrowed(""),
            () if tricks.has(Trick::WritesElsewhere) => Cow::Owned(format!("{key}\u{0}elsewhere")),
            () => Cow::Borrowed(key),
        };
        let mut shard = self.shard(&key);
        if tricks.has(Trick::LosesWrites) {
            let mut scratch = shard.records.get(&*key).map(|record| record.value.clone()).unwrap_or_default();
            return change(&mut scratch);
        }
        if tricks.has(Trick::LosesUpdates) {
            let mut scratch = shard.records.get(&*key).map(|record| record.value.clone()).unwrap_or_default();
            let result = change(&mut scratch);
            self.pending().push_back((key.into_owned(), scratch));
            return result;
        }
        shard.clock += 1;
        let stamp = shard.clock;
        let shard = &mut *shard;
        let record = shard.records.entry(key.clone().into_owned()).or_default();
        let before = record.bytes;
        let result = change(&mut record.value);
        record.bytes = key.len() + record.value.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>();
        record.stamp = stamp;
        shard.bytes = shard.bytes - before + record.bytes;
        shard.written.push_back((stamp, key.into_owned()));
        shard.forget();
        result
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, VecDeque<(String, Map<String, Value>)>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if a delayed write is pending.
    pub(super) fn is_pending(&self) -> bool {
        !self.pending().is_empty()
    }

    /// Applies the oldest pending write.
    pub(super) fn settle(&self) {
        let next = self.pending().pop_front();
        if let Some((key, value)) = next {
            let done: Result<(), std::convert::Infallible> = self.write(&key, Tricks::default(), |record| {
                *record = value;
                Ok(())
            });
            let Ok(()) = done;
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().expect("no test panics under it").records.len()).sum()
    }
}

impl Shard {
    fn forget(&mut self) {
        while (self.records.len() > MOST_RESOURCES || self.bytes > MOST_BYTES) && self.records.len() > 1 {
            let Some((stamp, key)) = self.written.pop_front() else { return };
            if self.records.get(&key).is_some_and(|record| record.stamp == stamp)
                && let Some(record) = self.records.remove(&key)
            {
                self.bytes -= record.bytes;
            }
        }
        if self.written.len() > 4 * MOST_RESOURCES {
            let records = &self.records;
            self.written.retain(|(stamp, key)| records.get(key).is_some_and(|record| record.stamp == *stamp));
        }
    }
}

/// Returns the approximate size of a value in bytes.
pub(super) fn weight(value: &Value) -> usize {
    32 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| 32 + name.len() + weight(value)).sum(),
        _ => 0,
    }
}

/// Returns the object in a member of a resource, inserting an empty one if there is none.
pub(super) fn part<'a>(record: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    if !record.contains_key(name) {
        record.insert(name.to_owned(), Value::Object(Map::new()));
    }
    match record.get_mut(name) {
        Some(Value::Object(part)) => part,
        _ => unreachable!("only objects are ever stored under this name"),
    }
}

/// Returns a mapping with new entries merged into it: new keys are added, known keys overwritten.
pub(super) fn merged(
    stored: Option<&Map<String, Value>>,
    new: &Map<String, Value>,
    tricks: Tricks,
) -> Map<String, Value> {
    let mut result = match stored {
        Some(stored) if !tricks.has(Trick::Replaces) => stored.clone(),
        _ => Map::new(),
    };
    let last = new.len().saturating_sub(1);
    for (index, (key, value)) in new.iter().enumerate() {
        if tricks.is_empty() {
            result.insert(key.clone(), value.clone());
            continue;
        }
        let key = if tricks.has(Trick::LowersKeys) { key.to_lowercase() } else { key.clone() };
        let value = mangled(value, tricks);
        let skipped = tricks.has(Trick::DropsEmpty) && value.as_str() == Some("")
            || tricks.has(Trick::DropsLast) && index == last
            || tricks.has(Trick::FirstWins) && result.contains_key(&key);
        if tricks.has(Trick::Toggles) && result.get(&key) == Some(&value) {
            result.shift_remove(&key);
        } else if !skipped {
            result.insert(key, value);
        }
    }
    if tricks.has(Trick::Sorts) {
        result.sort_keys();
    }
    result
}

/// Number of characters that a truncating server keeps.
const KEPT: usize = 8;

/// Returns a value as a faulty server would store it.
pub(super) fn mangled(value: &Value, tricks: Tricks) -> Value {
    match value {
        _ if tricks.is_empty() => value.clone(),
        Value::String(text) => {
            let mut text = text.clone();
            if tricks.has(Trick::LowersValues) {
                text = text.to_lowercase();
            }
            if tricks.has(Trick::TrimsValues) {
                text = text.trim().to_owned();
            }
            if tricks.has(Trick::TruncatesValues) {
                text = text.chars().take(KEPT).collect();
            }
            if tricks.has(Trick::Normalises) {
                text = text.nfc().collect();
            }
            if tricks.has(Trick::ManglesNonAscii) {
                text = text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
            }
            Value::String(text)
        }
        Value::Object(members) => {
            // Most members of a structure have a closed vocabulary; only the free text is mangled.
            let free = |name: &str| name == "Value" || name.starts_with("ValueString");
            let mangle = |(name, value): (&String, &Value)| {
                (name.clone(), if free(name) { mangled(value, tricks) } else { value.clone() })
            };
            Value::Object(members.iter().map(mangle).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn put(store: &Store, key: &str, size: usize) {
        let value = Value::String("x".repeat(size));
        let done: Result<(), ()> = store.write(key, Tricks::default(), |record| {
            record.insert("a".to_owned(), value);
            Ok(())
        });
        done.expect("the change is never an error");
    }

    fn has(store: &Store, key: &str) -> bool {
        store.read(key, Tricks::default(), |record| !record.is_empty())
    }

    #[test]
    fn least_recently_written_resources_are_evicted() {
        let store = Store::default();
        for number in 0..SHARDS * MOST_RESOURCES * 2 {
            put(&store, &format!("r{number}"), 1);
            if number % 1000 == 0 {
                assert!(number == 0 || has(&store, "often"), "the last written resource is kept: {number}");
                put(&store, "often", 1);
            }
        }
        assert_eq!(store.len(), SHARDS * MOST_RESOURCES);
        assert!(!has(&store, "r0"));
        assert!(has(&store, "often"));
        assert!(has(&store, &format!("r{}", SHARDS * MOST_RESOURCES * 2 - 1)));
    }

    #[test]
    fn total_size_of_resources_is_bounded() {
        let store = Store::default();
        for number in 0..400 {
            put(&store, &format!("r{number}"), 1 << 20);
        }
        assert!(store.len() <= SHARDS * 8);
        assert!(has(&store, "r399"));
    }

    #[test]
    fn shard_size_counts_keys_names_and_values() {
        let store = Store::default();
        let bytes = || store.shards.iter().map(|shard| shard.lock().expect("alone").bytes).sum::<usize>();
        // The key, the member's name, and the size of the text.
        put(&store, "key", 10);
        assert_eq!(bytes(), 3 + 1 + 42);
        put(&store, "other", 5);
        assert_eq!(bytes(), 46 + 5 + 1 + 37);
        put(&store, "key", 20);
        assert_eq!(bytes(), 56 + 43);
    }

    #[test]
    fn shard_evicts_no_more_than_necessary() {
        let shard = |sizes: &[usize]| {
            let mut shard = Shard::default();
            for (stamp, bytes) in sizes.iter().enumerate() {
                let (stamp, key) = (stamp as u64, format!("r{stamp}"));
                shard.records.insert(key.clone(), Record { bytes: *bytes, stamp, ..Record::default() });
                shard.written.push_back((stamp, key));
                shard.bytes += bytes;
            }
            shard.forget();
            (shard.records.len(), shard.bytes)
        };
        assert_eq!(shard(&[MOST_BYTES - 7, 7]), (2, MOST_BYTES));
        assert_eq!(shard(&[MOST_BYTES - 7, 8]), (1, 8));
        assert_eq!(shard(&[3, MOST_BYTES - 7, 8]), (1, 8));
        // The last resource stays, however large it is.
        assert_eq!(shard(&[MOST_BYTES + 1]), (1, MOST_BYTES + 1));
        assert_eq!(shard(&[1; MOST_RESOURCES]), (MOST_RESOURCES, MOST_RESOURCES));
        assert_eq!(shard(&[1; MOST_RESOURCES + 2]), (MOST_RESOURCES, MOST_RESOURCES));
    }

    #[test]
    fn value_sizes_are_approximated() {
        for (value, bytes) in [
            (json!(1), 32),
            (json!(null), 32),
            (json!("éa"), 35),
            (json!(["a", "bc"]), 32 + 33 + 34),
            (json!({"ab": "c"}), 32 + 32 + 2 + 33),
        ] {
            assert_eq!(weight(&value), bytes, "{value}");
        }
    }

    #[test]
    fn write_log_is_compacted_when_it_is_full() {
        let mut shard = Shard::default();
        for number in 0..9 * MOST_RESOURCES as u64 {
            let key = format!("r{}", number % 3);
            shard.records.entry(key.clone()).or_default().stamp = number;
            shard.written.push_back((number, key));
            shard.forget();
            assert!(shard.written.len() <= 4 * MOST_RESOURCES && shard.records.len() <= 3);
            if (number as usize) < 4 * MOST_RESOURCES {
                assert_eq!(
                    shard.written.len(),
                    number as usize + 1,
                    "the log is compacted when it is full, not before"
                );
            }
        }
        let latest: Vec<u64> = shard.written.iter().rev().take(3).map(|(stamp, _)| *stamp).collect();
        let last = 9 * MOST_RESOURCES as u64 - 1;
        assert_eq!(latest, [last, last - 1, last - 2], "the latest writes are kept");
    }

    #[test]
    fn each_fault_merges_in_its_own_way() {
        let stored = json!({"b": "1", "a": "2"});
        let new = json!({"C": " X ", "b": "", "a": "2", "d": "e\u{301}-abcdefgh"});
        for (trick, expected) in [
            (None, json!({"b": "", "a": "2", "C": " X ", "d": "e\u{301}-abcdefgh"})),
            (Some(Trick::Replaces), json!({"C": " X ", "b": "", "a": "2", "d": "e\u{301}-abcdefgh"})),
            (Some(Trick::LowersKeys), json!({"b": "", "a": "2", "c": " X ", "d": "e\u{301}-abcdefgh"})),
            (Some(Trick::LowersValues), json!({"b": "", "a": "2", "C": " x ", "d": "e\u{301}-abcdefgh"})),
            (Some(Trick::TrimsValues), json!({"b": "", "a": "2", "C": "X", "d": "e\u{301}-abcdefgh"})),
            (Some(Trick::TruncatesValues), json!({"b": "", "a": "2", "C": " X ", "d": "e\u{301}-abcde"})),
            (Some(Trick::Normalises), json!({"b": "", "a": "2", "C": " X ", "d": "é-abcdefgh"})),
            (Some(Trick::ManglesNonAscii), json!({"b": "", "a": "2", "C": " X ", "d": "e?-abcdefgh"})),
            (Some(Trick::DropsEmpty), json!({"b": "1", "a": "2", "C": " X ", "d": "e\u{301}-abcdefgh"})),
            (Some(Trick::DropsLast), json!({"b": "", "a": "2", "C": " X "})),
            (Some(Trick::FirstWins), json!({"b": "1", "a": "2", "C": " X ", "d": "e\u{301}-abcdefgh"})),
            (Some(Trick::Toggles), json!({"b": "", "C": " X ", "d": "e\u{301}-abcdefgh"})),
            (Some(Trick::Sorts), json!({"C": " X ", "a": "2", "b": "", "d": "e\u{301}-abcdefgh"})),
        ] {
            let tricks = trick.into_iter().collect();
            let merged = merged(stored.as_object(), new.as_object().expect("an object"), tricks);
            // The comparison includes the order.
            assert_eq!(Value::Object(merged).to_string(), expected.to_string(), "{trick:?}");
        }
        let lowers = Tricks::from_iter([Trick::LowersValues]);
        let inside = json!({"Value": "A", "ValueString": "B", "Type": "URL", "n": 1});
        assert_eq!(mangled(&inside, lowers), json!({"Value": "a", "ValueString": "b", "Type": "URL", "n": 1}));
        assert_eq!(mangled(&json!(["A"]), lowers), json!(["A"]));
        let mut one = Map::new();
        one.insert("a".to_owned(), json!("1"));
        assert_eq!(merged(None, &one, Tricks::default()), one);
    }

    #[test]
    fn faults_redirect_or_drop_writes() {
        let write = |store: &Store, trick: Option<Trick>| {
            let done: Result<(), ()> = store.write("r", trick.into_iter().collect(), |record| {
                record.insert("a".to_owned(), json!(1));
                Ok(())
            });
            done.expect("the change is never an error");
        };
        for (trick, own, shared, pending) in [
            (None, true, false, false),
            (Some(Trick::SharesResources), false, true, false),
            (Some(Trick::WritesElsewhere), false, false, false),
            (Some(Trick::LosesWrites), false, false, false),
            (Some(Trick::LosesUpdates), false, false, true),
        ] {
            let store = Store::default();
            write(&store, trick);
            assert_eq!((has(&store, "r"), has(&store, ""), store.is_pending()), (own, shared, pending), "{trick:?}");
            store.settle();
            assert_eq!((has(&store, "r"), store.is_pending()), (own || pending, false), "{trick:?}");
        }
        let shares = Tricks::from_iter([Trick::SharesResources]);
        let store = Store::default();
        put(&store, "", 1);
        assert!(store.read("r", shares, |record| !record.is_empty()));
    }
}
