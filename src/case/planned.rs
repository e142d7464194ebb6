//! Cases and their steps: the single representation of everything that is sent, judged and replayed.

use crate::case::expectation::Expectation;
use crate::case::law::Law;
use crate::case::value::Value;
use crate::contract::{Constraint, MemberPath, OperationName, Provenance};
use crate::scenario::ReadyCondition;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The id of a case: `<scenario>/<Operation>/<member path>/<constraint>/<variant>`.
///
/// Cases that are not about one member have `valid`, `malformed`, `auth`, `missing`, `law` or `pair` in place of the
/// member path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(pub String);

impl CaseId {
    /// Returns the value of `{case}` (`number` 1), `{case:2}` and so on.
    ///
    /// The token is 48 bits, in hex, of a fixed hash (version 1) of the id; it depends on nothing else.
    pub fn token(&self, number: u32) -> String {
        use sha2::{Digest as _, Sha256};
        let mut hash = Sha256::new();
        hash.update(b"overstep-case/1\0");
        hash.update(self.0.as_bytes());
        if number > 1 {
            hash.update(format!("\0{number}"));
        }
        data_encoding::HEXLOWER.encode(&hash.finalize()[..6])
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The purpose of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// The request meets every constraint.
    Valid,
    /// The request violates exactly one constraint.
    Violates,
    /// The bytes of the request are damaged.
    Malformed,
    /// Credentials or permissions are missing or wrong.
    Auth,
    /// The request names a resource that does not exist.
    Missing,
    /// A law must hold between the steps.
    Law,
    /// The documentation does not say what must happen.
    Probe,
}

/// A test case: one thing to test, with all the steps that it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The id, unique within a scenario.
    pub id: CaseId,
    /// The operation under test.
    pub operation: OperationName,
    /// The purpose of the case.
    pub intent: Intent,
    /// The member under test, if the case is about one.
    pub member: Option<MemberPath>,
    /// The constraint under test, if the case is about one.
    pub constraint: Option<Constraint>,
    /// The group of findings that a case without a member belongs to: `malformed`, `auth`, `missing` …
    pub class: &'static str,
    /// The requests, in the order in which they are sent.
    pub steps: Vec<Step>,
    /// The step or law that is judged.
    pub judged: JudgedPart,
    /// The documented outcome.
    pub expectation: Expectation,
    /// The rule under test in words: `at most 6 entries`.
    pub rule: String,
    /// The place in the documentation that states the rule.
    pub source: Option<Provenance>,
    /// The reason why this case cannot be sent, if it cannot. Such a case has no steps.
    pub unsendable_reason: Option<String>,
    /// Whether the case must not run concurrently with others, because they write to the same resources.
    pub is_exclusive: bool,
}

/// The part of a case that is judged.
#[derive(Clone, Debug, PartialEq)]
pub enum JudgedPart {
    /// The response to the step with this index.
    Step(usize),
    /// A law between the steps.
    Law(Box<Law>),
}

impl JudgedPart {
    /// Returns the index of the step that reports show for the case: the judged step, or the last step of a law.
    pub fn shown_step(&self) -> usize {
        match self {
            Self::Step(step) => *step,
            Self::Law(relation) => match &**relation {
                Law::State { events, .. } => events.iter().map(|event| event.step).max().unwrap_or(0),
                Law::Echo { step, .. } => *step,
            },
        }
    }
}

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

/// Deliberate damage to an encoded request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// Replaces the body with exactly these bytes.
    Body(#[serde(with = "crate::case::bytes_text")] Vec<u8>),
    /// Truncates the body to this percentage of its bytes. At least one byte is removed, and one is kept if the
    /// body has two or more.
    BodyTruncated(u8),
    /// Inserts these bytes before the body.
    BodyPrefixed(#[serde(with = "crate::case::bytes_text")] Vec<u8>),
    /// Appends these bytes to the body.
    BodySuffixed(#[serde(with = "crate::case::bytes_text")] Vec<u8>),
    /// Replaces each occurrence of the first bytes in the encoded body with the second.
    BodyReplaced(
        #[serde(with = "crate::case::bytes_text")] Vec<u8>,
        #[serde(with = "crate::case::bytes_text")] Vec<u8>,
    ),
    /// Writes this member of the body's document twice, with the same value.
    DuplicateMember(String),
    /// Sets the form field of this name to this value, or removes it.
    Field(String, Option<String>),
    /// Replaces the number of the last item of this list in a form with these characters.
    ListNumber(String, String),
    /// Writes this word, or none, before the item numbers of this list in a form.
    ListWord(String, Option<String>),
    /// Renames the root element of the XML document.
    Root(String),
    /// Encodes the outermost map of the CBOR document with indefinite length.
    Indefinite,
    /// Sets the content type, or removes it.
    ContentType(Option<String>),
    /// Sets the header of this name to this value, or removes it.
    Header(String, Option<String>),
    /// Writes exactly these characters as the path segment of this label, without further encoding.
    RawLabel(String, String),
    /// Writes exactly these characters as path and query after the endpoint's base URL.
    RawTarget(String),
    /// Replaces the method.
    Method(String),
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
