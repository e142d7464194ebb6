//! Values of every wrong type, and numbers that the type cannot represent.
//!
//! It never tests map keys or payloads that are the whole body.

use super::Work;
use super::malformed::Family;
use super::required::kind_in_words;
use crate::contract::{Constraint, Kind, Location};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::draft::Aim;
use crate::generate::label::integer_bounds;
use crate::generate::sample::Sampler;
use crate::generate::site::Site;
use indexmap::IndexMap;

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    let shape = work.shape(site);
    if site.is_key() || site.is_whole_body(&shape.kind) {
        return Vec::new();
    }
    let rule = kind_in_words(&shape.kind);
    let fact = shape.fact("type");
    let mut out: Vec<Case> = Vec::new();
    let family = super::malformed::family(work);
    let (wrong, unclear) = match (site.in_body(), family) {
        (false, _) => (wrong_as_text(&shape.kind, &site.location), unclear_as_text(&shape.kind, &site.location)),
        (true, Family::Json) => (wrong_in_json(&shape.kind), unclear_in_json(&shape.kind)),
        (true, Family::Cbor) => (wrong_in_cbor(&shape.kind), unclear_in_cbor(&shape.kind)),
        (true, Family::Form | Family::Xml) => (wrong_in_text(&shape.kind), unclear_in_text(&shape.kind)),
    };
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
    for (variant, value, reason) in unclear {
        let aim = Aim::Silent(reason);
        out.extend(work.at(site, Constraint::Type, variant, rule, fact, aim, |_| Some(value)));
    }
    out
}

/// A value that some servers accept and others reject: variant, value, and what is unclear.
type Unclear = (&'static str, Value, &'static str);

enum Wrong {
    Is(Value),
    /// An object that contains a valid value.
    Wrapped,
    /// A list that contains a valid value.
    InList,
}

fn plain(sampler: &Sampler<'_>, site: &Site) -> Value {
    sampler.sample(&site.shape, &site.path)
}

fn object_of(value: Value) -> Value {
    Value::Map(IndexMap::from([("value".to_owned(), value)]))
}

fn wrong_in_json(kind: &Kind) -> Vec<(&'static str, Wrong)> {
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
        Kind::Timestamp => {
            let word = text("overstep");
            vec![("boolean", boolean()), ("list", Wrong::InList), ("object", Wrong::Wrapped), ("word", word)]
        }
        Kind::List { .. } => {
            vec![("string", text("item")), ("number", number()), ("boolean", boolean()), ("object", is(Value::empty()))]
        }
        Kind::Map { .. } | Kind::Structure { .. } | Kind::Union { .. } => {
            vec![("string", text("entry")), ("number", number()), ("boolean", boolean()), ("list", Wrong::InList)]
        }
    }
}

/// In CBOR, bytes have their own type, and the encoding cannot express arbitrarily large numbers.
fn wrong_in_cbor(kind: &Kind) -> Vec<(&'static str, Wrong)> {
    let mut wrong = wrong_in_json(kind);
    let unsaid: &[&str] = match kind {
        Kind::Blob => &["not-base64"],
        Kind::String | Kind::Enum { .. } => &["huge-number"],
        Kind::Integer | Kind::Long => &["huge"],
        _ => &[],
    };
    wrong.retain(|(variant, _)| !unsaid.contains(variant));
    wrong
}

/// Outside of JSON and CBOR, everything is text. Only some texts are certainly not a number, boolean, timestamp or
/// base64; a text in place of a list, a map or a structure may be ignored.
fn wrong_in_text(kind: &Kind) -> Vec<(&'static str, Wrong)> {
    let text = |text: &str| Wrong::Is(Value::text(text));
    match kind {
        Kind::Integer | Kind::Long => {
            let (low, high) = integer_bounds(kind);
            let literal = |text: String| Wrong::Is(Value::Number(text));
            vec![
                ("word", text("one")),
                ("number-and-more", text("1x")),
                ("boolean", Wrong::Is(Value::Boolean(true))),
                ("fraction", literal("1.5".into())),
                ("above-type", literal((high + 1).to_string())),
                ("below-type", literal((low - 1).to_string())),
            ]
        }
        Kind::Float | Kind::Double => {
            vec![("word", text("one")), ("number-and-more", text("1x")), ("boolean", Wrong::Is(Value::Boolean(true)))]
        }
        Kind::Boolean => vec![("word", text("maybe"))],
        Kind::Timestamp => vec![("word", text("overstep"))],
        Kind::Blob => vec![("not-base64", text("*not base64*"))],
        _ => Vec::new(),
    }
}

