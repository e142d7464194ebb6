//! The catalogue of faults: one file for each class of mistakes, each a table or an operator over the contract.
//!
//! Never skips a fault silently: if an operator cannot have an effect at a site, a comment at the operator gives the
//! reason; if an effect cannot be seen from outside, the fault is listed with a reason or as contradicting nothing.

mod auth;
mod bodies;
mod constraint_fault;
mod delivery;
mod enums;
mod errors;
mod limits;
mod memory;
mod paths;
mod patterns;
mod requests;
mod required;
mod resources;
mod rules;
mod successes;
mod types;

use super::constraint_tree::{ConstraintTree, PatternCache};
use super::fault::{Fault, FaultChange, FindingScope};
use super::misbehavior::Misbehavior;
use super::protocols::selects_by_name;
use crate::contract::{Contract, ErrorRole, Operation};
use std::collections::HashMap;

/// One operation, with the constraint tree of its input.
struct FaultContext<'a> {
    contract: &'a Contract,
    operation: &'a Operation,
    tree: ConstraintTree,
}

impl FaultContext<'_> {
    fn operation_name(&self) -> &str {
        self.operation.name.as_str()
    }

    /// Returns true if the operation documents an error with this role.
    fn documents_role(&self, role: ErrorRole) -> bool {
        self.contract.operation_errors(self.operation).any(|(_, error)| error.role == role)
    }

    /// Returns true if the body holds members of the input.
    fn has_body(&self) -> bool {
        use crate::contract::MemberLocation;
        self.tree.slots().iter().any(|slot| matches!(slot.location, MemberLocation::Body | MemberLocation::Payload))
    }
}

/// One row of a table of misbehaviors.
struct FaultRow {
    slug: &'static str,
    trick: Misbehavior,
    description: &'static str,
    violates_contract: bool,
}

const fn row(slug: &'static str, trick: Misbehavior, describes: &'static str) -> FaultRow {
    FaultRow { slug, trick, description: describes, violates_contract: true }
}

/// Creates a row for a behaviour that is usually undocumented, or that cannot be seen from outside.
const fn undocumented_row(slug: &'static str, trick: Misbehavior, describes: &'static str) -> FaultRow {
    FaultRow { slug, trick, description: describes, violates_contract: false }
}

impl FaultRow {
    fn to_fault(&self, class: &'static str, context: &FaultContext<'_>, touches: Vec<FindingScope>) -> Fault {
        Fault {
            name: format!("{}.{class}.{}", context.operation_name(), self.slug),
            class,
            operation: context.operation_name().to_owned(),
            description: self.description.to_owned(),
            violates_contract: self.violates_contract,
            hidden_reason: None,
            scopes: touches,
            change: FaultChange::Misbehavior { operation: context.operation_name().to_owned(), trick: self.trick },
        }
    }
}

/// Returns a scope that covers every finding of the operation.
fn operation_scope(context: &FaultContext<'_>) -> Vec<FindingScope> {
    vec![FindingScope::new(context.operation_name(), "*", "*")]
}

pub(super) fn all_faults(contract: &Contract) -> Vec<Fault> {
    let mut patterns = PatternCache::default();
    let mut faults = Vec::new();
    let named = selects_by_name(contract.protocol);
    for operation in contract.operations.iter().filter(|operation| named || operation.http.is_some()) {
        let tree = operation
            .input
            .as_ref()
            .map(|input| ConstraintTree::new(contract, input, &mut patterns))
            .unwrap_or_default();
        let view = FaultContext { contract, operation, tree };
        for class in [
            limits::faults,
            required::faults,
            enums::faults,
            patterns::faults,
            types::faults,
            rules::faults,
            errors::faults,
            requests::faults,
            bodies::faults,
            resources::faults,
            memory::faults,
            auth::faults,
            paths::faults,
            delivery::faults,
            successes::faults,
        ] {
            faults.extend(class(&view));
        }
    }
    for fault in &mut faults {
        // Every violation may be combined with another one in a case with two violations.
        fault.scopes.push(FindingScope::new(fault.operation.clone(), "pair", "*"));
    }
    let mut taken: HashMap<String, usize> = HashMap::new();
    for fault in &mut faults {
        let count = taken.entry(fault.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            fault.name = format!("{}~{count}", fault.name);
        }
    }
    faults
}

/// Returns true if a body without members is never valid.
fn requires_body_member(context: &FaultContext<'_>) -> bool {
    use super::constraint_tree::NodeKind;
    use crate::contract::{MemberLocation, ShapeRule};
    let Some(root) = context.tree.nodes.first() else { return false };
    let NodeKind::Structure { slots, .. } = &root.kind else { return false };
    slots.iter().any(|slot| slot.required && slot.location == MemberLocation::Body)
        || root.rules.iter().any(|check| matches!(check.rule, ShapeRule::AtLeastOneOf { .. }))
}
