//! Reads member descriptions of API Reference pages: `Type: String`, `Length Constraints: …`, `Required: Yes`.
//!
//! It never looks at a page as a whole: it takes a range of lines and returns the members described there.

/// The fields that a description may have, longer markers first.
const FIELD_MARKERS: [&str; 19] = [
    "Key Length Constraints",
    "Value Length Constraints",
    "Length Constraints",
    "Array Members",
    "Map Entries",
    "Key Pattern",
    "Value Pattern",
    "Pattern",
    "Key Valid Values",
    "Value Valid Values",
    "Valid Values",
    "Valid Keys",
    "Value Valid Range",
    "Valid Range",
    "Required",
    "Type",
    "Default",
    "Update requires",
    "Constraints",
];

/// Words that may be alone on a line and are not member names.
const NOT_MEMBER_NAMES: [&str; 10] =
    ["Note", "Important", "Warning", "Tip", "Example", "Examples", "Topics", "Contents", "Caution", "Default"];

/// A member and its description.
#[derive(Debug, Default)]
pub(super) struct MemberDescription {
    pub name: String,
    pub line: u32,
    /// The fields in page order: marker, text, line.
    pub fields: Vec<(&'static str, String, u32)>,
    pub docs: Vec<(u32, String)>,
}

impl MemberDescription {
    /// Returns the text and line of the first field with this marker.
    pub fn field(&self, marker: &str) -> Option<(&str, u32)> {
        self.fields.iter().find(|(name, ..)| *name == marker).map(|(_, text, line)| (text.as_str(), *line))
    }
}

/// Removes list bullets, emphasis, code marks and link targets from a line.
pub(super) fn strip_markup(line: &str) -> String {
    let line = line.trim().trim_start_matches(['#', '>', '•']).trim();
    let line = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).unwrap_or(line).trim();
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    // `[Name](#anchor)` is `Name`.
    while let Some(start) = rest.find('[') {
        let Some((title, after)) = rest[start + 1..].split_once("](") else { break };
        let Some((_, after)) = after.split_once(')') else { break };
        if title.contains('[') {
            break;
        }
        out.push_str(&rest[..start]);
        out.push_str(title);
        rest = after;
    }
    out.push_str(rest);
    out.replace("**", "").trim_matches(['`', ' ']).trim().to_owned()
}

/// Returns the name if a line consists of nothing but a name.
pub(super) fn lone_name(line: &str) -> Option<String> {
    let name = strip_markup(line);
    let fits = !name.is_empty()
        && name.len() <= 128
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '$'))
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$'))
        && !name.ends_with([':', '.']);
    (fits && !NOT_MEMBER_NAMES.contains(&name.as_str())).then_some(name)
}

/// Returns the marker that a text begins with, and the text after its colon.
fn split_marker(text: &str) -> Option<(&'static str, &str)> {
    FIELD_MARKERS.iter().find_map(|marker| {
        let head = text.get(..marker.len())?;
        if !head.eq_ignore_ascii_case(marker) {
            return None;
        }
        Some((*marker, text[marker.len()..].trim_start().strip_prefix(':')?.trim()))
    })
}

/// Splits a line with one or more fields, such as `Type: String Required: Yes`.
fn split_fields(line: &str) -> Option<Vec<(&'static str, String)>> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((name, after)) = split_marker(rest) {
        // A pattern may contain anything, so only `Required:` ends one.
        let next = after
            .match_indices(' ')
            .map(|(index, _)| index + 1)
            .find(|&index| {
                split_marker(&after[index..]).is_some_and(|(next, value)| match next {
                    "Required" => ["Yes", "No"].iter().any(|word| value.starts_with(word)),
                    "Type" => false,
                    _ => !name.ends_with("Pattern"),
                })
            })
            .unwrap_or(after.len());
        found.push((name, after[..next].trim().to_owned()));
        rest = &after[next..];
    }
    (!found.is_empty()).then_some(found)
}

/// Returns the members that a range of lines describes. `known` holds the names from the syntax block. Any other name
/// counts as a member if a `Type:` follows it and the previous member already has its type.
pub(super) fn find_members(lines: &[(u32, &str)], known: &[String]) -> Vec<MemberDescription> {
    let mut members: Vec<MemberDescription> = Vec::new();
    // Whether the last field may continue on the next line.
    let mut open_field = false;
    for (position, (number, line)) in lines.iter().enumerate() {
        let text = strip_markup(line);
        if text.is_empty() {
            open_field = false;
            continue;
        }
        let complete = members.last().is_none_or(|last| last.field("Type").or(last.field("Required")).is_some());
        if let Some(name) = lone_name(line) {
            let is_known = known.contains(&name) || known.iter().any(|known| known.eq_ignore_ascii_case(&name));
            let continues_field = open_field
                && members
                    .last()
                    .and_then(|last| last.fields.last())
                    .is_some_and(|(_, text, _)| text.is_empty() || text.ends_with('|') || text.ends_with("of"));
            let is_new = members.iter().all(|member| member.name != name);
            if !continues_field && is_new && (is_known || complete && is_type_next(&lines[position + 1..])) {
                members.push(MemberDescription { name, line: *number, ..MemberDescription::default() });
                open_field = false;
                continue;
            }
        }
        let Some(member) = members.last_mut() else { continue };
        if let Some(fields) = split_fields(&text) {
            member.fields.extend(fields.into_iter().map(|(marker, text)| (marker, text, *number)));
            open_field = true;
        } else if open_field {
            if let Some((_, text_so_far, _)) = member.fields.last_mut() {
                if !text_so_far.is_empty() {
                    text_so_far.push(' ');
                }
                text_so_far.push_str(&text);
            }
        } else {
            member.docs.push((*number, text));
        }
    }
    members
}

