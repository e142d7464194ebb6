//! Evaluates the rules over several members of a structure, for the checks of inputs and for the sampler.
//!
//! It never changes a value. Where servers may reasonably differ (null, an empty list, `false`), the result is uncertain.

use super::member_order::compare_values;
use crate::case::{Certainty, Value};
use crate::contract::ShapeRule;
use indexmap::IndexMap;
use std::cmp::Ordering;

/// The members of a structure in an input.
pub(super) type GivenMembers = IndexMap<String, Value>;

/// Whether a member is given.
#[derive(Clone, Copy, PartialEq)]
enum Presence {
    Given,
    Absent,
    /// Servers may treat the value like an absent one.
    Unclear,
}

/// How a rule is broken.
#[derive(Debug, PartialEq)]
pub(super) struct BrokenRule<'r> {
    /// The member to which the violation belongs; the structure itself if there is none.
    pub member: Option<&'r str>,
    pub certainty: Certainty,
}

impl<'r> BrokenRule<'r> {
    fn at(member: &'r str, is_certain: bool) -> Self {
        Self { member: Some(member), certainty: Certainty::certain_if(is_certain) }
    }
}

fn presence(given: &GivenMembers, name: &str) -> Presence {
    let is_zero = |literal: &str| literal.parse::<f64>().is_ok_and(|number| number == 0.0);
    match given.get(name) {
        None => Presence::Absent,
        Some(Value::Null | Value::Boolean(false)) => Presence::Unclear,
        Some(Value::Text(text)) if text.trim().is_empty() || text == "false" || is_zero(text) => Presence::Unclear,
        Some(Value::List(items)) if items.is_empty() => Presence::Unclear,
        Some(Value::Map(members)) if members.is_empty() => Presence::Unclear,
        Some(Value::Number(literal)) if is_zero(literal) => Presence::Unclear,
        Some(_) => Presence::Given,
    }
}

/// Returns whether a member has one of these values; `None` if that is not known.
fn has_value(given: &GivenMembers, name: &str, values: &[String]) -> Option<bool> {
    let text = match given.get(name)? {
        Value::Text(text) => text.clone(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Number(literal) => literal.clone(),
        _ => return None,
    };
    // Services differ in whether they tell capital letters from small ones.
    match values.contains(&text) {
        true => Some(true),
        false if values.iter().any(|value| value.eq_ignore_ascii_case(&text)) => None,
        false => Some(false),
    }
}

/// Returns how a rule over members of a structure is broken, or `None` if it is kept. `is_partial` says that the request
/// changes a stored resource, whose other members may be what the request lacks.
pub(super) fn find_broken_rule<'r>(
    rule: &'r ShapeRule,
    given: &GivenMembers,
    is_partial: bool,
) -> Option<BrokenRule<'r>> {
    let is = |name: &String| presence(given, name);
    match rule {
        ShapeRule::AtMostOneOf { members } => {
            let present = members.iter().filter(|name| is(name) != Presence::Absent).count();
            let certain = members.iter().filter(|name| is(name) == Presence::Given).count();
            (present > 1).then(|| BrokenRule { member: None, certainty: Certainty::certain_if(certain > 1) })
        }
        ShapeRule::AllOrNone { members } => {
            let count = |presence: Presence| members.iter().filter(|name| is(name) == presence).count();
            let (present, absent) = (count(Presence::Given), count(Presence::Absent));
            let is_broken = present < members.len() && absent < members.len();
            let is_certain = present > 0 && absent > 0 && !is_partial;
            is_broken.then(|| BrokenRule { member: None, certainty: Certainty::certain_if(is_certain) })
        }
        ShapeRule::Requires { member, needs } => {
            let lacking = find_lacking(given, needs)?;
            let is_certain = is(member) == Presence::Given && lacking.1 && !is_partial;
            (is(member) != Presence::Absent).then(|| BrokenRule::at(member, is_certain))
        }
        ShapeRule::RequiredIf { member, values, needs } => {
            let (lacking, is_absent) = find_lacking(given, needs)?;
            given.get(member)?;
            match has_value(given, member, values) {
                Some(false) => None,
                decided => Some(BrokenRule::at(lacking, decided == Some(true) && is_absent && !is_partial)),
            }
        }
        ShapeRule::ForbiddenIf { member, values, excludes } => {
            let Some(present) = excludes.iter().find(|name| is(name) != Presence::Absent) else {
                // What is forbidden may be stored.
                let is_reached =
                    is_partial && given.contains_key(member) && has_value(given, member, values) != Some(false);
                return is_reached.then(|| BrokenRule::at(excludes.first().unwrap_or(member), false));
            };
            match given.get(member).map(|_| has_value(given, member, values)) {
                None => is_partial.then(|| BrokenRule::at(present, false)),
                Some(Some(false)) => None,
                Some(decided) => Some(BrokenRule::at(present, decided == Some(true) && is(present) == Presence::Given)),
            }
        }
        ShapeRule::OnlyIf { member, other, values } => {
            let decided = has_value(given, other, values);
            let is_stored = is_partial && given.contains_key(other);
            if is(member) == Presence::Absent && !is_stored || decided == Some(true) {
                return None;
            }
            Some(BrokenRule::at(member, is(member) == Presence::Given && decided == Some(false)))
        }
        ShapeRule::LessThan { member, other } => find_disorder(given, [member, other], is_partial, Ordering::is_ge),
        ShapeRule::AtMost { member, other } => find_disorder(given, [member, other], is_partial, Ordering::is_gt),
        ShapeRule::EqualLengths { members } => {
            let sizes: Vec<usize> = members.iter().filter_map(|name| entry_count(given.get(name)?)).collect();
            let is_incomplete = is_partial && !sizes.is_empty() && sizes.len() < members.len();
            let differs = is_incomplete || sizes.windows(2).any(|pair| pair[0] != pair[1]);
            let is_certain = !is_incomplete && sizes.iter().all(|size| *size > 0);
            differs.then(|| BrokenRule { member: None, certainty: Certainty::certain_if(is_certain) })
        }
        ShapeRule::AtLeastOneOf { .. }
        | ShapeRule::DistinctBy { .. }
        | ShapeRule::KnownMembers
        | ShapeRule::EntryRange { .. }
        | ShapeRule::MaxTotalBytes { .. } => None,
    }
}

