//! The fuzz generator: a contract and a scenario, prepared once for drawing many cases.
//!
//! It never sends anything, and the same choices always give the same actions.

use super::action::Action;
use super::dictionary::FuzzDictionary;
use super::placeholders::insert_placeholders;
use crate::case::{CaseId, Resource, Value};
use crate::contract::{Contract, Operation};
use crate::generate::error::PlanError;
use crate::generate::fixture_steps;
use crate::generate::options::GenerationOptions;
use crate::generate::plan::GenerationPlan;
use crate::generate::plan_context::PlanContext;
use crate::generate::site::{InputSite, input_sites};
use crate::generate::stateful::stored_member::{StoredMember, stored_members};
use crate::scenario::Scenario;

/// Generates requests and sequences of requests, together with the responses that they must get.
pub struct FuzzGenerator<'a> {
    pub(super) plan: GenerationPlan<'a>,
    pub(super) dictionary: FuzzDictionary,
    /// One entry per operation, in the plan's order.
    pub(super) operation_infos: Vec<OperationInfo<'a>>,
    /// Stored members that can be read back.
    pub(super) stateful_targets: Vec<StatefulTarget<'a>>,
    /// An empty case id, for values that do not depend on a case.
    pub(super) empty_id: CaseId,
}

/// What the generator needs to know about one operation.
pub(super) struct OperationInfo<'a> {
    pub operation: &'a Operation,
    pub sites: Vec<InputSite>,
    /// The input of the control, with a placeholder wherever the scenario's `use` sets the value.
    pub control_input: Value,
}

/// A stored member, with the operations that write, read and remove it.
pub(super) struct StatefulTarget<'a> {
    pub stored_member: StoredMember<'a>,
    /// The operation that removes entries, and the member of its input that names them.
    pub removal: Option<(&'a Operation, &'a str)>,
    /// Whether a case can use more than one resource.
    pub has_other_resources: bool,
    /// Whether each case uses a resource of its own.
    pub is_isolated: bool,
}

impl<'a> FuzzGenerator<'a> {
    /// Creates a generator for a contract and a scenario. `seed` determines the values that are sampled once.
    ///
    /// # Errors
    /// Returns an error if an operation has no route.
    pub fn new(contract: &'a Contract, scenario: &'a Scenario, seed: u64) -> Result<Self, PlanError> {
        let options = GenerationOptions { seed, ..GenerationOptions::default() };
        let mut plan = GenerationPlan::new(contract, scenario, options)?;
        // The search keeps thousands of sequences in memory.
        let testable = std::sync::Arc::clone(&plan.context.testable);
        plan.operations.retain(|operation| !testable.is_too_large_to_fuzz(operation));
        let empty_id = CaseId::empty();
        let operation_infos = plan
            .operations
            .iter()
            .map(|operation| {
                let mut plain = plan.context.input_sampler(operation, &empty_id).plain_input();
                insert_placeholders(&plan.context, operation, &empty_id, Resource::FIRST, &mut plain);
                OperationInfo {
                    operation,
                    sites: input_sites(contract, operation, &plan.context.testable),
                    control_input: plain,
                }
            })
            .collect();
        let stateful_targets =
            plan.operations.iter().flat_map(|operation| find_stateful_targets(&plan.context, operation)).collect();
        Ok(Self {
            dictionary: FuzzDictionary::from_contract(contract),
            operation_infos,
            stateful_targets,
            empty_id,
            plan,
        })
    }

    pub(super) fn context(&self) -> &PlanContext<'a> {
        &self.plan.context
    }

    pub(super) fn operation_info(&self, operation: &str) -> Option<&OperationInfo<'a>> {
        self.operation_infos.iter().find(|info| info.operation.name.as_str() == operation)
    }

    /// Returns the names of the operations that the generator uses.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.operation_infos.iter().map(|info| info.operation.name.as_str())
    }

    /// Returns true if every action refers to an operation or a stored member of this contract.
    pub fn supports_actions(&self, actions: &[Action]) -> bool {
        actions.iter().all(|action| match action {
            Action::Send { operation, .. } => self.operation_info(operation.as_str()).is_some(),
            Action::Read { operation, member, .. } => self.stateful_target(operation.as_str(), member).is_some(),
        })
    }

    pub(super) fn stateful_target(&self, operation: &str, member: &str) -> Option<&StatefulTarget<'a>> {
        self.stateful_targets.iter().find(|target| {
            target.stored_member.operation.name.as_str() == operation
                && target.stored_member.path.top_member() == Some(member)
        })
    }

    /// Returns the control of each operation as actions.
    pub fn control_actions(&self) -> Vec<Vec<Action>> {
        let send = |info: &OperationInfo<'_>| Action::Send {
            operation: info.operation.name.clone(),
            resource: Resource::FIRST,
            input: info.control_input.clone(),
            damage: Vec::new(),
        };
        self.operation_infos.iter().map(|info| vec![send(info)]).collect()
    }
}

fn find_stateful_targets<'a>(context: &PlanContext<'a>, operation: &'a Operation) -> Vec<StatefulTarget<'a>> {
    let id = CaseId::empty();
    let input_of = |resource| context.input_sampler(operation, &id).for_resource(resource).plain_input();
    let is_apart = input_of(Resource::FIRST) != input_of(Resource::SECOND);
    let plain = input_of(Resource::FIRST);
    let is_fixture = fixture_steps::mentions_fixture(context.scenario, &plain);
    stored_members(context, operation)
        .into_iter()
        .map(|stored_member| StatefulTarget {
            removal: stored_member.undo_operation(context),
            stored_member,
            has_other_resources: is_apart && !is_fixture,
            is_isolated: is_apart || is_fixture,
        })
        .collect()
}
