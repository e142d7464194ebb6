//! Requests with two faults, which show the precedence of errors.
//!
//! Each fault alone must be rejected, so both together must be. The documents do not say which error comes first; the
//! response is recorded, and never expected.

use super::Work;
use crate::contract::{Constraint, Kind, MemberPath, Role, Rule};
use crate::generate::Value;
use crate::generate::case::{Authorization, Case, Damage};
use crate::generate::draft::{Aim, Request};
use crate::generate::draw::Seeded;
use crate::generate::plan::Level;
use crate::generate::sample::{Change, Sampler};
use crate::generate::site::Site;
use crate::scenario::Credentials;

/// Maximum number of entries; lists and maps that may be longer are skipped.
const MOST_ENTRIES: u64 = 1000;
/// Maximum number of characters; texts that may be longer are skipped.
const MOST_CHARACTERS: u64 = 4096;

/// One fault of a request.
struct Fault<'p> {
    /// The class of constraints: `auth`, `malformed`, `required` …
    class: &'static str,
    /// Distinguishes the fault from others of its class.
    name: String,
    /// The role of the error with which it is rejected.
    role: Role,
    how: How<'p>,
}

enum How<'p> {
    Denied(Authorization),
    Damaged(Damage),
    /// A member is changed or removed.
    Member(&'p Site, Change, Constraint),
    /// All members of an `atLeastOneOf` rule are removed.
    NoneOf(Vec<MemberPath>),
    /// An identifier names a resource that does not exist.
    Missing(&'p Site, &'p serde_json::Value),
}

pub(crate) fn cases(work: &Work<'_>) -> Vec<Case> {
    let all = matches!(work.planner.options.level, Level::Exhaustive);
    let faults = faults(work);
    let mut out = Vec::new();
    let mut told: Vec<(&str, &str)> = Vec::new();
    for (index, one) in faults.iter().enumerate() {
        for other in &faults[index + 1..] {
            let classes = (one.class, other.class);
            if one.class == other.class || (!all && told.contains(&classes)) {
                continue;
            }
            let Some(case) = pair(work, one, other) else { continue };
            told.push(classes);
            out.push(case);
        }
    }
    out
}

/// Builds a request with both faults, or returns `None` if one could hide the other.
fn pair(work: &Work<'_>, one: &Fault<'_>, other: &Fault<'_>) -> Option<Case> {
    if !can_be_seen_together(&one.how, &other.how) {
        return None;
    }
    let both = [one, other];
    let breaks: Vec<(MemberPath, Constraint)> = both
        .iter()
        .filter_map(|fault| match &fault.how {
            How::Member(site, _, constraint) => Some((site.path.clone(), *constraint)),
            How::NoneOf(_) => Some((MemberPath::root(), Constraint::AtLeastOneOf)),
            _ => None,
        })
        .collect();
    let aim = Aim::Both { roles: [one.role, other.role], breaks };
    let kind = format!("{}+{}", one.class, other.class);
    let variant = format!("{}+{}", one.name, other.name);
    let rule = format!("{}, and {}", words(one), words(other));
    let case = work.of_class("pair", kind, variant, rule, aim, |sampler| Some(request(sampler, both)))?;
    // Two faults that one request cannot express are not a pair.
    case.unsendable.is_none().then_some(case)
}

fn request(sampler: &Sampler<'_>, both: [&Fault<'_>; 2]) -> Request {
    let mut changes: Vec<(&MemberPath, Change)> = Vec::new();
    let mut request = Request::of(Value::empty());
    for fault in both {
        match &fault.how {
            How::Denied(authorization) => request.authorization = Some(authorization.clone()),
            How::Damaged(damage) => request.damage.push(damage.clone()),
            How::Member(site, change, _) => changes.push((&site.path, change.clone())),
            How::NoneOf(members) => changes.extend(members.iter().map(|member| (member, Change::Remove))),
            How::Missing(site, value) => changes.push((&site.path, Change::Set(sampler.templates.json(value)))),
        }
    }
    request.input = sampler.with(&changes);
    request
}

