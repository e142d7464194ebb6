//! How a request names its operation, and what surrounds its body: target, action, path, method, codings.
//!
//! It never looks at what an operation is given, and is therefore tried with few operations of a service.

use super::cases::{Cases, damaged};
use crate::contract::{Operation, Protocol};
use crate::generate::case::Damage;
use crate::generate::strategy::{CANARY, Work};

/// So many operations are tried: one that an endpoint lacks must not hide what it does with the rest.
const MOST: usize = 3;

pub(super) fn cases(out: &mut Cases<'_, '_>) {
    if !is_chosen(out.work) {
        return;
    }
    match out.work.planner.contract.protocol {
        Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => aws_json(out),
        _ => return,
    }
    around(out);
}

/// awsJson: the operation stands in a header, and the path is always the same. After
/// [its specification](https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#protocol-behaviors).
fn aws_json(out: &mut Cases<'_, '_>) {
    let (contract, name) = (out.work.planner.contract, &out.work.operation.name);
    let prefix = contract.traits.target_prefix.as_deref().unwrap_or_default();
    let target = |value: Option<String>| damaged(Damage::Header("x-amz-target".to_owned(), value));
    let rule = "`X-Amz-Target` names an operation of the service";
    out.no_operation("operation", "unknown", rule, target(Some(format!("{prefix}.{CANARY}"))));
    out.no_operation("operation", "missing", rule, target(None));
    out.no_operation("operation", "empty", rule, target(Some(String::new())));
    out.no_operation("operation", "prefix-only", rule, target(Some(format!("{prefix}."))));
    let reason = "an operation's name in another form";
    out.open("target", "other-service", reason, target(Some(format!("OverstepNoService_20000101.{name}"))));
    out.open("target", "no-service", reason, target(Some(name.to_string())));
    let small = format!("{prefix}.{name}").to_lowercase();
    out.open("target", "lower-case", reason, target(Some(small)));
    let (other, kind) = match contract.protocol {
        Some(Protocol::AwsJson1_1) => ("application/x-amz-json-1.0", "content-type"),
        _ => ("application/x-amz-json-1.1", "content-type"),
    };
    out.open(kind, "other-version", "the other version of the protocol", content_type(other));
    out.open(kind, "json", "another content type", content_type("application/json"));
    path(out, "the path is always `/`");
}

/// What surrounds a body, whatever it is made of.
fn around(out: &mut Cases<'_, '_>) {
    let coding = |name: &str| damaged(Damage::Header("content-encoding".to_owned(), Some(name.to_owned())));
    out.open("content-encoding", "gzip", "a coding that the body is not in", coding("gzip"));
    out.open("content-encoding", "unknown", "a coding that nobody knows", coding("x-overstep"));
    for (variant, method) in [("get", "GET"), ("put", "PUT"), ("unknown", "OVERSTEP")] {
        out.open("method", variant, "another method", damaged(Damage::Method(method.to_owned())));
    }
}

fn path(out: &mut Cases<'_, '_>, reason: &'static str) {
    for (variant, target) in [("other", "/overstep/none"), ("query", "/?overstep=1"), ("double-slash", "//")] {
        out.open("path", variant, reason, damaged(Damage::RawTarget(target.to_owned())));
    }
}

fn content_type(
    value: &str,
) -> impl Fn(&crate::generate::sample::Sampler<'_>) -> Option<crate::generate::draft::Request> {
    damaged(Damage::ContentType(Some(value.to_owned())))
}

/// Whether this is one of the operations that are tried: the first, the middle and the last one of those that read and
/// need nothing; of those that need nothing, or of all, where there are none.
fn is_chosen(work: &Work<'_>) -> bool {
    let (contract, scenario) = (work.planner.contract, work.planner.scenario);
    let wanted = || contract.operations.iter().filter(|operation| scenario.wants(operation.name.as_str()));
    let asks_nothing = |operation: &&Operation| {
        let members = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
        members.is_none_or(|members| members.values().all(|member| !member.required))
    };
    let reads = |operation: &&Operation| {
        ["List", "Describe", "Get"].iter().any(|verb| operation.name.as_str().starts_with(verb))
    };
    let mut from: Vec<&Operation> = wanted().filter(asks_nothing).filter(reads).collect();
    if from.is_empty() {
        from = wanted().filter(asks_nothing).collect();
    }
    if from.is_empty() {
        from = wanted().collect();
    }
    let last = from.len().saturating_sub(1);
    let chosen: [usize; MOST] = [0, last / 2, last];
    chosen.iter().filter_map(|index| from.get(*index)).any(|operation| operation.name == work.operation.name)
}
