//! CBOR ([RFC 8949](https://www.rfc-editor.org/rfc/rfc8949)): writes values and reads documents.
//!
//! It never allocates memory for a length that a body merely claims, and never exceeds a maximum depth.

use super::EncodeError;
use super::filled_value::filled_template;
use super::placed_shape::PlacedShape;
use crate::case::Value;
use crate::contract::ShapeKind;
use serde_json::{Map, Number, Value as Json};

/// Maximum depth of a document.
const MAX_DEPTH: usize = 128;

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

/// Reads a body that is one item. Bytes become base64, timestamps numbers, and floats that JSON cannot
/// represent texts. The error is the reason why the body is not one item.
pub(super) fn read_document(body: &[u8]) -> Result<Json, String> {
    let mut reader = CborReader { rest: body };
    let item = reader.read_item(0)?;
    if reader.rest.is_empty() { Ok(item) } else { Err(format!("{} bytes after the item", reader.rest.len())) }
}

struct CborReader<'a> {
    rest: &'a [u8],
}

impl<'a> CborReader<'a> {
    fn take_bytes(&mut self, count: u64) -> Result<&'a [u8], String> {
        let taken = usize::try_from(count).ok().and_then(|count| self.rest.split_at_checked(count));
        let (taken, rest) = taken.ok_or("unexpected end")?;
        self.rest = rest;
        Ok(taken)
    }

    fn read_initial_byte(&mut self) -> Result<(u8, u8), String> {
        let byte = self.take_bytes(1)?[0];
        Ok((byte >> 5, byte & 31))
    }

    fn read_argument(&mut self, info: u8) -> Result<u64, String> {
        let length = match info {
            0..24 => return Ok(u64::from(info)),
            24..=27 => 1 << (info - 24),
            _ => return Err(format!("invalid length {info}")),
        };
        Ok(self.take_bytes(length)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn consume_break(&mut self) -> bool {
        match self.rest {
            [0xff, rest @ ..] => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Reads bytes or text, in one chunk or in several.
    fn read_string(&mut self, major: u8, info: u8) -> Result<Vec<u8>, String> {
        if info != 31 {
            let length = self.read_argument(info)?;
            return Ok(self.take_bytes(length)?.to_vec());
        }
        let mut whole = Vec::new();
        while !self.consume_break() {
            let (piece, info) = self.read_initial_byte()?;
            if piece != major || info == 31 {
                return Err("a chunk of a string has another type".to_owned());
            }
            let length = self.read_argument(info)?;
            whole.extend_from_slice(self.take_bytes(length)?);
        }
        Ok(whole)
    }

    fn read_text(&mut self, info: u8) -> Result<String, String> {
        String::from_utf8(self.read_string(3, info)?).map_err(|_| "a string is not UTF-8".to_owned())
    }

    fn read_item(&mut self, depth: usize) -> Result<Json, String> {
        if depth > MAX_DEPTH {
            return Err(format!("it is deeper than {MAX_DEPTH} levels"));
        }
        let (major, info) = self.read_initial_byte()?;
        match major {
            0 => Ok(self.read_argument(info)?.into()),
            1 => {
                let argument = self.read_argument(info)?;
                Ok(match i64::try_from(argument) {
                    Ok(argument) => (-1 - argument).into(),
                    Err(_) => float_to_json(-1.0 - argument as f64),
                })
            }
            2 => Ok(data_encoding::BASE64.encode(&self.read_string(2, info)?).into()),
            3 => Ok(self.read_text(info)?.into()),
            4 => self.read_array(info, depth),
            5 => self.read_map(info, depth),
            6 => {
                let tag = self.read_argument(info)?;
                let item = self.read_item(depth + 1)?;
                match (tag, &item) {
                    (1, Json::Number(_)) => Ok(item),
                    (1, _) => Err("a timestamp is not a number".to_owned()),
                    // Other tags are ignored: a contract only describes their content.
                    _ => Ok(item),
                }
            }
            _ => self.read_simple_value(info),
        }
    }

    fn read_array(&mut self, info: u8, depth: usize) -> Result<Json, String> {
        let count = if info == 31 { None } else { Some(self.read_argument(info)?) };
        let mut items = Vec::new();
        while count.map_or_else(|| !self.consume_break(), |count| (items.len() as u64) < count) {
            items.push(self.read_item(depth + 1)?);
        }
        Ok(Json::Array(items))
    }

    fn read_map(&mut self, info: u8, depth: usize) -> Result<Json, String> {
        let count = if info == 31 { None } else { Some(self.read_argument(info)?) };
        let (mut entries, mut seen) = (Map::new(), 0);
        while count.map_or_else(|| !self.consume_break(), |count| seen < count) {
            seen += 1;
            let (major, info) = self.read_initial_byte()?;
            if major != 3 {
                return Err("a key is not a string".to_owned());
            }
            let key = self.read_text(info)?;
            let value = self.read_item(depth + 1)?;
            if entries.insert(key.clone(), value).is_some() {
                return Err(format!("duplicate key `{key}`"));
            }
        }
        Ok(Json::Object(entries))
    }

    fn read_simple_value(&mut self, info: u8) -> Result<Json, String> {
        match info {
            20 => Ok(Json::Bool(false)),
            21 => Ok(Json::Bool(true)),
            22 | 23 => Ok(Json::Null),
            25 => Ok(float_to_json(half_to_f64(self.read_argument(info)? as u16))),
            26 => Ok(float_to_json(f64::from(f32::from_bits(self.read_argument(info)? as u32)))),
            27 => Ok(float_to_json(f64::from_bits(self.read_argument(info)?))),
            31 => Err("unexpected break".to_owned()),
            other => Err(format!("unknown simple value {other}")),
        }
    }
}

fn float_to_json(value: f64) -> Json {
    let word = match value {
        _ if value.is_nan() => "NaN",
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        value => return Number::from_f64(value).map_or(Json::Null, Json::Number),
    };
    word.into()
}

/// Converts a half-precision number, after RFC 8949, appendix D.
fn half_to_f64(bits: u16) -> f64 {
    let exponent = i32::from(bits >> 10 & 31);
    let mantissa = f64::from(bits & 1023);
    let size = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (mantissa + 1024.0) * 2f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reading_reverses_writing() {
        let document = json!({"a": [0, 23, 24, 255, 256, 65535, 65536, 4_294_967_296_u64, u64::MAX, -1, -25, i64::MIN],
            "b": true, "c": null, "d": "é😀", "e": {"": []}, "f": 1.5});
        let mut out = Vec::new();
        write_value(&mut out, &Value::from_json(&document), None, "").expect("fits");
        assert_eq!(read_document(&out), Ok(document));
    }

    #[test]
    fn examples_of_the_rfc_are_decoded() {
        for (hex, value) in [
            ("f93c00", json!(1.0)),
            ("f97bff", json!(65504.0)),
            ("f90001", json!(5.960_464_477_539_063e-8)),
            ("f97c00", json!("Infinity")),
            ("f97e00", json!("NaN")),
            ("fa47c35000", json!(100_000.0)),
            ("c1fb41d452d9ec200000", json!(1_363_896_240.5)),
            ("c11a514b67b0", json!(1_363_896_240)),
            ("3bffffffffffffffff", json!(-18_446_744_073_709_551_616.0)),
            ("5f42010243030405ff", json!("AQIDBAU=")),
            ("7f657374726561646d696e67ff", json!("streaming")),
            ("9f018202039f0405ffff", json!([1, [2, 3], [4, 5]])),
            ("bf61610161629f0203ffff", json!({"a": 1, "b": [2, 3]})),
        ] {
            let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).expect("hex");
            assert_eq!(read_document(&bytes), Ok(value), "{hex}");
        }
    }

    #[test]
    fn hostile_bodies_are_rejected() {
        let deep = vec![0x81; 1_000_000];
        let tags = vec![0xc6; 1_000_000];
        for body in [
            &deep[..],
            &tags,
            b"",
            &[0xff],
            &[0x1c],
            &[0x9b, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0x5b, 127, 255, 255, 255, 255, 255, 255, 255],
            &[0xa1, 1, 2],
            &[0x61, 0xff],
            &[0x5f, 0x61, 0x61, 0xff],
            &[0, 0],
            &[0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2],
        ] {
            assert!(read_document(body).is_err(), "{:?}", &body[..body.len().min(9)]);
        }
    }
}