/// Returns true if neither fault hides the other: neither member contains the other, and no damaged body contains a
/// faulty member.
fn can_be_seen_together(one: &How<'_>, other: &How<'_>) -> bool {
    let places = |how: &How<'_>| match how {
        How::Member(site, ..) | How::Missing(site, _) => vec![site.path.clone()],
        How::NoneOf(members) => members.clone(),
        How::Denied(_) | How::Damaged(_) => Vec::new(),
    };
    let in_body = |how: &How<'_>| match how {
        How::Member(site, ..) | How::Missing(site, _) => site.in_body(),
        How::NoneOf(_) | How::Damaged(_) => true,
        How::Denied(_) => false,
    };
    let is_damaged = |how: &How<'_>| matches!(how, How::Damaged(_));
    let apart =
        |first: &MemberPath, second: &MemberPath| !first.0.starts_with(&second.0) && !second.0.starts_with(&first.0);
    let (first, second) = (places(one), places(other));
    let is_hidden = (is_damaged(one) || is_damaged(other)) && in_body(one) && in_body(other);
    !is_hidden && first.iter().all(|place| second.iter().all(|beside| apart(place, beside)))
}

fn words(fault: &Fault<'_>) -> String {
    match &fault.how {
        How::Denied(_) => "the caller must be authenticated and authorized".to_owned(),
        How::Damaged(_) => "the body must be a complete document".to_owned(),
        How::Member(site, _, constraint) => format!("`{}` violates {constraint}", site.path),
        How::NoneOf(members) => {
            let names: Vec<String> = members.iter().map(ToString::to_string).collect();
            format!("at least one of {}", names.join(", "))
        }
        How::Missing(site, _) => format!("`{}` does not exist", site.path),
    }
}

/// Returns the possible faults of a request of the operation, by class, the simplest of each class first.
fn faults<'p>(work: &Work<'p>) -> Vec<Fault<'p>> {
    let mut out = Vec::new();
    let scenario = work.planner.scenario;
    let role = Role::Unauthenticated;
    let principal = scenario.principal.as_ref().and_then(|name| Some((name, scenario.principals.get(name)?)));
    let proofs = principal.map(|(name, principal)| (name, &principal.credentials));
    if let Some((principal, credentials)) = proofs.filter(|(_, known)| !matches!(known, Credentials::Anonymous)) {
        let how = How::Denied(Authorization::Anonymous);
        out.push(Fault { class: "auth", name: "no-header".to_owned(), role, how });
        for (name, _, damage) in super::auth::wrong_proofs(credentials, scenario.verifies_signatures) {
            let how = How::Denied(Authorization::Damaged(principal.clone(), damage));
            out.push(Fault { class: "auth", name: name.to_owned(), role, how });
        }
    }
    if let Some(permission) = &work.operation.permission {
        let lacking = scenario.principals.iter().find(|(_, principal)| principal.lacks.contains(permission));
        out.extend(lacking.map(|(name, _)| Fault {
            class: "forbidden",
            name: name.clone(),
            role: Role::Forbidden,
            how: How::Denied(Authorization::Principal(name.clone())),
        }));
    }
    if let Some(damage) = super::malformed::no_document(work) {
        let how = How::Damaged(damage);
        out.push(Fault { class: "malformed", name: "brace".to_owned(), role: Role::InvalidInput, how });
    }
    for site in work.sites {
        let path = site.path.to_string();
        if let Some(value) = scenario.missing_for(work.operation.name.as_str(), &path) {
            let role = Role::MissingResource;
            out.push(Fault { class: "missing", name: path.clone(), role, how: How::Missing(site, value) });
        }
    }
    let rules = work.operation.input.as_ref().map_or(&[][..], |input| &work.planner.contract.shape(input).rules);
    out.extend(rules.iter().filter_map(|rule| match rule {
        Rule::AtLeastOneOf { members } => Some(Fault {
            class: "rule",
            name: rule.constraint().name().to_owned(),
            role: Role::InvalidInput,
            how: How::NoneOf(members.iter().map(|name| MemberPath::root().member(name)).collect()),
        }),
        _ => None,
    }));
    // Lists and maps differ between cases only in identifiers, which do not matter here, so one sample id will do.
    let id = work.planner.id(work.operation, "pair", "member", "sample");
    let sampler = work.planner.sampler(work.operation, &id);
    for site in work.sites.iter().filter(|site| !site.recursive) {
        out.extend(of_member(work, &sampler, site));
    }
    // Sorts by class, independent of the order of the members.
    let order =
        ["auth", "forbidden", "malformed", "required", "type", "enum", "range", "length", "pattern", "rule", "missing"];
    out.sort_by_key(|fault| order.iter().position(|class| *class == fault.class));
    out
}

