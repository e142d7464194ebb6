//! Lists in which the same item is twice, although the documents say that all items are different.

use crate::case::{Case, Value};
use crate::contract::{Constraint, FactField, PathSegment, ShapeKind};
use crate::generate::case_spec::IntendedOutcome;
use crate::generate::operation_context::OperationContext;
use crate::generate::site::InputSite;

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let shape = context.shape(site);
    let ShapeKind::List { member } = &shape.kind else { return Vec::new() };
    if !shape.unique || !site.is_in_body() || shape.length().max.is_some_and(|max| max < 2) {
        return Vec::new();
    }
    let least = shape.length().min.unwrap_or(0).max(2);
    let fact = shape.preferred_fact(&FactField::Unique);
    let outcome = IntendedOutcome::Violates(site.path.clone(), Constraint::Unique);
    let rule = "all items are different";
    let case = context.build_member_case(site, Constraint::Unique, "same-item-twice", rule, fact, outcome, |sampler| {
        let place = site.path.join(PathSegment::Item);
        let mut items: Vec<Value> =
            (0..least - 1).map(|index| sampler.distinct_item(member, &place, index, 1)).collect();
        items.push(items.first()?.clone());
        Some(Value::List(items))
    });
    case.into_iter().collect()
}
