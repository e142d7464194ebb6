//! Empty texts, lists and maps, if the documents do not say whether they are valid.
//!
//! The response is recorded, and never expected. For documented minimum lengths, see `length.rs`.

use crate::case::{Case, Value};
use crate::contract::{Constraint, MemberLocation, ShapeKind};
use crate::generate::case_spec::IntendedOutcome;
use crate::generate::operation_context::OperationContext;
use crate::generate::resource_status::is_owned_identifier;
use crate::generate::site::InputSite;

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let shape = context.shape(site);
    let length = shape.length();
    let is_undocumented = !site.is_key() && !site.recursive && length.min.is_none() && shape.pattern.is_none();
    if !is_undocumented || is_owned_identifier(context.plan, context.operation, &site.path) {
        return Vec::new();
    }
    let empty = match shape.kind {
        // A documented maximum length alone includes the empty text, so that case belongs to `length.rs`.
        ShapeKind::String if site.is_in_body() && length.max.is_none() => Value::text(""),
        ShapeKind::String if matches!(site.location, MemberLocation::Query | MemberLocation::Form) => Value::text(""),
        ShapeKind::List { .. } if site.is_in_body() => Value::List(Vec::new()),
        ShapeKind::Map { .. } if site.is_in_body() => Value::empty_map(),
        _ => return Vec::new(),
    };
    let outcome = IntendedOutcome::Undocumented("the docs don't say whether it may be empty");
    context
        .build_member_case(site, Constraint::Length, "empty", "no documented minimum", None, outcome, |_| Some(empty))
        .into_iter()
        .collect()
}
