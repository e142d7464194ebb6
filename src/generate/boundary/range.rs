//! Numbers at and past their documented range, or at the limits of their type if no range is documented.
//!
//! It never sends a value of another type; see `types.rs`.

use crate::case::{Case, Value};
use crate::contract::{Constraint, DecimalStep, FactField, ShapeKind};
use crate::generate::case_spec::IntendedOutcome;
use crate::generate::limits::integer_bounds;
use crate::generate::limits::{integer_range, integer_step};
use crate::generate::operation_context::OperationContext;
use crate::generate::site::InputSite;

/// Numbers that do not fit into a common width: 32 bits with and without a sign, the 53 bits of a double, and 64 bits with and
/// without a sign.
const WIDE_NUMBERS: [(&str, i128); 5] = [
    ("above-31-bits", 1 << 31),
    ("above-32-bits", 1 << 32),
    ("above-53-bits", (1 << 53) + 1),
    ("above-63-bits", 1 << 63),
    ("above-64-bits", 1 << 64),
];

/// Builds a case with exactly this number, which is meant to be valid or not.
pub(crate) fn case_with_number(
    context: &OperationContext<'_>,
    site: &InputSite,
    number: i128,
    valid: bool,
) -> Option<Case> {
    let outcome =
        if valid { IntendedOutcome::Valid } else { IntendedOutcome::Violates(site.path.clone(), Constraint::Range) };
    let variant = format!("size-{number}");
    context.build_member_case(site, Constraint::Range, variant, "actual limit", None, outcome, |_| {
        Some(Value::integer(number))
    })
}

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let shape = context.shape(site);
    let range = shape.range.clone().unwrap_or_default();
    let mut out = Vec::new();
    match shape.kind {
        ShapeKind::Integer | ShapeKind::Long => {
            let (low, high) = integer_range(shape);
            let (type_min, type_max) = integer_bounds(&shape.kind);
            let step = integer_step(shape);
            let mut add = |variant: &str, rule: String, field: &FactField, number: i128, outcome: IntendedOutcome| {
                let fact = shape.preferred_fact(field);
                out.extend(context.build_member_case(site, Constraint::Range, variant, rule, fact, outcome, |_| {
                    Some(Value::integer(number))
                }));
            };
            let breaks = || IntendedOutcome::Violates(site.path.clone(), Constraint::Range);
            let rule = |word: &str, number: i128| format!("at {word} {number}");
            // A model's type says how a number is encoded; services often accept a smaller range.
            let at = |documented: bool| match documented || !context.plan.is_only_modelled {
                true => IntendedOutcome::Valid,
                false => IntendedOutcome::Undocumented("the model gives the type of the number, but no limit"),
            };
            // Without a width, the type has no limit either.
            if range.min.is_some() || !shape.any_size {
                add("at-min", rule("least", low), &FactField::RangeMin, low, at(range.min.is_some()));
            }
            if range.min.is_some() && low - step >= type_min {
                add("below-min", rule("least", low), &FactField::RangeMin, low - step, breaks());
            }
            if range.max.is_some() || !shape.any_size {
                add("at-max", rule("most", high), &FactField::RangeMax, high, at(range.max.is_some()));
            }
            if range.max.is_some() && high + step <= type_max {
                add("above-max", rule("most", high), &FactField::RangeMax, high + step, breaks());
            }
            if range.max.is_none() && shape.any_size {
                for (variant, number) in WIDE_NUMBERS {
                    let unclear = IntendedOutcome::Undocumented("no largest number is documented");
                    let number = number - number.rem_euclid(step);
                    add(variant, format!("no documented maximum, so {number} too"), &FactField::Type, number, unclear);
                }
            }
        }
        ShapeKind::Float | ShapeKind::Double => {
            for (limit, field, at, beyond, word, step) in [
                (&range.min, &FactField::RangeMin, "at-min", "below-min", "least", -1.0),
                (&range.max, &FactField::RangeMax, "at-max", "above-max", "most", 1.0),
            ] {
                let Some(number) = limit.as_ref().and_then(serde_json::Number::as_f64) else { continue };
                let fact = shape.preferred_fact(field);
                let rule = format!("at {word} {number}");
                let (inside, outside) = match DecimalStep::of_shape(shape) {
                    Some(multiples) if step < 0.0 => {
                        let index = multiples.first_index_from(number);
                        (multiples.multiple(index), multiples.multiple(index - 1))
                    }
                    Some(multiples) => {
                        let index = multiples.last_index_to(number);
                        (multiples.multiple(index), multiples.multiple(index + 1))
                    }
                    // A hundredth of the limit, or 1 at zero: every float type can represent the step.
                    None => {
                        let distance = (number.abs() / 100.0).max(if number == 0.0 { 1.0 } else { 1e-6 });
                        (format!("{number}"), format!("{}", number + step * distance))
                    }
                };
                out.extend(context.build_member_case(
                    site,
                    Constraint::Range,
                    at,
                    rule.clone(),
                    fact,
                    IntendedOutcome::Valid,
                    |_| Some(Value::Number(inside)),
                ));
                let breaks = IntendedOutcome::Violates(site.path.clone(), Constraint::Range);
                out.extend(context.build_member_case(site, Constraint::Range, beyond, rule, fact, breaks, |_| {
                    Some(Value::Number(outside))
                }));
            }
        }
        _ => {}
    }
    out
}
