//! Generates the cases of a scenario one after another; they are never all in memory.

use super::Value;
use super::case::Case;
use super::draft::Planner;
use super::label::{Breach, Kin, Labels};
use super::patterns::Patterns;
use super::site::{Site, sites};
use super::strategy::{AT_SITES, Firsts, OF_OPERATIONS, Work};
use crate::contract::{Contract, MemberPath, Operation, Provenance};
use crate::scenario::Scenario;
use std::collections::HashSet;
use std::sync::Arc;

/// How many cases are generated. Ids are the same at every level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// The first case of each member, constraint and side.
    Quick,
    /// Every boundary.
    #[default]
    Full,
    /// Every boundary, and every pair of violated constraints of two classes instead of one pair for each two classes.
    Exhaustive,
}

/// Settings that, together with contract and scenario, determine the cases.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Seed for all random choices.
    pub seed: u64,
    /// How many cases are generated.
    pub level: Level,
}

/// An error in a contract or scenario that prevents the generation of cases.
#[derive(Debug, thiserror::Error)]
#[error("{owner}: {reason}")]
pub struct PlanError {
    /// The operation or shape at fault.
    pub owner: String,
    /// What is wrong, for example a pattern that no text matches.
    pub reason: String,
    /// Where the cause is documented.
    pub source_at: Option<Provenance>,
}

/// Returns all cases, operation by operation, with the controls (`…/valid/control/plain`) first. The same input gives
/// the same cases.
///
/// # Errors
/// Returns an error if an operation has no route or a pattern cannot be satisfied.
pub fn cases<'a>(
    contract: &'a Contract,
    scenario: &'a Scenario,
    options: Options,
) -> Result<Box<dyn Iterator<Item = Case> + Send + 'a>, PlanError> {
    Workbench::new(contract)?.cases(scenario, options)
}

fn controls_of<'a>(plan: Arc<Plan<'a>>) -> impl Iterator<Item = Case> + Send + use<'a> {
    (0..plan.wanted.len()).filter_map(move |index| plan.control(index))
}

fn others_of<'a>(plan: Arc<Plan<'a>>) -> impl Iterator<Item = Case> + Send + use<'a> {
    // For operations that only models describe, the responses to plain values decide how to weigh all others, so these
    // cases come first.
    let plain = {
        let plan = Arc::clone(&plan);
        let modelled = if plan.planner.modelled { plan.wanted.len() } else { 0 };
        (0..modelled).flat_map(move |index| plan.plain(index))
    };
    let rest = (0..plan.wanted.len()).flat_map(move |index| plan.clone().operation(index));
    plain.chain(rest)
}

/// Name of the operation that cannot exist.
pub const CANARY: &str = super::strategy::CANARY;

/// Returns the control of one operation, which shows whether the endpoint works.
///
/// # Errors
/// Returns an error if the operation is unknown, or if no cases can be generated from the contract.
pub fn control(contract: &Contract, scenario: &Scenario, operation: &str) -> Result<Case, PlanError> {
    let plan = Plan::new(contract, scenario, Options::default())?;
    let found = plan.wanted.iter().position(|wanted| wanted.name.as_str() == operation);
    found.and_then(|index| plan.control(index)).ok_or_else(|| PlanError {
        owner: format!("operation `{operation}`"),
        reason: "no valid request can be built".to_owned(),
        source_at: None,
    })
}

/// Number of actions in a sequence; they are numbered from 0.
pub const ACTIONS: usize = super::strategy::ACTIONS;

/// Returns the part of a random sequence that an id names: `s/Op/law/sequence/03~0.4.7` consists of the first, fifth
/// and eighth action of sequence 3.
pub fn part_of_sequence(contract: &Contract, scenario: &Scenario, options: Options, id: &str) -> Option<Case> {
    let mut parts = id.splitn(5, '/').skip(1);
    let operation = parts.next()?;
    let (class, law, variant) = (parts.next()?, parts.next()?, parts.next()?);
    if class != "law" || law != "sequence" || !variant.contains('~') {
        return None;
    }
    let plan = Plan::new(contract, scenario, options).ok()?;
    let operation = plan.wanted.iter().find(|wanted| wanted.name.as_str() == operation)?;
    let sites = sites(contract, operation);
    super::strategy::part_of_sequence(&Work { planner: &plan.planner, operation, sites: &sites, firsts: None }, variant)
}

