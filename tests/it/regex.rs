//! Two regex engines interpret the documented patterns: the generator's (fancy-regex) and the reference server's (regress).
//! They are independent, and must agree on every text that the generator makes.

use crate::support;
use crate::support::taker;
use overstep::pattern::{DocumentedPattern, Draw as _, SeededDraw};
use std::collections::BTreeSet;
use taker::{server, takes};

/// Patterns from documents and models: with and without anchors, look-ahead, classes and escapes.
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

/// Compares both engines on texts made for a pattern, and returns their number.
fn compare_engines(pattern: &str) -> usize {
    let server = server(pattern);
    if !server.untranslated_patterns().is_empty() {
        return 0;
    }
    let Ok(parsed) = DocumentedPattern::new(pattern) else { return 0 };
    let mut draw = SeededDraw::new(1, pattern);
    let mut members: BTreeSet<String> = (0..20).filter_map(|_| parsed.draw_member(&mut draw, None)).collect();
    members.extend([1, 2, 3, 8, 40, 255].into_iter().filter_map(|size| parsed.draw_member(&mut draw, Some(size))));
    let mut compared = 0;
    for member in &members {
        assert!(takes(&server, member), "{pattern}: the server rejects the member {member:?}");
        for violation in parsed.violations(member, (0, 300), &mut draw) {
            let (name, text) = (violation.variant, violation.text);
            assert!(!takes(&server, &text), "{pattern}: the server accepts the violation {text:?} ({name})");
            compared += 1;
        }
        for (name, text) in parsed.near_misses(&mut draw) {
            assert!(takes(&server, &text), "{pattern}: the server rejects the near miss {text:?} ({name})");
        }
    }
    assert!(!members.is_empty(), "{pattern} has no member");
    compared + members.len()
}

#[test]
fn both_engines_agree_on_documented_patterns() {
    for pattern in PATTERNS {
        assert!(compare_engines(pattern) > 0, "{pattern} was not compared");
    }
}

#[test]
fn both_engines_agree_on_the_patterns_of_shipped_contracts() {
    for name in ["connect", "leadlex"] {
        let (contract, ..) = support::shipped(name);
        let patterns: BTreeSet<&String> = contract.shapes.values().filter_map(|shape| shape.pattern.as_ref()).collect();
        assert!(!patterns.is_empty());
        for pattern in patterns {
            assert!(compare_engines(pattern) > 0, "{pattern} was not compared");
        }
    }
}

