//! XML: parses documents into trees of elements, and writes values as elements.
//!
//! Never expands an entity that a document declares, and never nests beyond a fixed depth.

use super::scalars::{parse_scalar_strictly, scalar_to_text};
use super::{ShapeRef, timestamps};
use crate::contract::{MemberLocation, ShapeKind, TimestampFormat};
use crate::reference::body_parser::ReadFailure;
use quick_xml::events::{BytesRef, BytesStart, Event};
use serde_json::{Map, Value};

/// The request id in XML responses; it is constant, so that responses are reproducible.
pub(super) const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";

/// Maximum nesting depth of elements.
const MAX_DEPTH: usize = 100;

/// An element, without its namespace.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ParsedElement {
    pub name: String,
    attributes: Vec<(String, String)>,
    children: Vec<ParsedElement>,
    text: String,
}

fn malformed(reason: impl std::fmt::Display) -> ReadFailure {
    ReadFailure::Malformed(format!("the body is not XML: {reason}"))
}

/// Parses a document and returns its root.
pub(super) fn parse_document(body: &[u8]) -> Result<ParsedElement, ReadFailure> {
    let text = std::str::from_utf8(body).map_err(malformed)?;
    let mut events = quick_xml::Reader::from_str(text);
    // The first entry is not an element: it holds the root.
    let mut open = vec![ParsedElement::default()];
    loop {
        let event = events.read_event().map_err(malformed)?;
        let at = open.len() - 1;
        match event {
            Event::Start(start) => {
                if open.len() > MAX_DEPTH {
                    return Err(malformed(format!("it has more than {MAX_DEPTH} levels")));
                }
                open.push(parse_element(&start)?);
            }
            Event::Empty(start) => open[at].children.push(parse_element(&start)?),
            Event::End(_) => {
                let Some(done) = open.pop().filter(|_| at > 0) else {
                    return Err(malformed("an end tag without a start tag"));
                };
                open[at - 1].children.push(done);
            }
            Event::Text(part) => open[at].text.push_str(&part.xml10_content()),
            Event::CData(part) => open[at].text.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) => open[at].text.push(resolve_reference(&reference)?),
            Event::DocType(_) => return Err(malformed("a document type declaration is not allowed")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    if let Some(character) = text.chars().find(|character| !is_xml_character(*character)) {
        return Err(malformed(format!("it contains the invalid character {:?}", character)));
    }
    let outside = open.pop().filter(|_| open.is_empty()).ok_or_else(|| malformed("it ends inside an element"))?;
    if !outside.text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() {
        return Err(malformed("text outside the root element"));
    }
    let mut roots = outside.children.into_iter();
    match (roots.next(), roots.next()) {
        (Some(root), None) => Ok(root),
        _ => Err(malformed("it does not have exactly one root element")),
    }
}

/// Returns the character that a reference such as `&lt;` or `&#65;` stands for.
fn resolve_reference(reference: &BytesRef<'_>) -> Result<char, ReadFailure> {
    let name = reference.xml10_content();
    match (reference.resolve_char_ref().map_err(malformed)?, &*name) {
        (Some(character), _) if is_xml_character(character) => Ok(character),
        (Some(character), _) => Err(malformed(format!("it references the invalid character {character:?}"))),
        (None, "lt") => Ok('<'),
        (None, "gt") => Ok('>'),
        (None, "amp") => Ok('&'),
        (None, "apos") => Ok('\''),
        (None, "quot") => Ok('"'),
        (None, other) => Err(malformed(format!("unknown entity `{other}`"))),
    }
}

/// Returns true if a document may contain a character, see [XML 1.0, 2.2](https://www.w3.org/TR/xml/#charsets).
fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn parse_element(start: &BytesStart<'_>) -> Result<ParsedElement, ReadFailure> {
    let full = start.name();
    let full: &str = full.as_ref();
    let name = full.rsplit(':').next().unwrap_or(full).to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(malformed)?;
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).map_err(malformed)?;
        let key: &str = attribute.key.as_ref();
        attributes.push((key.to_owned(), value.into_owned()));
    }
    Ok(ParsedElement { name, attributes, ..ParsedElement::default() })
}

