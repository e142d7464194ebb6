//! Requests with two faults, which show the precedence of errors.
//!
//! Each fault alone must be rejected, so both together must be. The documents do not say which error comes first; the
//! response is recorded, and never expected.

use crate::case::{Authorization, Case, CaseClass, CaseKind, CaseSubject, Damage, FaultClass, Value};
use crate::contract::{Constraint, ErrorRole, MemberPath, ShapeKind, ShapeRule};
use crate::generate::case_spec::{CaseRequest, IntendedOutcome};
use crate::generate::input_sampler::{InputChange, InputSampler};
use crate::generate::operation_context::OperationContext;
use crate::generate::options::GenerationLevel;
use crate::generate::site::InputSite;
use crate::pattern::SeededDraw;
use crate::scenario::Credentials;
use std::collections::HashMap;

/// Maximum number of entries; lists and maps that may be longer are skipped.
const MAX_ENTRIES: u64 = 1000;
/// Maximum number of characters; texts that may be longer are skipped.
const MAX_CHARACTERS: u64 = 4096;

/// Maximum number of faults of one class. Inputs may have thousands of members.
const MAX_FAULTS_PER_CLASS: usize = 500;
/// Maximum number of pairs of two classes that are tried until one can be built.
const MAX_ATTEMPTS: usize = 200;
/// Maximum number of pairs of two classes if all of them are wanted.
const MAX_EXHAUSTIVE_ATTEMPTS: usize = 10_000;

/// One fault of a request.
struct RequestFault<'p> {
    /// The class of constraints: `auth`, `malformed`, `required` …
    class: FaultClass,
    /// Distinguishes the fault from others of its class.
    name: String,
    /// The role of the error with which it is rejected.
    role: ErrorRole,
    kind: FaultKind<'p>,
}

enum FaultKind<'p> {
    Unauthorized(Authorization),
    DamagedBody(Damage),
    /// A member is changed or removed.
    Member(&'p InputSite, InputChange, Constraint),
    /// All members of an `atLeastOneOf` rule are removed.
    RemovedAll(Vec<MemberPath>),
    /// An identifier names a resource that does not exist.
    UnknownIdentifier(&'p InputSite, &'p serde_json::Value),
}

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    let is_exhaustive = matches!(context.plan.options.level, GenerationLevel::Exhaustive);
    let mut faults = find_faults(context);
    let mut counts: HashMap<FaultClass, usize> = HashMap::new();
    faults.retain(|fault| {
        let count = counts.entry(fault.class).or_default();
        *count += 1;
        *count <= MAX_FAULTS_PER_CLASS
    });
    let mut out = Vec::new();
    let mut covered_classes: Vec<(FaultClass, FaultClass)> = Vec::new();
    let mut attempts: HashMap<(FaultClass, FaultClass), usize> = HashMap::new();
    let max_attempts = if is_exhaustive { MAX_EXHAUSTIVE_ATTEMPTS } else { MAX_ATTEMPTS };
    for (index, one) in faults.iter().enumerate() {
        for other in &faults[index + 1..] {
            let classes = (one.class, other.class);
            if one.class == other.class || (!is_exhaustive && covered_classes.contains(&classes)) {
                continue;
            }
            let tried = attempts.entry(classes).or_default();
            *tried += 1;
            if *tried > max_attempts {
                continue;
            }
            let Some(case) = build_pair(context, one, other) else { continue };
            covered_classes.push(classes);
            out.push(case);
        }
    }
    out
}

