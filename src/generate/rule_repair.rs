//! Makes the structures and lists that a sampler builds keep the rules over several members.
//!
//! It never changes what a case asks for: a rule that such a change breaks stays broken.

use super::input_sampler::{InputChange, InputSampler, PathTarget};
use super::limits::{integer_range, integer_step, number_limits};
use super::member_order::{compare_values, step_value};
use super::member_rules::{GivenMembers, find_broken_rule};
use crate::case::Value;
use crate::contract::{MemberPath, PathSegment, Shape, ShapeId, ShapeKind, ShapeRule};
use std::cmp::Ordering;

/// Maximum number of times that all rules are looked at: a repair may break another rule.
const MAX_ROUNDS: usize = 6;
/// Maximum number of values around a structure to which members are added.
const MAX_DEPTH: usize = 12;

/// A structure whose rules are being repaired.
struct RuleRepair<'r, 's> {
    sampler: &'r InputSampler<'s>,
    shape: &'r Shape,
    path: &'r MemberPath,
    targets: &'r [PathTarget<'r>],
    depth: usize,
    is_partial: bool,
    out: &'r mut GivenMembers,
}

impl InputSampler<'_> {
    /// Makes a structure keep its rules, as far as no change targets its members.
    pub(super) fn satisfy_rules(
        &self,
        shape: &Shape,
        path: &MemberPath,
        targets: &[PathTarget<'_>],
        depth: usize,
        out: &mut GivenMembers,
    ) {
        if shape.rules.is_empty() || !matches!(shape.kind, ShapeKind::Structure { .. }) {
            return;
        }
        let is_partial = super::input_checker::is_partial(self.operation);
        let mut repair = RuleRepair { sampler: self, shape, path, targets, depth, is_partial, out };
        repair.add_alternatives();
        for _ in 0..MAX_ROUNDS {
            let before = repair.out.clone();
            shape.rules.iter().for_each(|rule| repair.repair(rule));
            if *repair.out == before {
                break;
            }
        }
    }

    /// Makes the items of a list differ in the member in which they must.
    pub(super) fn separate_items(&self, shape: &Shape, member: &ShapeId, path: &MemberPath, items: &mut [Value]) {
        let item = self.contract.shape(member);
        for rule in &shape.rules {
            let ShapeRule::DistinctBy { key } = rule else { continue };
            let Some(known) = item.kind.members().and_then(|members| members.get(key)) else { continue };
            let place = path.join(PathSegment::Item).join_member(key);
            for (index, value) in (0_u64..).zip(items.iter_mut()).skip(1) {
                if let Value::Map(given) = value
                    && given.contains_key(key)
                {
                    given.insert(key.clone(), self.distinct_item(&known.shape, &place, index, 1));
                }
            }
        }
    }

    /// Returns values of two shapes of which the first is smaller by one step.
    pub(super) fn ordered_values(&self, ids: [&ShapeId; 2], paths: [&MemberPath; 2]) -> Option<[Value; 2]> {
        Some([self.ordered_value(ids, paths, 0, 0)?, self.ordered_value(ids, paths, 1, 1)?])
    }

    /// Returns a value of one of two shapes that are compared: of two neighbouring values that both allow, the smaller one
    /// or the larger one.
    pub(super) fn ordered_value(
        &self,
        ids: [&ShapeId; 2],
        paths: [&MemberPath; 2],
        of: usize,
        rank: i64,
    ) -> Option<Value> {
        let shapes = ids.map(|id| self.contract.shape(id));
        if shapes.iter().all(|shape| has_size(&shape.kind)) {
            let unit = integer_step(shapes[0]).max(integer_step(shapes[1]));
            let (least, most) = common_range(shapes[0], shapes[1])?;
            let first = (least.max(1.0_f64.min(most)) / unit as f64).ceil() as i128 * unit;
            let larger = first.checked_add(unit).filter(|larger| *larger as f64 <= most)?;
            let size = if rank == 0 { first } else { larger };
            return match is_number(&shapes[of].kind) {
                true => Some(Value::integer(size)),
                false => self.list_of(ids[of], paths[of], u64::try_from(size).ok()?),
            };
        }
        let plain = self.sample_value(ids[0], paths[0]);
        let value = step_value(&plain, rank, unit_of(shapes[0]))?;
        self.fits(ids[of], &value).then_some(value)
    }

    /// Returns true if a value is in the range of its shape and matches its pattern.
    pub(super) fn fits(&self, id: &ShapeId, value: &Value) -> bool {
        let shape = self.contract.shape(id);
        match (&shape.kind, value) {
            (kind, Value::Number(literal)) if is_number(kind) => {
                let (least, most) = number_limits(shape);
                literal.parse::<f64>().is_ok_and(|number| (least..=most).contains(&number))
            }
            (ShapeKind::String, Value::Text(text)) => {
                let (length, count) = (shape.length(), text.chars().count() as u64);
                let is_sized = length.min.is_none_or(|min| count >= min) && length.max.is_none_or(|max| count <= max);
                is_sized && self.patterns.get(id).is_none_or(|pattern| pattern.matches(text))
            }
            (ShapeKind::Timestamp, _) => true,
            _ => false,
        }
    }
}

