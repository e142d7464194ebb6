//! The responses that the documents promise: a success, or the errors of a role.
//!
//! It never decides which of them a request deserves.

use super::plan_context::PlanContext;
use crate::case::{Expectation, ExpectedError, ExpectedSuccess, StateAssumption};
use crate::contract::{
    ErrorName, ErrorRole, ErrorShape, Fact, FactField, FactOrigin, MemberLocation, MemberPath, Operation, Protocol,
    Provenance,
};

impl PlanContext<'_> {
    /// Returns true if the status of a success is only the default of the models' format, which services do not keep.
    fn is_model_default(&self, operation: &Operation) -> bool {
        let mut facts = operation.facts.iter().filter(|fact| fact.field == FactField::HttpSuccess).peekable();
        self.is_only_modelled && facts.peek().is_some() && facts.all(|fact| fact.standing == FactOrigin::Assumed)
    }

    /// Returns the documented errors with this role, including those that are common to all operations.
    pub fn errors_with_role(&self, operation: &Operation, role: ErrorRole) -> Vec<ExpectedError> {
        let common = self.contract.common_errors().filter(|(name, _)| !operation.errors.contains(name));
        self.contract
            .operation_errors(operation)
            .chain(common)
            .filter(|(_, error)| error.role == role)
            .map(|(name, error)| expected_error(name, error))
            .collect()
    }

    /// Returns true if all errors with this role are from the list of a service whose operations share one list, as the
    /// services with XML do. Such a list is never complete.
    fn has_open_error_list(&self, operation: &Operation, role: ErrorRole) -> bool {
        matches!(self.contract.protocol, Some(Protocol::RestXml | Protocol::Ec2Query))
            && !self.contract.operation_errors(operation).any(|(_, error)| error.role == role)
    }

    /// Returns every documented error that blames the request, including those that are common to all operations.
    pub fn client_errors(&self, operation: &Operation) -> Vec<ExpectedError> {
        let common = self.contract.common_errors().filter(|(name, _)| !operation.errors.contains(name));
        let all = self.contract.operation_errors(operation).chain(common);
        all.filter(|(_, error)| error.role != ErrorRole::ServerFault && error.status.is_none_or(|status| status < 500))
            .map(|(name, error)| expected_error(name, error))
            .collect()
    }

    /// Expects the documented success, or one of these errors.
    pub fn expect_success(&self, operation: &Operation, or: Vec<ExpectedError>) -> Expectation {
        Expectation::Accept(ExpectedSuccess {
            status: operation.http.as_ref().and_then(|http| http.success).filter(|_| !self.is_model_default(operation)),
            output: operation.output.clone(),
            allowed_errors: or,
            assumption: None::<StateAssumption>,
        })
    }

    /// Expects a rejection for this reason.
    pub fn expect_rejection(&self, operation: &Operation, role: ErrorRole) -> Expectation {
        let mut errors = self.errors_with_role(operation, role);
        if errors.is_empty() || self.has_open_error_list(operation, role) {
            let any = |status| ExpectedError { status, error: None };
            errors.extend(match role {
                ErrorRole::Unauthenticated | ErrorRole::Forbidden => vec![any(Some(401)), any(Some(403))],
                ErrorRole::MissingResource => vec![any(Some(404))],
                // The error for a bad request is not documented here; the judge decides which ones do not fit.
                _ => vec![any(None)],
            });
        }
        Expectation::Reject { role, errors }
    }

    /// Expects a rejection because the request cannot be parsed. Where documents promise statuses only, they describe
    /// requests that the service could parse, so 400, which HTTP has for the others, is right as well.
    pub fn expect_malformed_rejection(&self, operation: &Operation) -> Expectation {
        tolerate_parse_error(self.expect_rejection(operation, ErrorRole::InvalidInput))
    }

    /// Adds the documented errors for a missing resource if an invalid value may be called missing: a value in the path
    /// or query that cannot be an identifier names nothing. AWS pages promise the error for invalid input.
    pub fn allow_missing_identifier(&self, operation: &Operation, path: &MemberPath, rejection: &mut Expectation) {
        let members = operation.input.as_ref().and_then(|input| self.contract.shape(input).kind.members());
        let member = path.top_member().and_then(|name| members?.get(name));
        let is_in_target =
            member.is_some_and(|member| matches!(member.location, MemberLocation::Label | MemberLocation::Query));
        let has_aws_pages =
            !self.is_only_modelled && self.contract.protocol.is_some_and(|protocol| protocol != Protocol::RestJson);
        if is_in_target && !has_aws_pages {
            add_errors(rejection, self.errors_with_role(operation, ErrorRole::MissingResource));
        }
    }

    /// Expects a rejection for either of two reasons.
    pub fn expect_rejection_for_either(&self, operation: &Operation, [one, other]: [ErrorRole; 2]) -> Expectation {
        let mut first = self.expect_rejection(operation, one);
        if let Expectation::Reject { errors, .. } = self.expect_rejection(operation, other) {
            add_errors(&mut first, errors);
        }
        first
    }

    /// Expects a rejection because the request does not name an existing operation: the protocol's error for it, see
    /// [common errors](https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html), or any error that blames
    /// the request.
    pub fn expect_unknown_operation(&self, operation: &Operation) -> Expectation {
        let names: &[&str] = match self.contract.protocol {
            Some(Protocol::AwsQuery | Protocol::Ec2Query) => &["InvalidAction", "MissingAction"],
            _ => &["UnknownOperationException"],
        };
        let named = names.iter().map(|name| ExpectedError { status: None, error: Some(ErrorName::from(*name)) });
        let mut rejection = self.expect_rejection(operation, ErrorRole::InvalidInput);
        if let Expectation::Reject { errors, .. } = &mut rejection {
            errors.splice(0..0, named);
        }
        rejection
    }

    /// Returns where the expected error is documented.
    pub fn error_source(&self, operation: &Operation, expectation: &Expectation) -> Option<Provenance> {
        let Expectation::Reject { errors, .. } = expectation else { return None };
        let wanted = errors.first()?;
        let (name, error) = self.contract.operation_errors(operation).find(|(name, error)| {
            (wanted.error.is_some() || error.unnamed) && expected_error(name, error) == *wanted
        })?;
        let field = FactField::Error(name.to_string());
        let of_operation = operation.facts.iter().find(|fact| fact.field == field);
        of_operation.or_else(|| error.facts.first()).map(Fact::provenance)
    }
}

/// Adds status 400 to the expected errors, if they are statuses without a type.
pub(super) fn tolerate_parse_error(mut rejection: Expectation) -> Expectation {
    if let Expectation::Reject { errors, .. } = &mut rejection
        && errors.iter().all(|error| error.error.is_none() && error.status.is_some_and(|status| status != 400))
    {
        errors.push(ExpectedError { status: Some(400), error: None });
    }
    rejection
}

/// Adds errors to the expected ones, without repeating any.
fn add_errors(rejection: &mut Expectation, more: Vec<ExpectedError>) {
    if let Expectation::Reject { errors, .. } = rejection {
        for error in more {
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
    }
}

/// Returns what a response with this documented error looks like.
fn expected_error(name: &ErrorName, error: &ErrorShape) -> ExpectedError {
    let code = || error.code.as_deref().map_or_else(|| name.clone(), ErrorName::new);
    ExpectedError { status: error.status, error: (!error.unnamed).then(code) }
}
