//! Splits the planned cases of a run into shards of equal cost.
//!
//! The split depends on the plan alone, so every machine computes the same one: nothing that a run measures decides.

use crate::case::Case;
use crate::contract::{Constraint, OperationName};
use indexmap::IndexMap;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// The owner of each case of a plan.
///
/// Cases keep the order of their operation: a shard gets a range of them, so that it needs the controls of few
/// operations only.
#[derive(Debug, Default)]
pub struct ShardSplit {
    operations: IndexMap<OperationName, OperationShards>,
    digest: String,
}

/// The shards that have cases of one operation.
#[derive(Debug, Default)]
struct OperationShards {
    first: u32,
    last: u32,
    has_control: bool,
    /// Number of cases that are not controls.
    others: u64,
    /// The shards of the cases that run beside others, and of those that run alone: the number of cases up to the end
    /// of a range, and its shard.
    lanes: [Vec<(u64, u32)>; 2],
}

/// The owner of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseOwner {
    /// Index of the shard whose result counts.
    pub shard: u32,
    /// Whether other shards that have cases of the operation send the case, too, because its result decides what
    /// theirs mean.
    pub is_shared: bool,
}

impl ShardSplit {
    /// Splits a plan, in plan order, into `count` shards.
    pub fn new(cases: impl Iterator<Item = Case>, count: u32) -> Self {
        let mut costs: IndexMap<OperationName, OperationCosts> = IndexMap::new();
        let mut digest = Sha256::new();
        for case in cases {
            digest.update(case.id.as_str());
            digest.update(b"\n");
            if !costs.contains_key(&case.operation) {
                costs.insert(case.operation.clone(), OperationCosts::default());
            }
            let operation = costs.get_mut(&case.operation).expect("it was inserted");
            operation.add(&case, is_shared(&case));
        }
        let mut costs: Vec<(OperationName, OperationCosts)> = costs.into_iter().collect();
        for (_, operation) in &mut costs {
            operation.lanes.iter_mut().for_each(Lane::close);
        }
        let capacity = smallest_capacity(&costs, count);
        let mut operations: IndexMap<OperationName, OperationShards> = IndexMap::new();
        pack(&costs, capacity, count, &mut |step| match step {
            PackStep::Enters { operation, shard } => {
                let (name, costs) = &costs[operation];
                let shards = operations.entry(name.clone()).or_insert_with(|| OperationShards {
                    first: shard,
                    has_control: costs.has_control,
                    others: costs.others,
                    ..OperationShards::default()
                });
                shards.last = shard;
            }
            PackStep::Takes { operation, lane, cases, shard } => {
                let lane = &mut operations[operation].lanes[lane];
                let end = lane.last().map_or(0, |(end, _)| *end) + cases;
                match lane.last_mut().filter(|(_, last)| *last == shard) {
                    Some(range) => range.0 = end,
                    None => lane.push((end, shard)),
                }
            }
        });
        let digest = format!("sha256:{}", data_encoding::HEXLOWER.encode(&digest.finalize()));
        Self { operations, digest }
    }

    /// Returns the digest of the plan: equal plans have equal digests.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Returns true if the plan has no case.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Returns true if a shard has cases of an operation, so that it needs its control.
    pub fn has_operation(&self, shard: u32, operation: &str) -> bool {
        self.operations.get(operation).is_some_and(|shards| (shards.first..=shards.last).contains(&shard))
    }

    /// Returns the shards that have cases of an operation.
    pub fn shards_of(&self, operation: &str) -> std::ops::RangeInclusive<u32> {
        self.operations.get(operation).map_or(0..=0, |shards| shards.first..=shards.last)
    }

    /// Returns true if all controls of the plan belong to one shard.
    pub fn owns_all_controls(&self, shard: u32) -> bool {
        self.operations.values().all(|shards| !shards.has_control || shards.first == shard)
    }

    /// Returns the number of cases and operations of a run that only sends the control of operations for which `runs` is
    /// false.
    pub fn count_cases(&self, runs: impl Fn(&str) -> bool) -> (u64, u64) {
        let (mut cases, mut operations) = (0, 0);
        for (name, shards) in &self.operations {
            let own = u64::from(shards.has_control) + if runs(name.as_str()) { shards.others } else { 0 };
            cases += own;
            operations += u64::from(own > 0);
        }
        (cases, operations)
    }

    /// Returns what tells the owners of the plan's cases, which must be passed to it in plan order. Operations may be
    /// left out as a whole.
    pub fn owners(&self) -> CaseOwners<'_> {
        CaseOwners { split: self, seen: HashMap::new() }
    }

    /// Returns true if the result of a control or of a plain value belongs to another shard.
    pub fn is_borrowed(&self, shard: u32, case: &Case) -> bool {
        is_shared(case) && *self.shards_of(case.operation.as_str()).start() != shard
    }
}

/// Returns true if the result of a case decides what other cases of its operation mean.
fn is_shared(case: &Case) -> bool {
    case.id.is_control() || case.id.is_plain_value()
}

/// Tells the owners of cases.
#[derive(Debug)]
pub struct CaseOwners<'s> {
    split: &'s ShardSplit,
    /// Number of cases so far, per operation and lane.
    seen: HashMap<&'s str, [u64; 2]>,
}

