//! The loopback rule: it holds for the address that is connected to, of the endpoint and of its proxy.
//!
//! Names are resolved by a function of the test; no test leaves this machine.

use crate::loopback::{World, get, read_request, serve, word};
use crate::support::command::overstep;
use crate::support::notes_project;
use overstep::libfuzzer::{ExitStatus, target_from_arguments};
use overstep::run::{Endpoint, HostAddress, HostError, ProxyAddress, Reach};
use std::cell::RefCell;
use std::io::{BufReader, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

/// Returns the addresses that requests to a URL would be sent to, and the names that were asked for.
fn addresses(url: &str, reach: Reach) -> (Result<Vec<String>, String>, Vec<String>) {
    let asked = RefCell::new(Vec::new());
    let resolve = |name: &str| {
        asked.borrow_mut().push(name.to_owned());
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        match name {
            "here.test" => Ok(vec![address("127.0.0.1"), address("::1")]),
            "mapped.test" => Ok(vec![address("::ffff:127.0.0.1")]),
            "mixed.test" => Ok(vec![address("127.0.0.1"), address("192.0.2.1")]),
            "hidden.test" => Ok(vec![address("::ffff:192.0.2.1")]),
            "empty.test" => Ok(Vec::new()),
            "unknown.test" => Err(std::io::Error::other("no such name")),
            // Whatever a name server or `/etc/hosts` says of these, nobody asks it.
            "localhost" | "evil.localhost" => Ok(vec![address("192.0.2.1")]),
            _ => Ok(vec![address("192.0.2.9")]),
        }
    };
    let found = Endpoint::parse(url).map_err(|error| error.reason.to_owned()).and_then(|endpoint| {
        let host = HostAddress::parse(&endpoint.host).map_err(|error| error.to_string())?;
        let found = host.addresses(endpoint.port, reach, &resolve).map_err(|error| error.to_string())?;
        Ok(found.iter().map(ToString::to_string).collect())
    });
    (found, asked.into_inner())
}

#[test]
fn requests_stay_on_this_machine_for_every_form_of_a_host() {
    let both = ["127.0.0.1:80", "[::1]:80"];
    let allowed: [(&str, &[&str]); 17] = [
        ("http://127.0.0.1", &["127.0.0.1:80"]),
        ("http://127.255.1.2:8080", &["127.255.1.2:8080"]),
        ("http://127.0.0.1.", &["127.0.0.1:80"]),
        ("http://[::1]", &["[::1]:80"]),
        ("http://[0:0:0:0:0:0:0:1]", &["[::1]:80"]),
        ("http://[::ffff:127.0.0.1]", &["127.0.0.1:80"]),
        ("http://[::ffff:7f00:1]", &["127.0.0.1:80"]),
        // Systems mean this machine by the unspecified address; its loopback address is connected to.
        ("http://0.0.0.0", &["127.0.0.1:80"]),
        ("http://[::]", &["[::1]:80"]),
        ("http://[::ffff:0.0.0.0]", &["127.0.0.1:80"]),
        ("http://localhost", &both),
        ("http://LOCALHOST", &both),
        ("http://localhost.", &both),
        ("http://evil.localhost", &both),
        ("http://a.b.localhost.", &both),
        ("http://here.test", &both),
        ("http://mapped.test", &["127.0.0.1:80"]),
    ];
    for (url, expected) in allowed {
        let (found, asked) = addresses(url, Reach::ThisMachine);
        assert_eq!(found, Ok(expected.iter().map(ToString::to_string).collect()), "{url}");
        assert_eq!(asked.len(), usize::from(url.contains(".test")), "{url}: {asked:?}");
    }
    for url in [
        "http://192.0.2.1",
        "http://10.0.0.1",
        "http://169.254.1.1",
        "http://128.0.0.1",
        "http://126.255.255.255",
        "http://255.255.255.255",
        "http://[::ffff:192.0.2.1]",
        "http://[::127.0.0.1]",
        "http://[64:ff9b::7f00:1]",
        "http://[2002:7f00:1::]",
        "http://[fe80::1]",
        "http://[fc00::1]",
        "http://[2001:db8::1]",
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://localhost-1.test",
        "http://notlocalhost",
        "http://127-0-0-1.nip.test",
        "http://mixed.test",
        "http://hidden.test",
        "http://empty.test",
        "http://unknown.test",
    ] {
        let (found, asked) = addresses(url, Reach::ThisMachine);
        assert!(found.is_err(), "{url}: {found:?}");
        assert!(asked.len() <= 1, "{url} is resolved once: {asked:?}");
    }
}

#[test]
fn forms_that_programs_read_differently_are_refused_on_any_machine() {
    for url in [
        "http://2130706433",
        "http://0x7f000001",
        "http://0x7f.0.0.1",
        "http://0177.0.0.1",
        "http://127.0.0.01",
        "http://127.1",
        "http://127.0.1",
        "http://1.2.3.4.5",
        "http://256.0.0.1",
        "http://127.0.0.0x1",
        "http://017700000001",
        "http://[fe80::1%25eth0]",
        "http://[127.0.0.1]",
        "http://127.0.0.1%00.example.com",
        "http://127.0.0.1@192.0.2.1",
        "http://127.0.0.1:80@192.0.2.1",
        "http://localhost:1:2",
        "http://192.0.2.1#@127.0.0.1",
        "http://192.0.2.1\\@127.0.0.1",
        "http://192.0.2.1/@127.0.0.1?x",
        "http://.localhost",
        "http://local..host",
        "http://localhost..",
        "http://１２７.0.0.1",
        "http://ⓛocalhost",
        "http://127。0。0。1",
        "http:/127.0.0.1",
        "http:127.0.0.1",
        "//127.0.0.1",
        "file://127.0.0.1/etc/passwd",
    ] {
        let (found, asked) = addresses(url, Reach::AnyMachine);
        assert!(found.is_err(), "{url}: {found:?}");
        assert_eq!(asked, [""; 0], "{url}");
    }
    assert_eq!(addresses("http://example.com", Reach::AnyMachine).0.as_deref(), Ok(&["192.0.2.9:80".to_owned()][..]));
    assert_eq!(addresses("http://192.0.2.1", Reach::AnyMachine).0.as_deref(), Ok(&["192.0.2.1:80".to_owned()][..]));
}

#[test]
fn every_form_of_a_proxy_is_an_address_under_the_same_rule() {
    let host = |url: &str| ProxyAddress::parse(url).map(|proxy| (proxy.host.clone(), proxy.port, proxy.user_info));
    let user = Some("u:p".to_owned());
    assert_eq!(host("http://192.0.2.1:9"), Ok(("192.0.2.1".into(), 9, None)));
    assert_eq!(host("192.0.2.1:9"), Ok(("192.0.2.1".into(), 9, None)));
    assert_eq!(host("u:p@192.0.2.1"), Ok(("192.0.2.1".into(), 80, user.clone())));
    assert_eq!(host("https://u:p@[::1]/"), Ok(("::1".into(), 443, user.clone())));
    assert_eq!(host("http://127.0.0.1:p@192.0.2.1:9"), Ok(("192.0.2.1".into(), 9, Some("127.0.0.1:p".into()))));
    for url in [
        "socks5://127.0.0.1:9",
        "ftp://u:hunter2@127.0.0.1",
        "http://u:hunter2@127.1",
        "http://2130706433:9",
        "http://127.0.0.1:9/path",
        "http://127.0.0.1:9#@192.0.2.1",
        "http://a@b@127.0.0.1",
        "http://127.0.0.1\\@192.0.2.1",
        "http://127.0.0.1:0",
        "http://[::1]x",
        "",
    ] {
        let error = ProxyAddress::parse(url).expect_err(url).to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
    let proxy = ProxyAddress::parse("http://u:hunter2@localhost:9").expect("valid");
    assert_eq!(
        (proxy.to_string(), proxy.full_url()),
        ("http://localhost:9".into(), "http://u:hunter2@localhost:9".into())
    );
    assert!(!format!("{proxy:?}").contains("hunter2"));
    let mut endpoint = Endpoint::parse("http://127.0.0.1:9").expect("valid");
    for (proxy, is_local) in
        [("127.0.0.1:9", true), ("x.localhost", true), ("192.0.2.1:9", false), ("proxy.test", false)]
    {
        endpoint.proxy = Some(ProxyAddress::parse(proxy).expect("valid"));
        assert_eq!(endpoint.is_loopback(), is_local, "{proxy}");
    }
}

/// Starts a server that records the first line and the host of each request.
fn start_recorder() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone the stream"));
        while let Some((head, _)) = read_request(&mut reader) {
            let first = head.lines().next().unwrap_or_default().replace(" HTTP/1.1", "");
            let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
            log.lock().expect("log").push(format!("{first} {host}"));
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        }
    });
    (address, lines)
}