/// Builds a request with both faults, or returns `None` if one could hide the other.
fn build_pair(context: &OperationContext<'_>, one: &RequestFault<'_>, other: &RequestFault<'_>) -> Option<Case> {
    if !can_be_seen_together(&one.kind, &other.kind) {
        return None;
    }
    let both = [one, other];
    let violated: Vec<(MemberPath, Constraint)> = both
        .iter()
        .filter_map(|fault| match &fault.kind {
            FaultKind::Member(site, _, constraint) => Some((site.path.clone(), *constraint)),
            FaultKind::RemovedAll(_) => Some((MemberPath::root(), Constraint::AtLeastOneOf)),
            _ => None,
        })
        .collect();
    let outcome = IntendedOutcome::TwoFaults { roles: [one.role, other.role], violated };
    let kind = CaseKind::Pair(one.class, other.class);
    let variant = format!("{}+{}", one.name, other.name);
    let rule = format!("{}, and {}", describe_fault(one), describe_fault(other));
    let case = context.build_class_case(CaseClass::Pair, kind, variant, rule, outcome, |sampler| {
        Some(build_request(sampler, both))
    })?;
    // Two faults that one request cannot express are not a pair.
    case.unsendable_reason.is_none().then_some(case)
}

fn build_request(sampler: &InputSampler<'_>, both: [&RequestFault<'_>; 2]) -> CaseRequest {
    let mut changes: Vec<(&MemberPath, InputChange)> = Vec::new();
    let mut request = CaseRequest::new(Value::empty_map());
    for fault in both {
        match &fault.kind {
            FaultKind::Unauthorized(authorization) => request.authorization = Some(authorization.clone()),
            FaultKind::DamagedBody(damage) => request.damage.push(damage.clone()),
            FaultKind::Member(site, change, _) => changes.push((&site.path, change.clone())),
            FaultKind::RemovedAll(members) => {
                changes.extend(members.iter().map(|member| (member, InputChange::Remove)))
            }
            FaultKind::UnknownIdentifier(site, value) => {
                changes.push((&site.path, InputChange::Set(sampler.templates.fill_json(value))))
            }
        }
    }
    request.input = sampler.input_with(&changes);
    request
}

/// Returns true if neither fault hides the other: neither member contains the other, and no damaged body contains a
/// faulty member.
fn can_be_seen_together(one: &FaultKind<'_>, other: &FaultKind<'_>) -> bool {
    let places = |how: &FaultKind<'_>| match how {
        FaultKind::Member(site, ..) | FaultKind::UnknownIdentifier(site, _) => vec![site.path.clone()],
        FaultKind::RemovedAll(members) => members.clone(),
        FaultKind::Unauthorized(_) | FaultKind::DamagedBody(_) => Vec::new(),
    };
    let in_body = |how: &FaultKind<'_>| match how {
        FaultKind::Member(site, ..) | FaultKind::UnknownIdentifier(site, _) => site.is_in_body(),
        FaultKind::RemovedAll(_) | FaultKind::DamagedBody(_) => true,
        FaultKind::Unauthorized(_) => false,
    };
    let is_damaged = |how: &FaultKind<'_>| matches!(how, FaultKind::DamagedBody(_));
    let are_disjoint =
        |first: &MemberPath, second: &MemberPath| !first.0.starts_with(&second.0) && !second.0.starts_with(&first.0);
    let (first, second) = (places(one), places(other));
    let is_hidden = (is_damaged(one) || is_damaged(other)) && in_body(one) && in_body(other);
    !is_hidden && first.iter().all(|place| second.iter().all(|other_place| are_disjoint(place, other_place)))
}

fn describe_fault(fault: &RequestFault<'_>) -> String {
    match &fault.kind {
        FaultKind::Unauthorized(_) => "the caller must be authenticated and authorized".to_owned(),
        FaultKind::DamagedBody(_) => "the body must be a complete document".to_owned(),
        FaultKind::Member(site, _, constraint) => format!("`{}` violates {constraint}", site.path),
        FaultKind::RemovedAll(members) => {
            let names: Vec<String> = members.iter().map(ToString::to_string).collect();
            format!("at least one of {}", names.join(", "))
        }
        FaultKind::UnknownIdentifier(site, _) => format!("`{}` does not exist", site.path),
    }
}

