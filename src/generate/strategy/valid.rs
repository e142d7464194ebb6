//! Valid requests: the control, each optional member alone, all of them together.

use super::Work;
use crate::contract::MemberPath;
use crate::generate::case::Case;
use crate::generate::draft::{Aim, Request};
use crate::generate::sample::Change;

/// The control's place in every id, so that `filter` and people find it.
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
    let top: Vec<(&MemberPath, Change)> =
        optional.iter().filter(|path| path.0.len() == 1).map(|path| (*path, Change::Touch)).collect();
    if top.len() > 1 {
        out.extend(work.of_class("valid", "member", "all", "all optional members together", Aim::Valid, |sampler| {
            Some(Request::of(sampler.with(&top)))
        }));
    }
    out
}

/// The plain valid request.
pub(crate) fn control(work: &Work<'_>) -> Option<Case> {
    work.of_class("valid", CONTROL.0, CONTROL.1, "a plain valid request", Aim::Valid, |sampler| {
        Some(Request::of(sampler.plain()))
    })
}