#[test]
fn localhost_names_are_connected_to_without_a_name_server_and_keep_their_name() {
    let (address, lines) = start_recorder();
    for host in ["evil.localhost", "localhost.", "0.0.0.0", "[::ffff:127.0.0.1]"] {
        let world = World::new(&format!("http://{host}:{}", address.port()));
        assert_eq!(word(&world.send(vec![get("/x")])), "200 Complete 2", "{host}");
        assert_eq!(*lines.lock().expect("log"), [format!("GET /x {host}:{}", address.port())]);
        lines.lock().expect("log").clear();
    }
    let mut world = World::new("http://a.localhost:9");
    world.endpoint.proxy = Some(ProxyAddress::parse(&format!("proxy.localhost:{}", address.port())).expect("valid"));
    assert_eq!(word(&world.send(vec![get("/x")])), "200 Complete 2");
    assert_eq!(*lines.lock().expect("log"), ["GET http://a.localhost:9/x a.localhost:9"]);
}

#[test]
fn a_remote_endpoint_or_proxy_is_not_connected_to() {
    for (url, proxy) in [
        ("http://192.0.2.1", None),
        ("http://127.0.0.1:9", Some("192.0.2.1:9")),
        ("http://192.0.2.1", Some("127.0.0.1:9")),
    ] {
        let mut world = World::new(url);
        world.endpoint.proxy = proxy.map(|proxy| ProxyAddress::parse(proxy).expect("valid"));
        for http2 in [false, true] {
            world.endpoint.http2 = http2;
            let outcome =
                world.with(|plan| overstep::run::run_single_case(plan, crate::loopback::case("a", vec![get("/")])));
            let error = outcome.expect_err("refused").to_string();
            assert!(error.contains("192.0.2.1") && error.contains("not on this machine"), "{url} {proxy:?}: {error}");
        }
    }
    let remote =
        HostAddress::parse("192.0.2.1").expect("an address").addresses(80, Reach::ThisMachine, &|_| unreachable!());
    assert!(matches!(remote, Err(HostError::Remote { .. })));
}