impl ParsedElement {
    fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns an error if the element contains text in addition to its child elements.
    fn check_no_text(&self) -> Result<(), ReadFailure> {
        if self.text.trim_ascii().is_empty() {
            Ok(())
        } else {
            Err(ReadFailure::Malformed(format!("unexpected text in `{}`, which has child elements", self.name)))
        }
    }

    /// Reads this element as the members of a structure.
    pub(super) fn read_members(&self, shape: ShapeRef<'_>) -> Result<Map<String, Value>, ReadFailure> {
        self.check_no_text()?;
        let mut out = Map::new();
        let body = |location| matches!(location, MemberLocation::Body);
        for (name, member) in shape.members().into_iter().flatten().filter(|(_, member)| body(member.location)) {
            let (below, wire) = (shape.member(member), member.wire_name(name));
            if below.traits.attribute {
                if let Some((_, text)) = self.attributes.iter().find(|(key, _)| key == wire) {
                    out.insert(name.clone(), parse_scalar_strictly(below, text.clone())?);
                }
                continue;
            }
            let found: Vec<&Self> = self.children_named(wire).collect();
            if !found.is_empty() {
                out.insert(name.clone(), read_elements(&found, below)?);
            }
        }
        Ok(out)
    }
}

/// Reads the value of an element.
pub(super) fn read_value(element: &ParsedElement, shape: ShapeRef<'_>) -> Result<Value, ReadFailure> {
    read_elements(&[element], shape)
}

/// Reads the value of the elements with one name: a single element, or the several ones of a flattened list or map.
fn read_elements(found: &[&ParsedElement], shape: ShapeRef<'_>) -> Result<Value, ReadFailure> {
    let flattened = shape.is_flattened();
    if let Some(items) = shape.items() {
        let elements = if flattened {
            found.to_vec()
        } else {
            container_children(found, items.traits.name.as_deref().unwrap_or("member"))?
        };
        return elements.into_iter().map(|one| read_value(one, items)).collect::<Result<Vec<_>, _>>().map(Value::Array);
    }
    if let Some((keys, values)) = shape.entries() {
        let entries = if flattened { found.to_vec() } else { container_children(found, "entry")? };
        let (key_name, value_name) =
            (keys.traits.name.as_deref().unwrap_or("key"), values.traits.name.as_deref().unwrap_or("value"));
        let mut out = Map::new();
        for entry in entries {
            let Some(key) = entry.children_named(key_name).next().filter(|key| key.children.is_empty()) else {
                return Err(ReadFailure::Malformed(format!("a map entry has no `{key_name}`")));
            };
            let there = entry.children_named(value_name).next();
            out.insert(key.text.clone(), there.map_or(Ok(Value::Null), |one| read_value(one, values))?);
        }
        return Ok(Value::Object(out));
    }
    let element = single_element(found)?;
    match shape.kind() {
        ShapeKind::Structure { .. } | ShapeKind::Union { .. } => element.read_members(shape).map(Value::Object),
        // Elements instead of a text are returned as a structure, which the check then rejects.
        _ if !element.children.is_empty() => Ok(untyped_value(element)),
        _ => parse_scalar_strictly(shape, element.text.clone()),
    }
}

fn single_element<'a>(found: &[&'a ParsedElement]) -> Result<&'a ParsedElement, ReadFailure> {
    match found {
        [one] => Ok(one),
        several => Err(ReadFailure::Malformed(format!(
            "`{}` occurs more than once",
            several.first().map_or("", |element| element.name.as_str())
        ))),
    }
}

/// Returns the child elements of a list or map, which must all have this name.
fn container_children<'a>(found: &[&'a ParsedElement], name: &str) -> Result<Vec<&'a ParsedElement>, ReadFailure> {
    let around = single_element(found)?;
    around.check_no_text()?;
    match around.children.iter().find(|child| child.name != name) {
        Some(other) => Err(ReadFailure::Malformed(format!("unexpected element `{}`, expected `{name}`", other.name))),
        None => Ok(around.children.iter().collect()),
    }
}

fn untyped_value(element: &ParsedElement) -> Value {
    if element.children.is_empty() {
        return Value::String(element.text.clone());
    }
    element.children.iter().map(|child| (child.name.clone(), untyped_value(child))).collect::<Map<_, _>>().into()
}

