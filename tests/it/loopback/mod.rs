//! Small servers on loopback, and the surroundings of a run that sends to them.
//!
//! Every server runs on a thread; none sleeps or uses a fixed port.
#![allow(dead_code, reason = "each user needs a part of it")]

use overstep::case::{Authorization, Case, Expectation, Intent, JudgedPart, Step, StepPurpose, StepRequest};
use overstep::contract::{Contract, ErrorName, ErrorRole, ErrorShape, HttpBinding, Operation, Protocol};
use overstep::run::{
    BodyFraming, CancelToken, CaseOutcome, Endpoint, RequestLimits, RunEnd, RunPlan, TransportError, TransportOptions,
    run_cases, run_single_case,
};
use overstep::scenario::Scenario;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// Starts a server on a free port. `handle` runs on a thread per connection, with the number of connections before it.
pub fn serve(handle: impl Fn(TcpStream, usize) + std::marker::Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind a free port");
    let address = listener.local_addr().expect("local address");
    let handle = Arc::new(handle);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (Ok(stream), handle) = (stream, Arc::clone(&handle)) else { return };
            std::thread::spawn(move || handle(stream, number));
        }
    });
    address
}

/// Reads a request's head as text and its body; returns `None` at the end of the connection.
pub fn read_request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        if line == b"\r\n" {
            break;
        }
        head.push_str(&String::from_utf8_lossy(&line));
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().ok()))
        .flatten()
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// Starts a JSON service. `answer` gets method, target and body, and returns a status and a document.
pub fn serve_json(
    answer: impl Fn(&str, &str, &[u8]) -> (u16, serde_json::Value) + std::marker::Send + Sync + 'static,
) -> SocketAddr {
    serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone the stream"));
        while let Some((head, body)) = read_request(&mut reader) {
            let mut line = head.lines().next().unwrap_or_default().split(' ');
            let (method, target) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
            let (status, body) = answer(method, target, &body);
            let body = body.to_string();
            let head = format!("HTTP/1.1 {status} Response\r\ncontent-type: application/json\r\ncontent-length: ");
            if stream.write_all(format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes()).is_err() {
                return;
            }
        }
    })
}

/// Starts a server that sends these bytes for each request, and that may close the connection then.
pub fn scripted(bytes: impl Into<Vec<u8>>, close: bool) -> SocketAddr {
    let bytes = bytes.into();
    serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone the stream"));
        while read_request(&mut reader).is_some() {
            if stream.write_all(&bytes).is_err() || close {
                return;
            }
        }
    })
}

/// Starts a server that sends the start and then the same piece until the client closes the connection.
pub fn endless(start: &'static [u8], piece: &'static [u8]) -> SocketAddr {
    serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone the stream"));
        read_request(&mut reader);
        let _ = stream.write_all(start);
        while stream.write_all(piece).is_ok() {}
    })
}

pub fn limits() -> RequestLimits {
    RequestLimits {
        max_head_bytes: 16 * 1024,
        max_body_bytes: 64 * 1024,
        total_timeout: Duration::from_millis(700),
        idle_timeout: Duration::from_millis(400),
        max_timeout: Duration::from_millis(700),
    }
}

/// Everything that a run needs besides its cases.
pub struct World {
    pub contract: Contract,
    pub scenario: Scenario,
    pub endpoint: Endpoint,
    pub settings: TransportOptions,
    pub stop: CancelToken,
    pub has_control: bool,
}

impl World {
    pub fn new(url: &str) -> Self {
        let mut contract = Contract::new("thing");
        contract.protocol = Some(Protocol::RestJson);
        let mut operation = Operation::new("Get".into());
        let mut control = HttpBinding::new("GET", "/control");
        control.success = Some(200);
        operation.http = Some(control);
        operation.errors.push(ErrorName::new("slow_down"));
        contract.operations.push(operation);
        let mut error = ErrorShape::new(ErrorRole::Throttled);
        error.status = Some(400);
        contract.errors.insert(ErrorName::new("slow_down"), error);
        Self {
            contract,
            scenario: Scenario::with_name("test"),
            endpoint: Endpoint::parse(url).expect("valid URL"),
            settings: TransportOptions { limits: limits(), workers: 4, window: 16, ..TransportOptions::default() },
            stop: CancelToken::default(),
            has_control: false,
        }
    }

