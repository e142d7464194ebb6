//! The fuzz generator: a contract and a scenario, prepared once for drawing many cases.
//!
//! It never sends anything, and the same choices always give the same actions.

use super::action::{Action, ActionError, USE_PLACEHOLDER, actions_from_json};
use super::dictionary::FuzzDictionary;
use super::fuzz_case::FuzzCase;
use crate::case::{Case, CaseId, Resource, Value};
use crate::contract::{Contract, MemberPath, Operation, PathSegment, ShapeId, ShapeKind};
use crate::generate::case_spec::PlanContext;
use crate::generate::fixture_steps;
use crate::generate::plan::{GenerationOptions, GenerationPlan, PlanError};
use crate::generate::site::{InputSite, input_sites};
use crate::generate::stateful::stored_member::{StoredMember, stored_members};
use crate::pattern::Draw;
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
    /// The input of the control, with [`USE_PLACEHOLDER`] wherever the scenario's `use` sets the value.
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

/// First byte of fuzzer input that holds requests as JSON.
const JSON_START: u8 = b'[';

impl<'a> FuzzGenerator<'a> {
    /// Creates a generator for a contract and a scenario. `seed` determines the values that are sampled once.
    ///
    /// # Errors
    /// Returns an error if an operation has no route, or if a pattern cannot be satisfied.
    pub fn new(contract: &'a Contract, scenario: &'a Scenario, seed: u64) -> Result<Self, PlanError> {
        let plan = GenerationPlan::new(contract, scenario, GenerationOptions { seed, ..GenerationOptions::default() })?;
        let nameless = CaseId::empty();
        let grounds = plan
            .operations
            .iter()
            .map(|operation| {
                let mut plain = plan.context.input_sampler(operation, &nameless).plain_input();
                insert_placeholders(&plan.context, operation, &nameless, Resource::FIRST, &mut plain);
                OperationInfo { operation, sites: input_sites(contract, operation), control_input: plain }
            })
            .collect();
        let families =
            plan.operations.iter().flat_map(|operation| find_stateful_targets(&plan.context, operation)).collect();
        Ok(Self {
            dictionary: FuzzDictionary::from_contract(contract),
            operation_infos: grounds,
            stateful_targets: families,
            empty_id: nameless,
            plan,
        })
    }

    pub(super) fn context(&self) -> &PlanContext<'a> {
        &self.plan.context
    }

    pub(super) fn operation_info(&self, operation: &str) -> Option<&OperationInfo<'a>> {
        self.operation_infos.iter().find(|ground| ground.operation.name.as_str() == operation)
    }

    /// Returns the names of the operations that the generator uses.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.operation_infos.iter().map(|ground| ground.operation.name.as_str())
    }

    /// Draws actions. Returns `None` if the choices lead to nothing that can be sent.
    pub fn draw_actions(&self, draw: &mut dyn Draw) -> Option<Vec<Action>> {
        super::action_draw::draw_actions(self, draw)
    }

    /// Returns the actions that a fuzzer's bytes stand for. Bytes that begin with `[` are read as requests in JSON, all
    /// others as choices.
    pub fn actions_from_bytes(&self, bytes: &[u8]) -> Option<Vec<Action>> {
        if bytes.first() == Some(&JSON_START) {
            return parse_actions(bytes).ok().filter(|acts| self.supports_actions(acts));
        }
        self.draw_actions(&mut arbitrary::Unstructured::new(bytes))
    }

    /// Returns true if every action refers to an operation or a stored member of this contract.
    pub fn supports_actions(&self, actions: &[Action]) -> bool {
        actions.iter().all(|act| match act {
            Action::Send { operation, .. } => self.operation_info(operation.as_str()).is_some(),
            Action::Read { operation, member, .. } => self.stateful_target(operation.as_str(), member).is_some(),
        })
    }

    pub(super) fn stateful_target(&self, operation: &str, member: &str) -> Option<&StatefulTarget<'a>> {
        self.stateful_targets.iter().find(|family| {
            family.stored_member.operation.name.as_str() == operation
                && family.stored_member.path.top_member() == Some(member)
        })
    }

    /// Returns the control of each operation as actions.
    pub fn control_actions(&self) -> Vec<Vec<Action>> {
        let send = |ground: &OperationInfo<'_>| Action::Send {
            operation: ground.operation.name.clone(),
            resource: Resource::FIRST,
            input: ground.control_input.clone(),
            damage: Vec::new(),
        };
        self.operation_infos.iter().map(|ground| vec![send(ground)]).collect()
    }

    /// Converts a planned case to actions that send the same requests. Returns `None` for what actions cannot express:
    /// requests of another caller, or of no operation. Concurrent requests become sequential.
    pub fn actions_from_case(&self, case: &Case) -> Option<Vec<Action>> {
        super::corpus::actions_from_case(self, case)
    }

    /// Returns the entries of a fuzzer's dictionary: each word of the contract, each limit with its neighbours, and the
    /// JSON forms of actions.
    pub fn dictionary_words(&self) -> Vec<String> {
        super::corpus::dictionary_words(self)
    }

    /// Builds a case from actions, with a check for each response. `name` determines which resources the case uses.
    /// Returns `None` if there is nothing to send.
    pub fn build_fuzz_case(&self, name: &str, actions: &[Action]) -> Option<FuzzCase> {
        super::fuzz_case::build_fuzz_case(self, name, actions)
    }

    /// Returns simpler candidates, simplest first. The caller has to test which of them still fail.
    pub fn shrink_actions(&self, actions: &[Action]) -> Vec<Vec<Action>> {
        super::shrink::shrink_actions(self, actions)
    }
}

