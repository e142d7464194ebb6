//! Running cases: order, captures, throttling, missing responses, cancellation and the end of a run.

use crate::loopback;
use loopback::*;
use overstep::case::{Capture, Case, Damage, Step, StepPurpose, StepRequest, Value};
use overstep::contract::{HttpBinding, Operation};
use overstep::run::{
    CancelToken, CaseOutcome, Liveness, RateLimit, RunEnd, RunPlan, SearchBudget, run_cases, run_single_case,
};
use overstep::scenario::{Credentials, Principal, Variable};
use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn a_closed_port_is_unreachable_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let world = World::at(address);
    assert!(world.with(|plan| run_single_case(plan, case("one", vec![get("/")]))).is_err());
    let (end, outcomes) = world.run((0..1000).map(|n| case(&n.to_string(), vec![get("/")])).collect());
    assert!(matches!(end, RunEnd::Unreachable(_)), "{end:?}");
    assert!(outcomes.is_empty());
}

#[test]
fn an_endpoint_that_dies_ends_the_run() {
    let request_count = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&request_count);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while read_request(&mut reader).is_some() {
            if count.fetch_add(1, Ordering::SeqCst) >= 20 {
                return;
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let (end, outcomes) = World::at(address).run((0..5000).map(|n| case(&n.to_string(), vec![get("/")])).collect());
    assert!(matches!(end, RunEnd::EndpointDied(_)), "{end:?}");
    assert!(outcomes.len() >= 20 && outcomes.len() < 200, "{}", outcomes.len());
}

#[test]
fn a_case_without_response_is_distinguished_from_a_server_that_is_down() {
    let address = serve(|mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, _)) = read_request(&mut reader) {
            if head.contains("/poison") {
                return;
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let mut world = World::at(address);
    world.has_control = true;
    let outcome = world.send(vec![get("/poison")]);
    assert_eq!((word(&outcome).as_str(), outcome.liveness), ("Dropped", Some(Liveness::Alive)));
    assert_eq!(outcome.exchanges[0].as_ref().map(|exchange| exchange.attempts), Some(2));
    assert_eq!(world.send(vec![get("/fine")]).liveness, None);
    let mut world = World::at(serve(|stream, _| drop(stream)));
    world.has_control = true;
    assert_eq!(world.send(vec![get("/")]).liveness, Some(Liveness::Down));
}

#[test]
fn outcomes_are_reported_in_plan_order() {
    let address = serve(|mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, _)) = read_request(&mut reader) {
            // Some responses need many more turns of the scheduler than others.
            let number: usize = head.split(['/', ' ']).find_map(|part| part.parse().ok()).unwrap_or(0);
            for _ in 0..(number * 7919 % 13) * 20 {
                std::thread::yield_now();
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let cases = (0..300).map(|n| case(&format!("{n:04}"), vec![get(&format!("/{n}"))])).collect();
    let (end, outcomes) = World::at(address).patient().run(cases);
    assert_eq!(end, RunEnd::Complete);
    let ids: Vec<_> = outcomes.iter().map(|outcome| outcome.case.id.variant().to_owned()).collect();
    assert_eq!(ids, (0..300).map(|n| format!("{n:04}")).collect::<Vec<_>>());
}

#[test]
fn a_run_can_be_ended_by_the_consumer_or_cancelled() {
    let ok_server = || scripted("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", false);
    let world = World::at(ok_server()).patient();
    let mut count = 0;
    let endless = (0u64..).map(|n| case(&n.to_string(), vec![get("/")]));
    let end = world.with(|plan| {
        run_cases(
            plan,
            endless,
            |outcome| outcome,
            |_| {
                count += 1;
                if count == 100 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        )
    });
    assert_eq!((end, count), (RunEnd::EndedByConsumer, 100));

    // Cancellation also ends the wait for a server that hangs.
    let mut world = World::at(scripted("", false));
    world.settings.limits.total_timeout = Duration::from_secs(3600);
    world.settings.limits.idle_timeout = Duration::from_secs(3600);
    let stop = world.stop.clone();
    let endless = (0u64..).map(move |n| {
        if n == 3 {
            stop.cancel();
        }
        case(&n.to_string(), vec![get("/")])
    });
    let end = world.with(|plan| run_cases(plan, endless, |outcome| outcome, |_| ControlFlow::Continue(())));
    assert_eq!(end, RunEnd::Cancelled);
}

#[test]
fn throttled_requests_are_retried_a_limited_number_of_times() {
    for (throttle, name) in [
        ("HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n", "429"),
        ("HTTP/1.1 503 Busy\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n", "503"),
    ] {
        for (times, attempts, status) in [(1usize, 2, 200), (2, 3, 200), (99, 12, 0)] {
            let count = AtomicUsize::new(0);
            let address = serve(move |mut stream, _| {
                let mut reader = BufReader::new(stream.try_clone().expect("clone"));
                while read_request(&mut reader).is_some() {
                    let is_throttled = count.fetch_add(1, Ordering::SeqCst) < times;
                    let response = if is_throttled { throttle } else { "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" };
                    let _ = stream.write_all(response.as_bytes());
                }
            });
            let outcome = World::at(address).patient().send(vec![get("/")]);
            let exchange = outcome.exchanges[0].as_ref().expect("sent");
            let status_found = exchange.response.as_ref().expect("answered").status;
            assert_eq!((exchange.attempts, exchange.throttle_count), (attempts, attempts - 1), "{name}");
            assert_eq!(status_found, if status == 0 { name.parse().expect("status") } else { status });
        }
    }
}

#[test]
fn a_documented_throttling_error_is_recognized_with_any_status() {
    let count = AtomicUsize::new(0);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while read_request(&mut reader).is_some() {
            let response: &[u8] = if count.fetch_add(1, Ordering::SeqCst) == 0 {
                b"HTTP/1.1 400 Bad\r\ncontent-length: 20\r\n\r\n{\"code\":\"slow_down\"}"
            } else {
                b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
            };
            let _ = stream.write_all(response);
        }
    });
    let mut action = get("/");
    action.request = StepRequest::Operation { name: "Get".into(), input: Value::empty_map(), damage: Vec::new() };
    let outcome = World::at(address).send(vec![action]);
    assert_eq!(outcome.exchanges[0].as_ref().map(|exchange| exchange.throttle_count), Some(1));
}

#[test]
fn the_rate_limit_is_shared_by_all_workers() {
    let stop = CancelToken::default();
    let (count, token) = (Arc::new(AtomicUsize::new(0)), stop.clone());
    let counter = Arc::clone(&count);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while read_request(&mut reader).is_some() {
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            token.cancel();
        }
    });
    let mut world = World::at(address);
    world.stop = stop;
    // The second request would have to wait for most of an hour; the first one cancels the run.
    world.settings.rate_limit = Some(RateLimit::parse("1/h").expect("rate"));
    let (end, outcomes) = world.run((0..100).map(|n| case(&n.to_string(), vec![get("/")])).collect());
    assert_eq!((end, count.load(Ordering::SeqCst)), (RunEnd::Cancelled, 1));
    // The run may be cancelled before the response is read.
    assert!(outcomes.len() <= 1, "{}", outcomes.len());
}

