//! What to change in a request for each rule over several members: which requests break it, and which keep it.
//!
//! It builds no case.

use crate::case::Value;
use crate::contract::{MemberPath, PathSegment, Shape, ShapeId, ShapeKind, ShapeRule};
use crate::generate::input_sampler::{InputChange, InputSampler};

/// Changes of a structure's members, or of what has the rule itself (`None`).
pub(super) type MemberChanges<'r> = Vec<(Option<&'r str>, InputChange)>;

/// Returns the changes for one request, or `None` if the shape allows no request of this kind.
type BuildChanges<'r> = Box<dyn Fn(&InputSampler<'_>) -> Option<MemberChanges<'r>> + 'r>;

/// Name of a member that no structure has.
const UNKNOWN_MEMBER: &str = "OverstepUnknown";
/// Maximum number of values of a deciding member that are tested.
const MAX_VALUES: usize = 3;

/// A request for one rule.
pub(super) struct RuleCase<'r> {
    /// The last part of the case id.
    pub variant: String,
    /// The member that the case is about; `None` for what has the rule.
    pub subject: Option<&'r str>,
    pub is_valid: bool,
    pub changes: BuildChanges<'r>,
}

/// Collects the requests for one rule.
struct RuleCases<'r> {
    shape: &'r Shape,
    path: &'r MemberPath,
    subject: Option<&'r str>,
    found: Vec<RuleCase<'r>>,
}

/// Returns the requests for a rule of a shape at a path; none for a byte budget.
pub(super) fn relation_cases<'r>(shape: &'r Shape, path: &'r MemberPath, rule: &'r ShapeRule) -> Vec<RuleCase<'r>> {
    let mut cases = RuleCases { shape, path, subject: rule.subject(), found: Vec::new() };
    match rule {
        ShapeRule::AtLeastOneOf { members } => cases.add_alternatives(members, true, false),
        ShapeRule::AtMostOneOf { members } => {
            let needs_one =
                shape.rules.iter().any(|other| matches!(other, ShapeRule::AtLeastOneOf { members: b } if members == b));
            cases.add_alternatives(members, needs_one, true);
        }
        ShapeRule::AllOrNone { members } => cases.add_all_or_none(members),
        ShapeRule::Requires { member, needs } => cases.add_requires(member, needs),
        ShapeRule::RequiredIf { member, values, needs } => cases.add_required_if(member, values, needs),
        ShapeRule::ForbiddenIf { member, values, excludes } => cases.add_forbidden_if(member, values, excludes),
        ShapeRule::OnlyIf { member, other, values } => cases.add_only_if(member, other, values),
        ShapeRule::LessThan { member, other } => cases.add_order(member, other, false),
        ShapeRule::AtMost { member, other } => cases.add_order(member, other, true),
        ShapeRule::EqualLengths { members } => cases.add_equal_lengths(members),
        ShapeRule::DistinctBy { key } => cases.add_distinct_keys(key),
        ShapeRule::KnownMembers => cases.add_unknown_member(),
        ShapeRule::EntryRange { key, min, max } => cases.add_entry_range(key, *min, *max),
        ShapeRule::MaxTotalBytes { .. } => {}
    }
    cases.found
}

/// Returns the change that gives a member, or the one that removes it.
fn give_if(is_given: bool) -> InputChange {
    if is_given { InputChange::Touch } else { InputChange::Remove }
}

/// Returns a value as a part of a case id.
fn id_part(value: &str) -> String {
    value.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).take(40).collect()
}