/// Returns true for numbers, and for lists, whose size is their number of entries.
fn has_size(kind: &ShapeKind) -> bool {
    is_number(kind) || matches!(kind, ShapeKind::List { .. })
}

/// Returns the difference between two neighbouring values: a day for points in time.
fn unit_of(shape: &Shape) -> i128 {
    if shape.kind == ShapeKind::Timestamp { 86_400 } else { integer_step(shape) }
}

fn is_number(kind: &ShapeKind) -> bool {
    matches!(kind, ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double)
}

/// Returns the numbers that two shapes both allow.
fn common_range(one: &Shape, two: &Shape) -> Option<(f64, f64)> {
    let limits = |shape: &Shape| match shape.kind {
        ShapeKind::Integer | ShapeKind::Long => {
            let (low, high) = integer_range(shape);
            (low as f64, high as f64)
        }
        ShapeKind::List { .. } => {
            let length = shape.length();
            (length.min.unwrap_or(0) as f64, length.max.unwrap_or(100).min(100) as f64)
        }
        _ => number_limits(shape),
    };
    let ((low, high), (other_low, other_high)) = (limits(one), limits(two));
    let (least, most) = (low.max(other_low).max(-1e15), high.min(other_high).min(1e15));
    (least <= most).then_some((least, most))
}

impl RuleRepair<'_, '_> {
    /// Returns true if a change of the case is at this member or inside it.
    fn is_targeted(&self, name: &str) -> bool {
        self.targets.iter().any(|target| matches!(target.rest.first(), Some(PathSegment::Member(one)) if one == name))
    }