#[test]
fn a_hanging_operation_does_not_stop_other_operations() {
    let address = serve(|mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, _)) = read_request(&mut reader) {
            if head.contains("/control") {
                return;
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let mut world = World::at(address);
    let mut other = Operation::new("Other".into());
    other.http = Some(HttpBinding::new("GET", "/other"));
    world.contract.operations.push(other);
    let case_of = |operation: &str, id: String| {
        let mut step = get("/");
        step.request = StepRequest::Operation { name: operation.into(), input: Value::empty_map(), damage: Vec::new() };
        Case { operation: operation.into(), ..case(&id, vec![step]) }
    };
    let mut cases: Vec<_> = (0..30).map(|n| case_of("Get", n.to_string())).collect();
    cases.extend((30..60).map(|n| case_of("Other", n.to_string())));
    let mut outcomes = Vec::new();
    let end = world.with(|plan| {
        let control = |operation: &str| Some(case_of(operation, "control".into()));
        let plan = RunPlan {
            control_case: &control,
            run_id: plan.run_id.clone(),
            overrides: plan.overrides.clone(),
            aws_keys: None,
            logins: overstep::run::Logins::default(),
            cancel_token: plan.cancel_token.clone(),
            leaked_fixtures: Default::default(),
            search_time: Default::default(),
            response_times: Default::default(),
            load_limit: plan.load_limit.clone(),
            operation_health: Default::default(),
            server: None,
            reset_endpoint: None,
            restart_endpoint: None,
            ..*plan
        };
        run_cases(
            &plan,
            cases.into_iter(),
            |outcome| outcome,
            |outcome| {
                outcomes.push(outcome);
                ControlFlow::Continue(())
            },
        )
    });
    assert_eq!((end, outcomes.len()), (RunEnd::Complete, 60));
    // The first cases show that the operation is down; later cases of it are not sent.
    assert_eq!(outcomes[0].liveness, Some(Liveness::OperationDown));
    assert!(outcomes[..30].iter().all(|outcome| {
        outcome.liveness == Some(Liveness::OperationDown) || outcome.liveness.is_none() && outcome.not_sent.is_some()
    }));
    assert!(outcomes[29].not_sent.is_some());
    assert!(outcomes[30..].iter().all(|outcome| word(outcome) == "200 Complete 0"));
}

/// Runs 80 cases, two of which block the server until it is restarted, and returns the outcomes and the number of restarts.
fn run_with_wedging_cases(search_time: &SearchBudget) -> (Vec<CaseOutcome>, usize) {
    let is_wedged = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_wedged);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, _)) = read_request(&mut reader) {
            if head.contains("/wedge") {
                flag.store(true, Ordering::SeqCst);
            }
            if !flag.load(Ordering::SeqCst) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            }
        }
    });
    let starts = AtomicUsize::new(0);
    let restart = || {
        is_wedged.store(false, Ordering::SeqCst);
        starts.fetch_add(1, Ordering::SeqCst);
        true
    };
    let cases = (0..80).map(|n| {
        let target = if matches!(n, 7 | 60) { "/wedge" } else { "/" };
        case(&n.to_string(), vec![get(target)])
    });
    let mut world = World::at(address);
    world.has_control = true;
    let mut outcomes = Vec::new();
    let end = world.with(|plan| {
        let plan = RunPlan {
            run_id: plan.run_id.clone(),
            overrides: plan.overrides.clone(),
            aws_keys: None,
            logins: overstep::run::Logins::default(),
            cancel_token: plan.cancel_token.clone(),
            leaked_fixtures: Default::default(),
            search_time: search_time.clone(),
            response_times: Default::default(),
            load_limit: plan.load_limit.clone(),
            operation_health: Default::default(),
            server: None,
            restart_endpoint: Some(&restart),
            ..*plan
        };
        run_cases(
            &plan,
            cases,
            |outcome| outcome,
            |outcome| {
                outcomes.push(outcome);
                ControlFlow::Continue(())
            },
        )
    });
    assert_eq!((end, outcomes.len()), (RunEnd::Complete, 80));
    (outcomes, starts.into_inner())
}

