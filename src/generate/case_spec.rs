//! Builds a case with id, steps, label and expectation from a specification such as "this member, this value".
//!
//! It never chooses what to test: the strategies do.

use super::contract_patterns::ContractPatterns;
use super::fixture_steps;
use super::input_checker::{InputChecker, SharedKeyPatterns, Violation};
use super::input_sampler::InputSampler;
use super::plan::GenerationOptions;
use super::resource_status::{self, ResourceStatus};
use super::template_filler::TemplateFiller;
use super::wire_view::{as_seen_on_wire, framing_header};
use crate::case::{
    Authorization, Case, CaseClass, CaseId, CaseKind, CaseSubject, Damage, Expectation, ExpectedError, ExpectedSuccess,
    Intent, JudgedPart, LawName, StateAssumption, Step, StepPurpose, StepRequest, Value,
};
use crate::contract::{Constraint, Contract, ErrorName, ErrorRole, Fact, MemberPath, Operation, Protocol, Provenance};
use crate::scenario::Scenario;
use std::sync::Arc;

/// The inputs that all strategies share.
pub(crate) struct PlanContext<'a> {
    pub contract: &'a Contract,
    pub scenario: &'a Scenario,
    pub options: GenerationOptions,
    pub patterns: Arc<ContractPatterns>,
    pub shared_key_patterns: Arc<SharedKeyPatterns>,
    /// Whether machine models are the only source of the contract.
    pub is_only_modelled: bool,
}

/// What a strategy wants to test, without the request that tests it.
pub(crate) struct CaseSpec {
    /// What the case is about.
    pub subject: CaseSubject,
    /// What the case tests of its subject.
    pub kind: CaseKind,
    /// The last part of the id.
    pub variant: String,
    /// The rule in words.
    pub rule: String,
    /// The place in the documentation that states the rule.
    pub source: Option<Provenance>,
    /// The outcome that the strategy intends. The input is checked before the case gets its label.
    pub outcome: IntendedOutcome,
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

impl CaseSpec {
    /// Returns the member that the case is about, if it is about one.
    fn member(&self) -> Option<&MemberPath> {
        match &self.subject {
            CaseSubject::Member(path) => Some(path),
            CaseSubject::Class(_) => None,
        }
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

impl<'a> PlanContext<'a> {
    pub fn input_checker(&self) -> InputChecker<'_> {
        InputChecker {
            contract: self.contract,
            patterns: &self.patterns,
            shared_key_patterns: &self.shared_key_patterns,
        }
    }

    pub fn case_id(&self, operation: &Operation, subject: CaseSubject, kind: CaseKind, variant: &str) -> CaseId {
        CaseId::new(&self.scenario.name, operation.name.as_str(), subject, kind, variant)
    }

    /// Returns the id of a case about a law.
    pub fn law_case_id(&self, operation: &Operation, law: LawName, variant: &str) -> CaseId {
        self.case_id(operation, CaseSubject::Class(CaseClass::Law), CaseKind::Law(law), variant)
    }

    pub fn input_sampler<'s>(&'s self, operation: &'s Operation, case: &'s CaseId) -> InputSampler<'s> {
        InputSampler {
            contract: self.contract,
            scenario: self.scenario,
            patterns: &self.patterns,
            operation,
            templates: TemplateFiller::new(self.scenario, case),
            seed: self.options.seed,
            below_other_parent: false,
            is_only_modelled: self.is_only_modelled,
        }
    }

    /// Returns where the fact is documented, or where the operation is documented if there is no fact.
    pub fn documented_at(&self, fact: Option<&Fact>, operation: &Operation) -> Option<Provenance> {
        fact.map(Fact::provenance).or_else(|| operation.sources.first().cloned())
    }

