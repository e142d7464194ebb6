//! A ladder of growing sizes, if no maximum size is documented.
//!
//! It never expects a rejection.

use crate::case::{Case, Value};
use crate::contract::{Constraint, FactOrigin, MemberLocation, ShapeKind};
use crate::generate::boundary::length::build_entries;
use crate::generate::case_spec::IntendedOutcome;
use crate::generate::limits::{length_unit, pluralize};
use crate::generate::operation_context::OperationContext;
use crate::generate::resource_status::is_owned_identifier;
use crate::generate::scalar_sampler::repeat_to_length;
use crate::generate::site::InputSite;

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let shape = context.shape(site);
    let is_unlimited = shape.length().max.is_none() && shape.pattern.is_none() && !site.recursive;
    if !is_unlimited || is_owned_identifier(context.plan, context.operation, &site.path) {
        return Vec::new();
    }
    let in_body = site.is_in_body();
    let sizes: &[u64] = match shape.kind {
        ShapeKind::String | ShapeKind::Blob if in_body => &[1024, 65_536],
        ShapeKind::String if matches!(site.location, MemberLocation::Query | MemberLocation::Form) => &[512],
        ShapeKind::List { .. } | ShapeKind::Map { .. } if in_body => &[10, 100, 1000],
        _ => &[],
    };
    // If a model states no limit, there is none, unless the model leaves out most limits.
    let from_model =
        !context.plan.has_only_aws_models() && shape.facts.iter().any(|fact| fact.standing == FactOrigin::Model);
    let (one, many) = length_unit(&shape.kind);
    sizes
        .iter()
        .filter_map(|size| {
            let outcome = if from_model {
                IntendedOutcome::Valid
            } else {
                IntendedOutcome::Undocumented("the docs state no maximum size")
            };
            let rule = format!("no documented maximum, so {} too", pluralize(*size, one, many));
            let variant = format!("ladder-{size}");
            context.build_member_case(site, Constraint::Length, variant, rule, None, outcome, |sampler| {
                match shape.kind {
                    ShapeKind::String => Some(Value::Text(repeat_to_length("overstep", *size as usize))),
                    ShapeKind::Blob => {
                        Some(Value::Blob(b"overstep".iter().copied().cycle().take(*size as usize).collect()))
                    }
                    _ => build_entries(sampler, site, shape, *size),
                }
            })
        })
        .collect()
}