/// Writes a value as an element with this name.
pub(super) fn write_element(out: &mut String, name: &str, value: &Value, shape: Option<ShapeRef<'_>>) {
    match (value, shape) {
        (Value::Null, _) => {}
        (Value::Array(values), place) => {
            let items = place.and_then(ShapeRef::items);
            if place.is_some_and(ShapeRef::is_flattened) {
                values.iter().for_each(|value| write_element(out, name, value, items));
                return;
            }
            open_tag(out, name, place, &[]);
            let item = items.and_then(|items| items.traits.name.as_deref()).unwrap_or("member");
            values.iter().for_each(|value| write_element(out, item, value, items));
            close_tag(out, name);
        }
        (Value::Object(entries), Some(place)) if place.entries().is_some() => {
            let Some((keys, values)) = place.entries() else { return };
            let around = if place.is_flattened() { name } else { "entry" };
            if !place.is_flattened() {
                open_tag(out, name, Some(place), &[]);
            }
            for (key, value) in entries {
                open_tag(out, around, Some(place).filter(|place| place.is_flattened()), &[]);
                write_element(
                    out,
                    keys.traits.name.as_deref().unwrap_or("key"),
                    &Value::String(key.clone()),
                    Some(keys),
                );
                write_element(out, values.traits.name.as_deref().unwrap_or("value"), value, Some(values));
                close_tag(out, around);
            }
            if !place.is_flattened() {
                close_tag(out, name);
            }
        }
        (Value::Object(members), place) => {
            let of = |name: &str| place.and_then(ShapeRef::members).and_then(|known| known.get(name));
            let attributes: Vec<(&str, String)> = members
                .iter()
                .filter_map(|(name, value)| {
                    let member = of(name).filter(|member| member.traits.attribute)?;
                    Some((member.wire_name(name), scalar_text_of(value, place.map(|place| place.member(member)))))
                })
                .collect();
            open_tag(out, name, place, &attributes);
            write_members(out, members, place);
            close_tag(out, name);
        }
        (value, place) => {
            open_tag(out, name, place, &[]);
            escape(out, &scalar_text_of(value, place));
            close_tag(out, name);
        }
    }
}

/// Writes the members that are elements, not attributes.
pub(super) fn write_members(out: &mut String, members: &Map<String, Value>, shape: Option<ShapeRef<'_>>) {
    for (name, value) in members {
        match shape.and_then(|place| place.members()?.get(name).map(|member| (member, place.member(member)))) {
            Some((member, _)) if member.traits.attribute => {}
            Some((member, below)) => write_element(out, member.wire_name(name), value, Some(below)),
            None => write_element(out, name, value, None),
        }
    }
}

fn scalar_text_of(value: &Value, shape: Option<ShapeRef<'_>>) -> String {
    match shape.map(|place| (place.kind(), place)) {
        Some((ShapeKind::Timestamp, place)) => {
            scalar_to_text(&timestamps::format_value(value, place.timestamp_format(TimestampFormat::DateTime)))
        }
        _ => scalar_to_text(value),
    }
}

fn open_tag(out: &mut String, name: &str, shape: Option<ShapeRef<'_>>, attributes: &[(&str, String)]) {
    out.push('<');
    out.push_str(name);
    let namespace = shape.and_then(|place| place.traits.namespace.as_ref().or(place.shape_traits().namespace.as_ref()));
    if let Some(namespace) = namespace {
        out.push_str(" xmlns");
        if let Some(prefix) = &namespace.prefix {
            out.push(':');
            out.push_str(prefix);
        }
        out.push_str("=\"");
        escape(out, &namespace.uri);
        out.push('"');
    }
    for (name, value) in attributes {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape(out, value);
        out.push('"');
    }
    out.push('>');
}

