//! Formats of texts: UUID, e-mail address, URL, telephone number, date and time, CIDR.
//!
//! It never takes a format that is one of several.

use super::statement::{StatedFact, TextFormat};
use super::vocabulary::{compile_regex, is_match};
use fancy_regex::Regex;
use std::sync::LazyLock;

static FORMATS: LazyLock<[(Regex, TextFormat); 6]> = LazyLock::new(|| {
    [
        (r"\(uuid\)|\b(?:must be|is|be) (?:an? )?(?:valid )?uuid\b|\bin uuid format\b|^(?:an? |the |new |optional )*(?:[a-z]+ ){0,4}uuid(?: (?:of|for|to|that) .*|)\.?$|^an? string (?:specifying|containing|with) the uuid\b|^uuid (?:of|for) ", TextFormat::Uuid),
        (r"\bmust be (?:an? )?(?:valid )?e-?mail(?: address)?\b|\bvalid e-?mail address\b", TextFormat::Email),
        (r"\bmust be (?:an? )?(?:valid,? )?(?:fully qualified |absolute |https? |https?-only )*ur[li]\b|\bvalid https? url\b", TextFormat::Url),
        (r"\b(?:must be|is|be|formatted|specified|provided|numbers?|format)? ?(?:in|using|with|as|to|follow) (?:the |an? )?(?:valid )?e\.?164\b", TextFormat::PhoneNumber),
        (r"\biso[ -]?8601\b.{0,40}\b(?:date|time|timestamp|format|extended)|\b(?:date|time|timestamp)\b.{0,60}\biso[ -]?8601\b|\brfc[ -]?3339\b", TextFormat::DateTime),
        (r"\bin cidr (?:notation|format|block notation)\b|\bmust be (?:an? )?(?:valid )?(?:ipv[46] )?cidr\b", TextFormat::Cidr),
    ]
    .map(|(text, format)| (compile_regex(text), format))
});

/// Returns the format that a sentence in lower case states.
pub(super) fn read_format(lower: &str) -> Option<StatedFact> {
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"\b(?:or|either|duration|durations|interval|period|country|currency|language|if|unless|for example|e\.g\.|such as|prefix|returned|generated)\b|arn\b",
        )
    });
    let words = ["uuid", "mail", "url", "uri", "164", "8601", "3339", "cidr"];
    if !words.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let lower = lower.split("for example").next().unwrap_or(lower);
    let (_, format) = FORMATS.iter().find(|(regex, _)| is_match(regex, lower))?;
    (!is_match(&OTHER, lower)).then_some(StatedFact::Format(*format))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read() {
        for (text, expected) in [
            ("Contact ID (UUID)", Some(TextFormat::Uuid)),
            ("The UUID of the agent.", Some(TextFormat::Uuid)),
            ("UUID.", Some(TextFormat::Uuid)),
            ("Phone numbers must be in E.164 format.", Some(TextFormat::PhoneNumber)),
            ("The phone number in E.164 or national format.", None),
            ("The time of the event, in ISO 8601 format.", Some(TextFormat::DateTime)),
            ("An ISO 8601 duration format.", None),
            ("This field is a valid ARN or a UUID.", None),
            ("A unique string format of UUID with a prefix fn-.", None),
        ] {
            let expected = expected.map(StatedFact::Format);
            assert_eq!(read_format(&text.to_ascii_lowercase()), expected, "{text}");
        }
    }
}
