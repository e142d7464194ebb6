//! CBOR ([RFC 8949](https://www.rfc-editor.org/rfc/rfc8949)): decodes and encodes values of the contract.
//!
//! Never allocates a length that a body only declares, and never recurses beyond a fixed depth.

use super::{ShapeRef, timestamps};
use crate::contract::ShapeKind;
use crate::reference::body_parser::ReadFailure;
use serde_json::{Map, Number, Value};

/// Maximum nesting depth of items.
const MAX_DEPTH: usize = 100;

/// One data item.
#[derive(Clone, Debug, PartialEq)]
enum CborItem {
    Null,
    Boolean(bool),
    Integer(i128),
    Float(f64),
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<CborItem>),
    Map(Vec<(String, CborItem)>),
    Tagged(u64, Box<CborItem>),
}

fn malformed(reason: impl std::fmt::Display) -> ReadFailure {
    ReadFailure::Malformed(format!("the body is not CBOR: {reason}"))
}

/// Decodes a body that consists of one item.
pub(super) fn decode(body: &[u8], shape: ShapeRef<'_>) -> Result<Value, ReadFailure> {
    let mut rest = body;
    let item = read_item(&mut rest, 0)?;
    if !rest.is_empty() {
        return Err(malformed(format!("{} bytes follow the item", rest.len())));
    }
    to_contract_value(shape, item)
}

fn take_bytes<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], ReadFailure> {
    let (taken, after) = rest.split_at_checked(count).ok_or_else(|| malformed("it ends too early"))?;
    *rest = after;
    Ok(taken)
}

/// The head of an item: its first byte and its argument.
struct CborHead {
    major: u8,
    additional_info: u8,
    /// `None` if the length is indefinite.
    argument: Option<u64>,
}

fn read_head(rest: &mut &[u8]) -> Result<CborHead, ReadFailure> {
    let first = take_bytes(rest, 1)?[0];
    let (major, short) = (first >> 5, first & 31);
    let argument = match short {
        0..24 => Some(u64::from(short)),
        24..28 => Some(take_bytes(rest, 1 << (short - 24))?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))),
        31 if matches!(major, 2..=5 | 7) => None,
        _ => return Err(malformed("reserved additional information")),
    };
    Ok(CborHead { major, additional_info: short, argument })
}

/// Consumes the "break" byte that ends an item of indefinite length; returns false if it is not next.
fn take_break(rest: &mut &[u8]) -> bool {
    match rest.split_first() {
        Some((0xff, after)) => {
            *rest = after;
            true
        }
        _ => false,
    }
}

fn read_item(rest: &mut &[u8], level: usize) -> Result<CborItem, ReadFailure> {
    if level > MAX_DEPTH {
        return Err(malformed(format!("it has more than {MAX_DEPTH} levels")));
    }
    let head = read_head(rest)?;
    // Returns true if a list or map has another entry.
    let more = |rest: &mut &[u8], seen: u64| match head.argument {
        Some(count) => seen < count,
        None => !take_break(rest),
    };
    let argument = || head.argument.ok_or_else(|| malformed("unexpected break"));
    Ok(match head.major {
        0 => CborItem::Integer(argument()?.into()),
        1 => CborItem::Integer(-1 - i128::from(argument()?)),
        2 => CborItem::Bytes(read_string(rest, &head)?),
        3 => CborItem::Text(String::from_utf8(read_string(rest, &head)?).map_err(malformed)?),
        4 => {
            let mut items = Vec::new();
            while more(rest, items.len() as u64) {
                items.push(read_item(rest, level + 1)?);
            }
            CborItem::List(items)
        }
        5 => {
            let mut entries = Vec::new();
            while more(rest, entries.len() as u64) {
                let CborItem::Text(key) = read_item(rest, level + 1)? else {
                    return Err(malformed("a key is not a text string"));
                };
                entries.push((key, read_item(rest, level + 1)?));
            }
            CborItem::Map(entries)
        }
        6 => CborItem::Tagged(argument()?, Box::new(read_item(rest, level + 1)?)),
        _ => match (head.additional_info, argument()?) {
            (20, _) => CborItem::Boolean(false),
            (21, _) => CborItem::Boolean(true),
            (22 | 23, _) => CborItem::Null,
            (25, bits) => CborItem::Float(decode_half_float(bits as u16)),
            (26, bits) => CborItem::Float(f32::from_bits(bits as u32).into()),
            (27, bits) => CborItem::Float(f64::from_bits(bits)),
            (short, _) => return Err(malformed(format!("unknown simple value {short}"))),
        },
    })
}

