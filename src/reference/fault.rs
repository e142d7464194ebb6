//! Ways to misbehave: what each one changes, and which findings it may cause.
//!
//! Makes no server misbehave by itself; a [`super::Service`] applies a [`Change`] to what it compiled.

use super::tree::{Edit, Site};
use super::trick::Trick;
use crate::contract::{Contract, Role};

/// One known-bad server.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Stable and safe in a URL's path: `TagContact.Tags.length.max+1`.
    pub name: String,
    /// The kind of mistake, of which there is one file each.
    pub class: &'static str,
    /// The operation that misbehaves.
    pub operation: String,
    /// In words.
    pub describes: String,
    /// Whether it breaks something documented, and not only what the documents leave open.
    pub breaks_contract: bool,
    /// Why no request can show it, where that is so: another promise answers for it, or the wire cannot say it.
    pub hidden: Option<&'static str>,
    /// Where the findings that it causes must lie.
    pub touches: Vec<Touch>,
    /// What it does.
    pub change: Change,
}

/// Globs for a finding; `*` stands for any characters, all others (`{`, `[` too) for themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Of the operation.
    pub operation: String,
    /// Of the member path, or of the class of a case that has none: `malformed`, `auth`, `missing` …
    pub member: String,
    /// Of the constraint.
    pub constraint: String,
}

impl Touch {
    /// Three globs.
    pub fn new(operation: impl Into<String>, member: impl Into<String>, constraint: impl Into<String>) -> Self {
        Self { operation: operation.into(), member: member.into(), constraint: constraint.into() }
    }

    /// Whether a finding lies here.
    pub fn covers(&self, operation: &str, member: &str, constraint: &str) -> bool {
        glob(&self.operation, operation) && glob(&self.member, member) && glob(&self.constraint, constraint)
    }
}

fn glob(pattern: &str, text: &str) -> bool {
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

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A constraint is another.
    Constraint(Site, Edit),
    /// The errors of a role are answered otherwise.
    Error {
        /// The operation.
        operation: String,
        /// The role.
        role: Role,
        /// How.
        edit: ErrorEdit,
    },
    /// Something else.
    Trick {
        /// The operation.
        operation: String,
        /// What.
        trick: Trick,
    },
}

/// What is changed about an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorEdit {
    /// Its status is this.
    Status(u16),
    /// Its name is this.
    Code(String),
    /// Its name is left out.
    NoCode,
    /// Its body is plain text.
    Text,
    /// Its body is HTML.
    Html,
    /// It has no body.
    Empty,
    /// Its body ends too early to be JSON.
    Truncated,
    /// Its content type is this.
    ContentType(&'static str),
    /// A success stands in its place.
    AsSuccess,
    /// Its status is 200, all else is as documented.
    WithStatus200,
    /// It is written as another protocol has it, with that one's content type.
    Foreign(&'static str),
    /// Its name stands in the body, where another of the protocol's places was documented.
    CodeInBody,
}

/// No fault has this name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no fault is called `{name}`{}", hint.as_ref().map(|hint| format!("\ndid you mean `{hint}`?")).unwrap_or_default())]
pub struct FaultError {
    /// What was asked for.
    pub name: String,
    /// The name nearest to it.
    pub hint: Option<String>,
}

impl FaultError {
    pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Self {
        let nearest = known
            .map(|one| (strsim::normalized_damerau_levenshtein(name, one), one))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(likeness, _)| *likeness > 0.6);
        Self { name: name.to_owned(), hint: nearest.map(|(_, one)| one.clone()) }
    }
}

/// Every fault that a contract gives occasion for, in a fixed order, with different names.
pub fn catalogue(contract: &Contract) -> Vec<Fault> {
    super::faults::all(contract)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_and_brackets_in_globs_stand_for_themselves() {
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
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_name_is_only_suggested_where_it_is_near() {
        let known = ["abcde".to_owned(), "vwxyz".to_owned()];
        for (asked, hint) in [("abcdx", Some("abcde")), ("abcxy", None), ("vwxy", Some("vwxyz")), ("q", None)] {
            assert_eq!(FaultError::unknown(asked, known.iter()).hint.as_deref(), hint, "{asked}");
        }
    }
}
