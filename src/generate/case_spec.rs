//! Builds a case with id, steps, label and expectation from a specification such as "this member, this value".
//!
//! It never chooses what to test: the strategies do.

use super::case::{Authorization, Case, CaseId, Damage, Intent, Judged, Purpose, Send, Step};
use super::expectation::{Accept, Assumption, Expectation, ExpectedError};
use super::label::{Breach, Kin, Labels};
use super::patterns::Patterns;
use super::plan::Options;
use super::resource::{self, Resources};
use super::sample::Sampler;
use super::shown::{framing, shown};
use super::site::Site;
use super::template::Templates;
use super::{Value, fixture};
use crate::contract::{Constraint, Contract, ErrorName, Fact, MemberPath, Operation, Protocol, Provenance, Role};
use crate::scenario::Scenario;
use std::sync::Arc;

/// The inputs that all strategies share.
pub(crate) struct Planner<'a> {
    pub contract: &'a Contract,
    pub scenario: &'a Scenario,
    pub options: Options,
    pub patterns: Arc<Patterns>,
    pub kin: Arc<Kin>,
    /// Whether machine models are the only source of the contract.
    pub modelled: bool,
}

/// What a strategy wants to test, without the request that tests it.
pub(crate) struct Draft<'p> {
    /// The member path, or the class that takes its place in the id.
    pub place: Place<'p>,
    /// The name of the constraint, or the kind of test.
    pub kind: String,
    /// The last part of the id.
    pub variant: String,
    /// The rule in words.
    pub rule: String,
    /// The place in the documentation that states the rule.
    pub source: Option<Provenance>,
    /// The outcome that the strategy intends. The input is checked before the case gets its label.
    pub aim: Aim,
}