fn parse_actions(bytes: &[u8]) -> Result<Vec<Action>, ActionError> {
    let json = serde_json::from_slice(bytes).map_err(|error| ActionError(error.to_string()))?;
    actions_from_json(json)
}

fn find_stateful_targets<'a>(context: &PlanContext<'a>, operation: &'a Operation) -> Vec<StatefulTarget<'a>> {
    let id = CaseId::empty();
    let input_of = |resource| context.input_sampler(operation, &id).for_resource(resource).plain_input();
    let is_apart = input_of(Resource::FIRST) != input_of(Resource::SECOND);
    let plain = input_of(Resource::FIRST);
    let is_fixture =
        context.scenario.fixtures.keys().any(|name| fixture_steps::contains_placeholder(&plain, &format!("{{{name}.")));
    stored_members(context, operation)
        .into_iter()
        .map(|keeper| StatefulTarget {
            removal: keeper.undo_operation(context),
            stored_member: keeper,
            has_other_resources: is_apart && !is_fixture,
            is_isolated: is_apart || is_fixture,
        })
        .collect()
}

/// Calls `at` for each part of a value, outermost first. If `at` returns true, the parts inside are skipped.
pub(super) fn visit_values(
    contract: &Contract,
    id: &ShapeId,
    value: &mut Value,
    path: &MemberPath,
    at: &mut dyn FnMut(&MemberPath, &ShapeId, &mut Value) -> bool,
) {
    if at(path, id, value) {
        return;
    }
    match (&contract.shape(id).kind, value) {
        (ShapeKind::Structure { members } | ShapeKind::Union { members }, Value::Map(given)) => {
            for (name, value) in given {
                if let Some(member) = members.get(name) {
                    visit_values(contract, &member.shape, value, &path.join_member(name), at);
                }
            }
        }
        (ShapeKind::List { member }, Value::List(items)) => {
            let place = path.join(PathSegment::Item);
            for item in items {
                visit_values(contract, member, item, &place, at);
            }
        }
        (ShapeKind::Map { value: inner, .. }, Value::Map(entries)) => {
            let place = path.join(PathSegment::Value);
            for value in entries.values_mut() {
                visit_values(contract, inner, value, &place, at);
            }
        }
        _ => {}
    }
}

/// Replaces every value that the scenario's `use` sets for this resource by [`USE_PLACEHOLDER`], and returns the number
/// of replacements.
pub(super) fn insert_placeholders(
    context: &PlanContext<'_>,
    operation: &Operation,
    case: &CaseId,
    resource: Resource,
    value: &mut Value,
) -> usize {
    let Some(input) = &operation.input else { return 0 };
    let sampler = context.input_sampler(operation, case).for_resource(resource);
    let mut replaced = 0;
    visit_values(context.contract, input, value, &MemberPath::root(), &mut |path, id, value| {
        let used = context.scenario.use_value(operation.name.as_str(), &path.to_string()).is_some();
        if used && sampler.sample_value(id, path) == *value {
            *value = Value::Template(USE_PLACEHOLDER.to_owned());
            replaced += 1;
            return true;
        }
        false
    });
    replaced
}

/// Returns true if the input differs, at any path with a `use`, from what the scenario sets for this resource.
pub(super) fn uses_foreign_identifier(
    context: &PlanContext<'_>,
    operation: &Operation,
    case: &CaseId,
    resource: Resource,
    value: &mut Value,
) -> bool {
    let Some(input) = &operation.input else { return false };
    let sampler = context.input_sampler(operation, case).for_resource(resource);
    let mut is_foreign = false;
    visit_values(context.contract, input, value, &MemberPath::root(), &mut |path, id, value| {
        let used = context.scenario.use_value(operation.name.as_str(), &path.to_string()).is_some();
        is_foreign |= used && sampler.sample_value(id, path) != *value;
        is_foreign
    });
    is_foreign
}

/// Replaces every [`USE_PLACEHOLDER`] by the value that the scenario sets for this resource.
pub(super) fn fill_placeholders(
    context: &PlanContext<'_>,
    operation: &Operation,
    case: &CaseId,
    resource: Resource,
    value: &mut Value,
) {
    let Some(input) = &operation.input else { return };
    let sampler = context.input_sampler(operation, case).for_resource(resource);
    visit_values(context.contract, input, value, &MemberPath::root(), &mut |path, id, value| {
        if matches!(value, Value::Template(text) if text == USE_PLACEHOLDER) {
            *value = sampler.sample_value(id, path);
            return true;
        }
        false
    });
}
