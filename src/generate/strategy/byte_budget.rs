//! Byte budgets: exactly reached and exceeded by one byte, in one entry and in many, in one-, two- and
//! four-byte characters.
//!
//! It never splits a write over several requests; see `accumulated_budget.rs`.

use super::Work;
use crate::contract::{ByteScope, Constraint, Kind, Operation, Rule, Segment, Shape};
use crate::generate::Value;
use crate::generate::case::{Case, Judged, Purpose, Send, Step};
use crate::generate::draft::{Aim, Planner};
use crate::generate::expectation::{Assumption, Expectation};
use crate::generate::label::total_bytes;
use crate::generate::sample::Sampler;
use crate::generate::site::Site;
use indexmap::IndexMap;

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    let shape = work.shape(site);
    let mut out = Vec::new();
    for (index, rule) in shape.rules.iter().enumerate() {
        let Rule::MaxTotalBytes { over, max, .. } = rule else { continue };
        if *max > super::MOST_IN_BODY {
            let words = format!("at most {max} bytes in total");
            out.push(work.not_sent(site, Constraint::MaxTotalBytes, "at-max", words, "larger than overstep sends"));
            continue;
        }
        let prefix = format!("rules/{index}");
        let disputed = shape.facts.iter().any(|fact| fact.disputed && fact.path.starts_with(&prefix));
        let budget = Budget { over: *over, max: *max, disputed, rule: index };
        budget.cases(work, site, shape, &mut out);
    }
    out
}

struct Budget {
    over: ByteScope,
    max: u64,
    /// Whether the documentation allows both readings.
    disputed: bool,
    rule: usize,
}

impl Budget {
    fn cases(&self, work: &Work<'_>, site: &Site, shape: &Shape, out: &mut Vec<Case>) {
        let what = match self.over {
            ByteScope::Values => "values",
            ByteScope::KeysAndValues => "keys and values",
        };
        let rule = format!("at most {} UTF-8 bytes over all {what}", self.max);
        let path = format!("rules/{}", self.rule);
        let fact = shape.facts_at(&path).find(|fact| fact.standing != crate::contract::Standing::Assumed);
        // The strictest reading decides what is valid, the most lenient one what is a violation.
        let strict = if self.disputed { ByteScope::KeysAndValues } else { self.over };
        let loose = if self.disputed { ByteScope::Values } else { self.over };
        let breaks = || Aim::Breaks(site.path.clone(), Constraint::MaxTotalBytes);
        let mut plans = vec![
            ("at-max", self.max, strict, 1, 'a', Aim::Valid),
            ("above-max", self.max + 1, loose, 1, 'a', breaks()),
            ("at-max-many", self.max, strict, 8, 'a', Aim::Valid),
            ("above-max-many", self.max + 1, loose, 8, 'a', breaks()),
            ("at-max-two-byte", self.max, strict, 1, 'é', Aim::Valid),
            ("above-max-two-byte", self.max + 1, loose, 1, 'é', breaks()),
            ("at-max-astral", self.max, strict, 1, '\u{1F600}', Aim::Valid),
            ("above-max-astral", self.max + 1, loose, 1, '\u{1F600}', breaks()),
        ];
        if self.disputed {
            plans.push(("at-max-of-values", self.max, ByteScope::Values, 1, 'a', Aim::Valid));
        }
        for (variant, total, over, entries, filler, aim) in plans {
            let made = work.at(site, Constraint::MaxTotalBytes, variant, rule.clone(), fact, aim, |sampler| {
                fill(work, sampler, site, shape, total, over, entries, filler)
            });
            out.extend(made);
        }
    }
}

/// Returns a map that exceeds its budget by one byte under every reading.
pub(super) fn over_budget(work: &Work<'_>, sampler: &Sampler<'_>, site: &Site) -> Option<Value> {
    let shape = work.shape(site);
    shape.rules.iter().find_map(|rule| match rule {
        Rule::MaxTotalBytes { max, .. } if *max < super::MOST_IN_BODY => {
            fill(work, sampler, site, shape, max + 1, ByteScope::Values, 1, 'a')
        }
        _ => None,
    })
}

