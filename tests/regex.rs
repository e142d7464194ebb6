//! Two regex engines read the documented patterns: the generator's (fancy-regex) and the reference
//! server's (regress). Neither knows the other; what one makes, the other must judge the same.

mod support;
#[path = "support/taker.rs"]
mod taker;

use overstep::generate::draw::{Draw as _, Seeded};
use overstep::generate::pattern::Pattern;
use std::collections::BTreeSet;
use taker::{server, takes};

/// Patterns as they stand in documents and models: anchored and not, with look-ahead, classes, escapes.
const PATTERNS: &[&str] = &[
    r"^(?!aws:)[a-zA-Z+-=._:/]+$",
    r"^[-:/A-Za-z0-9]+",
    r"[^\s@]+@[^\s@]+\.[^\s@]+",
    r"^[a-zA-Z0-9_-]+$",
    r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    r"^[\w+=,.@-]+$",
    r"[\w-.]+",
    r"^\d{12}$",
    r"^arn:(aws|aws-cn|aws-us-gov):iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$",
    r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$",
    r"^[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*$",
    r"^(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{8,}$",
    r"^[^\x00-\x1F\x7F]+$",
    r"^\S(.*\S)?$",
    r"(?!^(\d+\.)+\d+$)(^(([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])$)",
    r"^\p{Alpha}\p{Alnum}*$",
];

/// How many texts were compared.
fn compare(pattern: &str) -> usize {
    let server = server(pattern);
    if !server.unreadable().is_empty() {
        return 0;
    }
    let Ok(parsed) = Pattern::new(pattern) else { return 0 };
    let mut draw = Seeded::new(1, pattern);
    let mut members: BTreeSet<String> = (0..20).filter_map(|_| parsed.member(&mut draw, None)).collect();
    members.extend([1, 2, 3, 8, 40, 255].into_iter().filter_map(|size| parsed.member(&mut draw, Some(size))));
    let mut compared = 0;
    for member in &members {
        assert!(takes(&server, member), "{pattern} makes {member:?}, which the server refuses");
        for violation in parsed.violations(member, (0, 300), &mut draw) {
            let (name, text) = (violation.variant, violation.text);
            assert!(!takes(&server, &text), "{pattern} rejects {text:?} ({name}), which the server takes");
            compared += 1;
        }
        for (name, text) in parsed.near_misses(&mut draw) {
            assert!(takes(&server, &text), "{pattern} takes {text:?} ({name}), which the server refuses");
        }
    }
    assert!(!members.is_empty(), "{pattern} has no member");
    compared + members.len()
}

#[test]
fn both_engines_read_documented_patterns_the_same() {
    for pattern in PATTERNS {
        assert!(compare(pattern) > 0, "{pattern} was not compared");
    }
}

#[test]
fn both_engines_read_the_shipped_contracts_patterns_the_same() {
    for name in ["connect", "leadlex"] {
        let (contract, ..) = support::shipped(name);
        let patterns: BTreeSet<&String> = contract.shapes.values().filter_map(|shape| shape.pattern.as_ref()).collect();
        assert!(!patterns.is_empty());
        for pattern in patterns {
            assert!(compare(pattern) > 0, "{pattern} was not compared");
        }
    }
}

/// Pieces of classes: hyphens, ranges, classes in the class, and what means something to some dialect.
const PIECES: &[&str] = &[
    "-",
    "-",
    "--",
    "a",
    "z",
    "a-c",
    "0-9",
    "=-?",
    "+",
    ":",
    ".",
    "_",
    "~",
    "~~",
    "^",
    r"\w",
    r"\d",
    r"\-",
    r"\]",
    r"\.",
    r"\p{Alpha}",
];

#[test]
fn both_engines_read_hyphens_in_classes_the_same() {
    let texts: Vec<String> = (' '..='~').map(String::from).collect();
    let mut compared = 0;
    for number in 0..300 {
        let mut draw = Seeded::new(number, "classes");
        let inside: String =
            (0..draw.between(1, 6)).map(|_| PIECES[draw.below(PIECES.len() as u64) as usize]).collect();
        let pattern = format!("^[{inside}]$");
        let (Ok(parsed), server) = (Pattern::new(&pattern), server(&pattern)) else { continue };
        if !server.unreadable().is_empty() {
            continue;
        }
        for text in &texts {
            let (one, other) = (parsed.matches(text), takes(&server, text));
            assert_eq!(one, other, "{pattern} and {text:?}: to the generator, and to the server");
        }
        compared += 1;
    }
    assert!(compared > 200, "{compared} classes were compared");
}