/// Calls `inspect` with the context of one operation. Returns `None` if the operation is not planned.
pub(super) fn with_work<R>(
    bench: &Workbench<'_>,
    scenario: &Scenario,
    options: Options,
    operation: &str,
    look: impl FnOnce(&Work<'_>) -> Option<R>,
) -> Result<Option<R>, PlanError> {
    let plan = Plan::with(bench, scenario, options)?;
    let Some(operation) = plan.wanted.iter().find(|wanted| wanted.name.as_str() == operation) else { return Ok(None) };
    let sites = sites(bench.contract, operation);
    Ok(look(&Work { planner: &plan.planner, operation, sites: &sites, firsts: None }))
}

/// Returns the constraints that an input of an operation violates.
///
/// # Errors
/// Returns an error if a pattern of the contract cannot be satisfied.
pub fn breaches(contract: &Contract, operation: &Operation, input: &Value) -> Result<Vec<Breach>, PlanError> {
    let patterns = Patterns::of(contract)?;
    let kin = Kin::of(contract);
    let labels = Labels { contract, patterns: &patterns, kin: &kin };
    Ok(operation.input.as_ref().map_or_else(Vec::new, |id| labels.breaches(id, input)))
}

/// A contract prepared for generating cases of several scenarios. The expensive preparation is done once.
#[derive(Clone)]
pub struct Workbench<'a> {
    contract: &'a Contract,
    patterns: Arc<Patterns>,
    kin: Arc<Kin>,
    modelled: bool,
}

impl<'a> Workbench<'a> {
    /// Prepares a contract.
    ///
    /// # Errors
    /// Returns an error if a pattern cannot be satisfied.
    pub fn new(contract: &'a Contract) -> Result<Self, PlanError> {
        Ok(Self {
            contract,
            patterns: Arc::new(Patterns::of(contract)?),
            kin: Arc::new(Kin::of(contract)),
            modelled: contract.is_only_modelled(),
        })
    }

    /// Returns all cases, like [`generate_cases`].
    ///
    /// # Errors
    /// Returns an error if an operation has no route.
    pub fn cases(
        &self,
        scenario: &'a Scenario,
        options: Options,
    ) -> Result<Box<dyn Iterator<Item = Case> + Send + 'a>, PlanError> {
        let plan = Arc::new(Plan::with(self, scenario, options)?);
        Ok(Box::new(controls_of(Arc::clone(&plan)).chain(others_of(plan))))
    }

    /// Returns only the controls.
    ///
    /// # Errors
    /// Returns an error if an operation has no route.
    pub fn controls(
        &self,
        scenario: &'a Scenario,
        options: Options,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, PlanError> {
        Ok(controls_of(Arc::new(Plan::with(self, scenario, options)?)))
    }

    /// Returns all cases except the controls, of the operations for which `runs` returns true.
    ///
    /// # Errors
    /// Returns an error if an operation has no route.
    pub fn others(
        &self,
        scenario: &'a Scenario,
        options: Options,
        runs: &dyn Fn(&str) -> bool,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, PlanError> {
        let mut plan = Plan::with(self, scenario, options)?;
        plan.wanted.retain(|operation| runs(operation.name.as_str()));
        Ok(others_of(Arc::new(plan)))
    }

    fn plan<'s>(&'s self, scenario: &'s Scenario) -> Result<Plan<'s>, PlanError> {
        Plan::with(self, scenario, Options::default())
    }

    /// Returns the control of an operation, or `None` if there is none.
    ///
    /// # Errors
    /// Returns an error if an operation of the contract has no route.
    pub fn control(&self, scenario: &Scenario, operation: &str) -> Result<Option<Case>, PlanError> {
        let plan = self.plan(scenario)?;
        let Some(operation) = self.contract.operation(operation) else { return Ok(None) };
        Ok(super::strategy::control(&Work { planner: &plan.planner, operation, sites: &[], firsts: None }))
    }

    /// Returns the canary: a request for an operation that cannot exist, in the contract's protocol. Returns `None`
    /// if no operation is planned.
    ///
    /// # Errors
    /// Returns an error if an operation of the contract has no route.
    pub fn canary(&self, scenario: &Scenario) -> Result<Option<Case>, PlanError> {
        let plan = self.plan(scenario)?;
        let first = plan.wanted.first();
        Ok(first.map(|operation| {
            super::strategy::canary(&Work { planner: &plan.planner, operation, sites: &[], firsts: None })
        }))
    }

    /// Returns a plain value of a member of an operation's input, in the form of a scenario's `use`. Returns `None` if
    /// the operation has no such member.
    ///
    /// # Errors
    /// Returns an error if an operation of the contract has no route.
    pub fn plain_member(
        &self,
        scenario: &Scenario,
        operation: &str,
        member: &str,
    ) -> Result<Option<serde_json::Value>, PlanError> {
        let plan = self.plan(scenario)?;
        let Some(operation) = self.contract.operation(operation) else { return Ok(None) };
        let id = super::CaseId(String::new());
        let path = MemberPath::root().member(member);
        let input = plan.planner.sampler(operation, &id).with(&[(&path, super::sample::Change::Touch)]);
        Ok(input.member(member).map(Value::to_template))
    }
}

pub(super) struct Plan<'a> {
    pub planner: Planner<'a>,
    pub wanted: Vec<&'a Operation>,
}