/// Returns the possible faults of a request of the operation, by class, the simplest of each class first.
fn find_faults<'p>(context: &OperationContext<'p>) -> Vec<RequestFault<'p>> {
    let mut out = Vec::new();
    let scenario = context.plan.scenario;
    let role = ErrorRole::Unauthenticated;
    let principal = scenario.principal.as_ref().and_then(|name| Some((name, scenario.principals.get(name)?)));
    let schemes = context.plan.contract.auth_schemes(context.operation);
    let proofs = principal.map(|(name, principal)| (name, principal.credentials_for(schemes)));
    if let Some((principal, credentials)) = proofs.filter(|(_, known)| !matches!(known, Credentials::Anonymous)) {
        let how = FaultKind::Unauthorized(Authorization::Anonymous);
        out.push(RequestFault { class: FaultClass::Auth, name: "no-header".to_owned(), role, kind: how });
        for (name, _, damage) in
            crate::generate::boundary::auth::invalid_credentials(credentials, scenario.verifies_signatures)
        {
            let how = FaultKind::Unauthorized(Authorization::Damaged(principal.clone(), damage));
            out.push(RequestFault { class: FaultClass::Auth, name: name.to_owned(), role, kind: how });
        }
    }
    if let Some(permission) = &context.operation.permission {
        let lacking = scenario.principals.iter().find(|(_, principal)| principal.lacks.contains(permission));
        out.extend(lacking.map(|(name, _)| RequestFault {
            class: FaultClass::Forbidden,
            name: name.clone(),
            role: ErrorRole::Forbidden,
            kind: FaultKind::Unauthorized(Authorization::Principal(name.clone())),
        }));
    }
    if let Some(damage) = crate::generate::malformed::unparsable_body(context) {
        let how = FaultKind::DamagedBody(damage);
        out.push(RequestFault {
            class: FaultClass::Malformed,
            name: "brace".to_owned(),
            role: ErrorRole::InvalidInput,
            kind: how,
        });
    }
    for site in context.sites {
        let path = site.path.to_string();
        if let Some(value) = scenario.missing_value(context.operation.name.as_str(), &path) {
            let role = ErrorRole::MissingResource;
            out.push(RequestFault {
                class: FaultClass::Missing,
                name: path.clone(),
                role,
                kind: FaultKind::UnknownIdentifier(site, value),
            });
        }
    }
    let rules = context.operation.input.as_ref().map_or(&[][..], |input| &context.plan.contract.shape(input).rules);
    out.extend(rules.iter().filter_map(|rule| match rule {
        ShapeRule::AtLeastOneOf { members } => Some(RequestFault {
            class: FaultClass::Rule,
            name: rule.constraint().name().to_owned(),
            role: ErrorRole::InvalidInput,
            kind: FaultKind::RemovedAll(members.iter().map(|name| MemberPath::root().join_member(name)).collect()),
        }),
        _ => None,
    }));
    // Lists and maps differ between cases only in identifiers, which do not matter here, so one sample id will do.
    let class = CaseSubject::Class(CaseClass::Pair);
    let id = context.plan.case_id(context.operation, class, CaseKind::OptionalMember, "sample");
    let sampler = context.plan.input_sampler(context.operation, &id);
    for site in context.sites.iter().filter(|site| !site.recursive) {
        out.extend(member_faults(context, &sampler, site));
    }
    // Sorts by class, independent of the order of the members.
    out.sort_by_key(|fault| fault.class);
    out
}

