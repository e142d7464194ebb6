//! Well-formed identifiers of resources that do not exist.
//!
//! It never invents an identifier: the scenario's `missing` supplies them.

use crate::case::{Case, CaseClass, CaseKind, UNKNOWN_RESOURCE};
use crate::generate::case_spec::{CaseRequest, IntendedOutcome};
use crate::generate::operation_context::OperationContext;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    let scenario = context.plan.scenario;
    let name = context.operation.name.as_str();
    context
        .sites
        .iter()
        .filter_map(|site| {
            let place = site.path.to_string();
            let missing = scenario.missing_value(name, &place)?;
            context.build_class_case(
                CaseClass::Missing,
                CaseKind::MissingResource(site.path.clone()),
                UNKNOWN_RESOURCE,
                format!("`{place}` does not exist"),
                IntendedOutcome::MissingResource,
                |sampler| Some(CaseRequest::new(sampler.input_with_value(site, sampler.templates.fill_json(missing)))),
            )
        })
        .collect()
}