/// Reads the bytes of a string, which may consist of chunks.
fn read_string(rest: &mut &[u8], first: &CborHead) -> Result<Vec<u8>, ReadFailure> {
    let take = |rest: &mut &[u8], length: u64| {
        take_bytes(rest, usize::try_from(length).unwrap_or(usize::MAX)).map(<[u8]>::to_vec)
    };
    if let Some(length) = first.argument {
        return take(rest, length);
    }
    let mut whole = Vec::new();
    while !take_break(rest) {
        let part = read_head(rest)?;
        match part.argument.filter(|_| part.major == first.major) {
            Some(length) => whole.extend(take(rest, length)?),
            None => return Err(malformed("a chunk of a string has the wrong type")),
        }
    }
    Ok(whole)
}

/// Decodes a half-precision float, after RFC 8949, appendix D.
fn decode_half_float(bits: u16) -> f64 {
    let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => mantissa * 2.0_f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) * 2.0_f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

/// Converts an item to the contract's form: bytes as base64, timestamps as seconds, and floats that JSON cannot
/// represent as strings.
fn to_contract_value(shape: ShapeRef<'_>, item: CborItem) -> Result<Value, ReadFailure> {
    let wrong = |expected: &str| Err(ReadFailure::Malformed(format!("expected {expected}")));
    Ok(match (shape.kind(), item) {
        (ShapeKind::Blob, CborItem::Bytes(bytes)) => data_encoding::BASE64.encode(&bytes).into(),
        // The check cannot distinguish them: it sees a string in both cases.
        (ShapeKind::Blob, CborItem::Text(_)) => return wrong("a byte string"),
        (ShapeKind::Timestamp, CborItem::Tagged(1, inner)) => match *inner {
            CborItem::Integer(seconds) => timestamps::seconds_value(seconds as f64),
            CborItem::Float(seconds) if seconds.is_finite() => timestamps::seconds_value(seconds),
            _ => return wrong("a number of seconds"),
        },
        (ShapeKind::Timestamp, CborItem::Null) => Value::Null,
        (ShapeKind::Timestamp, _) => return wrong("a timestamp with tag 1"),
        (_, CborItem::Tagged(_, inner)) => to_contract_value(shape, *inner)?,
        (ShapeKind::Document, CborItem::Bytes(bytes)) => data_encoding::BASE64.encode(&bytes).into(),
        (_, CborItem::Bytes(_)) => return wrong("something other than a byte string"),
        (_, CborItem::Null) => Value::Null,
        (_, CborItem::Boolean(truth)) => truth.into(),
        (_, CborItem::Text(text)) => text.into(),
        (_, CborItem::Integer(whole)) => integer_value(whole),
        (_, CborItem::Float(float)) => float_value(float),
        (_, CborItem::List(items)) => {
            let below = shape.items().unwrap_or(shape);
            items.into_iter().map(|item| to_contract_value(below, item)).collect::<Result<Vec<_>, _>>()?.into()
        }
        (_, CborItem::Map(entries)) => to_contract_object(shape, entries)?,
    })
}

fn integer_value(whole: i128) -> Value {
    match (i64::try_from(whole), u64::try_from(whole)) {
        (Ok(whole), _) => whole.into(),
        (_, Ok(whole)) => whole.into(),
        _ => (whole as f64).into(),
    }
}

