//! Damages how a request names its operation, and what surrounds its body: target, action, path, method, encodings.
//!
//! It never changes the input, so a few operations of a service are enough.

use crate::case::Damage;
use crate::contract::{Operation, Protocol};
use crate::generate::boundary::canary::CANARY;
use crate::generate::case_spec::CaseRequest;
use crate::generate::input_sampler::InputSampler;
use crate::generate::malformed::cases::{MalformedCases, with_damage};
use crate::generate::operation_context::OperationContext;

/// Maximum number of operations tested. Several, because the endpoint may lack one of them.
const MAX_OPERATIONS: usize = 3;

pub(super) fn add_cases(out: &mut MalformedCases<'_, '_>) {
    if !is_sampled_operation(out.context) {
        return;
    }
    match out.context.plan.contract.protocol {
        Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => {
            add_aws_json(out);
            add_envelope(out);
            add_paths(out, &["/overstep/none", "/?overstep=1", "//"]);
        }
        Some(Protocol::AwsQuery | Protocol::Ec2Query) => {
            add_query(out);
            add_envelope(out);
            add_paths(out, &["/overstep/none", "/?overstep=1", "//"]);
        }
        Some(Protocol::RpcV2Cbor) => {
            add_rpc_v2_cbor(out);
            add_envelope(out);
        }
        // Another method or path would be another operation, possibly one that deletes something.
        Some(Protocol::RestXml) => add_content_encodings(out),
        Some(Protocol::RestJson1 | Protocol::RestJson) | None => {}
    }
}

/// awsJson: the operation is named in a header, and the path is always the same. Follows
/// [its specification](https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#protocol-behaviors).
fn add_aws_json(out: &mut MalformedCases<'_, '_>) {
    let (contract, name) = (out.context.plan.contract, &out.context.operation.name);
    let prefix = contract.traits.target_prefix.as_deref().unwrap_or_default();
    let target = |value: Option<String>| with_damage(Damage::Header("x-amz-target".to_owned(), value));
    let rule = "`X-Amz-Target` must name an operation of the service";
    out.add_no_operation("operation", "unknown", rule, target(Some(format!("{prefix}.{CANARY}"))));
    if contract.traits.query_compatible {
        // A service that also speaks awsQuery may read this as a form, and respond in that protocol.
        let reason = "no target, sent to a service with two protocols";
        out.add_unspecified("target", "missing", reason, target(None));
        out.add_unspecified("target", "empty", reason, target(Some(String::new())));
    } else {
        out.add_no_operation("operation", "missing", rule, target(None));
        out.add_no_operation("operation", "empty", rule, target(Some(String::new())));
    }
    out.add_no_operation("operation", "prefix-only", rule, target(Some(format!("{prefix}."))));
    let reason = "an operation's name in another form";
    out.add_unspecified("target", "other-service", reason, target(Some(format!("OverstepNoService_20000101.{name}"))));
    out.add_unspecified("target", "no-service", reason, target(Some(name.to_string())));
    out.add_unspecified("target", "lower-case", reason, target(Some(format!("{prefix}.{name}").to_lowercase())));
    let other = match contract.protocol {
        Some(Protocol::AwsJson1_1) => "application/x-amz-json-1.0",
        _ => "application/x-amz-json-1.1",
    };
    out.add_unspecified(
        "content-type",
        "other-version",
        "the other version of the protocol",
        with_content_type(Some(other)),
    );
    out.add_unspecified("content-type", "json", "another content type", with_content_type(Some("application/json")));
}

/// The query protocols: the operation is a field of the form, next to the API's version.
fn add_query(out: &mut MalformedCases<'_, '_>) {
    let name = &out.context.operation.name;
    let field = |name: &str, value: Option<String>| with_damage(Damage::Field(name.to_owned(), value));
    let rule = "`Action` must name an operation of the service";
    out.add_no_operation("operation", "unknown", rule, field("Action", Some(CANARY.to_owned())));
    // A service that also speaks awsJson may expect a target instead, and respond in that protocol.
    let speaks_json = out.context.plan.contract.traits.query_compatible;
    let mut without = |kind: &str, variant: &str, damage: Damage| match speaks_json {
        true => out.add_unspecified(
            "target",
            variant,
            "no action, sent to a service with two protocols",
            with_damage(damage),
        ),
        false => out.add_no_operation(kind, variant, rule, with_damage(damage)),
    };
    without("operation", "missing", Damage::Field("Action".to_owned(), None));
    without("operation", "empty", Damage::Field("Action".to_owned(), Some(String::new())));
    for (variant, bytes) in
        [("word", &b"overstep"[..]), ("json", b"{}"), ("xml", b"<overstep/>"), ("nul", b"\0"), ("no-body", b"")]
    {
        without("not-a-form", variant, Damage::Body(bytes.to_vec()));
    }
    without("truncated", "first-byte-only", Damage::BodyTruncated(1));
    // A truncated form is still a form.
    out.add_unspecified("truncated", "half", "a part of a form", with_damage(Damage::BodyTruncated(50)));
    for (variant, tail) in [("ampersand", &b"&"[..]), ("no-name", b"&=a"), ("no-value", b"&a"), ("nul", b"\0")] {
        let damage = Damage::BodySuffixed(tail.to_vec());
        out.add_unspecified("trailing", variant, "data after the last field", with_damage(damage));
    }
    let reason = "an operation's name in another form";
    out.add_unspecified("target", "lower-case", reason, field("Action", Some(name.as_str().to_lowercase())));
    let twice = Damage::BodySuffixed(format!("&Action={CANARY}").into_bytes());
    out.add_unspecified("target", "twice", "two actions in one form", with_damage(twice));
    let reason = "a version that the service does not have";
    out.add_unspecified("version", "unknown", reason, field("Version", Some("1900-01-01".to_owned())));
    out.add_unspecified("version", "missing", reason, field("Version", None));
    for (variant, value) in [
        ("absent", None),
        ("text", Some("text/plain")),
        ("json", Some("application/json")),
        ("charset", Some("application/x-www-form-urlencoded; charset=utf-8")),
        ("multipart", Some("multipart/form-data; boundary=overstep")),
    ] {
        out.add_unspecified("content-type", variant, "another content type", with_content_type(value));
    }
}

