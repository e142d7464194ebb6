//! Checks that what an expression refers to is defined in the request, and that what is defined for it is used.
//!
//! It does not evaluate expressions.

use super::check::InputViolation;
use super::tree::{ConstraintNode, NodeKind};
use crate::contract::Constraint;
use serde_json::{Map, Value};

/// The ends of the names of members that define references, and the first character of these references.
const DEFINITIONS: [(&str, char); 2] = [("ExpressionAttributeNames", '#'), ("ExpressionAttributeValues", ':')];

/// Words after which an expression cannot end.
const OPERATORS: [&str; 7] = ["AND", "OR", "NOT", "=", "<>", "<", ">"];

impl ConstraintNode {
    fn has_member(&self, name: &str) -> bool {
        matches!(&self.kind, NodeKind::Structure { slots, .. } if slots.iter().any(|slot| slot.name == name))
    }

    /// Returns a violation if an expression with references does not fit what the request defines.
    pub(super) fn find_broken_expression(&self, members: &Map<String, Value>) -> Option<InputViolation> {
        let expressions: Vec<(&String, &str)> = members
            .iter()
            .filter(|(name, _)| name.ends_with("Expression"))
            .filter_map(|(name, value)| Some((name, value.as_str()?)))
            .collect();
        let used = |mark: char| expressions.iter().flat_map(move |(_, text)| find_references(text, mark));
        if DEFINITIONS.iter().all(|(_, mark)| used(*mark).next().is_none()) {
            return None;
        }
        let violation = |member: &str, rule: String| InputViolation {
            path: self.path.join_member(member),
            constraint: Constraint::Requires,
            rule,
            crashes: false,
        };
        let is_open = |text: &str| text.split_whitespace().last().is_some_and(|word| OPERATORS.contains(&word));
        if let Some((member, _)) = expressions.iter().find(|(_, text)| is_open(text)) {
            return Some(violation(member, "must not end with an operator".to_owned()));
        }
        DEFINITIONS.iter().filter(|(suffix, _)| self.has_member(suffix)).find_map(|(suffix, mark)| {
            let defined = members.get(*suffix).and_then(Value::as_object);
            let is_defined = |reference: &&str| defined.is_some_and(|defined| defined.contains_key(*reference));
            if used(*mark).any(|reference| !is_defined(&reference)) {
                return Some(violation(suffix, "must define all references of the expressions".to_owned()));
            }
            let is_unused = |name: &String| used(*mark).all(|reference| reference != name.as_str());
            let has_unused = defined.is_some_and(|defined| defined.keys().any(is_unused));
            has_unused.then(|| violation(suffix, "must not define what no expression refers to".to_owned()))
        })
    }
}

/// Returns the references in an expression: a mark and the letters, digits and underscores behind it.
fn find_references(text: &str, mark: char) -> impl Iterator<Item = &str> {
    text.match_indices(mark).filter_map(move |(start, _)| {
        let rest = &text[start + mark.len_utf8()..];
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len());
        (end > 0).then(|| &text[start..start + mark.len_utf8() + end])
    })
}
