//! Finds the shapes that have a value which can be sent: finite, of bounded size, and within all limits.
//!
//! The rest is left out of every request: an optional member is never sent, and an operation whose input requires one
//! has no cases.

use super::contract_patterns::ContractPatterns;
use super::limits::MAX_ENTRIES;
use super::shape_defect::{ShapeDefect, find_defect};
use crate::contract::{Contract, MemberPath, Operation, PathSegment, Provenance, Shape, ShapeId, ShapeKind, ShapeRule};
use crate::scenario::Scenario;
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

/// Maximum depth of plain values with an item in every list, and again of what is around them.
const MAX_PLAIN_DEPTH: usize = 24;
/// Maximum size of a plain value in bytes: one text of the greatest length that is sent, and a quarter for the rest.
pub(crate) const MAX_PLAIN_SIZE: u64 = (1 << 20) + (1 << 18);
/// Maximum number of places of an operation's input, in breadth-first order. Deeper places of larger inputs are left
/// out, because inputs such as those of EC2 or DynamoDB branch endlessly.
pub(crate) const MAX_SITES: usize = 4_000;
/// Number of places that are tested even if each request is very large.
const MIN_SITES: usize = 32;
/// Maximum size of one request for each place of an operation's input together, in bytes. A place has dozens of cases,
/// and each contains all required members, so the work grows with the square of their number.
const MAX_REQUESTS_SIZE: u64 = 32 << 20;
/// Maximum size of the plain input of an operation that is fuzzed, in bytes.
const MAX_FUZZED_SIZE: u64 = 32 << 10;
/// Size of a value without its content, in bytes.
const VALUE_SIZE: u64 = 16;

/// A shape without a value that can be sent, and why.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ShapeProblem {
    /// The shape.
    pub shape: ShapeId,
    /// What is wrong with it.
    pub defect: ShapeDefect,
    /// Where it is documented.
    pub source_at: Option<Provenance>,
}

/// The sizes of plain values, by shape. A shape that is absent has no value that can be sent.
#[derive(Debug, Default)]
pub(crate) struct TestableShapes {
    sizes: HashMap<ShapeId, u64>,
    /// The shapes whose plain value has an item in every list and an entry in every map. Other plain values contain
    /// empty ones: a list of itself would never end.
    filled: HashSet<ShapeId>,
    /// The shapes that are at fault themselves, whatever they refer to.
    own_defects: IndexMap<ShapeId, ShapeDefect>,
}

impl TestableShapes {
    /// Computes the sizes of all shapes of a contract. If machine models are the only source, a pattern that cannot be
    /// drawn is ignored, because a model of hundreds of operations stays useful without it.
    pub fn new(contract: &Contract, patterns: &ContractPatterns) -> Self {
        let checked = (!contract.is_model_only()).then_some(patterns);
        let defects =
            contract.shapes.iter().filter_map(|(id, shape)| Some((id.clone(), find_defect(id, shape, checked)?)));
        let own_defects: IndexMap<ShapeId, ShapeDefect> = defects.collect();
        let (sizes, filled) = compute_sizes(contract, &own_defects, &HashSet::new());
        let owned = |id: &&ShapeId| (*id).clone();
        Self {
            sizes: sizes.iter().map(|(id, size)| ((*id).clone(), *size)).collect(),
            filled: filled.iter().map(owned).collect(),
            own_defects,
        }
    }

    /// Returns true if the shape has a value that can be sent.
    pub fn has_value(&self, id: &ShapeId) -> bool {
        self.sizes.contains_key(id)
    }

    /// Returns true if a list of this shape, or a map with these values, gets an item or entry although it needs none.
    pub fn fills_collections(&self, id: &ShapeId) -> bool {
        self.filled.contains(id)
    }

    /// Returns the size of a plain value in bytes, or 0 if there is no value.
    pub fn plain_size(&self, id: &ShapeId) -> u64 {
        self.sizes.get(id).copied().unwrap_or(0)
    }