fn close_tag(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Escapes text for elements and attributes alike; characters that parsers would normalise become numeric references.
pub(super) fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            '\u{85}' => out.push_str("&#x85;"),
            '\u{2028}' => out.push_str("&#x2028;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Contract;
    use crate::reference::testing::contract_of_shapes;
    use serde_json::json;

    #[test]
    fn malformed_documents_are_rejected() {
        let root = parse_document(
            b"<?xml version=\"1.0\"?>\n<a:r xmlns:a=\"u\" b=\"&lt;\"><c> x &amp;&#65;<![CDATA[<]]></c><d/></a:r>\n",
        );
        let root = root.expect("it is a document");
        assert_eq!((root.name.as_str(), root.children.len()), ("r", 2));
        assert_eq!(root.children[0].text, " x &A<");
        assert!(root.attributes.contains(&("b".to_owned(), "<".to_owned())));
        let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
        for body in [
            &b""[..],
            b"x",
            b"<a>",
            b"</a>",
            b"<a></b>",
            b"<a/><b/>",
            b"<a/>x",
            b"\xff",
            b"<a>&b;</a>",
            b"<a b=c/>",
            b"<a>\x01</a>",
            b"<a>&#1;</a>",
            b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            deep.as_bytes(),
        ] {
            assert!(parse_document(body).is_err(), "{:.60}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn nesting_depth_is_limited() {
        let deep =
            |levels: usize| parse_document(format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels)).as_bytes());
        assert!(deep(MAX_DEPTH).is_ok() && deep(MAX_DEPTH + 1).is_err() && deep(MAX_DEPTH + 2).is_err());
    }

    fn contract() -> Contract {
        contract_of_shapes(json!({
            "In": {"type": "structure", "members": {
                "Text": {"shape": "Text"}, "Thing": {"shape": "Thing"}, "Texts": {"shape": "Texts"},
                "Any": {"shape": "Any"}, "At": {"shape": "At"}}},
            "Text": {"type": "string"}, "Texts": {"type": "list", "member": "Text"},
            "Thing": {"type": "structure", "members": {"A": {"shape": "Text"}}}, "Any": {"type": "document"},
            "At": {"type": "timestamp"}
        }))
    }

    #[test]
    fn elements_are_read_by_their_shape() {
        let contract = contract();
        let id = "In".into();
        let read = |body: &str| {
            let root = parse_document(format!("<In>{body}</In>").as_bytes()).expect("a document");
            root.read_members(ShapeRef::new(&contract, &id)).ok().map(Value::Object)
        };
        for (body, expected) in [
            ("<Text>a</Text>", Some(json!({"Text": "a"}))),
            (" <Text>a</Text>\n", Some(json!({"Text": "a"}))),
            ("x<Text>a</Text>", None),
            ("<Text>a</Text><Text>b</Text>", None),
            ("<Text><b>a</b><c/></Text>", Some(json!({"Text": {"b": "a", "c": ""}}))),
            ("<Thing><A>a</A></Thing>", Some(json!({"Thing": {"A": "a"}}))),
            ("<Thing>x<A>a</A></Thing>", None),
            ("<Texts><member>a</member></Texts>", Some(json!({"Texts": ["a"]}))),
            ("<Texts>x<member>a</member></Texts>", None),
            ("<Texts><other>a</other></Texts>", None),
            ("<Texts><member>a</member></Texts><Texts/>", None),
            ("<Any>a</Any>", Some(json!({"Any": "a"}))),
            ("<Any><b><c>a</c></b></Any>", Some(json!({"Any": {"b": {"c": "a"}}}))),
            ("<At>1970-01-01T00:00:01Z</At>", Some(json!({"At": 1}))),
            ("<At>1</At>", None),
        ] {
            assert_eq!(read(body), expected, "{body}");
        }
        let mut out = String::new();
        let value = json!({"Text": "<", "At": 1, "Texts": ["a"], "Thing": null});
        write_element(&mut out, "In", &value, Some(ShapeRef::new(&contract, &id)));
        let expected = "<In><Text>&lt;</Text><At>1970-01-01T00:00:01Z</At><Texts><member>a</member></Texts></In>";
        assert_eq!(out, expected);
    }

    #[test]
    fn escaped_text_round_trips() {
        for text in ["", "a<b>&\"'", "\r\n\t ", "é😀\u{2028}\u{85}", "]]>"] {
            let mut out = String::from("<a>");
            escape(&mut out, text);
            assert_eq!(parse_document((out + "</a>").as_bytes()).expect("a document").text, text);
        }
    }
}
