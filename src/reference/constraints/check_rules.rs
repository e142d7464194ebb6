//! Checks the rules over several members of a structure, and the keys of a list's items.
//!
//! Never uses what the generator knows of them: it reads the contract's rules on its own.

use super::check::InputViolation;
use super::tree::{ConstraintNode, NodeKind, RuleCheck};
use crate::contract::{Constraint, ShapeRule};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// The members of a structure in a request.
type Members = Map<String, Value>;

/// A broken rule: the member at which it is reported, if it is one, and what is wrong.
type Broken<'r> = Option<(Option<&'r str>, String)>;

impl ConstraintNode {
    /// Returns the first rule over several members that is broken.
    pub(super) fn find_broken_rule(&self, members: &Members) -> Option<InputViolation> {
        self.rules.iter().filter(|check| !check.is_disabled).find_map(|check| {
            let (member, rule) = check.find_fault(members).or_else(|| self.find_unknown_member(check, members))?;
            let path = member.map_or_else(|| self.path.clone(), |member| self.path.join_member(member));
            Some(InputViolation { path, constraint: check.rule.constraint(), rule, crashes: false })
        })
    }

    /// Returns what is wrong if a structure that may have no other members has one.
    fn find_unknown_member(&self, check: &RuleCheck, members: &Members) -> Broken<'_> {
        let NodeKind::Structure { slots, .. } = &self.kind else { return None };
        let is_known = |name: &String| slots.iter().any(|slot| slot.name == *name);
        let is_broken = check.rule == ShapeRule::KnownMembers && !members.keys().all(is_known);
        is_broken.then(|| (None, "must not have other members".to_owned()))
    }

    /// Returns a violation if the text under a key of a map is not a number within the limits of the key.
    pub(super) fn find_entry_out_of_range(&self, entries: &Members) -> Option<InputViolation> {
        self.rules.iter().filter(|check| !check.is_disabled).find_map(|check| {
            let ShapeRule::EntryRange { key, min, max } = &check.rule else { return None };
            let number = entries.get(key)?.as_str()?.parse::<i64>().ok();
            let is_within = number.is_some_and(|it| min.unwrap_or(it) <= it && it <= max.unwrap_or(it));
            (!is_within).then(|| InputViolation {
                path: self.path.clone(),
                constraint: Constraint::Range,
                rule: format!("must hold a number within the limits of `{key}`"),
                crashes: false,
            })
        })
    }

    /// Returns a violation if two items of a list are the same where they must differ.
    pub(super) fn find_repeated_key(&self, items: &[Value]) -> Option<InputViolation> {
        self.rules.iter().filter(|check| !check.is_disabled).find_map(|check| {
            let ShapeRule::DistinctBy { key } = &check.rule else { return None };
            let mut keys: Vec<String> = items.iter().filter_map(|item| item.get(key)).map(Value::to_string).collect();
            let count = keys.len();
            keys.sort_unstable();
            keys.dedup();
            (keys.len() < count).then(|| InputViolation {
                path: self.path.clone(),
                constraint: Constraint::DistinctBy,
                rule: format!("must not repeat `{key}`"),
                crashes: false,
            })
        })
    }
}

/// Returns true if a member is there and not null.
fn is_there(members: &Members, name: &str) -> bool {
    !matches!(members.get(name), None | Some(Value::Null))
}

/// Returns true if a member has one of the texts, numbers or Booleans that a rule names.
fn is_any_of(members: &Members, name: &str, values: &[String]) -> bool {
    let text = match members.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Bool(_) | Value::Number(_))) => value.to_string(),
        _ => return false,
    };
    values.contains(&text)
}

