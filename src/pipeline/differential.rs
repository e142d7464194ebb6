//! Records the response values of one endpoint, to compare them with those of another.
//!
//! Recorded values are only kept in memory and never outlive the run.

use crate::judge::{Comparison, Values};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Maximum size of the recorded values, in bytes as [`Values::size`] estimates them.
const MOST: usize = 256 << 20;

/// The response values of an endpoint, by case id.
#[derive(Clone, Debug, Default)]
pub struct Answers(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    by_id: HashMap<String, Values>,
    bytes: usize,
    lost: u64,
}

/// What a run does with response values.
#[derive(Clone, Debug)]
pub enum Beside {
    /// Records them for the run at the other endpoint.
    Hold(Answers),
    /// Compares them with the recorded ones.
    Compare(Answers),
}

impl Answers {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of responses that exceeded the size limit; only their status, error and form are compared.
    pub fn lost(&self) -> u64 {
        self.held().lost
    }
}

impl Beside {
    /// Records the values of a case's response, or compares them.
    pub(super) fn see(&self, id: &str, values: impl FnOnce() -> Option<Values>, comparison: Comparison) -> Comparison {
        match self {
            Self::Hold(answers) => {
                let Some(values) = values() else { return comparison };
                let size = id.len() + values.size();
                let mut held = answers.held();
                if held.bytes + size > MOST {
                    held.lost += 1;
                } else {
                    held.bytes += size;
                    held.by_id.insert(id.to_owned(), values);
                }
                comparison
            }
            Self::Compare(answers) => {
                let Some(was) = answers.held().by_id.remove(id) else { return comparison };
                match values() {
                    Some(now) => comparison.beside(&was, &now),
                    None => comparison,
                }
            }
        }
    }
}
