//! Hashes of identities, for what is remembered of every case.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A hash of a kind and an identity, so that a passing case needs no allocation to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct IdentityHash(u64);

impl IdentityHash {
    pub fn new<'a>(kind: &str, parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hasher = DefaultHasher::new();
        kind.hash(&mut hasher);
        parts.into_iter().for_each(|part| part.hash(&mut hasher));
        Self(hasher.finish())
    }
}
