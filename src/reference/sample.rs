//! Builds the smallest valid value of a documented output.
//!
//! Never fills optional members. For a pattern it tries strings of common forms first, then strings derived from the
//! pattern's syntax tree.

use super::regex::JavaPattern;
use crate::contract::{Contract, Shape, ShapeId, ShapeKind};
use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Value, json};

pub(super) const COMMON_TEXTS: &[&str] = &[
    "a",
    "A",
    "0",
    "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    "arn:aws:service:us-east-1:123456789012:resource/a",
    "2020-01-01T00:00:00Z",
    "2020-01-01",
    "123456789012",
    "a@example.com",
    "https://example.com/",
    "+12025550123",
    "us-east-1",
    "/",
    "a:b",
    "a/b",
];

/// Returns the smallest valid value of a shape, or `None` if recursion makes every value infinite.
pub(super) fn smallest_value(contract: &Contract, id: &ShapeId) -> Option<Value> {
    SampleBuilder { contract, ancestors: Vec::new(), values_left: MAX_VALUES }.build_value(id)
}

/// Maximum number of values within a sample. Required members may branch at every level.
const MAX_VALUES: usize = 100_000;
/// Maximum depth of a sample.
const MAX_DEPTH: usize = 64;

struct SampleBuilder<'a> {
    contract: &'a Contract,
    ancestors: Vec<&'a ShapeId>,
    values_left: usize,
}

impl<'a> SampleBuilder<'a> {
    /// Builds the smallest value, or returns `None` if it is infinite or too large.
    fn build_value(&mut self, id: &'a ShapeId) -> Option<Value> {
        if self.ancestors.contains(&id) || self.ancestors.len() >= MAX_DEPTH {
            return None;
        }
        self.values_left = self.values_left.checked_sub(1)?;
        let contract = self.contract;
        let shape = contract.shapes.get(id)?;
        self.ancestors.push(id);
        let entries = shape.length().min.unwrap_or(0).min(64) as usize;
        let sample = match &shape.kind {
            ShapeKind::Blob => Some(data_encoding::BASE64.encode(&vec![0; entries]).into()),
            ShapeKind::Boolean => Some(false.into()),
            ShapeKind::String => Some(smallest_text(shape).into()),
            ShapeKind::Enum { values } => values.first().map(|value| value.as_str().into()),
            ShapeKind::Integer | ShapeKind::Long => Some(json!(smallest_number(shape) as i64)),
            ShapeKind::Float | ShapeKind::Double => Some(json!(smallest_number(shape))),
            ShapeKind::Timestamp => Some(json!(0)),
            ShapeKind::Document => Some(json!({})),
            ShapeKind::List { .. } if entries == 0 => Some(json!([])),
            ShapeKind::List { member } if shape.unique => (0..entries)
                .map(|number| self.distinct_value(member, number))
                .collect::<Option<Vec<_>>>()
                .map(Value::Array),
            ShapeKind::List { member } => self.build_value(member).map(|item| Value::Array(vec![item; entries])),
            ShapeKind::Map { key, value: element } => (0..entries)
                .map(|number| {
                    let key = self.distinct_value(key, number)?.as_str()?.to_owned();
                    Some((key, self.build_value(element)?))
                })
                .collect::<Option<Map<_, _>>>()
                .map(Value::Object),
            ShapeKind::Structure { members } => members
                .iter()
                .filter(|(_, member)| member.required)
                .map(|(name, member)| Some((name.clone(), self.build_value(&member.shape)?)))
                .collect::<Option<Map<_, _>>>()
                .map(Value::Object),
            ShapeKind::Union { members } => members.iter().find_map(|(name, member)| {
                let value = self.build_value(&member.shape)?;
                Some(Value::Object(Map::from_iter([(name.clone(), value)])))
            }),
        };
        self.ancestors.pop();
        sample
    }

