//! Recognizes volatile content in a text by its characters: timestamps, hosts, accounts, regions, and random-looking
//! identifiers.
//!
//! It never looks at who sent a text.

use fancy_regex::{Captures, Regex};
use std::sync::LazyLock;

/// Kinds of content that differ between endpoints by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum VolatileKind {
    Time,
    Host,
    Region,
    Account,
}

impl VolatileKind {
    /// Returns the placeholder shown for content of this kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "<time>",
            Self::Host => "<host>",
            Self::Region => "<region>",
            Self::Account => "<account>",
        }
    }
}

/// A token of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextToken<'t> {
    /// Literal text.
    Literal(&'t str),
    /// Volatile content in a context that makes it certain: inside an ARN or a URL.
    Certain(VolatileKind, &'t str),
    /// Volatile content, unless the client sent exactly this text.
    Likely(VolatileKind, &'t str),
    /// A word that may be an identifier.
    Word(&'t str),
    /// A random-looking identifier that no person would choose.
    Random(&'t str),
}

/// Alternatives in the order in which they are tried at each position.
static TOKEN_PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    let all = [
        r"(?P<time>[0-9]{4}-[0-9][0-9]-[0-9][0-9][Tt ][0-9][0-9]:[0-9][0-9](?::[0-9][0-9](?:[.,][0-9]+)?)?(?: ?(?:[Zz]|UTC|GMT|[+-][0-9][0-9]:?[0-9][0-9]))?|[0-9]{8}T[0-9]{6}Z|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )[0-9]{1,2}[ -][A-Z][a-z]{2}[ -][0-9]{2,4} [0-9][0-9]:[0-9][0-9]:[0-9][0-9](?: (?:GMT|UTC|[+-][0-9]{4}))?)",
        r#"(?P<scheme>\b[a-z]{2,8}://)(?P<host>[^/\s"'<>?#]+)"#,
        r"(?P<arn>\barn:aws[a-z-]*:[A-Za-z0-9.-]*:)(?P<region>[a-z0-9-]*)(?P<colon>:)(?P<account>[0-9]{12})?(?=:)",
        r"(?P<uuid>\b[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?![0-9A-Za-z]))",
        r"(?P<pairs>\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5,}\b)",
        r"(?P<seconds>(?<![0-9A-Za-z_.])[0-9]{10,13}(?:\.[0-9]{1,9})?(?![0-9A-Za-z_.]))",
        r"(?P<address>\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?::[0-9]{1,5})?\b|\blocalhost(?::[0-9]{1,5})?\b)",
        r"(?P<base64>(?<![A-Za-z0-9+/])(?=[A-Za-z0-9]*[+/])[A-Za-z0-9+/]{24,}={0,2}(?![A-Za-z0-9+/_-]))",
        r"(?P<word>[A-Za-z0-9_-]+)",
    ];
    Regex::new(&all.join("|")).expect("the constant pattern is valid")
});

static REGION_PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"\A[a-z]{2}(?:-gov|-iso[a-z]?)?-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-[0-9][a-z]?\z";
    Regex::new(pattern).expect("the constant pattern is valid")
});

/// Splits a text into tokens, which joined yield the text again.
pub(super) fn tokenize(text: &str) -> Vec<TextToken<'_>> {
    let (mut out, mut end) = (Vec::new(), 0);
    // An account ID in the path of a URL belongs to the address, and is not data.
    let mut inside = false;
    for found in TOKEN_PATTERN.captures_iter(text).filter_map(Result::ok) {
        let Some(whole) = found.get(0) else { continue };
        if whole.start() > end {
            out.push(TextToken::Literal(&text[end..whole.start()]));
        }
        inside |= push_tokens(&found, inside, &mut out);
        end = whole.end();
    }
    if end < text.len() {
        out.push(TextToken::Literal(&text[end..]));
    }
    out
}