impl<'r> RuleCases<'r> {
    fn add(
        &mut self,
        variant: String,
        is_valid: bool,
        changes: impl Fn(&InputSampler<'_>) -> Option<MemberChanges<'r>> + 'r,
    ) {
        if !self.found.iter().any(|case| case.variant == variant && case.subject == self.subject) {
            self.found.push(RuleCase { variant, subject: self.subject, is_valid, changes: Box::new(changes) });
        }
    }

    /// Adds a request with those members of a list for which `keep` is true, without the others.
    fn add_kept(&mut self, variant: String, is_valid: bool, members: &'r [String], keep: impl Fn(usize) -> bool + 'r) {
        self.add(variant, is_valid, move |_| {
            let names = members.iter().enumerate();
            Some(names.map(|(at, name)| (Some(name.as_str()), give_if(keep(at)))).collect())
        });
    }

    fn add_alternatives(&mut self, members: &'r [String], needs_one: bool, excludes: bool) {
        if !excludes || !needs_one {
            self.add_kept("none".to_owned(), !needs_one, members, |_| false);
        }
        for (index, name) in members.iter().enumerate() {
            self.add_kept(format!("only-{name}"), true, members, move |other| other == index);
        }
        for index in 1..members.len() {
            if excludes {
                let variant = format!("{}-and-{}", members[index - 1], members[index]);
                self.add_kept(variant, false, members, move |other| other == index || other + 1 == index);
            }
        }
    }

    /// Adds the numbers at the limits of an entry, and one step beyond them.
    fn add_entry_range(&mut self, key: &'r str, min: Option<i64>, max: Option<i64>) {
        let above = max.and_then(|max| max.checked_add(1));
        let below = min.and_then(|min| min.checked_sub(1));
        for (variant, is_valid, number) in
            [("at-max", true, max), ("at-min", true, min), ("above-max", false, above), ("below-min", false, below)]
        {
            let Some(number) = number else { continue };
            self.add(format!("{variant}-of-{}", id_part(key)), is_valid, move |_| {
                let entries = [(key.to_owned(), Value::text(number.to_string()))];
                Some(vec![(None, InputChange::Set(Value::Map(entries.into_iter().collect())))])
            });
        }
    }

    fn add_all_or_none(&mut self, members: &'r [String]) {
        self.add_kept("none".to_owned(), true, members, |_| false);
        self.add_kept("all".to_owned(), true, members, |_| true);
        for (index, name) in members.iter().enumerate() {
            self.add_kept(format!("only-{name}"), false, members, move |other| other == index);
            if members.len() > 2 {
                self.add_kept(format!("all-but-{name}"), false, members, move |other| other != index);
            }
        }
    }

    fn add_requires(&mut self, member: &'r str, needs: &'r [String]) {
        for lacking in needs {
            self.add(format!("without-{lacking}"), false, move |_| {
                let others = needs.iter().map(|name| (Some(name.as_str()), give_if(name != lacking)));
                Some(std::iter::once((Some(member), InputChange::Touch)).chain(others).collect())
            });
        }
        self.add(format!("with-{}", needs.join("-")), true, move |_| {
            let needs = needs.iter().map(|name| (Some(name.as_str()), InputChange::Touch));
            Some(std::iter::once((Some(member), InputChange::Touch)).chain(needs).collect())
        });
        for name in needs {
            self.add(format!("only-{name}"), true, move |_| {
                Some(vec![(Some(member), InputChange::Remove), (Some(name), InputChange::Touch)])
            });
        }
    }

    fn add_required_if(&mut self, member: &'r str, values: &'r [String], needs: &'r [String]) {
        let shape = self.shape;
        for lacking in needs {
            self.subject = Some(lacking);
            for value in values.iter().take(MAX_VALUES) {
                let case = format!("if-{member}-{}", id_part(value));
                let decide = move |sampler: &InputSampler<'_>| value_change(sampler, shape, member, value);
                self.add(format!("missing-{case}"), false, move |sampler| {
                    let others = needs.iter().map(|name| (Some(name.as_str()), give_if(name != lacking)));
                    Some(std::iter::once(decide(sampler)?).chain(others).collect())
                });
                self.add(format!("given-{case}"), true, move |sampler| {
                    let all = needs.iter().map(|name| (Some(name.as_str()), InputChange::Touch));
                    Some(std::iter::once(decide(sampler)?).chain(all).collect())
                });
            }
            self.add(format!("missing-unless-{member}-{}", id_part(&values.join("-"))), true, move |sampler| {
                Some(vec![other_value_change(sampler, shape, member, values, 0)?, (Some(lacking), InputChange::Remove)])
            });
        }
    }

    fn add_forbidden_if(&mut self, member: &'r str, values: &'r [String], excludes: &'r [String]) {
        let shape = self.shape;
        for excluded in excludes {
            self.subject = Some(excluded);
            for value in values.iter().take(MAX_VALUES) {
                let case = format!("if-{member}-{}", id_part(value));
                for is_given in [true, false] {
                    let word = if is_given { "given" } else { "missing" };
                    self.add(format!("{word}-{case}"), !is_given, move |sampler| {
                        let others = excludes.iter().filter(|name| *name != excluded);
                        let mut changes: MemberChanges<'_> =
                            others.map(|name| (Some(name.as_str()), InputChange::Remove)).collect();
                        changes.push(value_change(sampler, shape, member, value)?);
                        changes.push((Some(excluded), give_if(is_given)));
                        Some(changes)
                    });
                }
            }
            self.add(format!("given-unless-{member}-{}", id_part(&values.join("-"))), true, move |sampler| {
                Some(vec![other_value_change(sampler, shape, member, values, 0)?, (Some(excluded), InputChange::Touch)])
            });
        }
    }

    fn add_only_if(&mut self, member: &'r str, other: &'r str, values: &'r [String]) {
        let shape = self.shape;
        for value in values.iter().take(MAX_VALUES) {
            self.add(format!("if-{other}-{}", id_part(value)), true, move |sampler| {
                Some(vec![value_change(sampler, shape, other, value)?, (Some(member), InputChange::Touch)])
            });
        }
        for index in 0..MAX_VALUES {
            let ordinal = if index == 0 { String::new() } else { format!("-{}", index + 1) };
            self.add(format!("if-{other}-is-another{ordinal}"), false, move |sampler| {
                Some(vec![
                    other_value_change(sampler, shape, other, values, index)?,
                    (Some(member), InputChange::Touch),
                ])
            });
        }
    }

    fn add_order(&mut self, low: &'r str, high: &'r str, allows_equal: bool) {
        let (shape, path) = (self.shape, self.path);
        let equal = if allows_equal { "equal-to" } else { "not-below" };
        for (word, picks, is_valid) in
            [(equal, [0, 0], allows_equal), ("below", [0, 1], true), ("above", [1, 0], false)]
        {
            self.add(format!("{word}-{high}"), is_valid, move |sampler| {
                let ids = [member_shape(shape, low)?, member_shape(shape, high)?];
                let paths = [path.join_member(low), path.join_member(high)];
                let set = |name, value| (Some(name), InputChange::Set(value));
                let [one, two] = [0, 1].map(|at| sampler.ordered_value(ids, [&paths[0], &paths[1]], at, picks[at]));
                Some(vec![set(low, one?), set(high, two?)])
            });
        }
    }

    fn add_equal_lengths(&mut self, members: &'r [String]) {
        let (shape, path) = (self.shape, self.path);
        let [first, second] = members else { return };
        for (variant, sizes, is_valid) in
            [("two-each", [2, 2], true), ("first-longer", [2, 1], false), ("second-longer", [1, 2], false)]
        {
            self.add(variant.to_owned(), is_valid, move |sampler| {
                let names = [first.as_str(), second.as_str()];
                let lists = names.into_iter().zip(sizes).map(|(name, size)| {
                    let list = sampler.list_of(member_shape(shape, name)?, &path.join_member(name), size)?;
                    Some((Some(name), InputChange::Set(list)))
                });
                lists.collect()
            });
        }
    }

    /// Adds a request with a member that the structure does not have.
    fn add_unknown_member(&mut self) {
        if self.shape.open || self.shape.kind.members().is_none_or(|members| members.contains_key(UNKNOWN_MEMBER)) {
            return;
        }
        self.add("unknown".to_owned(), false, |_| {
            Some(vec![(Some(UNKNOWN_MEMBER), InputChange::Set(Value::text("overstep")))])
        });
    }

    fn add_distinct_keys(&mut self, key: &'r str) {
        let ShapeKind::List { member } = &self.shape.kind else { return };
        let (shape, path) = (self.shape, self.path);
        for (variant, is_valid) in [(format!("same-{key}-twice"), false), (format!("different-{key}"), true)] {
            self.add(variant, is_valid, move |sampler| {
                let count = shape.length().min.unwrap_or(0).max(2);
                if shape.length().max.is_some_and(|max| max < count) {
                    return None;
                }
                let place = path.join(PathSegment::Item);
                let mut first = sampler.sample_value(member, &place);
                let Value::Map(given) = &mut first else { return None };
                if !given.contains_key(key) {
                    let id = sampler.contract.shape(member).kind.members()?.get(key)?;
                    given.insert(key.to_owned(), sampler.sample_value(&id.shape, &place.join_member(key)));
                }
                let value = given.get(key).cloned()?;
                let mut items = sampler.distinct_copies(&first, member, &place, count);
                sampler.separate_items(shape, member, path, &mut items);
                if let (false, Some(Value::Map(last))) = (is_valid, items.last_mut()) {
                    last.insert(key.to_owned(), value);
                }
                Some(vec![(None, InputChange::Set(Value::List(items)))])
            });
        }
    }
}

fn member_shape<'s>(shape: &'s Shape, name: &str) -> Option<&'s ShapeId> {
    shape.kind.members()?.get(name).map(|member| &member.shape)
}

/// Returns the change that gives a member the value that a rule names.
fn value_change<'r>(
    sampler: &InputSampler<'_>,
    shape: &Shape,
    member: &'r str,
    value: &str,
) -> Option<(Option<&'r str>, InputChange)> {
    let value = sampler.value_of_text(member_shape(shape, member)?, value)?;
    Some((Some(member), InputChange::Set(value)))
}

/// Returns the change that gives a member one of the other values.
fn other_value_change<'r>(
    sampler: &InputSampler<'_>,
    shape: &Shape,
    member: &'r str,
    values: &[String],
    index: usize,
) -> Option<(Option<&'r str>, InputChange)> {
    let value = sampler.other_values(member_shape(shape, member)?, values).into_iter().nth(index)?;
    Some((Some(member), InputChange::Set(value)))
}