/// Returns a map whose contents take exactly `total` bytes under a reading, in at least `entries` entries.
#[expect(clippy::too_many_arguments, reason = "one call, and a struct would only repeat these names")]
fn fill(
    work: &Work<'_>,
    sampler: &Sampler<'_>,
    site: &Site,
    shape: &Shape,
    total: u64,
    over: ByteScope,
    entries: u64,
    filler: char,
) -> Option<Value> {
    let Kind::Map { key, value } = &shape.kind else { return None };
    let contract = work.planner.contract;
    let inner = match &contract.shape(value).kind {
        Kind::String => value,
        Kind::Structure { members } => &members.get("Value").or_else(|| members.get("value"))?.shape,
        _ => return None,
    };
    let longest = contract.shape(inner).length().max.unwrap_or(u64::MAX).min(super::MOST_IN_BODY);
    let mut out: IndexMap<String, Value> = IndexMap::new();
    let place = site.path.then(Segment::Value);
    let share = total.div_ceil(entries);
    for index in 0..256 {
        let name = sampler.key(key, &site.path, index);
        let spent = total_bytes(&out, over);
        let left = total.checked_sub(spent)?;
        if left == 0 && out.len() as u64 >= entries {
            break;
        }
        let key_cost = if over == ByteScope::KeysAndValues { name.len() as u64 } else { 0 };
        let bytes = left.checked_sub(key_cost)?.min(share.max(1)).min(longest * filler.len_utf8() as u64);
        let full = bytes / filler.len_utf8() as u64;
        let padding = bytes % filler.len_utf8() as u64;
        let count = full.min(longest);
        let padding = padding.min(longest - count);
        let text: String =
            std::iter::repeat_n(filler, count as usize).chain(std::iter::repeat_n('a', padding as usize)).collect();
        let entry = match sampler.sample(value, &place) {
            Value::Map(mut members) => {
                let name = if members.contains_key("value") { "value" } else { "Value" };
                members.insert(name.to_owned(), Value::Text(text));
                Value::Map(members)
            }
            _ => Value::Text(text),
        };
        out.insert(name, entry);
    }
    (total_bytes(&out, over) == total).then_some(Value::Map(out))
}

/// Adds reads before and after an accepted write if stored entries count towards the budget, so that a rejection is a
/// mismatch only if the budget had room.
pub(crate) fn with_room(planner: &Planner<'_>, operation: &Operation, mut case: Case) -> Case {
    let Expectation::Accept(accept) = &mut case.expectation else { return case };
    let notes = planner.scenario.notes(operation.name.as_str());
    let Judged::Step(judged) = case.judged else { return case };
    let Some(Step { send: Send::Operation { input, .. }, turn, .. }) = case.steps.get(judged) else { return case };
    let Some((member, written, room)) = budgeted(planner, operation, input) else { return case };
    let reads = notes.map_or(&[][..], |notes| &notes.reads);
    let Some(read) = reads.iter().find(|read| read.member.as_ref().is_none_or(|of| *of == member)) else { return case };
    let Some(reader) = planner.contract.operation(&read.request) else { return case };
    let turn = *turn;
    accept.assumes =
        Some(Assumption { steps: vec![judged, judged + 2], path: read.value.clone(), only: written, room });
    let input = planner.sampler(reader, &case.id).plain();
    let look = |turn: u32| Step {
        purpose: Purpose::ReadBack,
        send: Send::Operation { name: reader.name.clone(), input: input.clone(), damage: Vec::new() },
        authorization: planner.authorization(),
        captures: Vec::new(),
        turn,
        fixture: None,
    };
    for step in &mut case.steps {
        step.turn += u32::from(step.turn >= turn) + u32::from(step.turn > turn);
    }
    case.steps.insert(judged, look(turn));
    case.steps.insert(judged + 2, look(turn + 2));
    case.judged = Judged::Step(judged + 1);
    case
}

/// Returns the member with a stored budget that an input writes to, the keys written, and how many bytes they leave
/// under the strictest reading.
fn budgeted(planner: &Planner<'_>, operation: &Operation, input: &Value) -> Option<(String, Vec<String>, u64)> {
    let members = planner.contract.shape(operation.input.as_ref()?).kind.members()?;
    members.iter().find_map(|(name, member)| {
        let Some(Value::Map(entries)) = input.member(name) else { return None };
        let rules = &planner.contract.shape(&member.shape).rules;
        rules.iter().find_map(|rule| match rule {
            Rule::MaxTotalBytes { max, stored: true, .. } => {
                let room = max.saturating_sub(total_bytes(entries, ByteScope::KeysAndValues));
                Some((name.clone(), entries.keys().cloned().collect(), room))
            }
            _ => None,
        })
    })
}