impl CaseOwners<'_> {
    /// Returns the owner of the next case.
    pub fn owner_of(&mut self, case: &Case) -> CaseOwner {
        let is_shared = is_shared(case);
        let Some((name, shards)) = self.split.operations.get_key_value(&case.operation) else {
            return CaseOwner { shard: 0, is_shared };
        };
        if is_shared {
            return CaseOwner { shard: shards.first, is_shared };
        }
        let lane = usize::from(case.is_exclusive);
        let seen = &mut self.seen.entry(name.as_str()).or_default()[lane];
        *seen += 1;
        let ranges = &shards.lanes[lane];
        let range = ranges.partition_point(|(end, _)| *end < *seen);
        let shard = ranges.get(range).or(ranges.last()).map_or(shards.first, |(_, shard)| *shard);
        CaseOwner { shard, is_shared }
    }
}

/// What the cases of one operation cost.
#[derive(Debug, Default)]
struct OperationCosts {
    /// The cost of what every shard with cases of the operation sends.
    shared: u64,
    has_control: bool,
    others: u64,
    /// The cases that run beside others, and those that run alone.
    lanes: [Lane; 2],
}

/// Cases of an operation in units that one shard gets as a whole.
#[derive(Debug, Default)]
struct Lane {
    units: Vec<Units>,
    /// The unit that further cases may belong to, and what they have in common.
    open: Option<(String, Units)>,
}

/// Equal units, one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Units {
    repeats: u64,
    /// Number of cases of each.
    cases: u64,
    /// Number of requests of each.
    cost: u64,
}

impl OperationCosts {
    fn add(&mut self, case: &Case, is_shared: bool) {
        let cost = (case.steps.len() as u64).max(1);
        if case.id.is_control() {
            self.has_control = true;
        } else {
            self.others += 1;
        }
        if is_shared {
            self.shared += cost;
            return;
        }
        let lane = &mut self.lanes[usize::from(case.is_exclusive)];
        if case.is_exclusive {
            // What runs alone shares a resource.
            lane.add_to_unit("", cost);
        } else if matches!(case.constraint, Some(Constraint::Length | Constraint::Range)) {
            // The limit that an endpoint has is searched from both sides.
            lane.add_to_unit(case.id.without_variant(), cost);
        } else {
            lane.close();
            lane.push(Units { repeats: 1, cases: 1, cost });
        }
    }
}

impl Lane {
    fn add_to_unit(&mut self, key: &str, cost: u64) {
        if let Some((open, unit)) = &mut self.open
            && open == key
        {
            (unit.cases, unit.cost) = (unit.cases + 1, unit.cost + cost);
            return;
        }
        self.close();
        self.open = Some((key.to_owned(), Units { repeats: 1, cases: 1, cost }));
    }

    fn close(&mut self) {
        if let Some((_, unit)) = self.open.take() {
            self.push(unit);
        }
    }

    fn push(&mut self, unit: Units) {
        match self.units.last_mut() {
            Some(last) if (last.cases, last.cost) == (unit.cases, unit.cost) => last.repeats += 1,
            _ => self.units.push(unit),
        }
    }
}

impl Units {
    /// Returns the units as single cases if one of them costs more than a shard should.
    fn divided(self, fair: u64) -> Self {
        if self.cost <= fair || self.cases == 1 {
            return self;
        }
        Self { repeats: self.repeats * self.cases, cases: 1, cost: self.cost.div_ceil(self.cases) }
    }
}

/// A step of packing cases into shards, one after another.
enum PackStep {
    /// A shard gets the first of its cases of an operation.
    Enters { operation: usize, shard: u32 },
    /// A shard gets the next cases of an operation.
    Takes { operation: usize, lane: usize, cases: u64, shard: u32 },
}

/// Returns the smallest maximum cost with which all cases fit into the shards.
fn smallest_capacity(costs: &[(OperationName, OperationCosts)], count: u32) -> u64 {
    let (mut low, mut high) = (1, total_cost(costs).max(1));
    while low < high {
        let middle = low + (high - low) / 2;
        if pack(costs, middle, count, &mut |_| {}) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    high
}

fn total_cost(costs: &[(OperationName, OperationCosts)]) -> u64 {
    let units = |lane: &Lane| lane.units.iter().map(|units| units.repeats * units.cost).sum::<u64>();
    costs.iter().map(|(_, one)| one.shared + one.lanes.iter().map(units).sum::<u64>()).sum()
}

/// Fills one shard after another up to a maximum cost. Returns false if the shards are not enough.
fn pack(
    costs: &[(OperationName, OperationCosts)],
    capacity: u64,
    count: u32,
    report: &mut dyn FnMut(PackStep),
) -> bool {
    let fair = total_cost(costs).div_ceil(u64::from(count));
    let (mut shard, mut load) = (0, 0);
    for (operation, (_, costs)) in costs.iter().enumerate() {
        let lanes = costs.lanes.each_ref().map(|lane| lane.units.iter().map(|units| units.divided(fair)));
        let first = lanes.iter().find_map(|units| units.clone().next()).map_or(0, |units| units.cost);
        // A shard does not begin an operation of which it would only get the control.
        if load > 0 && load + costs.shared + first > capacity {
            (shard, load) = (shard + 1, 0);
        }
        load += costs.shared;
        report(PackStep::Enters { operation, shard });
        for (lane, units) in lanes.into_iter().enumerate() {
            for Units { mut repeats, cases, cost } in units {
                while repeats > 0 {
                    let fitting = (capacity.saturating_sub(load) / cost).min(repeats);
                    if fitting > 0 {
                        report(PackStep::Takes { operation, lane, cases: fitting * cases, shard });
                        (load, repeats) = (load + fitting * cost, repeats - fitting);
                    } else if costs.shared + cost > capacity {
                        return false;
                    } else {
                        (shard, load) = (shard + 1, costs.shared);
                        report(PackStep::Enters { operation, shard });
                    }
                }
            }
        }
        if shard >= count || load > capacity {
            return false;
        }
    }
    true
}