/// Returns true if `Type:` is the next field marker.
fn is_type_next(lines: &[(u32, &str)]) -> bool {
    for (_, line) in lines {
        let text = strip_markup(line);
        if matches!(split_marker(&text), Some(("Type", _))) {
            return true;
        }
        if split_marker(&text).is_some() || text == "See Also" {
            return false;
        }
    }
    false
}

/// A type as written on a page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TypeWording {
    Text,
    Integer,
    Long,
    Float,
    Double,
    Boolean,
    Timestamp,
    Blob,
    Any,
    List(Box<TypeWording>),
    Map(Box<TypeWording>, Box<TypeWording>),
    Object(String),
}

/// Parses a type such as `Array of strings` or `String to X object map`. Returns `None` for unknown wording.
pub(super) fn parse_type(text: &str) -> Option<TypeWording> {
    let text = text.trim().trim_end_matches('.').trim();
    if text.len() > 300 {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    if let Some(items) = lower.strip_prefix("array of ").or_else(|| lower.strip_prefix("arrays of ")) {
        let items = &text[text.len() - items.len()..];
        return Some(TypeWording::List(Box::new(parse_type(items)?)));
    }
    if let Some(body) = lower.strip_suffix(" map").or_else(|| lower.strip_suffix(" maps"))
        && let Some(at) = body.find(" to ")
    {
        let (key, value) = (&text[..at], &text[at + 4..body.len()]);
        return Some(TypeWording::Map(Box::new(parse_type(key)?), Box::new(parse_type(value)?)));
    }
    if let Some(name) = lower.strip_suffix(" objects").or_else(|| lower.strip_suffix(" object")) {
        if name.contains("binary data") {
            return Some(TypeWording::Blob);
        }
        let name = text[..name.len()].trim();
        return (!name.contains(' ')).then(|| TypeWording::Object(name.to_owned()));
    }
    Some(match lower.as_str() {
        "string" | "strings" => TypeWording::Text,
        "integer" | "integers" | "short" | "byte" => TypeWording::Integer,
        "long" | "longs" => TypeWording::Long,
        "float" | "floats" => TypeWording::Float,
        "double" | "doubles" | "number" | "numbers" => TypeWording::Double,
        "boolean" | "booleans" => TypeWording::Boolean,
        "timestamp" | "timestamps" => TypeWording::Timestamp,
        "blob" | "blobs" | "binary" => TypeWording::Blob,
        "json value" | "json values" | "document" | "any" => TypeWording::Any,
        _ => return None,
    })
}

/// Returns the number after `word`, for example 256 in `Maximum length of 256`.
pub(super) fn find_number_after(text: &str, word: &str) -> Option<serde_json::Number> {
    let lower = text.to_ascii_lowercase();
    let at = lower.find(word)? + word.len();
    let rest = lower[at..].split_once(" of ").map(|(between, rest)| (between.len() < 24).then_some(rest))??;
    let end = rest
        .char_indices()
        .find(|(index, c)| {
            !(c.is_ascii_digit()
                || matches!(c, ',' | 'e')
                || (*c == '.' && rest[index + 1..].starts_with(|c: char| c.is_ascii_digit()))
                || (*index == 0 && *c == '-'))
        })
        .map_or(rest.len(), |(index, _)| index);
    rest[..end].replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_wordings_are_parsed() {
        let object = |name: &str| TypeWording::Object(name.to_owned());
        for (text, expected) in [
            ("String", TypeWording::Text),
            ("Array of strings", TypeWording::List(Box::new(TypeWording::Text))),
            ("Array of Filter objects", TypeWording::List(Box::new(object("Filter")))),
            ("Array of arrays of strings", TypeWording::List(Box::new(TypeWording::List(Box::new(TypeWording::Text))))),
            ("String to string map", TypeWording::Map(Box::new(TypeWording::Text), Box::new(TypeWording::Text))),
            (
                "String to AttributeValue object map",
                TypeWording::Map(Box::new(TypeWording::Text), Box::new(object("AttributeValue"))),
            ),
            (
                "String to array of strings map",
                TypeWording::Map(Box::new(TypeWording::Text), Box::new(TypeWording::List(Box::new(TypeWording::Text)))),
            ),
            ("Base64-encoded binary data object", TypeWording::Blob),
            ("Endpoint object", object("Endpoint")),
        ] {
            assert_eq!(parse_type(text), Some(expected), "{text}");
        }
        assert_eq!(parse_type("something odd"), None);
    }

    #[test]
    fn numbers_are_found_after_their_words() {
        assert_eq!(find_number_after("Minimum length of 1. Maximum length of 256.", "maximum"), Some(256.into()));
        assert_eq!(find_number_after("Maximum number of 1,000 items.", "maximum"), Some(1000.into()));
        assert_eq!(find_number_after("Minimum value of -5.", "minimum"), Some((-5).into()));
        assert_eq!(find_number_after("Maximum length of 2.", "minimum"), None);
    }

    #[test]
    fn fields_may_share_a_line_or_span_several() {
        let lines = [
            (1, "Name"),
            (2, "The name."),
            (3, "Type: String Length Constraints: Minimum length of 1. Required: Yes"),
            (4, "Kind"),
            (5, "Type: String"),
            (6, "Valid Values: A |"),
            (7, "B | C"),
            (8, "Required: No"),
        ];
        let found = find_members(&lines, &["Name".to_owned()]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].field("Required"), Some(("Yes", 3)));
        assert_eq!(found[1].field("Valid Values"), Some(("A | B | C", 6)));
    }
}
