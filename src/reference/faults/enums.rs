//! Faults of enums: a value is missing, or other strings are accepted.
//!
//! Never invents an enum value: an open enum accepts any string.

use super::View;
use super::site::{Made, Moves, safe};
use crate::reference::fault::Fault;
use crate::reference::tree::{Edit, NodeKind};

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in &view.tree.nodes {
        let NodeKind::Enum { values, .. } = &node.kind else { continue };
        let settled = view.contract.shape(&node.shape).settled_values();
        let mut add = |slug: String, describes: String, breaks: bool, moves: Moves, edit: Edit| {
            let made = Made { class: "enums", constraint: "enum", slug, describes, breaks, hidden: None, moves, edit };
            faults.push(made.at(view, &node.path));
        };
        for value in values {
            let breaks = settled.contains(&value.as_str());
            let describes = format!("`{value}` is rejected");
            add(format!("lost.{}", safe(value)), describes, breaks, Moves::Tighter, Edit::EnumLost(value.clone()));
        }
        for (slug, describes, edit) in [
            ("open", "any string is accepted", Edit::EnumOpen),
            ("trimmed", "white space around a value is ignored", Edit::EnumTrimmed),
        ] {
            add(slug.to_owned(), describes.to_owned(), true, Moves::Looser, edit);
        }
        let letters = values.iter().any(|value| value.contains(|c: char| c.is_ascii_alphabetic()));
        add("folded".to_owned(), "case is ignored".to_owned(), letters, Moves::Looser, Edit::EnumFolded);
    }
    faults
}
