//! Recursive shapes: sensible depths must be accepted, absurd ones must not break the server.
//!
//! It never expects that a depth is rejected.

use super::Work;
use crate::contract::{Constraint, Kind, MemberPath, Segment, ShapeId};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::draft::Aim;
use crate::generate::sample::Sampler;
use crate::generate::site::Site;
use indexmap::IndexMap;

/// Depths that every server should accept.
const SENSIBLE: [usize; 3] = [2, 3, 5];
/// Depths that no document promises. For depths beyond what a value can hold, see the `deep-nesting` cases in
/// `malformed/`.
const ABSURD: [usize; 2] = [30, 150];

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    let around = |path: &[Segment]| work.sites.iter().find(|other| other.path.0 == path);
    // Only the first site where a shape recurs; all deeper ones repeat it.
    let parent = site.path.0.split_last().and_then(|(_, above)| around(above));
    if !site.recursive || !site.in_body() || parent.is_none_or(|parent| parent.recursive) {
        return Vec::new();
    }
    let lengths = 1..site.path.0.len();
    let Some(above) = lengths.rev().filter_map(|end| around(&site.path.0[..end])).find(|one| one.shape == site.shape)
    else {
        return Vec::new();
    };
    let cycle = &site.path.0[above.path.0.len()..];
    let mut out = Vec::new();
    let absurd = ABSURD.iter().map(|depth| (*depth, Aim::Silent("the docs state no maximum depth")));
    let all = SENSIBLE.iter().map(|depth| (*depth, Aim::Valid)).chain(absurd);
    for (depth, aim) in all {
        out.extend(work.at(
            site,
            Constraint::Type,
            format!("nested-{depth}"),
            "may contain itself",
            None,
            aim,
            |sampler| {
                let mut value = sampler.sample(&site.shape, &site.path);
                for _ in 1..depth {
                    value = wrap(sampler, work, &site.shape, cycle, value)?;
                }
                Some(value)
            },
        ));
    }
    out
}

/// Returns a value of the shape with `inner` at the end of `cycle`.
fn wrap(sampler: &Sampler<'_>, work: &Work<'_>, id: &ShapeId, cycle: &[Segment], inner: Value) -> Option<Value> {
    let mut inner = Some(inner);
    let Some((segment, rest)) = cycle.split_first() else { return inner };
    let shape = work.planner.contract.shape(id);
    match (&shape.kind, segment) {
        (Kind::Structure { members } | Kind::Union { members }, Segment::Member(name)) => {
            let mut out = IndexMap::new();
            for (other, member) in members {
                if other == name {
                    out.insert(name.clone(), wrap(sampler, work, &member.shape, rest, inner.take()?)?);
                } else if member.required {
                    out.insert(other.clone(), sampler.sample(&member.shape, &MemberPath::root().member(other)));
                }
            }
            Some(Value::Map(out))
        }
        (Kind::List { member }, Segment::Item) => {
            Some(Value::List(vec![wrap(sampler, work, member, rest, inner.take()?)?]))
        }
        (Kind::Map { key, value }, Segment::Value) => {
            let key = sampler.key(key, &MemberPath::root().member("nested"), 0);
            Some(Value::Map(IndexMap::from([(key, wrap(sampler, work, value, rest, inner.take()?)?)])))
        }
        _ => None,
    }
}