    /// Returns the smallest value for number 0, and distinct values for other numbers, as far as the shape has enough.
    fn distinct_value(&mut self, id: &'a ShapeId, number: usize) -> Option<Value> {
        let shape = self.contract.shapes.get(id)?;
        match &shape.kind {
            ShapeKind::String if number > 0 => Some(distinct_text(shape, number as u64).into()),
            ShapeKind::Enum { values } => values.get(number).or(values.first()).map(|value| value.as_str().into()),
            ShapeKind::Integer | ShapeKind::Long => Some(json!(smallest_number(shape) as i64 + number as i64)),
            _ => self.build_value(id),
        }
    }
}

fn smallest_number(shape: &Shape) -> f64 {
    let end = |end: &Option<serde_json::Number>| end.as_ref().and_then(serde_json::Number::as_f64);
    let (min, max) = shape.range.as_ref().map_or((None, None), |range| (end(&range.min), end(&range.max)));
    0_f64.max(min.unwrap_or(0.0)).min(max.unwrap_or(f64::MAX))
}

/// Returns a string that matches the shape, or else one that is at least long enough.
fn smallest_text(shape: &Shape) -> String {
    let least = min_length(shape);
    let fits = shape_matcher(shape);
    let padded = ["a", "A", "0", "-"].into_iter().map(|one| one.repeat(least));
    padded
        .chain(COMMON_TEXTS.iter().map(|text| (*text).to_owned()))
        .find(&fits)
        .or_else(|| {
            EXTRA_REPETITIONS.into_iter().filter_map(|longer| generate_from_pattern(shape, longer, 0)).find(&fits)
        })
        .unwrap_or_else(|| "a".repeat(least.max(1)))
}

/// Returns a string that matches the shape, a different one for each number as far as the shape has enough.
pub(super) fn distinct_text(shape: &Shape, number: u64) -> String {
    let least = min_length(shape);
    let fits = shape_matcher(shape);
    let digits = format!("{number:012x}");
    let plain = [
        format!("aaaaaaaa-bbbb-4ccc-8ddd-{digits}"),
        format!("arn:aws:service:us-east-1:123456789012:resource/{digits}"),
        format!("{digits:a>least$}"),
        format!("{number:0>least$}"),
        format!("https://example.com/{digits}"),
    ];
    // Long candidates first: callers cannot guess them by chance.
    let generated =
        EXTRA_REPETITIONS.into_iter().rev().filter_map(|longer| generate_from_pattern(shape, longer, number));
    plain.into_iter().chain(generated).find(&fits).unwrap_or_else(|| smallest_text(shape))
}

fn min_length(shape: &Shape) -> usize {
    shape.length().min.unwrap_or(0).min(4096) as usize
}

fn shape_matcher(shape: &Shape) -> impl Fn(&String) -> bool {
    let (least, most) = (min_length(shape), shape.length().max.unwrap_or(u64::MAX));
    let pattern = shape.pattern.as_deref().and_then(|pattern| JavaPattern::new(pattern, false).ok());
    move |text| {
        let count = text.chars().count();
        count >= least && count as u64 <= most && pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
    }
}

/// Numbers of extra repetitions that are tried beyond a pattern's minimum.
const EXTRA_REPETITIONS: [u32; 8] = [0, 1, 2, 4, 8, 12, 16, 32];
/// Maximum number of a class's characters that serve as digits of a number.
const MAX_CLASS_DIGITS: usize = 16;

/// Returns a string generated from the pattern's syntax tree, which ignores assertions.
fn generate_from_pattern(shape: &Shape, longer: u32, mut number: u64) -> Option<String> {
    let tree = regex_syntax::parse(shape.pattern.as_deref()?).ok()?;
    let mut out = String::new();
    generate_from_tree(&tree, longer, &mut number, &mut out);
    Some(out)
}

