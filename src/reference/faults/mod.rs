//! The catalogue of faults: one file for each class of mistakes, each a table or an operator over the contract.
//!
//! Never skips a fault silently: if an operator cannot have an effect at a site, a comment at the operator gives the
//! reason; if an effect cannot be seen from outside, the fault is listed with a reason or as contradicting nothing.

mod auth;
mod bodies;
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
mod site;
mod successes;
mod types;

use super::fault::{Change, Fault, Touch};
use super::protocols::is_named;
use super::tree::{Patterns, Tree};
use super::trick::Trick;
use crate::contract::{Contract, Operation, Role};
use std::collections::HashMap;

/// One operation, with the constraint tree of its input.
struct View<'a> {
    contract: &'a Contract,
    operation: &'a Operation,
    tree: Tree,
}

impl View<'_> {
    fn name(&self) -> &str {
        self.operation.name.as_str()
    }

    /// Returns true if the operation documents an error with this role.
    fn documents(&self, role: Role) -> bool {
        self.contract.errors_of(self.operation).any(|(_, error)| error.role == role)
    }

    /// Returns true if the body holds members of the input.
    fn has_body(&self) -> bool {
        use crate::contract::Location;
        self.tree.slots().iter().any(|slot| matches!(slot.location, Location::Body | Location::Payload))
    }
}

/// One row of a table of misbehaviors.
struct Row {
    slug: &'static str,
    trick: Trick,
    describes: &'static str,
    breaks: bool,
}

const fn row(slug: &'static str, trick: Trick, describes: &'static str) -> Row {
    Row { slug, trick, describes, breaks: true }
}

/// Creates a row for a behaviour that is usually undocumented, or that cannot be seen from outside.
const fn silent(slug: &'static str, trick: Trick, describes: &'static str) -> Row {
    Row { slug, trick, describes, breaks: false }
}

impl Row {
    fn fault(&self, class: &'static str, view: &View<'_>, touches: Vec<Touch>) -> Fault {
        Fault {
            name: format!("{}.{class}.{}", view.name(), self.slug),
            class,
            operation: view.name().to_owned(),
            describes: self.describes.to_owned(),
            breaks_contract: self.breaks,
            hidden: None,
            touches,
            change: Change::Trick { operation: view.name().to_owned(), trick: self.trick },
        }
    }
}

/// Returns a scope that covers every finding of the operation.
fn anywhere(view: &View<'_>) -> Vec<Touch> {
    vec![Touch::new(view.name(), "*", "*")]
}

pub(super) fn all(contract: &Contract) -> Vec<Fault> {
    let mut patterns = Patterns::default();
    let mut faults = Vec::new();
    let named = is_named(contract.protocol);
    for operation in contract.operations.iter().filter(|operation| named || operation.http.is_some()) {
        let tree = operation.input.as_ref().map(|input| Tree::new(contract, input, &mut patterns)).unwrap_or_default();
        let view = View { contract, operation, tree };
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
        fault.touches.push(Touch::new(fault.operation.clone(), "pair", "*"));
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
fn required_in_body(view: &View<'_>) -> bool {
    use super::tree::NodeKind;
    use crate::contract::{Location, Rule};
    let Some(root) = view.tree.nodes.first() else { return false };
    let NodeKind::Structure { slots, .. } = &root.kind else { return false };
    slots.iter().any(|slot| slot.required && slot.location == Location::Body)
        || root.rules.iter().any(|check| matches!(check.rule, Rule::AtLeastOneOf { .. }))
}
