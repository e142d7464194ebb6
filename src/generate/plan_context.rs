//! What all cases of a plan share: contract, scenario, options, and the tools made from them.
//!
//! It knows no case; the files that build and classify cases add methods of their own.

use super::contract_patterns::ContractPatterns;
use super::input_checker::{InputChecker, SharedKeyPatterns};
use super::input_sampler::{InputSampler, MAX_PARTS};
use super::options::GenerationOptions;
use super::template_filler::TemplateFiller;
use super::testable_shapes::TestableShapes;
use crate::case::{Authorization, CaseClass, CaseId, CaseKind, CaseSubject, LawName};
use crate::contract::{Contract, Fact, Operation, Provenance};
use crate::scenario::Scenario;
use std::cell::Cell;
use std::sync::Arc;

/// The inputs that all strategies share.
pub(crate) struct PlanContext<'a> {
    pub contract: &'a Contract,
    pub scenario: &'a Scenario,
    pub options: GenerationOptions,
    pub patterns: Arc<ContractPatterns>,
    pub testable: Arc<TestableShapes>,
    pub shared_key_patterns: Arc<SharedKeyPatterns>,
    /// Whether machine models are the only source of the contract.
    pub is_only_modelled: bool,
    /// The contracts of other services whose operations create what this one's need.
    pub supporting: Arc<[SupportingContract<'a>]>,
}

/// The contract of another service, prepared for building inputs.
#[derive(Clone)]
pub(crate) struct SupportingContract<'a> {
    pub contract: &'a Contract,
    pub patterns: Arc<ContractPatterns>,
    pub testable: Arc<TestableShapes>,
}

impl<'a> SupportingContract<'a> {
    /// Prepares the contracts that support another one.
    pub fn of(contract: &'a Contract) -> Arc<[Self]> {
        let prepare = |contract: &'a Contract| {
            let patterns = ContractPatterns::from_contract(contract);
            let testable = Arc::new(TestableShapes::new(contract, &patterns));
            Self { contract, patterns: Arc::new(patterns), testable }
        };
        contract.supporting.iter().map(prepare).collect()
    }
}

impl<'a> PlanContext<'a> {
    pub fn input_checker(&self) -> InputChecker<'_> {
        InputChecker {
            contract: self.contract,
            patterns: &self.patterns,
            shared_key_patterns: &self.shared_key_patterns,
        }
    }

    pub fn case_id(&self, operation: &Operation, subject: CaseSubject, kind: CaseKind, variant: &str) -> CaseId {
        CaseId::new(&self.scenario.name, operation.name.as_str(), subject, kind, variant)
    }

    /// Returns the id of a case about a law.
    pub fn law_case_id(&self, operation: &Operation, law: LawName, variant: &str) -> CaseId {
        self.case_id(operation, CaseSubject::Class(CaseClass::Law), CaseKind::Law(law), variant)
    }

    pub fn input_sampler<'s>(&'s self, operation: &'s Operation, case: &'s CaseId) -> InputSampler<'s> {
        let has_it = |other: &&SupportingContract<'_>| other.contract.operation(operation.name.as_str()).is_some();
        // Only other services have operations with the name of the service.
        let is_of_other = operation.name.service().is_some();
        let other = is_of_other.then(|| self.supporting.iter().find(has_it)).flatten();
        let (contract, patterns, testable) = match other {
            Some(other) => (other.contract, &other.patterns, &other.testable),
            None => (self.contract, &self.patterns, &self.testable),
        };
        InputSampler {
            contract,
            scenario: self.scenario,
            patterns,
            testable,
            parts_left: Cell::new(MAX_PARTS),
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
