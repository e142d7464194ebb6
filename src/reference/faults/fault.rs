//! Faults of a server: what each one changes, and which findings it may cause.
//!
//! Never makes a server misbehave by itself; a [`crate::reference::ReferenceService`] applies a [`FaultChange`] to what it
//! compiled.

use crate::contract::ErrorRole;
use crate::reference::constraints::{ConstraintEdit, ConstraintSite};
use crate::reference::misbehavior::Misbehavior;

/// A deliberate defect of the reference server.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Stable name that is safe in a URL's path: `TagContact.Tags.length.max+1`.
    pub name: String,
    /// The class of mistakes; there is one file for each.
    pub class: &'static str,
    /// The operation that misbehaves.
    pub operation: String,
    /// Description for people.
    pub description: String,
    /// Whether the fault contradicts the documents, and not only fills in what they leave open.
    pub violates_contract: bool,
    /// The reason why no request can reveal the fault, if there is one: another constraint masks it, or the wire format
    /// cannot express it.
    pub hidden_reason: Option<&'static str>,
    /// The scopes in which the findings that it causes must lie.
    pub scopes: Vec<FindingScope>,
    /// The change to the server.
    pub change: FaultChange,
}

/// Globs for a finding. `*` matches any characters; all others match themselves, including `{` and `[`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingScope {
    /// Glob for the operation.
    pub operation: String,
    /// Glob for the member path, or for the class of a case without one: `malformed`, `auth`, `missing` …
    pub member: String,
    /// Glob for the constraint.
    pub constraint: String,
}

impl FindingScope {
    /// Creates a scope from three globs.
    pub fn new(operation: impl Into<String>, member: impl Into<String>, constraint: impl Into<String>) -> Self {
        Self { operation: operation.into(), member: member.into(), constraint: constraint.into() }
    }

    /// Returns true if a finding lies in this scope.
    pub fn covers(&self, operation: &str, member: &str, constraint: &str) -> bool {
        glob_matches(&self.operation, operation)
            && glob_matches(&self.member, member)
            && glob_matches(&self.constraint, constraint)
    }
}

fn glob_matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let Some(last) = parts.pop() else { return true };
    for part in parts {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

/// What a fault changes.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultChange {
    /// A constraint is different.
    Constraint(ConstraintSite, ConstraintEdit),
    /// The errors of a role are written differently.
    Error {
        /// The operation.
        operation: String,
        /// The role.
        role: ErrorRole,
        /// The change to the errors.
        edit: ErrorEdit,
    },
    /// The operation misbehaves in another way.
    Misbehavior {
        /// The operation.
        operation: String,
        /// The misbehavior.
        misbehavior: Misbehavior,
    },
}

/// A change to an error response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorEdit {
    /// The status is this one.
    Status(u16),
    /// The code is this one.
    Code(String),
    /// The code is omitted.
    NoCode,
    /// The body is plain text.
    Text,
    /// The body is HTML.
    Html,
    /// The body is empty.
    Empty,
    /// The body is cut off, so that it is not a whole document.
    Truncated,
    /// The content type is this one.
    ContentType(&'static str),
    /// A success is sent instead of the error.
    AsSuccess,
    /// The status is 200; everything else is as documented.
    WithStatus200,
    /// The error is written as in another protocol, with that protocol's content type.
    OtherProtocol(&'static str),
    /// The code is in the body, although another of the protocol's locations is documented.
    CodeInBody,
}

/// Error for an unknown fault name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown fault `{name}`{}", hint.as_ref().map(|hint| format!("\ndid you mean `{hint}`?")).unwrap_or_default())]
pub struct UnknownFaultError {
    /// The requested name.
    pub name: String,
    /// The most similar name.
    pub hint: Option<String>,
}

impl UnknownFaultError {
    pub(in crate::reference) fn for_name<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Self {
        let nearest = known
            .map(|one| (strsim::normalized_damerau_levenshtein(name, one), one))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(likeness, _)| *likeness > 0.6);
        Self { name: name.to_owned(), hint: nearest.map(|(_, one)| one.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_and_brackets_in_globs_are_literal() {
        for (pattern, text, fits) in [
            ("Tags{key}", "Tags{key}", true),
            ("Tags{key}", "Tagsk", false),
            ("Tags*", "Tags{value}", true),
            ("*", "", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("a*a", "a", false),
            ("a*b*b", "ab", false),
            ("a*bc*c", "abc", false),
            ("a*bc*c", "abcc", true),
            ("tags[]", "tags[]", true),
            ("S*.V", "S{value}.M{value}.V", true),
        ] {
            assert_eq!(glob_matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn only_similar_names_are_suggested() {
        let known = ["abcde".to_owned(), "vwxyz".to_owned()];
        for (asked, hint) in [("abcdx", Some("abcde")), ("abcxy", None), ("vwxy", Some("vwxyz")), ("q", None)] {
            assert_eq!(UnknownFaultError::for_name(asked, known.iter()).hint.as_deref(), hint, "{asked}");
        }
    }
}
