//! Valid requests drawn at random: combinations that no single-fault strategy generates.
//!
//! It never sends a request that violates a constraint.

use crate::case::{Case, CaseClass, CaseKind, Value};
use crate::contract::{MemberPath, PathSegment, ShapeId, ShapeKind};
use crate::generate::case_spec::{CaseRequest, IntendedOutcome};
use crate::generate::input_sampler::InputSampler;
use crate::generate::limits::{integer_range, round_to_step};
use crate::generate::operation_context::OperationContext;
use crate::generate::wire_view::as_seen_on_wire;
use crate::pattern::{Draw, SeededDraw, pick_item};
use indexmap::IndexMap;
use std::cell::Cell;

/// Number of random requests per operation.
const CASES_PER_OPERATION: usize = 12;
/// Maximum number of attempts to draw a request that violates nothing.
const MAX_ATTEMPTS: usize = 8;
/// Number of parts of a request after which only what is required is drawn.
const MAX_PARTS: u64 = 5_000;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    let Some(input) = &context.operation.input else { return Vec::new() };
    (1..=CASES_PER_OPERATION)
        .filter_map(|number| {
            context.build_class_case(
                CaseClass::Valid,
                CaseKind::Random,
                format!("{number:02}"),
                "a valid request drawn at random",
                IntendedOutcome::Valid,
                |sampler| {
                    (0..MAX_ATTEMPTS).find_map(|attempt| {
                        let purpose = format!("random/{}/{number}/{attempt}", context.operation.name);
                        let mut draw = SeededDraw::new(context.plan.options.seed, &purpose);
                        let value = RandomInput { context, sampler, parts_left: Cell::new(MAX_PARTS) }.draw_value(
                            input,
                            &MemberPath::root(),
                            0,
                            &mut draw,
                        )?;
                        let seen = as_seen_on_wire(context.plan.contract, context.operation, &value);
                        let fresh = value != sampler.plain_input()
                            && context.plan.input_checker().violations(input, &seen).is_empty();
                        fresh.then(|| CaseRequest::new(value))
                    })
                },
            )
        })
        .collect()
}

struct RandomInput<'w> {
    context: &'w OperationContext<'w>,
    sampler: &'w InputSampler<'w>,
    /// Number of parts that may still be drawn; after that, only what is required is.
    parts_left: Cell<u64>,
}

impl RandomInput<'_> {
    /// Returns true if a collection of these shapes should be as small as possible.
    fn needs_least(&self, depth: usize, parts: &[&ShapeId]) -> bool {
        depth > 6 || self.parts_left.get() == 0 || parts.iter().any(|id| !self.context.plan.testable.has_value(id))
    }

    fn draw_value(&self, id: &ShapeId, path: &MemberPath, depth: usize, draw: &mut dyn Draw) -> Option<Value> {
        let place = path.to_string();
        if let Some(json) = self.context.plan.scenario.value_when_sent(self.context.operation.name.as_str(), &place) {
            return Some(self.sampler.templates.fill_json(json));
        }
        if !self.context.plan.testable.has_value(id) {
            return None;
        }
        self.parts_left.set(self.parts_left.get().saturating_sub(1));
        let shape = self.context.plan.contract.shape(id);
        let length = shape.length();
        let size = |draw: &mut dyn Draw, usual: u64| {
            let min = length.min.unwrap_or(0);
            draw.between(min, length.max.unwrap_or(u64::MAX).min(min.saturating_add(usual)))
        };
        Some(match &shape.kind {
            ShapeKind::Structure { members } => {
                let mut out = IndexMap::new();
                for (name, member) in members {
                    let wanted = member.required || draw.one_in(2 + depth as u64);
                    let fits =
                        depth < 6 && self.parts_left.get() > 0 && self.context.plan.testable.has_value(&member.shape);
                    if wanted && (fits || member.required) {
                        out.insert(
                            name.clone(),
                            self.draw_value(&member.shape, &path.join_member(name), depth + 1, draw)?,
                        );
                    }
                }
                Value::Map(out)
            }
            ShapeKind::Union { members } => {
                let testable = &self.context.plan.testable;
                let all = members.iter().filter(|(_, member)| testable.has_value(&member.shape));
                let mut names: Vec<&String> = all.clone().map(|(name, _)| name).collect();
                if depth > 6 || self.parts_left.get() == 0 {
                    let smallest = all.min_by_key(|(_, member)| testable.plain_size(&member.shape));
                    names = smallest.map(|(name, _)| name).into_iter().collect();
                }
                let name = pick_item(draw, &names)?;
                let inner = self.draw_value(&members[*name].shape, &path.join_member(name), depth + 1, draw)?;
                Value::Map(IndexMap::from([((*name).clone(), inner)]))
            }
            ShapeKind::List { member } => {
                let size = if self.needs_least(depth, &[member]) { length.min.unwrap_or(0) } else { size(draw, 4) };
                let place = path.join(PathSegment::Item);
                Value::List((0..size).map(|_| self.draw_value(member, &place, depth + 1, draw)).collect::<Option<_>>()?)
            }
            ShapeKind::Map { key, value } => {
                let size = if self.needs_least(depth, &[key, value]) { length.min.unwrap_or(0) } else { size(draw, 4) };
                let mut out = IndexMap::new();
                for _ in 0..size {
                    if let Value::Text(name) = self.draw_value(key, &path.join(PathSegment::Key), depth + 1, draw)? {
                        out.insert(name, self.draw_value(value, &path.join(PathSegment::Value), depth + 1, draw)?);
                    }
                }
                Value::Map(out)
            }
            ShapeKind::String => {
                let count = size(draw, 24);
                match self.context.plan.patterns.get(id) {
                    Some(pattern) => {
                        let (low, high) = pattern.length_range();
                        let count = count.clamp(low as u64, (high as u64).max(low as u64));
                        Value::Text(
                            pattern
                                .draw_member(draw, Some(count as usize))
                                .or_else(|| pattern.draw_member(draw, None))?,
                        )
                    }
                    None => Value::Text((0..count).map(|_| draw_character(draw)).collect()),
                }
            }
            ShapeKind::Enum { .. } => Value::text(*pick_item(draw, &shape.undisputed_values())?),
            ShapeKind::Boolean => Value::Boolean(draw.one_in(2)),
            ShapeKind::Integer | ShapeKind::Long => {
                let (low, high) = integer_range(shape);
                let span = u64::try_from(high - low).unwrap_or(u64::MAX);
                let drawn = low + i128::from(draw.between(0, span.min(1 << 40)));
                Value::integer(round_to_step(shape, drawn))
            }
            _ => self.sampler.sample_value(id, path),
        })
    }
}

/// Draws mostly letters, sometimes a character that encoders and counters get wrong.
fn draw_character(draw: &mut dyn Draw) -> char {
    const ODD: [char; 12] = ['"', '\\', '/', '&', '<', '+', '%', 'é', 'ß', '\u{301}', '漢', '\u{1F600}'];
    if draw.one_in(6) { ODD[draw.below(ODD.len() as u64) as usize] } else { char::from(b'a' + draw.below(26) as u8) }
}