/// Adds the tokens of one match; returns true if it starts a URL or an ARN.
fn push_tokens<'t>(found: &Captures<'t, str>, inside: bool, out: &mut Vec<TextToken<'t>>) -> bool {
    let named = |name: &str| found.name(name).map(|part| part.as_str()).filter(|part| !part.is_empty());
    if let Some(time) = named("time") {
        out.push(TextToken::Likely(VolatileKind::Time, time));
    } else if let (Some(scheme), Some(host)) = (named("scheme"), named("host")) {
        out.extend([TextToken::Literal(scheme), TextToken::Certain(VolatileKind::Host, host)]);
        return true;
    } else if let Some(arn) = named("arn") {
        out.push(TextToken::Literal(arn));
        out.extend(named("region").map(|region| TextToken::Certain(VolatileKind::Region, region)));
        out.extend(named("colon").map(TextToken::Literal));
        out.extend(named("account").map(|account| TextToken::Certain(VolatileKind::Account, account)));
        return true;
    } else if let Some(seconds) = named("seconds") {
        out.push(match seconds.parse().is_ok_and(is_timestamp) {
            true => TextToken::Likely(VolatileKind::Time, seconds),
            false => classify_word(seconds, inside),
        });
    } else if let Some(address) = named("address") {
        out.push(TextToken::Likely(VolatileKind::Host, address));
    } else if let Some(base64) = named("base64") {
        match is_random_looking(base64) && !base64.split(['/', '+']).any(|word| word.len() > 5 && is_natural_word(word))
        {
            true => out.push(TextToken::Random(base64)),
            // This is a path, whose segments are separate words.
            false => {
                for word in base64.split_inclusive(['/', '+']) {
                    let bare = word.trim_end_matches(['/', '+']);
                    if !bare.is_empty() {
                        out.push(classify_word(bare, inside));
                    }
                    if bare.len() < word.len() {
                        out.push(TextToken::Literal(&word[bare.len()..]));
                    }
                }
            }
        }
    } else if let Some(word) = named("word") {
        out.push(classify_word(word, inside));
    } else if let Some(other) = named("uuid").or_else(|| named("pairs")) {
        out.push(TextToken::Random(other));
    }
    false
}

fn classify_word(word: &str, inside: bool) -> TextToken<'_> {
    if word.len() == 12 && is_all_digits(word) {
        return if inside {
            TextToken::Certain(VolatileKind::Account, word)
        } else {
            TextToken::Likely(VolatileKind::Account, word)
        };
    }
    if REGION_PATTERN.is_match(word).unwrap_or(false) {
        return if inside {
            TextToken::Certain(VolatileKind::Region, word)
        } else {
            TextToken::Likely(VolatileKind::Region, word)
        };
    }
    TextToken::Word(word)
}

fn is_all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns true if a number may be a timestamp of recent years, in seconds or milliseconds since 1970.
pub(super) fn is_timestamp(number: f64) -> bool {
    const FROM: f64 = 1.5e9;
    const TO: f64 = 2.2e9;
    (FROM..TO).contains(&number) || (FROM..TO).contains(&(number / 1000.0))
}

/// Returns true if a word looks generated: random, a counter or a digest.
pub(super) fn is_random_looking(word: &str) -> bool {
    word.split(['-', '_', ':', '.']).any(is_random_looking_segment) || has_mixed_characters(word)
}

fn is_random_looking_segment(segment: &str) -> bool {
    let has = |wanted: fn(&u8) -> bool| segment.bytes().any(|byte| wanted(&byte));
    let hex = segment.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex && segment.len() >= 8 {
        let one_case = !(has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase));
        return if is_all_digits(segment) { segment.len() >= 15 } else { one_case && has(u8::is_ascii_digit) };
    }
    false
}

/// Returns true if letters and digits, or upper and lower case, alternate more often than in natural words.
fn has_mixed_characters(word: &str) -> bool {
    let kinds: Vec<u8> = word.bytes().filter(u8::is_ascii_alphanumeric).map(character_class).collect();
    let turns = |differ: fn(u8, u8) -> bool| kinds.windows(2).filter(|pair| differ(pair[0], pair[1])).count();
    let of_digits = turns(|one, other| (one == DIGIT) != (other == DIGIT));
    let digits = kinds.iter().filter(|kind| **kind == DIGIT).count();
    match kinds.len() {
        ..8 => false,
        8..16 => of_digits >= 3,
        long => digits >= 2 && of_digits >= 2 || turns(|one, other| one != other) * 5 >= long * 2,
    }
}

