//! Hostile and odd servers on loopback: each meets the right answer, within its limits.
//!
//! Every server is a few bytes on a thread; nothing here sleeps or looks at the time.

use overstep::contract::{Contract, ErrorName, ErrorShape, Http, Operation, Protocol, Role};
use overstep::generate::{
    Authorization, Capture, Case, CaseId, Expectation, Intent, Judged, Purpose, Send, Step, Value,
};
use overstep::run::{
    Endpoint, Framing, Limits, Liveness, NoAnswer, Outcome, Plan, RateLimit, RunEnd, Settings, Stop, Tls, run,
    send_case,
};
use overstep::scenario::{Credentials, Principal, Scenario, Variable};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server on a free port; each connection gets a thread, and the number of connections before it.
fn serve(handle: impl Fn(TcpStream, usize) + std::marker::Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let handle = Arc::new(handle);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (Ok(stream), handle) = (stream, Arc::clone(&handle)) else { return };
            std::thread::spawn(move || handle(stream, number));
        }
    });
    address
}

/// A request's head as text, and its body; `None` at the end of the connection.
fn read_request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
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

/// Reads one request, writes these bytes, and keeps the connection or ends it.
fn scripted(bytes: impl Into<Vec<u8>>, close: bool) -> SocketAddr {
    let bytes = bytes.into();
    serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while read_request(&mut reader).is_some() {
            if stream.write_all(&bytes).is_err() || close {
                return;
            }
        }
    })
}

/// Writes the start, then the same piece forever, or until the client has had enough.
fn endless(start: &'static [u8], piece: &'static [u8]) -> SocketAddr {
    serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        read_request(&mut reader);
        let _ = stream.write_all(start);
        while stream.write_all(piece).is_ok() {}
    })
}

fn limits() -> Limits {
    Limits { head: 16 * 1024, body: 64 * 1024, total: Duration::from_millis(700), idle: Duration::from_millis(400) }
}

struct World {
    contract: Contract,
    scenario: Scenario,
    endpoint: Endpoint,
    settings: Settings,
    stop: Stop,
    has_control: bool,
}

impl World {
    fn new(url: &str) -> Self {
        let mut contract = Contract::new("thing");
        contract.protocol = Some(Protocol::RestJson);
        let mut operation = Operation::new("Get".into());
        operation.http = Some(Http { method: "GET".into(), uri: "/control".into(), success: Some(200) });
        operation.errors.push(ErrorName::new("slow_down"));
        contract.operations.push(operation);
        let error = ErrorShape { status: Some(400), role: Role::Throttled, code: None, shape: None, facts: Vec::new() };
        contract.errors.insert(ErrorName::new("slow_down"), error);
        Self {
            contract,
            scenario: Scenario::named("test"),
            endpoint: Endpoint::parse(url).expect("url"),
            settings: Settings { limits: limits(), workers: 4, window: 16, ..Settings::default() },
            stop: Stop::default(),
            has_control: false,
        }
    }

    fn at(address: SocketAddr) -> Self {
        Self::new(&format!("http://{address}"))
    }