    pub fn at(address: SocketAddr) -> Self {
        Self::new(&format!("http://{address}"))
    }

    /// Waits long enough for a server that always responds, however busy the machine is.
    pub fn patient(mut self) -> Self {
        self.settings.limits = self.settings.limits.with_timeout(Duration::from_secs(60));
        self
    }

    pub fn with<R>(&self, act: impl FnOnce(&RunPlan<'_>) -> R) -> R {
        let control = |_: &str| self.has_control.then(|| case("control", vec![get("/control")]));
        act(&RunPlan {
            contract: &self.contract,
            scenario: &self.scenario,
            endpoint: &self.endpoint,
            transport_options: self.settings,
            run_id: "r1".into(),
            overrides: Default::default(),
            aws_keys: None,
            control_case: &control,
            logins: overstep::run::Logins::default(),
            cancel_token: self.stop.clone(),
            leaked_fixtures: Default::default(),
            search_time: Default::default(),
            response_times: Default::default(),
            load_limit: overstep::run::LoadLimit::default(),
            operation_health: Default::default(),
            server: None,
            reset_endpoint: None,
            restart_endpoint: None,
        })
    }

    pub fn send(&self, steps: Vec<Step>) -> CaseOutcome {
        self.with(|plan| run_single_case(plan, case("one", steps))).expect("endpoint is reachable")
    }

    pub fn run(&self, cases: Vec<Case>) -> (RunEnd, Vec<CaseOutcome>) {
        let mut outcomes = Vec::new();
        let end = self.with(|plan| {
            run_cases(
                plan,
                cases.into_iter(),
                |outcome| outcome,
                |outcome| {
                    outcomes.push(outcome);
                    ControlFlow::Continue(())
                },
            )
        });
        (end, outcomes)
    }
}

pub fn step(method: &str, target: &str) -> Step {
    Step {
        purpose: StepPurpose::Act,
        request: StepRequest::Raw { method: method.into(), target: target.into(), body: None },
        authorization: Authorization::Anonymous,
        captures: Vec::new(),
        turn: 0,
        fixture: None,
    }
}

pub fn get(target: &str) -> Step {
    step("GET", target)
}

pub fn case(id: &str, steps: Vec<Step>) -> Case {
    Case {
        id: format!("test/Get/valid/random/{id}").parse().expect(id),
        operation: "Get".into(),
        intent: Intent::Valid,
        member: None,
        constraint: None,
        steps,
        judged: JudgedPart::Step(0),
        expectation: Expectation::Unspecified { reason: "test".into() },
        rule: String::new(),
        source: None,
        unsendable_reason: None,
        is_exclusive: false,
    }
}

/// Summarizes an outcome: `200 Complete 5` (status, framing, bytes of the body) or the name of the error.
pub fn word(outcome: &CaseOutcome) -> String {
    match outcome.exchanges[0].as_ref().map(|exchange| &exchange.response) {
        None => format!("not sent: {:?}", outcome.not_sent),
        Some(Ok(response)) => {
            let framing = match &response.framing {
                BodyFraming::Undecodable(_) => "Undecodable".to_owned(),
                other => format!("{other:?}"),
            };
            format!("{} {framing} {}", response.status, response.body.len())
        }
        Some(Err(TransportError::NotHttp(_))) => "NotHttp".to_owned(),
        Some(Err(TransportError::TimedOut(_))) => "TimedOut".to_owned(),
        Some(Err(TransportError::HeadTooLarge(_))) => "HeadTooLarge".to_owned(),
        Some(Err(TransportError::Unreachable(_))) => "Unreachable".to_owned(),
        Some(Err(other)) => format!("{other:?}"),
    }
}
