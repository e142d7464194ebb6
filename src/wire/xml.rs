//! Parses XML into a tree of elements, and escapes XML text.
//!
//! It never expands an entity that a document declares, and never exceeds a maximum depth.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Maximum depth of a document.
const MAX_DEPTH: usize = 128;

/// Maximum number of elements in a document.
const MAX_ELEMENTS: usize = 500_000;

/// An element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ResponseXmlElement {
    /// The name without its prefix.
    pub(super) name: String,
    /// The attributes as written, prefixes included; namespace declarations are left out.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<ResponseXmlElement>,
    /// All text directly inside the element.
    pub(super) text: String,
}

impl ResponseXmlElement {
    /// Returns the children with this name.
    pub(super) fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns the first child with this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Reason why a body is not an XML document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// The body is not UTF-8.
    #[error("it is not UTF-8: {0}")]
    NotUtf8(#[from] std::str::Utf8Error),
    /// The syntax is wrong; holds the parser's reason.
    #[error("{0}")]
    Syntax(String),
    /// The document is nested too deeply.
    #[error("it is deeper than {MAX_DEPTH} elements")]
    TooDeep,
    /// The document has too many elements.
    #[error("it has more than {MAX_ELEMENTS} elements")]
    TooManyElements,
    /// An end tag has no start tag.
    #[error("it has an end tag without a start tag")]
    UnexpectedEndTag,
    /// An entity is declared by the document or not at all.
    #[error("entity `{0}` is not predefined in XML")]
    UnknownEntity(String),
    /// An element is not closed.
    #[error("element `{0}` is not closed")]
    Unclosed(String),
    /// There is no element.
    #[error("it has no element")]
    NoElement,
    /// There is more than one root element.
    #[error("it has more than one root element")]
    SeveralRoots,
    /// There is text outside the root element.
    #[error("it has text outside the root element")]
    TextOutsideRoot,
}

impl XmlError {
    fn syntax(error: impl std::fmt::Display) -> Self {
        Self::Syntax(error.to_string())
    }
}

/// Parses a document.
pub(super) fn parse_xml(body: &[u8]) -> Result<ResponseXmlElement, XmlError> {
    let text = std::str::from_utf8(body)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    let mut reader = Reader::from_str(text);
    let mut open: Vec<ResponseXmlElement> = Vec::new();
    let mut root: Option<ResponseXmlElement> = None;
    let mut count = 0;
    loop {
        let event = reader.read_event().map_err(XmlError::syntax)?;
        match event {
            Event::Start(start) => {
                count += 1;
                if open.len() >= MAX_DEPTH {
                    return Err(XmlError::TooDeep);
                }
                if count > MAX_ELEMENTS {
                    return Err(XmlError::TooManyElements);
                }
                open.push(read_start_tag(&start)?);
            }
            Event::Empty(start) => {
                count += 1;
                if count > MAX_ELEMENTS {
                    return Err(XmlError::TooManyElements);
                }
                close_element(read_start_tag(&start)?, &mut open, &mut root)?;
            }
            Event::End(_) => {
                let element = open.pop().ok_or(XmlError::UnexpectedEndTag)?;
                close_element(element, &mut open, &mut root)?;
            }
            Event::Text(part) => append_text(&part.xml10_content(), &mut open)?,
            Event::CData(part) => append_text(&part.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content();
                let character = match reference.resolve_char_ref().map_err(XmlError::syntax)? {
                    Some(character) => character.to_string(),
                    None => resolve_predefined_entity(&name)
                        .ok_or_else(|| XmlError::UnknownEntity(name.to_string()))?
                        .to_owned(),
                };
                append_text(&character, &mut open)?;
            }
            // Declarations of a document type are ignored.
            Event::DocType(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    if let Some(unfinished) = open.last() {
        return Err(XmlError::Unclosed(unfinished.name.clone()));
    }
    root.ok_or(XmlError::NoElement)
}

fn read_start_tag(start: &BytesStart<'_>) -> Result<ResponseXmlElement, XmlError> {
    let local = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
    let full = start.name();
    let name = local(full.as_ref());
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(XmlError::syntax)?;
        let key: &str = attribute.key.as_ref();
        if key == "xmlns" || key.starts_with("xmlns:") {
            continue;
        }
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).map_err(XmlError::syntax)?;
        attributes.push((key.to_owned(), value.into_owned()));
    }
    Ok(ResponseXmlElement { name, attributes, ..ResponseXmlElement::default() })
}

fn close_element(
    element: ResponseXmlElement,
    open: &mut [ResponseXmlElement],
    root: &mut Option<ResponseXmlElement>,
) -> Result<(), XmlError> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_some() => return Err(XmlError::SeveralRoots),
        None => *root = Some(element),
    }
    Ok(())
}

fn append_text(part: &str, open: &mut [ResponseXmlElement]) -> Result<(), XmlError> {
    match open.last_mut() {
        Some(element) => element.text.push_str(part),
        None if part.trim().is_empty() => {}
        None => return Err(XmlError::TextOutsideRoot),
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
pub(super) fn write_attribute(out: &mut String, name: &str, value: &str) {
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
            write_attribute(&mut out, "b", text);
            out.push('>');
            escape_text(&mut out, text);
            out.push_str("</a>");
            let read = parse_xml(out.as_bytes()).expect(&out);
            assert_eq!((read.text.as_str(), read.attributes[0].1.as_str()), (text, text));
        }
    }

    #[test]
    fn hostile_documents_are_rejected() {
        let deep = "<a>".repeat(1_000_000);
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        let many = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS + 1));
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
            assert!(parse_xml(body.as_bytes()).is_err(), "{:.40}", body);
        }
        assert!(parse_xml(b"<a>\xff</a>").is_err());
    }
}
