//! A contract and outcomes of its cases.

use overstep::case::{
    Authorization, Case, Expectation, ExpectedError, ExpectedSuccess, Intent, JudgedPart, Step, StepPurpose,
    StepRequest, Value,
};
use overstep::contract::{self, Contract};
use overstep::judge::{self, AcceptedBehavior, JudgeContext, JudgedCase, Judgement, KnownDivergences, Verdict};
use overstep::run::{BodyFraming, CaseOutcome, Exchange, HttpResponse, TransportError};
use overstep::scenario::Scenario;
use overstep::wire::{EncodedRequest, Redaction};
use std::sync::Arc;
use std::time::Duration;

const CONTRACT: &str = r#"{
  "format": "overstep-contract/1", "service": "things", "protocol": "restJson", "auth": [{"scheme": "none"}],
  "operations": [
    {"name": "Do", "http": {"method": "POST", "uri": "/do"}, "input": "Asked", "output": "Result",
     "errors": ["bad_input", "gone", "forbidden_here"], "sources": [{"document": "do.md", "line": 1}]},
    {"name": "Slow", "http": {"method": "POST", "uri": "/slow"}, "errors": ["slow_down"],
     "sources": [{"document": "slow.md", "line": 1}]}
  ],
  "errors": [
    {"name": "bad_input", "status": 400, "role": "invalid-input"},
    {"name": "gone", "status": 404, "role": "missing-resource"},
    {"name": "forbidden_here", "status": 403, "role": "forbidden"},
    {"name": "slow_down", "status": 429, "role": "throttled"}
  ],
  "shapes": {
    "Asked": {"type": "structure", "members": {"name": {"shape": "Name", "location": "body"}}},
    "Result": {"type": "structure", "members": {
      "name": {"shape": "Name", "required": true, "location": "body"},
      "count": {"shape": "Count", "location": "body"},
      "trace": {"shape": "Name", "required": true, "location": "header"}}},
    "Nothing": {"type": "structure", "members": {}},
    "Name": {"type": "string", "length": {"min": 1, "max": 5}},
    "Count": {"type": "integer"}
  }
}"#;

/// All verdicts.
pub const VERDICTS: [Verdict; 7] = [
    Verdict::Pass,
    Verdict::Diverges,
    Verdict::Unspecified,
    Verdict::NotImplemented,
    Verdict::Flaky,
    Verdict::Indeterminate,
    Verdict::Unsendable,
];

pub fn contract() -> Contract {
    contract::from_json(CONTRACT).expect("a contract")
}

pub fn scenario() -> Scenario {
    let mut scenario = Scenario::with_name("test");
    scenario.error_code = Some("error.code".to_owned());
    scenario
}

pub fn step(operation: &str, purpose: StepPurpose) -> Step {
    Step {
        purpose,
        request: StepRequest::Operation {
            name: operation.into(),
            input: Value::Map(Default::default()),
            damage: Vec::new(),
        },
        authorization: Authorization::Anonymous,
        captures: Vec::new(),
        turn: 0,
        fixture: None,
    }
}

pub fn case(operation: &str, expectation: Expectation) -> Case {
    Case {
        id: format!("test/{operation}/name/length/at-max").parse().expect(operation),
        operation: operation.into(),
        intent: Intent::Valid,
        member: None,
        constraint: None,
        steps: vec![step(operation, StepPurpose::Act)],
        judged: JudgedPart::Step(0),
        expectation,
        rule: String::new(),
        source: None,
        unsendable_reason: None,
        is_exclusive: false,
    }
}

pub fn accept(status: Option<u16>) -> ExpectedSuccess {
    ExpectedSuccess { status, output: None, allowed_errors: Vec::new(), assumption: None }
}

pub fn error(status: Option<u16>, name: Option<&str>) -> ExpectedError {
    ExpectedError { status, error: name.map(Into::into) }
}

pub fn silent() -> Expectation {
    Expectation::Unspecified { reason: "silent".to_owned() }
}

pub fn typed(status: u16, content_type: Option<&str>, body: &str) -> HttpResponse {
    let headers = content_type.map(|value| ("content-type".to_owned(), value.to_owned())).into_iter().collect();
    HttpResponse { status, headers, body: body.to_owned().into(), framing: BodyFraming::Complete }
}

pub fn json(status: u16, body: &str) -> HttpResponse {
    typed(status, Some("application/json"), body)
}

/// Returns a response with this error code, or without one.
pub fn response_with_code(status: u16, code: &str) -> HttpResponse {
    json(status, &if code.is_empty() { "{}".to_owned() } else { format!(r#"{{"error":{{"code":"{code}"}}}}"#) })
}

pub fn exchange(response: Result<HttpResponse, TransportError>) -> Exchange {
    let request = EncodedRequest {
        method: "POST".to_owned(),
        target: "/do?x=1".to_owned(),
        headers: Vec::new(),
        body: Default::default(),
        raw: false,
    };
    Exchange { request, response, elapsed: Duration::ZERO, attempts: 1, throttle_count: 0 }
}

pub fn outcome(case: Case, responses: Vec<Result<HttpResponse, TransportError>>) -> CaseOutcome {
    CaseOutcome {
        case: Arc::new(case),
        exchanges: responses.into_iter().map(|response| Some(exchange(response))).collect(),
        not_sent: None,
        liveness: None,
        broken_operation: None,
        server_output: Vec::new(),
    }
}

pub fn judge_outcome(outcome: &CaseOutcome) -> Judgement {
    judge::judge(&contract(), &scenario(), outcome)
}

/// Returns the verdict on one response to `Do`.
pub fn verdict(expectation: Expectation, response: HttpResponse) -> &'static str {
    judge_outcome(&outcome(case("Do", expectation), vec![Ok(response)])).verdict.name()
}

/// Judges an outcome with nothing known of the endpoint, and compares it with accepted behaviour.
pub fn judge_alone(outcome: &CaseOutcome, accepted: Option<AcceptedBehavior<'_>>) -> JudgedCase {
    let (contract, scenario) = (contract(), scenario());
    let context = JudgeContext {
        contract: &contract,
        scenario: &scenario,
        knowledge: None,
        known_divergences: &KnownDivergences::default(),
        redaction: &Redaction::default(),
        strict: false,
    };
    context.judge_case(outcome, accepted)
}
