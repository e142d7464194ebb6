//! Cases and their steps: the one form in which everything is sent, judged and replayed.

use super::relation::Relation;
use super::{Expectation, Value};
use crate::contract::{Constraint, MemberPath, OperationName, Provenance};
use crate::scenario::Until;
use serde::{Deserialize, Serialize};
use std::fmt;

/// `<scenario>/<Operation>/<member path>/<constraint>/<variant>`, or with `valid`, `malformed`, `auth`,
/// `missing`, `law`, `pair` in the member's place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(pub String);

impl CaseId {
    /// `{case}` (`number` 1), `{case:2}` … : 48 bits in hex of a fixed hash, version 1, of the id; independent
    /// of everything else.
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

/// Why a case is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// Every constraint holds.
    Valid,
    /// Exactly one constraint is broken.
    Violates,
    /// The bytes are damaged.
    Malformed,
    /// Proof of identity or permission is missing or wrong.
    Auth,
    /// A resource does not exist.
    Missing,
    /// A relation between steps.
    Law,
    /// The documents are silent on what must happen.
    Probe,
}

/// One reason to send something, with all the steps it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its name, unique within a scenario.
    pub id: CaseId,
    /// The operation that it is about.
    pub operation: OperationName,
    /// Why it is sent.
    pub intent: Intent,
    /// The member that it is about, where it is about one.
    pub member: Option<MemberPath>,
    /// The constraint that it tests, where it tests one.
    pub constraint: Option<Constraint>,
    /// The group of findings it belongs to where it has no member: `malformed`, `auth`, `missing` …
    pub class: &'static str,
    /// What is sent, in order.
    pub steps: Vec<Step>,
    /// What is judged.
    pub judged: Judged,
    /// What the documents say must come back.
    pub expectation: Expectation,
    /// The rule in words, for people: `at most 6 entries`.
    pub rule: String,
    /// Where the rule is written.
    pub source: Option<Provenance>,
    /// Why this case cannot be sent, if it cannot; then it has no steps.
    pub unsendable: Option<String>,
    /// Whether no other case may run beside it, because others write to its resources too.
    pub alone: bool,
}

/// What of a case is judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Judged {
    /// The answer to the step with this index.
    Step(usize),
    /// A relation between steps.
    Law(Box<Relation>),
}

impl Judged {
    /// The step that is shown for the case: the judged one, or the last one of a relation.
    pub fn shown(&self) -> usize {
        match self {
            Self::Step(step) => *step,
            Self::Law(relation) => match &**relation {
                Relation::State { events, .. } => events.iter().map(|event| event.step).max().unwrap_or(0),
                Relation::Echo { step, .. } => *step,
            },
        }
    }
}

/// What a step is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Makes or reads what the case needs. If it fails, the case is indeterminate.
    SetUp,
    /// Is judged, or takes part in what is judged.
    Act,
    /// Reads what happened.
    ReadBack,
    /// Takes away what a set-up made; sent whatever happened before.
    TearDown,
}

/// One request of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it is there for.
    pub purpose: Purpose,
    /// What is sent.
    pub send: Send,
    /// Who sends it.
    pub authorization: Authorization,
    /// What is kept of the answer for later steps.
    pub captures: Vec<Capture>,
    /// Steps with the same turn are sent side by side; turns follow one another.
    pub turn: u32,
    /// The fixture that it makes or takes away, a part of it where that takes several steps.
    pub fixture: Option<FixtureStep>,
}

/// That a step makes a fixture, or takes it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixtureStep {
    /// The fixture's name.
    pub name: String,
    /// Statuses that count as a success; any from 200 to 299 where none is named.
    pub accepts: Vec<u16>,
    /// What its answer has to show; it is sent again until then.
    pub until: Option<Until>,
}

impl FixtureStep {
    /// Whether an answer of this status is a success.
    pub fn is_success(&self, status: u16) -> bool {
        if self.accepts.is_empty() { (200..300).contains(&status) } else { self.accepts.contains(&status) }
    }
}

/// What a step sends.
#[derive(Clone, Debug, PartialEq)]
pub enum Send {
    /// An operation of the contract.
    Operation {
        /// Its name.
        name: OperationName,
        /// Its input, a [`Value::Map`] unless the case breaks even that.
        input: Value,
        /// What is done to the encoded request, in order.
        damage: Vec<Damage>,
    },
    /// A request written by the user.
    Raw {
        /// `GET`, `POST` …
        method: String,
        /// Path and query, appended to the endpoint's base; a template.
        target: String,
        /// A JSON body.
        body: Option<Value>,
    },
}

/// What is done to an encoded request on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// The body is exactly these bytes.
    Body(#[serde(with = "super::bytes_text")] Vec<u8>),
    /// The body ends after this share of its bytes, in percent; at least one byte is lost, and one
    /// stays where there are two.
    BodyTruncated(u8),
    /// These bytes stand before the body.
    BodyPrefixed(#[serde(with = "super::bytes_text")] Vec<u8>),
    /// These bytes stand after the body.
    BodySuffixed(#[serde(with = "super::bytes_text")] Vec<u8>),
    /// Each occurrence of the first bytes in the encoded body is replaced by the second.
    BodyReplaced(#[serde(with = "super::bytes_text")] Vec<u8>, #[serde(with = "super::bytes_text")] Vec<u8>),
    /// The body's document has this member twice, with the same value.
    DuplicateMember(String),
    /// The form's field of this name has this value, or is left out.
    Field(String, Option<String>),
    /// The last item of this list in a form has these characters as its number.
    ListNumber(String, String),
    /// The items of this list in a form have this word before their numbers, or none.
    ListWord(String, Option<String>),
    /// The root element of the XML document is called this.
    Root(String),
    /// The outermost map of the CBOR document does not say its length.
    Indefinite,
    /// The content type is this, or absent.
    ContentType(Option<String>),
    /// A header is set to this, or left out.
    Header(String, Option<String>),
    /// The path segment of this label is exactly these characters, encoded no further.
    RawLabel(String, String),
    /// Path and query after the endpoint's base are exactly these characters.
    RawTarget(String),
    /// The method is this.
    Method(String),
}

/// Who sends a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// A principal of the scenario, by name.
    Principal(String),
    /// A principal's proof, damaged.
    Damaged(String, AuthDamage),
    /// No proof at all.
    Anonymous,
}

/// How a proof of identity is damaged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AuthDamage {
    /// The header is there and empty.
    Empty,
    /// The scheme's name alone: `Bearer`.
    SchemeOnly,
    /// Another scheme before the same proof: `Basic KEY`.
    OtherScheme(String),
    /// The proof without its scheme.
    NoScheme,
    /// The key without its last character.
    KeyShortened,
    /// The key with a character more.
    KeyLengthened,
    /// A key that was never given out.
    UnknownKey,
    /// SigV4: this part of the header is left out: `Credential`, `SignedHeaders`, `Signature`.
    MissingPart(String),
    /// SigV4: another signature of the right form.
    WrongSignature,
}

/// A value kept from an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The hole that it fills: `contact.id`.
    pub name: String,
    /// Where it stands in the answer's document: `data.id`, `items[0].name`; empty for all of it.
    pub path: String,
}
