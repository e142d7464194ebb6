//! Writes the bodies of restXml: values as XML elements.
//!
//! It never writes a null, which XML cannot represent. The rules follow
//! [AWS restXml](https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html).

use super::placed_shape::PlacedShape;
use super::rest_payload::RequestPayload;
use super::text::scalar_text;
use super::{EncodeError, EncodedBody, xml};
use crate::case::Value;
use crate::contract::{TimestampFormat, XmlNamespace};

const XML_CONTENT_TYPE: Option<&str> = Some("application/xml");

/// Builds the body; returns it with its content type, if it has one.
pub(super) fn build_body(payload: &RequestPayload<'_>) -> Result<(EncodedBody, Option<&'static str>), EncodeError> {
    if let Some((body, content_type)) = payload.raw_body()? {
        return Ok((body, Some(content_type)));
    }
    let mut out = String::new();
    if let Some(bound) = payload.payload_member() {
        let Some(value) = bound.value else { return Ok((EncodedBody::new(), None)) };
        let known = bound.placed_shape();
        let named = bound.member.wire.as_deref().or(known.shape.traits.name.as_deref());
        let root = named.unwrap_or(bound.member.shape.as_str());
        write_element(&mut out, root, value, Some(known), bound.name)?;
        return Ok((out.into(), XML_CONTENT_TYPE));
    }
    let operation = payload.operation;
    let Some(id) = &operation.input else { return Ok((EncodedBody::new(), None)) };
    let known = PlacedShape::new(payload.contract, id, &operation.traits.input);
    let root = known.shape.traits.name.as_deref().or(known.traits.name.as_deref()).unwrap_or(id.as_str());
    if !matches!(payload.input, Value::Map(_)) {
        // The case violates even the type of the input: the value itself is the document.
        write_element(&mut out, root, payload.input, None, root)?;
        return Ok((out.into(), XML_CONTENT_TYPE));
    }
    let sent = payload.body_members();
    if sent.is_empty() {
        return Ok((EncodedBody::new(), None));
    }
    let members: Vec<(&str, &Value)> = sent.into_iter().map(|(name, value, _)| (name, value)).collect();
    write_structure(&mut out, root, &members, Some(known))?;
    Ok((out.into(), XML_CONTENT_TYPE))
}

/// Writes a value as an element with this name; `place` names it in an error.
fn write_element(
    out: &mut String,
    name: &str,
    value: &Value,
    known: Option<PlacedShape<'_>>,
    place: &str,
) -> Result<(), EncodeError> {
    match value {
        Value::Null => Err(EncodeError::Unrepresentable {
            member: place.to_owned(),
            place: "XML",
            reason: "XML cannot represent null".to_owned(),
        }),
        Value::Map(entries) => {
            if let Some((keys, values)) = known.and_then(PlacedShape::map_entry) {
                let flattened = known.is_some_and(PlacedShape::is_flattened);
                if !flattened {
                    write_start_tag(out, name, known, &[]);
                }
                for (key, entry) in entries {
                    let entry_name = if flattened { name } else { "entry" };
                    write_start_tag(out, entry_name, known.filter(|_| flattened), &[]);
                    let key_name = keys.traits.name.as_deref().unwrap_or("key");
                    write_element(out, key_name, &Value::Text(key.clone()), Some(keys), place)?;
                    write_element(out, values.traits.name.as_deref().unwrap_or("value"), entry, Some(values), place)?;
                    write_end_tag(out, entry_name);
                }
                if !flattened {
                    write_end_tag(out, name);
                }
                return Ok(());
            }
            let members: Vec<(&str, &Value)> = entries.iter().map(|(name, value)| (name.as_str(), value)).collect();
            write_structure(out, name, &members, known)
        }
        Value::List(items) => {
            let item = known.and_then(PlacedShape::list_item);
            if known.is_some_and(PlacedShape::is_flattened) {
                return items.iter().try_for_each(|one| write_element(out, name, one, item, place));
            }
            write_start_tag(out, name, known, &[]);
            let item_name = item.and_then(|item| item.traits.name.as_deref()).unwrap_or("member");
            for one in items {
                write_element(out, item_name, one, item, place)?;
            }
            write_end_tag(out, name);
            Ok(())
        }
        value => {
            write_start_tag(out, name, known, &[]);
            match value {
                Value::Raw(characters) => out.push_str(characters),
                value => xml::escape_text(out, &scalar_to_text(value, known)?),
            }
            write_end_tag(out, name);
            Ok(())
        }
    }
}

fn scalar_to_text(value: &Value, known: Option<PlacedShape<'_>>) -> Result<String, EncodeError> {
    let format = known.map_or(TimestampFormat::DateTime, |known| known.timestamp_format(TimestampFormat::DateTime));
    Ok(scalar_text(value, known.map(PlacedShape::kind), format)?.into_owned())
}

fn write_structure(
    out: &mut String,
    name: &str,
    members: &[(&str, &Value)],
    known: Option<PlacedShape<'_>>,
) -> Result<(), EncodeError> {
    let mut attributes = Vec::new();
    let mut elements = Vec::new();
    for (name, value) in members {
        match known.and_then(|known| known.member(name)) {
            Some((member, below)) if below.traits.attribute => {
                attributes.push((member.wire_name(name).to_owned(), scalar_to_text(value, Some(below))?));
            }
            Some((member, below)) => elements.push((member.wire.as_deref().unwrap_or(name), *value, Some(below), name)),
            None => elements.push((name, *value, None, name)),
        }
    }
    write_start_tag(out, name, known, &attributes);
    for (name, value, known, place) in elements {
        write_element(out, name, value, known, place)?;
    }
    write_end_tag(out, name);
    Ok(())
}

fn write_start_tag(out: &mut String, name: &str, known: Option<PlacedShape<'_>>, attributes: &[(String, String)]) {
    out.push('<');
    out.push_str(name);
    let namespace = known.and_then(|known| known.traits.namespace.as_ref().or(known.shape.traits.namespace.as_ref()));
    if let Some(XmlNamespace { uri, prefix }) = namespace {
        let name = prefix.as_ref().map_or_else(|| "xmlns".to_owned(), |prefix| format!("xmlns:{prefix}"));
        xml::write_attribute(out, &name, uri);
    }
    for (name, value) in attributes {
        xml::write_attribute(out, name, value);
    }
    out.push('>');
}

fn write_end_tag(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}
