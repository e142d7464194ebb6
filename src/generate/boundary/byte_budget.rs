//! Byte budgets: exactly reached and exceeded by one byte, in one entry and in many, in one-, two- and
//! four-byte characters.
//!
//! It never splits a write over several requests; see `accumulated_budget.rs`.

use crate::case::{Case, Value};
use crate::contract::{ByteScope, Constraint, FactField, PathSegment, Shape, ShapeKind, ShapeRule};
use crate::generate::case_spec::IntendedOutcome;
use crate::generate::input_checker::count_total_bytes;
use crate::generate::input_sampler::InputSampler;
use crate::generate::limits::MAX_BODY_SIZE;
use crate::generate::operation_context::OperationContext;
use crate::generate::site::InputSite;
use indexmap::IndexMap;

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let shape = context.shape(site);
    let mut out = Vec::new();
    for (index, rule) in shape.rules.iter().enumerate() {
        let ShapeRule::MaxTotalBytes { over, max, .. } = rule else { continue };
        if *max > MAX_BODY_SIZE {
            let words = format!("at most {max} bytes in total");
            out.push(context.build_unsendable_case(
                site,
                Constraint::MaxTotalBytes,
                "at-max",
                words,
                "larger than overstep sends",
            ));
            continue;
        }
        let disputed = shape.facts.iter().any(|fact| fact.disputed && fact.field.rule_index() == Some(index));
        let budget = ByteBudget { scope: *over, max: *max, disputed, rule_index: index };
        budget.add_cases(context, site, shape, &mut out);
    }
    out
}

struct ByteBudget {
    scope: ByteScope,
    max: u64,
    /// Whether the documentation allows both readings.
    disputed: bool,
    rule_index: usize,
}

impl ByteBudget {
    fn add_cases(&self, context: &OperationContext<'_>, site: &InputSite, shape: &Shape, out: &mut Vec<Case>) {
        let what = match self.scope {
            ByteScope::Values => "values",
            ByteScope::KeysAndValues => "keys and values",
        };
        let rule = format!("at most {} UTF-8 bytes over all {what}", self.max);
        let field = FactField::Rule(self.rule_index);
        let fact = shape.facts_at(&field).find(|fact| fact.standing != crate::contract::FactOrigin::Assumed);
        // The strictest reading decides what is valid, the most lenient one what is a violation.
        let strict = if self.disputed { ByteScope::KeysAndValues } else { self.scope };
        let loose = if self.disputed { ByteScope::Values } else { self.scope };
        let violating = || IntendedOutcome::Violates(site.path.clone(), Constraint::MaxTotalBytes);
        let mut plans = vec![
            ("at-max", self.max, strict, 1, 'a', IntendedOutcome::Valid),
            ("above-max", self.max + 1, loose, 1, 'a', violating()),
            ("at-max-many", self.max, strict, 8, 'a', IntendedOutcome::Valid),
            ("above-max-many", self.max + 1, loose, 8, 'a', violating()),
            ("at-max-two-byte", self.max, strict, 1, 'é', IntendedOutcome::Valid),
            ("above-max-two-byte", self.max + 1, loose, 1, 'é', violating()),
            ("at-max-astral", self.max, strict, 1, '\u{1F600}', IntendedOutcome::Valid),
            ("above-max-astral", self.max + 1, loose, 1, '\u{1F600}', violating()),
        ];
        if self.disputed {
            plans.push(("at-max-of-values", self.max, ByteScope::Values, 1, 'a', IntendedOutcome::Valid));
        }
        for (variant, total, over, entries, filler, outcome) in plans {
            let made = context.build_member_case(
                site,
                Constraint::MaxTotalBytes,
                variant,
                rule.clone(),
                fact,
                outcome,
                |sampler| fill_map(context, sampler, site, shape, total, over, entries, filler),
            );
            out.extend(made);
        }
    }
}

/// Returns a map that exceeds its budget by one byte under every reading.
pub(super) fn value_over_budget(
    context: &OperationContext<'_>,
    sampler: &InputSampler<'_>,
    site: &InputSite,
) -> Option<Value> {
    let shape = context.shape(site);
    shape.rules.iter().find_map(|rule| match rule {
        ShapeRule::MaxTotalBytes { max, .. } if *max < MAX_BODY_SIZE => {
            fill_map(context, sampler, site, shape, max + 1, ByteScope::Values, 1, 'a')
        }
        _ => None,
    })
}

/// Returns a map whose contents take exactly `total` bytes under a reading, in at least `entries` entries.
#[expect(clippy::too_many_arguments, reason = "one call, and a struct would only repeat these names")]
fn fill_map(
    context: &OperationContext<'_>,
    sampler: &InputSampler<'_>,
    site: &InputSite,
    shape: &Shape,
    total: u64,
    scope: ByteScope,
    entries: u64,
    filler: char,
) -> Option<Value> {
    let ShapeKind::Map { key, value } = &shape.kind else { return None };
    let contract = context.plan.contract;
    let inner = match &contract.shape(value).kind {
        ShapeKind::String => value,
        ShapeKind::Structure { members } => &members.get("Value").or_else(|| members.get("value"))?.shape,
        _ => return None,
    };
    let longest = contract.shape(inner).length().max.unwrap_or(u64::MAX).min(MAX_BODY_SIZE);
    let mut out: IndexMap<String, Value> = IndexMap::new();
    let place = site.path.join(PathSegment::Value);
    let share = total.div_ceil(entries);
    for index in 0..256 {
        let name = sampler.sample_key(key, &site.path, index);
        let spent = count_total_bytes(&out, scope);
        let left = total.checked_sub(spent)?;
        if left == 0 && out.len() as u64 >= entries {
            break;
        }
        let key_cost = if scope == ByteScope::KeysAndValues { name.len() as u64 } else { 0 };
        let bytes = left.checked_sub(key_cost)?.min(share.max(1)).min(longest * filler.len_utf8() as u64);
        let full = bytes / filler.len_utf8() as u64;
        let padding = bytes % filler.len_utf8() as u64;
        let count = full.min(longest);
        let padding = padding.min(longest - count);
        let text: String =
            std::iter::repeat_n(filler, count as usize).chain(std::iter::repeat_n('a', padding as usize)).collect();
        let entry = match sampler.sample_value(value, &place) {
            Value::Map(mut members) => {
                let name = if members.contains_key("value") { "value" } else { "Value" };
                members.insert(name.to_owned(), Value::Text(text));
                Value::Map(members)
            }
            _ => Value::Text(text),
        };
        out.insert(name, entry);
    }
    (count_total_bytes(&out, scope) == total).then_some(Value::Map(out))
}
