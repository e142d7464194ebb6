//! Empty texts, lists and maps, if the documents do not say whether they are valid.
//!
//! The response is recorded, and never expected. For documented minimum lengths, see `length.rs`.

use super::Work;
use crate::contract::{Constraint, Kind, Location};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::draft::Aim;
use crate::generate::resource::is_owned_identifier;
use crate::generate::site::Site;

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    let shape = work.shape(site);
    let length = shape.length();
    let is_open = !site.is_key() && !site.recursive && length.min.is_none() && shape.pattern.is_none();
    if !is_open || is_owned_identifier(work.planner, work.operation, &site.path) {
        return Vec::new();
    }
    let empty = match shape.kind {
        // A documented maximum length alone includes the empty text, so that case belongs to `length.rs`.
        Kind::String if site.in_body() && length.max.is_none() => Value::text(""),
        Kind::String if site.location == Location::Query => Value::text(""),
        Kind::List { .. } if site.in_body() => Value::List(Vec::new()),
        Kind::Map { .. } if site.in_body() => Value::empty(),
        _ => return Vec::new(),
    };
    let aim = Aim::Silent("the docs don't say whether it may be empty");
    work.at(site, Constraint::Length, "empty", "no documented minimum", None, aim, |_| Some(empty))
        .into_iter()
        .collect()
}