    /// Builds a case: creates its id, calls `request` for the input, and labels the result.
    ///
    /// Returns `None` if `request` returns `None`, which means that no such input exists.
    pub fn build_case(
        &self,
        operation: &Operation,
        draft: CaseSpec,
        request: impl FnOnce(&InputSampler<'_>) -> Option<CaseRequest>,
    ) -> Option<Case> {
        let id = self.case_id(operation, draft.subject.clone(), draft.kind.clone(), &draft.variant);
        let request = request(&self.input_sampler(operation, &id))?;
        let (intent, expectation) = match self.classify_request(operation, &draft, &id, &request) {
            Ok(label) => label,
            Err(reason) => return Some(self.build_unsendable_case(operation, id, draft, reason)),
        };
        let authorization = request.authorization.clone().unwrap_or_else(|| self.default_authorization());
        let cleanup = fixture_steps::build_cleanup(self, operation, &id, &request.input);
        let mut act = Step {
            purpose: StepPurpose::Act,
            request: StepRequest::Operation {
                name: operation.name.clone(),
                input: request.input,
                damage: request.damage,
            },
            authorization,
            captures: Vec::new(),
            turn: 0,
            fixture: None,
        };
        let source = match &draft.subject {
            CaseSubject::Class(_) => self.error_source(operation, &expectation),
            _ => None,
        };
        let source = source.or_else(|| draft.source.clone());
        let mut acts = Vec::with_capacity(2);
        if let Some((cleanup_step, captures)) = cleanup {
            act.fixture = Some(fixture_steps::created_by_judged_step());
            act.captures = captures;
            acts.push(cleanup_step);
        }
        acts.insert(0, act);
        let (steps, judged) = fixture_steps::surround_with_fixtures(self, &id, acts);
        let case = Case {
            id,
            operation: operation.name.clone(),
            intent,
            member: draft.member().cloned(),
            constraint: draft.kind.constraint(),
            steps,
            judged: JudgedPart::Step(judged),
            expectation,
            rule: draft.rule,
            source,
            unsendable_reason: None,
            is_exclusive: false,
        };
        Some(crate::generate::boundary::byte_budget::reserve_byte_budget(self, operation, case))
    }

    /// Builds a case that has an id and is counted, but is not sent.
    pub fn build_unsendable_case(&self, operation: &Operation, id: CaseId, draft: CaseSpec, reason: String) -> Case {
        Case {
            id,
            operation: operation.name.clone(),
            intent: match &draft.outcome {
                IntendedOutcome::Valid => Intent::Valid,
                _ => Intent::Violates,
            },
            member: draft.member().cloned(),
            constraint: draft.kind.constraint(),
            steps: Vec::new(),
            judged: JudgedPart::Step(0),
            expectation: Expectation::Unspecified { reason: reason.clone() },
            rule: draft.rule,
            source: draft.source,
            unsendable_reason: Some(reason),
            is_exclusive: false,
        }
    }

    /// Builds a case that has an id and is counted, but is not sent, from its specification alone.
    pub fn build_unsent_case(&self, operation: &Operation, draft: CaseSpec, reason: &str) -> Case {
        let id = self.case_id(operation, draft.subject.clone(), draft.kind.clone(), &draft.variant);
        self.build_unsendable_case(operation, id, draft, reason.to_owned())
    }

    /// Returns the credentials of requests that do not name a principal of their own.
    pub fn default_authorization(&self) -> Authorization {
        self.scenario.principal.clone().map_or(Authorization::Anonymous, Authorization::Principal)
    }

    fn classify_request(
        &self,
        operation: &Operation,
        draft: &CaseSpec,
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
        let certain: Vec<&Violation> = breaches.iter().filter(|breach| breach.certainty.is_certain()).collect();
        let uncertain = breaches.iter().find(|breach| !breach.certainty.is_certain());
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

    /// Returns true if AWS models are the only source: they declare few of the errors and limits that services have,
    /// and nothing about partial success.
    pub fn has_only_aws_models(&self) -> bool {
        self.is_only_modelled && !self.contract.common_error_names.is_empty()
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

    /// Expects the documented success, or one of these errors.
    pub fn expect_success(&self, operation: &Operation, or: Vec<ExpectedError>) -> Expectation {
        Expectation::Accept(ExpectedSuccess {
            status: operation.http.as_ref().and_then(|http| http.success),
            output: operation.output.clone(),
            allowed_errors: or,
            assumption: None::<StateAssumption>,
        })
    }

    /// Returns where the expected error is documented.
    fn error_source(&self, operation: &Operation, expectation: &Expectation) -> Option<Provenance> {
        let Expectation::Reject { errors, .. } = expectation else { return None };
        let wanted = errors.first()?.error.as_ref()?;
        let (name, error) = self
            .contract
            .operation_errors(operation)
            .find(|(name, error)| error.code.as_deref().unwrap_or(name.as_str()) == wanted.as_str())?;
        let path = format!("errors/{name}");
        let of_operation = operation.facts.iter().find(|fact| fact.path == path);
        of_operation.or_else(|| error.facts.first()).map(Fact::provenance)
    }

    /// Returns the documented errors with this role, including those that are common to all operations.
    pub fn errors_with_role(&self, operation: &Operation, role: ErrorRole) -> Vec<ExpectedError> {
        let common = self.contract.common_errors().filter(|(name, _)| !operation.errors.contains(name));
        self.contract
            .operation_errors(operation)
            .chain(common)
            .filter(|(_, error)| error.role == role)
            .map(|(name, error)| ExpectedError {
                status: error.status,
                error: Some(error.code.as_deref().map_or_else(|| name.clone(), ErrorName::new)),
            })
            .collect()
    }

    /// Returns every documented error that blames the request, including those that are common to all operations.
    pub fn client_errors(&self, operation: &Operation) -> Vec<ExpectedError> {
        let common = self.contract.common_errors().filter(|(name, _)| !operation.errors.contains(name));
        let all = self.contract.operation_errors(operation).chain(common);
        all.filter(|(_, error)| error.role != ErrorRole::ServerFault && error.status.is_none_or(|status| status < 500))
            .map(|(name, error)| ExpectedError {
                status: error.status,
                error: Some(error.code.as_deref().map_or_else(|| name.clone(), ErrorName::new)),
            })
            .collect()
    }

    /// Expects a rejection for either of two reasons.
    pub fn expect_rejection_for_either(&self, operation: &Operation, [one, other]: [ErrorRole; 2]) -> Expectation {
        let mut first = self.expect_rejection(operation, one);
        if one != other
            && let (Expectation::Reject { errors, .. }, Expectation::Reject { errors: more, .. }) =
                (&mut first, self.expect_rejection(operation, other))
        {
            errors.extend(more.into_iter().filter(|error| !errors.contains(error)).collect::<Vec<_>>());
        }
        first
    }

    /// Expects a rejection because the request does not name an existing operation: the protocol's error for it, see
    /// [common errors](https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html), or any error that blames
    /// the request.
    fn expect_unknown_operation(&self, operation: &Operation) -> Expectation {
        let names: &[&str] = match self.contract.protocol {
            Some(Protocol::AwsQuery | Protocol::Ec2Query) => &["InvalidAction", "MissingAction"],
            _ => &["UnknownOperationException"],
        };
        let named = names.iter().map(|name| ExpectedError { status: None, error: Some(ErrorName::from(*name)) });
        let mut refusal = self.expect_rejection(operation, ErrorRole::InvalidInput);
        if let Expectation::Reject { errors, .. } = &mut refusal {
            errors.splice(0..0, named);
        }
        refusal
    }

    /// Expects a rejection for this reason.
    pub fn expect_rejection(&self, operation: &Operation, role: ErrorRole) -> Expectation {
        let mut errors = self.errors_with_role(operation, role);
        if errors.is_empty() {
            let any = |status| ExpectedError { status, error: None };
            errors = match role {
                ErrorRole::Unauthenticated | ErrorRole::Forbidden => vec![any(Some(401)), any(Some(403))],
                ErrorRole::MissingResource => vec![any(Some(404))],
                // The error for a bad request is not documented here; the judge decides which ones do not fit.
                _ => vec![any(None)],
            };
        }
        Expectation::Reject { role, errors }
    }
}

/// Returns the intent of a case with two faults.
fn two_fault_intent(roles: [ErrorRole; 2]) -> Intent {
    match roles[0] {
        ErrorRole::Unauthenticated | ErrorRole::Forbidden => Intent::Auth,
        _ => Intent::Violates,
    }
}

pub(super) fn describe_ambiguity(breach: &Violation) -> String {
    format!("the documentation of {} of `{}` is ambiguous", breach.constraint, breach.path)
}

/// Returns true if method and path select the operation.
fn routes_by_method_and_path(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::RestJson1 | Protocol::RestJson | Protocol::RestXml)
}
