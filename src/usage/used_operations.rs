//! The operations that an application uses, and which cases are about them.
//!
//! It never changes a case. Cases of damaged bodies and of missing credentials are about no application, because its
//! client library writes complete requests and signs them.

use super::UsedMembers;
use super::used_members::walk_members;
use crate::case::{Case, CaseClass, CaseKind, CaseSubject, FaultClass, StepRequest, Value};
use crate::contract::{Contract, MemberPath, Operation, OperationName, PathSegment};
use indexmap::IndexMap;

/// An operation that an application uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsedOperation {
    /// The members that the application sends.
    pub members: UsedMembers,
    /// The members that a plain request must have, whether or not the application sends them.
    pub plain_members: UsedMembers,
}

/// The operations that an application uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsedOperations {
    /// By name, in the order of the contract.
    pub operations: IndexMap<OperationName, UsedOperation>,
}

impl UsedOperations {
    /// Returns the number of members that the application sends, without those inside other members; `None` if that of
    /// one operation is unknown.
    pub fn top_level_count(&self) -> Option<usize> {
        let count = |used: &UsedOperation| (!used.members.has_all()).then(|| used.members.top_level_count());
        self.operations.values().map(count).sum()
    }

    /// Adds the members that the control of an operation has.
    pub fn add_control(&mut self, contract: &Contract, control: &Case) {
        let Some(used) = self.operations.get_mut(control.operation.as_str()) else { return };
        let Some(operation) = contract.operation(control.operation.as_str()) else { return };
        for input in inputs_of(control) {
            used.plain_members.add_sent_value(contract, operation, input);
        }
    }

    /// Returns true if a case is about what the application uses: an operation, with members that it sends.
    pub fn selects(&self, contract: &Contract, case: &Case) -> bool {
        let Some(used) = self.operations.get(case.operation.as_str()) else { return false };
        let Some(operation) = contract.operation(case.operation.as_str()) else { return false };
        if !is_sendable_by_applications(case) {
            return false;
        }
        if case.id.kind() == &CaseKind::Control {
            return true;
        }
        let subject = subject_member(contract, case);
        let is_used = subject.as_ref().is_none_or(|path| used.members.contains(contract, operation, &path.0));
        is_used && inputs_of(case).all(|input| used.has_members_of(contract, operation, input, subject.is_some()))
    }
}

impl UsedOperation {
    /// Returns true if an input has no member but those that the application or a plain request sends. With
    /// `only_top_level`, members inside other members do not matter.
    fn has_members_of(&self, contract: &Contract, operation: &Operation, input: &Value, only_top_level: bool) -> bool {
        let Some(id) = operation.input.as_ref().filter(|_| !self.members.has_all()) else { return true };
        let mut has_all = true;
        walk_members(contract, id, input, &mut Vec::new(), &mut |path, is_known| {
            let is_inside = path.len() > 1 && !path.contains(&PathSegment::Key);
            has_all = has_all
                && (!is_known
                    || (only_top_level && is_inside)
                    || self.plain_members.has_sent(path)
                    || self.members.contains(contract, operation, path));
        });
        has_all
    }
}

/// Returns true unless a case has damaged bytes, or a caller without the right credentials.
fn is_sendable_by_applications(case: &Case) -> bool {
    let is_other =
        |fault: &FaultClass| matches!(fault, FaultClass::Auth | FaultClass::Forbidden | FaultClass::Malformed);
    match (case.id.subject().class(), case.id.kind()) {
        (Some(CaseClass::Malformed | CaseClass::Auth), _) => false,
        (_, CaseKind::Pair(one, other)) => ![one, other].into_iter().any(is_other),
        _ => true,
    }
}

/// Returns the member that a case is about; `None` if it is about the request as a whole.
fn subject_member(contract: &Contract, case: &Case) -> Option<MemberPath> {
    let has_member = |path: &MemberPath| contract.input_shape_at(case.operation.as_str(), path).is_some();
    match (case.id.subject(), case.id.kind()) {
        (CaseSubject::Member(path), _) if !path.0.is_empty() => Some(path.clone()),
        (_, CaseKind::MissingResource(path)) => Some(path.clone()),
        // A variant may also name a set of members.
        (_, CaseKind::OptionalMember | CaseKind::OtherValue) => MemberPath::parse(case.id.variant()).filter(has_member),
        _ => case.member.clone(),
    }
}

/// Returns the inputs of the operation under test.
fn inputs_of(case: &Case) -> impl Iterator<Item = &Value> {
    case.steps.iter().filter_map(|step| match &step.request {
        StepRequest::Operation { name, input, .. } if *name == case.operation => Some(input),
        _ => None,
    })
}
