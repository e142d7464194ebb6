//! A ladder of growing sizes, if no maximum size is documented.
//!
//! It never expects a rejection.

use super::length::entries;
use super::{Work, plural, unit};
use crate::contract::{Constraint, Kind, Location, Standing};
use crate::generate::Value;
use crate::generate::case::Case;
use crate::generate::draft::Aim;
use crate::generate::resource::is_owned_identifier;
use crate::generate::sample::cycled;
use crate::generate::site::Site;

pub(crate) fn cases(work: &Work<'_>, site: &Site) -> Vec<Case> {
    let shape = work.shape(site);
    let open = shape.length().max.is_none() && shape.pattern.is_none() && !site.recursive;
    if !open || is_owned_identifier(work.planner, work.operation, &site.path) {
        return Vec::new();
    }
    let in_body = site.in_body();
    let sizes: &[u64] = match shape.kind {
        Kind::String | Kind::Blob if in_body => &[1024, 65_536],
        Kind::String if site.location == Location::Query => &[512],
        Kind::List { .. } | Kind::Map { .. } if in_body => &[10, 100, 1000],
        _ => &[],
    };
    // If a model states no limit, there is none, unless the model leaves out most limits.
    let from_model = !work.planner.is_reticent() && shape.facts.iter().any(|fact| fact.standing == Standing::Model);
    let (one, many) = unit(&shape.kind);
    sizes
        .iter()
        .filter_map(|size| {
            let aim = if from_model { Aim::Valid } else { Aim::Silent("the docs state no maximum size") };
            let rule = format!("no documented maximum, so {} too", plural(*size, one, many));
            let variant = format!("ladder-{size}");
            work.at(site, Constraint::Length, variant, rule, None, aim, |sampler| match shape.kind {
                Kind::String => Some(Value::Text(cycled("overstep", *size as usize))),
                Kind::Blob => Some(Value::Blob(b"overstep".iter().copied().cycle().take(*size as usize).collect())),
                _ => entries(sampler, site, shape, *size),
            })
        })
        .collect()
}
