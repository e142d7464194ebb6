//! What a strategy asks for: a case about this member, with this request and this intended outcome.
//!
//! It builds no case and checks no input.

use super::site::InputSite;
use crate::case::{Authorization, Damage, Intent, Value};
use crate::contract::{Constraint, ErrorRole, MemberPath, Operation, Provenance};

/// What a strategy wants to test, without the request that tests it.
pub(crate) struct CaseSpec<'p> {
    /// The member path, or the class that takes its place in the id.
    pub subject: CaseSubject<'p>,
    /// The name of the constraint, or the kind of test.
    pub kind: String,
    /// The last part of the id.
    pub variant: String,
    /// The rule in words.
    pub rule: String,
    /// The place in the documentation that states the rule.
    pub source: Option<Provenance>,
    /// The outcome that the strategy intends. The input is checked before the case gets its label.
    pub outcome: IntendedOutcome,
}

/// The part of a case's id between the operation and the kind.
#[derive(Clone)]
pub(crate) enum CaseSubject<'p> {
    Member(&'p InputSite),
    /// A rule of the input itself or of a nested shape; the path may be empty.
    Path(MemberPath),
    Class(&'static str),
}

/// The outcome that a strategy intends for a case.
#[derive(Clone, Debug)]
pub(crate) enum IntendedOutcome {
    /// The request meets every constraint.
    Valid,
    /// The request violates this constraint at this path, and no other.
    Violates(MemberPath, Constraint),
    /// The request violates the first constraint at this path. The second is equivalent here and violated as well.
    ViolatesEquivalent(MemberPath, Constraint, Constraint),
    /// The request is damaged so that every parser must reject it.
    Malformed,
    /// The request does not name an existing operation, so that every endpoint must reject it.
    UnknownOperation,
    /// The outcome is undocumented, for this reason.
    Undocumented(&'static str),
    /// The request names a resource that does not exist.
    MissingResource,
    /// The caller is unknown or lacks a permission.
    RejectedCaller(ErrorRole),
    /// Two things are wrong: the errors have these roles, and the input violates exactly these constraints.
    TwoFaults {
        /// The role of the error for each.
        roles: [ErrorRole; 2],
        /// The constraints that the input violates; what else is wrong lies outside the input.
        violated: Vec<(MemberPath, Constraint)>,
    },
}

impl CaseSpec<'_> {
    /// Returns the case's id without the variant.
    pub fn id_prefix(&self, scenario: &str, operation: &Operation) -> String {
        let place = match &self.subject {
            CaseSubject::Member(site) => site.path.to_string(),
            CaseSubject::Path(path) => path.to_string(),
            CaseSubject::Class(class) => (*class).to_owned(),
        };
        let place = if place.is_empty() { "input" } else { &place };
        format!("{scenario}/{}/{place}/{}", operation.name, self.kind)
    }

    /// Returns the intent that the case has if the check of its input confirms the intended outcome.
    pub fn intended_intent(&self) -> Intent {
        match &self.outcome {
            IntendedOutcome::Valid => Intent::Valid,
            IntendedOutcome::Violates(..) | IntendedOutcome::ViolatesEquivalent(..) => Intent::Violates,
            IntendedOutcome::Malformed | IntendedOutcome::UnknownOperation => Intent::Malformed,
            IntendedOutcome::Undocumented(_) => Intent::Probe,
            IntendedOutcome::MissingResource => Intent::Missing,
            IntendedOutcome::RejectedCaller(_) => Intent::Auth,
            IntendedOutcome::TwoFaults { roles, .. } => two_fault_intent(*roles),
        }
    }

    /// Returns the constraint that the case is about, or `None` if it is about no member.
    pub fn tested_constraint(&self) -> Option<Constraint> {
        use Constraint as C;
        [
            C::Required,
            C::Type,
            C::Length,
            C::Range,
            C::Pattern,
            C::Enum,
            C::Unique,
            C::AtLeastOneOf,
            C::AtMostOneOf,
            C::MaxTotalBytes,
        ]
        .into_iter()
        .find(|constraint| !matches!(self.subject, CaseSubject::Class(_)) && constraint.name() == self.kind)
    }
}

/// The request for a [`CaseSpec`].
pub(crate) struct CaseRequest {
    pub input: Value,
    pub damage: Vec<Damage>,
    pub authorization: Option<Authorization>,
}

impl CaseRequest {
    pub fn new(input: Value) -> Self {
        Self { input, damage: Vec::new(), authorization: None }
    }

    pub fn with_damage(input: Value, damage: Damage) -> Self {
        Self { input, damage: vec![damage], authorization: None }
    }
}

/// Returns the intent of a case with two faults.
pub(super) fn two_fault_intent(roles: [ErrorRole; 2]) -> Intent {
    match roles[0] {
        ErrorRole::Unauthenticated | ErrorRole::Forbidden => Intent::Auth,
        _ => Intent::Violates,
    }
}
