//! The state of the server: one JSON object per resource, in shards with a lock each.
//!
//! Bounded: the least recently written resources are evicted first. Never interprets the objects.

use crate::reference::misbehavior::{Misbehavior, MisbehaviorSet};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

const SHARD_COUNT: usize = 16;
/// Maximum number of resources per shard.
const MAX_RESOURCES: usize = 2048;
/// Approximate maximum size of a shard's resources in bytes.
const MAX_SHARD_BYTES: usize = 8 << 20;

/// The resources of one server, faithful or not.
#[derive(Debug)]
pub(in crate::reference) struct ResourceStore {
    shards: Vec<Mutex<StoreShard>>,
    /// The delayed writes of [`Misbehavior::LosesUpdates`], oldest first.
    pending: Mutex<VecDeque<(String, Map<String, Value>)>>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct StoreShard {
    records: HashMap<String, StoredResource>,
    /// Each write, oldest first; one that a later write of the same resource has superseded is skipped.
    write_log: VecDeque<(u64, String)>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug, Default)]
struct StoredResource {
    value: Map<String, Value>,
    bytes: usize,
    stamp: u64,
}

impl Default for ResourceStore {
    fn default() -> Self {
        Self {
            shards: (0..SHARD_COUNT).map(|_| Mutex::default()).collect(),
            pending: Mutex::default(),
            hasher: RandomState::new(),
        }
    }
}

impl ResourceStore {
    fn lock_shard(&self, key: &str) -> std::sync::MutexGuard<'_, StoreShard> {
        let index = self.hasher.hash_one(key) as usize % SHARD_COUNT;
        // A panic under the lock leaves a consistent record: every change is a single assignment.
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a resource; it is an empty object if nothing was written yet.
    pub(in crate::reference) fn read<R>(
        &self,
        key: &str,
        misbehaviors: MisbehaviorSet,
        inspect: impl FnOnce(&Map<String, Value>) -> R,
    ) -> R {
        let key = if misbehaviors.has(Misbehavior::SharesResources) { "" } else { key };
        match self.lock_shard(key).records.get(key) {
            Some(record) => inspect(&record.value),
            None => inspect(&Map::new()),
        }
    }

