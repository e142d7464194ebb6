//! All cases of a scenario, one after another, never all in memory.

use super::Case;
use crate::contract::Contract;
use crate::scenario::Scenario;

/// How much is generated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// One case of each kind.
    Quick,
    /// Every boundary.
    #[default]
    Full,
}

/// What decides, beside contract and scenario, which cases there are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Feeds everything that is chosen freely.
    pub seed: u64,
    /// How much is generated.
    pub level: Level,
}

/// A contract or scenario from which no cases can be made.
#[derive(Debug, thiserror::Error)]
#[error("{owner}: {reason}")]
pub struct PlanError {
    /// The operation or shape at fault.
    pub owner: String,
    /// What is wrong, for example a pattern that nothing matches.
    pub reason: String,
    /// Where that is written.
    pub source_at: Option<crate::contract::Provenance>,
}

/// All cases, operation by operation, controls (`…/valid/control/plain`) first; the same for the same input.
///
/// # Errors
/// Where an operation has no route, or a pattern cannot be satisfied.
pub fn cases<'a>(
    _contract: &'a Contract,
    _scenario: &'a Scenario,
    _options: Options,
) -> Result<Box<dyn Iterator<Item = Case> + Send + 'a>, PlanError> {
    todo!()
}

/// The plain valid request of one operation: what is sent to see whether the endpoint is alive.
pub fn control(_contract: &Contract, _scenario: &Scenario, _operation: &str) -> Result<Case, PlanError> {
    todo!()
}
