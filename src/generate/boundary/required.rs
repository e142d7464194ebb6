//! Required members, left out or null.
//!
//! It never removes a path segment, because the request would call another route.

use crate::case::{Case, CaseKind, CaseSubject, Value};
use crate::contract::{Constraint, FactField, ShapeKind};
use crate::generate::case_spec::{CaseRequest, CaseSpec, IntendedOutcome};
use crate::generate::input_sampler::InputChange;
use crate::generate::malformed::BodyFormat;
use crate::generate::operation_context::OperationContext;
use crate::generate::site::InputSite;

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let mut out = Vec::new();
    // Forms and XML cannot express null.
    let has_null = matches!(crate::generate::malformed::body_format(context), BodyFormat::Json | BodyFormat::Cbor);
    let outcome = || IntendedOutcome::Violates(site.path.clone(), Constraint::Required);
    let is_nullable = context.shape(site).nullable;
    if is_nullable && has_null && site.is_in_body() && !site.is_key() {
        let (rule, fact) = ("null is a value, too", context.shape(site).preferred_fact(&FactField::Type));
        let is_valid = IntendedOutcome::Valid;
        out.extend(
            context.build_member_case(site, Constraint::Type, "null", rule, fact, is_valid, |_| Some(Value::Null)),
        );
    }
    let has_null = has_null && !is_nullable;
    if site.is_member && site.required {
        if site.is_label() {
            out.push(context.build_unsendable_case(
                site,
                Constraint::Required,
                "missing",
                "required".to_owned(),
                "without its segment the path is another one",
            ));
            return out;
        }
        let parent = context.plan.contract.shape(&site.parent);
        let spec = CaseSpec {
            subject: CaseSubject::Member(site.path.clone()),
            kind: CaseKind::Constraint(Constraint::Required),
            variant: "missing".to_owned(),
            rule: "required".to_owned(),
            source: context.plan.documented_at(site.required_fact(parent), context.operation),
            outcome: outcome(),
        };
        out.extend(context.build_case(spec, |sampler| {
            Some(CaseRequest::new(sampler.input_with(&[(&site.path, InputChange::Remove)])))
        }));
        if site.is_in_body() && has_null {
            let fact = site.required_fact(parent);
            out.extend(context.build_member_case(
                site,
                Constraint::Required,
                "null",
                "required, so not null",
                fact,
                outcome(),
                |_| Some(Value::Null),
            ));
        }
    } else if site.is_member && site.is_in_body() && has_null {
        let outcome = IntendedOutcome::Undocumented("null for an optional member");
        out.extend(context.build_member_case(
            site,
            Constraint::Type,
            "null",
            describe_kind(&context.shape(site).kind),
            None,
            outcome,
            |_| Some(Value::Null),
        ));
    } else if site.is_in_body() && !site.is_key() && has_null && !site.is_member {
        let outcome = IntendedOutcome::Violates(site.path.clone(), Constraint::Type);
        let rule = format!("{}, so not null", describe_kind(&context.shape(site).kind));
        out.extend(
            context.build_member_case(site, Constraint::Type, "null", rule, None, outcome, |_| Some(Value::Null)),
        );
    }
    out
}

/// Describes the values of a kind: `a string`, `a 32-bit integer`.
pub(super) fn describe_kind(kind: &ShapeKind) -> &'static str {
    match kind {
        ShapeKind::Blob => "bytes as base64",
        ShapeKind::Boolean => "a boolean",
        ShapeKind::String => "a string",
        ShapeKind::Enum { .. } => "one of a list of strings",
        ShapeKind::Integer => "a 32-bit integer",
        ShapeKind::Long => "a 64-bit integer",
        ShapeKind::Float | ShapeKind::Double => "a number",
        ShapeKind::Timestamp => "a timestamp",
        ShapeKind::Document => "any value",
        ShapeKind::List { .. } => "a list",
        ShapeKind::Map { .. } => "a map",
        ShapeKind::Structure { .. } => "an object",
        ShapeKind::Union { .. } => "an object with one member",
    }
}
