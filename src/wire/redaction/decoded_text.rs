//! Decodes the escapes of JSON, URLs, HTML and programming languages in a text, and keeps where each byte came from.
//!
//! It never fails: what is no escape stays as it is.

/// A text with its escapes decoded.
pub(super) struct DecodedText {
    /// The decoded bytes.
    pub bytes: Vec<u8>,
    /// The offset in the original of each decoded byte, and the length of the original.
    offsets: Vec<usize>,
}

/// Number of times that a text is decoded: JSON inside of JSON inside of a query has three layers of escapes.
const MAX_LAYERS: usize = 4;

impl DecodedText {
    /// Returns the text with one layer of escapes decoded, then with two, and so on.
    pub fn layers(original: &[u8]) -> Vec<Self> {
        let mut layers: Vec<Self> = Vec::new();
        while layers.len() < MAX_LAYERS {
            let decoded = match layers.last() {
                None => Self::decode(original),
                Some(last) => Self::decode(&last.bytes).map(|mut next| {
                    for offset in &mut next.offsets {
                        *offset = last.offsets[*offset];
                    }
                    next
                }),
            };
            let Some(decoded) = decoded else { break };
            layers.push(decoded);
        }
        layers
    }

    /// Returns the range in the original of a range of decoded bytes; it contains whole escapes.
    pub fn original_range(&self, start: usize, end: usize) -> (usize, usize) {
        let last = self.offsets[end - 1];
        let after = self.offsets[end..].iter().find(|offset| **offset > last);
        (self.offsets[start], after.copied().unwrap_or(last + 1))
    }

    /// Decodes one layer of escapes; returns `None` if there is none.
    fn decode(text: &[u8]) -> Option<Self> {
        if !text.iter().any(|byte| matches!(byte, b'\\' | b'%' | b'&')) {
            return None;
        }
        let mut out = Self { bytes: Vec::with_capacity(text.len()), offsets: Vec::with_capacity(text.len() + 1) };
        let (mut at, mut found) = (0, false);
        while at < text.len() {
            let escape = match text[at] {
                b'\\' => backslash_escape(&text[at..]),
                b'%' => percent_escape(&text[at..]),
                b'&' => html_entity(&text[at..]),
                _ => None,
            };
            match escape {
                Some(Escape { length, value }) => {
                    found = true;
                    let mut buffer = [0; 4];
                    let bytes = match value {
                        EscapeValue::Byte(byte) => {
                            buffer[0] = byte;
                            &buffer[..1]
                        }
                        EscapeValue::Char(character) => character.encode_utf8(&mut buffer).as_bytes(),
                    };
                    out.bytes.extend_from_slice(bytes);
                    out.offsets.extend(std::iter::repeat_n(at, bytes.len()));
                    at += length;
                }
                None => {
                    out.bytes.push(text[at]);
                    out.offsets.push(at);
                    at += 1;
                }
            }
        }
        out.offsets.push(text.len());
        found.then_some(out)
    }
}

struct Escape {
    /// Number of bytes of the escape.
    length: usize,
    value: EscapeValue,
}

enum EscapeValue {
    Byte(u8),
    Char(char),
}

impl Escape {
    fn byte(length: usize, byte: u8) -> Option<Self> {
        Some(Self { length, value: EscapeValue::Byte(byte) })
    }

    fn code_point(length: usize, number: u32) -> Option<Self> {
        Some(Self { length, value: EscapeValue::Char(char::from_u32(number)?) })
    }
}

fn hex_number(digits: Option<&[u8]>) -> Option<u32> {
    let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Decodes `\"`, `\n`, `\x41`, `\u0041`, `\u{41}` and `\U00000041`.
fn backslash_escape(text: &[u8]) -> Option<Escape> {
    match *text.get(1)? {
        byte @ (b'"' | b'\'' | b'\\' | b'/' | b'`' | b'$') => Escape::byte(2, byte),
        b'n' => Escape::byte(2, b'\n'),
        b'r' => Escape::byte(2, b'\r'),
        b't' => Escape::byte(2, b'\t'),
        b'b' => Escape::byte(2, 8),
        b'f' => Escape::byte(2, 12),
        b'x' => Escape::byte(4, u8::try_from(hex_number(text.get(2..4))?).ok()?),
        b'u' if text.get(2) == Some(&b'{') => {
            let end = text.iter().take(12).position(|byte| *byte == b'}')?;
            Escape::code_point(end + 1, hex_number(text.get(3..end).filter(|digits| !digits.is_empty()))?)
        }
        b'u' => {
            let first = hex_number(text.get(2..6))?;
            let second = if (0xd800..0xdc00).contains(&first) && text.get(6..8) == Some(b"\\u") {
                hex_number(text.get(8..12)).filter(|second| (0xdc00..0xe000).contains(second))
            } else {
                None
            };
            match second {
                Some(second) => Escape::code_point(12, 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)),
                None => Escape::code_point(6, first),
            }
        }
        b'U' => Escape::code_point(10, hex_number(text.get(2..10))?),
        _ => None,
    }
}

/// Decodes `%41` and `%u0041`.
fn percent_escape(text: &[u8]) -> Option<Escape> {
    if matches!(text.get(1), Some(b'u' | b'U')) {
        return Escape::code_point(6, hex_number(text.get(2..6))?);
    }
    Escape::byte(3, u8::try_from(hex_number(text.get(1..3))?).ok()?)
}

/// Decodes `&quot;`, `&#65;` and `&#x41;`.
fn html_entity(text: &[u8]) -> Option<Escape> {
    let end = text.iter().take(12).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&text[1..end]).ok()?;
    let byte = match name.to_ascii_lowercase().as_str() {
        "lt" => b'<',
        "gt" => b'>',
        "amp" => b'&',
        "quot" => b'"',
        "apos" => b'\'',
        "sol" => b'/',
        "plus" => b'+',
        "equals" => b'=',
        other => {
            let number = other.strip_prefix('#')?;
            let number = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            return Escape::code_point(end + 1, number.ok()?);
        }
    };
    Escape::byte(end + 1, byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_of_escapes_is_decoded_and_located() {
        for (text, layer, decoded) in [
            (r#"{"a":"x\/y\u002fZ"}"#, 0, r#"{"a":"x/y/Z"}"#),
            ("a%2Fb%252F", 0, "a/b%2F"),
            ("a%2Fb%252F", 1, "a/b/"),
            (r"\\u002f", 1, "/"),
            ("&lt;&#65;&#x42;&amp;gt;", 1, "<AB>"),
            (r"\ud83d\ude00 \u{41} \x42 \U00000043", 0, "😀 A B C"),
        ] {
            let layers = DecodedText::layers(text.as_bytes());
            assert_eq!(String::from_utf8_lossy(&layers[layer].bytes), decoded);
        }
        assert!(DecodedText::layers(b"plain").is_empty());
        assert!(DecodedText::layers(br"100% \q &nbsp; %zz &#; \u12").is_empty());
        let layers = DecodedText::layers(br"ab\\u002fcd");
        assert_eq!(layers[1].bytes, b"ab/cd");
        assert_eq!(layers[1].original_range(2, 3), (2, 9));
        assert_eq!(layers[1].original_range(0, 5), (0, 11));
        let wide = DecodedText::layers(r"x\u00e9y".as_bytes());
        assert_eq!(wide[0].original_range(1, 2), (1, 7), "half of a character is all of its escape");
    }
}