#[test]
fn the_search_for_crashing_cases_is_bounded() {
    let (outcomes, starts) = run_with_wedging_cases(&SearchBudget::unlimited());
    for (n, outcome) in outcomes.iter().enumerate() {
        let is_culprit = matches!(n, 7 | 60);
        assert_eq!(outcome.liveness, is_culprit.then_some(Liveness::BlockConfirmed), "{n}");
    }
    assert!(starts >= 2, "{starts}");

    // Without time for a search, each crash is reported once, with the number of suspected cases.
    let (outcomes, starts) = run_with_wedging_cases(&SearchBudget::with_limit(Duration::ZERO));
    let mut suspected = Vec::new();
    for (n, outcome) in outcomes.iter().enumerate() {
        match outcome.liveness {
            Some(Liveness::CrashSuspected(cases)) => suspected.push((n, cases)),
            Some(Liveness::Down) => assert!(!matches!(n, 0 | 79), "{n}"),
            other => assert_eq!(other, None, "{n}"),
        }
    }
    let down = outcomes.iter().filter(|outcome| outcome.liveness == Some(Liveness::Down)).count();
    assert_eq!((starts, suspected.len()), (2, 2), "{suspected:?}");
    // With four workers, at most four cases were in flight.
    assert!(suspected.iter().all(|(_, cases)| (1..=4).contains(cases)), "{suspected:?}");
    assert_eq!(suspected.iter().map(|(_, cases)| *cases as usize).sum::<usize>(), down + 2, "{suspected:?}");
}

