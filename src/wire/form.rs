//! Writes the form bodies of the query protocols: values as pairs of a dotted name and a text.
//!
//! It never decides the names of members, which differ between awsQuery and EC2.

use super::encode_error::{filled_template, non_null};
use super::placed_shape::PlacedShape;
use super::text::{percent_encode, scalar_text};
use super::{EncodeError, EncodedRequest};
use crate::case::Value;
use crate::contract::{Contract, Member, Operation, TimestampFormat, WireTraits};

/// The naming rules of a query protocol.
pub(super) trait FormNaming {
    /// Returns the name of a member.
    fn member_name(&self, name: &str, member: &Member, known: PlacedShape<'_>) -> String;
    /// Returns the prefix of the items of a list at `prefix`, without their numbers.
    fn item_prefix(&self, prefix: &str, list: Option<PlacedShape<'_>>) -> String;
    /// Returns true if an empty list is written as its name alone.
    fn writes_empty_list(&self) -> bool;
}

/// Encodes the whole request.
pub(super) fn encode_request(
    contract: &Contract,
    operation: &Operation,
    input: &Value,
    base_path: &str,
    naming: &dyn FormNaming,
) -> Result<EncodedRequest, EncodeError> {
    let version = contract.traits.version.as_deref().ok_or(EncodeError::MissingServiceTrait("version"))?;
    let mut pairs =
        vec![("Action".to_owned(), operation.name.local_name().to_owned()), ("Version".to_owned(), version.to_owned())];
    let none = WireTraits::default();
    let known = operation.input.as_ref().map(|input| PlacedShape::new(contract, input, &none));
    match input {
        Value::Map(_) => write_pairs(&mut pairs, "", input, known, naming)?,
        // In a form, every value needs a name.
        _ => return Err(unrepresentable("the input", "it is not a structure")),
    }
    let body = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encode(name, b""), percent_encode(value, b"")))
        .collect::<Vec<_>>()
        .join("&");
    let http = operation.http.as_ref();
    Ok(EncodedRequest {
        method: http.map_or("POST", |http| http.method.as_str()).to_owned(),
        target: format!("{base_path}{}", http.map_or("/", |http| http.uri.as_str())),
        headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
        body: body.into(),
        raw: false,
    })
}

fn unrepresentable(member: &str, reason: &str) -> EncodeError {
    EncodeError::Unrepresentable { member: member.to_owned(), place: "form", reason: reason.to_owned() }
}

fn join_name(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

fn write_pairs(
    pairs: &mut Vec<(String, String)>,
    prefix: &str,
    value: &Value,
    known: Option<PlacedShape<'_>>,
    naming: &dyn FormNaming,
) -> Result<(), EncodeError> {
    match value {
        Value::Null => return Err(unrepresentable(prefix, "a form cannot represent null")),
        Value::Map(entries) => {
            if let Some((keys, values)) = known.and_then(PlacedShape::map_entry) {
                let item_prefix = if known.is_some_and(PlacedShape::is_flattened) {
                    prefix.to_owned()
                } else {
                    format!("{prefix}.entry")
                };
                for (index, (key, entry)) in entries.iter().enumerate() {
                    let at = format!("{item_prefix}.{}", index + 1);
                    let name = |traits: &WireTraits, default: &str| traits.name.clone().unwrap_or(default.to_owned());
                    pairs.push((format!("{at}.{}", name(keys.traits, "key")), key.clone()));
                    write_pairs(pairs, &format!("{at}.{}", name(values.traits, "value")), entry, Some(values), naming)?;
                }
                return Ok(());
            }
            for (name, one) in entries {
                match known.and_then(|known| known.member(name)) {
                    Some((member, inner)) => {
                        let at = join_name(prefix, &naming.member_name(name, member, inner));
                        write_pairs(pairs, &at, one, Some(inner), naming)?;
                    }
                    None => write_pairs(pairs, &join_name(prefix, name), one, None, naming)?,
                }
            }
        }
        Value::List(items) => {
            if items.is_empty() && naming.writes_empty_list() {
                pairs.push((prefix.to_owned(), String::new()));
            }
            let item_prefix = naming.item_prefix(prefix, known);
            let item = known.and_then(PlacedShape::list_item);
            for (index, one) in items.iter().enumerate() {
                if non_null(Some(one)).is_none() {
                    return Err(unrepresentable(prefix, "a form cannot represent null"));
                }
                write_pairs(pairs, &format!("{item_prefix}.{}", index + 1), one, item, naming)?;
            }
        }
        Value::Template(template) => pairs.push((prefix.to_owned(), filled_template(template)?.to_owned())),
        value => {
            let format =
                known.map_or(TimestampFormat::DateTime, |known| known.timestamp_format(TimestampFormat::DateTime));
            pairs.push((prefix.to_owned(), scalar_text(value, known.map(PlacedShape::kind), format)?.into_owned()));
        }
    }
    Ok(())
}
