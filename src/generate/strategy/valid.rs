//! Valid requests: the control, each optional member alone and all of them together; other plain values as well, if
//! only models describe the operation.
//!
//! It never tests a limit.

use super::Work;
use crate::contract::{Kind, MemberPath};
use crate::generate::case::Case;
use crate::generate::draft::{Aim, Request};
use crate::generate::resource::is_owned_identifier;
use crate::generate::sample::Change;
use crate::generate::site::Site;

/// Kind and variant of the control in case ids, by which filters and people find it.
pub(crate) const CONTROL: (&str, &str) = ("control", "plain");

pub(crate) fn cases(work: &Work<'_>) -> Vec<Case> {
    let mut out = Vec::new();
    let optional: Vec<&MemberPath> = work
        .sites
        .iter()
        .filter(|site| site.is_member && !site.required && !site.recursive)
        .map(|site| &site.path)
        .collect();
    for path in &optional {
        let rule = format!("`{path}` is optional");
        out.extend(work.of_class("valid", "member", path.to_string(), rule, Aim::Valid, |sampler| {
            Some(Request::of(sampler.with(&[(*path, Change::Touch)])))
        }));
    }
    if work.planner.modelled {
        out.extend(work.sites.iter().filter(|site| !site.recursive).filter_map(|site| other(work, site)));
    }
    let top: Vec<(&MemberPath, Change)> =
        optional.iter().filter(|path| path.0.len() == 1).map(|path| (*path, Change::Touch)).collect();
    if top.len() > 1 {
        out.extend(work.of_class("valid", "member", "all", "all optional members together", Aim::Valid, |sampler| {
            Some(Request::of(sampler.with(&top)))
        }));
    }
    out
}

/// Builds a case with another plain value for a member that the control sets. If it is rejected, other rejections of
/// that member prove nothing.
fn other(work: &Work<'_>, site: &Site) -> Option<Case> {
    let path = &site.path;
    if (site.is_member && !site.required) || is_owned_identifier(work.planner, work.operation, path) {
        return None;
    }
    let rule = format!("`{path}` may hold another plain value");
    let kind = &work.shape(site).kind;
    if matches!(
        kind,
        Kind::Structure { .. }
            | Kind::Union { .. }
            | Kind::List { .. }
            | Kind::Map { .. }
            | Kind::Document
            | Kind::Boolean
            | Kind::Timestamp
    ) {
        return None;
    }
    work.of_class("valid", "other", path.to_string(), rule, Aim::Valid, |sampler| {
        let plain = sampler.sample(&site.shape, path);
        let value = sampler.distinct(&site.shape, path, 1, 0);
        (value != plain).then(|| Request::of(sampler.set(site, value)))
    })
}

/// Builds the control: the plain valid request that shows that the operation works.
pub(crate) fn control(work: &Work<'_>) -> Option<Case> {
    work.of_class("valid", CONTROL.0, CONTROL.1, "a plain valid request", Aim::Valid, |sampler| {
        Some(Request::of(sampler.plain()))
    })
}