fn float_value(float: f64) -> Value {
    match Number::from_f64(float) {
        Some(number) => Value::Number(number),
        None if float.is_nan() => "NaN".into(),
        None => if float > 0.0 { "Infinity" } else { "-Infinity" }.into(),
    }
}

/// Converts the entries of a map or structure.
fn to_contract_object(shape: ShapeRef<'_>, entries: Vec<(String, CborItem)>) -> Result<Value, ReadFailure> {
    let mut out = Map::new();
    let values = shape.entries().map(|(_, values)| values);
    for (key, item) in entries {
        let member =
            shape.members().and_then(|members| members.iter().find(|(name, member)| member.wire_name(name) == key));
        match (member, values) {
            (Some((name, member)), _) => out.insert(name.clone(), to_contract_value(shape.member(member), item)?),
            (None, Some(values)) => out.insert(key, to_contract_value(values, item)?),
            (None, None) if *shape.kind() == ShapeKind::Document => out.insert(key, to_contract_value(shape, item)?),
            // The check ignores unknown members, except in a map where another type is expected; so a marked key stays.
            (None, None) => out.insert(format!("?{key}"), Value::Null),
        };
    }
    Ok(Value::Object(out))
}

/// Encodes a value.
pub(super) fn encode(out: &mut Vec<u8>, value: &Value, shape: Option<ShapeRef<'_>>) {
    match (shape.map(ShapeRef::kind), value) {
        (_, Value::Null) => out.push(0xf6),
        (_, Value::Bool(truth)) => out.push(if *truth { 0xf5 } else { 0xf4 }),
        (Some(ShapeKind::Timestamp), Value::Number(number)) => {
            out.push(0xc1);
            write_double(out, number.as_f64().unwrap_or_default());
        }
        (Some(ShapeKind::Float | ShapeKind::Double), Value::Number(number)) => {
            write_double(out, number.as_f64().unwrap_or_default())
        }
        (_, Value::Number(number)) => match (number.as_u64(), number.as_i64()) {
            (Some(whole), _) => write_head(out, 0, whole),
            (_, Some(whole)) => write_head(out, 1, whole.unsigned_abs() - 1),
            _ => write_double(out, number.as_f64().unwrap_or_default()),
        },
        (Some(ShapeKind::Float | ShapeKind::Double), Value::String(text))
            if let Some(float) = parse_special_float(text) =>
        {
            write_double(out, float)
        }
        (Some(ShapeKind::Blob), Value::String(text)) => {
            let bytes = data_encoding::BASE64.decode(text.as_bytes()).unwrap_or_else(|_| text.clone().into_bytes());
            write_head(out, 2, bytes.len() as u64);
            out.extend_from_slice(&bytes);
        }
        (_, Value::String(text)) => write_string(out, text),
        (_, Value::Array(values)) => {
            write_head(out, 4, values.len() as u64);
            let items = shape.and_then(ShapeRef::items);
            values.iter().for_each(|value| encode(out, value, items));
        }
        (_, Value::Object(entries)) => {
            let given =
                || entries.iter().filter(|(_, value)| !value.is_null() || shape.is_none_or(|p| p.members().is_none()));
            write_head(out, 5, given().count() as u64);
            for (name, value) in given() {
                let member = shape.and_then(|place| place.members()?.get(name).map(|one| (one, place.member(one))));
                match member {
                    Some((member, below)) => {
                        write_string(out, member.wire_name(name));
                        encode(out, value, Some(below));
                    }
                    None => {
                        write_string(out, name);
                        encode(out, value, shape.and_then(ShapeRef::entries).map(|(_, values)| values));
                    }
                }
            }
        }
    }
}

