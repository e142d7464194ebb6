//! The fuzz generator: a contract and a scenario, prepared once for drawing many cases.
//!
//! It never sends anything, and the same choices always give the same actions.

use super::act::{Act, ActError, USE, acts_from_json};
use super::tale::Tale;
use super::words::Words;
use crate::contract::{Contract, Kind, MemberPath, Operation, Segment, ShapeId};
use crate::generate::case::{Case, CaseId};
use crate::generate::draft::Planner;
use crate::generate::draw::Draw;
use crate::generate::keeper::{Keeper, keepers};
use crate::generate::plan::{Options, Plan, PlanError};
use crate::generate::site::{Site, sites};
use crate::generate::{Value, fixture};
use crate::scenario::Scenario;

/// Generates requests and sequences of requests, together with the responses that they must get.
pub struct Wild<'a> {
    pub(super) plan: Plan<'a>,
    pub(super) words: Words,
    /// One entry per operation, in the plan's order.
    pub(super) grounds: Vec<Ground<'a>>,
    /// Stored members that can be read back.
    pub(super) families: Vec<Family<'a>>,
    /// An empty case id, for values that do not depend on a case.
    pub(super) nameless: CaseId,
}

/// What the generator needs to know about one operation.
pub(super) struct Ground<'a> {
    pub operation: &'a Operation,
    pub sites: Vec<Site>,
    /// The input of the control, with [`USE_PLACEHOLDER`] wherever the scenario's `use` sets the value.
    pub plain: Value,
}

/// A stored member, with the operations that write, read and remove it.
pub(super) struct Family<'a> {
    pub keeper: Keeper<'a>,
    /// The operation that removes entries, and the member of its input that names them.
    pub undoing: Option<(&'a Operation, &'a str)>,
    /// Whether a case can use more than one resource.
    pub has_others: bool,
    /// Whether each case uses a resource of its own.
    pub is_apart: bool,
}

/// First byte of fuzzer input that holds requests as JSON.
const AS_JSON: u8 = b'[';

impl<'a> Wild<'a> {
    /// Creates a generator for a contract and a scenario. `seed` determines the values that are sampled once.
    ///
    /// # Errors
    /// Returns an error if an operation has no route, or if a pattern cannot be satisfied.
    pub fn new(contract: &'a Contract, scenario: &'a Scenario, seed: u64) -> Result<Self, PlanError> {
        let plan = Plan::new(contract, scenario, Options { seed, ..Options::default() })?;
        let nameless = CaseId(String::new());
        let grounds = plan
            .wanted
            .iter()
            .map(|operation| {
                let mut plain = plan.planner.sampler(operation, &nameless).plain();
                hide(&plan.planner, operation, &nameless, 1, &mut plain);
                Ground { operation, sites: sites(contract, operation), plain }
            })
            .collect();
        let families = plan.wanted.iter().flat_map(|operation| families(&plan.planner, operation)).collect();
        Ok(Self { words: Words::of(contract), grounds, families, nameless, plan })
    }

    pub(super) fn planner(&self) -> &Planner<'a> {
        &self.plan.planner
    }

    pub(super) fn ground(&self, operation: &str) -> Option<&Ground<'a>> {
        self.grounds.iter().find(|ground| ground.operation.name.as_str() == operation)
    }

    /// Returns the names of the operations that the generator uses.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.grounds.iter().map(|ground| ground.operation.name.as_str())
    }

    /// Draws actions. Returns `None` if the choices lead to nothing that can be sent.
    pub fn draw(&self, draw: &mut dyn Draw) -> Option<Vec<Act>> {
        super::choose::acts(self, draw)
    }

    /// Returns the actions that a fuzzer's bytes stand for. Bytes that begin with `[` are read as requests in JSON, all
    /// others as choices.
    pub fn from_bytes(&self, bytes: &[u8]) -> Option<Vec<Act>> {
        if bytes.first() == Some(&AS_JSON) {
            return read(bytes).ok().filter(|acts| self.knows(acts));
        }
        self.draw(&mut arbitrary::Unstructured::new(bytes))
    }

    /// Returns true if every action refers to an operation or a stored member of this contract.
    pub fn knows(&self, acts: &[Act]) -> bool {
        acts.iter().all(|act| match act {
            Act::Send { operation, .. } => self.ground(operation.as_str()).is_some(),
            Act::Look { operation, member, .. } => self.family(operation.as_str(), member).is_some(),
        })
    }

    pub(super) fn family(&self, operation: &str, member: &str) -> Option<&Family<'a>> {
        self.families.iter().find(|family| {
            family.keeper.operation.name.as_str() == operation && family.keeper.path.top() == Some(member)
        })
    }

    /// Returns the control of each operation as actions.
    pub fn plain(&self) -> Vec<Vec<Act>> {
        let send = |ground: &Ground<'_>| Act::Send {
            operation: ground.operation.name.clone(),
            resource: 1,
            input: ground.plain.clone(),
            damage: Vec::new(),
        };
        self.grounds.iter().map(|ground| vec![send(ground)]).collect()
    }

    /// Converts a planned case to actions that send the same requests. Returns `None` for what actions cannot express:
    /// requests of another caller, or of no operation. Concurrent requests become sequential.
    pub fn acts_of(&self, case: &Case) -> Option<Vec<Act>> {
        super::seed::acts_of(self, case)
    }

    /// Returns the entries of a fuzzer's dictionary: each word of the contract, each limit with its neighbours, and the
    /// JSON forms of actions.
    pub fn words(&self) -> Vec<String> {
        super::seed::words(self)
    }

    /// Builds a case from actions, with a check for each response. `name` determines which resources the case uses.
    /// Returns `None` if there is nothing to send.
    pub fn tale(&self, name: &str, acts: &[Act]) -> Option<Tale> {
        super::tale::tell(self, name, acts)
    }

    /// Returns simpler candidates, simplest first. The caller has to test which of them still fail.
    pub fn simpler(&self, acts: &[Act]) -> Vec<Vec<Act>> {
        super::simpler::simpler(self, acts)
    }
}