/// Returns the simplest violation of each constraint of a member.
fn of_member<'p>(work: &Work<'p>, sampler: &Sampler<'_>, site: &'p Site) -> Vec<Fault<'p>> {
    let shape = work.shape(site);
    let mut out = Vec::new();
    let mut add = |class: &'static str, change: Change, constraint: Constraint| {
        let name = site.path.to_string();
        out.push(Fault { class, name, role: Role::InvalidInput, how: How::Member(site, change, constraint) });
    };
    if site.required && !site.is_label() {
        add("required", Change::Remove, Constraint::Required);
    }
    if site.in_body() && !site.is_key() {
        let wrong = match shape.kind {
            Kind::Document => None,
            Kind::Boolean | Kind::Timestamp => Some(Value::List(Vec::new())),
            Kind::Integer | Kind::Long | Kind::Float | Kind::Double => Some(Value::Boolean(true)),
            _ => Some(Value::Number("7".to_owned())),
        };
        if let Some(wrong) = wrong {
            add("type", Change::Set(wrong), Constraint::Type);
        }
    }
    if matches!(shape.kind, Kind::Enum { .. }) {
        add("enum", Change::Set(Value::text("OVERSTEP_UNKNOWN")), Constraint::Enum);
    }
    if let Some(range) = &shape.range {
        let whole = |number: &Option<serde_json::Number>| number.as_ref()?.to_string().parse::<i128>().ok();
        let beyond = whole(&range.max).map(|max| max + 1).or_else(|| whole(&range.min).map(|min| min - 1));
        if let Some(number) = beyond {
            add("range", Change::Set(Value::integer(number)), Constraint::Range);
        }
    }
    if let Some(value) = super::bytes::over_budget(work, sampler, site) {
        add("rule", Change::Set(value), Constraint::MaxTotalBytes);
    }
    for (side, value) in wrong_sizes(work, sampler, site) {
        let (name, role) = (format!("{}{side}", site.path), Role::InvalidInput);
        let how = How::Member(site, Change::Set(value), Constraint::Length);
        out.push(Fault { class: "length", name, role, how });
    }
    let mut add = |class: &'static str, change: Change, constraint: Constraint| {
        let name = site.path.to_string();
        out.push(Fault { class, name, role: Role::InvalidInput, how: How::Member(site, change, constraint) });
    };
    if let (Kind::String, Some(pattern)) = (&shape.kind, work.pattern(site)) {
        let purpose = format!("pair/{}/{}", work.operation.name, site.path);
        let mut draw = Seeded::new(work.planner.options.seed, &purpose);
        let length = shape.length();
        let limits = (length.min.unwrap_or(0), length.max.unwrap_or(4096).min(4096));
        let violation =
            pattern.member(&mut draw, None).and_then(|member| pattern.first_violation(&member, limits, &mut draw));
        if let Some(violation) = violation.filter(|violation| super::patterns::travels(site, &violation.text)) {
            add("pattern", Change::Set(Value::Text(violation.text)), Constraint::Pattern);
        }
    }
    out
}

/// Returns a value that is too long and one that is too short, each with the suffix of its name.
fn wrong_sizes(work: &Work<'_>, sampler: &Sampler<'_>, site: &Site) -> Vec<(&'static str, Value)> {
    let (shape, length) = (work.shape(site), work.shape(site).length());
    let is_text = matches!(shape.kind, Kind::String);
    let most = if is_text { MOST_CHARACTERS } else { MOST_ENTRIES };
    let above = length.max.filter(|max| *max < most).map(|max| ("", max + 1));
    // An empty text or list is invisible in a path or a query.
    let below = length.min.and_then(|min| min.checked_sub(1)).filter(|size| *size > 0 || site.in_body());
    let made = |size: u64| match shape.kind {
        Kind::String => super::length::text_of(work, site, size).map(Value::Text),
        Kind::List { .. } | Kind::Map { .. } if site.in_body() => super::length::entries(sampler, site, shape, size),
        _ => None,
    };
    let sides = above.into_iter().chain(below.map(|size| ("-below-min", size)));
    sides.filter_map(|(side, size)| Some((side, made(size)?))).collect()
}
