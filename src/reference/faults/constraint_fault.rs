//! Builds a fault that changes a constraint at one site.
//!
//! Determines where the findings of such a fault must lie; never creates a finding.

use super::context::FaultContext;
use super::fault::{Fault, FaultChange, FindingScope};
use crate::contract::{ErrorRole, MemberLocation, MemberPath, Protocol};
use crate::reference::constraints::{ConstraintEdit, ConstraintSite};

/// How a change moves the boundary between valid and invalid values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BoundaryShift {
    /// Invalid values are accepted: only cases that violate this constraint can reveal it.
    Looser,
    /// Valid values are rejected: every case that sends one can reveal it.
    Tighter,
    /// Both: some valid values are rejected, and some invalid ones accepted.
    Both,
}

pub(super) struct ConstraintFault {
    pub class: &'static str,
    pub constraint: &'static str,
    pub slug: String,
    pub description: String,
    pub violates_contract: bool,
    /// The reason why no request can reveal the fault, if there is one.
    pub hidden_reason: Option<&'static str>,
    pub shift: BoundaryShift,
    pub edit: ConstraintEdit,
}

impl ConstraintFault {
    pub(super) fn into_fault(self, context: &FaultContext<'_>, path: &MemberPath) -> Fault {
        let path_text = path.to_string();
        let place = if path_text.is_empty() { String::new() } else { format!("{}.", url_safe_name(&path_text)) };
        let mut scopes = Vec::new();
        for member in path_globs(context, path) {
            scopes.push(FindingScope::new(context.operation_name(), member, "*"));
        }
        if self.shift != BoundaryShift::Looser {
            // A value that a tighter server rejects may occur in any case about the members around and inside it.
            let top = path.top_member().unwrap_or_default();
            scopes.push(FindingScope::new(context.operation_name(), format!("{top}*"), "*"));
            for class in ["valid", "pair", "law", "missing", "malformed", "auth", ""] {
                scopes.push(FindingScope::new(context.operation_name(), class, "*"));
            }
        }
        if self.constraint == "required" {
            // If nothing is required, an empty body is not malformed either.
            scopes.push(FindingScope::new(context.operation_name(), "malformed", "*"));
        }
        if path.0.is_empty() {
            scopes.push(FindingScope::new(context.operation_name(), "*", "*"));
        }
        Fault {
            name: format!("{}.{place}{}.{}", context.operation_name(), self.constraint, self.slug),
            class: self.class,
            operation: context.operation_name().to_owned(),
            description: if path_text.is_empty() {
                self.description
            } else {
                format!("`{path_text}`: {}", self.description)
            },
            violates_contract: self.violates_contract,
            hidden_reason: self.hidden_reason.or_else(|| {
                (self.shift == BoundaryShift::Looser && may_be_called_missing(context, path))
                    .then_some("an invalid identifier may be called missing, and is missing")
            }),
            scopes,
            change: FaultChange::Constraint(
                ConstraintSite { operation: context.operation_name().to_owned(), path: path.clone() },
                self.edit,
            ),
        }
    }
}

/// Returns true if the documents allow to call an invalid value missing: it names a resource in the path or query, an
/// error for missing resources is documented, and no page of AWS promises the error for invalid input.
fn may_be_called_missing(context: &FaultContext<'_>, path: &MemberPath) -> bool {
    let contract = context.contract;
    let Some(operation) = contract.operation(context.operation_name()) else { return false };
    let members = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    let member = path.top_member().and_then(|name| members?.get(name));
    let names_resource =
        member.is_some_and(|member| matches!(member.location, MemberLocation::Label | MemberLocation::Query));
    let has_aws_pages =
        !contract.is_model_only() && contract.protocol.is_some_and(|protocol| protocol != Protocol::RestJson);
    let has_missing_error =
        contract.operation_errors(operation).any(|(_, error)| error.role == ErrorRole::MissingResource);
    names_resource && has_missing_error && !has_aws_pages
}

/// Returns the path itself and, if recursion leads here again, globs for all paths that end like it.
fn path_globs(context: &FaultContext<'_>, path: &MemberPath) -> Vec<String> {
    let mut globs = vec![path.to_string()];
    for head in context.tree.recursion_targets() {
        if let Some(rest) = path.0.strip_prefix(&head.0[..]) {
            let tail = MemberPath(rest.to_vec()).to_string();
            let dot = if tail.is_empty() || tail.starts_with(['{', '[']) { "" } else { "." };
            globs.push(format!("{head}*{dot}{tail}"));
        }
    }
    globs
}

/// Replaces the characters of a text that are not safe in a URL's path.
pub(super) fn url_safe_name(text: &str) -> String {
    let text = text.replace('{', "(").replace('}', ")").replace("[]", "(item)");
    let keep = |c: char| c.is_ascii_alphanumeric() || "._~-+()".contains(c);
    text.chars().map(|c| if keep(c) { c } else { '_' }).collect()
}