    /// Returns true if the case or the scenario decides the value of this member.
    fn is_value_fixed(&self, name: &str) -> bool {
        let is_change = |target: &PathTarget<'_>| {
            matches!(target.rest.first(), Some(PathSegment::Member(one)) if one == name)
                && !(target.rest.len() == 1 && matches!(target.change, InputChange::Touch))
        };
        self.targets.iter().any(is_change) || self.is_given_by_scenario(name)
    }

    fn is_given_by_scenario(&self, name: &str) -> bool {
        let operation = self.sampler.operation.name.as_str();
        self.sampler.scenario.use_value_at(operation, &self.path.join_member(name)).is_some()
    }

    fn shape_of(&self, name: &str) -> Option<&ShapeId> {
        self.shape.kind.members()?.get(name).map(|member| &member.shape)
    }

    /// Adds a member with a plain value, if no change removes it.
    fn add(&mut self, name: &str) {
        if self.out.contains_key(name) || self.is_targeted(name) || self.depth > MAX_DEPTH {
            return;
        }
        let Some(id) = self.shape_of(name).filter(|id| self.sampler.testable.has_value(id)) else { return };
        let value = self.sampler.build_value(id, &self.path.join_member(name), &[], self.depth + 1);
        self.out.insert(name.to_owned(), value);
    }

    /// Removes a member, if it is optional and nothing asks for it.
    fn remove(&mut self, name: &str) -> bool {
        let is_required =
            self.shape.kind.members().and_then(|members| members.get(name)).is_none_or(|member| member.required);
        let is_free = !is_required && !self.is_targeted(name) && !self.is_given_by_scenario(name);
        if is_free {
            self.out.shift_remove(name);
        }
        is_free
    }

    /// Sets the value of a member, if it is free. The member is added where it is absent and nothing removes it.
    fn set(&mut self, name: &str, value: Value) -> bool {
        let is_removed = self.is_targeted(name) && !self.out.contains_key(name);
        let is_free = !is_removed && !self.is_value_fixed(name);
        if is_free {
            self.out.insert(name.to_owned(), value);
        }
        is_free
    }

    /// Satisfies each `atLeastOneOf` rule with a member that no change targets.
    fn add_alternatives(&mut self) {
        let Some(members) = self.shape.kind.members() else { return };
        for rule in &self.shape.rules {
            let ShapeRule::AtLeastOneOf { members: wanted } = rule else { continue };
            if wanted.iter().any(|name| self.out.contains_key(name) && !self.is_targeted(name)) {
                continue;
            }
            // A member that another one excludes cannot be chosen if that one is given.
            let is_excluded = |name: &String| {
                self.shape.rules.iter().any(|other| {
                    matches!(other, ShapeRule::AtMostOneOf { members } if members.contains(name)
                        && members.iter().any(|other| other != name && self.out.contains_key(other)))
                })
            };
            let free = || {
                let untargeted = wanted.iter().filter(|name| !self.is_targeted(name) && !is_excluded(name));
                let known = untargeted.filter_map(|name| members.get_key_value(name));
                known.filter(|(_, member)| self.sampler.testable.has_value(&member.shape))
            };
            let plain = free().find(|(_, member)| self.sampler.contract.shape(&member.shape).kind.is_text());
            if let Some((name, member)) = plain.or_else(|| free().next()) {
                let place = self.path.join_member(name);
                let value = self.sampler.build_value(&member.shape, &place, &[], self.depth + 1);
                self.out.insert(name.clone(), value);
            }
        }
    }

    /// Changes what is free so that the rule is kept.
    fn repair(&mut self, rule: &ShapeRule) {
        if find_broken_rule(rule, self.out, self.is_partial).is_none() {
            return;
        }
        match rule {
            ShapeRule::AtMostOneOf { members } => {
                let present: Vec<&String> = members.iter().filter(|name| self.out.contains_key(*name)).collect();
                let kept = present.iter().position(|name| self.is_targeted(name)).unwrap_or(0);
                for (_, name) in present.into_iter().enumerate().filter(|(at, _)| *at != kept) {
                    self.remove(name);
                }
            }
            ShapeRule::AllOrNone { members } => {
                members.iter().for_each(|name| self.add(name));
                if members.iter().any(|name| !self.out.contains_key(name)) {
                    members.iter().for_each(|name| {
                        self.remove(name);
                    });
                }
            }
            ShapeRule::Requires { member, needs } => {
                needs.iter().for_each(|name| self.add(name));
                if needs.iter().any(|name| !self.out.contains_key(name)) {
                    self.remove(member);
                }
            }
            ShapeRule::RequiredIf { member, values, needs } => {
                needs.iter().for_each(|name| self.add(name));
                if needs.iter().any(|name| !self.out.contains_key(name)) {
                    self.avoid_values(member, values);
                }
            }
            ShapeRule::ForbiddenIf { member, values, excludes } => {
                let is_removed = excludes.iter().all(|name| !self.out.contains_key(name) || self.remove(name));
                if !is_removed {
                    self.avoid_values(member, values);
                }
            }
            ShapeRule::OnlyIf { member, other, values } => {
                let wanted = self.shape_of(other).and_then(|id| self.sampler.value_of_text(id, values.first()?));
                if !wanted.is_some_and(|value| self.set(other, value)) {
                    self.remove(member);
                }
            }
            ShapeRule::LessThan { member, other } => self.repair_order(member, other, false),
            ShapeRule::AtMost { member, other } => self.repair_order(member, other, true),
            ShapeRule::EqualLengths { members } => self.repair_lengths(members),
            ShapeRule::AtLeastOneOf { .. }
            | ShapeRule::DistinctBy { .. }
            | ShapeRule::KnownMembers
            | ShapeRule::EntryRange { .. }
            | ShapeRule::MaxTotalBytes { .. } => {}
        }
    }

    /// Gives a member a value that is none of these, or removes it.
    fn avoid_values(&mut self, member: &str, values: &[String]) {
        let other = self.shape_of(member).and_then(|id| self.sampler.other_values(id, values).into_iter().next());
        if !other.is_some_and(|value| self.set(member, value)) {
            self.remove(member);
        }
    }

    fn repair_order(&mut self, low: &str, high: &str, allows_equal: bool) {
        let (Some(low_id), Some(high_id)) = (self.shape_of(low).cloned(), self.shape_of(high).cloned()) else { return };
        // A request that changes a resource states both, so that what is stored does not matter.
        if self.is_partial {
            self.add(low);
            self.add(high);
        }
        let steps = i64::from(!allows_equal);
        let unit = {
            let shape = |id: &ShapeId| self.sampler.contract.shape(id);
            unit_of(shape(&low_id)).max(unit_of(shape(&high_id)))
        };
        if let (Some(one), Some(two)) = (self.out.get(low).cloned(), self.out.get(high).cloned()) {
            let is_kept = compare_values(&one, &two)
                .is_none_or(|order| order == Ordering::Less || allows_equal && order == Ordering::Equal);
            if is_kept {
                return;
            }
            let count = |value: &Value| match value {
                Value::List(items) => Some(Value::integer(items.len() as i128)),
                Value::Map(members) => Some(Value::integer(members.len() as i128)),
                _ => None,
            };
            let raised = count(&one).or_else(|| step_value(&one, steps, unit));
            if raised.filter(|value| self.sampler.fits(&high_id, value)).is_some_and(|value| self.set(high, value)) {
                return;
            }
            let lowered = step_value(&two, -steps, unit).filter(|value| self.sampler.fits(&low_id, value));
            if lowered.is_some_and(|value| self.set(low, value)) {
                return;
            }
            if !self.is_value_fixed(low) && !self.is_value_fixed(high) {
                let paths = [self.path.join_member(low), self.path.join_member(high)];
                let both = self.sampler.ordered_values([&low_id, &high_id], [&paths[0], &paths[1]]);
                if let Some([one, two]) = both {
                    self.set(low, one);
                    self.set(high, two);
                    return;
                }
            }
        }
        let _ = self.remove(high) || self.remove(low);
    }

    /// Gives the lists that are free as many entries as the others have.
    fn repair_lengths(&mut self, members: &[String]) {
        let fixed = members.iter().find(|name| self.is_targeted(name) && self.out.contains_key(*name));
        let first = fixed.or_else(|| members.iter().find(|name| self.out.contains_key(*name)));
        let Some(Value::List(model)) = first.and_then(|name| self.out.get(name)) else { return };
        let count = model.len() as u64;
        for name in members {
            if self.is_partial {
                self.add(name);
            }
            let Some(id) = self.shape_of(name).filter(|_| self.out.contains_key(name)) else { continue };
            let Some(list) = self.sampler.list_of(id, &self.path.join_member(name), count) else { continue };
            if matches!(self.out.get(name), Some(Value::List(items)) if items.len() as u64 != count)
                && !self.set(name, list)
            {
                self.remove(name);
            }
        }
    }
}

