//! Required members, left out or null.
//!
//! It never removes a path segment, because the request would call another route.

use super::Work;
use super::malformed::Family;
use crate::contract::{Constraint, Kind};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::draft::{Aim, Draft, Place, Request};
use crate::generate::sample::Change;
use crate::generate::site::Site;

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    let mut out = Vec::new();
    // Forms and XML cannot express null.
    let has_null = matches!(super::malformed::family(work), Family::Json | Family::Cbor);
    let aim = || Aim::Breaks(site.path.clone(), Constraint::Required);
    if site.is_member && site.required {
        if site.is_label() {
            out.push(work.not_sent(
                site,
                Constraint::Required,
                "missing",
                "required".to_owned(),
                "without its segment the path is another one",
            ));
            return out;
        }
        let parent = work.planner.contract.shape(&site.parent);
        let draft = Draft {
            place: Place::Member(site),
            kind: Constraint::Required.name().to_owned(),
            variant: "missing".to_owned(),
            rule: "required".to_owned(),
            source: work.planner.source(site.required_fact(parent), work.operation),
            aim: aim(),
        };
        out.extend(work.case(draft, |sampler| Some(Request::of(sampler.with(&[(&site.path, Change::Remove)])))));
        if site.in_body() && has_null {
            let fact = site.required_fact(parent);
            out.extend(
                work.at(site, Constraint::Required, "null", "required, so not null", fact, aim(), |_| {
                    Some(Value::Null)
                }),
            );
        }
    } else if site.is_member && site.in_body() && has_null {
        let aim = Aim::Silent("null for an optional member");
        out.extend(work.at(site, Constraint::Type, "null", kind_in_words(&work.shape(site).kind), None, aim, |_| {
            Some(Value::Null)
        }));
    } else if site.in_body() && !site.is_key() && has_null && !site.is_member {
        let aim = Aim::Breaks(site.path.clone(), Constraint::Type);
        let rule = format!("{}, so not null", kind_in_words(&work.shape(site).kind));
        out.extend(work.at(site, Constraint::Type, "null", rule, None, aim, |_| Some(Value::Null)));
    }
    out
}

/// Describes the values of a kind: `a string`, `a 32-bit integer`.
pub(super) fn kind_in_words(kind: &Kind) -> &'static str {
    match kind {
        Kind::Blob => "bytes as base64",
        Kind::Boolean => "a boolean",
        Kind::String => "a string",
        Kind::Enum { .. } => "one of a list of strings",
        Kind::Integer => "a 32-bit integer",
        Kind::Long => "a 64-bit integer",
        Kind::Float | Kind::Double => "a number",
        Kind::Timestamp => "a timestamp",
        Kind::Document => "any value",
        Kind::List { .. } => "a list",
        Kind::Map { .. } => "a map",
        Kind::Structure { .. } => "an object",
        Kind::Union { .. } => "an object with one member",
    }
}