/// Returns the first of these members that is not given, and whether it is certainly absent.
fn find_lacking<'r>(given: &GivenMembers, needs: &'r [String]) -> Option<(&'r str, bool)> {
    let absent = needs.iter().find(|name| presence(given, name) == Presence::Absent);
    let unclear = || needs.iter().find(|name| presence(given, name) == Presence::Unclear);
    absent.map(|name| (name.as_str(), true)).or_else(|| unclear().map(|name| (name.as_str(), false)))
}

/// Returns how two members are in the wrong order. What a request that changes a resource leaves out is unknown.
fn find_disorder<'r>(
    given: &GivenMembers,
    [member, other]: [&'r String; 2],
    is_partial: bool,
    is_wrong: fn(Ordering) -> bool,
) -> Option<BrokenRule<'r>> {
    match (given.get(member), given.get(other)) {
        (Some(Value::Null) | None, Some(Value::Null) | None) => None,
        (Some(Value::Template(_)), Some(_)) | (Some(_), Some(Value::Template(_))) => {
            Some(BrokenRule::at(member, false))
        }
        (Some(one), Some(two)) => {
            compare_values(one, two).filter(|order| is_wrong(*order)).map(|_| BrokenRule::at(member, true))
        }
        _ => is_partial.then(|| BrokenRule::at(member, false)),
    }
}

fn entry_count(value: &Value) -> Option<usize> {
    match value {
        Value::List(items) => Some(items.len()),
        Value::Map(members) => Some(members.len()),
        _ => None,
    }
}

/// Returns whether two items of a list have the same value of a member: `Some(true)` if they certainly do, `Some(false)`
/// if they may, `None` if they do not.
pub(super) fn find_repeated_key(items: &[Value], key: &str) -> Option<bool> {
    let keys: Vec<&Value> = items.iter().filter_map(|item| item.member(key)).collect();
    let is_repeated = |is_same: &dyn Fn(&Value, &Value) -> bool| {
        (1..keys.len()).any(|at| keys[..at].iter().any(|one| is_same(one, keys[at])))
    };
    let is_unclear = |value: &Value| matches!(value, Value::Template(_) | Value::Null);
    let folded = |one: &Value, two: &Value| match (one, two) {
        (Value::Text(one), Value::Text(two)) => one.trim().eq_ignore_ascii_case(two.trim()),
        // Templates with the same placeholders differ where their texts do.
        (Value::Template(one), Value::Template(two)) => one == two || !placeholders(one).eq(placeholders(two)),
        _ => one == two || is_unclear(one) || is_unclear(two),
    };
    if is_repeated(&|one, two| one == two && *one != Value::Null) {
        Some(true)
    } else {
        is_repeated(&folded).then_some(false)
    }
}