    /// Changes a resource. If `change` returns an error, the resource is only as modified as `change` left it.
    pub(in crate::reference) fn write<R, E>(
        &self,
        key: &str,
        misbehaviors: MisbehaviorSet,
        change: impl FnOnce(&mut Map<String, Value>) -> Result<R, E>,
    ) -> Result<R, E> {
        let key: Cow<'_, str> = match () {
            () if misbehaviors.has(Misbehavior::SharesResources) => Cow::Borrowed(""),
            () if misbehaviors.has(Misbehavior::WritesElsewhere) => Cow::Owned(format!("{key}\u{0}elsewhere")),
            () => Cow::Borrowed(key),
        };
        let mut shard = self.lock_shard(&key);
        if misbehaviors.has(Misbehavior::LosesWrites) {
            let mut scratch = shard.records.get(&*key).map(|record| record.value.clone()).unwrap_or_default();
            return change(&mut scratch);
        }
        if misbehaviors.has(Misbehavior::LosesUpdates) {
            let mut scratch = shard.records.get(&*key).map(|record| record.value.clone()).unwrap_or_default();
            let result = change(&mut scratch);
            self.lock_pending().push_back((key.into_owned(), scratch));
            return result;
        }
        shard.clock += 1;
        let stamp = shard.clock;
        let shard = &mut *shard;
        let record = shard.records.entry(key.clone().into_owned()).or_default();
        let before = record.bytes;
        let result = change(&mut record.value);
        record.bytes =
            key.len() + record.value.iter().map(|(name, value)| name.len() + approximate_size(value)).sum::<usize>();
        record.stamp = stamp;
        shard.bytes = shard.bytes - before + record.bytes;
        shard.write_log.push_back((stamp, key.into_owned()));
        shard.evict();
        result
    }

    fn lock_pending(&self) -> std::sync::MutexGuard<'_, VecDeque<(String, Map<String, Value>)>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if a delayed write is pending.
    pub(in crate::reference) fn has_pending_write(&self) -> bool {
        !self.lock_pending().is_empty()
    }

    /// Applies the oldest pending write.
    pub(in crate::reference) fn apply_pending_write(&self) {
        let next = self.lock_pending().pop_front();
        if let Some((key, value)) = next {
            let done: Result<(), std::convert::Infallible> = self.write(&key, MisbehaviorSet::default(), |record| {
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

impl StoreShard {
    fn evict(&mut self) {
        while (self.records.len() > MAX_RESOURCES || self.bytes > MAX_SHARD_BYTES) && self.records.len() > 1 {
            let Some((stamp, key)) = self.write_log.pop_front() else { return };
            if self.records.get(&key).is_some_and(|record| record.stamp == stamp)
                && let Some(record) = self.records.remove(&key)
            {
                self.bytes -= record.bytes;
            }
        }
        if self.write_log.len() > 4 * MAX_RESOURCES {
            let records = &self.records;
            self.write_log.retain(|(stamp, key)| records.get(key).is_some_and(|record| record.stamp == *stamp));
        }
    }
}

/// Returns the approximate size of a value in bytes.
pub(in crate::reference) fn approximate_size(value: &Value) -> usize {
    32 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(approximate_size).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| 32 + name.len() + approximate_size(value)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn put(store: &ResourceStore, key: &str, size: usize) {
        let value = Value::String("x".repeat(size));
        let done: Result<(), ()> = store.write(key, MisbehaviorSet::default(), |record| {
            record.insert("a".to_owned(), value);
            Ok(())
        });
        done.expect("the change is never an error");
    }

    fn has(store: &ResourceStore, key: &str) -> bool {
        store.read(key, MisbehaviorSet::default(), |record| !record.is_empty())
    }

    #[test]
    fn least_recently_written_resources_are_evicted() {
        let store = ResourceStore::default();
        for number in 0..SHARD_COUNT * MAX_RESOURCES * 2 {
            put(&store, &format!("r{number}"), 1);
            if number % 1000 == 0 {
                assert!(number == 0 || has(&store, "often"), "the last written resource is kept: {number}");
                put(&store, "often", 1);
            }
        }
        assert_eq!(store.len(), SHARD_COUNT * MAX_RESOURCES);
        assert!(!has(&store, "r0"));
        assert!(has(&store, "often"));
        assert!(has(&store, &format!("r{}", SHARD_COUNT * MAX_RESOURCES * 2 - 1)));
    }

    #[test]
    fn total_size_of_resources_is_bounded() {
        let store = ResourceStore::default();
        for number in 0..400 {
            put(&store, &format!("r{number}"), 1 << 20);
        }
        assert!(store.len() <= SHARD_COUNT * 8);
        assert!(has(&store, "r399"));
    }

    #[test]
    fn shard_size_counts_keys_names_and_values() {
        let store = ResourceStore::default();
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
            let mut shard = StoreShard::default();
            for (stamp, bytes) in sizes.iter().enumerate() {
                let (stamp, key) = (stamp as u64, format!("r{stamp}"));
                shard.records.insert(key.clone(), StoredResource { bytes: *bytes, stamp, ..StoredResource::default() });
                shard.write_log.push_back((stamp, key));
                shard.bytes += bytes;
            }
            shard.evict();
            (shard.records.len(), shard.bytes)
        };
        assert_eq!(shard(&[MAX_SHARD_BYTES - 7, 7]), (2, MAX_SHARD_BYTES));
        assert_eq!(shard(&[MAX_SHARD_BYTES - 7, 8]), (1, 8));
        assert_eq!(shard(&[3, MAX_SHARD_BYTES - 7, 8]), (1, 8));
        // The last resource stays, however large it is.
        assert_eq!(shard(&[MAX_SHARD_BYTES + 1]), (1, MAX_SHARD_BYTES + 1));
        assert_eq!(shard(&[1; MAX_RESOURCES]), (MAX_RESOURCES, MAX_RESOURCES));
        assert_eq!(shard(&[1; MAX_RESOURCES + 2]), (MAX_RESOURCES, MAX_RESOURCES));
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
            assert_eq!(approximate_size(&value), bytes, "{value}");
        }
    }

    #[test]
    fn write_log_is_compacted_when_it_is_full() {
        let mut shard = StoreShard::default();
        for number in 0..9 * MAX_RESOURCES as u64 {
            let key = format!("r{}", number % 3);
            shard.records.entry(key.clone()).or_default().stamp = number;
            shard.write_log.push_back((number, key));
            shard.evict();
            assert!(shard.write_log.len() <= 4 * MAX_RESOURCES && shard.records.len() <= 3);
            if (number as usize) < 4 * MAX_RESOURCES {
                assert_eq!(
                    shard.write_log.len(),
                    number as usize + 1,
                    "the log is compacted when it is full, not before"
                );
            }
        }
        let latest: Vec<u64> = shard.write_log.iter().rev().take(3).map(|(stamp, _)| *stamp).collect();
        let last = 9 * MAX_RESOURCES as u64 - 1;
        assert_eq!(latest, [last, last - 1, last - 2], "the latest writes are kept");
    }

    #[test]
    fn faults_redirect_or_drop_writes() {
        let write = |store: &ResourceStore, misbehavior: Option<Misbehavior>| {
            let done: Result<(), ()> = store.write("r", misbehavior.into_iter().collect(), |record| {
                record.insert("a".to_owned(), json!(1));
                Ok(())
            });
            done.expect("the change is never an error");
        };
        for (misbehavior, own, shared, pending) in [
            (None, true, false, false),
            (Some(Misbehavior::SharesResources), false, true, false),
            (Some(Misbehavior::WritesElsewhere), false, false, false),
            (Some(Misbehavior::LosesWrites), false, false, false),
            (Some(Misbehavior::LosesUpdates), false, false, true),
        ] {
            let store = ResourceStore::default();
            write(&store, misbehavior);
            assert_eq!(
                (has(&store, "r"), has(&store, ""), store.has_pending_write()),
                (own, shared, pending),
                "{misbehavior:?}"
            );
            store.apply_pending_write();
            assert_eq!((has(&store, "r"), store.has_pending_write()), (own || pending, false), "{misbehavior:?}");
        }
        let shares = MisbehaviorSet::from_iter([Misbehavior::SharesResources]);
        let store = ResourceStore::default();
        put(&store, "", 1);
        assert!(store.read("r", shares, |record| !record.is_empty()));
    }
}
