//! Classifies a request: what it really tests, and the response that it must get. Every planned case passes here.
//!
//! It never trusts a strategy: an outcome that the input does not confirm makes the case unsendable or undocumented.

use super::case_spec::{CaseRequest, CaseSpec, IntendedOutcome, two_fault_intent};
use super::expected_response::tolerate_parse_error;
use super::input_checker::Violation;
use super::plan_context::PlanContext;
use super::resource_status::{self, ResourceStatus};
use super::wire_view::{as_seen_on_wire, framing_header};
use crate::case::{CaseId, Expectation, ExpectedError, Intent, Value};
use crate::contract::{Constraint, ErrorRole, MemberLocation, MemberPath, Operation, Protocol};
use crate::infer::fits_key_schema;

/// The violations in a request's input.
struct FoundViolations<'v> {
    /// Those that every interpretation of the documents agrees on.
    certain: Vec<&'v Violation>,
    /// The first of the others.
    uncertain: Option<&'v Violation>,
}

impl PlanContext<'_> {
    /// Returns the intent and the expectation of a request.
    ///
    /// # Errors
    /// Returns an error if the request does not test what the specification says, with the reason.
    pub fn classify_request(
        &self,
        operation: &Operation,
        spec: &CaseSpec,
        id: &CaseId,
        request: &CaseRequest,
    ) -> Result<(Intent, Expectation), String> {
        if let Some(header) = framing_header(self.contract, operation, &request.input) {
            return Err(format!("`{header}` is set by HTTP itself"));
        }
        let violations = match &operation.input {
            Some(input) => {
                self.input_checker().violations(input, &as_seen_on_wire(self.contract, operation, &request.input))
            }
            None => Vec::new(),
        };
        let found = FoundViolations {
            certain: violations.iter().filter(|violation| violation.certainty.is_certain()).collect(),
            uncertain: violations.iter().find(|violation| !violation.certainty.is_certain()),
        };
        match &spec.outcome {
            IntendedOutcome::Undocumented(reason) => undocumented(reason),
            IntendedOutcome::Violates(..) | IntendedOutcome::ViolatesEquivalent(..) | IntendedOutcome::Valid
                if self.has_slash_in_label(operation, &request.input) =>
            {
                undocumented("servers differ in whether an encoded slash ends a segment of the path")
            }
            IntendedOutcome::Violates(..)
            | IntendedOutcome::ViolatesEquivalent(..)
            | IntendedOutcome::TwoFaults { .. }
                if self.shares_route_with_another(operation) =>
            {
                undocumented("another operation has the same method and path")
            }
            IntendedOutcome::Malformed => Ok((Intent::Malformed, self.expect_malformed_rejection(operation))),
            IntendedOutcome::UnknownOperation => Ok((Intent::Malformed, self.expect_unknown_operation(operation))),
            IntendedOutcome::RejectedCaller(role) => match found.certain.first() {
                Some(other) => Err(describe_extra_violation(other)),
                None => Ok((Intent::Auth, self.expect_rejection(operation, *role))),
            },
            IntendedOutcome::TwoFaults { roles, violated } => {
                self.classify_two_faults(operation, *roles, violated, &found)
            }
            IntendedOutcome::Violates(path, constraint) => {
                self.classify_violation(operation, path, [*constraint; 2], &found, &request.input)
            }
            IntendedOutcome::ViolatesEquivalent(path, constraint, second) => {
                self.classify_violation(operation, path, [*constraint, *second], &found, &request.input)
            }
            IntendedOutcome::Valid | IntendedOutcome::MissingResource => {
                if let Some(other) = found.certain.first() {
                    return Err(format!(
                        "no valid value exists here: it would violate {} of `{}`",
                        other.constraint, other.path
                    ));
                }
                if let Some(violation) = found.uncertain {
                    return undocumented(&describe_ambiguity(violation));
                }
                if !fits_key_schema(self.contract, self.scenario, operation, &request.input) {
                    return undocumented("no document says how a request must fit the key schema");
                }
                let status = resource_status::classify_resources(self, operation, id, &request.input);
                let (intent, mut expectation) = self.classify_by_resources(operation, &spec.outcome, status)?;
                if matches!(status, ResourceStatus::Nonexistent | ResourceStatus::Unknown)
                    && self.refers_to_others_in_body(operation, &request.input)
                {
                    self.allow_invalid_reference(operation, &mut expectation);
                }
                Ok((intent, expectation))
            }
        }
    }

    /// Classifies a request that must violate exactly these constraints, in addition to a fault outside the input.
    fn classify_two_faults(
        &self,
        operation: &Operation,
        roles: [ErrorRole; 2],
        violated: &[(MemberPath, Constraint)],
        found: &FoundViolations<'_>,
    ) -> Result<(Intent, Expectation), String> {
        let is_meant = |violation: &Violation, (path, constraint): &(MemberPath, Constraint)| {
            violation.path == *path && violation.constraint == *constraint
        };
        if let Some(other) =
            found.certain.iter().find(|violation| !violated.iter().any(|meant| is_meant(violation, meant)))
        {
            return Err(describe_extra_violation(other));
        }
        if !violated.iter().all(|meant| found.certain.iter().any(|violation| is_meant(violation, meant))) {
            return Err("a lenient parser could accept it as valid".to_owned());
        }
        let mut rejection = self.expect_rejection_for_either(operation, roles);
        violated.iter().for_each(|(path, _)| self.allow_missing_identifier(operation, path, &mut rejection));
        Ok((two_fault_intent(roles), rejection))
    }

    /// Classifies a request that must violate one of two equivalent constraints at a path, and no other.
    fn classify_violation(
        &self,
        operation: &Operation,
        path: &MemberPath,
        constraints: [Constraint; 2],
        found: &FoundViolations<'_>,
        input: &Value,
    ) -> Result<(Intent, Expectation), String> {
        let is_meant = |violation: &&&Violation| violation.path == *path && constraints.contains(&violation.constraint);
        let is_meant_violated = found.certain.iter().any(|violation| is_meant(&violation));
        // A value beyond a limit may also be beyond another member that cannot be moved: both must be rejected.
        let is_order =
            |violation: &Violation| matches!(violation.constraint, Constraint::LessThan | Constraint::AtMost);
        if let Some(other) =
            found.certain.iter().find(|violation| !(is_meant(violation) || is_meant_violated && is_order(violation)))
        {
            return Err(describe_extra_violation(other));
        }
        if found.certain.is_empty() {
            return match found.uncertain {
                Some(violation) => undocumented(&describe_ambiguity(violation)),
                None => Err("a lenient parser could accept it as valid".to_owned()),
            };
        }
        // A further violation that only some interpretations see makes no difference: all of them reject the request.
        let mut expectation = match resource_status::has_unknown_path_resource(self, operation, input) {
            true => self.expect_rejection_for_either(operation, [ErrorRole::InvalidInput, ErrorRole::MissingResource]),
            false => self.expect_rejection(operation, ErrorRole::InvalidInput),
        };
        self.allow_missing_identifier(operation, path, &mut expectation);
        let expectation = if has_unparsable_number(input) { tolerate_parse_error(expectation) } else { expectation };
        Ok((Intent::Violates, expectation))
    }

    /// Classifies a request without violations by the resources that it names.
    fn classify_by_resources(
        &self,
        operation: &Operation,
        outcome: &IntendedOutcome,
        status: ResourceStatus,
    ) -> Result<(Intent, Expectation), String> {
        let tolerating =
            |role| Ok((Intent::Valid, self.expect_success(operation, self.errors_with_role(operation, role))));
        let unknown = || {
            let errors = self.tolerated_missing_resource_errors(operation);
            Ok((Intent::Valid, self.expect_success(operation, errors)))
        };
        match status {
            ResourceStatus::NonexistentAmongOthers => undocumented(resource_status::REASON_AMONG_OTHERS),
            ResourceStatus::Nonexistent => match self.missing_resource_errors(operation, outcome) {
                errors if errors.is_empty() => undocumented("the error for a nonexistent resource is not documented"),
                errors => Ok((Intent::Missing, Expectation::Reject { role: ErrorRole::MissingResource, errors })),
            },
            ResourceStatus::MaybeCreatedByOtherCase
                if self.errors_with_role(operation, ErrorRole::MissingResource).is_empty() =>
            {
                undocumented("another case may have created a resource of this name")
            }
            ResourceStatus::ServiceIssued => undocumented("only the service can issue this token"),
            ResourceStatus::MaybeTaken => tolerating(ErrorRole::Conflict),
            ResourceStatus::MaybeCreatedByOtherCase => tolerating(ErrorRole::MissingResource),
            ResourceStatus::Unknown => unknown(),
            ResourceStatus::Owned => Ok((Intent::Valid, self.expect_success(operation, Vec::new()))),
        }
    }

    /// Returns true if the body of a web API's request names another resource: the path of a request that names one which
    /// does not exist is found, and the body is wrong.
    fn refers_to_others_in_body(&self, operation: &Operation, input: &Value) -> bool {
        let (Some(Protocol::RestJson), Value::Map(given)) = (self.contract.protocol, input) else { return false };
        let members = operation.input.as_ref().and_then(|input| self.contract.shape(input).kind.members());
        let mut in_body = members.into_iter().flatten().filter(|(name, member)| {
            !matches!(member.location, MemberLocation::Label | MemberLocation::Header) && given.contains_key(*name)
        });
        in_body.any(|(name, member)| {
            let path = MemberPath::root().join_member(name);
            resource_status::may_refer_to_resource(self, operation, &member.shape, &path)
        })
    }

    /// Adds the documented errors for invalid input to those for a missing resource.
    fn allow_invalid_reference(&self, operation: &Operation, expectation: &mut Expectation) {
        let errors = match expectation {
            Expectation::Reject { errors, .. } => errors,
            Expectation::Accept(accept) => &mut accept.allowed_errors,
            _ => return,
        };
        let more = self.errors_with_role(operation, ErrorRole::InvalidInput);
        errors.extend(more.into_iter().filter(|error| !errors.contains(error)).collect::<Vec<_>>());
    }

    /// Returns the errors that a request may get because it names a resource that may not exist. A path that leads to no
    /// resource may get 404, whether a document says so or not.
    pub fn tolerated_missing_resource_errors(&self, operation: &Operation) -> Vec<ExpectedError> {
        let mut errors = self.errors_with_role(operation, ErrorRole::MissingResource);
        if errors.is_empty() && self.contract.protocol == Some(Protocol::RestJson) {
            errors.push(ExpectedError { status: Some(404), error: None });
        }
        errors
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

    /// Returns true if a segment of the path has a slash, which frameworks for plain REST decode before they split the path.
    fn has_slash_in_label(&self, operation: &Operation, input: &Value) -> bool {
        let members = operation.input.as_ref().and_then(|input| self.contract.shape(input).kind.members());
        let (Some(members), Value::Map(given)) = (members, input) else { return false };
        let is_plain_rest = self.contract.protocol == Some(Protocol::RestJson);
        let has_slash = |value: &Value| matches!(value, Value::Text(text) if text.contains('/'));
        is_plain_rest
            && given.iter().any(|(name, value)| {
                members.get(name).is_some_and(|member| member.location == MemberLocation::Label) && has_slash(value)
            })
    }

    /// Returns the errors that fit if a resource does not exist.
    ///
    /// These are the documented ones. If AWS models are the only source, more errors fit, because the models do not say
    /// which texts a service accepts as an identifier at all; only the one that the scenario calls missing is known.
    fn missing_resource_errors(&self, operation: &Operation, outcome: &IntendedOutcome) -> Vec<ExpectedError> {
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
        if matches!(outcome, IntendedOutcome::Valid) {
            let ill_formed = self.errors_with_role(operation, ErrorRole::InvalidInput);
            errors.extend(ill_formed.into_iter().filter(|error| !errors.contains(error)).collect::<Vec<_>>());
        }
        errors
    }
}

/// Returns true if a value has a number that no floating-point number can hold, which some parsers cannot read.
fn has_unparsable_number(value: &Value) -> bool {
    match value {
        Value::Number(literal) => literal.parse::<f64>().is_ok_and(f64::is_infinite),
        Value::List(items) => items.iter().any(has_unparsable_number),
        Value::Map(members) => members.values().any(has_unparsable_number),
        _ => false,
    }
}

/// Returns the label of a case whose outcome is undocumented, for this reason.
fn undocumented(reason: &str) -> Result<(Intent, Expectation), String> {
    Ok((Intent::Probe, Expectation::Unspecified { reason: reason.to_owned() }))
}

fn describe_extra_violation(violation: &Violation) -> String {
    format!("the request would also violate {} of `{}`", violation.constraint, violation.path)
}

pub(super) fn describe_ambiguity(violation: &Violation) -> String {
    format!("the documentation of {} of `{}` is ambiguous", violation.constraint, violation.path)
}

/// Returns true if method and path select the operation.
fn routes_by_method_and_path(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::RestJson1 | Protocol::RestJson | Protocol::RestXml)
}
