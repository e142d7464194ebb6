//! Classifies a request: what it really tests, and the response that it must get. Every planned case passes here.
//!
//! It never trusts a strategy: an outcome that the input does not confirm makes the case unsendable or undocumented.

use super::case_spec::{CaseRequest, CaseSpec, IntendedOutcome, two_fault_intent};
use super::input_checker::Violation;
use super::plan_context::PlanContext;
use super::resource_status::{self, ResourceStatus};
use super::wire_view::{as_seen_on_wire, framing_header};
use crate::case::{CaseId, Expectation, ExpectedError, Intent};
use crate::contract::{Constraint, ErrorRole, MemberPath, Operation, Protocol};

impl PlanContext<'_> {
    pub fn classify_request(
        &self,
        operation: &Operation,
        draft: &CaseSpec<'_>,
        id: &CaseId,
        request: &CaseRequest,
    ) -> Result<(Intent, Expectation), String> {
        if let Some(header) = framing_header(self.contract, operation, &request.input) {
            return Err(format!("`{header}` is set by HTTP itself"));
        }
        let breaches = match &operation.input {
            Some(input) => {
                self.input_checker().violations(input, &as_seen_on_wire(self.contract, operation, &request.input))
            }
            None => Vec::new(),
        };
        let certain: Vec<&Violation> = breaches.iter().filter(|breach| breach.is_certain).collect();
        let uncertain = breaches.iter().find(|breach| !breach.is_certain);
        let undocumented = |reason: &str| Ok((Intent::Probe, Expectation::Unspecified { reason: reason.to_owned() }));
        let describe_extra_violation =
            |what: &Violation| format!("the request would also violate {} of `{}`", what.constraint, what.path);
        match &draft.outcome {
            IntendedOutcome::Undocumented(reason) => undocumented(reason),
            IntendedOutcome::Violates(..)
            | IntendedOutcome::ViolatesEquivalent(..)
            | IntendedOutcome::TwoFaults { .. }
                if self.shares_route_with_another(operation) =>
            {
                undocumented("another operation has the same method and path")
            }
            IntendedOutcome::Malformed => {
                Ok((Intent::Malformed, self.expect_rejection(operation, ErrorRole::InvalidInput)))
            }
            IntendedOutcome::UnknownOperation => Ok((Intent::Malformed, self.expect_unknown_operation(operation))),
            IntendedOutcome::RejectedCaller(role) => match certain.first() {
                Some(other) => Err(describe_extra_violation(other)),
                None => Ok((Intent::Auth, self.expect_rejection(operation, *role))),
            },
            IntendedOutcome::TwoFaults { roles, violated: breaks } => {
                let is_meant = |breach: &Violation| {
                    breaks.iter().any(|(path, constraint)| breach.path == *path && breach.constraint == *constraint)
                };
                if let Some(other) = certain.iter().find(|breach| !is_meant(breach)) {
                    return Err(describe_extra_violation(other));
                }
                let broken = |(path, constraint): &(MemberPath, Constraint)| {
                    certain.iter().any(|breach| breach.path == *path && breach.constraint == *constraint)
                };
                if !breaks.iter().all(broken) {
                    return Err("a lenient parser could accept it as valid".to_owned());
                }
                Ok((two_fault_intent(*roles), self.expect_rejection_for_either(operation, *roles)))
            }
            IntendedOutcome::Violates(path, constraint) | IntendedOutcome::ViolatesEquivalent(path, constraint, _) => {
                let second = match &draft.outcome {
                    IntendedOutcome::ViolatesEquivalent(_, _, second) => second,
                    _ => constraint,
                };
                let meant = |breach: &&Violation| {
                    breach.path == *path && (breach.constraint == *constraint || breach.constraint == *second)
                };
                if let Some(other) = certain.iter().find(|breach| !meant(breach)) {
                    return Err(describe_extra_violation(other));
                }
                if certain.is_empty() {
                    return match uncertain {
                        Some(breach) => undocumented(&describe_ambiguity(breach)),
                        None => Err("a lenient parser could accept it as valid".to_owned()),
                    };
                }
                // A further violation that only some interpretations see makes no difference: all of them reject the
                // request.
                Ok((Intent::Violates, self.expect_rejection(operation, ErrorRole::InvalidInput)))
            }
            IntendedOutcome::Valid | IntendedOutcome::MissingResource => {
                if let Some(other) = certain.first() {
                    return Err(format!(
                        "no valid value exists here: it would violate {} of `{}`",
                        other.constraint, other.path
                    ));
                }
                if let Some(breach) = uncertain {
                    return undocumented(&describe_ambiguity(breach));
                }
                match resource_status::classify_resources(self, operation, id, &request.input) {
                    ResourceStatus::NonexistentAmongOthers => undocumented(resource_status::REASON_AMONG_OTHERS),
                    ResourceStatus::Nonexistent => match self.missing_resource_errors(operation, &draft.outcome) {
                        errors if errors.is_empty() => {
                            undocumented("the error for a nonexistent resource is not documented")
                        }
                        errors => {
                            Ok((Intent::Missing, Expectation::Reject { role: ErrorRole::MissingResource, errors }))
                        }
                    },
                    ResourceStatus::MaybeCreatedByOtherCase => {
                        match self.errors_with_role(operation, ErrorRole::MissingResource) {
                            errors if errors.is_empty() => {
                                undocumented("another case may have created a resource of this name")
                            }
                            errors => Ok((Intent::Valid, self.expect_success(operation, errors))),
                        }
                    }
                    ResourceStatus::ServiceIssued => undocumented("only the service can issue this token"),
                    ResourceStatus::MaybeTaken => Ok((
                        Intent::Valid,
                        self.expect_success(operation, self.errors_with_role(operation, ErrorRole::Conflict)),
                    )),
                    ResourceStatus::Unknown => Ok((
                        Intent::Valid,
                        self.expect_success(operation, self.errors_with_role(operation, ErrorRole::MissingResource)),
                    )),
                    ResourceStatus::Owned => Ok((Intent::Valid, self.expect_success(operation, Vec::new()))),
                }
            }
        }
    }

    /// Returns true if a request for this operation could also be routed to another one.
    fn shares_route_with_another(&self, operation: &Operation) -> bool {
        let Some(http) =
            operation.http.as_ref().filter(|_| self.contract.protocol.is_none_or(routes_by_method_and_path))
        else {
            return false;
        };
        self.contract.operations.iter().any(|other| {
            other.name != operation.name
                && other.http.as_ref().is_some_and(|it| it.method == http.method && it.uri == http.uri)
        })
    }

    /// Returns the errors that fit if a resource does not exist.
    ///
    /// These are the documented ones. If AWS models are the only source, more errors fit, because the models do not say
    /// which texts a service accepts as an identifier at all; only the one that the scenario calls missing is known.
    fn missing_resource_errors(&self, operation: &Operation, aim: &IntendedOutcome) -> Vec<ExpectedError> {
        let mut errors = self.errors_with_role(operation, ErrorRole::MissingResource);
        if !self.has_only_aws_models() {
            return errors;
        }
        // Any other error that reports a missing resource fits as well. If no error is declared, finding nothing or
        // deleting a missing resource may be a success.
        if errors.is_empty() && crate::infer::tolerates_missing_resource(operation.name.as_str()) {
            return errors;
        }
        errors.push(ExpectedError { status: None, error: None });
        if matches!(aim, IntendedOutcome::Valid) {
            let ill_formed = self.errors_with_role(operation, ErrorRole::InvalidInput);
            errors.extend(ill_formed.into_iter().filter(|error| !errors.contains(error)).collect::<Vec<_>>());
        }
        errors
    }
}

pub(super) fn describe_ambiguity(breach: &Violation) -> String {
    format!("the documentation of {} of `{}` is ambiguous", breach.constraint, breach.path)
}

/// Returns true if method and path select the operation.
fn routes_by_method_and_path(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::RestJson1 | Protocol::RestJson | Protocol::RestXml)
}