impl RuleCheck {
    fn find_fault(&self, members: &Members) -> Broken<'_> {
        let count = |names: &[String]| names.iter().filter(|name| is_there(members, name)).count();
        let decides = |name: &str, values: &[String]| {
            if self.is_unconditional { is_there(members, name) } else { is_any_of(members, name, values) }
        };
        match &self.rule {
            ShapeRule::AtLeastOneOf { members } if count(members) == 0 => {
                Some((None, "must have at least one of its alternative members".to_owned()))
            }
            ShapeRule::AtMostOneOf { members } if count(members) > 1 => {
                Some((None, "has mutually exclusive members".to_owned()))
            }
            ShapeRule::AllOrNone { members } if count(members) > 0 && count(members) < members.len() => {
                Some((None, format!("must have all of {} or none", members.join(", "))))
            }
            ShapeRule::Requires { member, needs } => {
                let lacking = needs.iter().find(|name| !is_there(members, name));
                if self.is_unconditional && lacking.is_none() && !is_there(members, member) {
                    return Some((Some(member), format!("is required with `{}`", needs.join("`, `"))));
                }
                lacking
                    .filter(|_| is_there(members, member))
                    .map(|name| (Some(&**member), format!("requires `{name}`")))
            }
            ShapeRule::RequiredIf { member, values, needs } if decides(member, values) => {
                let lacking = needs.iter().find(|name| !is_there(members, name));
                lacking.map(|name| (Some(&**name), format!("is required with this `{member}`")))
            }
            ShapeRule::ForbiddenIf { member, values, excludes } if decides(member, values) => {
                let present = excludes.iter().find(|name| is_there(members, name));
                present.map(|name| (Some(&**name), format!("is not allowed with this `{member}`")))
            }
            ShapeRule::OnlyIf { member, other, values }
                if is_there(members, member) && is_there(members, other) && !is_any_of(members, other, values) =>
            {
                Some((Some(member), format!("is only allowed with another `{other}`")))
            }
            ShapeRule::LessThan { member, other } => self.find_disorder(members, member, other, self.swaps_equal),
            ShapeRule::AtMost { member, other } => self.find_disorder(members, member, other, !self.swaps_equal),
            ShapeRule::EqualLengths { members: names } => {
                let mut sizes = names.iter().filter_map(|name| members.get(name)?.as_array()).map(Vec::len);
                let first = sizes.next()?;
                sizes.any(|size| size != first).then(|| (None, "has lists of different lengths".to_owned()))
            }
            _ => None,
        }
    }

    fn find_disorder<'r>(&'r self, members: &Members, low: &'r str, high: &str, allows_equal: bool) -> Broken<'r> {
        let order = compare(members.get(low)?, members.get(high)?)?;
        let is_wrong = order == Ordering::Greater || order == Ordering::Equal && !allows_equal;
        is_wrong.then(|| (Some(low), format!("must be less than `{high}`")))
    }
}

/// Compares numbers, numbers of entries, and texts that are dates or times.
fn compare(one: &Value, two: &Value) -> Option<Ordering> {
    let size = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        Value::Array(items) => Some(items.len() as f64),
        Value::Object(entries) => Some(entries.len() as f64),
        Value::String(text) => text.parse::<f64>().ok().filter(|number| number.is_finite()),
        _ => None,
    };
    match (size(one), size(two), one, two) {
        (Some(one), Some(two), ..) => one.partial_cmp(&two),
        (None, None, Value::String(one), Value::String(two)) if is_time(one) && is_time(two) => {
            // Texts of one form in one zone have the order of their characters.
            (one.len() == two.len() && zone(one) == zone(two)).then(|| one.cmp(two))
        }
        _ => None,
    }
}

/// Returns true for `2026-01-31`, `2026-01-31T…` and `23:59`.
fn is_time(text: &str) -> bool {
    let digits = |count: usize, after: u8| {
        text.bytes().take(count).all(|byte| byte.is_ascii_digit()) && text.as_bytes().get(count) == Some(&after)
    };
    digits(4, b'-') || digits(2, b':')
}

/// Returns what follows the seconds: `Z`, `+01:00`, or nothing.
fn zone(text: &str) -> &str {
    text.get(19..).unwrap_or_default()
}
