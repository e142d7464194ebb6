//! Byte budgets over stored entries: reached and exceeded in several requests, and by overwriting with longer and
//! shorter values, in one-byte and four-byte characters.
//!
//! It never assumes an empty resource: every case first makes its own entries as small as possible, so that repeating
//! it on the same server starts from the same state.

use super::Work;
use super::bytes::with_room;
use crate::contract::{ByteScope, Constraint, Kind, Role, Rule, ShapeId};
use crate::generate::case::{Case, Intent, Judged, Purpose, Send, Step};
use crate::generate::draft::Planner;
use crate::generate::fixture;
use crate::generate::keeper::with_text;
use crate::generate::sample::{Change, Sampler};
use crate::generate::site::Site;

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    let shape = work.shape(site);
    let Kind::Map { key, value } = &shape.kind else { return Vec::new() };
    if site.path.0.len() != 1
        || work.planner.scenario.notes(work.operation.name.as_str()).is_none_or(|n| n.reads.is_empty())
    {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (index, rule) in shape.rules.iter().enumerate() {
        let Rule::MaxTotalBytes { over, max, stored: true } = rule else { continue };
        if *max > super::MOST_IN_BODY {
            continue;
        }
        let path = format!("rules/{index}");
        let disputed = shape.facts.iter().any(|fact| fact.disputed && fact.path.starts_with(&path));
        let stored = Stored { work, site, key, value, max: *max, over: *over, disputed, rule: index };
        for filler in ['a', '\u{1F600}'] {
            for past in [false, true] {
                out.extend(PLANS.iter().filter_map(|plan| stored.case(plan, filler, past)));
            }
        }
    }
    out
}

/// The preceding writes, each of one entry with a share of the budget, and the entry that uses up the rest.
struct Plan {
    variant: &'static str,
    before: &'static [(usize, Share)],
    last: usize,
}

/// How much of a budget a value takes.
#[derive(Clone, Copy)]
enum Share {
    /// The budget divided by this number.
    Part(u64),
    /// All that the other entries leave.
    Rest,
}

use Share::{Part, Rest};

const PLANS: &[Plan] = &[
    Plan { variant: "in-several", before: &[(0, Part(3)), (1, Part(3))], last: 2 },
    Plan { variant: "grown", before: &[(0, Part(2)), (1, Part(4))], last: 1 },
    Plan { variant: "shrunk", before: &[(0, Rest), (0, Part(2))], last: 1 },
    Plan { variant: "freed", before: &[(0, Part(2)), (1, Rest), (1, Part(8))], last: 2 },
];

/// Number of entries in a case.
const ENTRIES: usize = 3;

struct Stored<'w, 'p> {
    work: &'w Work<'p>,
    site: &'w Site,
    key: &'p ShapeId,
    value: &'p ShapeId,
    max: u64,
    over: ByteScope,
    disputed: bool,
    rule: usize,
}

