//! Writes values as CBOR ([RFC 8949](https://www.rfc-editor.org/rfc/rfc8949)).
//!
//! It never checks a constraint: deliberately invalid values are written as they are.

use super::EncodeError;
use super::encode_error::filled_template;
use super::placed_shape::PlacedShape;
use crate::case::Value;
use crate::contract::ShapeKind;

/// Writes a value, with definite lengths; `place` names it in an error.
pub(super) fn write_value(
    out: &mut Vec<u8>,
    value: &Value,
    known: Option<PlacedShape<'_>>,
    place: &str,
) -> Result<(), EncodeError> {
    let kind = known.map(PlacedShape::kind);
    match value {
        Value::Null => out.push(0xf6),
        Value::Boolean(truth) => out.push(if *truth { 0xf5 } else { 0xf4 }),
        Value::Number(literal) => write_number(out, literal, kind, place)?,
        Value::Text(text) => match (kind, text.as_str()) {
            (Some(ShapeKind::Float | ShapeKind::Double), "NaN") => out.extend([0xf9, 0x7e, 0x00]),
            (Some(ShapeKind::Float | ShapeKind::Double), "Infinity") => out.extend([0xf9, 0x7c, 0x00]),
            (Some(ShapeKind::Float | ShapeKind::Double), "-Infinity") => out.extend([0xf9, 0xfc, 0x00]),
            (_, text) => write_string(out, text),
        },
        Value::Template(template) => write_string(out, filled_template(template)?),
        Value::Blob(bytes) => {
            write_head(out, 2, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        Value::List(items) => {
            write_head(out, 4, items.len() as u64);
            let item = known.and_then(PlacedShape::list_item);
            items.iter().try_for_each(|one| write_value(out, one, item, place))?;
        }
        Value::Map(entries) => {
            write_head(out, 5, entries.len() as u64);
            let values = known.and_then(PlacedShape::map_entry).map(|(_, values)| values);
            for (name, one) in entries {
                match known.and_then(|known| known.member(name)) {
                    Some((member, below)) => {
                        write_string(out, member.wire_name(name));
                        write_value(out, one, Some(below), name)?;
                    }
                    None => {
                        write_string(out, name);
                        write_value(out, one, values, name)?;
                    }
                }
            }
        }
        Value::Raw(_) => return Err(unrepresentable(place, "raw characters cannot be written as CBOR")),
    }
    Ok(())
}

fn unrepresentable(member: &str, reason: &str) -> EncodeError {
    EncodeError::Unrepresentable { member: member.to_owned(), place: "CBOR", reason: reason.to_owned() }
}

/// Writes the head of an item in its shortest form.
pub(super) fn write_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    let bytes = argument.to_be_bytes();
    match argument {
        0..24 => out.push(major | bytes[7]),
        24..0x100 => out.extend([major | 24, bytes[7]]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend_from_slice(&bytes[6..]);
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend_from_slice(&bytes[4..]);
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&bytes);
        }
    }
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    write_head(out, 3, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn write_number(out: &mut Vec<u8>, literal: &str, kind: Option<&ShapeKind>, place: &str) -> Result<(), EncodeError> {
    let float = || {
        let float = literal.parse::<f64>().ok().filter(|float| float.is_finite());
        float.ok_or_else(|| unrepresentable(place, &format!("`{literal}` does not fit into a CBOR number")))
    };
    let double = |out: &mut Vec<u8>, float: f64| {
        out.push(0xfb);
        out.extend_from_slice(&float.to_be_bytes());
    };
    match kind {
        Some(ShapeKind::Double) => double(out, float()?),
        // A timestamp is a number with a tag.
        Some(ShapeKind::Timestamp) => {
            let seconds = float()?;
            out.push(0xc1);
            double(out, seconds);
        }
        Some(ShapeKind::Float) => {
            let wide = float()?;
            let narrow = wide as f32;
            if narrow.is_infinite() {
                double(out, wide);
            } else {
                out.push(0xfa);
                out.extend_from_slice(&narrow.to_be_bytes());
            }
        }
        _ => {
            let whole = literal.parse::<i128>().ok();
            let (major, argument) = match whole {
                Some(whole) if whole >= 0 => (0, u64::try_from(whole).ok()),
                Some(whole) => (1, u64::try_from(-1 - whole).ok()),
                None => (0, None),
            };
            match argument {
                Some(argument) => write_head(out, major, argument),
                None => double(out, float()?),
            }
        }
    }
    Ok(())
}
