//! The structure of JSON and XML texts, so that hiding a secret never breaks it.
//!
//! It never parses values: it only says of each byte what it belongs to.

/// What a range of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RangeKind {
    /// Text that can be replaced freely.
    Text,
    /// The text of a JSON string, with escapes.
    JsonText,
    /// The text of a JSON member's name, with escapes.
    Name,
    /// Text between XML tags, or in an attribute: `<` is written `&lt;`.
    XmlText,
    /// The name of an XML element or attribute.
    XmlName,
    /// A JSON number or literal, which is replaced as a whole.
    Bare,
}

/// A range with its kind. What lies between ranges is structure and stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextRange {
    pub start: usize,
    pub end: usize,
    pub kind: RangeKind,
}

/// Widens matches inside of a range to whole escapes, so that none is cut: a secret may begin with the second half of
/// one. Matches must be passed in order; all of them together take one walk over the range.
pub(super) struct EscapeWalk<'t> {
    text: &'t [u8],
    range: TextRange,
    /// The beginning of an escape or of a single byte.
    at: usize,
}

/// Maximum length of an entity in XML.
const MAX_ENTITY_BYTES: usize = 12;

impl<'t> EscapeWalk<'t> {
    pub fn new(text: &'t [u8], range: &TextRange) -> Self {
        Self { text, at: range.start, range: range.clone() }
    }

    /// Returns the match with the whole escapes at its start and its end.
    pub fn widen(&mut self, start: usize, end: usize) -> (usize, usize) {
        if !matches!(self.range.kind, RangeKind::JsonText | RangeKind::Name | RangeKind::XmlText) {
            return (start, end);
        }
        while self.next() <= start && self.at < self.range.end {
            self.at = self.next();
        }
        let first = self.at.min(start);
        while self.at < end {
            self.at = self.next();
        }
        (first, self.at.max(end))
    }

    /// Returns the end of the escape or byte at the current place.
    fn next(&self) -> usize {
        let rest = &self.text[self.at..self.range.end];
        let is_xml = self.range.kind == RangeKind::XmlText;
        let length = match rest {
            [b'\\', b'u', ..] if !is_xml => 6,
            [b'\\', ..] if !is_xml => 2,
            [b'&', ..] if is_xml => {
                rest.iter().take(MAX_ENTITY_BYTES).position(|byte| *byte == b';').map_or(1, |end| end + 1)
            }
            _ => 1,
        };
        (self.at + length).min(self.range.end.max(self.at + 1))
    }
}

/// Length from which on a text that looks like JSON may be a JSON text that was cut.
const MIN_CUT_BYTES: usize = 1024;

/// Returns the ranges of a text whose content can be replaced.
pub(super) fn text_ranges(text: &[u8]) -> Vec<TextRange> {
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'<') => xml_ranges(text),
        Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9')
            if text.len() >= MIN_CUT_BYTES || serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok() =>
        {
            json_ranges(text)
        }
        _ => vec![TextRange { start: 0, end: text.len(), kind: RangeKind::Text }],
    }
}

fn json_ranges(text: &[u8]) -> Vec<TextRange> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'"' => {
                let start = at + 1;
                at = start;
                while at < text.len() && text[at] != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
                let end = at.min(text.len());
                at = end + 1;
                let next = text.get(at..).and_then(|rest| rest.iter().find(|byte| !byte.is_ascii_whitespace()));
                let kind = if next == Some(&b':') { RangeKind::Name } else { RangeKind::JsonText };
                out.push(TextRange { start, end, kind });
            }
            byte if byte.is_ascii_whitespace() || b"{}[],:".contains(&byte) => at += 1,
            _ => {
                let start = at;
                while at < text.len() && !text[at].is_ascii_whitespace() && !b"{}[],:\"".contains(&text[at]) {
                    at += 1;
                }
                out.push(TextRange { start, end: at, kind: RangeKind::Bare });
            }
        }
    }
    out
}

