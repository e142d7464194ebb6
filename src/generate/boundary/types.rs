//! Values of every wrong type, and numbers that the type cannot represent.
//!
//! It never tests map keys or payloads that are the whole body.

use crate::case::{Case, Value};
use crate::contract::{Constraint, FactField, MemberLocation, ShapeKind};
use crate::generate::boundary::required::describe_kind;
use crate::generate::case_spec::IntendedOutcome;
use crate::generate::input_sampler::InputSampler;
use crate::generate::limits::integer_bounds;
use crate::generate::malformed::BodyFormat;
use crate::generate::operation_context::OperationContext;
use crate::generate::site::InputSite;
use indexmap::IndexMap;

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let shape = context.shape(site);
    if site.is_key() || site.is_whole_body(&shape.kind) {
        return Vec::new();
    }
    let is_any_integer = shape.any_size && matches!(shape.kind, ShapeKind::Integer | ShapeKind::Long);
    let rule = if is_any_integer { "an integer" } else { describe_kind(&shape.kind) };
    let fact = shape.preferred_fact(&FactField::Type);
    let mut out: Vec<Case> = Vec::new();
    let family = crate::generate::malformed::body_format(context);
    let (wrong, unclear) = match (site.is_in_body(), family) {
        (false, _) => (wrong_as_text(&shape.kind, &site.location), unclear_as_text(&shape.kind, &site.location)),
        (true, BodyFormat::Json) => (wrong_in_json(&shape.kind), unclear_in_json(&shape.kind)),
        (true, BodyFormat::Cbor) => (wrong_in_cbor(&shape.kind), unclear_in_cbor(&shape.kind)),
        (true, BodyFormat::Form | BodyFormat::Xml) => (wrong_in_text(&shape.kind), unclear_in_text(&shape.kind)),
    };
    let without_limit = |variant: &str| shape.any_size && ["above-type", "below-type", "huge"].contains(&variant);
    for (variant, value) in wrong.into_iter().filter(|(variant, _)| !without_limit(variant)) {
        let outcome = IntendedOutcome::Violates(site.path.clone(), Constraint::Type);
        out.extend(context.build_member_case(site, Constraint::Type, variant, rule, fact, outcome, |sampler| {
            Some(match value {
                WrongValue::Exactly(value) => value,
                WrongValue::Wrapped => wrap_in_object(sampler.sample_value(&site.shape, &site.path)),
                WrongValue::InList => Value::List(vec![sample_value(sampler, site)]),
            })
        }));
    }
    for (variant, value, reason) in unclear {
        let outcome = IntendedOutcome::Undocumented(reason);
        out.extend(context.build_member_case(site, Constraint::Type, variant, rule, fact, outcome, |_| Some(value)));
    }
    out
}

/// A value that some servers accept and others reject: variant, value, and what is unclear.
type UnclearValue = (&'static str, Value, &'static str);

enum WrongValue {
    Exactly(Value),
    /// An object that contains a valid value.
    Wrapped,
    /// A list that contains a valid value.
    InList,
}

fn sample_value(sampler: &InputSampler<'_>, site: &InputSite) -> Value {
    sampler.sample_value(&site.shape, &site.path)
}

fn wrap_in_object(value: Value) -> Value {
    Value::Map(IndexMap::from([("value".to_owned(), value)]))
}

