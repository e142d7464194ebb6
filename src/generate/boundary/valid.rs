//! Valid requests: the control, each optional member alone and all of them together; other plain values as well, if
//! only models describe the operation.
//!
//! It never tests a limit.

use crate::case::{CONTROL_VARIANT, Case, CaseClass, CaseKind, Value};
use crate::contract::{MemberPath, ShapeKind, ShapeRule};
use crate::generate::case_spec::{CaseRequest, IntendedOutcome};
use crate::generate::input_sampler::{InputChange, InputSampler};
use crate::generate::operation_context::OperationContext;
use crate::generate::resource_status::is_owned_identifier;
use crate::generate::site::InputSite;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    let mut out = Vec::new();
    let optional: Vec<&MemberPath> = context
        .sites
        .iter()
        .filter(|site| site.is_member && !site.required && !site.recursive)
        .map(|site| &site.path)
        .collect();
    for path in &optional {
        let rule = format!("`{path}` is optional");
        out.extend(context.build_class_case(
            CaseClass::Valid,
            CaseKind::OptionalMember,
            path.to_string(),
            rule,
            IntendedOutcome::Valid,
            |sampler| Some(CaseRequest::new(sampler.input_with(&[(*path, InputChange::Touch)]))),
        ));
    }
    if context.plan.is_only_modelled {
        out.extend(
            context.sites.iter().filter(|site| !site.recursive).filter_map(|site| other_value_case(context, site)),
        );
    }
    let top: Vec<(&MemberPath, InputChange)> =
        optional.iter().filter(|path| path.0.len() == 1).map(|path| (*path, InputChange::Touch)).collect();
    let top = without_excluded(context, top);
    if top.len() > 1 {
        out.extend(context.build_class_case(
            CaseClass::Valid,
            CaseKind::OptionalMember,
            "all",
            "all optional members together",
            IntendedOutcome::Valid,
            |sampler| Some(CaseRequest::new(build_compatible_input(context, sampler, top))),
        ));
    }
    out
}

/// Returns the members without those that another one of them excludes.
fn without_excluded<'p>(
    context: &OperationContext<'_>,
    members: Vec<(&'p MemberPath, InputChange)>,
) -> Vec<(&'p MemberPath, InputChange)> {
    let rules = context.operation.input.as_ref().map_or(&[][..], |input| &context.plan.contract.shape(input).rules);
    let mut kept: Vec<(&MemberPath, InputChange)> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (path, change) in members {
        let name = path.to_string();
        let is_excluded = rules.iter().any(|rule| {
            matches!(rule, ShapeRule::AtMostOneOf { members } if members.contains(&name)
                && members.iter().any(|other| names.contains(other)))
        });
        if !is_excluded {
            names.push(name);
            kept.push((path, change));
        }
    }
    kept
}

/// Returns the input with all of these members, less those that a rule over several members does not allow together
/// with the others.
fn build_compatible_input(
    context: &OperationContext<'_>,
    sampler: &InputSampler<'_>,
    mut members: Vec<(&MemberPath, InputChange)>,
) -> Value {
    let relations = |input: &Value| {
        let shape = context.operation.input.as_ref();
        let found = shape.map_or_else(Vec::new, |shape| context.plan.input_checker().violations(shape, input));
        found.into_iter().filter(|violation| violation.constraint.relates_members()).collect::<Vec<_>>()
    };
    loop {
        let input = sampler.input_with(&members);
        let broken = relations(&input);
        let Some(index) = members.iter().rposition(|(path, _)| broken.iter().any(|one| one.path == **path)) else {
            return input;
        };
        members.remove(index);
    }
}

/// Builds a case with another plain value for a member that the control sets. If it is rejected, other rejections of
/// that member prove nothing.
fn other_value_case(context: &OperationContext<'_>, site: &InputSite) -> Option<Case> {
    let path = &site.path;
    if (site.is_member && !site.required) || is_owned_identifier(context.plan, context.operation, path) {
        return None;
    }
    let rule = format!("`{path}` may hold another plain value");
    let kind = &context.shape(site).kind;
    if matches!(
        kind,
        ShapeKind::Structure { .. }
            | ShapeKind::Union { .. }
            | ShapeKind::List { .. }
            | ShapeKind::Map { .. }
            | ShapeKind::Document
            | ShapeKind::Boolean
            | ShapeKind::Timestamp
    ) {
        return None;
    }
    context.build_class_case(
        CaseClass::Valid,
        CaseKind::OtherValue,
        path.to_string(),
        rule,
        IntendedOutcome::Valid,
        |sampler| {
            let plain = sampler.sample_value(&site.shape, path);
            let value = sampler.distinct_item(&site.shape, path, 1, 0);
            (value != plain).then(|| CaseRequest::new(sampler.input_with_value(site, value)))
        },
    )
}

/// Builds the control: the plain valid request that shows that the operation works.
pub(crate) fn build_control(context: &OperationContext<'_>) -> Option<Case> {
    context.build_class_case(
        CaseClass::Valid,
        CaseKind::Control,
        CONTROL_VARIANT,
        "a plain valid request",
        IntendedOutcome::Valid,
        |sampler| Some(CaseRequest::new(sampler.plain_input())),
    )
}
