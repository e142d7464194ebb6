//! Tracks which resources exist: those that requests created and did not delete.
//!
//! Never decides which operations create, name or delete a resource; [`super::ResourceEffects`] does. Bounded: the
//! oldest resources are forgotten first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Maximum number of resources that a server remembers.
const MAX_RESOURCES: usize = 1 << 16;

/// An identifier of a resource: the resource's kind, the index of the identifier, and its text.
pub(super) type ResourceKey = (usize, usize, String);

/// The resources of one server.
#[derive(Debug, Default)]
pub(in crate::reference) struct ResourceRegistry(Mutex<RegistryEntries>);

#[derive(Debug, Default)]
pub(super) struct RegistryEntries {
    /// The resources with a given identifier, in the order of their creation.
    by_key: HashMap<ResourceKey, VecDeque<u64>>,
    keys_by_number: HashMap<u64, Vec<ResourceKey>>,
    /// The number of each resource, oldest first; those deleted since are skipped.
    creation_order: VecDeque<u64>,
    pub last_number: u64,
}

impl ResourceRegistry {
    pub(super) fn lock_entries(&self) -> MutexGuard<'_, RegistryEntries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RegistryEntries {
    pub(super) fn find_newest(&self, kind: usize, identifier: usize, text: &str) -> Option<u64> {
        self.by_key.get(&(kind, identifier, text.to_owned()))?.back().copied()
    }

    pub(super) fn add(&mut self, number: u64, keys: Vec<ResourceKey>) {
        for key in &keys {
            self.by_key.entry(key.clone()).or_default().push_back(number);
        }
        self.keys_by_number.insert(number, keys);
        self.creation_order.push_back(number);
        while self.creation_order.len() > MAX_RESOURCES {
            if let Some(oldest) = self.creation_order.pop_front() {
                self.remove(oldest);
            }
        }
    }

    pub(super) fn remove(&mut self, number: u64) {
        for key in self.keys_by_number.remove(&number).unwrap_or_default() {
            if let Some(numbers) = self.by_key.get_mut(&key) {
                numbers.retain(|one| *one != number);
                if numbers.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_resources_are_forgotten() {
        let mut entries = RegistryEntries::default();
        for number in 0..MAX_RESOURCES as u64 + 10 {
            entries.add(number, vec![(0, 0, format!("n{number}")), (0, 1, "same".to_owned())]);
        }
        assert_eq!(entries.find_newest(0, 0, "n9"), None);
        assert_eq!(entries.find_newest(0, 0, "n10"), Some(10));
        assert_eq!((entries.keys_by_number.len(), entries.by_key.len()), (MAX_RESOURCES, MAX_RESOURCES + 1));
        assert_eq!(entries.find_newest(0, 1, "same"), Some(MAX_RESOURCES as u64 + 9));
    }
}