fn wrong_in_json(kind: &ShapeKind) -> Vec<(&'static str, WrongValue)> {
    let is = |value: Value| WrongValue::Exactly(value);
    let number = || is(Value::integer(123));
    let boolean = || is(Value::Boolean(true));
    let text = |text: &str| is(Value::text(text));
    match kind {
        ShapeKind::Document => Vec::new(),
        ShapeKind::String | ShapeKind::Enum { .. } => {
            vec![
                ("number", number()),
                ("huge-number", is(Value::Number("1e400".into()))),
                ("boolean", boolean()),
                ("list", WrongValue::InList),
                ("object", WrongValue::Wrapped),
            ]
        }
        ShapeKind::Blob => vec![
            ("number", number()),
            ("boolean", boolean()),
            ("list", WrongValue::InList),
            ("object", WrongValue::Wrapped),
            ("not-base64", text("*not base64*")),
        ],
        ShapeKind::Integer | ShapeKind::Long => {
            let (low, high) = integer_bounds(kind);
            let literal = |text: String| is(Value::Number(text));
            vec![
                ("string", text("1")),
                ("word", text("one")),
                ("boolean", boolean()),
                ("list", WrongValue::InList),
                ("object", WrongValue::Wrapped),
                ("fraction", literal("1.5".into())),
                ("above-type", literal((high + 1).to_string())),
                ("below-type", literal((low - 1).to_string())),
                ("huge", literal("1e400".into())),
            ]
        }
        ShapeKind::Float | ShapeKind::Double => {
            vec![
                ("word", text("one")),
                ("boolean", boolean()),
                ("list", WrongValue::InList),
                ("object", WrongValue::Wrapped),
            ]
        }
        ShapeKind::Boolean => vec![
            ("word", text("overstep")),
            ("number", is(Value::integer(1))),
            ("list", WrongValue::InList),
            ("object", WrongValue::Wrapped),
        ],
        ShapeKind::Timestamp => {
            let word = text("overstep");
            vec![("boolean", boolean()), ("list", WrongValue::InList), ("object", WrongValue::Wrapped), ("word", word)]
        }
        ShapeKind::List { .. } => {
            vec![
                ("string", text("item")),
                ("number", number()),
                ("boolean", boolean()),
                ("object", is(Value::empty_map())),
            ]
        }
        ShapeKind::Map { .. } | ShapeKind::Structure { .. } | ShapeKind::Union { .. } => {
            vec![("string", text("entry")), ("number", number()), ("boolean", boolean()), ("list", WrongValue::InList)]
        }
    }
}

/// In CBOR, bytes have their own type, and the encoding cannot express arbitrarily large numbers.
fn wrong_in_cbor(kind: &ShapeKind) -> Vec<(&'static str, WrongValue)> {
    let mut wrong = wrong_in_json(kind);
    let unsaid: &[&str] = match kind {
        ShapeKind::Blob => &["not-base64"],
        ShapeKind::String | ShapeKind::Enum { .. } => &["huge-number"],
        ShapeKind::Integer | ShapeKind::Long => &["huge"],
        _ => &[],
    };
    wrong.retain(|(variant, _)| !unsaid.contains(variant));
    wrong
}

/// Outside of JSON and CBOR, everything is text. Only some texts are certainly not a number, boolean, timestamp or
/// base64; a text in place of a list, a map or a structure may be ignored.
fn wrong_in_text(kind: &ShapeKind) -> Vec<(&'static str, WrongValue)> {
    let text = |text: &str| WrongValue::Exactly(Value::text(text));
    match kind {
        ShapeKind::Integer | ShapeKind::Long => {
            let (low, high) = integer_bounds(kind);
            let literal = |text: String| WrongValue::Exactly(Value::Number(text));
            vec![
                ("word", text("one")),
                ("number-and-more", text("1x")),
                ("boolean", WrongValue::Exactly(Value::Boolean(true))),
                ("fraction", literal("1.5".into())),
                ("above-type", literal((high + 1).to_string())),
                ("below-type", literal((low - 1).to_string())),
            ]
        }
        ShapeKind::Float | ShapeKind::Double => {
            vec![
                ("word", text("one")),
                ("number-and-more", text("1x")),
                ("boolean", WrongValue::Exactly(Value::Boolean(true))),
            ]
        }
        ShapeKind::Boolean => vec![("word", text("maybe"))],
        ShapeKind::Timestamp => vec![("word", text("overstep"))],
        ShapeKind::Blob => vec![("not-base64", text("*not base64*"))],
        _ => Vec::new(),
    }
}