fn read(bytes: &[u8]) -> Result<Vec<Act>, ActError> {
    let json = serde_json::from_slice(bytes).map_err(|error| ActError(error.to_string()))?;
    acts_from_json(json)
}

fn families<'a>(planner: &Planner<'a>, operation: &'a Operation) -> Vec<Family<'a>> {
    let id = CaseId(String::new());
    let of = |resource| planner.sampler(operation, &id).of_resource(resource).plain();
    let is_apart = of(1) != of(2);
    let plain = of(1);
    let is_made = planner.scenario.fixtures.keys().any(|name| fixture::holds(&plain, &format!("{{{name}.")));
    keepers(planner, operation)
        .into_iter()
        .map(|keeper| Family {
            undoing: keeper.undoing(planner),
            keeper,
            has_others: is_apart && !is_made,
            is_apart: is_apart || is_made,
        })
        .collect()
}

/// Calls `at` for each part of a value, outermost first. If `at` returns true, the parts inside are skipped.
pub(super) fn walk(
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
        (Kind::Structure { members } | Kind::Union { members }, Value::Map(given)) => {
            for (name, value) in given {
                if let Some(member) = members.get(name) {
                    walk(contract, &member.shape, value, &path.member(name), at);
                }
            }
        }
        (Kind::List { member }, Value::List(items)) => {
            let place = path.then(Segment::Item);
            for item in items {
                walk(contract, member, item, &place, at);
            }
        }
        (Kind::Map { value: inner, .. }, Value::Map(entries)) => {
            let place = path.then(Segment::Value);
            for value in entries.values_mut() {
                walk(contract, inner, value, &place, at);
            }
        }
        _ => {}
    }
}

/// Replaces every value that the scenario's `use` sets for this resource by [`USE_PLACEHOLDER`], and returns the number
/// of replacements.
pub(super) fn hide(
    planner: &Planner<'_>,
    operation: &Operation,
    case: &CaseId,
    resource: u32,
    value: &mut Value,
) -> usize {
    let Some(input) = &operation.input else { return 0 };
    let sampler = planner.sampler(operation, case).of_resource(resource);
    let mut places = 0;
    walk(planner.contract, input, value, &MemberPath::root(), &mut |path, id, value| {
        let used = planner.scenario.use_for(operation.name.as_str(), &path.to_string()).is_some();
        if used && sampler.sample(id, path) == *value {
            *value = Value::Template(USE.to_owned());
            places += 1;
            return true;
        }
        false
    });
    places
}

/// Returns true if the input differs, at any path with a `use`, from what the scenario sets for this resource.
pub(super) fn strays(
    planner: &Planner<'_>,
    operation: &Operation,
    case: &CaseId,
    resource: u32,
    value: &mut Value,
) -> bool {
    let Some(input) = &operation.input else { return false };
    let sampler = planner.sampler(operation, case).of_resource(resource);
    let mut strays = false;
    walk(planner.contract, input, value, &MemberPath::root(), &mut |path, id, value| {
        let used = planner.scenario.use_for(operation.name.as_str(), &path.to_string()).is_some();
        strays |= used && sampler.sample(id, path) != *value;
        strays
    });
    strays
}

/// Replaces every [`USE_PLACEHOLDER`] by the value that the scenario sets for this resource.
pub(super) fn show(planner: &Planner<'_>, operation: &Operation, case: &CaseId, resource: u32, value: &mut Value) {
    let Some(input) = &operation.input else { return };
    let sampler = planner.sampler(operation, case).of_resource(resource);
    walk(planner.contract, input, value, &MemberPath::root(), &mut |path, id, value| {
        if matches!(value, Value::Template(text) if text == USE) {
            *value = sampler.sample(id, path);
            return true;
        }
        false
    });
}
