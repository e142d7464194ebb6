//! A contract and scenario made ready for drawing: what takes long is done once.
//!
//! It sends nothing, and the same choices give the same acts.

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

/// Draws requests and sequences of them, and tells what must come back.
pub struct Wild<'a> {
    pub(super) plan: Plan<'a>,
    pub(super) words: Words,
    /// For each operation, in the plan's order.
    pub(super) grounds: Vec<Ground<'a>>,
    /// What is stored and can be looked at.
    pub(super) families: Vec<Family<'a>>,
    /// The id of no case, for what depends on none.
    pub(super) nameless: CaseId,
}

/// What is known of one operation.
pub(super) struct Ground<'a> {
    pub operation: &'a Operation,
    pub sites: Vec<Site>,
    /// The plain input, with [`USE`] where the scenario says what stands.
    pub plain: Value,
}

/// A member that is stored, with all operations that have to do with it.
pub(super) struct Family<'a> {
    pub keeper: Keeper<'a>,
    /// The operation that takes entries back, and the member of its input that names them.
    pub undoing: Option<(&'a Operation, &'a str)>,
    /// Whether there is more than one resource.
    pub has_others: bool,
    /// Whether each case has a resource of its own.
    pub is_apart: bool,
}

/// What a fuzzer's bytes begin with where requests follow as JSON.
const AS_JSON: u8 = b'[';

impl<'a> Wild<'a> {
    /// For a contract and scenario; the seed feeds what is sampled once.
    ///
    /// # Errors
    /// Where an operation has no route, or a pattern cannot be satisfied.
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

    /// The names of the operations that are drawn.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.grounds.iter().map(|ground| ground.operation.name.as_str())
    }

    /// Acts from free choices; `None` where the choices lead to nothing that can be sent.
    pub fn draw(&self, draw: &mut dyn Draw) -> Option<Vec<Act>> {
        super::choose::acts(self, draw)
    }

    /// Acts from a fuzzer's bytes: requests as JSON where they begin with `[`, free choices otherwise.
    pub fn from_bytes(&self, bytes: &[u8]) -> Option<Vec<Act>> {
        if bytes.first() == Some(&AS_JSON) {
            return read(bytes).ok().filter(|acts| self.knows(acts));
        }
        self.draw(&mut arbitrary::Unstructured::new(bytes))
    }

    /// Whether every act is one of this contract's.
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

    /// The plain valid request of each operation.
    pub fn plain(&self) -> Vec<Vec<Act>> {
        let send = |ground: &Ground<'_>| Act::Send {
            operation: ground.operation.name.clone(),
            resource: 1,
            input: ground.plain.clone(),
            damage: Vec::new(),
        };
        self.grounds.iter().map(|ground| vec![send(ground)]).collect()
    }

    /// What a planned case does, as acts that send the very same; `None` where acts cannot say that: requests of another
    /// caller, or of no operation. What is sent side by side comes one after another.
    pub fn acts_of(&self, case: &Case) -> Option<Vec<Act>> {
        super::seed::acts_of(self, case)
    }

    /// Each word of the contract, each limit and what lies beside it, and the forms of acts: what a fuzzer's dictionary
    /// holds.
    pub fn words(&self) -> Vec<String> {
        super::seed::words(self)
    }

    /// The acts as steps, with what must come back to each; `name` decides which resources they use. `None` where
    /// there is nothing to send.
    pub fn tale(&self, name: &str, acts: &[Act]) -> Option<Tale> {
        super::tale::tell(self, name, acts)
    }

    /// Simpler acts, the simplest first, each of which may show the same.
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

/// Calls `at` for each place of a value, outermost first; where it says true, nothing inside is looked at.
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

/// Puts [`USE`] wherever stands what the scenario says for this case's resource, and returns in how many places.
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

/// Whether something else stands where the scenario says what stands there for this case's resource.
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

/// Puts what the scenario says for this case's resource wherever [`USE`] stands.
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
