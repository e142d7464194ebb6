//! Generates the cases of a scenario one after another; they are never all in memory.

use super::contract_patterns::{ContractPatterns, PatternDefect};
use super::error::PlanError;
use super::input_checker::{InputChecker, SharedKeyPatterns, Violation};
use super::input_sampler::InputChange;
use super::options::{GenerationLevel, GenerationOptions};
use super::plan_context::{PlanContext, SupportingContract};
use super::site::{InputSite, input_sites};
use super::template_filler::has_placeholders;
use super::testable_shapes::{MAX_SITES, ShapeProblem, TestableShapes};
use crate::case::{Case, CaseId, Value};
use crate::contract::{Contract, MemberPath, Operation, OperationName, ShapeId};
use crate::generate::operation_context::{FirstOfKind, OperationContext};
use crate::generate::strategies::{OPERATION_STRATEGIES, SITE_STRATEGIES};
use crate::scenario::Scenario;
use std::collections::HashSet;
use std::sync::Arc;

/// Returns all cases, operation by operation, with the controls (`…/valid/control/plain`) first. The same input gives
/// the same cases.
///
/// # Errors
/// Returns an error if an operation has no route.
pub fn generate_cases<'a>(
    contract: &'a Contract,
    scenario: &'a Scenario,
    options: GenerationOptions,
) -> Result<Box<dyn Iterator<Item = Case> + Send + 'a>, PlanError> {
    CompiledContract::new(contract).cases(scenario, options)
}

fn control_cases<'a>(plan: Arc<GenerationPlan<'a>>) -> impl Iterator<Item = Case> + Send + use<'a> {
    (0..plan.operations.len()).filter_map(move |index| plan.control_case(index))
}

fn remaining_cases<'a>(plan: Arc<GenerationPlan<'a>>) -> impl Iterator<Item = Case> + Send + use<'a> {
    // The responses to plain values decide how to weigh all others, so these cases come first.
    let plain = {
        let plan = Arc::clone(&plan);
        (0..plan.operations.len()).flat_map(move |index| plan.plain_cases(index))
    };
    let rest = (0..plan.operations.len()).flat_map(move |index| plan.clone().operation_cases(index));
    plain.chain(rest)
}

/// Name of the operation that cannot exist.
pub const CANARY_OPERATION: &str = crate::generate::boundary::canary::CANARY;

/// Returns the control of one operation, which shows whether the endpoint works.
///
/// # Errors
/// Returns an error if the operation is unknown, or if no cases can be generated from the contract.
pub fn control_case(contract: &Contract, scenario: &Scenario, operation: &str) -> Result<Case, PlanError> {
    let plan = GenerationPlan::new(contract, scenario, GenerationOptions::default())?;
    let found = plan.operations.iter().position(|wanted| wanted.name.as_str() == operation);
    found.and_then(|index| plan.control_case(index)).ok_or_else(|| PlanError {
        owner: format!("operation `{operation}`"),
        reason: "no valid request can be built".to_owned(),
        source_at: None,
    })
}

/// Number of actions in a sequence; they are numbered from 0.
pub const SEQUENCE_LENGTH: usize = crate::generate::stateful::sequences::ACTIONS_PER_SEQUENCE;

/// Returns the part of a random sequence that an id names: `s/Op/law/sequence/03~0.4.7` consists of the first, fifth
/// and eighth action of sequence 3.
pub fn sequence_part(
    contract: &Contract,
    scenario: &Scenario,
    options: GenerationOptions,
    id: &CaseId,
) -> Option<Case> {
    id.sequence()?.kept?;
    let plan = GenerationPlan::new(contract, scenario, options).ok()?;
    let operation = plan.operations.iter().find(|wanted| wanted.name.as_str() == id.operation())?;
    let sites = input_sites(contract, operation, &plan.context.testable);
    crate::generate::stateful::sequences::partial_sequence(
        &OperationContext { plan: &plan.context, operation, sites: &sites, first_of_kind: None },
        id,
    )
}

