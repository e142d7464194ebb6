//! The contract as oracle: one outcome, one judgement.

use super::Judgement;
use crate::contract::Contract;
use crate::run::Outcome;
use crate::scenario::Scenario;

/// Judges one outcome against what the contract says.
pub fn judge(_contract: &Contract, _scenario: &Scenario, _outcome: &Outcome) -> Judgement {
    todo!()
}
