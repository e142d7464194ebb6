//! Rules over several members: dropped; byte budgets one off, counted otherwise, or over the request alone.
//!
//! Changes documented rules only.

use super::View;
use super::site::{Made, Moves};
use crate::contract::{ByteScope, Rule};
use crate::reference::fault::{Fault, Touch};
use crate::reference::tree::Edit;

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in &view.tree.nodes {
        for (index, check) in node.rules.iter().enumerate() {
            let constraint = check.rule.constraint().name();
            let mut add = |slug: &str, describes: String, moves: Moves, edit: Edit| {
                let slug = if index == 0 { slug.to_owned() } else { format!("{slug}.{index}") };
                let made = Made { class: "rules", constraint, slug, describes, breaks: true, moves, edit };
                let mut fault = made.at(view, &node.path);
                // A rule over members is tried by leaving them out or adding them, and a budget in a law.
                for member in ["law", "pair", ""] {
                    fault.touches.push(Touch::new(view.name(), member, "*"));
                }
                fault.touches.push(Touch::new(view.name(), "*", constraint));
                faults.push(fault);
            };
            add("dropped", "the rule is not checked".to_owned(), Moves::Looser, Edit::RuleDropped(index));
            let Rule::MaxTotalBytes { over, max, stored } = &check.rule else { continue };
            let more = max.saturating_add(1);
            add("max+1", format!("{more} bytes are allowed"), Moves::Looser, Edit::RuleMax(index, more));
            if let Some(less) = max.checked_sub(1) {
                add("max-1", format!("{less} bytes are allowed"), Moves::Tighter, Edit::RuleMax(index, less));
            }
            add("in-chars", "code points are counted".to_owned(), Moves::Looser, Edit::RuleInChars(index));
            if *stored {
                let describes = "only the request counts, not what is stored".to_owned();
                add("per-request", describes, Moves::Looser, Edit::RulePerRequest(index));
            }
            match over {
                ByteScope::Values => {
                    let edit = Edit::RuleOver(index, ByteScope::KeysAndValues);
                    add("with-keys", "keys are counted too".to_owned(), Moves::Tighter, edit);
                }
                ByteScope::KeysAndValues => {
                    let edit = Edit::RuleOver(index, ByteScope::Values);
                    add("without-keys", "keys are not counted".to_owned(), Moves::Looser, edit);
                }
            }
        }
    }
    faults
}