/// Returns the names of a template's placeholders, in order.
fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn state(rule: serde_json::Value, given: serde_json::Value, is_partial: bool) -> String {
        let rule: ShapeRule = serde_json::from_value(rule).expect("a rule");
        let Value::Map(given) = Value::from_json(&given) else { panic!("an object") };
        match find_broken_rule(&rule, &given, is_partial) {
            None => "kept".to_owned(),
            Some(broken) if broken.certainty.is_certain() => broken.member.unwrap_or("input").to_owned(),
            Some(_) => "uncertain".to_owned(),
        }
    }

    #[test]
    fn rules_are_evaluated() {
        let requires = json!({"rule": "requires", "member": "a", "needs": ["b"]});
        let required_if = json!({"rule": "requiredIf", "member": "t", "values": ["x", "true"], "needs": ["b"]});
        let forbidden_if = json!({"rule": "forbiddenIf", "member": "t", "values": ["x"], "excludes": ["b"]});
        let only_if = json!({"rule": "onlyIf", "member": "a", "other": "t", "values": ["x"]});
        let all_or_none = json!({"rule": "allOrNone", "members": ["a", "b"]});
        let at_most_one = json!({"rule": "atMostOneOf", "members": ["a", "b"]});
        let less = json!({"rule": "lessThan", "member": "a", "other": "b"});
        let at_most = json!({"rule": "atMost", "member": "a", "other": "b"});
        let lengths = json!({"rule": "equalLengths", "members": ["a", "b"]});
        for (rule, given, expected) in [
            (&requires, json!({"a": 1}), "a"),
            (&requires, json!({"a": 1, "b": 2}), "kept"),
            (&requires, json!({"b": 2}), "kept"),
            (&requires, json!({"a": 1, "b": null}), "uncertain"),
            (&requires, json!({"a": false}), "uncertain"),
            (&required_if, json!({"t": "x"}), "b"),
            (&required_if, json!({"t": true}), "b"),
            (&required_if, json!({"t": "X"}), "uncertain"),
            (&required_if, json!({"t": "y"}), "kept"),
            (&required_if, json!({}), "kept"),
            (&forbidden_if, json!({"t": "x", "b": 1}), "b"),
            (&forbidden_if, json!({"t": "x", "b": []}), "uncertain"),
            (&forbidden_if, json!({"t": "y", "b": 1}), "kept"),
            (&only_if, json!({"a": 1, "t": "y"}), "a"),
            (&only_if, json!({"a": 1}), "uncertain"),
            (&only_if, json!({"a": 1, "t": "x"}), "kept"),
            (&all_or_none, json!({"a": 1}), "input"),
            (&all_or_none, json!({"a": 1, "b": {}}), "uncertain"),
            (&all_or_none, json!({"a": null}), "uncertain"),
            (&all_or_none, json!({}), "kept"),
            (&at_most_one, json!({"a": 1, "b": null}), "uncertain"),
            (&at_most_one, json!({"a": 1, "b": 1}), "input"),
            (&less, json!({"a": 2, "b": 2}), "a"),
            (&less, json!({"a": 2, "b": 10}), "kept"),
            (&less, json!({"a": "2026-02-01", "b": "2026-01-31"}), "a"),
            (&less, json!({"a": "soon", "b": "2026-01-31"}), "kept"),
            (&at_most, json!({"a": [1, 2], "b": 2}), "kept"),
            (&at_most, json!({"a": [1, 2], "b": 1}), "a"),
            (&lengths, json!({"a": [1], "b": [1, 2]}), "input"),
            (&lengths, json!({"a": [1]}), "kept"),
        ] {
            assert_eq!(state(rule.clone(), given.clone(), false), expected, "{rule} {given}");
        }
        assert_eq!(state(requires, json!({"a": 1}), true), "uncertain");
        assert_eq!(state(less, json!({"a": 1}), true), "uncertain");
    }

    #[test]
    fn repeated_keys_are_found() {
        let items =
            |list: serde_json::Value| list.as_array().expect("a list").iter().map(Value::from_json).collect::<Vec<_>>();
        assert_eq!(find_repeated_key(&items(json!([{"k": "a"}, {"k": "b"}])), "k"), None);
        assert_eq!(find_repeated_key(&items(json!([{"k": "a"}, {"k": "A"}])), "k"), Some(false));
        assert_eq!(find_repeated_key(&items(json!([{"k": "a"}, {"k": "a"}])), "k"), Some(true));
        assert_eq!(find_repeated_key(&items(json!([{}, {}])), "k"), None);
    }
}