/// Calls `inspect` with the context of one operation. Returns `None` if the operation is not planned.
pub(super) fn with_operation_context<R>(
    compiled: &CompiledContract<'_>,
    scenario: &Scenario,
    options: GenerationOptions,
    operation: &str,
    inspect: impl FnOnce(&OperationContext<'_>) -> Option<R>,
) -> Result<Option<R>, PlanError> {
    let plan = GenerationPlan::from_compiled(compiled, scenario, options)?;
    let Some(operation) = plan.operations.iter().find(|wanted| wanted.name.as_str() == operation) else {
        return Ok(None);
    };
    let sites = input_sites(compiled.contract, operation, &compiled.testable);
    Ok(inspect(&OperationContext { plan: &plan.context, operation, sites: &sites, first_of_kind: None }))
}

/// Returns the constraints that an input of an operation violates.
pub fn find_violations(contract: &Contract, operation: &Operation, input: &Value) -> Vec<Violation> {
    let patterns = ContractPatterns::from_contract(contract);
    let shared_key_patterns = SharedKeyPatterns::from_contract(contract);
    let labels = InputChecker { contract, patterns: &patterns, shared_key_patterns: &shared_key_patterns };
    operation.input.as_ref().map_or_else(Vec::new, |id| labels.violations(id, input))
}

/// A contract prepared for generating cases of several scenarios. The expensive preparation is done once.
#[derive(Clone)]
pub struct CompiledContract<'a> {
    contract: &'a Contract,
    patterns: Arc<ContractPatterns>,
    testable: Arc<TestableShapes>,
    shared_key_patterns: Arc<SharedKeyPatterns>,
    is_only_modelled: bool,
    supporting: Arc<[SupportingContract<'a>]>,
}

impl<'a> CompiledContract<'a> {
    /// Prepares a contract. What cannot be tested is left out of all cases.
    pub fn new(contract: &'a Contract) -> Self {
        let patterns = ContractPatterns::from_contract(contract);
        Self {
            contract,
            testable: Arc::new(TestableShapes::new(contract, &patterns)),
            patterns: Arc::new(patterns),
            shared_key_patterns: Arc::new(SharedKeyPatterns::from_contract(contract)),
            is_only_modelled: contract.is_model_only(),
            supporting: SupportingContract::of(contract),
        }
    }

    /// Returns the shapes of which no value is sent, in the contract's order. If machine models are the only source,
    /// patterns are not checked.
    pub fn shape_problems(&self) -> Vec<ShapeProblem> {
        self.testable.problems(self.contract)
    }

    /// Returns why the pattern of a shape is not tested, or `None` if it is tested or the shape has none.
    pub fn pattern_defect(&self, id: &ShapeId) -> Option<&PatternDefect> {
        self.patterns.defect(id)
    }

    /// Returns false if the requests of an operation are so large that it is not fuzzed.
    pub fn is_fuzzed(&self, operation: &Operation) -> bool {
        !self.testable.is_too_large_to_fuzz(operation)
    }

    /// Returns how many places of an operation's input are tested, if its requests are so large that not all are.
    pub fn reduced_places(&self, operation: &Operation) -> Option<usize> {
        let input = operation.input.as_ref()?;
        let limit = self.testable.place_limit(self.contract, input);
        let places = input_sites(self.contract, operation, &self.testable).len();
        (limit < MAX_SITES && places >= limit).then_some(places)
    }

    /// Returns true if a valid request for an operation can be built. A value that the scenario's `use` gives counts as
    /// valid.
    pub fn has_request(&self, scenario: &Scenario, operation: &Operation) -> bool {
        self.testable.has_request(self.contract, scenario, operation)
    }

    /// Returns all cases, like [`generate_cases`].
    ///
    /// # Errors
    /// Returns an error if an operation has no route.
    pub fn cases(
        &self,
        scenario: &'a Scenario,
        options: GenerationOptions,
    ) -> Result<Box<dyn Iterator<Item = Case> + Send + 'a>, PlanError> {
        let plan = Arc::new(GenerationPlan::from_compiled(self, scenario, options)?);
        Ok(Box::new(control_cases(Arc::clone(&plan)).chain(remaining_cases(plan))))
    }

    /// Returns only the controls.
    ///
    /// # Errors
    /// Returns an error if an operation has no route.
    pub fn controls(
        &self,
        scenario: &'a Scenario,
        options: GenerationOptions,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, PlanError> {
        Ok(control_cases(Arc::new(GenerationPlan::from_compiled(self, scenario, options)?)))
    }

    /// Returns all cases except the controls, of the operations for which `runs` returns true.
    ///
    /// # Errors
    /// Returns an error if an operation has no route.
    pub fn cases_without_controls(
        &self,
        scenario: &'a Scenario,
        options: GenerationOptions,
        runs: &dyn Fn(&str) -> bool,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, PlanError> {
        let mut plan = GenerationPlan::from_compiled(self, scenario, options)?;
        plan.operations.retain(|operation| runs(operation.name.as_str()));
        Ok(remaining_cases(Arc::new(plan)))
    }

    fn default_plan<'s>(&'s self, scenario: &'s Scenario) -> Result<GenerationPlan<'s>, PlanError> {
        GenerationPlan::from_compiled(self, scenario, GenerationOptions::default())
    }

    /// Returns the prepared contract that has an operation: that of another service if it supports this one.
    fn owner_of(&self, operation: &str) -> Self {
        let has_it = |other: &&SupportingContract<'_>| other.contract.operation(operation).is_some();
        let other = operation.contains(OperationName::SERVICE_SEPARATOR).then(|| self.supporting.iter().find(has_it));
        match other.flatten() {
            Some(other) => Self {
                contract: other.contract,
                patterns: Arc::clone(&other.patterns),
                testable: Arc::clone(&other.testable),
                shared_key_patterns: Arc::new(SharedKeyPatterns::from_contract(other.contract)),
                is_only_modelled: other.contract.is_model_only(),
                // Its operations may need what further services have.
                supporting: Arc::clone(&self.supporting),
            },
            None => self.clone(),
        }
    }

    /// Returns the control of an operation, or `None` if there is none.
    ///
    /// # Errors
    /// Returns an error if an operation of the contract has no route.
    pub fn control(&self, scenario: &Scenario, operation: &str) -> Result<Option<Case>, PlanError> {
        let owner = self.owner_of(operation);
        let plan = owner.default_plan(scenario)?;
        let Some(operation) = owner.contract.operation(operation) else { return Ok(None) };
        Ok(crate::generate::boundary::valid::build_control(&OperationContext {
            plan: &plan.context,
            operation,
            sites: &[],
            first_of_kind: None,
        }))
    }

    /// Returns the canary: a request for an operation that cannot exist, in the contract's protocol. Returns `None`
    /// if no operation is planned.
    ///
    /// # Errors
    /// Returns an error if an operation of the contract has no route.
    pub fn canary(&self, scenario: &Scenario) -> Result<Option<Case>, PlanError> {
        let plan = self.default_plan(scenario)?;
        let first = plan.operations.first();
        Ok(first.map(|operation| {
            crate::generate::boundary::canary::build_canary(&OperationContext {
                plan: &plan.context,
                operation,
                sites: &[],
                first_of_kind: None,
            })
        }))
    }

    /// Returns the values of an operation's top members in which these places have these values, in the form of a
    /// scenario's `use`; a place without a value gets a plain one. Texts are templates.
    ///
    /// # Errors
    /// Returns an error if an operation of the contract has no route.
    pub fn sample_members_with(
        &self,
        scenario: &Scenario,
        operation: &str,
        places: &[(MemberPath, Option<serde_json::Value>)],
    ) -> Result<Vec<(String, serde_json::Value)>, PlanError> {
        let owner = self.owner_of(operation);
        let plan = owner.default_plan(scenario)?;
        let Some(operation) = owner.contract.operation(operation) else { return Ok(Vec::new()) };
        let id = CaseId::empty();
        let changes: Vec<(&MemberPath, InputChange)> = places
            .iter()
            .map(|(path, value)| {
                (path, value.as_ref().map_or(InputChange::Touch, |value| InputChange::Set(as_template(value))))
            })
            .collect();
        let input = plan.context.input_sampler(operation, &id).input_with(&changes);
        let mut tops: Vec<&str> = places.iter().filter_map(|(path, _)| path.top_member()).collect();
        tops.dedup();
        Ok(tops.into_iter().filter_map(|top| Some((top.to_owned(), input.member(top)?.to_template()))).collect())
    }

    /// Returns the worked examples of an operation, each as the members that the contract allows, in the form of a
    /// scenario's `use`.
    pub fn example_inputs(&self, operation: &str) -> Vec<Vec<(String, serde_json::Value)>> {
        let owner = self.owner_of(operation);
        let Some(operation) = owner.contract.operation(operation) else { return Vec::new() };
        let Some(shape) = &operation.input else { return Vec::new() };
        let checker = InputChecker {
            contract: owner.contract,
            patterns: &owner.patterns,
            shared_key_patterns: &owner.shared_key_patterns,
        };
        let Some(known) = owner.contract.shape(shape).kind.members() else { return Vec::new() };
        let allowed = |example: &serde_json::Value| {
            let violations = checker.violations(shape, &Value::from_json(example));
            let is_allowed = |member: &str| {
                known.contains_key(member) && violations.iter().all(|one| one.path.top_member() != Some(member))
            };
            let members = example.as_object().into_iter().flatten().filter(|(member, _)| is_allowed(member));
            members.map(|(member, value)| (member.clone(), Value::from_json(value).to_template())).collect()
        };
        operation.examples.iter().map(allowed).filter(|members: &Vec<_>| !members.is_empty()).collect()
    }

    /// Returns a plain value of a member of an operation's input, in the form of a scenario's `use`. Returns `None` if
    /// the operation has no such member.
    ///
    /// # Errors
    /// Returns an error if an operation of the contract has no route.
    pub fn sample_member(
        &self,
        scenario: &Scenario,
        operation: &str,
        member: &str,
    ) -> Result<Option<serde_json::Value>, PlanError> {
        let owner = self.owner_of(operation);
        let plan = owner.default_plan(scenario)?;
        let Some(operation) = owner.contract.operation(operation) else { return Ok(None) };
        let id = CaseId::empty();
        let path = MemberPath::root().join_member(member);
        let input = plan.context.input_sampler(operation, &id).input_with(&[(&path, InputChange::Touch)]);
        Ok(input.member(member).map(Value::to_template))
    }
}

/// Converts JSON whose texts may have placeholders.
fn as_template(json: &serde_json::Value) -> Value {
    Value::from_json_with(json, &|text| match has_placeholders(text) {
        true => Value::Template(text.to_owned()),
        false => Value::text(text),
    })
}

pub(super) struct GenerationPlan<'a> {
    pub context: PlanContext<'a>,
    pub operations: Vec<&'a Operation>,
}

impl<'a> GenerationPlan<'a> {
    pub fn new(contract: &'a Contract, scenario: &'a Scenario, options: GenerationOptions) -> Result<Self, PlanError> {
        Self::from_compiled(&CompiledContract::new(contract), scenario, options)
    }

    fn from_compiled(
        compiled: &CompiledContract<'a>,
        scenario: &'a Scenario,
        options: GenerationOptions,
    ) -> Result<Self, PlanError> {
        let contract = compiled.contract;
        let wanted: Vec<&Operation> = contract
            .operations
            .iter()
            .filter(|operation| scenario.includes_operation(operation.name.as_str()))
            .filter(|operation| compiled.has_request(scenario, operation))
            .collect();
        if let Some(operation) = wanted.iter().find(|operation| operation.http.is_none()) {
            return Err(PlanError {
                owner: format!("operation `{}`", operation.name),
                reason: "its method and route are not documented".to_owned(),
                source_at: operation.sources.first().cloned(),
            });
        }
        Ok(Self {
            context: PlanContext {
                contract,
                scenario,
                options,
                patterns: Arc::clone(&compiled.patterns),
                testable: Arc::clone(&compiled.testable),
                shared_key_patterns: Arc::clone(&compiled.shared_key_patterns),
                is_only_modelled: compiled.is_only_modelled,
                supporting: Arc::clone(&compiled.supporting),
            },
            operations: wanted,
        })
    }

    fn control_case(&self, index: usize) -> Option<Case> {
        crate::generate::boundary::valid::build_control(&OperationContext {
            plan: &self.context,
            operation: self.operations[index],
            sites: &[],
            first_of_kind: None,
        })
    }

    /// Returns the cases with each optional member alone and, if only models describe the operation, with other plain
    /// values.
    fn plain_cases(&self, index: usize) -> Vec<Case> {
        let sites = input_sites(self.context.contract, self.operations[index], &self.context.testable);
        crate::generate::boundary::valid::cases(&self.operation_context(index, &sites, None))
    }

    /// Returns the cases of one operation, generated in one batch per strategy and input site.
    fn operation_cases(self: Arc<Self>, index: usize) -> impl Iterator<Item = Case> + Send + use<'a> {
        let is_quick = self.context.options.level == GenerationLevel::Quick;
        let first_of_kind = is_quick.then(|| Arc::new(FirstOfKind::default()));
        let places: Arc<[InputSite]> =
            input_sites(self.context.contract, self.operations[index], &self.context.testable).into();
        let whole = {
            let (plan, places, first_of_kind) = (Arc::clone(&self), Arc::clone(&places), first_of_kind.clone());
            OPERATION_STRATEGIES
                .iter()
                .flat_map(move |strategy| strategy(&plan.operation_context(index, &places, first_of_kind.as_deref())))
        };
        let each = (0..places.len()).flat_map(move |place| {
            let context = self.operation_context(index, &places, first_of_kind.as_deref());
            SITE_STRATEGIES.iter().flat_map(|strategy| strategy(&context, &places[place])).collect::<Vec<_>>()
        });
        let mut seen = HashSet::new();
        whole.chain(each).filter(move |case| {
            let kind = || case.id.without_variant().to_owned();
            // A case that cannot be sent must not take the place of one that can.
            !is_quick || seen.insert((kind(), case.intent, case.unsendable_reason.is_some()))
        })
    }

    fn operation_context<'w>(
        &'w self,
        index: usize,
        sites: &'w [InputSite],
        first_of_kind: Option<&'w FirstOfKind>,
    ) -> OperationContext<'w> {
        OperationContext { plan: &self.context, operation: self.operations[index], sites, first_of_kind }
    }
}
