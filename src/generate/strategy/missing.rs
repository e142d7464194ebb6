//! Well-formed identifiers of resources that do not exist.
//!
//! It never invents an identifier: the scenario's `missing` supplies them.

use super::Work;
use crate::generate::case::Case;
use crate::generate::draft::{Aim, Request};

pub(crate) fn cases(work: &Work<'_>) -> Vec<Case> {
    let scenario = work.planner.scenario;
    let name = work.operation.name.as_str();
    work.sites
        .iter()
        .filter_map(|site| {
            let place = site.path.to_string();
            let missing = scenario.missing_for(name, &place)?;
            work.of_class(
                "missing",
                place.clone(),
                "unknown",
                format!("`{place}` does not exist"),
                Aim::Missing,
                |sampler| Some(Request::of(sampler.set(site, sampler.templates.json(missing)))),
            )
        })
        .collect()
}
