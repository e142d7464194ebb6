//! An action of a fuzz case as plain data, which corpora, regressions and crash files contain.
//!
//! It never names a resource: [`USE_PLACEHOLDER`] takes the place of every value that the scenario's `use` sets, so
//! that an action can be repeated with other resources.

use super::exact;
use crate::contract::OperationName;
use crate::generate::{Damage, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Placeholder for a value that the scenario's `use` sets.
pub(super) const USE: &str = "{use}";

/// Maximum number of actions in a list. Longer lists test nothing that shorter ones do not.
const MOST_ACTS: usize = 256;

/// One action of a fuzz case.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Sends a request.
    Send {
        /// The operation to call.
        operation: OperationName,
        /// Number of the resource that the input refers to, from 1.
        resource: u32,
        /// The input.
        input: Value,
        /// Changes made to the encoded request.
        damage: Vec<Damage>,
    },
    /// Reads what an operation has stored, in the way that the scenario specifies.
    Look {
        /// The operation that stores it.
        operation: OperationName,
        /// The member that is stored.
        member: String,
        /// Number of the resource, from 1.
        resource: u32,
    },
}

/// The error for JSON that is not a list of actions.
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

/// Converts actions to JSON: `[{"send": "TagContact", "input": {…}}, {"look": "TagContact", "member": "Tags"}]`.
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

/// Reads the actions that [`actions_to_json`] wrote.
///
/// # Errors
/// Returns an error if the JSON is not a list of actions.
pub fn acts_from_json(json: Json) -> Result<Vec<Act>, ActError> {
    let written: Vec<Written> = serde_json::from_value(json).map_err(|error| ActError(error.to_string()))?;
    if written.is_empty() || written.len() > MOST_ACTS {
        return Err(ActError(format!("{} requests; expected 1 to {MOST_ACTS}", written.len())));
    }
    written.into_iter().map(read).collect()
}

fn read(written: Written) -> Result<Act, ActError> {
    if written.resource == 0 {
        return Err(ActError("resource numbers start at 1".to_owned()));
    }
    match written {
        Written { send: Some(operation), look: None, member: None, resource, input, damage } => {
            let input = match &input {
                None => Value::empty(),
                Some(json) => exact::from_json(json)
                    .ok_or_else(|| ActError(format!("the input of `{operation}` has an unknown `$` member")))?,
            };
            Ok(Act::Send { operation, resource, input, damage })
        }
        Written { send: None, look: Some(operation), member: Some(member), resource, input: None, damage }
            if damage.is_empty() =>
        {
            Ok(Act::Look { operation, member, resource })
        }
        _ => Err(ActError("each request needs `send` and `input`, or `look` and `member`".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_survive_a_round_trip_through_json() {
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
    fn malformed_action_lists_are_rejected_with_a_reason() {
        for (text, said) in [
            ("{}", "invalid type"),
            ("[]", "0 requests"),
            (r#"[{"send":"A","look":"B"}]"#, "each request needs"),
            (r#"[{"send":"A","input":{"$x":1}}]"#, "unknown `$` member"),
            (r#"[{"send":"A","resource":0}]"#, "start at 1"),
            (r#"[{"send":"A","extra":0}]"#, "unknown field"),
        ] {
            let error = acts_from_json(serde_json::from_str(text).expect("JSON")).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