const DIGIT: u8 = 0;

fn character_class(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => DIGIT,
        b'A'..=b'Z' => 1,
        _ => 2,
    }
}

/// Returns true if a word consists of lowercase letters, optionally with a capital first letter, as in natural
/// language.
fn is_natural_word(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
        && word.bytes().skip(1).all(|byte| !byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render_tokens(text: &str) -> String {
        let parts = tokenize(text);
        let whole: String = parts
            .iter()
            .map(|part| match part {
                TextToken::Literal(text)
                | TextToken::Certain(_, text)
                | TextToken::Likely(_, text)
                | TextToken::Word(text)
                | TextToken::Random(text) => *text,
            })
            .collect();
        assert_eq!(whole, text, "nothing is lost");
        parts
            .iter()
            .map(|part| match part {
                TextToken::Literal(text) => (*text).to_owned(),
                TextToken::Certain(class, _) => format!("{}!", class.name()),
                TextToken::Likely(class, _) => class.name().to_owned(),
                TextToken::Random(_) => "<id>".to_owned(),
                TextToken::Word(word) if is_random_looking(word) => "<id>".to_owned(),
                TextToken::Word(word) => (*word).to_owned(),
            })
            .collect()
    }

    #[test]
    fn volatile_content_is_recognized() {
        for (text, expected) in [
            ("2026-11-26T15:45:55.123Z", "<time>"),
            ("created 2026-11-26 15:45:55+00:00 by x", "created <time> by x"),
            ("Thu, 26 Nov 2026 15:45:55 GMT", "<time>"),
            ("20261126T154555Z", "<time>"),
            ("1795708800", "<time>"),
            ("1795708800123", "<time>"),
            ("1795708800.573973", "<time>"),
            ("http://127.0.0.1:4566/000000000000/orders", "http://<host>!/<account>!/orders"),
            ("https://queue.amazonaws.com/", "https://<host>!/"),
            ("arn:aws:sqs:us-east-1:123456789012:orders", "arn:aws:sqs:<region>!:<account>!:orders"),
            ("arn:aws:iam::123456789012:role/admin", "arn:aws:iam::<account>!:role/admin"),
            ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket"),
            ("table/orders-of-the-day/stream/2026-11-26T16:44:02.050938", "table/orders-of-the-day/stream/<time>"),
            ("eu-west-3", "<region>"),
            ("us-east-1a", "<region>"),
            ("8d3f0a11-5e6b-4c3a-9f10-aabbccddeeff", "<id>"),
            ("vpc-0a1b2c3d", "<id>"),
            ("AROAZ7K2QJ4X9PLM3T5VB", "<id>"),
            ("d41d8cd98f00b204e9800998ecf8427e", "<id>"),
            ("49590338271490256608559692538361571095921575989136588898", "<id>"),
            ("a3f9k2m1q8", "<id>"),
            ("02:42:ac:11:00:02", "<id>"),
            ("10.0.0.12:8080", "<host>"),
            ("AQEB/x8+Qk3v9Lr2Tz7Yw1Bn5Hs4Df6G==", "<id>"),
            ("uYxKqPwZrTbNsDfGhJkLmVcX", "<id>"),
        ] {
            assert_eq!(render_tokens(text), expected, "{text}");
        }
    }

    #[test]
    fn natural_text_is_kept() {
        for text in [
            "",
            "ACTIVE",
            "0",
            "345600",
            "PAY_PER_REQUEST",
            "AmazonDynamoDBv20120810",
            "2012-10-17",
            "text/html; charset=utf-8",
            "application/x-amz-json-1.1",
            "a sentence with 2 numbers, 17 and 2048",
            "GetQueueAttributes",
            "ApproximateNumberOfMessagesDelayed",
            "/service-role/AWSLambdaBasicExecutionRole",
            "alias/aws/sqs",
            "python3.12",
            "RSA_2048",
            "größer als 3 €",
            "99999999",
        ] {
            assert_eq!(render_tokens(text), text);
        }
    }
}