/// A path, a query and a header hold text. A server must ignore a header with an invalid date
/// ([RFC 9110, 13.1.3](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.3)).
fn wrong_as_text(kind: &Kind, location: &Location) -> Vec<(&'static str, Wrong)> {
    match kind {
        Kind::Integer | Kind::Long | Kind::Float | Kind::Double => {
            vec![("word", Wrong::Is(Value::text("one"))), ("number-and-more", Wrong::Is(Value::text("1x")))]
        }
        Kind::Boolean => vec![("word", Wrong::Is(Value::text("maybe")))],
        Kind::Timestamp if *location == Location::Query => vec![("word", Wrong::Is(Value::text("overstep")))],
        _ => Vec::new(),
    }
}

const FRACTION: &str = "an integer written as a fraction";
const MOMENT: &str = "a timestamp in another format";

/// The same timestamp in three formats.
fn moments() -> [(&'static str, Value); 3] {
    [
        ("date-time", Value::text("2023-11-14T22:13:20Z")),
        ("http-date", Value::text("Tue, 14 Nov 2023 22:13:20 GMT")),
        ("epoch-text", Value::text("1700000000")),
    ]
}

fn unclear_in_json(kind: &Kind) -> Vec<Unclear> {
    match kind {
        Kind::Integer | Kind::Long => vec![
            ("whole-fraction", Value::Number("2.0".into()), FRACTION),
            ("exponent", Value::Number("2e0".into()), FRACTION),
        ],
        Kind::Timestamp => moments().into_iter().map(|(variant, value)| (variant, value, MOMENT)).collect(),
        Kind::Blob => vec![
            ("unpadded", Value::text("b3ZlcnN0ZXA"), "base64 without its padding"),
            ("url-safe", Value::text("-_-_"), "base64 in the URL-safe alphabet"),
        ],
        _ => Vec::new(),
    }
}

fn unclear_in_cbor(kind: &Kind) -> Vec<Unclear> {
    match kind {
        Kind::Integer | Kind::Long => vec![("whole-fraction", Value::Number("2.0".into()), FRACTION)],
        Kind::Timestamp => moments().into_iter().map(|(variant, value)| (variant, value, MOMENT)).collect(),
        Kind::Blob => vec![("base64", Value::text("b3ZlcnN0ZXA="), "bytes as base64")],
        _ => Vec::new(),
    }
}

fn unclear_in_text(kind: &Kind) -> Vec<Unclear> {
    match kind {
        Kind::Integer | Kind::Long => {
            vec![("whole-fraction", Value::text("2.0"), FRACTION), ("exponent", Value::text("2e0"), FRACTION)]
        }
        Kind::Boolean => vec![
            ("upper-case", Value::text("TRUE"), "a boolean in capitals"),
            ("number", Value::text("1"), "a boolean as a number"),
        ],
        Kind::Timestamp => moments().into_iter().map(|(variant, value)| (variant, value, MOMENT)).collect(),
        Kind::List { .. } | Kind::Map { .. } | Kind::Structure { .. } | Kind::Union { .. } => {
            vec![("string", Value::text("overstep"), "a text instead of several fields")]
        }
        _ => Vec::new(),
    }
}

fn unclear_as_text(kind: &Kind, location: &Location) -> Vec<Unclear> {
    match kind {
        Kind::Timestamp if *location == Location::Header => {
            vec![("word", Value::text("overstep"), "a header without a valid date")]
        }
        Kind::Timestamp if *location == Location::Query => {
            moments().into_iter().map(|(variant, value)| (variant, value, MOMENT)).collect()
        }
        _ => Vec::new(),
    }
}
