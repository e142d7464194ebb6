//! Values of every wrong type, and numbers that the type cannot hold.

use super::Work;
use super::required::kind_in_words;
use crate::contract::{Constraint, Kind};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::draft::Aim;
use crate::generate::label::integer_bounds;
use crate::generate::sample::Sampler;
use crate::generate::site::Site;
use indexmap::IndexMap;

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    let shape = work.shape(site);
    if site.is_key() {
        return Vec::new();
    }
    let rule = kind_in_words(&shape.kind);
    let fact = shape.fact("type");
    let mut out: Vec<Case> = Vec::new();
    let wrong = if site.in_body() { wrong_in_body(&shape.kind) } else { wrong_as_text(&shape.kind) };
    for (variant, value) in wrong {
        let aim = Aim::Breaks(site.path.clone(), Constraint::Type);
        out.extend(work.at(site, Constraint::Type, variant, rule, fact, aim, |sampler| {
            Some(match value {
                Wrong::Is(value) => value,
                Wrong::Wrapped => object_of(sampler.sample(&site.shape, &site.path)),
                Wrong::InList => Value::List(vec![plain(sampler, site)]),
            })
        }));
    }
    if site.in_body() && matches!(shape.kind, Kind::Integer | Kind::Long) {
        let aim = || Aim::Silent("a whole number written as a fraction");
        out.extend(
            work.at(site, Constraint::Type, "whole-fraction", rule, fact, aim(), |_| Some(Value::Number("2.0".into()))),
        );
        out.extend(
            work.at(site, Constraint::Type, "exponent", rule, fact, aim(), |_| Some(Value::Number("2e0".into()))),
        );
    }
    out
}

enum Wrong {
    Is(Value),
    /// An object with a valid value inside.
    Wrapped,
    /// A list with a valid value inside.
    InList,
}

fn plain(sampler: &Sampler<'_>, site: &Site) -> Value {
    sampler.sample(&site.shape, &site.path)
}

fn object_of(value: Value) -> Value {
    Value::Map(IndexMap::from([("value".to_owned(), value)]))
}

fn wrong_in_body(kind: &Kind) -> Vec<(&'static str, Wrong)> {
    let is = |value: Value| Wrong::Is(value);
    let number = || is(Value::integer(123));
    let boolean = || is(Value::Boolean(true));
    let text = |text: &str| is(Value::text(text));
    match kind {
        Kind::Document => Vec::new(),
        Kind::String | Kind::Enum { .. } => {
            vec![
                ("number", number()),
                ("huge-number", is(Value::Number("1e400".into()))),
                ("boolean", boolean()),
                ("list", Wrong::InList),
                ("object", Wrong::Wrapped),
            ]
        }
        Kind::Blob => vec![
            ("number", number()),
            ("boolean", boolean()),
            ("list", Wrong::InList),
            ("object", Wrong::Wrapped),
            ("not-base64", text("*not base64*")),
        ],
        Kind::Integer | Kind::Long => {
            let (low, high) = integer_bounds(kind);
            let literal = |text: String| is(Value::Number(text));
            vec![
                ("string", text("1")),
                ("word", text("one")),
                ("boolean", boolean()),
                ("list", Wrong::InList),
                ("object", Wrong::Wrapped),
                ("fraction", literal("1.5".into())),
                ("above-type", literal((high + 1).to_string())),
                ("below-type", literal((low - 1).to_string())),
                ("huge", literal("1e400".into())),
            ]
        }
        Kind::Float | Kind::Double => {
            vec![("word", text("one")), ("boolean", boolean()), ("list", Wrong::InList), ("object", Wrong::Wrapped)]
        }
        Kind::Boolean => vec![
            ("string", text("true")),
            ("number", is(Value::integer(1))),
            ("list", Wrong::InList),
            ("object", Wrong::Wrapped),
        ],
        Kind::Timestamp => vec![("boolean", boolean()), ("list", Wrong::InList), ("object", Wrong::Wrapped)],
        Kind::List { .. } => {
            vec![("string", text("item")), ("number", number()), ("boolean", boolean()), ("object", is(Value::empty()))]
        }
        Kind::Map { .. } | Kind::Structure { .. } | Kind::Union { .. } => {
            vec![("string", text("entry")), ("number", number()), ("boolean", boolean()), ("list", Wrong::InList)]
        }
    }
}

/// Outside a body everything is text; only some texts are no number or no truth.
fn wrong_as_text(kind: &Kind) -> Vec<(&'static str, Wrong)> {
    match kind {
        Kind::Integer | Kind::Long | Kind::Float | Kind::Double => {
            vec![("word", Wrong::Is(Value::text("one"))), ("number-and-more", Wrong::Is(Value::text("1x")))]
        }
        Kind::Boolean => vec![("word", Wrong::Is(Value::text("maybe")))],
        _ => Vec::new(),
    }
}
