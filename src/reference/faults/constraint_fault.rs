//! Builds a fault that changes a constraint at one site.
//!
//! Determines where the findings of such a fault must lie; never creates a finding.

use super::View;
use crate::contract::MemberPath;
use crate::reference::fault::{Change, Fault, Touch};
use crate::reference::tree::{Edit, Site};

/// How a change moves the boundary between valid and invalid values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moves {
    /// Invalid values are accepted: only cases that violate this constraint can reveal it.
    Looser,
    /// Valid values are rejected: every case that sends one can reveal it.
    Tighter,
    /// Both: some valid values are rejected, and some invalid ones accepted.
    Across,
}

pub(super) struct Made {
    pub class: &'static str,
    pub constraint: &'static str,
    pub slug: String,
    pub describes: String,
    pub breaks: bool,
    /// The reason why no request can reveal the fault, if there is one.
    pub hidden: Option<&'static str>,
    pub moves: Moves,
    pub edit: Edit,
}

impl Made {
    pub(super) fn at(self, view: &View<'_>, path: &MemberPath) -> Fault {
        let shown = path.to_string();
        let place = if shown.is_empty() { String::new() } else { format!("{}.", safe(&shown)) };
        let mut touches = Vec::new();
        for member in globs(view, path) {
            touches.push(Touch::new(view.name(), member, "*"));
        }
        if self.moves != Moves::Looser {
            // A value that a tighter server rejects may occur in any case about the members around and inside it.
            let top = path.top().unwrap_or_default();
            touches.push(Touch::new(view.name(), format!("{top}*"), "*"));
            for class in ["valid", "pair", "law", "missing", "malformed", "auth", ""] {
                touches.push(Touch::new(view.name(), class, "*"));
            }
        }
        if self.constraint == "required" {
            // If nothing is required, an empty body is not malformed either.
            touches.push(Touch::new(view.name(), "malformed", "*"));
        }
        if path.0.is_empty() {
            touches.push(Touch::new(view.name(), "*", "*"));
        }
        Fault {
            name: format!("{}.{place}{}.{}", view.name(), self.constraint, self.slug),
            class: self.class,
            operation: view.name().to_owned(),
            describes: if shown.is_empty() { self.describes } else { format!("`{shown}`: {}", self.describes) },
            breaks_contract: self.breaks,
            hidden: self.hidden,
            touches,
            change: Change::Constraint(Site { operation: view.name().to_owned(), path: path.clone() }, self.edit),
        }
    }
}

/// Returns the path itself and, if recursion leads here again, globs for all paths that end like it.
fn globs(view: &View<'_>, path: &MemberPath) -> Vec<String> {
    let mut globs = vec![path.to_string()];
    for head in view.tree.cycles() {
        if let Some(rest) = path.0.strip_prefix(&head.0[..]) {
            let tail = MemberPath(rest.to_vec()).to_string();
            let dot = if tail.is_empty() || tail.starts_with(['{', '[']) { "" } else { "." };
            globs.push(format!("{head}*{dot}{tail}"));
        }
    }
    globs
}

/// Replaces the characters of a text that are not safe in a URL's path.
pub(super) fn safe(text: &str) -> String {
    let text = text.replace('{', "(").replace('}', ")").replace("[]", "(item)");
    let keep = |c: char| c.is_ascii_alphanumeric() || "._~-+()".contains(c);
    text.chars().map(|c| if keep(c) { c } else { '_' }).collect()
}
