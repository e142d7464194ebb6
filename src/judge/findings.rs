//! Diverging cases, grouped by operation, member, constraint and what was observed.

use super::{Finding, Judgement};
use crate::generate::Case;

/// Collects findings in bounded memory: a group keeps its count and its first few examples.
#[derive(Debug, Default)]
pub struct Findings {}

impl Findings {
    /// Adds a case if it diverges; `curl` is asked for only when the case becomes its group's first example.
    pub fn add(
        &mut self,
        _scenario: &str,
        _case: &Case,
        _judgement: &Judgement,
        _curl: impl FnOnce() -> Option<String>,
    ) {
        todo!()
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        todo!()
    }

    /// Whether nothing diverged.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The findings, the one to fix first first.
    pub fn sorted(&self) -> Vec<Finding> {
        todo!()
    }
}