fn parse_special_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn write_double(out: &mut Vec<u8>, float: f64) {
    out.push(0xfb);
    out.extend_from_slice(&float.to_be_bytes());
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    write_head(out, 3, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Writes the head of an item in its shortest form.
fn write_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let all = argument.to_be_bytes();
    let (short, width) = match argument {
        0..=23 => {
            out.push(major << 5 | all[7]);
            return;
        }
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    out.push(major << 5 | short);
    out.extend_from_slice(&all[8 - width..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::testing::contract_of_shapes;
    use serde_json::json;

    fn decode_hex(hex: &str) -> Result<CborItem, ReadFailure> {
        let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).expect("hex");
        let mut rest = bytes.as_slice();
        let read = read_item(&mut rest, 0)?;
        if rest.is_empty() { Ok(read) } else { Err(malformed("more")) }
    }

    /// Examples from RFC 8949, appendix A.
    #[test]
    fn examples_of_the_rfc_are_decoded() {
        let text = |text: &str| CborItem::Text(text.to_owned());
        for (hex, expected) in [
            ("00", CborItem::Integer(0)),
            ("1818", CborItem::Integer(24)),
            ("1903e8", CborItem::Integer(1000)),
            ("1bffffffffffffffff", CborItem::Integer(u64::MAX.into())),
            ("3bffffffffffffffff", CborItem::Integer(-1 - i128::from(u64::MAX))),
            ("20", CborItem::Integer(-1)),
            ("f93e00", CborItem::Float(1.5)),
            ("f90001", CborItem::Float(5.960_464_477_539_063e-8)),
            ("f9c400", CborItem::Float(-4.0)),
            ("fa47c35000", CborItem::Float(100_000.0)),
            ("fb3ff199999999999a", CborItem::Float(1.1)),
            ("f97c00", CborItem::Float(f64::INFINITY)),
            ("f4", CborItem::Boolean(false)),
            ("f6", CborItem::Null),
            ("f7", CborItem::Null),
            ("c11a514b67b0", CborItem::Tagged(1, Box::new(CborItem::Integer(1_363_896_240)))),
            ("4401020304", CborItem::Bytes(vec![1, 2, 3, 4])),
            ("62c3bc", text("ü")),
            ("83010203", CborItem::List(vec![CborItem::Integer(1), CborItem::Integer(2), CborItem::Integer(3)])),
            ("5f42010243030405ff", CborItem::Bytes(vec![1, 2, 3, 4, 5])),
            ("7f657374726561646d696e67ff", text("streaming")),
            ("9fff", CborItem::List(Vec::new())),
            ("bf6161019fffff", CborItem::Null),
            ("a16161f5", CborItem::Map(vec![("a".to_owned(), CborItem::Boolean(true))])),
        ] {
            match decode_hex(hex) {
                Ok(read) => assert_eq!(read, expected, "{hex}"),
                Err(_) => assert_eq!(hex, "bf6161019fffff", "only a list as a key is rejected"),
            }
        }
    }

    /// Returns the encoding of a value, and the value that it decodes to.
    fn encode_and_decode(kind: &str, value: &Value) -> (String, Value) {
        let contract = contract_of_shapes(json!({"Of": {"type": kind}}));
        let id = "Of".into();
        let place = ShapeRef::new(&contract, &id);
        let mut out = Vec::new();
        encode(&mut out, value, Some(place));
        let back = decode(&out, place).unwrap_or_else(|_| panic!("{kind} {value}"));
        (data_encoding::HEXLOWER.encode(&out), back)
    }

    #[test]
    fn values_are_encoded_in_their_shortest_form_and_round_trip() {
        for (kind, value, hex) in [
            ("long", json!(23), "17"),
            ("long", json!(24), "1818"),
            ("long", json!(255), "18ff"),
            ("long", json!(256), "190100"),
            ("long", json!(65_535), "19ffff"),
            ("long", json!(65_536), "1a00010000"),
            ("long", json!(4_294_967_295_u32), "1affffffff"),
            ("long", json!(4_294_967_296_i64), "1b0000000100000000"),
            ("long", json!(u64::MAX), "1bffffffffffffffff"),
            ("long", json!(-1), "20"),
            ("long", json!(-500), "3901f3"),
            ("long", json!(i64::MIN), "3b7fffffffffffffff"),
            ("double", json!(1.5), "fb3ff8000000000000"),
            ("double", json!("NaN"), "fb7ff8000000000000"),
            ("double", json!("Infinity"), "fb7ff0000000000000"),
            ("double", json!("-Infinity"), "fbfff0000000000000"),
            ("double", json!("other"), "656f74686572"),
            ("string", json!("NaN"), "634e614e"),
            ("timestamp", json!(1.5), "c1fb3ff8000000000000"),
            ("blob", json!("AQI="), "420102"),
            ("boolean", json!(true), "f5"),
        ] {
            assert_eq!(encode_and_decode(kind, &value), (hex.to_owned(), value.clone()), "{kind} {value}");
        }
    }

    #[test]
    fn items_of_the_wrong_type_are_rejected() {
        let contract = contract_of_shapes(
            json!({"At": {"type": "timestamp"}, "Any": {"type": "document"}, "Much": {"type": "double"}}),
        );
        let of = |id: &str, hex: &str| {
            let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).expect("hex");
            let id = id.into();
            decode(&bytes, ShapeRef::new(&contract, &id)).ok()
        };
        for (id, hex, expected) in [
            ("At", "c100", Some(json!(0))),
            ("At", "c1f97c00", None),
            ("At", "c1f97e00", None),
            ("At", "c1f93e00", Some(json!(1.5))),
            ("At", "00", None),
            ("At", "f6", Some(Value::Null)),
            ("Much", "f97e00", Some(json!("NaN"))),
            ("Much", "f97c00", Some(json!("Infinity"))),
            ("Much", "f9fc00", Some(json!("-Infinity"))),
            ("Any", "3bffffffffffffffff", Some(json!(-18_446_744_073_709_551_616.0))),
            ("Any", "3b7fffffffffffffff", Some(json!(i64::MIN))),
            ("Any", "1bffffffffffffffff", Some(json!(u64::MAX))),
            ("Any", "4101", Some(json!("AQ=="))),
            ("Much", "4101", None),
        ] {
            assert_eq!(of(id, hex), expected, "{id} {hex}");
        }
    }

    #[test]
    fn unknown_members_are_marked_and_documents_hold_anything() {
        let contract = contract_of_shapes(
            json!({"In": {"type": "structure", "members": {"Name": {"shape": "Text", "wire": "a"}}},
                "Any": {"type": "document"}, "Text": {"type": "string"},
                "Map": {"type": "map", "key": "Text", "value": "Text"}}),
        );
        // {"a": "b", "c": {"d": 1}}
        let bytes = data_encoding::HEXLOWER.decode(b"a2616161626163a1616401").expect("hex");
        for (id, expected) in [
            ("In", json!({"Name": "b", "?c": null})),
            ("Any", json!({"a": "b", "c": {"d": 1}})),
            ("Map", json!({"a": "b", "c": {"?d": null}})),
        ] {
            let id = id.into();
            assert_eq!(decode(&bytes, ShapeRef::new(&contract, &id)).ok(), Some(expected));
        }
    }

    #[test]
    fn nesting_depth_is_limited_for_every_container() {
        for (opens, closes) in [("81", ""), ("9f", "ff"), ("a16161", ""), ("bf6161", "ff"), ("c6", "")] {
            let deep = |levels: usize| decode_hex(&format!("{}00{}", opens.repeat(levels), closes.repeat(levels)));
            assert!(deep(MAX_DEPTH).is_ok(), "{opens}");
            assert!(deep(MAX_DEPTH + 1).is_err(), "{opens}");
        }
    }

    #[test]
    fn malformed_and_hostile_bytes_are_rejected() {
        for hex in [
            "",
            "18",
            "1c",
            "9f",
            "ff",
            "5f00ff",
            "7f4101ff",
            "a1",
            "a101",
            "a16161",
            "f8ff",
            "1f",
            "5bffffffffffffffff",
            "9bffffffffffffffff",
            "62c328",
            "c1",
        ] {
            assert!(decode_hex(hex).is_err(), "{hex}");
        }
        assert!(decode_hex(&"9f".repeat(100_000)).is_err());
        assert!(decode_hex(&"c1".repeat(100_000)).is_err());
    }
}