    fn with<R>(&self, act: impl FnOnce(&Plan<'_>) -> R) -> R {
        let control = |_: &str| self.has_control.then(|| case("control", vec![get("/control")]));
        act(&Plan {
            contract: &self.contract,
            scenario: &self.scenario,
            endpoint: &self.endpoint,
            settings: self.settings,
            run_id: "r1".into(),
            values: Default::default(),
            aws: None,
            control: &control,
            stop: self.stop.clone(),
        })
    }

    fn send(&self, steps: Vec<Step>) -> Outcome {
        self.with(|plan| send_case(plan, case("one", steps))).expect("reachable")
    }

    fn run(&self, cases: Vec<Case>) -> (RunEnd, Vec<Outcome>) {
        let mut outcomes = Vec::new();
        let end = self.with(|plan| {
            run(
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

fn step(method: &str, target: &str) -> Step {
    Step {
        purpose: Purpose::Act,
        send: Send::Raw { method: method.into(), target: target.into(), body: None },
        authorization: Authorization::Anonymous,
        captures: Vec::new(),
        turn: 0,
    }
}

fn get(target: &str) -> Step {
    step("GET", target)
}

fn case(id: &str, steps: Vec<Step>) -> Case {
    Case {
        id: CaseId(id.into()),
        operation: "Get".into(),
        intent: Intent::Valid,
        member: None,
        constraint: None,
        class: "valid",
        steps,
        judged: Judged::Step(0),
        expectation: Expectation::Unspecified { reason: "test".into() },
        rule: String::new(),
        source: None,
        unsendable: None,
    }
}

/// What happened, in one word: `200 Complete 5` (status, framing, bytes of the body) or the reason.
fn word(outcome: &Outcome) -> String {
    match outcome.exchanges[0].as_ref().map(|exchange| &exchange.answer) {
        None => format!("not sent: {:?}", outcome.not_sent),
        Some(Ok(answer)) => {
            let framing = match &answer.framing {
                Framing::Undecodable(_) => "Undecodable".to_owned(),
                other => format!("{other:?}"),
            };
            format!("{} {framing} {}", answer.status, answer.body.len())
        }
        Some(Err(NoAnswer::NotHttp(_))) => "NotHttp".to_owned(),
        Some(Err(NoAnswer::TimedOut(_))) => "TimedOut".to_owned(),
        Some(Err(NoAnswer::HeadTooLarge(_))) => "HeadTooLarge".to_owned(),
        Some(Err(NoAnswer::Unreachable(_))) => "Unreachable".to_owned(),
        Some(Err(other)) => format!("{other:?}"),
    }
}

/// The kept connection of a library, and raw bytes on a fresh one: a space in the target decides.
const WAYS: [&str; 2] = ["/plain", "/a raw one"];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn encoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n", body.len())
        .into_bytes();
    out.extend_from_slice(body);
    out
}

#[test]
fn every_way_of_answering_badly_has_its_name() {
    let many =
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-filler: 0123456789012345678901234567890123456789\r\n".repeat(2000));
    let table: Vec<(&str, SocketAddr, &str)> = vec![
        ("well", scripted("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", false), "200 Complete 5"),
        ("no body", scripted("HTTP/1.1 204 No Content\r\n\r\n", false), "204 Complete 0"),
        ("until close", scripted("HTTP/1.1 200 OK\r\n\r\nhello", true), "200 Complete 5"),
        (
            "chunked",
            scripted("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false),
            "200 Complete 5",
        ),
        ("closes at once", serve(|stream, _| drop(stream)), "Dropped"),
        ("closes after reading", scripted("", true), "Dropped"),
        ("hangs", scripted("", false), "TimedOut"),
        ("half a head", scripted("HTTP/1.1 200 OK\r\ncontent-le", true), "Dropped"),
        ("half a head, then hangs", scripted("HTTP/1.1 200 OK\r\ncontent-le", false), "TimedOut"),
        ("half a body", scripted("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello", true), "200 Short 5"),
        (
            "half a body, then hangs",
            scripted("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello", false),
            "200 TimedOut 5",
        ),
        (
            "half a chunk",
            scripted("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhello", true),
            "200 Short 5",
        ),
        (
            "bad chunking",
            scripted("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n", false),
            "200 Undecodable 0",
        ),
        ("more than announced", scripted("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhello", false), "200 Trailing 2"),
        ("endless body", endless(b"HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 4096]), "200 CutAtLimit 65536"),
        (
            "announced 2 GB",
            endless(b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n", &[b'x'; 4096]),
            "200 CutAtLimit 65536",
        ),
        (
            "endless chunks",
            endless(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"4\r\nxxxx\r\n"),
            "200 CutAtLimit 65536",
        ),
        (
            "endless head",
            endless(b"HTTP/1.1 200 OK\r\n", b"x-filler: 0123456789012345678901234567890123456789\r\n"),
            "HeadTooLarge",
        ),
        ("endless header", endless(b"HTTP/1.1 200 OK\r\nx: ", &[b'x'; 4096]), "HeadTooLarge"),
        ("large head", scripted(many, false), "HeadTooLarge"),
        ("not HTTP", scripted("SSH-2.0-OpenSSH_9.6\r\n\r\n", false), "NotHttp"),
        (
            "two lengths",
            scripted("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc", true),
            "NotHttp",
        ),
        (
            "redirect to itself",
            scripted("HTTP/1.1 302 Found\r\nlocation: /plain\r\ncontent-length: 0\r\n\r\n", false),
            "302 Complete 0",
        ),
        (
            "interim answers",
            scripted(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
                false,
            ),
            "200 Complete 0",
        ),
        ("gzip", scripted(encoded("gzip", &gzip(b"hello")), false), "200 Complete 5"),
        ("no gzip", scripted(encoded("gzip", b"hello"), false), "200 Undecodable 0"),
        ("gzip bomb", scripted(encoded("gzip", &gzip(&vec![0; 20_000_000])), false), "200 CutAtLimit 65536"),
        ("unknown encoding", scripted(encoded("zstd", b"hello"), false), "200 Undecodable 5"),
    ];
    let checks: Vec<_> = table
        .into_iter()
        .flat_map(|(name, address, expected)| WAYS.map(|way| (name, address, expected, way)))
        .map(|(name, address, expected, way)| {
            std::thread::spawn(move || {
                let found = word(&World::at(address).send(vec![get(way)]));
                (found != expected).then(|| format!("{name} ({way}): {found}, not {expected}"))
            })
        })
        .collect();
    let wrong: Vec<String> = checks.into_iter().filter_map(|check| check.join().expect("no panic")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn interim_answers_without_end_and_slow_drips_end_in_time() {
    let storm = || endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(word(&World::at(storm()).send(vec![get(WAYS[0])])), "TimedOut");
    assert_eq!(word(&World::at(storm()).send(vec![get(WAYS[1])])), "NotHttp");
    // A byte now and then keeps a connection from being idle for ever; the deadline ends it all the same.
    let drip = |start: &'static str| {
        serve(move |mut stream, _| {
            let _ = stream.write_all(start.as_bytes());
            let _ = stream.set_read_timeout(Some(Duration::from_millis(20)));
            let mut ignored = [0; 1024];
            while stream.write_all(b"x").is_ok() {
                let _ = stream.read(&mut ignored);
            }
        })
    };
    for way in WAYS {
        assert_eq!(word(&World::at(drip("HTTP/1.1 200 OK\r\nx: ")).send(vec![get(way)])), "TimedOut");
        let slow = World::at(drip("HTTP/1.1 200 OK\r\ncontent-length: 50000\r\n\r\n")).send(vec![get(way)]);
        assert!(word(&slow).starts_with("200 TimedOut "), "{}", word(&slow));
    }
}

#[test]
fn nobody_listening_is_unreachable_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let world = World::at(address);
    assert!(world.with(|plan| send_case(plan, case("one", vec![get("/")]))).is_err());
    let (end, outcomes) = world.run((0..1000).map(|n| case(&n.to_string(), vec![get("/")])).collect());
    assert!(matches!(end, RunEnd::Unreachable(_)), "{end:?}");
    assert!(outcomes.is_empty());
}

#[test]
fn an_endpoint_that_dies_ends_the_run() {
    let answered = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&answered);
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
    assert!(matches!(end, RunEnd::Died(_)), "{end:?}");
    assert!(outcomes.len() >= 20 && outcomes.len() < 200, "{}", outcomes.len());
}

#[test]
fn a_case_that_silences_the_server_is_told_from_a_server_that_is_down() {
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
fn a_connection_closed_between_requests_is_not_the_case_s_fault() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    // Answers one request for each connection, promising to keep it, and closes it when the next one comes.
    let address = serve(move |mut stream, _| {
        count.fetch_add(1, Ordering::SeqCst);
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        if read_request(&mut reader).is_some() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
        let _ = reader.fill_buf();
    });
    let mut world = World::at(address);
    world.settings.workers = 1;
    let (end, outcomes) = world.run((0..10).map(|n| case(&n.to_string(), vec![get("/")])).collect());
    assert_eq!(end, RunEnd::Complete);
    for outcome in &outcomes {
        assert_eq!(word(outcome), "200 Complete 0");
        assert_eq!(outcome.exchanges[0].as_ref().map(|exchange| exchange.attempts), Some(1));
    }
    // One more for the probe.
    assert_eq!(connections.load(Ordering::SeqCst), 11);
}

#[test]
fn connections_are_kept_one_for_each_worker() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let address = serve(move |mut stream, _| {
        count.fetch_add(1, Ordering::SeqCst);
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while read_request(&mut reader).is_some() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        }
    });
    let (end, outcomes) = World::at(address).run((0..500).map(|n| case(&n.to_string(), vec![get("/")])).collect());
    assert_eq!((end, outcomes.len()), (RunEnd::Complete, 500));
    assert!(connections.load(Ordering::SeqCst) <= 5, "{connections:?}");
}

#[test]
fn bytes_are_sent_exactly_as_meant() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, _)) = read_request(&mut reader) {
            log.lock().expect("log").push(head.lines().next().unwrap_or_default().to_owned());
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let world = World::new(&format!("http://{address}/base%2Fpath/./x/"));
    let targets = ["/a/../b", "//c//", "/%2e%2E/%zz", "/q?a=b&&c", "/é", "/a b", "/x#y", "/[]|\\\"<>^`"];
    let cases = targets.iter().map(|target| case(target, vec![get(target)])).collect();
    let (end, _) = world.run(cases);
    assert_eq!(end, RunEnd::Complete);
    let mut seen = seen.lock().expect("log").clone();
    let mut expected: Vec<_> = targets.iter().map(|t| format!("GET /base%2Fpath/./x{t} HTTP/1.1")).collect();
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
}

#[test]
fn outcomes_leave_in_plan_order_whoever_is_first() {
    let address = serve(|mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, _)) = read_request(&mut reader) {
            // Some answers take far more turns of the scheduler than others.
            let number: usize = head.split(['/', ' ']).find_map(|part| part.parse().ok()).unwrap_or(0);
            for _ in 0..(number * 7919 % 13) * 200 {
                std::thread::yield_now();
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let (end, outcomes) =
        World::at(address).run((0..300).map(|n| case(&format!("{n:04}"), vec![get(&format!("/{n}"))])).collect());
    assert_eq!(end, RunEnd::Complete);
    let ids: Vec<_> = outcomes.iter().map(|outcome| outcome.case.id.0.clone()).collect();
    assert_eq!(ids, (0..300).map(|n| format!("{n:04}")).collect::<Vec<_>>());
}

#[test]
fn a_run_can_be_stopped_or_have_had_enough() {
    let fine = || scripted("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", false);
    let world = World::at(fine());
    let mut count = 0;
    let endless = (0u64..).map(|n| case(&n.to_string(), vec![get("/")]));
    let end = world.with(|plan| {
        run(
            plan,
            endless,
            |outcome| outcome,
            |_| {
                count += 1;
                if count == 100 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        )
    });
    assert_eq!((end, count), (RunEnd::Enough, 100));

    // A server that hangs: the stop ends the wait as well.
    let mut world = World::at(scripted("", false));
    world.settings.limits.total = Duration::from_secs(3600);
    world.settings.limits.idle = Duration::from_secs(3600);
    let stop = world.stop.clone();
    let endless = (0u64..).map(move |n| {
        if n == 3 {
            stop.stop();
        }
        case(&n.to_string(), vec![get("/")])
    });
    let end = world.with(|plan| run(plan, endless, |outcome| outcome, |_| ControlFlow::Continue(())));
    assert_eq!(end, RunEnd::Stopped);
}

#[test]
fn throttled_requests_are_sent_again_a_few_times() {
    for (throttle, name) in [
        ("HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n", "429"),
        ("HTTP/1.1 503 Busy\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n", "503"),
    ] {
        for (times, attempts, status) in [(1usize, 2, 200), (2, 3, 200), (99, 3, 0)] {
            let count = AtomicUsize::new(0);
            let address = serve(move |mut stream, _| {
                let mut reader = BufReader::new(stream.try_clone().expect("clone"));
                while read_request(&mut reader).is_some() {
                    let early = count.fetch_add(1, Ordering::SeqCst) < times;
                    let answer = if early { throttle } else { "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" };
                    let _ = stream.write_all(answer.as_bytes());
                }
            });
            let outcome = World::at(address).send(vec![get("/")]);
            let exchange = outcome.exchanges[0].as_ref().expect("sent");
            let found = exchange.answer.as_ref().expect("answered").status;
            assert_eq!((exchange.attempts, exchange.throttled), (attempts, attempts - 1), "{name}");
            assert_eq!(found, if status == 0 { name.parse().expect("status") } else { status });
        }
    }
}

#[test]
fn a_documented_throttling_error_is_one_whatever_its_status() {
    let count = AtomicUsize::new(0);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while read_request(&mut reader).is_some() {
            let answer: &[u8] = if count.fetch_add(1, Ordering::SeqCst) == 0 {
                b"HTTP/1.1 400 Bad\r\ncontent-length: 20\r\n\r\n{\"code\":\"slow_down\"}"
            } else {
                b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
            };
            let _ = stream.write_all(answer);
        }
    });
    let mut act = get("/");
    act.send = Send::Operation { name: "Get".into(), input: Value::empty(), damage: Vec::new() };
    let outcome = World::at(address).send(vec![act]);
    assert_eq!(outcome.exchanges[0].as_ref().map(|exchange| exchange.throttled), Some(1));
}

#[test]
fn a_rate_limit_holds_for_all_workers_together() {
    let stop = Stop::default();
    let (count, switch) = (Arc::new(AtomicUsize::new(0)), stop.clone());
    let seen = Arc::clone(&count);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while read_request(&mut reader).is_some() {
            seen.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            switch.stop();
        }
    });
    let mut world = World::at(address);
    world.stop = stop;
    // The second request of an hour would have to wait for most of it; the first one ends the run.
    world.settings.rate = Some(RateLimit::parse("1/h").expect("rate"));
    let (end, outcomes) = world.run((0..100).map(|n| case(&n.to_string(), vec![get("/")])).collect());
    assert_eq!((end, outcomes.len(), count.load(Ordering::SeqCst)), (RunEnd::Stopped, 1, 1));
}

#[test]
fn an_operation_that_hangs_does_not_end_the_run_of_the_others() {
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
    other.http = Some(Http { method: "GET".into(), uri: "/other".into(), success: None });
    world.contract.operations.push(other);
    let of = |operation: &str, id: String| {
        let mut step = get("/");
        step.send = Send::Operation { name: operation.into(), input: Value::empty(), damage: Vec::new() };
        Case { operation: operation.into(), ..case(&id, vec![step]) }
    };
    let mut cases: Vec<_> = (0..30).map(|n| of("Get", n.to_string())).collect();
    cases.extend((30..60).map(|n| of("Other", n.to_string())));
    let mut outcomes = Vec::new();
    let end = world.with(|plan| {
        let control = |operation: &str| Some(of(operation, "control".into()));
        let plan = Plan {
            control: &control,
            run_id: plan.run_id.clone(),
            values: plan.values.clone(),
            aws: None,
            stop: plan.stop.clone(),
            ..*plan
        };
        run(
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
    assert!(outcomes[..30].iter().all(|outcome| outcome.liveness == Some(Liveness::Down)));
    assert!(outcomes[30..].iter().all(|outcome| word(outcome) == "200 Complete 0"));
}

#[test]
fn values_may_nest_as_deep_as_a_case_wants() {
    let length = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&length);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((_, body)) = read_request(&mut reader) {
            seen.store(body.len(), Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let world = World::at(address);
    // The generator runs where the caller runs it; only what the run does with a value is tried here.
    let deep = (0..20_000).fold(Value::Null, |inner, _| Value::List(vec![inner]));
    let mut act = step("POST", "/");
    act.send = Send::Raw { method: "POST".into(), target: "/".into(), body: Some(deep) };
    let end = world.with(|plan| {
        let cases = std::iter::once(case("deep", vec![act]));
        run(plan, cases, std::mem::forget, |()| ControlFlow::Continue(()))
    });
    assert_eq!((end, length.load(Ordering::SeqCst)), (RunEnd::Complete, 40_004));
}

#[test]
fn secrets_are_known_wherever_they_are_written() {
    let mut world = World::new("http://127.0.0.1:9");
    world.scenario.variables.insert("api_key".into(), Variable { value: "wbk_{run}".into(), secret: false });
    world.scenario.variables.insert("other".into(), Variable { value: "hush".into(), secret: true });
    for (name, value) in [("full", "{api_key}"), ("plain", "written-out")] {
        let credentials = Credentials::Bearer(value.into());
        world.scenario.principals.insert(name.into(), Principal { credentials, lacks: Vec::new() });
    }
    let text = world.with(|plan| plan.redaction().clean("a wbk_r1 b hush c written-out d written-ou e"));
    assert_eq!(text, "a $API_KEY b $OTHER c $PLAIN_KEY d ${PLAIN_KEY%?} e");
}

#[test]
fn steps_follow_and_feed_one_another() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
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
        let mut make = step("POST", create);
        make.purpose = Purpose::SetUp;
        make.captures = vec![
            Capture { name: "thing.id".into(), path: "data.id".into() },
            Capture { name: "thing.n".into(), path: "data.n".into() },
        ];
        let mut body = indexmap::IndexMap::new();
        body.insert("n".to_owned(), Value::Template("{thing.n}".into()));
        body.insert("t".to_owned(), Value::Template("{{{thing.id}}} {run} {who}".into()));
        let mut act = step("PUT", "/things/{thing.id}");
        act.turn = 1;
        act.send =
            Send::Raw { method: "PUT".into(), target: "/things/{thing.id}".into(), body: Some(Value::Map(body)) };
        let side = Step { turn: 2, ..get("/side") };
        let mut remove = step("DELETE", "/things/{thing.id}");
        remove.turn = 3;
        remove.purpose = Purpose::TearDown;
        vec![make, act, side.clone(), side.clone(), side, remove]
    };
    let mut world = World::at(address);
    world.scenario.variables.insert("who".into(), Variable { value: "me-{run}".into(), secret: false });
    let outcome = world.send(steps("/things"));
    assert_eq!(outcome.not_sent, None);
    assert!(outcome.exchanges.iter().all(Option::is_some));
    let sent = std::mem::take(&mut *seen.lock().expect("log"));
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

#[test]
fn tls_is_spoken_with_whom_it_trusts() {
    let authority = |name: &str| {
        let mut params = rcgen::CertificateParams::new(vec![]).expect("params");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = rcgen::KeyPair::generate().expect("key");
        let certificate = params.self_signed(&key).expect("certificate");
        (certificate.pem(), rcgen::Issuer::new(params, key))
    };
    let (pem, issuer) = authority("ours");
    let (other_pem, _) = authority("others");
    let key = rcgen::KeyPair::generate().expect("key");
    let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .expect("params")
        .signed_by(&key, &issuer)
        .expect("certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("key"),
        )
        .expect("config");
    let config = Arc::new(config);
    let address = serve(move |mut stream, _| {
        let mut session = rustls::ServerConnection::new(Arc::clone(&config)).expect("session");
        let mut tls = rustls::Stream::new(&mut session, &mut stream);
        let mut reader = BufReader::new(&mut tls);
        while read_request(&mut reader).is_some() {
            let _ = reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        }
    });
    let url = format!("https://localhost:{}", address.port());
    let with = |tls: Tls| {
        let mut world = World::new(&url);
        world.settings.limits.total = Duration::from_secs(10);
        world.settings.limits.idle = Duration::from_secs(10);
        world.endpoint.tls = tls;
        let result = world.with(|plan| send_case(plan, case("one", vec![get(WAYS[0]), get(WAYS[1])])));
        result.map(|outcome| word(&outcome))
    };
    let ca = |pem: &str| Tls { ca: Some(pem.as_bytes().to_vec()), insecure: false };
    assert_eq!(with(ca(&pem)).as_deref(), Ok("200 Complete 2"));
    assert_eq!(with(Tls { ca: None, insecure: true }).as_deref(), Ok("200 Complete 2"));
    for tls in [ca(&other_pem), Tls::default()] {
        let reason = with(tls).expect_err("not trusted");
        assert!(reason.contains("TLS"), "{reason}");
    }
    assert!(with(ca("no certificate")).expect_err("no PEM").contains("TLS"));
}

#[test]
fn a_proxy_is_used_and_nothing_is_sent_that_it_would_change() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let proxy = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, _)) = read_request(&mut reader) {
            log.lock().expect("log").push(head.lines().next().unwrap_or_default().to_owned());
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        }
    });
    let mut world = World::new("http://127.0.0.1:9/base");
    world.endpoint.proxy = Some(format!("http://{proxy}"));
    assert_eq!(word(&world.send(vec![get("/x?y=z")])), "200 Complete 2");
    assert!(word(&world.send(vec![get("/a/../b")])).starts_with("not sent"));
    assert_eq!(*seen.lock().expect("log"), ["GET http://127.0.0.1:9/base/x?y=z HTTP/1.1"]);
}
