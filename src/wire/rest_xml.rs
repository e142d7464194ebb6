//! Writes the bodies of restXml: values as XML elements.
//!
//! It never writes a null, which XML cannot represent. The rules follow
//! [AWS restXml](https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html).

use super::known::Known;
use super::rest::Payload;
use super::text::scalar;
use super::{Body, EncodeError, xml};
use crate::contract::{Namespace, TimestampFormat};
use crate::generate::Value;

const XML: Option<&str> = Some("application/xml");

/// Builds the body; returns it with its content type, if it has one.
pub(super) fn body(payload: &Payload<'_>) -> Result<(Body, Option<&'static str>), EncodeError> {
    if let Some((body, content_type)) = payload.plain()? {
        return Ok((body, Some(content_type)));
    }
    let mut out = String::new();
    if let Some(bound) = payload.member() {
        let Some(value) = bound.value else { return Ok((Body::new(), None)) };
        let known = bound.known();
        let named = bound.member.wire.as_deref().or(known.shape.traits.name.as_deref());
        let root = named.unwrap_or(bound.member.shape.as_str());
        write(&mut out, root, value, Some(known), bound.name)?;
        return Ok((out.into(), XML));
    }
    let operation = payload.operation;
    let Some(id) = &operation.input else { return Ok((Body::new(), None)) };
    let known = Known::new(payload.contract, id, &operation.traits.input);
    let root = known.shape.traits.name.as_deref().or(known.traits.name.as_deref()).unwrap_or(id.as_str());
    if !matches!(payload.input, Value::Map(_)) {
        // The case violates even the type of the input: the value itself is the document.
        write(&mut out, root, payload.input, None, root)?;
        return Ok((out.into(), XML));
    }
    let sent = payload.members();
    if sent.is_empty() {
        return Ok((Body::new(), None));
    }
    let members: Vec<(&str, &Value)> = sent.into_iter().map(|(name, value, _)| (name, value)).collect();
    structure(&mut out, root, &members, Some(known))?;
    Ok((out.into(), XML))
}

/// Writes a value as an element with this name; `place` names it in an error.
fn write(
    out: &mut String,
    name: &str,
    value: &Value,
    known: Option<Known<'_>>,
    place: &str,
) -> Result<(), EncodeError> {
    match value {
        Value::Null => Err(EncodeError::Unfit {
            member: place.to_owned(),
            place: "XML",
            reason: "XML cannot represent null".to_owned(),
        }),
        Value::Map(entries) => {
            if let Some((keys, values)) = known.and_then(Known::entry) {
                let flattened = known.is_some_and(Known::flattened);
                if !flattened {
                    open(out, name, known, &[]);
                }
                for (key, entry) in entries {
                    let around = if flattened { name } else { "entry" };
                    open(out, around, known.filter(|_| flattened), &[]);
                    let key_name = keys.traits.name.as_deref().unwrap_or("key");
                    write(out, key_name, &Value::Text(key.clone()), Some(keys), place)?;
                    write(out, values.traits.name.as_deref().unwrap_or("value"), entry, Some(values), place)?;
                    close(out, around);
                }
                if !flattened {
                    close(out, name);
                }
                return Ok(());
            }
            let members: Vec<(&str, &Value)> = entries.iter().map(|(name, value)| (name.as_str(), value)).collect();
            structure(out, name, &members, known)
        }
        Value::List(items) => {
            let item = known.and_then(Known::item);
            if known.is_some_and(Known::flattened) {
                return items.iter().try_for_each(|one| write(out, name, one, item, place));
            }
            open(out, name, known, &[]);
            let item_name = item.and_then(|item| item.traits.name.as_deref()).unwrap_or("member");
            for one in items {
                write(out, item_name, one, item, place)?;
            }
            close(out, name);
            Ok(())
        }
        value => {
            open(out, name, known, &[]);
            match value {
                Value::Raw(characters) => out.push_str(characters),
                value => xml::escape_text(out, &text(value, known)?),
            }
            close(out, name);
            Ok(())
        }
    }
}

fn text(value: &Value, known: Option<Known<'_>>) -> Result<String, EncodeError> {
    let moment = known.map_or(TimestampFormat::DateTime, |known| known.moment(TimestampFormat::DateTime));
    Ok(scalar(value, known.map(Known::kind), moment)?.into_owned())
}

fn structure(
    out: &mut String,
    name: &str,
    members: &[(&str, &Value)],
    known: Option<Known<'_>>,
) -> Result<(), EncodeError> {
    let mut attributes = Vec::new();
    let mut elements = Vec::new();
    for (name, value) in members {
        match known.and_then(|known| known.member(name)) {
            Some((member, below)) if below.traits.attribute => {
                attributes.push((member.wire_name(name).to_owned(), text(value, Some(below))?));
            }
            Some((member, below)) => elements.push((member.wire.as_deref().unwrap_or(name), *value, Some(below), name)),
            None => elements.push((name, *value, None, name)),
        }
    }
    open(out, name, known, &attributes);
    for (name, value, known, place) in elements {
        write(out, name, value, known, place)?;
    }
    close(out, name);
    Ok(())
}

fn open(out: &mut String, name: &str, known: Option<Known<'_>>, attributes: &[(String, String)]) {
    out.push('<');
    out.push_str(name);
    let namespace = known.and_then(|known| known.traits.namespace.as_ref().or(known.shape.traits.namespace.as_ref()));
    if let Some(Namespace { uri, prefix }) = namespace {
        let name = prefix.as_ref().map_or_else(|| "xmlns".to_owned(), |prefix| format!("xmlns:{prefix}"));
        xml::attribute(out, &name, uri);
    }
    for (name, value) in attributes {
        xml::attribute(out, name, value);
    }
    out.push('>');
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}