fn xml_ranges(text: &[u8]) -> Vec<TextRange> {
    let mut out = Vec::new();
    let mut add = |start: usize, end: usize, kind: RangeKind| {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte) || !byte.is_ascii();
        let is_whole = kind == RangeKind::XmlText;
        let mut at = start;
        for run in text[start.min(end)..end].chunk_by(|one, other| is_whole || is_name(one) == is_name(other)) {
            if is_whole || is_name(&run[0]) {
                out.push(TextRange { start: at, end: at + run.len(), kind });
            }
            at += run.len();
        }
    };
    let position = |from: usize, what: &[u8]| {
        text[from..].windows(what.len()).position(|window| window == what).map_or(text.len(), |at| from + at)
    };
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'<' {
            let end = position(at, b"<");
            add(at, end, RangeKind::XmlText);
            at = end;
        } else if text[at..].starts_with(b"<!--") {
            let end = position(at, b"-->");
            add(at + 4, end, RangeKind::XmlText);
            at = end + 3;
        } else if text[at..].starts_with(b"<![CDATA[") {
            let end = position(at, b"]]>");
            add(at + 9, end, RangeKind::XmlText);
            at = end + 3;
        } else {
            at += 1;
            let mut start = at;
            while at < text.len() && text[at] != b'>' {
                if let quote @ (b'"' | b'\'') = text[at] {
                    add(start, at, RangeKind::XmlName);
                    let end = position(at + 1, &[quote]);
                    add(at + 1, end, RangeKind::XmlText);
                    at = (end + 1).min(text.len());
                    start = at;
                } else {
                    at += 1;
                }
            }
            add(start, at, RangeKind::XmlName);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(text: &str) -> Vec<(&str, RangeKind)> {
        text_ranges(text.as_bytes()).into_iter().map(|one| (&text[one.start..one.end], one.kind)).collect()
    }

    #[test]
    fn strings_names_and_numbers_of_json_are_told_apart() {
        use RangeKind::{Bare, JsonText, Name, Text};
        assert_eq!(
            ranges(r#"{"a" : "b\"c", "d":[1,true]}"#),
            [("a", Name), (r#"b\"c"#, JsonText), ("d", Name), ("1", Bare), ("true", Bare)]
        );
        assert_eq!(ranges("[not json]"), [("[not json]", Text)]);
        assert_eq!(ranges("12"), [("12", Bare)]);
    }

    #[test]
    fn matches_are_widened_to_whole_escapes() {
        let widened = |text: &str, matches: &[(usize, usize)]| {
            let range = text_ranges(text.as_bytes()).remove(0);
            let mut walk = EscapeWalk::new(text.as_bytes(), &range);
            matches.iter().map(|(start, end)| walk.widen(*start, *end)).collect::<Vec<_>>()
        };
        assert_eq!(widened(r#""a\\bc""#, &[(3, 6)]), [(2, 6)]);
        assert_eq!(widened(r#""a\u0041b\nc""#, &[(5, 9), (10, 11)]), [(2, 9), (9, 11)]);
        assert_eq!(widened(r#""abc""#, &[(1, 2), (3, 4)]), [(1, 2), (3, 4)]);
        assert_eq!(widened(r"a\\bc", &[(2, 5)]), [(2, 5)], "a plain text has no escapes");
        let xml = "<a>x&amp;yz</a>";
        let range = text_ranges(xml.as_bytes()).remove(1);
        assert_eq!(EscapeWalk::new(xml.as_bytes(), &range).widen(5, 10), (4, 10));
    }

    #[test]
    fn texts_attributes_and_tags_of_xml_are_told_apart() {
        use RangeKind::{XmlName, XmlText};
        assert_eq!(
            ranges("<a b='c'>d<!--e--><![CDATA[f]]></a>"),
            [
                ("a", XmlName),
                ("b", XmlName),
                ("c", XmlText),
                ("d", XmlText),
                ("e", XmlText),
                ("f", XmlText),
                ("a", XmlName)
            ]
        );
        assert_eq!(ranges("<a"), [("a", XmlName)]);
        assert_eq!(ranges("<a b='c"), [("a", XmlName), ("b", XmlName), ("c", XmlText)]);
    }
}
