//! Cases: the single representation of everything that is sent, judged and replayed.

use super::expectation::Expectation;
use super::id::CaseId;
use super::law::Law;
use super::response_check::ResponseCheck;
use super::step::Step;
use crate::contract::{Constraint, MemberPath, OperationName, Provenance};
use serde::{Deserialize, Serialize};

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
                Law::Responses(checks) => checks.iter().filter_map(ResponseCheck::last_index).max().unwrap_or(0),
            },
        }
    }
}
