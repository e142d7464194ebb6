//! Numbers that are and are not multiples of a documented one.
//!
//! It never leaves the documented range; see `range.rs`.

use crate::case::{Case, Value};
use crate::contract::{Constraint, DecimalStep, FactField, ShapeKind};
use crate::generate::case_spec::IntendedOutcome;
use crate::generate::limits::number_limits;
use crate::generate::operation_context::OperationContext;
use crate::generate::site::InputSite;

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let shape = context.shape(site);
    let Some(step) = DecimalStep::of_shape(shape) else { return Vec::new() };
    let rule = format!("a multiple of {}", step.multiple(1));
    let fact = shape.preferred_fact(&FactField::MultipleOf);
    let (low, high) = number_limits(shape);
    let first = step.first_index_from(low.max(0.0).min(high)).max(step.first_index_from(low));
    let is_inside = |literal: &str| literal.parse::<f64>().is_ok_and(|number| low <= number && number <= high);
    let is_whole = matches!(shape.kind, ShapeKind::Integer | ShapeKind::Long);
    let between = |index: i128| match is_whole {
        true => step.multiple(index).parse::<i128>().map_or_else(|_| String::new(), |whole| (whole + 1).to_string()),
        false => step.after_multiple(index),
    };
    let mut out = Vec::new();
    let mut add = |variant: &str, literal: String, outcome: IntendedOutcome| {
        if is_inside(&literal) {
            out.extend(context.build_member_case(
                site,
                Constraint::MultipleOf,
                variant,
                rule.clone(),
                fact,
                outcome,
                |_| Some(Value::Number(literal)),
            ));
        }
    };
    add("multiple", step.multiple(first + 2), IntendedOutcome::Valid);
    for (variant, index) in [("between", first), ("between-later", first + 7)] {
        add(variant, between(index), IntendedOutcome::Violates(site.path.clone(), Constraint::MultipleOf));
    }
    out
}
