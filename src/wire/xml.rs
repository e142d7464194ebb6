//! Parses XML into a tree of elements, and escapes XML text.
//!
//! It never expands an entity that a document declares, and never exceeds a maximum depth.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Maximum depth of a document.
const DEEPEST: usize = 128;

/// Maximum number of elements in a document.
const MOST_ELEMENTS: usize = 500_000;

/// An element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// The name without its prefix.
    pub(super) name: String,
    /// The attributes as written, prefixes included; namespace declarations are left out.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    /// All text directly inside the element.
    pub(super) text: String,
}

impl Element {
    /// Returns the children with this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns the first child with this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Parses a document; the error is the reason why it is not one.
pub(super) fn parse(body: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(body).map_err(|error| format!("it is not UTF-8: {error}"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let mut count = 0;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(start) => {
                count += 1;
                if open.len() >= DEEPEST {
                    return Err(format!("it is deeper than {DEEPEST} elements"));
                }
                if count > MOST_ELEMENTS {
                    return Err(format!("it has more than {MOST_ELEMENTS} elements"));
                }
                open.push(element(&start)?);
            }
            Event::Empty(start) => {
                count += 1;
                if count > MOST_ELEMENTS {
                    return Err(format!("it has more than {MOST_ELEMENTS} elements"));
                }
                finish(element(&start)?, &mut open, &mut root)?;
            }
            Event::End(_) => {
                let done = open.pop().ok_or("it has an end tag without a start tag")?;
                finish(done, &mut open, &mut root)?;
            }
            Event::Text(part) => add(&part.xml10_content(), &mut open)?,
            Event::CData(part) => add(&part.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content();
                let character = match reference.resolve_char_ref().map_err(|error| error.to_string())? {
                    Some(character) => character.to_string(),
                    None => resolve_predefined_entity(&name)
                        .ok_or_else(|| format!("entity `{name}` is not predefined in XML"))?
                        .to_owned(),
                };
                add(&character, &mut open)?;
            }
            // Declarations of a document type are ignored.
            Event::DocType(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    if let Some(unfinished) = open.last() {
        return Err(format!("element `{}` is not closed", unfinished.name));
    }
    root.ok_or_else(|| "it has no element".to_owned())
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let local = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
    let full = start.name();
    let name = local(full.as_ref());
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key: &str = attribute.key.as_ref();
        if key == "xmlns" || key.starts_with("xmlns:") {
            continue;
        }
        let value =
            attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        attributes.push((key.to_owned(), value.into_owned()));
    }
    Ok(Element { name, attributes, ..Element::default() })
}

fn finish(done: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), String> {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None if root.is_some() => return Err("it has more than one root element".to_owned()),
        None => *root = Some(done),
    }
    Ok(())
}

fn add(part: &str, open: &mut [Element]) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(part),
        None if part.trim().is_empty() => {}
        None => return Err("it has text outside the root element".to_owned()),
    }
    Ok(())
}

/// Appends text, escaping the characters that a parser would not return unchanged.
pub(super) fn escape_text(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A parser would normalise these to a line feed.
            '\r' => out.push_str("&#xD;"),
            '\u{85}' => out.push_str("&#x85;"),
            '\u{2028}' => out.push_str("&#x2028;"),
            other => out.push(other),
        }
    }
}

/// Appends an attribute.
pub(super) fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    for character in value.chars() {
        match character {
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#xA;"),
            '\t' => out.push_str("&#x9;"),
            other => escape_text(out, other.encode_utf8(&mut [0; 4])),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_text_is_parsed_unchanged() {
        for text in ["", "a<b>&\"'c", " \t\n\r\u{85}\u{2028}é😀", "]]>"] {
            let mut out = String::from("<?xml version=\"1.0\"?><a");
            attribute(&mut out, "b", text);
            out.push('>');
            escape_text(&mut out, text);
            out.push_str("</a>");
            let read = parse(out.as_bytes()).expect(&out);
            assert_eq!((read.text.as_str(), read.attributes[0].1.as_str()), (text, text));
        }
    }

    #[test]
    fn hostile_documents_are_rejected() {
        let deep = "<a>".repeat(1_000_000);
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        let many = format!("<a>{}</a>", "<b/>".repeat(MOST_ELEMENTS + 1));
        for body in [
            deep.as_str(),
            bomb,
            &many,
            "",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "x",
            "<a/>x",
            "<a b=1/>",
            "<a>&#x110000;</a>",
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{:.40}", body);
        }
        assert!(parse(b"<a>\xff</a>").is_err());
    }
}