/// Pieces of character classes: hyphens, ranges, nested classes, and syntax that is special in some dialects.
const CLASS_PIECES: &[&str] = &[
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
fn both_engines_agree_on_hyphens_in_character_classes() {
    let texts: Vec<String> = (' '..='~').map(String::from).collect();
    let mut compared = 0;
    for number in 0..300 {
        let mut draw = SeededDraw::new(number, "classes");
        let inside: String =
            (0..draw.between(1, 6)).map(|_| CLASS_PIECES[draw.below(CLASS_PIECES.len() as u64) as usize]).collect();
        let pattern = format!("^[{inside}]$");
        let (Ok(parsed), server) = (DocumentedPattern::new(&pattern), server(&pattern)) else { continue };
        if !server.untranslated_patterns().is_empty() {
            continue;
        }
        for text in &texts {
            let (by_generator, by_server) = (parsed.matches(text), takes(&server, text));
            assert_eq!(by_generator, by_server, "{pattern} and {text:?}: left is the generator, right is the server");
        }
        compared += 1;
    }
    assert!(compared > 200, "{compared} classes were compared");
}

/// A pattern, texts that match it, and texts that do not.
type SyntaxExample = (&'static str, &'static [&'static str], &'static [&'static str]);

/// Syntax that is rare in documents: Java's (<https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html>),
/// POSIX class names in brackets, and Python's named groups.
const RARE_SYNTAX: &[SyntaxExample] = &[
    ("(?m)^a$", &["a", "b\na\nc"], &["b a"]),
    (r"^\p{Lower}+$", &["az"], &["A", "é"]),
    (r"^\p{Upper}+$", &["AZ"], &["a", "É"]),
    (r"^\p{ASCII}+$", &["\0~\u{7f}"], &["é", "\u{80}"]),
    (r"^\p{Digit}+$", &["09"], &["a", "٣"]),
    (r"^\p{Alnum}+$", &["aZ09"], &["_", "é"]),
    (r"^\p{Punct}+$", &["!/:@[`{~"], &["a", "0", " "]),
    (r"^\p{Blank}+$", &[" \t"], &["\n", "a"]),
    (r"^\p{Cntrl}+$", &["\0\u{1f}\u{7f}"], &[" ", "a"]),
    (r"^\p{XDigit}+$", &["09afAF"], &["g", "G"]),
    (r"^\p{Space}+$", &[" \t\n\u{b}\u{c}\r"], &["a", "\u{a0}"]),
    (r"^\P{Space}+$", &["a\u{a0}"], &[" ", "\r"]),
    ("^[[:lower:]0]+$", &["a0z"], &["A", "[", ":"]),
    ("^[_[:upper:]]$", &["_", "A"], &["a", "]", "[", ":", "_]"]),
    ("^[a-[:digit:]]+$", &["a-0"], &["b", "["]),
    ("^[[:xdigit:]-z]+$", &["f-z"], &["g", "y"]),
    (r"^[[:space:]]x$", &[" x", "\tx"], &["sx", ":x"]),
    (r"\ba\b", &["a", "x a y", "-a-"], &["xay", "ab"]),
    (r"a\Bb", &["ab"], &["a", "a b"]),
    (r"\Bb", &["ab"], &["b", "a b"]),
    (r"^\pL+$", &["aé字"], &["1", "a1"]),
    (r"^\pL[0-9]$", &["é1"], &["1", "éé", "é"]),
    (r"^\PL+$", &["1_"], &["a", "é"]),
    (r"^\p{IsLatin}+$", &["aé"], &["α", "1"]),
    (r"^\p{IsGreek}+$", &["αω"], &["a"]),
    (r"^\p{IsHan}+$", &["字"], &["a"]),
    (r"^\p{IsAlphabetic}+$", &["aé字"], &["1", " "]),
    (r"^\p{IsWhite_Space}+$", &[" \t\u{a0}"], &["a"]),
    (r"^\p{IsWhiteSpace}+$", &[" \t\u{a0}"], &["a"]),
    (r"^\p{IsL}+$", &["aé字"], &["1"]),
    (r"^\p{IsLu}+$", &["AÉ"], &["a"]),
    (r"^\0101$", &["A"], &["0101", "B"]),
    (r"^\0101\060x$", &["A0x"], &["A", "A0"]),
    (r"^\07$", &["\u{7}"], &["7"]),
    (r"^\078$", &["\u{7}8"], &["\u{7}", "8"]),
    (r"^\x41\u0042\x{43}$", &["ABC"], &["AB", "ABCC"]),
    (r"^(?<one>a|b)\k<one>$", &["aa", "bb"], &["ab", "a"]),
    (r"^(a|b)\1$", &["aa", "bb"], &["ba"]),
    (r"^\D$", &["a", "/", ":", "é"], &["0", "9"]),
    (r"^\W$", &["-", "@", "é"], &["a", "Z", "_", "0"]),
    (r"^\S$", &["a", "\u{a0}"], &[" ", "\t", "\r"]),
    (r"(?u)^é$", &["é"], &["e"]),
    (r"(?s)^(?-s:.)$", &["a"], &["\n"]),
    (r"^[\D]$", &["a", "/", ":"], &["0", "9"]),
    (r"^[\W]$", &["-", "@", "`", "{", "é"], &["a", "Z", "_", "0"]),
    (r"^[\S]$", &["a", "!", "\u{a0}"], &[" ", "\t", "\r"]),
    (r"^\h$", &[" ", "\t", "\u{3000}"], &["\n", "a"]),
    (r"^\v$", &["\n", "\r", "\u{2028}"], &[" ", "a"]),
    (r"^a\Z", &["a", "a\n"], &["ab", "a\n\n"]),
    (r"^\a\e\f\n\r\t$", &["\u{7}\u{1b}\u{c}\n\r\t"], &["aefnrt"]),
    (r"^[\a\e]+$", &["\u{7}\u{1b}"], &["a", "e"]),
    (r"^[\Q]-^\E]+$", &["]-^"], &["\\", "Q", "E"]),
    (r"^\Qa.b", &["a.b", "a.bc"], &["axb"]),
    (r"^(?>a|b)c$", &["ac", "bc"], &["c"]),
    (r"^(?P<n>a)b$", &["ab"], &["b"]),
    (r"^a{1,2}+b*+c?+$", &["a", "aabbc"], &["aaa", "abcc"]),
    (r"^(?s:.)$", &["\n", "a"], &["ab"]),
    (r"^(?s:.(.)).$", &["\n\na", "abc"], &["ab\n", "\n\n\n"]),
    (r"^(?i:a.)b$", &["A-b", "a-b"], &["A\nb", "a-B"]),
    (r"(?s)^.(?-s:.)(?i-s:.X).$", &["\nabx\n", "aaaX\n"], &["\n\nax\n", "aa\nxa"]),
    (r"^(?s-i:.)(?:.)$", &["\na"], &["\n\n"]),
    (r"^((?s).)(.)$", &["\na"], &["a\n"]),
    (r"^((?s)a|.)$", &["\n", "a"], &["ab"]),
    (r"^[a-z&&[def]]+$", &["def"], &["a", "g"]),
    (r"^[a&b]+$", &["a&b"], &["c"]),
    (r"^[~&]+$", &["~&"], &["a"]),
];

#[test]
fn rare_syntax_has_its_documented_meaning() {
    for (pattern, matching, others) in RARE_SYNTAX {
        let server = server(pattern);
        assert!(server.untranslated_patterns().is_empty(), "{pattern}: {:?}", server.untranslated_patterns());
        let parsed = DocumentedPattern::new(pattern);
        for (text, expected) in matching.iter().map(|text| (text, true)).chain(others.iter().map(|text| (text, false)))
        {
            assert_eq!(takes(&server, text), expected, "the server: {pattern} on {text:?}");
            if let Ok(parsed) = &parsed {
                assert_eq!(parsed.is_found_in(text), expected, "the generator: {pattern} on {text:?}");
            }
        }
    }
}

#[test]
fn invalid_syntax_is_not_translated() {
    let repetitions = ["^a{,2}$", "^a{,}$", "^a{1,2,3}$"];
    for pattern in repetitions {
        assert!(DocumentedPattern::new(pattern).is_err(), "the generator: {pattern}");
    }
    let others =
        [r"^[\b]$", r"^[\B]$", r"^[\A]$", r"^[\z]$", r"^[\Z]$", r"^[\1]$", "^[[:nothing:]]$", r"^\p{IsNowhere}$"];
    for pattern in repetitions.into_iter().chain(others) {
        assert!(!server(pattern).untranslated_patterns().is_empty(), "{pattern}");
    }
}
