//! An action of a fuzz case as plain data, which corpora, regressions and crash files contain.
//!
//! It never names a resource: [`USE_PLACEHOLDER`] takes the place of every value that the scenario's `use` sets, so
//! that an action can be repeated with other resources.

use super::value_json;
use crate::case::{Damage, Value};
use crate::contract::OperationName;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Placeholder for a value that the scenario's `use` sets.
pub(super) const USE_PLACEHOLDER: &str = "{use}";

/// Maximum number of actions in a list. Longer lists test nothing that shorter ones do not.
const MAX_ACTIONS: usize = 256;

/// One action of a fuzz case.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
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
    Read {
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
pub struct ActionError(pub String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonAction {
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
pub fn actions_to_json(actions: &[Action]) -> Json {
    let json_actions = actions.iter().map(|action| match action {
        Action::Send { operation, resource, input, damage } => JsonAction {
            send: Some(operation.clone()),
            look: None,
            member: None,
            resource: *resource,
            input: Some(value_json::value_to_json(input)),
            damage: damage.clone(),
        },
        Action::Read { operation, member, resource } => JsonAction {
            send: None,
            look: Some(operation.clone()),
            member: Some(member.clone()),
            resource: *resource,
            input: None,
            damage: Vec::new(),
        },
    });
    serde_json::to_value(json_actions.collect::<Vec<_>>()).unwrap_or_default()
}

/// Reads the actions that [`actions_to_json`] wrote.
///
/// # Errors
/// Returns an error if the JSON is not a list of actions.
pub fn actions_from_json(json: Json) -> Result<Vec<Action>, ActionError> {
    let json_actions: Vec<JsonAction> = serde_json::from_value(json).map_err(|error| ActionError(error.to_string()))?;
    if json_actions.is_empty() || json_actions.len() > MAX_ACTIONS {
        return Err(ActionError(format!("{} requests; expected 1 to {MAX_ACTIONS}", json_actions.len())));
    }
    json_actions.into_iter().map(parse_action).collect()
}

fn parse_action(json_action: JsonAction) -> Result<Action, ActionError> {
    if json_action.resource == 0 {
        return Err(ActionError("resource numbers start at 1".to_owned()));
    }
    match json_action {
        JsonAction { send: Some(operation), look: None, member: None, resource, input, damage } => {
            let input = match &input {
                None => Value::empty_map(),
                Some(json) => value_json::value_from_json(json)
                    .ok_or_else(|| ActionError(format!("the input of `{operation}` has an unknown `$` member")))?,
            };
            Ok(Action::Send { operation, resource, input, damage })
        }
        JsonAction { send: None, look: Some(operation), member: Some(member), resource, input: None, damage }
            if damage.is_empty() =>
        {
            Ok(Action::Read { operation, member, resource })
        }
        _ => Err(ActionError("each request needs `send` and `input`, or `look` and `member`".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_survive_a_round_trip_through_json() {
        let actions = [
            Action::Send {
                operation: "Tag".into(),
                resource: 2,
                input: Value::Map(
                    [("Id".to_owned(), Value::Template(USE_PLACEHOLDER.to_owned()))].into_iter().collect(),
                ),
                damage: vec![
                    Damage::BodySuffixed(b"\xff x".to_vec()),
                    Damage::Header("a".to_owned(), None),
                    Damage::ContentType(Some("text/xml".to_owned())),
                ],
            },
            Action::Read { operation: "Tag".into(), member: "Tags".to_owned(), resource: 1 },
        ];
        let text = actions_to_json(&actions).to_string();
        assert_eq!(
            actions_from_json(serde_json::from_str(&text).expect("JSON")).as_deref(),
            Ok(&actions[..]),
            "{text}"
        );
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
            let error = actions_from_json(serde_json::from_str(text).expect("JSON")).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
