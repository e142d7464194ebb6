//! XML: parses documents into trees of elements, and writes values as elements.
//!
//! Never expands an entity that a document declares, and never nests beyond a fixed depth.

use super::form::strict;
use super::{Place, moments, scalar_text};
use crate::contract::{Kind, Location, TimestampFormat};
use crate::reference::read::Unread;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// Maximum nesting depth of elements.
const MOST_LEVELS: usize = 100;

/// An element, without its namespace.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Element {
    pub name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

fn malformed(reason: impl std::fmt::Display) -> Unread {
    Unread::Malformed(format!("the body is not XML: {reason}"))
}

/// Parses a document and returns its root.
pub(super) fn parse(body: &[u8]) -> Result<Element, Unread> {
    let text = std::str::from_utf8(body).map_err(malformed)?;
    let mut events = quick_xml::Reader::from_str(text);
    // The first entry is not an element: it holds the root.
    let mut open = vec![Element::default()];
    loop {
        let event = events.read_event().map_err(malformed)?;
        let at = open.len() - 1;
        match event {
            Event::Start(start) => {
                if open.len() > MOST_LEVELS {
                    return Err(malformed(format!("it has more than {MOST_LEVELS} levels")));
                }
                open.push(element(&start)?);
            }
            Event::Empty(start) => open[at].children.push(element(&start)?),
            Event::End(_) => {
                let Some(done) = open.pop().filter(|_| at > 0) else {
                    return Err(malformed("an end tag without a start tag"));
                };
                open[at - 1].children.push(done);
            }
            Event::Text(part) => open[at].text.push_str(&part.xml10_content()),
            Event::CData(part) => open[at].text.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content();
                match (reference.resolve_char_ref().map_err(malformed)?, &*name) {
                    (Some(character), _) if is_of_xml(character) => open[at].text.push(character),
                    (Some(character), _) => {
                        return Err(malformed(format!("it references the invalid character {character:?}")));
                    }
                    (None, "lt") => open[at].text.push('<'),
                    (None, "gt") => open[at].text.push('>'),
                    (None, "amp") => open[at].text.push('&'),
                    (None, "apos") => open[at].text.push('\''),
                    (None, "quot") => open[at].text.push('"'),
                    (None, other) => return Err(malformed(format!("unknown entity `{other}`"))),
                }
            }
            Event::DocType(_) => return Err(malformed("a document type declaration is not allowed")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    if let Some(character) = text.chars().find(|character| !is_of_xml(*character)) {
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

/// Returns true if a document may contain a character, see [XML 1.0, 2.2](https://www.w3.org/TR/xml/#charsets).
fn is_of_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn element(start: &BytesStart<'_>) -> Result<Element, Unread> {
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
    Ok(Element { name, attributes, ..Element::default() })
}

impl Element {
    fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns an error if the element contains text in addition to its child elements.
    fn is_only_elements(&self) -> Result<(), Unread> {
        if self.text.trim_ascii().is_empty() {
            Ok(())
        } else {
            Err(Unread::Malformed(format!("unexpected text in `{}`, which has child elements", self.name)))
        }
    }

    /// Reads this element as the members of a structure.
    pub(super) fn members(&self, place: Place<'_>) -> Result<Map<String, Value>, Unread> {
        self.is_only_elements()?;
        let mut out = Map::new();
        let body = |location| matches!(location, Location::Body);
        for (name, member) in place.members().into_iter().flatten().filter(|(_, member)| body(member.location)) {
            let (below, wire) = (place.of(member), member.wire_name(name));
            if below.own.attribute {
                if let Some((_, text)) = self.attributes.iter().find(|(key, _)| key == wire) {
                    out.insert(name.clone(), strict(below, text.clone())?);
                }
                continue;
            }
            let found: Vec<&Self> = self.named(wire).collect();
            if !found.is_empty() {
                out.insert(name.clone(), read(&found, below)?);
            }
        }
        Ok(out)
    }
}

/// Reads the value of an element.
pub(super) fn value(element: &Element, place: Place<'_>) -> Result<Value, Unread> {
    read(&[element], place)
}

/// Reads the value of the elements with one name: a single element, or the several ones of a flattened list or map.
fn read(found: &[&Element], place: Place<'_>) -> Result<Value, Unread> {
    let flattened = place.is_flattened();
    if let Some(items) = place.items() {
        let elements =
            if flattened { found.to_vec() } else { inside(found, items.own.name.as_deref().unwrap_or("member"))? };
        return elements.into_iter().map(|one| value(one, items)).collect::<Result<Vec<_>, _>>().map(Value::Array);
    }
    if let Some((keys, values)) = place.entries() {
        let entries = if flattened { found.to_vec() } else { inside(found, "entry")? };
        let (key_name, value_name) =
            (keys.own.name.as_deref().unwrap_or("key"), values.own.name.as_deref().unwrap_or("value"));
        let mut out = Map::new();
        for entry in entries {
            let Some(key) = entry.named(key_name).next().filter(|key| key.children.is_empty()) else {
                return Err(Unread::Malformed(format!("a map entry has no `{key_name}`")));
            };
            let there = entry.named(value_name).next();
            out.insert(key.text.clone(), there.map_or(Ok(Value::Null), |one| value(one, values))?);
        }
        return Ok(Value::Object(out));
    }
    let element = single(found)?;
    match place.kind() {
        Kind::Structure { .. } | Kind::Union { .. } => element.members(place).map(Value::Object),
        // Elements instead of a text are returned as a structure, which the check then rejects.
        _ if !element.children.is_empty() => Ok(unknown(element)),
        _ => strict(place, element.text.clone()),
    }
}

fn single<'a>(found: &[&'a Element]) -> Result<&'a Element, Unread> {
    match found {
        [one] => Ok(one),
        several => Err(Unread::Malformed(format!(
            "`{}` occurs more than once",
            several.first().map_or("", |element| element.name.as_str())
        ))),
    }
}

/// Returns the child elements of a list or map, which must all have this name.
fn inside<'a>(found: &[&'a Element], name: &str) -> Result<Vec<&'a Element>, Unread> {
    let around = single(found)?;
    around.is_only_elements()?;
    match around.children.iter().find(|child| child.name != name) {
        Some(other) => Err(Unread::Malformed(format!("unexpected element `{}`, expected `{name}`", other.name))),
        None => Ok(around.children.iter().collect()),
    }
}

