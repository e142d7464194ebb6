//! One thing that is done, as plain data: what a corpus, a regression and a crash file hold.
//!
//! It names no resource: where the scenario says what stands at a place, [`USE`] stands there, so that the same
//! act can be done again with resources of its own.

use super::exact;
use crate::contract::OperationName;
use crate::generate::{Damage, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Stands where a scenario's `use` says what stands there.
pub(super) const USE: &str = "{use}";

/// So many acts are read at the most; more are no test of anything.
const MOST_ACTS: usize = 256;

/// One thing that is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// A request is sent.
    Send {
        /// Its operation.
        operation: OperationName,
        /// Whose resources it names, from 1.
        resource: u32,
        /// Its input.
        input: Value,
        /// What is done to the encoded request.
        damage: Vec<Damage>,
    },
    /// What an operation has stored is looked at, in the way that the scenario says.
    Look {
        /// The operation that stores it.
        operation: OperationName,
        /// The member that is stored.
        member: String,
        /// Whose.
        resource: u32,
    },
}

/// Something that is no list of acts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a list of requests: {0}")]
pub struct ActError(pub String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    send: Option<OperationName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    look: Option<OperationName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    #[serde(default = "first", skip_serializing_if = "is_first")]
    resource: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input: Option<Json>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    damage: Vec<Damage>,
}

fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_first(resource: &u32) -> bool {
    *resource == 1
}

/// Acts as JSON: `[{"send": "TagContact", "input": {…}}, {"look": "TagContact", "member": "Tags"}]`.
pub fn acts_to_json(acts: &[Act]) -> Json {
    let written = acts.iter().map(|act| match act {
        Act::Send { operation, resource, input, damage } => Written {
            send: Some(operation.clone()),
            look: None,
            member: None,
            resource: *resource,
            input: Some(exact::to_json(input)),
            damage: damage.clone(),
        },
        Act::Look { operation, member, resource } => Written {
            send: None,
            look: Some(operation.clone()),
            member: Some(member.clone()),
            resource: *resource,
            input: None,
            damage: Vec::new(),
        },
    });
    serde_json::to_value(written.collect::<Vec<_>>()).unwrap_or_default()
}

/// The acts that [`acts_to_json`] wrote.
///
/// # Errors
/// Where the JSON says something else.
pub fn acts_from_json(json: Json) -> Result<Vec<Act>, ActError> {
    let written: Vec<Written> = serde_json::from_value(json).map_err(|error| ActError(error.to_string()))?;
    if written.is_empty() || written.len() > MOST_ACTS {
        return Err(ActError(format!("{} requests, and 1 to {MOST_ACTS} make sense", written.len())));
    }
    written.into_iter().map(read).collect()
}

fn read(written: Written) -> Result<Act, ActError> {
    if written.resource == 0 {
        return Err(ActError("resources are counted from 1".to_owned()));
    }
    match written {
        Written { send: Some(operation), look: None, member: None, resource, input, damage } => {
            let input = match &input {
                None => Value::empty(),
                Some(json) => exact::from_json(json)
                    .ok_or_else(|| ActError(format!("the input of `{operation}` says `$` and nothing known")))?,
            };
            Ok(Act::Send { operation, resource, input, damage })
        }
        Written { send: None, look: Some(operation), member: Some(member), resource, input: None, damage }
            if damage.is_empty() =>
        {
            Ok(Act::Look { operation, member, resource })
        }
        _ => Err(ActError("each says `send` and `input`, or `look` and `member`".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_read_as_they_were_written() {
        let acts = [
            Act::Send {
                operation: "Tag".into(),
                resource: 2,
                input: Value::Map([("Id".to_owned(), Value::Template(USE.to_owned()))].into_iter().collect()),
                damage: vec![
                    Damage::BodySuffixed(b"\xff x".to_vec()),
                    Damage::Header("a".to_owned(), None),
                    Damage::ContentType(Some("text/xml".to_owned())),
                ],
            },
            Act::Look { operation: "Tag".into(), member: "Tags".to_owned(), resource: 1 },
        ];
        let text = acts_to_json(&acts).to_string();
        assert_eq!(acts_from_json(serde_json::from_str(&text).expect("JSON")).as_deref(), Ok(&acts[..]), "{text}");
    }

    #[test]
    fn what_is_no_list_of_acts_is_said_to_be_none() {
        for (text, said) in [
            ("{}", "invalid type"),
            ("[]", "0 requests"),
            (r#"[{"send":"A","look":"B"}]"#, "each says"),
            (r#"[{"send":"A","input":{"$x":1}}]"#, "`$` and nothing known"),
            (r#"[{"send":"A","resource":0}]"#, "counted from 1"),
            (r#"[{"send":"A","extra":0}]"#, "unknown field"),
        ] {
            let error = acts_from_json(serde_json::from_str(text).expect("JSON")).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