#[test]
fn deeply_nested_values_can_be_sent() {
    let length = Arc::new(AtomicUsize::new(0));
    let body_length = Arc::clone(&length);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((_, body)) = read_request(&mut reader) {
            body_length.store(body.len(), Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let world = World::at(address);
    // Only the run is tested here, not the generator.
    let deep = (0..20_000).fold(Value::Null, |inner, _| Value::List(vec![inner]));
    let mut action = step("POST", "/");
    action.request = StepRequest::Raw { method: "POST".into(), target: "/".into(), body: Some(deep) };
    let end = world.with(|plan| {
        let cases = std::iter::once(case("deep", vec![action]));
        run_cases(plan, cases, std::mem::forget, |()| ControlFlow::Continue(()))
    });
    assert_eq!((end, length.load(Ordering::SeqCst)), (RunEnd::Complete, 40_004));
}

#[test]
fn unsendable_cases_differ_from_cases_with_missing_values() {
    let world = World::at(scripted("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", false));
    let outcome = world.send(vec![get("/{nothing}")]);
    assert_eq!((outcome.not_sent.is_some(), outcome.case.unsendable_reason.clone()), (true, None));
    let damage = vec![Damage::BodyTruncated(50)];
    let request = StepRequest::Operation { name: "Get".into(), input: Value::empty_map(), damage };
    let outcome = world.send(vec![Step { request, ..get("/") }]);
    assert!(outcome.not_sent.is_some() && outcome.case.unsendable_reason.is_some());
}

#[test]
fn teardown_runs_even_after_cancellation() {
    let stop = CancelToken::default();
    let token = stop.clone();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&requests);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, _)) = read_request(&mut reader) {
            log.lock().expect("log").push(head.split(' ').next().unwrap_or_default().to_owned());
            if head.starts_with("PUT") {
                // This request never gets a response.
                token.cancel();
                continue;
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"id\":1}");
        }
    });
    let mut world = World::at(address);
    world.stop = stop;
    world.settings.workers = 1;
    world.settings.limits.total_timeout = Duration::from_secs(3600);
    world.settings.limits.idle_timeout = Duration::from_secs(3600);
    let mut create = step("POST", "/things");
    create.purpose = StepPurpose::SetUp;
    create.captures = vec![Capture { name: "id".into(), path: "id".into() }];
    let action = Step { turn: 1, ..step("PUT", "/things/{id}") };
    let read_back = Step { turn: 2, ..get("/things/{id}") };
    let delete = Step { turn: 3, purpose: StepPurpose::TearDown, ..step("DELETE", "/things/{id}") };
    let cases =
        (0..9).map(|n| case(&n.to_string(), vec![create.clone(), action.clone(), read_back.clone(), delete.clone()]));
    let (end, outcomes) = world.run(cases.collect());
    assert_eq!((end, outcomes.len()), (RunEnd::Cancelled, 0));
    assert_eq!(*requests.lock().expect("log"), ["POST", "PUT", "DELETE"]);
}