/// A path, a query and a header hold text. A server must ignore a header with an invalid date
/// ([RFC 9110, 13.1.3](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.3)).
fn wrong_as_text(kind: &ShapeKind, location: &MemberLocation) -> Vec<(&'static str, WrongValue)> {
    match kind {
        ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double => {
            vec![
                ("word", WrongValue::Exactly(Value::text("one"))),
                ("number-and-more", WrongValue::Exactly(Value::text("1x"))),
            ]
        }
        ShapeKind::Boolean => vec![("word", WrongValue::Exactly(Value::text("maybe")))],
        ShapeKind::Timestamp if matches!(location, MemberLocation::Query | MemberLocation::Form) => {
            vec![("word", WrongValue::Exactly(Value::text("overstep")))]
        }
        _ => Vec::new(),
    }
}

const FRACTION_REASON: &str = "an integer written as a fraction";
const TIMESTAMP_REASON: &str = "a timestamp in another format";

/// The same timestamp in three formats.
fn timestamp_formats() -> [(&'static str, Value); 3] {
    [
        ("date-time", Value::text("2023-11-14T22:13:20Z")),
        ("http-date", Value::text("Tue, 14 Nov 2023 22:13:20 GMT")),
        ("epoch-text", Value::text("1700000000")),
    ]
}

fn unclear_in_json(kind: &ShapeKind) -> Vec<UnclearValue> {
    match kind {
        ShapeKind::Integer | ShapeKind::Long => vec![
            ("whole-fraction", Value::Number("2.0".into()), FRACTION_REASON),
            ("exponent", Value::Number("2e0".into()), FRACTION_REASON),
        ],
        ShapeKind::Boolean => vec![("string", Value::text("true"), "some services take a Boolean as text")],
        ShapeKind::Timestamp => {
            timestamp_formats().into_iter().map(|(variant, value)| (variant, value, TIMESTAMP_REASON)).collect()
        }
        ShapeKind::Blob => vec![
            ("unpadded", Value::text("b3ZlcnN0ZXA"), "base64 without its padding"),
            ("url-safe", Value::text("-_-_"), "base64 in the URL-safe alphabet"),
        ],
        _ => Vec::new(),
    }
}

fn unclear_in_cbor(kind: &ShapeKind) -> Vec<UnclearValue> {
    match kind {
        ShapeKind::Integer | ShapeKind::Long => vec![("whole-fraction", Value::Number("2.0".into()), FRACTION_REASON)],
        ShapeKind::Timestamp => {
            timestamp_formats().into_iter().map(|(variant, value)| (variant, value, TIMESTAMP_REASON)).collect()
        }
        ShapeKind::Blob => vec![("base64", Value::text("b3ZlcnN0ZXA="), "bytes as base64")],
        _ => Vec::new(),
    }
}

fn unclear_in_text(kind: &ShapeKind) -> Vec<UnclearValue> {
    match kind {
        ShapeKind::Integer | ShapeKind::Long => {
            vec![
                ("whole-fraction", Value::text("2.0"), FRACTION_REASON),
                ("exponent", Value::text("2e0"), FRACTION_REASON),
            ]
        }
        ShapeKind::Boolean => vec![
            ("upper-case", Value::text("TRUE"), "a boolean in capitals"),
            ("number", Value::text("1"), "a boolean as a number"),
        ],
        ShapeKind::Timestamp => {
            timestamp_formats().into_iter().map(|(variant, value)| (variant, value, TIMESTAMP_REASON)).collect()
        }
        ShapeKind::List { .. } | ShapeKind::Map { .. } | ShapeKind::Structure { .. } | ShapeKind::Union { .. } => {
            vec![("string", Value::text("overstep"), "a text instead of several fields")]
        }
        _ => Vec::new(),
    }
}

fn unclear_as_text(kind: &ShapeKind, location: &MemberLocation) -> Vec<UnclearValue> {
    match kind {
        ShapeKind::Timestamp if *location == MemberLocation::Header => {
            vec![("word", Value::text("overstep"), "a header without a valid date")]
        }
        ShapeKind::Timestamp if matches!(location, MemberLocation::Query | MemberLocation::Form) => {
            timestamp_formats().into_iter().map(|(variant, value)| (variant, value, TIMESTAMP_REASON)).collect()
        }
        _ => Vec::new(),
    }
}
