//! What of the contract a run has reached.

use super::Judgement;
use crate::contract::Contract;
use crate::generate::Case;

/// Coverage of a run, per operation.
#[derive(Debug, Default)]
pub struct Coverage {}

/// Coverage and counts of one operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationCoverage {
    /// The operation.
    pub operation: String,
    /// Cases by verdict: all, passed, diverging, unspecified, not implemented, indeterminate, unsendable.
    pub cases: u64,
    /// Passed.
    pub pass: u64,
    /// Diverging.
    pub diverges: u64,
    /// Unspecified.
    pub unspecified: u64,
    /// Not implemented.
    pub not_implemented: u64,
    /// Indeterminate.
    pub indeterminate: u64,
    /// Unsendable.
    pub unsendable: u64,
    /// Constraints tested with an answer, and constraints that could be.
    pub constraints: (u64, u64),
    /// Documented errors that were provoked, and those that a case could provoke.
    pub errors: (u64, u64),
    /// Documented errors that no case can provoke.
    pub unprovokable: Vec<String>,
}

impl Coverage {
    /// For a contract, nothing reached yet.
    pub fn new(_contract: &Contract) -> Self {
        todo!()
    }

    /// Adds one judged case.
    pub fn add(&mut self, _case: &Case, _judgement: &Judgement) {
        todo!()
    }

    /// One row for each operation that had cases, in the contract's order.
    pub fn operations(&self) -> Vec<OperationCoverage> {
        todo!()
    }
}
