//! Writes the form bodies of the query protocols: values as pairs of a dotted name and a text.
//!
//! It never decides the names of members, which differ between awsQuery and EC2.

use super::encode::{closed, given};
use super::known::Known;
use super::text::{percent_encode, scalar};
use super::{EncodeError, Message};
use crate::contract::{Contract, Member, Operation, TimestampFormat, Traits};
use crate::generate::Value;

/// The naming rules of a query protocol.
pub(super) trait Naming {
    /// Returns the name of a member.
    fn member(&self, name: &str, member: &Member, known: Known<'_>) -> String;
    /// Returns the prefix of the items of a list at `prefix`, without their numbers.
    fn items(&self, prefix: &str, list: Option<Known<'_>>) -> String;
    /// Returns true if an empty list is written as its name alone.
    fn says_empty(&self) -> bool;
}

/// Encodes the whole request.
pub(super) fn encode(
    contract: &Contract,
    operation: &Operation,
    input: &Value,
    base_path: &str,
    naming: &dyn Naming,
) -> Result<Message, EncodeError> {
    let version = contract.traits.version.as_deref().ok_or(EncodeError::Missing("version"))?;
    let mut pairs =
        vec![("Action".to_owned(), operation.name.as_str().to_owned()), ("Version".to_owned(), version.to_owned())];
    let none = Traits::default();
    let known = operation.input.as_ref().map(|input| Known::new(contract, input, &none));
    match input {
        Value::Map(_) => write(&mut pairs, "", input, known, naming)?,
        // In a form, every value needs a name.
        _ => return Err(unfit("the input", "it is not a structure")),
    }
    let body = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encode(name, b""), percent_encode(value, b"")))
        .collect::<Vec<_>>()
        .join("&");
    let http = operation.http.as_ref();
    Ok(Message {
        method: http.map_or("POST", |http| http.method.as_str()).to_owned(),
        target: format!("{base_path}{}", http.map_or("/", |http| http.uri.as_str())),
        headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
        body: body.into(),
        raw: false,
    })
}

fn unfit(member: &str, reason: &str) -> EncodeError {
    EncodeError::Unfit { member: member.to_owned(), place: "form", reason: reason.to_owned() }
}

fn below(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

fn write(
    pairs: &mut Vec<(String, String)>,
    prefix: &str,
    value: &Value,
    known: Option<Known<'_>>,
    naming: &dyn Naming,
) -> Result<(), EncodeError> {
    match value {
        Value::Null => return Err(unfit(prefix, "a form cannot represent null")),
        Value::Map(entries) => {
            if let Some((keys, values)) = known.and_then(Known::entry) {
                let around =
                    if known.is_some_and(Known::flattened) { prefix.to_owned() } else { format!("{prefix}.entry") };
                for (index, (key, entry)) in entries.iter().enumerate() {
                    let at = format!("{around}.{}", index + 1);
                    let name = |traits: &Traits, default: &str| traits.name.clone().unwrap_or(default.to_owned());
                    pairs.push((format!("{at}.{}", name(keys.traits, "key")), key.clone()));
                    write(pairs, &format!("{at}.{}", name(values.traits, "value")), entry, Some(values), naming)?;
                }
                return Ok(());
            }
            for (name, one) in entries {
                match known.and_then(|known| known.member(name)) {
                    Some((member, inner)) => {
                        let at = below(prefix, &naming.member(name, member, inner));
                        write(pairs, &at, one, Some(inner), naming)?;
                    }
                    None => write(pairs, &below(prefix, name), one, None, naming)?,
                }
            }
        }
        Value::List(items) => {
            if items.is_empty() && naming.says_empty() {
                pairs.push((prefix.to_owned(), String::new()));
            }
            let around = naming.items(prefix, known);
            let item = known.and_then(Known::item);
            for (index, one) in items.iter().enumerate() {
                if given(Some(one)).is_none() {
                    return Err(unfit(prefix, "a form cannot represent null"));
                }
                write(pairs, &format!("{around}.{}", index + 1), one, item, naming)?;
            }
        }
        Value::Template(template) => pairs.push((prefix.to_owned(), closed(template)?.to_owned())),
        value => {
            let moment = known.map_or(TimestampFormat::DateTime, |known| known.moment(TimestampFormat::DateTime));
            pairs.push((prefix.to_owned(), scalar(value, known.map(Known::kind), moment)?.into_owned()));
        }
    }
    Ok(())
}