/// Returns the simplest violation of each constraint of a member.
fn member_faults<'p>(
    context: &OperationContext<'p>,
    sampler: &InputSampler<'_>,
    site: &'p InputSite,
) -> Vec<RequestFault<'p>> {
    let shape = context.shape(site);
    let mut out = Vec::new();
    let mut add = |class: FaultClass, change: InputChange, constraint: Constraint| {
        let name = site.path.to_string();
        out.push(RequestFault {
            class,
            name,
            role: ErrorRole::InvalidInput,
            kind: FaultKind::Member(site, change, constraint),
        });
    };
    if site.required && !site.is_label() {
        add(FaultClass::Required, InputChange::Remove, Constraint::Required);
    }
    if site.is_in_body() && !site.is_key() {
        let wrong = match shape.kind {
            ShapeKind::Document => None,
            ShapeKind::Boolean | ShapeKind::Timestamp => Some(Value::List(Vec::new())),
            ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double => Some(Value::Boolean(true)),
            _ => Some(Value::Number("7".to_owned())),
        };
        if let Some(wrong) = wrong {
            add(FaultClass::Type, InputChange::Set(wrong), Constraint::Type);
        }
    }
    if matches!(shape.kind, ShapeKind::Enum { .. }) {
        add(FaultClass::Enum, InputChange::Set(Value::text("OVERSTEP_UNKNOWN")), Constraint::Enum);
    }
    if let Some(range) = &shape.range {
        let whole = |number: &Option<serde_json::Number>| number.as_ref()?.to_string().parse::<i128>().ok();
        let beyond = whole(&range.max).map(|max| max + 1).or_else(|| whole(&range.min).map(|min| min - 1));
        if let Some(number) = beyond {
            add(FaultClass::Range, InputChange::Set(Value::integer(number)), Constraint::Range);
        }
    }
    if let Some(value) = crate::generate::boundary::byte_budget::value_over_budget(context, sampler, site) {
        add(FaultClass::Rule, InputChange::Set(value), Constraint::MaxTotalBytes);
    }
    for (side, value) in wrong_size_values(context, sampler, site) {
        let (name, role) = (format!("{}{side}", site.path), ErrorRole::InvalidInput);
        let how = FaultKind::Member(site, InputChange::Set(value), Constraint::Length);
        out.push(RequestFault { class: FaultClass::Length, name, role, kind: how });
    }
    let mut add = |class: FaultClass, change: InputChange, constraint: Constraint| {
        let name = site.path.to_string();
        out.push(RequestFault {
            class,
            name,
            role: ErrorRole::InvalidInput,
            kind: FaultKind::Member(site, change, constraint),
        });
    };
    if let (ShapeKind::String, Some(pattern)) = (&shape.kind, context.pattern(site)) {
        let purpose = format!("pair/{}/{}", context.operation.name, site.path);
        let mut draw = SeededDraw::new(context.plan.options.seed, &purpose);
        let length = shape.length();
        let limits = (length.min.unwrap_or(0), length.max.unwrap_or(4096).min(4096));
        let violation =
            pattern.draw_member(&mut draw, None).and_then(|member| pattern.first_violation(&member, limits, &mut draw));
        if let Some(violation) =
            violation.filter(|violation| crate::generate::boundary::patterns::arrives_unchanged(site, &violation.text))
        {
            add(FaultClass::Pattern, InputChange::Set(Value::Text(violation.text)), Constraint::Pattern);
        }
    }
    out
}

/// Returns a value that is too long and one that is too short, each with the suffix of its name.
fn wrong_size_values(
    context: &OperationContext<'_>,
    sampler: &InputSampler<'_>,
    site: &InputSite,
) -> Vec<(&'static str, Value)> {
    let (shape, length) = (context.shape(site), context.shape(site).length());
    let is_text = matches!(shape.kind, ShapeKind::String);
    let most = if is_text { MAX_CHARACTERS } else { MAX_ENTRIES };
    let above = length.max.filter(|max| *max < most).map(|max| ("", max + 1));
    // An empty text or list is invisible in a path or a query.
    let below = length.min.and_then(|min| min.checked_sub(1)).filter(|size| *size > 0 || site.is_in_body());
    let build_value = |size: u64| match shape.kind {
        ShapeKind::String => crate::generate::boundary::length::text_of_length(context, site, size).map(Value::Text),
        ShapeKind::List { .. } | ShapeKind::Map { .. } if site.is_in_body() => {
            crate::generate::boundary::length::build_entries(sampler, site, shape, size)
        }
        _ => None,
    };
    let sides = above.into_iter().chain(below.map(|size| ("-below-min", size)));
    sides.filter_map(|(side, size)| Some((side, build_value(size)?))).collect()
}
