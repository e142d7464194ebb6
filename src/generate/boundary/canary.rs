//! The canary: a request for an operation that cannot exist. It shows how an endpoint responds to unknown operations.
//!
//! It belongs to no operation, and its response never counts as a violation.

use crate::case::{Case, CaseId, Damage, Expectation, Intent, JudgedPart, Step, StepPurpose, StepRequest, Value};
use crate::contract::Protocol;
use crate::generate::operation_context::OperationContext;

/// Name of the operation that cannot exist.
pub(crate) const CANARY: &str = crate::case::CANARY_OPERATION;

/// Builds the canary in the protocol of the contract.
pub(crate) fn build_canary(context: &OperationContext<'_>) -> Case {
    let contract = context.plan.contract;
    let name = &context.operation.name;
    let prefix = contract.traits.target_prefix.as_deref().unwrap_or_default();
    let of_operation =
        |damage: Damage| StepRequest::Operation { name: name.clone(), input: Value::empty_map(), damage: vec![damage] };
    let send = match contract.protocol {
        Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => {
            of_operation(Damage::Header("x-amz-target".to_owned(), Some(format!("{prefix}.{CANARY}"))))
        }
        Some(Protocol::AwsQuery | Protocol::Ec2Query) => of_operation(Damage::BodyReplaced(
            format!("Action={name}").into_bytes(),
            format!("Action={CANARY}").into_bytes(),
        )),
        Some(Protocol::RpcV2Cbor) => of_operation(Damage::RawTarget(format!("/service/{prefix}/operation/{CANARY}"))),
        Some(Protocol::RestJson1 | Protocol::RestXml | Protocol::RestJson) | None => {
            StepRequest::Raw { method: "GET".to_owned(), target: format!("/{CANARY}/none/of/these"), body: None }
        }
    };
    let step = Step {
        purpose: StepPurpose::Act,
        request: send,
        authorization: context.plan.default_authorization(),
        captures: Vec::new(),
        turn: 0,
        fixture: None,
    };
    Case {
        id: CaseId(format!("{}/{CANARY}/valid/canary/plain", context.plan.scenario.name)),
        operation: name.clone(),
        intent: Intent::Probe,
        member: None,
        constraint: None,
        class: "valid",
        steps: vec![step],
        judged: JudgedPart::Step(0),
        expectation: Expectation::Unspecified { reason: "no such operation exists".to_owned() },
        rule: "an operation that cannot exist".to_owned(),
        source: None,
        unsendable_reason: None,
        is_exclusive: false,
    }
}
