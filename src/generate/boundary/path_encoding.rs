//! Path segments in exact encodings: encoded once or twice, with slashes or dots, or empty.
//!
//! It never expects a particular meaning of an undocumented segment; those responses are recorded.

use crate::case::{Case, Damage, Value};
use crate::contract::{Constraint, Operation};
use crate::generate::case_spec::{CaseRequest, CaseSpec, CaseSubject, IntendedOutcome};
use crate::generate::input_sampler::InputSampler;
use crate::generate::operation_context::OperationContext;
use crate::generate::site::InputSite;

/// Makes an unusual segment from the identifier that belongs there.
type SegmentTransform = fn(&str) -> String;

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    if !site.is_label() {
        return Vec::new();
    }
    let Some(name) = site.path.top_member() else { return Vec::new() };
    let label = label_name(context.operation, name, context);
    let own_identifier = |sampler: &InputSampler<'_>| match sampler.plain_input().member(name) {
        Some(Value::Text(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let mut out = Vec::new();
    // The same value, with its first character percent-encoded.
    out.extend(build_segment_case(
        context,
        site,
        "encoded",
        "a percent-encoded character is the character itself",
        IntendedOutcome::Valid,
        |sampler| {
            let raw = escape_first(&own_identifier(sampler)?);
            Some(CaseRequest::with_damage(sampler.plain_input(), Damage::RawLabel(label.clone(), raw)))
        },
    ));
    // Encoded twice, it is another value: one that contains a percent sign.
    // If a pattern does not allow the percent sign, that value must be rejected.
    let encoded_twice = |outcome: IntendedOutcome| {
        build_segment_case(context, site, "encoded-twice", "decoded once, not twice", outcome, |sampler| {
            let text = own_identifier(sampler)?;
            let value = escape_first(&text);
            Some(CaseRequest::with_damage(
                sampler.input_with_value(site, Value::Text(value.clone())),
                Damage::RawLabel(label.clone(), value.replace('%', "%25")),
            ))
        })
    };
    let breaks = || {
        encoded_twice(IntendedOutcome::ViolatesEquivalent(site.path.clone(), Constraint::Pattern, Constraint::Length))
    };
    let case = encoded_twice(IntendedOutcome::Valid);
    out.extend(if case.as_ref().is_some_and(|case| case.unsendable_reason.is_some()) { breaks() } else { case });
    let unusual_segments: [(&str, SegmentTransform); 13] = [
        ("upper-case", |text| text.to_uppercase()),
        ("plus", |text| format!("{text}+")),
        ("padded", |text| format!("%20{text}%20")),
        ("empty", |_| String::new()),
        ("dot", |_| ".".to_owned()),
        ("dot-dot", |_| "..".to_owned()),
        ("encoded-dots", |_| "%2e%2e".to_owned()),
        ("encoded-slash", |text| format!("{text}%2Fx")),
        ("slash", |text| format!("{text}/")),
        ("bad-escape", |text| format!("{text}%zz")),
        ("lone-percent", |text| format!("{text}%")),
        ("invalid-utf8", |text| format!("{text}%FF")),
        ("nul", |text| format!("{text}%00")),
    ];
    for (variant, raw) in unusual_segments {
        let outcome = IntendedOutcome::Undocumented("the docs don't say what such a segment means");
        out.extend(build_segment_case(context, site, variant, "a path segment", outcome, |sampler| {
            let text = own_identifier(sampler)?;
            Some(CaseRequest::with_damage(
                sampler.plain_input(),
                Damage::RawLabel(label.clone(), raw(&escape_segment(&text))),
            ))
        }));
    }
    out
}

/// Returns the label's name in the route, which is the member's name on the wire.
fn label_name(operation: &Operation, member: &str, context: &OperationContext<'_>) -> String {
    operation
        .input
        .as_ref()
        .and_then(|id| context.plan.contract.shape(id).kind.members())
        .and_then(|members| members.get(member))
        .map_or(member, |found| found.wire_name(member))
        .to_owned()
}

fn build_segment_case(
    context: &OperationContext<'_>,
    site: &InputSite,
    variant: &str,
    rule: &str,
    outcome: IntendedOutcome,
    request: impl FnOnce(&InputSampler<'_>) -> Option<CaseRequest>,
) -> Option<Case> {
    let spec = CaseSpec {
        subject: CaseSubject::Member(site),
        kind: "segment".to_owned(),
        variant: variant.to_owned(),
        rule: rule.to_owned(),
        source: context.plan.documented_at(None, context.operation),
        outcome,
    };
    context.build_case(spec, request)
}

fn escape_first(text: &str) -> String {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let (first, rest) = text.split_at(first);
    let escaped: String = first.bytes().map(|byte| format!("%{byte:02X}")).collect();
    escaped + &escape_segment(rest)
}

/// Percent-encodes a text for a path segment: everything but ASCII letters, digits and `-._~`.
fn escape_segment(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
