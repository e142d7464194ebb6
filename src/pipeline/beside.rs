//! What another endpoint answers to the same cases, held for a comparison of values.
//!
//! Nothing of it outlives the run.

use crate::judge::{Comparison, Values};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many bytes of values are held at the most, as [`Values::size`] estimates them.
const MOST: usize = 256 << 20;

/// What an endpoint answers, by the cases' ids.
#[derive(Clone, Debug, Default)]
pub struct Answers(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    by_id: HashMap<String, Values>,
    bytes: usize,
    lost: u64,
}

/// What a run does with the values of answers.
#[derive(Clone, Debug)]
pub enum Beside {
    /// They are held for the other endpoint's run.
    Hold(Answers),
    /// They are compared with what is held.
    Compare(Answers),
}

impl Answers {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many answers were too much to hold, so that only status, error and form of them are compared.
    pub fn lost(&self) -> u64 {
        self.held().lost
    }
}

impl Beside {
    /// Holds the values of a case's answer, or compares them.
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