fn unknown(element: &Element) -> Value {
    if element.children.is_empty() {
        return Value::String(element.text.clone());
    }
    element.children.iter().map(|child| (child.name.clone(), unknown(child))).collect::<Map<_, _>>().into()
}

/// Writes a value as an element with this name.
pub(super) fn write(out: &mut String, name: &str, value: &Value, place: Option<Place<'_>>) {
    match (value, place) {
        (Value::Null, _) => {}
        (Value::Array(values), place) => {
            let items = place.and_then(Place::items);
            if place.is_some_and(Place::is_flattened) {
                values.iter().for_each(|value| write(out, name, value, items));
                return;
            }
            open(out, name, place, &[]);
            let item = items.and_then(|items| items.own.name.as_deref()).unwrap_or("member");
            values.iter().for_each(|value| write(out, item, value, items));
            close(out, name);
        }
        (Value::Object(entries), Some(place)) if place.entries().is_some() => {
            let Some((keys, values)) = place.entries() else { return };
            let around = if place.is_flattened() { name } else { "entry" };
            if !place.is_flattened() {
                open(out, name, Some(place), &[]);
            }
            for (key, value) in entries {
                open(out, around, Some(place).filter(|place| place.is_flattened()), &[]);
                write(out, keys.own.name.as_deref().unwrap_or("key"), &Value::String(key.clone()), Some(keys));
                write(out, values.own.name.as_deref().unwrap_or("value"), value, Some(values));
                close(out, around);
            }
            if !place.is_flattened() {
                close(out, name);
            }
        }
        (Value::Object(members), place) => {
            let of = |name: &str| place.and_then(Place::members).and_then(|known| known.get(name));
            let attributes: Vec<(&str, String)> = members
                .iter()
                .filter_map(|(name, value)| {
                    let member = of(name).filter(|member| member.traits.attribute)?;
                    Some((member.wire_name(name), text(value, place.map(|place| place.of(member)))))
                })
                .collect();
            open(out, name, place, &attributes);
            write_members(out, members, place);
            close(out, name);
        }
        (value, place) => {
            open(out, name, place, &[]);
            escape(out, &text(value, place));
            close(out, name);
        }
    }
}

/// Writes the members that are elements, not attributes.
pub(super) fn write_members(out: &mut String, members: &Map<String, Value>, place: Option<Place<'_>>) {
    for (name, value) in members {
        match place.and_then(|place| place.members()?.get(name).map(|member| (member, place.of(member)))) {
            Some((member, _)) if member.traits.attribute => {}
            Some((member, below)) => write(out, member.wire_name(name), value, Some(below)),
            None => write(out, name, value, None),
        }
    }
}

fn text(value: &Value, place: Option<Place<'_>>) -> String {
    match place.map(|place| (place.kind(), place)) {
        Some((Kind::Timestamp, place)) => scalar_text(&moments::write(value, place.moments(TimestampFormat::DateTime))),
        _ => scalar_text(value),
    }
}

fn open(out: &mut String, name: &str, place: Option<Place<'_>>, attributes: &[(&str, String)]) {
    out.push('<');
    out.push_str(name);
    let namespace = place.and_then(|place| place.own.namespace.as_ref().or(place.common().namespace.as_ref()));
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

fn close(out: &mut String, name: &str) {
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
    use crate::reference::testing::of_shapes;
    use serde_json::json;

    #[test]
    fn malformed_documents_are_rejected() {
        let root = parse(
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
            assert!(parse(body).is_err(), "{:.60}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn nesting_depth_is_limited() {
        let deep = |levels: usize| parse(format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels)).as_bytes());
        assert!(deep(MOST_LEVELS).is_ok() && deep(MOST_LEVELS + 1).is_err() && deep(MOST_LEVELS + 2).is_err());
    }

    fn contract() -> Contract {
        of_shapes(json!({
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
            let root = parse(format!("<In>{body}</In>").as_bytes()).expect("a document");
            root.members(Place::new(&contract, &id)).ok().map(Value::Object)
        };
        for (body, due) in [
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
            assert_eq!(read(body), due, "{body}");
        }
        let mut out = String::new();
        let value = json!({"Text": "<", "At": 1, "Texts": ["a"], "Thing": null});
        write(&mut out, "In", &value, Some(Place::new(&contract, &id)));
        let due = "<In><Text>&lt;</Text><At>1970-01-01T00:00:01Z</At><Texts><member>a</member></Texts></In>";
        assert_eq!(out, due);
    }

    #[test]
    fn escaped_text_round_trips() {
        for text in ["", "a<b>&\"'", "\r\n\t ", "é😀\u{2028}\u{85}", "]]>"] {
            let mut out = String::from("<a>");
            escape(&mut out, text);
            assert_eq!(parse((out + "</a>").as_bytes()).expect("a document").text, text);
        }
    }
}
