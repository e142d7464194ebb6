//! The values of a stored member that servers lose most often: at its limits, zero, false, empty, nested, several, null.
//!
//! It never decides who writes them.

use crate::case::Value;
use crate::contract::{MemberPath, PathSegment, Shape, ShapeId, ShapeKind};
use crate::generate::input_sampler::{InputChange, InputSampler};
use crate::generate::operation_context::OperationContext;

/// Maximum length of a text that is compared.
const MAX_TEXT: u64 = 2000;
/// Number of items of a list that is compared.
const MAX_ITEMS: u64 = 3;

/// Returns values of a member, each with the variant that names it. The first is the plain one.
pub(crate) fn member_values(
    context: &OperationContext<'_>,
    sampler: &InputSampler<'_>,
    path: &MemberPath,
    id: &ShapeId,
) -> Vec<(&'static str, Value)> {
    let shape = context.plan.contract.shape(id);
    let plain = full_value(context, sampler, path);
    let mut values = vec![("", plain.clone())];
    // Only the value that the scenario gives names what exists, or is free.
    if context.plan.scenario.value_when_sent_at(context.operation.name.as_str(), path).is_some()
        && !matches!(shape.kind, ShapeKind::String)
    {
        return values;
    }
    match &shape.kind {
        ShapeKind::String if shape.pattern.is_none() && matches!(plain, Value::Text(_)) => {
            let limits = shape.length();
            if let Some(max) = limits.max.filter(|max| *max <= MAX_TEXT && *max > 1) {
                let text: String = "overstep ".chars().cycle().take(max as usize - 1).chain(['z']).collect();
                values.push(("-at-max", Value::text(text.trim_start())));
            }
            if limits.min.unwrap_or(0) == 0 && limits.max.is_some() {
                values.push(("-empty", Value::text("")));
            }
        }
        ShapeKind::String if shape.pattern.is_none() => {
            // A text that differs from case to case, at its maximum length.
            let max = shape.length().max.filter(|max| (16..=MAX_TEXT).contains(max));
            let token = sampler.templates.case.token(1);
            values.extend(max.map(|max| {
                let text: String = token.chars().chain("overstep".chars().cycle()).take(max as usize).collect();
                ("-at-max", Value::text(text))
            }));
        }
        ShapeKind::Enum { .. } => {
            let mut others = shape.undisputed_values().into_iter().filter(|value| Value::text(*value) != plain);
            values.extend(others.next_back().map(|value| ("-other", Value::text(value))));
        }
        ShapeKind::Boolean => {
            values.extend([("-false", Value::Boolean(false)), ("-true", Value::Boolean(true))]);
            values.remove(0);
        }
        ShapeKind::Integer | ShapeKind::Long => values.extend(whole_values(shape)),
        ShapeKind::Double | ShapeKind::Float => {
            values.extend([("-zero", Value::integer(0)), ("-fraction", Value::Number("0.5".into()))]);
            values.push(("-decimals", Value::Number("1234.56".into())));
        }
        ShapeKind::List { member } => {
            let most = shape.length().max.unwrap_or(MAX_ITEMS).min(MAX_ITEMS);
            let place = path.join(PathSegment::Item);
            let mut items: Vec<Value> = match &context.plan.contract.shape(member).kind {
                ShapeKind::Enum { values } => values.iter().take(most as usize).map(Value::text).collect(),
                _ => (0..most).map(|index| sampler.distinct_item(member, &place, index, 1)).collect(),
            };
            sampler.separate_items(shape, member, path, &mut items);
            values.push(("-several", Value::List(items)));
            if shape.length().min.unwrap_or(0) == 0 {
                values.push(("-empty", Value::List(Vec::new())));
            }
        }
        _ => {}
    }
    if shape.nullable {
        values.push(("-null", Value::Null));
    }
    let mut seen: Vec<Value> = Vec::new();
    values.retain(|(_, value)| {
        let is_new = !seen.contains(value);
        seen.push(value.clone());
        is_new
    });
    values
}

fn whole_values(shape: &Shape) -> Vec<(&'static str, Value)> {
    let bound = |number: &Option<serde_json::Number>| number.as_ref().and_then(serde_json::Number::as_i64);
    let (min, max) = shape.range.as_ref().map_or((None, None), |range| (bound(&range.min), bound(&range.max)));
    let mut values = vec![("-zero", Value::integer(0))];
    values.extend(min.map(|min| ("-at-min", Value::integer(min.into()))));
    values.extend(max.map(|max| ("-at-max", Value::integer(max.into()))));
    values
}

/// Returns the plain value of a top-level member with all members inside it.
pub(crate) fn full_value(context: &OperationContext<'_>, sampler: &InputSampler<'_>, path: &MemberPath) -> Value {
    let inner: Vec<(&MemberPath, InputChange)> = context
        .sites
        .iter()
        .filter(|site| site.path.0.starts_with(&path.0) && !site.recursive && site.is_member)
        .map(|site| (&site.path, InputChange::Touch))
        .collect();
    let input = sampler.input_with(&inner);
    let name = path.top_member().unwrap_or_default();
    input.member(name).cloned().unwrap_or(Value::Null)
}