#[test]
fn secrets_from_all_sources_are_redacted() {
    let mut world = World::new("http://127.0.0.1:9");
    world.scenario.variables.insert("api_key".into(), Variable { value: "wbk_{run}".into(), secret: false });
    world.scenario.variables.insert("other".into(), Variable { value: "hush".into(), secret: true });
    for (name, value) in [("full", "{api_key}"), ("plain", "written-out")] {
        let credentials = Credentials::Bearer(value.into());
        world.scenario.principals.insert(name.into(), Principal::new(credentials));
    }
    world.endpoint.headers = vec![("X-Api-Key".into(), "fromflag".into()), ("Accept".into(), "visible".into())];
    world.endpoint.headers.push(("Proxy-Authorization".into(), "Basic dTpw".into()));
    let text = "a wbk_r1 b hush c written-out d written-ou e fromflag f visible g Basic dTpw";
    let text = world.with(|plan| plan.redaction().redact(text).into_owned());
    assert_eq!(
        text,
        "a $API_KEY b $OTHER c $PLAIN_KEY d <secret without its last character> e $X_API_KEY f visible \
         g Basic $PROXY_AUTHORIZATION"
    );
}

#[test]
fn captured_values_are_used_in_later_steps() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&requests);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, body)) = read_request(&mut reader) {
            let line = head.lines().next().unwrap_or_default().replace(" HTTP/1.1", "");
            log.lock().expect("log").push(format!("{line} {}", String::from_utf8_lossy(&body)));
            let (status, body) = if line.starts_with("POST /things") {
                ("201 Created", r#"{"data":{"id":"a/b","n":7}}"#)
            } else if line.starts_with("POST /broken") {
                ("500 Oops", "{}")
            } else {
                ("200 OK", "{}")
            };
            let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        }
    });
    let steps = |create: &str| {
        let mut create = step("POST", create);
        create.purpose = StepPurpose::SetUp;
        create.captures = vec![
            Capture { name: "thing.id".into(), path: "data.id".into() },
            Capture { name: "thing.n".into(), path: "data.n".into() },
        ];
        let mut body = indexmap::IndexMap::new();
        body.insert("n".to_owned(), Value::Template("{thing.n}".into()));
        body.insert("t".to_owned(), Value::Template("{{{thing.id}}} {run} {who}".into()));
        let mut action = step("PUT", "/things/{thing.id}");
        action.turn = 1;
        action.request = StepRequest::Raw {
            method: "PUT".into(),
            target: "/things/{thing.id}".into(),
            body: Some(Value::Map(body)),
        };
        let side_request = Step { turn: 2, ..get("/side") };
        let mut delete = step("DELETE", "/things/{thing.id}");
        delete.turn = 3;
        delete.purpose = StepPurpose::TearDown;
        vec![create, action, side_request.clone(), side_request.clone(), side_request, delete]
    };
    let mut world = World::at(address);
    world.scenario.variables.insert("who".into(), Variable { value: "me-{run}".into(), secret: false });
    let outcome = world.send(steps("/things"));
    assert_eq!(outcome.not_sent, None);
    assert!(outcome.exchanges.iter().all(Option::is_some));
    let sent = std::mem::take(&mut *requests.lock().expect("log"));
    assert_eq!(
        sent,
        [
            "POST /things ",
            r#"PUT /things/a%2Fb {"n":7,"t":"{a/b} r1 me-r1"}"#,
            "GET /side ",
            "GET /side ",
            "GET /side ",
            "DELETE /things/a%2Fb ",
        ]
    );
    let outcome = world.send(steps("/broken"));
    assert!(outcome.not_sent.is_some_and(|reason| reason.contains("500")));
    assert_eq!(outcome.exchanges.iter().filter(|exchange| exchange.is_some()).count(), 1);
}