/// rpcv2Cbor: service and operation are named in the path. Follows
/// [its specification](https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html#requests).
fn add_rpc_v2_cbor(out: &mut MalformedCases<'_, '_>) {
    let (contract, name) = (out.context.plan.contract, &out.context.operation.name);
    let prefix = contract.traits.target_prefix.as_deref().unwrap_or_default();
    let target = |target: String| with_damage(Damage::RawTarget(target));
    let rule = "the path must end with an operation of the service";
    let of_service = format!("/service/{prefix}/operation");
    out.add_no_operation("operation", "unknown", rule, target(format!("{of_service}/{CANARY}")));
    out.add_no_operation("operation", "missing", rule, target(format!("{of_service}/")));
    let rule = "the operation's name must not include its namespace";
    out.add_no_operation("operation", "namespace", rule, target(format!("{of_service}/overstep.example.{name}")));
    let rule = "a request with an `X-Amz-Target` must be rejected";
    for (variant, header) in [("amz-target", "x-amz-target"), ("amzn-target", "x-amzn-target")] {
        let damage = Damage::Header(header.to_owned(), Some(format!("{prefix}.{name}")));
        out.add_no_operation("header", variant, rule, with_damage(damage));
    }
    let reason = "a path in another form";
    out.add_unspecified(
        "path",
        "other-service",
        reason,
        target(format!("/service/OverstepNoService/operation/{name}")),
    );
    out.add_unspecified(
        "path",
        "namespace",
        reason,
        target(format!("/service/overstep.example.{prefix}/operation/{name}")),
    );
    out.add_unspecified("path", "before", reason, target(format!("/v1{of_service}/{name}")));
    out.add_unspecified("path", "lower-case", reason, target(format!("{of_service}/{}", name.as_str().to_lowercase())));
    out.add_unspecified("path", "query", reason, target(format!("{of_service}/{name}?overstep=1")));
    let protocol =
        |value: Option<&str>| with_damage(Damage::Header("smithy-protocol".to_owned(), value.map(str::to_owned)));
    out.add_unspecified("protocol", "absent", "no protocol is named", protocol(None));
    out.add_unspecified("protocol", "other", "another protocol is named", protocol(Some("rpc-v2-json")));
    out.add_unspecified(
        "accept",
        "absent",
        "no `Accept` header",
        with_damage(Damage::Header("accept".to_owned(), None)),
    );
}

/// Adds cases about what surrounds a body, whatever its format.
fn add_envelope(out: &mut MalformedCases<'_, '_>) {
    add_content_encodings(out);
    for (variant, method) in [("get", "GET"), ("put", "PUT"), ("unknown", "OVERSTEP")] {
        out.add_unspecified("method", variant, "another method", with_damage(Damage::Method(method.to_owned())));
    }
}

fn add_content_encodings(out: &mut MalformedCases<'_, '_>) {
    let coding = |name: &str| with_damage(Damage::Header("content-encoding".to_owned(), Some(name.to_owned())));
    out.add_unspecified("content-encoding", "gzip", "an encoding that the body does not use", coding("gzip"));
    out.add_unspecified("content-encoding", "unknown", "an unknown encoding", coding("x-overstep"));
}

fn add_paths(out: &mut MalformedCases<'_, '_>, targets: &[&str; 3]) {
    for (variant, target) in ["other", "query", "double-slash"].into_iter().zip(targets) {
        out.add_unspecified(
            "path",
            variant,
            "a path in another form",
            with_damage(Damage::RawTarget((*target).to_owned())),
        );
    }
}

fn with_content_type(value: Option<&str>) -> impl Fn(&InputSampler<'_>) -> Option<CaseRequest> + use<> {
    with_damage(Damage::ContentType(value.map(str::to_owned)))
}

/// Returns true if this operation is tested: the first, the middle and the last of the reading operations without
/// required members; if there are none, of all operations without required members; else of all operations.
fn is_sampled_operation(context: &OperationContext<'_>) -> bool {
    let (contract, scenario) = (context.plan.contract, context.plan.scenario);
    let wanted = || contract.operations.iter().filter(|operation| scenario.includes_operation(operation.name.as_str()));
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
    let chosen: [usize; MAX_OPERATIONS] = [0, last / 2, last];
    chosen.iter().filter_map(|index| from.get(*index)).any(|operation| operation.name == context.operation.name)
}