#[test]
fn targets_of_requests_never_change_the_machine() {
    let (address, lines) = start_recorder();
    let mut world = World::at(address);
    for proxied in [false, true] {
        world.endpoint.proxy = proxied.then(|| ProxyAddress::parse(&address.to_string()).expect("valid"));
        for target in [
            "http://192.0.2.1/x",
            "//192.0.2.1/x",
            "@192.0.2.1/x",
            ":80@192.0.2.1/x",
            ".192.0.2.1/x",
            "0.evil.test/x",
            "\\\\192.0.2.1/x",
            "?@192.0.2.1/x",
        ] {
            let shown = word(&world.send(vec![get(target)]));
            assert!(shown == "200 Complete 2" || shown.starts_with("not sent"), "{target}: {shown}");
            for line in lines.lock().expect("log").drain(..) {
                assert!(line.ends_with(&address.to_string()), "{target} was sent as {line}");
                assert!(!proxied || line.starts_with(&format!("GET http://{address}/")), "{target}: {line}");
            }
        }
    }
}

#[test]
fn every_command_refuses_a_remote_endpoint_and_a_remote_proxy() {
    let directory = notes_project();
    let run = |arguments: &[&str]| {
        let mut command = overstep(directory.path(), arguments);
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            command.env(name, "http://192.0.2.1:9");
        }
        let output = command.output().expect("start overstep");
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), text)
    };
    let (address, _) = start_recorder();
    let local = format!("http://{address}");
    // Proxies of the environment are not used: this run reaches its endpoint.
    let (code, text) = run(&["check", "notes", "-e", &local, "-E", "valid/control/plain"]);
    assert!(matches!(code, Some(0 | 1 | 3)) && !text.contains("could not be reached"), "{text}");
    let control = "notes/RenameNote/valid/control/plain";
    let source = "scenarios/notes.contract.json";
    for remote in ["http://192.0.2.1:9", "http://127.0.0.1.example.com:9", "http://[fe80::1]:9", "http://2130706433:9"]
    {
        for command in [
            &["check", "notes", "-e", remote][..],
            &["check", "notes", "-e", &local, "--against", remote],
            &["fuzz", "notes", "--max-cases", "1", "-e", remote],
            &["doctor", "notes", "-e", remote],
            &["init", "more", "-s", source, "-e", remote],
            &["replay", control, "-e", remote],
            &["export", control, "--format", "curl", "-e", remote],
        ] {
            let (code, text) = run(command);
            assert_eq!(code, Some(2), "{command:?}: {text}");
            assert!(text.contains("not on this machine") || text.contains("four numbers"), "{command:?}: {text}");
        }
        let scenario = directory.path().join("scenarios/notes.toml").display().to_string();
        let arguments = [scenario, "-e".to_owned(), remote.to_owned()];
        assert!(matches!(target_from_arguments(&arguments), Err(ExitStatus::Usage)), "{remote}");
    }
    for proxy in ["http://192.0.2.1:9", "u:p@192.0.2.1", "192.0.2.1:9", "http://proxy.test"] {
        for command in [
            &["check", "notes", "-e", &local, "--proxy", proxy][..],
            &["fuzz", "notes", "--max-cases", "1", "-e", &local, "--proxy", proxy],
            &["replay", control, "-e", &local, "--proxy", proxy],
        ] {
            let (code, text) = run(command);
            assert_eq!(code, Some(2), "{command:?}: {text}");
            assert!(text.contains("the proxy") && text.contains("not on this machine"), "{command:?}: {text}");
            assert!(!text.contains("u:p"), "{text}");
        }
    }
}
