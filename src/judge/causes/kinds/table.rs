//! The table of all kinds of causes, in the order in which equals are preferred.

use super::super::cause_kind::CauseKind;
use super::broken_law::BrokenLaw;
use super::damaged_body::{DamagedBody, FailureOnDamage};
use super::ignored_member::IgnoredMember;
use super::member_constraint::MemberConstraint;
use super::response_change::ResponseChange;
use super::same_failure::SameFailure;
use super::same_violation::SameViolation;
use super::shared_member::SharedMember;
use super::shared_shape::SharedShape;
use super::unchecked_constraint::{LaxConstraint, OperationConstraint, ServerConstraint, ServerTypeVariant};
use super::unchecked_credentials::UncheckedCredentials;
use super::unchecked_existence::{UncheckedExistence, UncheckedReference};
use super::unchecked_operation::UncheckedOperation;
use super::unchecked_structure::UncheckedStructure;
use super::undocumented_error::UndocumentedError;
use super::wrong_form::WrongForm;
use super::wrong_status::WrongStatus;

pub(in super::super) const CAUSE_KINDS: &[&dyn CauseKind] = &[
    &SameFailure,
    &UncheckedCredentials,
    &ResponseChange,
    &WrongForm,
    &WrongStatus,
    &DamagedBody,
    &FailureOnDamage,
    &ServerConstraint,
    &LaxConstraint,
    &ServerTypeVariant,
    &UncheckedExistence,
    &UndocumentedError,
    &BrokenLaw,
    &SharedShape,
    &SharedMember,
    &UncheckedReference,
    &UncheckedOperation,
    &UncheckedStructure,
    &SameViolation,
    &OperationConstraint,
    &IgnoredMember,
    &MemberConstraint,
];