impl InputSampler<'_> {
    /// Returns the value that a text stands for in a rule.
    pub(super) fn value_of_text(&self, id: &ShapeId, text: &str) -> Option<Value> {
        match &self.contract.shape(id).kind {
            ShapeKind::Boolean => text.parse().ok().map(Value::Boolean),
            kind if is_number(kind) => text.parse::<f64>().ok().map(|_| Value::Number(text.to_owned())),
            kind => kind.is_text().then(|| Value::text(text)),
        }
    }

    /// Returns other values of a shape than these, those of no rule first. Texts that differ only in case are the same.
    pub(super) fn other_values(&self, id: &ShapeId, values: &[String]) -> Vec<Value> {
        let shape = self.contract.shape(id);
        let is_other = |text: &str| !values.iter().any(|value| value.eq_ignore_ascii_case(text));
        match &shape.kind {
            ShapeKind::Boolean => {
                [true, false].into_iter().filter(|truth| is_other(&truth.to_string())).map(Value::Boolean).collect()
            }
            ShapeKind::Enum { .. } => {
                shape.undisputed_values().into_iter().filter(|value| is_other(value)).map(Value::text).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns a list with `count` different items, or `None` if the shape is not a list or does not allow that length.
    pub(super) fn list_of(&self, id: &ShapeId, path: &MemberPath, count: u64) -> Option<Value> {
        let shape = self.contract.shape(id);
        let ShapeKind::List { member } = &shape.kind else { return None };
        let length = shape.length();
        if length.max.is_some_and(|max| count > max) || length.min.is_some_and(|min| count < min) {
            return None;
        }
        let place = path.join(PathSegment::Item);
        Some(Value::List((0..count).map(|index| self.distinct_item(member, &place, index, 1)).collect()))
    }
}
