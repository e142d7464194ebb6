//! Valid requests drawn at random: combinations that no single-fault strategy generates.
//!
//! It never sends a request that violates a constraint.

use super::{Work, integer_range};
use crate::contract::{Kind, MemberPath, Segment, ShapeId};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::draft::{Aim, Request};
use crate::generate::draw::{Draw, Seeded, pick};
use crate::generate::sample::Sampler;
use crate::generate::shown::shown;
use indexmap::IndexMap;

/// Number of random requests per operation.
const CASES: usize = 12;
/// Maximum number of attempts to draw a request that violates nothing.
const TRIES: usize = 8;

pub(crate) fn cases(work: &Work<'_>) -> Vec<Case> {
    let Some(input) = &work.operation.input else { return Vec::new() };
    (1..=CASES)
        .filter_map(|number| {
            work.of_class(
                "valid",
                "random",
                format!("{number:02}"),
                "a valid request drawn at random",
                Aim::Valid,
                |sampler| {
                    (0..TRIES).find_map(|attempt| {
                        let purpose = format!("random/{}/{number}/{attempt}", work.operation.name);
                        let mut draw = Seeded::new(work.planner.options.seed, &purpose);
                        let value = Random { work, sampler }.value(input, &MemberPath::root(), 0, &mut draw)?;
                        let seen = shown(work.planner.contract, work.operation, &value);
                        let fresh = value != sampler.plain() && work.planner.labels().breaches(input, &seen).is_empty();
                        fresh.then(|| Request::of(value))
                    })
                },
            )
        })
        .collect()
}

struct Random<'w> {
    work: &'w Work<'w>,
    sampler: &'w Sampler<'w>,
}

impl Random<'_> {
    fn value(&self, id: &ShapeId, path: &MemberPath, depth: usize, draw: &mut dyn Draw) -> Option<Value> {
        let place = path.to_string();
        if let Some(json) = self.work.planner.scenario.use_for(self.work.operation.name.as_str(), &place) {
            return Some(self.sampler.templates.json(json));
        }
        let shape = self.work.planner.contract.shape(id);
        let length = shape.length();
        let size = |draw: &mut dyn Draw, usual: u64| {
            let min = length.min.unwrap_or(0);
            draw.between(min, length.max.unwrap_or(u64::MAX).min(min.saturating_add(usual)))
        };
        Some(match &shape.kind {
            Kind::Structure { members } => {
                let mut out = IndexMap::new();
                for (name, member) in members {
                    let wanted = member.required || draw.one_in(2 + depth as u64);
                    if wanted && (depth < 6 || member.required) {
                        out.insert(name.clone(), self.value(&member.shape, &path.member(name), depth + 1, draw)?);
                    }
                }
                Value::Map(out)
            }
            Kind::Union { members } => {
                let names: Vec<&String> = members.keys().collect();
                let name = pick(draw, &names)?;
                let inner = self.value(&members[*name].shape, &path.member(name), depth + 1, draw)?;
                Value::Map(IndexMap::from([((*name).clone(), inner)]))
            }
            Kind::List { member } => {
                let size = if depth > 6 { length.min.unwrap_or(0) } else { size(draw, 4) };
                let place = path.then(Segment::Item);
                Value::List((0..size).map(|_| self.value(member, &place, depth + 1, draw)).collect::<Option<_>>()?)
            }
            Kind::Map { key, value } => {
                let size = if depth > 6 { length.min.unwrap_or(0) } else { size(draw, 4) };
                let mut out = IndexMap::new();
                for _ in 0..size {
                    if let Value::Text(name) = self.value(key, &path.then(Segment::Key), depth + 1, draw)? {
                        out.insert(name, self.value(value, &path.then(Segment::Value), depth + 1, draw)?);
                    }
                }
                Value::Map(out)
            }
            Kind::String => {
                let count = size(draw, 24);
                match self.work.planner.patterns.get(id) {
                    Some(pattern) => {
                        let (low, high) = pattern.lengths();
                        let count = count.clamp(low as u64, (high as u64).max(low as u64));
                        Value::Text(pattern.member(draw, Some(count as usize)).or_else(|| pattern.member(draw, None))?)
                    }
                    None => Value::Text((0..count).map(|_| character(draw)).collect()),
                }
            }
            Kind::Enum { .. } => Value::text(*pick(draw, &shape.settled_values())?),
            Kind::Boolean => Value::Boolean(draw.one_in(2)),
            Kind::Integer | Kind::Long => {
                let (low, high) = integer_range(shape);
                let span = u64::try_from(high - low).unwrap_or(u64::MAX);
                Value::integer(low + i128::from(draw.between(0, span.min(1 << 40))))
            }
            _ => self.sampler.sample(id, path),
        })
    }
}

/// Draws mostly letters, sometimes a character that encoders and counters get wrong.
fn character(draw: &mut dyn Draw) -> char {
    const ODD: [char; 12] = ['"', '\\', '/', '&', '<', '+', '%', 'é', 'ß', '\u{301}', '漢', '\u{1F600}'];
    if draw.one_in(6) { ODD[draw.below(ODD.len() as u64) as usize] } else { char::from(b'a' + draw.below(26) as u8) }
}
