//! What a corpus begins with: planned cases as acts, and the words and limits of a contract.

use super::act::Act;
use super::source::{Wild, hide};
use crate::contract::Kind;
use crate::generate::case::{Case, Purpose, Send};
use std::collections::BTreeSet;

/// Limits above this are no words: no input holds so many characters.
const MOST: u64 = 1 << 20;

/// What a case does, as acts: its requests of operations, without what makes and takes away resources.
pub(super) fn acts_of(wild: &Wild<'_>, case: &Case) -> Option<Vec<Act>> {
    let own = wild.planner().authorization();
    let mut acts = Vec::new();
    for step in &case.steps {
        let Send::Operation { name, input, damage } = &step.send else { continue };
        if step.authorization != own || matches!(step.purpose, Purpose::SetUp | Purpose::TearDown) {
            continue;
        }
        let operation = wild.ground(name.as_str())?.operation;
        let mut input = input.clone();
        hide(wild.planner(), operation, &case.id, &mut input);
        acts.push(Act::Send { operation: name.clone(), resource: 1, input, damage: damage.clone() });
    }
    (!acts.is_empty()).then_some(acts)
}

pub(super) fn words(wild: &Wild<'_>) -> Vec<String> {
    let mut found: BTreeSet<String> = wild.words.all().iter().cloned().collect();
    found.extend(wild.operations().map(str::to_owned));
    for shape in wild.planner().contract.shapes.values() {
        let length = shape.length();
        found.extend(
            [length.min, length.max].into_iter().flatten().filter(|limit| *limit <= MOST).map(|l| l.to_string()),
        );
        if let Some(range) = &shape.range {
            found.extend([&range.min, &range.max].into_iter().flatten().map(ToString::to_string));
        }
        if matches!(shape.kind, Kind::Boolean) {
            found.extend(["true".to_owned(), "false".to_owned()]);
        }
    }
    found.into_iter().collect()
}