impl<'a> Plan<'a> {
    pub fn new(contract: &'a Contract, scenario: &'a Scenario, options: Options) -> Result<Self, PlanError> {
        Self::with(&Workbench::new(contract)?, scenario, options)
    }

    fn with(bench: &Workbench<'a>, scenario: &'a Scenario, options: Options) -> Result<Self, PlanError> {
        let contract = bench.contract;
        let wanted: Vec<&Operation> =
            contract.operations.iter().filter(|operation| scenario.wants(operation.name.as_str())).collect();
        if let Some(operation) = wanted.iter().find(|operation| operation.http.is_none()) {
            return Err(PlanError {
                owner: format!("operation `{}`", operation.name),
                reason: "its method and route are not documented".to_owned(),
                source_at: operation.sources.first().cloned(),
            });
        }
        Ok(Self {
            planner: Planner {
                contract,
                scenario,
                options,
                patterns: Arc::clone(&bench.patterns),
                kin: Arc::clone(&bench.kin),
                modelled: bench.modelled,
            },
            wanted,
        })
    }

    fn control(&self, index: usize) -> Option<Case> {
        super::strategy::control(&Work {
            planner: &self.planner,
            operation: self.wanted[index],
            sites: &[],
            firsts: None,
        })
    }

    /// Returns the cases with each optional member alone and with other plain values, for an operation that only models
    /// describe.
    fn plain(&self, index: usize) -> Vec<Case> {
        let sites = sites(self.planner.contract, self.wanted[index]);
        super::strategy::valid(&self.work(index, &sites, None))
    }

    /// Returns the cases of one operation, generated in one batch per strategy and input site.
    fn operation(self: Arc<Self>, index: usize) -> impl Iterator<Item = Case> + Send + use<'a> {
        let is_quick = self.planner.options.level == Level::Quick;
        let firsts = is_quick.then(|| Arc::new(Firsts::default()));
        let places: Arc<[Site]> = sites(self.planner.contract, self.wanted[index]).into();
        let whole = {
            let (plan, places, firsts) = (Arc::clone(&self), Arc::clone(&places), firsts.clone());
            // `plain_cases` has generated the cases of the first strategy already.
            let skip = usize::from(plan.planner.modelled);
            OF_OPERATIONS
                .iter()
                .skip(skip)
                .flat_map(move |strategy| strategy(&plan.work(index, &places, firsts.as_deref())))
        };
        let each = (0..places.len()).flat_map(move |place| {
            let work = self.work(index, &places, firsts.as_deref());
            AT_SITES.iter().flat_map(|strategy| strategy(&work, &places[place])).collect::<Vec<_>>()
        });
        let mut seen = HashSet::new();
        whole.chain(each).filter(move |case| {
            let kind = || case.id.0.rsplit_once('/').map(|(kind, _)| kind.to_owned());
            // A case that cannot be sent must not take the place of one that can.
            !is_quick || seen.insert((kind(), case.intent, case.unsendable.is_some()))
        })
    }

    fn work<'w>(&'w self, index: usize, sites: &'w [Site], firsts: Option<&'w Firsts>) -> Work<'w> {
        Work { planner: &self.planner, operation: self.wanted[index], sites, firsts }
    }
}