/// The part of a case's id between the operation and the kind.
#[derive(Clone)]
pub(crate) enum Place<'p> {
    Member(&'p Site),
    /// A rule of the input itself or of a nested shape; the path may be empty.
    Path(MemberPath),
    Class(&'static str),
}

/// The outcome that a strategy intends for a case.
#[derive(Clone, Debug)]
pub(crate) enum Aim {
    /// The request meets every constraint.
    Valid,
    /// The request violates this constraint at this path, and no other.
    Breaks(MemberPath, Constraint),
    /// The request violates the first constraint at this path. The second is equivalent here and violated as well.
    BreaksBoth(MemberPath, Constraint, Constraint),
    /// The request is damaged so that every parser must reject it.
    Malformed,
    /// The request does not name an existing operation, so that every endpoint must reject it.
    NoOperation,
    /// The outcome is undocumented, for this reason.
    Silent(&'static str),
    /// The request names a resource that does not exist.
    Missing,
    /// The caller is unknown or lacks a permission.
    Denied(Role),
    /// Two things are wrong: the errors have these roles, and the input violates exactly these constraints.
    Both {
        /// The role of the error for each.
        roles: [Role; 2],
        /// The constraints that the input violates; what else is wrong lies outside the input.
        breaks: Vec<(MemberPath, Constraint)>,
    },
}

impl Draft<'_> {
    /// Returns the case's id without the variant.
    pub fn kind_in(&self, scenario: &str, operation: &Operation) -> String {
        let place = match &self.place {
            Place::Member(site) => site.path.to_string(),
            Place::Path(path) => path.to_string(),
            Place::Class(class) => (*class).to_owned(),
        };
        let place = if place.is_empty() { "input" } else { &place };
        format!("{scenario}/{}/{place}/{}", operation.name, self.kind)
    }

    /// Returns the intent that the case has if the check of its input confirms the intended outcome.
    pub fn meant(&self) -> Intent {
        match &self.aim {
            Aim::Valid => Intent::Valid,
            Aim::Breaks(..) | Aim::BreaksBoth(..) => Intent::Violates,
            Aim::Malformed | Aim::NoOperation => Intent::Malformed,
            Aim::Silent(_) => Intent::Probe,
            Aim::Missing => Intent::Missing,
            Aim::Denied(_) => Intent::Auth,
            Aim::Both { roles, .. } => intent_of_both(*roles),
        }
    }
}

/// The request for a [`CaseSpec`].
pub(crate) struct Request {
    pub input: Value,
    pub damage: Vec<Damage>,
    pub authorization: Option<Authorization>,
}

impl Request {
    pub fn of(input: Value) -> Self {
        Self { input, damage: Vec::new(), authorization: None }
    }

    pub fn damaged(input: Value, damage: Damage) -> Self {
        Self { input, damage: vec![damage], authorization: None }
    }
}

impl<'a> Planner<'a> {
    pub fn labels(&self) -> Labels<'_> {
        Labels { contract: self.contract, patterns: &self.patterns, kin: &self.kin }
    }

    pub fn id(&self, operation: &Operation, place: &str, kind: &str, variant: &str) -> CaseId {
        let place = if place.is_empty() { "input" } else { place };
        CaseId(format!("{}/{}/{place}/{kind}/{variant}", self.scenario.name, operation.name))
    }

    pub fn sampler<'s>(&'s self, operation: &'s Operation, case: &'s CaseId) -> Sampler<'s> {
        Sampler {
            contract: self.contract,
            scenario: self.scenario,
            patterns: &self.patterns,
            operation,
            templates: Templates::new(self.scenario, case),
            seed: self.options.seed,
            elsewhere: false,
            modelled: self.modelled,
        }
    }

    /// Returns where the fact is documented, or where the operation is documented if there is no fact.
    pub fn source(&self, fact: Option<&Fact>, operation: &Operation) -> Option<Provenance> {
        fact.map(Fact::provenance).or_else(|| operation.sources.first().cloned())
    }

    /// Builds a case: creates its id, calls `request` for the input, and labels the result.
    ///
    /// Returns `None` if `request` returns `None`, which means that no such input exists.
    pub fn case(
        &self,
        operation: &Operation,
        draft: Draft<'_>,
        request: impl FnOnce(&Sampler<'_>) -> Option<Request>,
    ) -> Option<Case> {
        let (place, member, class) = match &draft.place {
            Place::Member(site) => (site.path.to_string(), Some(site.path.clone()), "member"),
            Place::Path(path) => (path.to_string(), Some(path.clone()), "input"),
            Place::Class(class) => ((*class).to_owned(), None, *class),
        };
        let id = self.id(operation, &place, &draft.kind, &draft.variant);
        let request = request(&self.sampler(operation, &id))?;
        let (intent, expectation) = match self.label(operation, &draft, &id, &request) {
            Ok(label) => label,
            Err(reason) => return Some(self.unsendable(operation, id, draft, member, class, reason)),
        };
        let authorization = request.authorization.clone().unwrap_or_else(|| self.authorization());
        let cleanup = fixture::cleanup(self, operation, &id, &request.input);
        let mut act = Step {
            purpose: Purpose::Act,
            send: Send::Operation { name: operation.name.clone(), input: request.input, damage: request.damage },
            authorization,
            captures: Vec::new(),
            turn: 0,
            fixture: None,
        };
        let source = match &draft.place {
            Place::Class(_) => self.error_source(operation, &expectation),
            _ => None,
        };
        let source = source.or_else(|| draft.source.clone());
        let mut acts = Vec::with_capacity(2);
        if let Some((takes_away, captures)) = cleanup {
            act.fixture = Some(fixture::made());
            act.captures = captures;
            acts.push(takes_away);
        }
        acts.insert(0, act);
        let (steps, judged) = fixture::surround(self, &id, acts);
        let case = Case {
            id,
            operation: operation.name.clone(),
            intent,
            member,
            constraint: constraint_of(&draft),
            class,
            steps,
            judged: Judged::Step(judged),
            expectation,
            rule: draft.rule,
            source,
            unsendable: None,
            alone: false,
        };
        Some(super::strategy::with_room(self, operation, case))
    }

    /// Builds a case that has an id and is counted, but is not sent.
    pub fn unsendable(
        &self,
        operation: &Operation,
        id: CaseId,
        draft: Draft<'_>,
        member: Option<MemberPath>,
        class: &'static str,
        reason: String,
    ) -> Case {
        Case {
            id,
            operation: operation.name.clone(),
            intent: match &draft.aim {
                Aim::Valid => Intent::Valid,
                _ => Intent::Violates,
            },
            member,
            constraint: constraint_of(&draft),
            class,
            steps: Vec::new(),
            judged: Judged::Step(0),
            expectation: Expectation::Unspecified { reason: reason.clone() },
            rule: draft.rule,
            source: draft.source,
            unsendable: Some(reason),
            alone: false,
        }
    }

    /// Builds a case that has an id and is counted, but is not sent, from its specification alone.
    pub fn not_sent(&self, operation: &Operation, draft: Draft<'_>, reason: &str) -> Case {
        let (place, member, class) = match &draft.place {
            Place::Member(site) => (site.path.to_string(), Some(site.path.clone()), "member"),
            Place::Path(path) => (path.to_string(), Some(path.clone()), "input"),
            Place::Class(class) => ((*class).to_owned(), None, *class),
        };
        let id = self.id(operation, &place, &draft.kind, &draft.variant);
        self.unsendable(operation, id, draft, member, class, reason.to_owned())
    }

    /// Returns the credentials of requests that do not name a principal of their own.
    pub fn authorization(&self) -> Authorization {
        self.scenario.principal.clone().map_or(Authorization::Anonymous, Authorization::Principal)
    }

    fn label(
        &self,
        operation: &Operation,
        draft: &Draft<'_>,
        id: &CaseId,
        request: &Request,
    ) -> Result<(Intent, Expectation), String> {
        if let Some(header) = framing(self.contract, operation, &request.input) {
            return Err(format!("`{header}` is set by HTTP itself"));
        }
        let breaches = match &operation.input {
            Some(input) => self.labels().breaches(input, &shown(self.contract, operation, &request.input)),
            None => Vec::new(),
        };
        let certain: Vec<&Breach> = breaches.iter().filter(|breach| breach.certain).collect();
        let open = breaches.iter().find(|breach| !breach.certain);
        let silent = |reason: &str| Ok((Intent::Probe, Expectation::Unspecified { reason: reason.to_owned() }));
        let also = |what: &Breach| format!("the request would also violate {} of `{}`", what.constraint, what.path);
        match &draft.aim {
            Aim::Silent(reason) => silent(reason),
            Aim::Breaks(..) | Aim::BreaksBoth(..) | Aim::Both { .. } if self.shares_route(operation) => {
                silent("another operation has the same method and path")
            }
            Aim::Malformed => Ok((Intent::Malformed, self.reject(operation, Role::InvalidInput))),
            Aim::NoOperation => Ok((Intent::Malformed, self.reject_unnamed(operation))),
            Aim::Denied(role) => match certain.first() {
                Some(other) => Err(also(other)),
                None => Ok((Intent::Auth, self.reject(operation, *role))),
            },
            Aim::Both { roles, breaks } => {
                let is_meant = |breach: &Breach| {
                    breaks.iter().any(|(path, constraint)| breach.path == *path && breach.constraint == *constraint)
                };
                if let Some(other) = certain.iter().find(|breach| !is_meant(breach)) {
                    return Err(also(other));
                }
                let broken = |(path, constraint): &(MemberPath, Constraint)| {
                    certain.iter().any(|breach| breach.path == *path && breach.constraint == *constraint)
                };
                if !breaks.iter().all(broken) {
                    return Err("a lenient parser could accept it as valid".to_owned());
                }
                Ok((intent_of_both(*roles), self.reject_for(operation, *roles)))
            }
            Aim::Breaks(path, constraint) | Aim::BreaksBoth(path, constraint, _) => {
                let second = match &draft.aim {
                    Aim::BreaksBoth(_, _, second) => second,
                    _ => constraint,
                };
                let meant = |breach: &&Breach| {
                    breach.path == *path && (breach.constraint == *constraint || breach.constraint == *second)
                };
                if let Some(other) = certain.iter().find(|breach| !meant(breach)) {
                    return Err(also(other));
                }
                if certain.is_empty() {
                    return match open {
                        Some(breach) => silent(&ambiguity(breach)),
                        None => Err("a lenient parser could accept it as valid".to_owned()),
                    };
                }
                // A further violation that only some interpretations see makes no difference: all of them reject the
                // request.
                Ok((Intent::Violates, self.reject(operation, Role::InvalidInput)))
            }
            Aim::Valid | Aim::Missing => {
                if let Some(other) = certain.first() {
                    return Err(format!(
                        "no valid value exists here: it would violate {} of `{}`",
                        other.constraint, other.path
                    ));
                }
                if let Some(breach) = open {
                    return silent(&ambiguity(breach));
                }
                match resource::resources(self, operation, id, &request.input) {
                    Resources::Among => silent(resource::AMONG),
                    Resources::Foreign => match self.missing_errors(operation, &draft.aim) {
                        errors if errors.is_empty() => silent("the error for a nonexistent resource is not documented"),
                        errors => Ok((Intent::Missing, Expectation::Reject { role: Role::MissingResource, errors })),
                    },
                    Resources::Chosen => match self.errors(operation, Role::MissingResource) {
                        errors if errors.is_empty() => silent("another case may have created a resource of this name"),
                        errors => Ok((Intent::Valid, self.accept(operation, errors))),
                    },
                    Resources::Opaque => silent("only the service can issue this token"),
                    Resources::Taken => {
                        Ok((Intent::Valid, self.accept(operation, self.errors(operation, Role::Conflict))))
                    }
                    Resources::Unknown => {
                        Ok((Intent::Valid, self.accept(operation, self.errors(operation, Role::MissingResource))))
                    }
                    Resources::Owned => Ok((Intent::Valid, self.accept(operation, Vec::new()))),
                }
            }
        }
    }

    /// Returns true if AWS models are the only source: they declare few of the errors and limits that services have,
    /// and nothing about partial success.
    pub fn is_reticent(&self) -> bool {
        self.modelled && !self.contract.common.is_empty()
    }

    /// Returns true if a request for this operation could also be routed to another one.
    fn shares_route(&self, operation: &Operation) -> bool {
        let Some(http) = operation.http.as_ref().filter(|_| self.contract.protocol.is_none_or(is_routed)) else {
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
    fn missing_errors(&self, operation: &Operation, aim: &Aim) -> Vec<ExpectedError> {
        let mut errors = self.errors(operation, Role::MissingResource);
        if !self.is_reticent() {
            return errors;
        }
        // Any other error that reports a missing resource fits as well. If no error is declared, finding nothing or
        // deleting a missing resource may be a success.
        if errors.is_empty() && super::infer::takes_nothing_amiss(operation.name.as_str()) {
            return errors;
        }
        errors.push(ExpectedError { status: None, error: None });
        if matches!(aim, Aim::Valid) {
            let ill_formed = self.errors(operation, Role::InvalidInput);
            errors.extend(ill_formed.into_iter().filter(|error| !errors.contains(error)).collect::<Vec<_>>());
        }
        errors
    }

    /// Expects the documented success, or one of these errors.
    pub fn accept(&self, operation: &Operation, or: Vec<ExpectedError>) -> Expectation {
        Expectation::Accept(Accept {
            status: operation.http.as_ref().and_then(|http| http.success),
            output: operation.output.clone(),
            or,
            assumes: None::<Assumption>,
        })
    }

    /// Returns where the expected error is documented.
    fn error_source(&self, operation: &Operation, expectation: &Expectation) -> Option<Provenance> {
        let Expectation::Reject { errors, .. } = expectation else { return None };
        let wanted = errors.first()?.error.as_ref()?;
        let (name, error) = self
            .contract
            .errors_of(operation)
            .find(|(name, error)| error.code.as_deref().unwrap_or(name.as_str()) == wanted.as_str())?;
        let path = format!("errors/{name}");
        let of_operation = operation.facts.iter().find(|fact| fact.path == path);
        of_operation.or_else(|| error.facts.first()).map(Fact::provenance)
    }

    /// Returns the documented errors with this role, including those that are common to all operations.
    pub fn errors(&self, operation: &Operation, role: Role) -> Vec<ExpectedError> {
        let common = self.contract.common_errors().filter(|(name, _)| !operation.errors.contains(name));
        self.contract
            .errors_of(operation)
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
        let all = self.contract.errors_of(operation).chain(common);
        all.filter(|(_, error)| error.role != Role::ServerFault && error.status.is_none_or(|status| status < 500))
            .map(|(name, error)| ExpectedError {
                status: error.status,
                error: Some(error.code.as_deref().map_or_else(|| name.clone(), ErrorName::new)),
            })
            .collect()
    }

    /// Expects a rejection for either of two reasons.
    pub fn reject_for(&self, operation: &Operation, [one, other]: [Role; 2]) -> Expectation {
        let mut first = self.reject(operation, one);
        if one != other
            && let (Expectation::Reject { errors, .. }, Expectation::Reject { errors: more, .. }) =
                (&mut first, self.reject(operation, other))
        {
            errors.extend(more.into_iter().filter(|error| !errors.contains(error)).collect::<Vec<_>>());
        }
        first
    }

    /// Expects a rejection because the request does not name an existing operation: the protocol's error for it, see
    /// [common errors](https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html), or any error that blames
    /// the request.
    fn reject_unnamed(&self, operation: &Operation) -> Expectation {
        let names: &[&str] = match self.contract.protocol {
            Some(Protocol::AwsQuery | Protocol::Ec2Query) => &["InvalidAction", "MissingAction"],
            _ => &["UnknownOperationException"],
        };
        let named = names.iter().map(|name| ExpectedError { status: None, error: Some(ErrorName::from(*name)) });
        let mut refusal = self.reject(operation, Role::InvalidInput);
        if let Expectation::Reject { errors, .. } = &mut refusal {
            errors.splice(0..0, named);
        }
        refusal
    }

    /// Expects a rejection for this reason.
    pub fn reject(&self, operation: &Operation, role: Role) -> Expectation {
        let mut errors = self.errors(operation, role);
        if errors.is_empty() {
            let any = |status| ExpectedError { status, error: None };
            errors = match role {
                Role::Unauthenticated | Role::Forbidden => vec![any(Some(401)), any(Some(403))],
                Role::MissingResource => vec![any(Some(404))],
                // The error for a bad request is not documented here; the judge decides which ones do not fit.
                _ => vec![any(None)],
            };
        }
        Expectation::Reject { role, errors }
    }
}

/// Returns the intent of a case with two faults.
fn intent_of_both(roles: [Role; 2]) -> Intent {
    match roles[0] {
        Role::Unauthenticated | Role::Forbidden => Intent::Auth,
        _ => Intent::Violates,
    }
}

pub(super) fn ambiguity(breach: &Breach) -> String {
    format!("the documentation of {} of `{}` is ambiguous", breach.constraint, breach.path)
}

fn constraint_of(draft: &Draft<'_>) -> Option<Constraint> {
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
    .find(|constraint| !matches!(draft.place, Place::Class(_)) && constraint.name() == draft.kind)
}

/// Returns true if method and path select the operation.
fn is_routed(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::RestJson1 | Protocol::RestJson | Protocol::RestXml)
}
