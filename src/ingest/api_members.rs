//! Reads member descriptions of API Reference pages: `Type: String`, `Length Constraints: …`, `Required: Yes`.
//!
//! It never looks at a page as a whole: it takes a range of lines and returns the members described there.

use super::page_line::{PageLine, PageLineKind, join_continued, lone_name};
use std::collections::HashSet;

/// Maximum number of lines between a name and its `Type:`.
const MAX_DESCRIPTION_LINES: usize = 600;

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

/// A member and its description.
#[derive(Debug, Default)]
pub(super) struct MemberDescription {
    pub name: String,
    pub line: u32,
    /// The fields in page order: marker, text, line.
    pub fields: Vec<(&'static str, String, u32)>,
    pub docs: Vec<(u32, String)>,
    /// The page of the data type that the member's type links to.
    pub type_page: Option<String>,
}

impl MemberDescription {
    /// Returns the text and line of the first field with this marker.
    pub fn field(&self, marker: &str) -> Option<(&str, u32)> {
        self.fields.iter().find(|(name, ..)| *name == marker).map(|(_, text, line)| (text.as_str(), *line))
    }
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

/// Returns the members that a range of lines describes. A name that the form of the page marks counts, and so does one
/// from `known`, the names of the syntax block. Any other name counts as a member if a `Type:` follows it and the
/// previous member already has its type.
pub(super) fn find_members(lines: &[PageLine], known: &[String]) -> Vec<MemberDescription> {
    let mut members: Vec<MemberDescription> = Vec::new();
    let mut seen = HashSet::new();
    let mut state = FieldState::default();
    for (position, line) in lines.iter().enumerate() {
        if line.text.is_empty() || matches!(line.kind, PageLineKind::Heading(_)) {
            state.is_open = false;
            end_paragraph(&mut members);
            continue;
        }
        let begun = begun_member(lines, position, members.last(), known, state.is_open);
        if let Some(name) = begun.filter(|name| seen.insert(name.clone())) {
            members.push(MemberDescription { name, line: line.number, ..MemberDescription::default() });
            state = FieldState::default();
            continue;
        }
        if line.kind == PageLineKind::Item {
            end_paragraph(&mut members);
        }
        let Some(member) = members.last_mut() else { continue };
        add_line(member, line, &mut state);
    }
    members
}

/// Ends the paragraph of the last member's description, so that its last sentence does not continue.
fn end_paragraph(members: &mut [MemberDescription]) {
    if let Some(member) = members.last_mut()
        && let Some((line, _)) = member.docs.last().filter(|(_, text)| !text.is_empty())
    {
        let line = *line;
        member.docs.push((line, String::new()));
    }
}

/// Whether the last field may continue on the next line.
#[derive(Clone, Copy, Debug, Default)]
struct FieldState {
    is_open: bool,
    /// Whether a word may have been broken at the end of the last line.
    is_full: bool,
}

/// Returns the name of the member whose description begins at a line.
fn begun_member(
    lines: &[PageLine],
    position: usize,
    last: Option<&MemberDescription>,
    known: &[String],
    is_field_open: bool,
) -> Option<String> {
    let line = &lines[position];
    let name = lone_name(&line.text)?;
    match line.kind {
        PageLineKind::Term => return Some(name),
        PageLineKind::Text => {}
        PageLineKind::Heading(_) | PageLineKind::Item | PageLineKind::Code => return None,
    }
    let last_field = last.and_then(|last| last.fields.last());
    let continues_field = is_field_open
        && last_field.is_some_and(|(marker, text, _)| {
            let is_type_completed = || *marker == "Type" && parse_type(&format!("{text} {name}")).is_some();
            text.is_empty() || text.ends_with('|') || text.ends_with("of") || is_type_completed()
        });
    let is_complete = last.is_none_or(|last| last.field("Type").or(last.field("Required")).is_some());
    let is_known = || known.iter().any(|known| known.eq_ignore_ascii_case(&name));
    let is_begun = !continues_field && (is_known() || is_complete && is_type_next(&lines[position + 1..]));
    is_begun.then_some(name)
}

/// Adds a line of its description to a member.
fn add_line(member: &mut MemberDescription, line: &PageLine, state: &mut FieldState) {
    let text = line.text.as_str();
    let was_full = std::mem::replace(&mut state.is_full, line.is_full);
    // An item of a list inside of the description is none of the member's own fields.
    let fields = if line.kind == PageLineKind::Item { None } else { split_fields(text) };
    let docs_end = match &fields {
        Some(_) => 0,
        None if state.is_open && line.kind != PageLineKind::Item => {
            if let Some((marker, value, _)) = member.fields.last_mut() {
                match split_required(text) {
                    Some((before, required)) if marker.ends_with("Pattern") => {
                        join_pattern(value, before, was_full);
                        member.fields.push(("Required", required.to_owned(), line.number));
                    }
                    _ if marker.ends_with("Pattern") => join_pattern(value, text, was_full),
                    _ => join_continued(value, text),
                }
            }
            return set_type_page(member, line);
        }
        // Some converters put the fields behind the last sentence of the description.
        None => text_before_fields(text),
    };
    let fields = fields.or_else(|| split_fields(text[docs_end..].trim_start()));
    if docs_end > 0 {
        member.docs.push((line.number, text[..docs_end].trim_end().to_owned()));
    }
    state.is_open = fields.is_some();
    member.fields.extend(fields.into_iter().flatten().map(|(marker, text)| (marker, text, line.number)));
    set_type_page(member, line);
}

fn set_type_page(member: &mut MemberDescription, line: &PageLine) {
    if member.fields.last().is_some_and(|(_, _, number)| member.field("Type").is_some_and(|(_, of)| of == *number)) {
        member.type_page = member.type_page.take().or_else(|| line.link.clone());
    }
}

/// Joins a pattern with its next line. Text browsers break long words at the width of the screen, or after a
/// punctuation mark; the other converters break at spaces and hyphens only.
fn join_pattern(pattern: &mut String, next: &str, was_full: bool) {
    let ends_with_word = pattern.ends_with(|c: char| c.is_alphanumeric());
    if pattern.is_empty() || was_full || !(ends_with_word && next.starts_with(|c: char| c.is_alphanumeric())) {
        pattern.push_str(next);
    } else {
        pattern.push(' ');
        pattern.push_str(next);
    }
}

/// Returns the text before a field at the end of a line that says whether the member is required, and its value.
fn split_required(text: &str) -> Option<(&str, &str)> {
    let (before, value) = text.rsplit_once("Required: ")?;
    ["Yes", "No"].contains(&value.trim()).then(|| (before.trim_end(), value.trim()))
}

/// Returns the length of the text before the fields that a line ends with, or of the whole line.
fn text_before_fields(text: &str) -> usize {
    let begins_field = |at: usize| {
        let rest = &text[at..];
        let Some((marker, value)) = split_marker(rest) else { return false };
        let value_begins = |words: &[&str]| words.iter().any(|word| value.starts_with(word));
        rest.starts_with(marker)
            && match marker {
                "Type" => value.split(". ").next().is_some_and(begins_with_type),
                "Required" => value_begins(&["Yes", "No"]),
                "Pattern" | "Key Pattern" | "Value Pattern" => !value.is_empty(),
                "Valid Values" | "Key Valid Values" | "Value Valid Values" | "Valid Keys" => value.contains(" | "),
                "Default" | "Constraints" | "Update requires" => false,
                _ => value_begins(&["Minimum ", "Maximum ", "Fixed "]),
            }
    };
    let starts = text.match_indices(' ').map(|(at, _)| at + 1);
    starts.into_iter().find(|&at| begins_field(at)).unwrap_or(text.len())
}

/// Returns true if a text begins with a type such as `Array of strings`.
fn begins_with_type(text: &str) -> bool {
    let mut ends = text.match_indices(' ').map(|(at, _)| at).chain([text.len()]).take(8);
    ends.any(|end| parse_type(&text[..end]).is_some())
}

/// Returns true if `Type:` is the next field marker.
fn is_type_next(lines: &[PageLine]) -> bool {
    for line in lines.iter().take(MAX_DESCRIPTION_LINES).filter(|line| line.kind != PageLineKind::Item) {
        match split_marker(&line.text) {
            Some((marker, _)) => return marker == "Type",
            None if line.text == "See Also" || line.kind == PageLineKind::Term => return false,
            None => {}
        }
        let end = text_before_fields(&line.text);
        if end < line.text.len() {
            return matches!(split_marker(line.text[end..].trim_start()), Some(("Type", _)));
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
        ]
        .map(|(number, text)| PageLine::new(number, PageLineKind::Text, text));
        let found = find_members(&lines, &["Name".to_owned()]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].field("Required"), Some(("Yes", 3)));
        assert_eq!(found[1].field("Valid Values"), Some(("A | B | C", 6)));
    }
}
