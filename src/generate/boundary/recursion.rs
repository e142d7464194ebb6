//! Recursive shapes: sensible depths must be accepted, absurd ones must not break the server.
//!
//! It never expects that a depth is rejected.

use crate::case::{Case, Value};
use crate::contract::{Constraint, MemberPath, PathSegment, ShapeId, ShapeKind};
use crate::generate::case_spec::IntendedOutcome;
use crate::generate::input_sampler::InputSampler;
use crate::generate::operation_context::OperationContext;
use crate::generate::site::InputSite;
use indexmap::IndexMap;

/// Depths that every server should accept.
const SENSIBLE_DEPTHS: [usize; 3] = [2, 3, 5];
/// Depths that no document promises. For depths beyond what a value can hold, see the `deep-nesting` cases in
/// `malformed/`.
const ABSURD_DEPTHS: [usize; 2] = [30, 150];

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let site_at = |path: &[PathSegment]| context.sites.iter().find(|other| other.path.0 == path);
    // Only the first site where a shape recurs; all deeper ones repeat it.
    let parent = site.path.0.split_last().and_then(|(_, above)| site_at(above));
    if !site.recursive || !site.is_in_body() || parent.is_none_or(|parent| parent.recursive) {
        return Vec::new();
    }
    let lengths = 1..site.path.0.len();
    let Some(above) = lengths.rev().filter_map(|end| site_at(&site.path.0[..end])).find(|one| one.shape == site.shape)
    else {
        return Vec::new();
    };
    let cycle = &site.path.0[above.path.0.len()..];
    let mut out = Vec::new();
    let absurd =
        ABSURD_DEPTHS.iter().map(|depth| (*depth, IntendedOutcome::Undocumented("the docs state no maximum depth")));
    let all = SENSIBLE_DEPTHS.iter().map(|depth| (*depth, IntendedOutcome::Valid)).chain(absurd);
    for (depth, outcome) in all {
        out.extend(context.build_member_case(
            site,
            Constraint::Type,
            format!("nested-{depth}"),
            "may contain itself",
            None,
            outcome,
            |sampler| {
                let mut value = sampler.sample_value(&site.shape, &site.path);
                for _ in 1..depth {
                    value = wrap_in_cycle(sampler, context, &site.shape, cycle, value)?;
                }
                Some(value)
            },
        ));
    }
    out
}

/// Returns a value of the shape with `inner` at the end of `cycle`.
fn wrap_in_cycle(
    sampler: &InputSampler<'_>,
    context: &OperationContext<'_>,
    id: &ShapeId,
    cycle: &[PathSegment],
    inner: Value,
) -> Option<Value> {
    let mut inner = Some(inner);
    let Some((segment, rest)) = cycle.split_first() else { return inner };
    let shape = context.plan.contract.shape(id);
    match (&shape.kind, segment) {
        (ShapeKind::Structure { members } | ShapeKind::Union { members }, PathSegment::Member(name)) => {
            let mut out = IndexMap::new();
            for (other, member) in members {
                if other == name {
                    out.insert(name.clone(), wrap_in_cycle(sampler, context, &member.shape, rest, inner.take()?)?);
                } else if member.required {
                    out.insert(
                        other.clone(),
                        sampler.sample_value(&member.shape, &MemberPath::root().join_member(other)),
                    );
                }
            }
            Some(Value::Map(out))
        }
        (ShapeKind::List { member }, PathSegment::Item) => {
            Some(Value::List(vec![wrap_in_cycle(sampler, context, member, rest, inner.take()?)?]))
        }
        (ShapeKind::Map { key, value }, PathSegment::Value) => {
            let key = sampler.sample_key(key, &MemberPath::root().join_member("nested"), 0);
            Some(Value::Map(IndexMap::from([(key, wrap_in_cycle(sampler, context, value, rest, inner.take()?)?)])))
        }
        _ => None,
    }
}
