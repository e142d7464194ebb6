//! Numbers at and past their documented range, and at the ends of their type where no range is documented.

use super::{Work, integer_range};
use crate::contract::{Constraint, Kind};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::draft::Aim;
use crate::generate::label::integer_bounds;
use crate::generate::site::Site;

/// A case with exactly this number, said to be valid or not.
pub(crate) fn of_size(work: &Work<'_>, site: &Site, number: i128, valid: bool) -> Option<Case> {
    let aim = if valid { Aim::Valid } else { Aim::Breaks(site.path.clone(), Constraint::Range) };
    let variant = format!("size-{number}");
    work.at(site, Constraint::Range, variant, "what is enforced", None, aim, |_| Some(Value::integer(number)))
}

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    let shape = work.shape(site);
    let range = shape.range.clone().unwrap_or_default();
    let mut out = Vec::new();
    match shape.kind {
        Kind::Integer | Kind::Long => {
            let (low, high) = integer_range(shape);
            let (least, most) = integer_bounds(&shape.kind);
            let mut add = |variant: &str, rule: String, path: &str, number: i128, aim: Aim| {
                let fact = shape.fact(path);
                out.extend(
                    work.at(site, Constraint::Range, variant, rule, fact, aim, |_| Some(Value::integer(number))),
                );
            };
            let breaks = || Aim::Breaks(site.path.clone(), Constraint::Range);
            let rule = |word: &str, number: i128| format!("at {word} {number}");
            // A model's type is how a number is written, and what a service grants is often less.
            let at = |documented: bool| match documented || !work.planner.modelled {
                true => Aim::Valid,
                false => Aim::Silent("the model gives the number a type and no such limit"),
            };
            add("at-min", rule("least", low), "range/min", low, at(range.min.is_some()));
            if range.min.is_some() && low > least {
                add("below-min", rule("least", low), "range/min", low - 1, breaks());
            }
            add("at-max", rule("most", high), "range/max", high, at(range.max.is_some()));
            if range.max.is_some() && high < most {
                add("above-max", rule("most", high), "range/max", high + 1, breaks());
            }
        }
        Kind::Float | Kind::Double => {
            for (limit, path, at, beyond, word, step) in [
                (&range.min, "range/min", "at-min", "below-min", "least", -1.0),
                (&range.max, "range/max", "at-max", "above-max", "most", 1.0),
            ] {
                let Some(number) = limit.as_ref().and_then(serde_json::Number::as_f64) else { continue };
                let fact = shape.fact(path);
                let rule = format!("at {word} {number}");
                let value = |number: f64| Some(Value::Number(format!("{number}")));
                out.extend(work.at(site, Constraint::Range, at, rule.clone(), fact, Aim::Valid, |_| value(number)));
                let breaks = Aim::Breaks(site.path.clone(), Constraint::Range);
                // The step is a hundredth of the limit, or one at zero: visible in any float.
                let past = number + step * (number.abs() / 100.0).max(if number == 0.0 { 1.0 } else { 1e-6 });
                out.extend(work.at(site, Constraint::Range, beyond, rule, fact, breaks, |_| value(past)));
            }
        }
        _ => {}
    }
    out
}
