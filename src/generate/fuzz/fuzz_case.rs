//! A fuzz case: the requests to send, and the checks that their responses must pass.

use crate::case::{Case, CaseId, Expectation, Intent, JudgedPart};
use crate::contract::{Constraint, MemberPath, OperationName, Provenance};

/// A sequence of requests and the checks that its responses must pass.
#[derive(Clone, Debug, PartialEq)]
pub struct FuzzCase {
    /// The case to send. Its own expectation is that of the first check.
    pub case: Case,
    /// One check for each meaningful response, and one for the final state if it can be predicted. Never empty.
    pub checks: Vec<FuzzCheck>,
}

/// What one response of a fuzz case is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct FuzzCheck {
    /// The id under which the result is reported.
    pub id: CaseId,
    /// Index of the action whose response is checked; `None` for the check of the final state.
    pub action_index: Option<usize>,
    /// The operation under test.
    pub operation: OperationName,
    /// As [`Case::intent`].
    pub intent: Intent,
    /// As [`Case::member`].
    pub member: Option<MemberPath>,
    /// As [`Case::constraint`].
    pub constraint: Option<Constraint>,
    /// As [`Case::class`].
    pub class: &'static str,
    /// As [`Case::judged`].
    pub judged: JudgedPart,
    /// As [`Case::expectation`].
    pub expectation: Expectation,
    /// As [`Case::rule`].
    pub rule: String,
    /// As [`Case::source`].
    pub source: Option<Provenance>,
}

impl FuzzCheck {
    /// Makes this check the one by which `case`, which has the same steps, is judged.
    pub fn apply_to(&self, case: &mut Case) {
        case.id = self.id.clone();
        case.operation = self.operation.clone();
        case.intent = self.intent;
        case.member.clone_from(&self.member);
        case.constraint = self.constraint;
        case.class = self.class;
        case.judged = self.judged.clone();
        case.expectation = self.expectation.clone();
        case.rule.clone_from(&self.rule);
        case.source.clone_from(&self.source);
    }
}

impl FuzzCase {
    /// Returns one case per check. Each contains all steps.
    pub fn to_cases(&self) -> impl Iterator<Item = Case> + '_ {
        self.checks.iter().map(|check| {
            let mut case = self.case.clone();
            check.apply_to(&mut case);
            case
        })
    }
}