/// Follows one path through the tree; the characters of classes encode a number, least significant digit first.
fn generate_from_tree(tree: &Hir, longer: u32, number: &mut u64, out: &mut String) {
    match tree.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => {
            let chars = class_characters(class);
            if let Some(count) = u64::try_from(chars.len()).ok().filter(|count| *count > 0) {
                out.push(chars[(*number % count) as usize]);
                *number /= count;
            }
        }
        HirKind::Capture(group) => generate_from_tree(&group.sub, longer, number, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| generate_from_tree(part, longer, number, out)),
        HirKind::Alternation(ways) => {
            if let Some(first) = ways.first() {
                generate_from_tree(first, longer, number, out);
            }
        }
        HirKind::Repetition(repeated) => {
            let most = repeated.max.unwrap_or(u32::MAX);
            let count = repeated.min.saturating_add(longer).min(most).min(4096);
            (0..count).for_each(|_| generate_from_tree(&repeated.sub, longer, number, out));
        }
    }
}

/// Returns some characters of a class, letters and digits first.
fn class_characters(class: &Class) -> Vec<char> {
    let has = |c: char| match class {
        Class::Unicode(class) => class.iter().any(|range| (range.start()..=range.end()).contains(&c)),
        Class::Bytes(class) => class.iter().any(|range| (range.start()..=range.end()).contains(&(c as u8))),
    };
    let printed = ('a'..='z').chain('0'..='9').chain('A'..='Z').chain('!'..='~');
    let found: Vec<char> = printed.filter(|c| has(*c)).take(MAX_CLASS_DIGITS).collect();
    match class {
        Class::Unicode(class) if found.is_empty() => class.iter().map(|range| range.start()).take(1).collect(),
        _ => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::testing::contract_of_shapes;
    use std::collections::HashSet;

    fn shape(pattern: &str, min: u64) -> Shape {
        let contract =
            contract_of_shapes(json!({ "Id": { "type": "string", "pattern": pattern, "length": { "min": min } } }));
        contract.shapes[&ShapeId::from("Id")].clone()
    }

    #[test]
    fn distinct_strings_match_the_pattern_and_differ() {
        for (pattern, min) in [
            ("ws-[a-z0-9]{8}", 0),
            ("^[a-f0-9]{32}$", 32),
            (r"arn:aws[a-z-]*:glue:[a-z0-9-]+:\d{12}:.*", 20),
            ("^(alias/)[a-zA-Z0-9/_-]+$", 12),
            ("", 1),
            (".*", 3),
            (r"^\S+@\S+$", 40),
        ] {
            let shape = shape(pattern, min);
            let fits = shape_matcher(&shape);
            let texts: HashSet<String> = (0..50).map(|number| distinct_text(&shape, number)).collect();
            assert!(texts.len() == 50 && texts.iter().all(&fits), "{pattern}: {texts:?}");
            assert!(fits(&smallest_text(&shape)), "{pattern}");
        }
    }

    #[test]
    fn literal_pattern_yields_its_only_string() {
        let shape = shape("^only$", 0);
        assert_eq!((distinct_text(&shape, 1), smallest_text(&shape)), ("only".to_owned(), "only".to_owned()));
    }

    #[test]
    fn non_latin_and_empty_classes_are_supported() {
        let greek = shape("^[α-ω]{3}$", 0);
        assert_eq!(smallest_text(&greek), "ααα");
        assert!(generate_from_pattern(&shape("[a&&b]", 0), 0, 1).is_some_and(|text| text.is_empty()));
    }

    #[test]
    fn matching_checks_length_and_pattern() {
        let mut shape = shape("^[a-z]+$", 3);
        assert!(shape_matcher(&shape)(&"abc".to_owned()));
        for text in ["ab", "ABC", ""] {
            assert!(!shape_matcher(&shape)(&text.to_owned()), "{text}");
        }
        shape.length.get_or_insert_default().max = Some(4);
        assert!(shape_matcher(&shape)(&"abcd".to_owned()));
        assert!(!shape_matcher(&shape)(&"abcde".to_owned()));
    }

    #[test]
    fn smallest_value_of_each_kind() {
        let contract = contract_of_shapes(json!({
            "Blob": {"type": "blob", "length": {"min": 3}}, "Bytes": {"type": "blob"},
            "Flag": {"type": "boolean"}, "Text": {"type": "string"}, "Kind": {"type": "enum", "values": ["b", "a"]},
            "Long": {"type": "string", "length": {"min": 5}},
            "Upper": {"type": "string", "pattern": "^[A-Z]+$"},
            "Whole": {"type": "integer"}, "From": {"type": "long", "range": {"min": 3, "max": 9}},
            "Below": {"type": "integer", "range": {"min": -9, "max": -2}},
            "Around": {"type": "integer", "range": {"min": -9, "max": 9}},
            "Real": {"type": "double", "range": {"min": 1.5}}, "When": {"type": "timestamp"},
            "Any": {"type": "document"}, "No": {"type": "list", "member": "Endless"}, "None": {"type": "list", "member": "Text"},
            "Two": {"type": "list", "member": "From", "length": {"min": 2}},
            "Map": {"type": "map", "key": "Upper", "value": "Flag"},
            "Pairs": {"type": "map", "key": "Upper", "value": "Flag", "length": {"min": 3}},
            "Kinds": {"type": "map", "key": "Kind", "value": "Flag", "length": {"min": 2}},
            "Steps": {"type": "list", "member": "From", "length": {"min": 2}, "unique": true},
            "Words": {"type": "list", "member": "Upper", "length": {"min": 3}, "unique": true},
            "Inner": {"type": "structure", "members": {
                "Must": {"shape": "From", "required": true}, "May": {"shape": "Inner"}}},
            "Endless": {"type": "structure", "members": {"Must": {"shape": "Endless", "required": true}}},
            "Twice": {"type": "structure", "members": {
                "One": {"shape": "Inner", "required": true}, "Other": {"shape": "Inner", "required": true}}},
            "Either": {"type": "union", "members": {"Own": {"shape": "Either"}, "Other": {"shape": "Kind"}}}
        }));
        for (id, expected) in [
            ("Blob", json!("AAAA")),
            ("Bytes", json!("")),
            ("Flag", json!(false)),
            ("Text", json!("")),
            ("Kind", json!("b")),
            ("Long", json!("aaaaa")),
            ("Upper", json!("A")),
            ("Whole", json!(0)),
            ("From", json!(3)),
            ("Below", json!(-2)),
            ("Around", json!(0)),
            ("Real", json!(1.5)),
            ("When", json!(0)),
            ("Any", json!({})),
            ("None", json!([])),
            ("No", json!([])),
            ("Two", json!([3, 3])),
            ("Map", json!({})),
            ("Kinds", json!({"b": false, "a": false})),
            ("Steps", json!([3, 4])),
            ("Inner", json!({"Must": 3})),
            ("Twice", json!({"One": {"Must": 3}, "Other": {"Must": 3}})),
            ("Either", json!({"Other": "b"})),
        ] {
            assert_eq!(smallest_value(&contract, &ShapeId::from(id)), Some(expected), "{id}");
        }
        let pairs = smallest_value(&contract, &ShapeId::from("Pairs")).expect("there is one");
        let keys: Vec<&str> = pairs.as_object().expect("a map").keys().map(String::as_str).collect();
        let words = smallest_value(&contract, &ShapeId::from("Words")).expect("there is one");
        let words: Vec<&str> = words.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert_eq!(words[0], "A", "the smallest comes first");
        for texts in [keys, words] {
            let fits = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase());
            assert!(texts.iter().all(fits) && texts.iter().collect::<HashSet<_>>().len() == 3, "{texts:?}");
        }
        for id in ["Endless", "Nowhere"] {
            assert_eq!(smallest_value(&contract, &ShapeId::from(id)), None, "{id}");
        }
    }
}
