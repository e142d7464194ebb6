//! Counts what was read into a contract: operations, members, and limits by kind.
//!
//! It never prints.

use crate::contract::{Constraint, Contract, FactField, FactOrigin, ShapeId};
use std::collections::{BTreeMap, HashSet};

/// What requests of a contract have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContractSummary {
    /// Number of operations.
    pub operations: usize,
    /// Number of members of inputs, nested ones included; a structure that is used several times counts once.
    pub members: usize,
    /// Number of documented limits, by kind, in the order of the kinds' names.
    pub limits: BTreeMap<&'static str, usize>,
}

impl ContractSummary {
    /// Counts what a contract has.
    pub fn new(contract: &Contract) -> Self {
        let mut summary = Self { operations: contract.operations.len(), ..Self::default() };
        let mut open: Vec<&ShapeId> = contract.operations.iter().filter_map(|one| one.input.as_ref()).collect();
        let mut seen: HashSet<&ShapeId> = HashSet::new();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let shape = contract.shape(id);
            open.extend(shape.child_shape_ids());
            summary.members += shape.kind.members().map_or(0, indexmap::IndexMap::len);
            let stated: HashSet<&FactField> = shape
                .facts
                .iter()
                .filter(|fact| fact.standing != FactOrigin::Assumed && fact.value != false)
                .map(|fact| &fact.field)
                .collect();
            for field in stated {
                let kind = match field {
                    FactField::MemberRequired(_) => Some(Constraint::Required.name()),
                    FactField::Rule(_) => Some("rules"),
                    field => field.constraint().filter(|one| *one != Constraint::Type).map(Constraint::name),
                };
                if let Some(kind) = kind {
                    *summary.limits.entry(kind).or_default() += 1;
                }
            }
        }
        summary
    }

    /// Describes the limits: `length 12, range 4, required 9`.
    pub fn describe_limits(&self) -> String {
        let described: Vec<String> = self.limits.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        if described.is_empty() { "none".to_owned() } else { described.join(", ") }
    }
}
