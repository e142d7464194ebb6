//! From an idea ("this member, this value") to a case with id, steps, label and expectation.

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

/// Everything that strategies work with.
pub(crate) struct Planner<'a> {
    pub contract: &'a Contract,
    pub scenario: &'a Scenario,
    pub options: Options,
    pub patterns: Arc<Patterns>,
    pub kin: Arc<Kin>,
    /// Whether machine models are all there is.
    pub modelled: bool,
}

/// What a strategy asks for.
pub(crate) struct Draft<'p> {
    /// The member path, or the class that stands in its place.
    pub place: Place<'p>,
    /// The constraint's name, or the kind of what is done.
    pub kind: String,
    /// The variant.
    pub variant: String,
    /// The rule in words.
    pub rule: String,
    /// Where the rule is written.
    pub source: Option<Provenance>,
    /// What the strategy means the case to be; the gate decides whether it is.
    pub aim: Aim,
}

/// Where a case stands in its id.
#[derive(Clone)]
pub(crate) enum Place<'p> {
    Member(&'p Site),
    /// A rule of the input itself or of a shape inside: the path may be empty.
    Path(MemberPath),
    Class(&'static str),
}

/// What a strategy means a case to be.
#[derive(Clone, Debug)]
pub(crate) enum Aim {
    /// Every constraint holds.
    Valid,
    /// This constraint is broken at this place, and no other.
    Breaks(MemberPath, Constraint),
    /// These two constraints say the same here: whatever breaks the first breaks the second too.
    BreaksBoth(MemberPath, Constraint, Constraint),
    /// The request is damaged so that no reader may take it.
    Malformed,
    /// The request names no operation, so that no reader may take it.
    NoOperation,
    /// The documents are silent, for this reason.
    Silent(&'static str),
    /// The named resource does not exist.
    Missing,
    /// The caller is not known or not allowed.
    Denied(Role),
    /// Two things are wrong: these roles refuse them, and of the input exactly these constraints are broken.
    Both {
        /// One for each.
        roles: [Role; 2],
        /// What is broken in the input, the rest is broken around it.
        breaks: Vec<(MemberPath, Constraint)>,
    },
}

impl Draft<'_> {
    /// What stands in the case's id before the variant.
    pub fn kind_in(&self, scenario: &str, operation: &Operation) -> String {
        let place = match &self.place {
            Place::Member(site) => site.path.to_string(),
            Place::Path(path) => path.to_string(),
            Place::Class(class) => (*class).to_owned(),
        };
        let place = if place.is_empty() { "input" } else { &place };
        format!("{scenario}/{}/{place}/{}", operation.name, self.kind)
    }

    /// What the case is where nothing stands in the way.
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

/// The request of a draft.
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

    /// Where a fact of a shape is written, else where the operation is described.
    pub fn source(&self, fact: Option<&Fact>, operation: &Operation) -> Option<Provenance> {
        fact.map(Fact::provenance).or_else(|| operation.sources.first().cloned())
    }

    /// Builds a case: makes its id, lets `request` make the input for it, and labels what came out.
    /// `None` from `request` means that there is no such input.
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

    /// A case that is named and counted but not sent.
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

    /// A case that is named and counted but not sent, from a draft.
    pub fn not_sent(&self, operation: &Operation, draft: Draft<'_>, reason: &str) -> Case {
        let (place, member, class) = match &draft.place {
            Place::Member(site) => (site.path.to_string(), Some(site.path.clone()), "member"),
            Place::Path(path) => (path.to_string(), Some(path.clone()), "input"),
            Place::Class(class) => ((*class).to_owned(), None, *class),
        };
        let id = self.id(operation, &place, &draft.kind, &draft.variant);
        self.unsendable(operation, id, draft, member, class, reason.to_owned())
    }

    /// Who sends what names nobody else.
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
            return Err(format!("HTTP itself writes `{header}`"));
        }
        let breaches = match &operation.input {
            Some(input) => self.labels().breaches(input, &shown(self.contract, operation, &request.input)),
            None => Vec::new(),
        };
        let certain: Vec<&Breach> = breaches.iter().filter(|breach| breach.certain).collect();
        let open = breaches.iter().find(|breach| !breach.certain);
        let silent = |reason: &str| Ok((Intent::Probe, Expectation::Unspecified { reason: reason.to_owned() }));
        let also = |what: &Breach| format!("it would also break {} of `{}`", what.constraint, what.path);
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
                    return Err("some reader could take it as valid".to_owned());
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
                        None => Err("some reader could take it as valid".to_owned()),
                    };
                }
                // Another constraint that only some reading breaks changes nothing: it is refused in all of them.
                Ok((Intent::Violates, self.reject(operation, Role::InvalidInput)))
            }
            Aim::Valid | Aim::Missing => {
                if let Some(other) = certain.first() {
                    return Err(format!(
                        "no valid value is possible here: it would break {} of `{}`",
                        other.constraint, other.path
                    ));
                }
                if let Some(breach) = open {
                    return silent(&ambiguity(breach));
                }
                match resource::resources(self, operation, id, &request.input) {
                    Resources::Among => silent(resource::AMONG),
                    Resources::Foreign => match self.missing_errors(operation, &draft.aim) {
                        errors if errors.is_empty() => {
                            silent("no document names the error for a resource that does not exist")
                        }
                        errors => Ok((Intent::Missing, Expectation::Reject { role: Role::MissingResource, errors })),
                    },
                    Resources::Chosen => match self.errors(operation, Role::MissingResource) {
                        errors if errors.is_empty() => silent("another case may have made something of this name"),
                        errors => Ok((Intent::Valid, self.accept(operation, errors))),
                    },
                    Resources::Opaque => silent("a token that only the service can give out"),
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

    /// Whether AWS's models are all there is: they declare few of the errors and limits that the services have, and
    /// nothing of partial success.
    pub fn is_reticent(&self) -> bool {
        self.modelled && !self.contract.common.is_empty()
    }

    /// Whether a request for an operation may as well be meant for another one.
    fn shares_route(&self, operation: &Operation) -> bool {
        let Some(http) = operation.http.as_ref().filter(|_| self.contract.protocol.is_none_or(is_routed)) else {
            return false;
        };
        self.contract.operations.iter().any(|other| {
            other.name != operation.name
                && other.http.as_ref().is_some_and(|it| it.method == http.method && it.uri == http.uri)
        })
    }

    /// What fits where a resource does not exist: what documents say. Of AWS's models alone nobody knows which texts a
    /// service takes for an identifier at all, but for the one that the scenario calls missing.
    fn missing_errors(&self, operation: &Operation, aim: &Aim) -> Vec<ExpectedError> {
        let mut errors = self.errors(operation, Role::MissingResource);
        if !self.is_reticent() {
            return errors;
        }
        // Whatever else says that something is not there fits as well. Where none is
        // declared, it may be no error to find nothing, or to take away what is not there.
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

    /// The documented success, or one of these errors.
    pub fn accept(&self, operation: &Operation, or: Vec<ExpectedError>) -> Expectation {
        Expectation::Accept(Accept {
            status: operation.http.as_ref().and_then(|http| http.success),
            output: operation.output.clone(),
            or,
            assumes: None::<Assumption>,
        })
    }

    /// Where the error that must come back is written.
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

    /// The documented errors of a role, those that are common to all operations among them.
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

    /// Every documented error that speaks of the request, those that are common to all operations among them.
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

    /// What fits where a request must be refused for two reasons: an error for either.
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

    /// What fits where a request names no operation: the errors that the protocols' lists have for it, see
    /// [common errors](https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html), or any that speaks of
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

    /// What fits where a request must be refused for this reason.
    pub fn reject(&self, operation: &Operation, role: Role) -> Expectation {
        let mut errors = self.errors(operation, role);
        if errors.is_empty() {
            let any = |status| ExpectedError { status, error: None };
            errors = match role {
                Role::Unauthenticated | Role::Forbidden => vec![any(Some(401)), any(Some(403))],
                Role::MissingResource => vec![any(Some(404))],
                // No document names the error of a bad request here; see the judge for what does not fit.
                _ => vec![any(None)],
            };
        }
        Expectation::Reject { role, errors }
    }
}

/// What a case is of which two things are wrong.
fn intent_of_both(roles: [Role; 2]) -> Intent {
    match roles[0] {
        Role::Unauthenticated | Role::Forbidden => Intent::Auth,
        _ => Intent::Violates,
    }
}

pub(super) fn ambiguity(breach: &Breach) -> String {
    format!("the documents allow more than one reading of {} of `{}`", breach.constraint, breach.path)
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

/// Whether method and path say which operation is meant.
fn is_routed(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::RestJson1 | Protocol::RestJson | Protocol::RestXml)
}