    /// Returns the maximum number of places of an operation's input that are tested: fewer if each request is large.
    pub fn place_limit(&self, contract: &Contract, input: &ShapeId) -> usize {
        let members = contract.shapes.get(input).and_then(|shape| shape.kind.members()).map_or(0, IndexMap::len);
        let cost = self.plain_size(input) + VALUE_SIZE * members as u64;
        usize::try_from(MAX_REQUESTS_SIZE / cost.max(1)).unwrap_or(MAX_SITES).clamp(MIN_SITES, MAX_SITES)
    }

    /// Returns true if the requests of an operation are so large that sequences of them are not fuzzed.
    pub fn is_too_large_to_fuzz(&self, operation: &Operation) -> bool {
        operation.input.as_ref().is_some_and(|input| self.plain_size(input) > MAX_FUZZED_SIZE)
    }

    /// Returns true if a valid request for an operation can be built. A value that the scenario's `use` gives counts as
    /// valid.
    pub fn has_request(&self, contract: &Contract, scenario: &Scenario, operation: &Operation) -> bool {
        let Some(input) = &operation.input else { return true };
        if self.has_value(input) {
            return true;
        }
        let given = given_shapes(contract, scenario, operation, input);
        !given.is_empty() && compute_sizes(contract, &self.own_defects, &given).0.contains_key(input)
    }

    /// Returns the shapes at fault, in the contract's order: those with a defect of their own, one shape of each endless
    /// recursion, and the innermost ones that are too large or too deep.
    pub fn problems(&self, contract: &Contract) -> Vec<ShapeProblem> {
        let mut found: HashMap<&ShapeId, ShapeDefect> =
            self.own_defects.iter().map(|(id, defect)| (id, defect.clone())).collect();
        let mut blocked = BlockedShapes::new(self.blocked_shapes(contract));
        loop {
            while let Some((id, needs)) = blocked.next_end() {
                if needs.iter().all(|needed| self.has_value(needed)) {
                    let size = plain_size(&contract.shapes[id], &|id| self.sizes.get(id).copied(), true);
                    let defect = match size {
                        Some(size) if size <= MAX_PLAIN_SIZE => ShapeDefect::Depth { limit: 2 * MAX_PLAIN_DEPTH },
                        _ => ShapeDefect::Size { limit: MAX_PLAIN_SIZE },
                    };
                    found.insert(id, defect);
                }
            }
            let Some(cycle) = blocked.remove_cycle() else { break };
            let start = (0..cycle.len()).min_by_key(|at| contract.shapes.get_index_of(cycle[*at])).unwrap_or(0);
            let names = cycle[start..].iter().chain(&cycle[..=start]).map(|id| (*id).clone()).collect();
            found.insert(cycle[start], ShapeDefect::Recursion { cycle: names });
        }
        let problem = |(id, shape): (&ShapeId, &Shape)| {
            let defect = found.remove(id)?;
            Some(ShapeProblem { shape: id.clone(), source_at: defect.source(shape), defect })
        };
        contract.shapes.iter().filter_map(problem).collect()
    }

    /// Returns the shapes without a value that have no defect of their own, with the shapes that each one needs.
    fn blocked_shapes<'c>(&self, contract: &'c Contract) -> IndexMap<&'c ShapeId, Vec<&'c ShapeId>> {
        let blocked =
            contract.shapes.iter().filter(|(id, _)| !self.has_value(id) && !self.own_defects.contains_key(*id));
        blocked.map(|(id, shape)| (id, needed_shapes(shape))).collect()
    }
}

/// Shapes without a value, taken apart from the innermost ones outwards.
struct BlockedShapes<'c> {
    /// The shapes that each one needs.
    needs: IndexMap<&'c ShapeId, Vec<&'c ShapeId>>,
    /// The blocked shapes that need each one.
    needed_by: HashMap<&'c ShapeId, Vec<&'c ShapeId>>,
    /// Number of blocked shapes that each one needs.
    open: HashMap<&'c ShapeId, usize>,
    /// The shapes that need no blocked shape any more.
    ends: Vec<&'c ShapeId>,
}

