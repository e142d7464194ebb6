//! What all cases of a plan share: contract, scenario, options, and the tools made from them.
//!
//! It knows no case; the files that build and classify cases add methods of their own.

use super::contract_patterns::ContractPatterns;
use super::input_checker::{InputChecker, SharedKeyPatterns};
use super::input_sampler::InputSampler;
use super::options::GenerationOptions;
use super::template_filler::TemplateFiller;
use crate::case::{Authorization, CaseId};
use crate::contract::{Contract, Fact, Operation, Provenance};
use crate::scenario::Scenario;
use std::sync::Arc;

/// The inputs that all strategies share.
pub(crate) struct PlanContext<'a> {
    pub contract: &'a Contract,
    pub scenario: &'a Scenario,
    pub options: GenerationOptions,
    pub patterns: Arc<ContractPatterns>,
    pub shared_key_patterns: Arc<SharedKeyPatterns>,
    /// Whether machine models are the only source of the contract.
    pub is_only_modelled: bool,
}

impl<'a> PlanContext<'a> {
    pub fn input_checker(&self) -> InputChecker<'_> {
        InputChecker {
            contract: self.contract,
            patterns: &self.patterns,
            shared_key_patterns: &self.shared_key_patterns,
        }
    }

    pub fn case_id(&self, operation: &Operation, place: &str, kind: &str, variant: &str) -> CaseId {
        let place = if place.is_empty() { "input" } else { place };
        CaseId(format!("{}/{}/{place}/{kind}/{variant}", self.scenario.name, operation.name))
    }

    pub fn input_sampler<'s>(&'s self, operation: &'s Operation, case: &'s CaseId) -> InputSampler<'s> {
        InputSampler {
            contract: self.contract,
            scenario: self.scenario,
            patterns: &self.patterns,
            operation,
            templates: TemplateFiller::new(self.scenario, case),
            seed: self.options.seed,
            below_other_parent: false,
            is_only_modelled: self.is_only_modelled,
        }
    }

    /// Returns where the fact is documented, or where the operation is documented if there is no fact.
    pub fn documented_at(&self, fact: Option<&Fact>, operation: &Operation) -> Option<Provenance> {
        fact.map(Fact::provenance).or_else(|| operation.sources.first().cloned())
    }

    /// Returns the credentials of requests that do not name a principal of their own.
    pub fn default_authorization(&self) -> Authorization {
        self.scenario.principal.clone().map_or(Authorization::Anonymous, Authorization::Principal)
    }

    /// Returns true if AWS models are the only source: they declare few of the errors and limits that services have,
    /// and nothing about partial success.
    pub fn has_only_aws_models(&self) -> bool {
        self.is_only_modelled && !self.contract.common_error_names.is_empty()
    }
}
