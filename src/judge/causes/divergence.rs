//! What the search for causes knows of a case, and of a group of diverging cases.
//!
//! It holds values only.

use super::FailureText;
use crate::case::{Case, CaseId, CaseKind, CaseSubject, FaultClass, Intent};
use crate::contract::{Constraint, MemberPath, PathSegment};
use crate::judge::{Judgement, Verdict};

/// What is observed where a single value differs from the accepted one; the place of the value is what was accepted.
pub const OTHER_VALUE: &str = "another value";

/// What an endpoint did with a request, as far as causes tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A success.
    Accepted,
    /// A rejection or a redirect.
    Rejected,
    /// A server failure, a hang or a dropped connection.
    Failed,
    /// A law over several requests was violated.
    LawViolated,
}

/// What is known of one case.
#[derive(Clone, Copy, Debug)]
pub struct CaseFacts<'a> {
    pub operation: &'a str,
    pub id: &'a CaseId,
    pub intent: Intent,
    pub outcome: Outcome,
    /// Whether the response is a documented one.
    pub is_documented: bool,
}

impl<'a> CaseFacts<'a> {
    /// Returns what is known of a case and its response; `None` if nothing was received and nothing was violated.
    pub fn new(case: &'a Case, judgement: &Judgement) -> Option<Self> {
        let outcome = match (judgement.verdict, judgement.observed.status) {
            // Nothing that does not repeat says anything about the server's checks.
            (Verdict::Flaky, _) => return None,
            (Verdict::Diverges, None) if case.intent == Intent::Law => Outcome::LawViolated,
            (Verdict::Diverges, None) | (_, Some(500..)) => Outcome::Failed,
            (_, Some(200..300)) => Outcome::Accepted,
            (_, Some(_)) => Outcome::Rejected,
            (Verdict::Pass, None) => Outcome::Accepted,
            (_, None) => return None,
        };
        let is_documented = judgement.verdict == Verdict::Pass;
        Some(Self { operation: case.operation.as_str(), id: &case.id, intent: case.intent, outcome, is_documented })
    }

    /// Returns true if the case shows that something is checked: a violation was rejected, by whatever error.
    pub fn is_rejected_violation(&self) -> bool {
        self.intent == Intent::Violates && self.outcome == Outcome::Rejected
    }

    /// Returns the constraint under test.
    pub fn constraint(&self) -> Option<Constraint> {
        self.id.kind().constraint()
    }

    /// Returns the top-level member under test.
    pub fn top_member(&self) -> Option<&'a str> {
        match self.id.subject() {
            CaseSubject::Member(path) => path.top_member(),
            CaseSubject::Class(_) => None,
        }
    }
}

/// A group of cases that diverge in the same way: same operation, member, constraint, intent and response.
#[derive(Clone, Debug)]
pub struct Divergence {
    pub operation: String,
    /// The first case of the group.
    pub id: CaseId,
    pub intent: Intent,
    pub outcome: Outcome,
    /// What was received, in words.
    pub observed: String,
    /// A deviation in the form of a success.
    pub wrong_form: Option<String>,
    /// The accepted response in words, if the finding is that the response changed.
    pub accepted: Option<String>,
    /// How the form of the response changed, if nothing else did.
    pub form_change: Option<String>,
    /// How the server described its failure.
    pub failure: Option<FailureText>,
    /// The message of a rejection, without what varies.
    pub rejection: Option<String>,
    /// The name of the shape under test.
    pub shape: Option<String>,
    /// The rule under test, in words.
    pub rule: String,
    pub case_count: u64,
    /// Whether the group holds cases of all kinds, because there were too many groups. It has no cause of its own.
    pub is_mixed: bool,
}

impl Divergence {
    /// Returns the facts that groups share with single cases.
    pub fn facts(&self) -> CaseFacts<'_> {
        CaseFacts {
            operation: &self.operation,
            id: &self.id,
            intent: self.intent,
            outcome: self.outcome,
            is_documented: false,
        }
    }

    /// Returns true if the violation of a constraint was accepted, by a response without a fault of its own.
    pub fn is_accepted_violation(&self) -> bool {
        self.intent == Intent::Violates
            && self.outcome == Outcome::Accepted
            && self.accepted.is_none()
            && self.wrong_form.is_none()
    }

    /// Returns the member under test without what contains it: `{key}` and `[]` keep the name of their map or list.
    pub fn leaf_member(&self) -> Option<String> {
        let CaseSubject::Member(path) = self.id.subject() else { return None };
        let from = path.0.iter().rposition(|segment| matches!(segment, PathSegment::Member(_)))?;
        Some(MemberPath(path.0[from..].to_vec()).to_string())
    }

    /// Returns the two faults of the request, if it has two.
    pub fn faults(&self) -> Option<[(FaultClass, &str); 2]> {
        let CaseKind::Pair(one, other) = self.id.kind() else { return None };
        let (first, second) = self.id.pair_names()?;
        Some([(*one, first), (*other, second)])
    }
}