impl<'c> BlockedShapes<'c> {
    fn new(needs: IndexMap<&'c ShapeId, Vec<&'c ShapeId>>) -> Self {
        let mut needed_by: HashMap<&ShapeId, Vec<&ShapeId>> = HashMap::new();
        let mut open = HashMap::new();
        for (id, needed) in &needs {
            let blocked = needed.iter().filter(|id| needs.contains_key(**id));
            open.insert(*id, blocked.clone().count());
            blocked.for_each(|needed| needed_by.entry(*needed).or_default().push(*id));
        }
        let ends = needs.keys().copied().filter(|id| open[id] == 0).collect();
        Self { needs, needed_by, open, ends }
    }

    /// Removes a shape that needs no blocked shape, and returns it with the shapes that it needs.
    fn next_end(&mut self) -> Option<(&'c ShapeId, Vec<&'c ShapeId>)> {
        let id = self.ends.pop()?;
        Some((id, self.remove(id)))
    }

    /// Removes the shapes of one cycle and returns them in order. Every remaining shape must need a blocked one.
    fn remove_cycle(&mut self) -> Option<Vec<&'c ShapeId>> {
        let start = *self.needs.keys().next()?;
        let mut path: Vec<&ShapeId> = vec![start];
        let mut places: HashMap<&ShapeId, usize> = HashMap::from([(start, 0)]);
        let cycle = loop {
            let last = path[path.len() - 1];
            let next = self.needs[last].iter().copied().find(|id| self.needs.contains_key(*id))?;
            if let Some(at) = places.get(next) {
                break path.split_off(*at);
            }
            places.insert(next, path.len());
            path.push(next);
        };
        cycle.iter().for_each(|id| drop(self.remove(id)));
        self.ends.retain(|id| !cycle.contains(id));
        Some(cycle)
    }

    fn remove(&mut self, id: &'c ShapeId) -> Vec<&'c ShapeId> {
        for outer in self.needed_by.remove(id).unwrap_or_default() {
            if let Some(open) = self.open.get_mut(outer) {
                *open -= 1;
                if *open == 0 {
                    self.ends.push(outer);
                }
            }
        }
        self.open.remove(id);
        self.needs.swap_remove(id).unwrap_or_default()
    }
}

/// Returns the shapes of which every value of a shape has at least one; for a union, one of them is enough.
fn needed_shapes(shape: &Shape) -> Vec<&ShapeId> {
    match &shape.kind {
        ShapeKind::Structure { members } => {
            let ruled = shape.rules.iter().filter_map(|rule| match rule {
                ShapeRule::AtLeastOneOf { members: names } => Some(names.iter().filter_map(|name| members.get(name))),
                _ => None,
            });
            let required = members.values().filter(|member| member.required);
            required.chain(ruled.flatten()).map(|member| &member.shape).collect()
        }
        ShapeKind::List { .. } | ShapeKind::Map { .. } if shape.length().min.unwrap_or(0) == 0 => Vec::new(),
        _ => shape.child_shape_ids().collect(),
    }
}

/// Computes the sizes of all shapes, and which of them are filled. Shapes in `given` have values of the scenario.
fn compute_sizes<'c>(
    contract: &'c Contract,
    defects: &IndexMap<ShapeId, ShapeDefect>,
    given: &HashSet<&ShapeId>,
) -> (HashMap<&'c ShapeId, u64>, HashSet<&'c ShapeId>) {
    let mut sizes: HashMap<&ShapeId, u64> = HashMap::new();
    let mut open: Vec<(&ShapeId, &Shape)> = Vec::new();
    for (id, shape) in &contract.shapes {
        if given.contains(id) {
            sizes.insert(id, VALUE_SIZE);
        } else if !defects.contains_key(id) {
            open.push((id, shape));
        }
    }
    // First with an item in every list. A shape is as deep as the round that finds its size.
    add_sizes(&mut open, &mut sizes, false);
    let filled = sizes.keys().copied().collect();
    add_sizes(&mut open, &mut sizes, true);
    (sizes, filled)
}

