//! The steps of a case: requests with their credentials, and the values that they capture.

use super::damage::Damage;
use super::value::Value;
use crate::contract::OperationName;
use serde::{Deserialize, Serialize};

/// The role of a step within its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepPurpose {
    /// Creates or reads what the case needs. If the step fails, the case is indeterminate.
    SetUp,
    /// The step is judged, or belongs to the law that is judged.
    Act,
    /// Reads the state after an act.
    ReadBack,
    /// Deletes what a set-up step created. The step is sent even if earlier steps failed.
    TearDown,
}

/// One request of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The role of the step within its case.
    pub purpose: StepPurpose,
    /// The request to send.
    pub request: StepRequest,
    /// The credentials of the request.
    pub authorization: Authorization,
    /// Values of the response that later steps use.
    pub captures: Vec<Capture>,
    /// Steps with the same turn are sent concurrently; turns follow one another.
    pub turn: u32,
    /// The fixture that the step creates or deletes, alone or together with other steps.
    pub fixture: Option<FixtureStep>,
}

/// Links a step to the fixture that it creates or deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixtureStep {
    /// The fixture's name.
    pub name: String,
    /// Statuses that count as a success. If empty, every status from 200 to 299 does.
    pub accepts: Vec<u16>,
    /// The condition that the response must meet. The step is sent again until it does.
    pub until: Option<ReadyCondition>,
}

impl FixtureStep {
    /// Returns true if a response with this status is a success.
    pub fn is_success(&self, status: u16) -> bool {
        if self.accepts.is_empty() { (200..300).contains(&status) } else { self.accepts.contains(&status) }
    }
}

/// The request of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum StepRequest {
    /// An operation of the contract.
    Operation {
        /// Its name.
        name: OperationName,
        /// The input: a [`Value::Map`], unless the case violates even that.
        input: Value,
        /// Damage to apply to the encoded request, in order.
        damage: Vec<Damage>,
    },
    /// A request written by the user.
    Raw {
        /// `GET`, `POST` …
        method: String,
        /// Path and query, appended to the endpoint's base URL; a template.
        target: String,
        /// A JSON body.
        body: Option<Value>,
    },
}

/// The credentials of a step's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// A principal of the scenario, by name.
    Principal(String),
    /// The credentials of a principal, damaged.
    Damaged(String, AuthDamage),
    /// No credentials.
    Anonymous,
}

/// Deliberate damage to credentials.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AuthDamage {
    /// The header is present and empty.
    Empty,
    /// The name of the scheme alone: `Bearer`.
    SchemeOnly,
    /// The same credentials with another scheme: `Basic KEY`.
    OtherScheme(String),
    /// The credentials without the scheme.
    NoScheme,
    /// The key without its last character.
    KeyShortened,
    /// The key with one more character.
    KeyLengthened,
    /// The key with another last character.
    KeyLastCharacter,
    /// The key with its letters in the other case.
    KeyLetterCase,
    /// A key that was never issued.
    UnknownKey,
    /// SigV4: the header without this part: `Credential`, `SignedHeaders` or `Signature`.
    MissingPart(String),
    /// SigV4: a well-formed but wrong signature.
    WrongSignature,
}

/// A value taken from a response for later steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The placeholder that the value fills: `contact.id`.
    pub name: String,
    /// The path in the response document: `data.id`, `items[0].name`. If empty, the whole document is captured.
    pub path: String,
}

/// A condition on a response which shows that a resource is ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadyCondition {
    /// Path of the value in the response, for example `Table.TableStatus`.
    pub path: String,
    /// The accepted texts; the value must equal one of them.
    pub accepted_values: Vec<String>,
    /// Whether the condition is a guess: a resource that never meets it is used all the same.
    pub is_inferred: bool,
}