impl Stored<'_, '_> {
    fn planner(&self) -> &Planner<'_> {
        self.work.planner
    }

    /// Builds a case from a plan: `past` exceeds the budget by one byte instead of reaching it exactly.
    fn case(&self, plan: &Plan, filler: char, past: bool) -> Option<Case> {
        let (planner, operation) = (self.planner(), self.work.operation);
        let side = if past { "above-max" } else { "at-max" };
        let ending = if filler == 'a' { "" } else { "-astral" };
        let variant = format!("{side}-{}{ending}", plan.variant);
        let id = planner.id(operation, &self.site.path.to_string(), Constraint::MaxTotalBytes.name(), &variant);
        let sampler = planner.sampler(operation, &id);
        let keys: Vec<String> =
            (0..ENTRIES).map(|index| sampler.key(self.key, &self.site.path, index as u64)).collect();
        // The strictest reading decides what is valid, the most lenient one what is a violation.
        let strict = if self.disputed { ByteScope::KeysAndValues } else { self.over };
        let loose = if self.disputed { ByteScope::Values } else { self.over };
        let least = self.least();
        let mut sizes = [least; ENTRIES];
        let cost = |index: usize, over| if over == ByteScope::KeysAndValues { keys[index].len() as u64 } else { 0 };
        let rest = |sizes: &[u64; ENTRIES], index: usize, over, budget: u64| {
            let others: u64 = (0..ENTRIES).filter(|other| *other != index).map(|other| sizes[other]).sum();
            let names: u64 = (0..ENTRIES).map(|other| cost(other, over)).sum();
            budget.checked_sub(others + names)
        };
        let mut acts = vec![self.write(&sampler, Purpose::SetUp, 0, &keys, &[least; ENTRIES], 'a')?];
        for (index, share) in plan.before {
            sizes[*index] = match share {
                Part(parts) => self.max / parts,
                Rest => rest(&sizes, *index, strict, self.max)?,
            };
            let step = self.write(
                &sampler,
                Purpose::SetUp,
                acts.len() as u32,
                &keys[*index..=*index],
                &sizes[*index..=*index],
                filler,
            )?;
            acts.push(step);
        }
        let (over, budget) = if past { (loose, self.max + 1) } else { (strict, self.max) };
        sizes[plan.last] = rest(&sizes, plan.last, over, budget)?;
        let last = plan.last..=plan.last;
        acts.push(self.write(&sampler, Purpose::Act, acts.len() as u32, &keys[last.clone()], &sizes[last], filler)?);
        let judged = acts.len() - 1;
        let what = if self.over == ByteScope::Values { "values" } else { "keys and values" };
        let path = format!("rules/{}", self.rule);
        let shape = self.work.shape(self.site);
        let fact = shape.facts_at(&path).find(|fact| fact.standing != crate::contract::Standing::Assumed);
        let apart = planner.sampler(operation, &id).of_resource(2).plain() != planner.sampler(operation, &id).plain();
        let (steps, first) = fixture::surround(planner, &id, acts);
        let expectation =
            if past { planner.reject(operation, Role::InvalidInput) } else { planner.accept(operation, Vec::new()) };
        let case = Case {
            id,
            operation: operation.name.clone(),
            intent: if past { Intent::Violates } else { Intent::Valid },
            member: Some(self.site.path.clone()),
            constraint: Some(Constraint::MaxTotalBytes),
            class: "member",
            steps,
            judged: Judged::Step(first + judged),
            expectation,
            rule: format!("at most {} UTF-8 bytes over all stored {what}", self.max),
            source: planner.source(fact, operation),
            unsendable: None,
            alone: !apart && planner.scenario.fixtures.is_empty(),
        };
        Some(with_room(planner, operation, case))
    }

    /// Returns the minimum size of a value's text.
    fn least(&self) -> u64 {
        let contract = self.planner().contract;
        let inner = match &contract.shape(self.value).kind {
            Kind::Structure { members } => members.get("Value").map_or(self.value, |member| &member.shape),
            _ => self.value,
        };
        contract.shape(inner).length().min.unwrap_or(0).max(1)
    }

    /// Returns a write of these entries with values of these sizes in bytes, or `None` if it violates a constraint.
    fn write(
        &self,
        sampler: &Sampler<'_>,
        purpose: Purpose,
        turn: u32,
        keys: &[String],
        sizes: &[u64],
        filler: char,
    ) -> Option<Step> {
        let planner = self.planner();
        let wide = filler.len_utf8() as u64;
        let place = self.site.path.then(crate::contract::Segment::Value);
        let entries = keys.iter().zip(sizes).map(|(key, size)| {
            let filled = std::iter::repeat_n(filler, (size / wide) as usize);
            let text: String = filled.chain(std::iter::repeat_n('a', (size % wide) as usize)).collect();
            let value = with_text(planner.contract, self.value, sampler.sample(self.value, &place), &text)?;
            Some((key.clone(), value))
        });
        let map = crate::generate::keeper::map(entries.collect::<Option<Vec<_>>>()?);
        let input = sampler.with(&[(&self.site.path, Change::Set(map))]);
        if !planner.labels().breaches(self.work.operation.input.as_ref()?, &input).iter().all(|breach| !breach.certain)
        {
            return None;
        }
        let send = Send::Operation { name: self.work.operation.name.clone(), input, damage: Vec::new() };
        Some(Step { purpose, send, authorization: planner.authorization(), captures: Vec::new(), turn, fixture: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_leave_room_for_their_last_write() {
        for plan in PLANS {
            assert!(plan.last < ENTRIES && plan.before.iter().all(|(index, _)| *index < ENTRIES), "{}", plan.variant);
            let last_of_last = plan.before.iter().rev().find(|(index, _)| *index == plan.last);
            assert!(!matches!(last_of_last, Some((_, Rest))), "{}: nothing would be left to write", plan.variant);
        }
    }
}
