//! Reads CBOR documents ([RFC 8949](https://www.rfc-editor.org/rfc/rfc8949)).
//!
//! It never allocates memory for a length that a body merely claims, and never exceeds a maximum depth.

use serde_json::{Map, Number, Value as Json};

/// Maximum depth of a document.
const MAX_DEPTH: usize = 128;

/// Reason why a body is not one CBOR item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// The item is not the whole body; holds the number of bytes after it.
    #[error("{0} bytes after the item")]
    TrailingBytes(usize),
    /// The body ends inside the item.
    #[error("unexpected end")]
    UnexpectedEnd,
    /// The additional information of an item is reserved.
    #[error("invalid length {0}")]
    InvalidLength(u8),
    /// A chunk of a string has another type than the string.
    #[error("a chunk of a string has another type")]
    MixedChunks,
    /// A text is not UTF-8.
    #[error("a string is not UTF-8")]
    NotUtf8,
    /// The item is nested too deeply.
    #[error("it is deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// The key of a map is not a text.
    #[error("a key is not a string")]
    KeyNotText,
    /// A map has a key twice.
    #[error("duplicate key `{0}`")]
    DuplicateKey(String),
    /// A timestamp is not a number.
    #[error("a timestamp is not a number")]
    InvalidTimestamp,
    /// A break without an item of indefinite length.
    #[error("unexpected break")]
    UnexpectedBreak,
    /// A simple value without a meaning in JSON.
    #[error("unknown simple value {0}")]
    UnknownSimpleValue(u8),
}

/// Reads a body that is one item. Bytes become base64, timestamps numbers, and floats that JSON cannot
/// represent texts.
pub(super) fn read_document(body: &[u8]) -> Result<Json, CborError> {
    let mut reader = CborReader { rest: body };
    let item = reader.read_item(0)?;
    if reader.rest.is_empty() { Ok(item) } else { Err(CborError::TrailingBytes(reader.rest.len())) }
}

struct CborReader<'a> {
    rest: &'a [u8],
}

impl<'a> CborReader<'a> {
    fn take_bytes(&mut self, count: u64) -> Result<&'a [u8], CborError> {
        let taken = usize::try_from(count).ok().and_then(|count| self.rest.split_at_checked(count));
        let (taken, rest) = taken.ok_or(CborError::UnexpectedEnd)?;
        self.rest = rest;
        Ok(taken)
    }

    fn read_initial_byte(&mut self) -> Result<(u8, u8), CborError> {
        let byte = self.take_bytes(1)?[0];
        Ok((byte >> 5, byte & 31))
    }

    fn read_argument(&mut self, info: u8) -> Result<u64, CborError> {
        let length = match info {
            0..24 => return Ok(u64::from(info)),
            24..=27 => 1 << (info - 24),
            _ => return Err(CborError::InvalidLength(info)),
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
    fn read_string(&mut self, major: u8, info: u8) -> Result<Vec<u8>, CborError> {
        if info != 31 {
            let length = self.read_argument(info)?;
            return Ok(self.take_bytes(length)?.to_vec());
        }
        let mut whole = Vec::new();
        while !self.consume_break() {
            let (piece, info) = self.read_initial_byte()?;
            if piece != major || info == 31 {
                return Err(CborError::MixedChunks);
            }
            let length = self.read_argument(info)?;
            whole.extend_from_slice(self.take_bytes(length)?);
        }
        Ok(whole)
    }

    fn read_text(&mut self, info: u8) -> Result<String, CborError> {
        String::from_utf8(self.read_string(3, info)?).map_err(|_| CborError::NotUtf8)
    }

    fn read_item(&mut self, depth: usize) -> Result<Json, CborError> {
        if depth > MAX_DEPTH {
            return Err(CborError::TooDeep);
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
            4 => self.read_list(info, depth),
            5 => self.read_map(info, depth),
            6 => self.read_tagged(info, depth),
            _ => self.read_simple(info),
        }
    }

    /// Returns the announced number of items, or `None` if a break ends them.
    fn read_count(&mut self, info: u8) -> Result<Option<u64>, CborError> {
        if info == 31 { Ok(None) } else { self.read_argument(info).map(Some) }
    }

    /// Returns true if another item follows after `read_items` of them.
    fn has_next(&mut self, count: Option<u64>, read_items: u64) -> bool {
        count.map_or_else(|| !self.consume_break(), |count| read_items < count)
    }

    fn read_list(&mut self, info: u8, depth: usize) -> Result<Json, CborError> {
        let count = self.read_count(info)?;
        let mut items = Vec::new();
        while self.has_next(count, items.len() as u64) {
            items.push(self.read_item(depth + 1)?);
        }
        Ok(Json::Array(items))
    }

    fn read_map(&mut self, info: u8, depth: usize) -> Result<Json, CborError> {
        let count = self.read_count(info)?;
        let (mut entries, mut read_entries) = (Map::new(), 0);
        while self.has_next(count, read_entries) {
            read_entries += 1;
            let (major, info) = self.read_initial_byte()?;
            if major != 3 {
                return Err(CborError::KeyNotText);
            }
            let key = self.read_text(info)?;
            let value = self.read_item(depth + 1)?;
            if entries.insert(key.clone(), value).is_some() {
                return Err(CborError::DuplicateKey(key));
            }
        }
        Ok(Json::Object(entries))
    }

    fn read_tagged(&mut self, info: u8, depth: usize) -> Result<Json, CborError> {
        let tag = self.read_argument(info)?;
        let item = self.read_item(depth + 1)?;
        // Other tags are ignored: a contract only describes their content.
        if tag == 1 && !item.is_number() {
            return Err(CborError::InvalidTimestamp);
        }
        Ok(item)
    }

    fn read_simple(&mut self, info: u8) -> Result<Json, CborError> {
        match info {
            20 => Ok(Json::Bool(false)),
            21 => Ok(Json::Bool(true)),
            22 | 23 => Ok(Json::Null),
            25 => Ok(float_to_json(half_to_f64(self.read_argument(info)? as u16))),
            26 => Ok(float_to_json(f64::from(f32::from_bits(self.read_argument(info)? as u32)))),
            27 => Ok(float_to_json(f64::from_bits(self.read_argument(info)?))),
            31 => Err(CborError::UnexpectedBreak),
            other => Err(CborError::UnknownSimpleValue(other)),
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
    use crate::case::Value;
    use crate::wire::cbor::write_value;
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
