//! Faults of rules over several members: dropped; byte budgets off by one, counted differently, or per request.
//!
//! Never invents a rule.

use super::View;
use super::site::{Made, Moves};
use crate::contract::{ByteScope, Fact, Rule, Standing};
use crate::reference::fault::{Fault, Touch};
use crate::reference::tree::{Edit, Node, NodeKind};

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in &view.tree.nodes {
        for (index, check) in node.rules.iter().enumerate() {
            let constraint = check.rule.constraint().name();
            let mut add_hidden =
                |slug: &str, describes: String, moves: Moves, hidden: Option<&'static str>, edit: Edit| {
                    let slug = if index == 0 { slug.to_owned() } else { format!("{slug}.{index}") };
                    let made = Made { class: "rules", constraint, slug, describes, breaks: true, hidden, moves, edit };
                    let mut fault = made.at(view, &node.path);
                    // A rule over members is tested by omitting or adding them, and a budget by a law.
                    for member in ["law", "pair", ""] {
                        fault.touches.push(Touch::new(view.name(), member, "*"));
                    }
                    fault.touches.push(Touch::new(view.name(), "*", constraint));
                    faults.push(fault);
                };
            let mut add = |slug: &str, describes: String, moves: Moves, edit: Edit| {
                add_hidden(slug, describes, moves, None, edit)
            };
            add("dropped", "the rule is not checked".to_owned(), Moves::Looser, Edit::RuleDropped(index));
            let Rule::MaxTotalBytes { over, max, stored } = &check.rule else { continue };
            let open = is_open(view, node, *max).then_some("the documents leave open whether keys count");
            let (values, both) = match over {
                ByteScope::Values => (open, None),
                ByteScope::KeysAndValues => (None, open),
            };
            let more = max.saturating_add(1);
            let edit = Edit::RuleMax(index, more);
            add_hidden("max+1", format!("{more} bytes are allowed"), Moves::Looser, both, edit);
            if let Some(less) = max.checked_sub(1) {
                let edit = Edit::RuleMax(index, less);
                add_hidden("max-1", format!("{less} bytes are allowed"), Moves::Tighter, values, edit);
            }
            let describes = "code points are counted".to_owned();
            add_hidden("in-chars", describes, Moves::Looser, None, Edit::RuleInChars(index));
            if *stored {
                let describes = "only the request counts, not the stored data".to_owned();
                add_hidden("per-request", describes, Moves::Looser, None, Edit::RulePerRequest(index));
            }
            match over {
                ByteScope::Values => {
                    let edit = Edit::RuleOver(index, ByteScope::KeysAndValues);
                    add_hidden("with-keys", "keys are counted too".to_owned(), Moves::Tighter, open, edit);
                }
                ByteScope::KeysAndValues => {
                    let edit = Edit::RuleOver(index, ByteScope::Values);
                    add_hidden("without-keys", "keys are not counted".to_owned(), Moves::Looser, open, edit);
                }
            }
        }
    }
    faults
}

/// Returns true if the documents leave open what a budget over a map counts: no structured field states it, and every
/// other documented maximum length stays reachable both with and without the keys.
pub(super) fn is_open(view: &View<'_>, node: &Node, max: u64) -> bool {
    let NodeKind::Map { value, .. } = &node.kind else { return false };
    let shape = view.contract.shape(&node.shape);
    let said = |fact: &Fact| fact.path.ends_with("/over") && fact.standing != Standing::Assumed;
    if shape.facts.iter().any(said) {
        return false;
    }
    let inner = &view.tree.nodes[*value];
    let longest = match &inner.kind {
        NodeKind::Text => inner.length_max,
        NodeKind::Structure { slots, .. } => {
            slots.iter().filter(|slot| slot.name == "Value").find_map(|slot| view.tree.nodes[slot.node].length_max)
        }
        _ => None,
    };
    longest.is_none_or(|longest| longest < max)
}