fn add_sizes<'c>(open: &mut Vec<(&'c ShapeId, &'c Shape)>, sizes: &mut HashMap<&'c ShapeId, u64>, may_be_empty: bool) {
    for _ in 0..MAX_PLAIN_DEPTH {
        let of = |id: &ShapeId| sizes.get(id).copied();
        let fitting = |shape: &Shape| plain_size(shape, &of, may_be_empty).filter(|size| *size <= MAX_PLAIN_SIZE);
        let found: Vec<(&ShapeId, u64)> = open.iter().filter_map(|(id, shape)| Some((*id, fitting(shape)?))).collect();
        if found.is_empty() {
            return;
        }
        sizes.extend(found);
        open.retain(|(id, _)| !sizes.contains_key(id));
    }
}

/// Returns the size of a plain value, or `None` if the size of a part is unknown. With `may_be_empty`, a collection
/// without a minimum may be empty.
fn plain_size(shape: &Shape, of: &dyn Fn(&ShapeId) -> Option<u64>, may_be_empty: bool) -> Option<u64> {
    let min = shape.length().min.unwrap_or(0);
    let size = match &shape.kind {
        ShapeKind::Blob | ShapeKind::String => VALUE_SIZE.saturating_add(min),
        ShapeKind::List { .. } | ShapeKind::Map { .. } => {
            let mut entry: u64 = VALUE_SIZE;
            for id in shape.child_shape_ids() {
                match of(id) {
                    Some(size) => entry = entry.saturating_add(size),
                    None if may_be_empty && min == 0 => return Some(VALUE_SIZE),
                    None => return None,
                }
            }
            entry.saturating_mul(min.clamp(1, MAX_ENTRIES))
        }
        ShapeKind::Structure { members } => {
            let mut size = VALUE_SIZE;
            for (name, member) in members.iter().filter(|(_, member)| member.required) {
                size = size.saturating_add(VALUE_SIZE + name.len() as u64).saturating_add(of(&member.shape)?);
            }
            for rule in &shape.rules {
                let ShapeRule::AtLeastOneOf { members: names } = rule else { continue };
                let known = || names.iter().filter_map(|name| members.get(name));
                let sizes = || known().filter_map(|member| of(&member.shape));
                if known().next().is_some() && !known().any(|member| member.required) {
                    size = size.saturating_add(sizes().min()?);
                }
            }
            size
        }
        ShapeKind::Union { members } => {
            let smallest = members.values().filter_map(|member| of(&member.shape)).min();
            if members.is_empty() { VALUE_SIZE } else { smallest?.saturating_add(VALUE_SIZE) }
        }
        _ => VALUE_SIZE,
    };
    Some(size)
}

/// Returns the shapes at the places for which the scenario's `use` gives a value.
fn given_shapes<'c>(
    contract: &'c Contract,
    scenario: &Scenario,
    operation: &Operation,
    input: &'c ShapeId,
) -> HashSet<&'c ShapeId> {
    let own = scenario.operation_notes(operation.name.as_str()).into_iter().flat_map(|notes| notes.use_values.keys());
    let paths = own.chain(scenario.use_values.keys()).filter_map(|text| MemberPath::parse(text));
    paths.filter_map(|path| shape_at(contract, input, &path)).collect()
}

fn shape_at<'c>(contract: &'c Contract, input: &'c ShapeId, path: &MemberPath) -> Option<&'c ShapeId> {
    path.0.iter().try_fold(input, |id, segment| match (&contract.shapes.get(id)?.kind, segment) {
        (ShapeKind::Structure { members } | ShapeKind::Union { members }, PathSegment::Member(name)) => {
            members.get(name).map(|member| &member.shape)
        }
        (ShapeKind::List { member }, PathSegment::Item) => Some(member),
        (ShapeKind::Map { key, .. }, PathSegment::Key) => Some(key),
        (ShapeKind::Map { value, .. }, PathSegment::Value) => Some(value),
        _ => None,
    })
}
