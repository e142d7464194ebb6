//! Faults of required members: optional although required, or the reverse; nulls inside lists and maps.
//!
//! Never changes labels: a path without its label is a different path.

use super::View;
use super::site::{Made, Moves};
use crate::contract::Location;
use crate::reference::fault::Fault;
use crate::reference::tree::{Edit, Node, NodeKind, Slot};

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in &view.tree.nodes {
        match &node.kind {
            NodeKind::Structure { slots, union } => {
                for slot in slots.iter().filter(|slot| slot.location != Location::Label) {
                    member(view, node, slot, *union, &mut faults);
                }
            }
            // A string in a query or a path is never null.
            NodeKind::List { .. } | NodeKind::Map { .. } if node.location == Location::Body => {
                let describes = "entries may be null";
                let made = made("required", "null-inside", describes, true, Moves::Looser, Edit::NullInside);
                let mut fault = made.at(view, &node.path);
                super::types::reach_inside(view, node, &mut fault);
                faults.push(fault);
            }
            _ => {}
        }
    }
    faults
}

fn member(view: &View<'_>, node: &Node, slot: &Slot, union: bool, faults: &mut Vec<Fault>) {
    let path = node.path.member(&slot.name);
    if slot.required {
        let dropped = made("required", "dropped", "may be missing", true, Moves::Looser, Edit::RequiredDropped);
        faults.push(dropped.at(view, &path));
        if node.location == Location::Body && slot.location == Location::Body {
            let null = made("required", "null", "may be null", true, Moves::Looser, Edit::RequiredNull);
            faults.push(null.at(view, &path));
        }
    } else if !union {
        let added = made("required", "added", "is required", true, Moves::Tighter, Edit::RequiredAdded);
        let mut fault = added.at(view, &path);
        // Every case that omits the member can reveal it.
        fault.touches.extend(super::anywhere(view));
        faults.push(fault);
    }
}

fn made(constraint: &'static str, slug: &str, describes: &str, breaks: bool, moves: Moves, edit: Edit) -> Made {
    Made {
        class: "required",
        constraint,
        slug: slug.to_owned(),
        describes: describes.to_owned(),
        breaks,
        hidden: None,
        moves,
        edit,
    }
}
