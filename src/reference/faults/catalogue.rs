//! Lists every fault that is possible for a contract.
//!
//! Never skips a class; each class decides for itself where it applies.

use super::context::FaultContext;
use super::fault::{Fault, FindingScope};
use super::{
    auth, bodies, delivery, enums, errors, limits, memory, paths, patterns, requests, required, resources, rules,
    successes, types,
};
use crate::contract::Contract;
use crate::reference::constraints::{ConstraintTree, PatternCache};
use crate::reference::protocols::selects_by_name;
use std::collections::HashMap;

/// Returns every fault that is possible for a contract, in a fixed order and with unique names.
pub fn list_faults(contract: &Contract) -> Vec<Fault> {
    let mut patterns = PatternCache::default();
    let mut faults = Vec::new();
    let named = selects_by_name(contract.protocol);
    for operation in contract.operations.iter().filter(|operation| named || operation.http.is_some()) {
        let tree = operation
            .input
            .as_ref()
            .map(|input| ConstraintTree::new(contract, input, &mut patterns))
            .unwrap_or_default();
        let context = FaultContext { contract, operation, tree };
        for class_faults in [
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
            faults.extend(class_faults(&context));
        }
    }
    for fault in &mut faults {
        // Every violation may be combined with another one in a case with two violations.
        fault.scopes.push(FindingScope::new(fault.operation.clone(), "pair", "*"));
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    for fault in &mut faults {
        let count = counts.entry(fault.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            fault.name = format!("{}~{count}", fault.name);
        }
    }
    faults
}
