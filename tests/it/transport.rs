//! Servers on loopback with bad or unusual responses: each has the right outcome within the limits.

use crate::{loopback, support};
use loopback::*;
use overstep::case::{Step, StepRequest, Value};
use overstep::run::{RunEnd, TlsIdentity, TlsOptions, run_single_case};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::gzip;

/// Targets for both clients: the HTTP library with kept connections, and raw bytes on a new connection for a target with a
/// space.
const CLIENTS: [&str; 2] = ["/plain", "/a raw one"];

fn with_encoding(encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n", body.len())
        .into_bytes();
    out.extend_from_slice(body);
    out
}

#[test]
fn bad_responses_have_their_own_error() {
    let large_head =
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
            "a stream of events that stays open",
            scripted("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\ndata: x\n\n", false),
            "200 OpenStream 9",
        ),
        (
            "a stream of events that ends",
            scripted("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: x\n\n", true),
            "200 Complete 9",
        ),
        (
            "a rejected request for a stream",
            scripted("HTTP/1.1 400 Bad Request\r\ncontent-type: text/event-stream\r\n\r\ndata: x\n\n", false),
            "400 TimedOut 9",
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
        ("endless body", endless(b"HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 4096]), "200 Truncated 65536"),
        (
            "announced 2 GB",
            endless(b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n", &[b'x'; 4096]),
            "200 Truncated 65536",
        ),
        (
            "endless chunks",
            endless(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"4\r\nxxxx\r\n"),
            "200 Truncated 65536",
        ),
        (
            "endless head",
            endless(b"HTTP/1.1 200 OK\r\n", b"x-filler: 0123456789012345678901234567890123456789\r\n"),
            "HeadTooLarge",
        ),
        ("endless header", endless(b"HTTP/1.1 200 OK\r\nx: ", &[b'x'; 4096]), "HeadTooLarge"),
        ("large head", scripted(large_head, false), "HeadTooLarge"),
        ("not HTTP", scripted("SSH-2.0-OpenSSH_9.6\r\n\r\n", false), "NotHttp"),
        (
            "speaks first",
            serve(|mut stream, _| {
                let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n");
                let _ = stream.read(&mut [0; 1024]);
            }),
            "NotHttp",
        ),
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
        ("gzip", scripted(with_encoding("gzip", &gzip(b"hello")), false), "200 Complete 5"),
        ("no gzip", scripted(with_encoding("gzip", b"hello"), false), "200 Undecodable 0"),
        ("gzip bomb", scripted(with_encoding("gzip", &gzip(&vec![0; 20_000_000])), false), "200 Truncated 65536"),
        ("unknown encoding", scripted(with_encoding("zstd", b"hello"), false), "200 Undecodable 5"),
    ];
    let checks: Vec<_> = table
        .into_iter()
        .flat_map(|(name, address, expected)| CLIENTS.map(|client| (name, address, expected, client)))
        .map(|(name, address, expected, client)| {
            std::thread::spawn(move || {
                let found = word(&World::at(address).send(vec![get(client)]));
                (found != expected).then(|| format!("{name} ({client}): {found}, not {expected}"))
            })
        })
        .collect();
    let failures: Vec<String> = checks.into_iter().filter_map(|check| check.join().expect("no panic")).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn endless_interim_responses_and_slow_bodies_time_out() {
    let interim_responses = || endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n");
    for client in CLIENTS {
        assert_eq!(word(&World::at(interim_responses()).send(vec![get(client)])), "NotHttp", "{client}");
    }
    // Single bytes prevent the idle timeout, but not the total timeout.
    let drip = |start: &'static str| {
        serve(move |mut stream, _| {
            let mut buffer = [0; 1024];
            // A response before the request would be another error.
            let _ = stream.read(&mut buffer);
            let _ = stream.write_all(start.as_bytes());
            let _ = stream.set_read_timeout(Some(Duration::from_millis(20)));
            while stream.write_all(b"x").is_ok() {
                let _ = stream.read(&mut buffer);
            }
        })
    };
    for client in CLIENTS {
        assert_eq!(word(&World::at(drip("HTTP/1.1 200 OK\r\nx: ")).send(vec![get(client)])), "TimedOut");
        let slow_response = World::at(drip("HTTP/1.1 200 OK\r\ncontent-length: 50000\r\n\r\n")).send(vec![get(client)]);
        assert!(word(&slow_response).starts_with("200 TimedOut "), "{}", word(&slow_response));
    }
}

#[test]
fn a_connection_closed_between_requests_is_replaced() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    // Responds to one request per connection, and closes the kept connection at the next one.
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
    // The probe uses one more connection.
    assert_eq!(connections.load(Ordering::SeqCst), 11);
}

#[test]
fn each_worker_keeps_one_connection() {
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
fn targets_are_sent_unchanged() {
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
fn an_early_response_is_accepted() {
    for client in CLIENTS {
        let address = serve(|mut stream, _| {
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer);
            let _ = stream.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno");
            let _ = stream.shutdown(std::net::Shutdown::Both);
        });
        let body = Some(Value::Text("x".repeat(4_000_000)));
        let request = StepRequest::Raw { method: "POST".into(), target: client.into(), body };
        let outcome = World::at(address).send(vec![Step { request, ..get("/") }]);
        assert_eq!(word(&outcome), "413 Complete 2", "{client}");
    }
}

/// Creates a certificate authority and returns its certificate as PEM.
fn certificate_authority(name: &str) -> (String, rcgen::Issuer<'static, rcgen::KeyPair>) {
    let mut params = rcgen::CertificateParams::new(vec![]).expect("params");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let key = rcgen::KeyPair::generate().expect("key");
    let certificate = params.self_signed(&key).expect("certificate");
    (certificate.pem(), rcgen::Issuer::new(params, key))
}

/// Serves a response to every request over TLS.
fn serve_tls(config: rustls::ServerConfig) -> std::net::SocketAddr {
    let config = Arc::new(config);
    serve(move |mut stream, _| {
        let mut session = rustls::ServerConnection::new(Arc::clone(&config)).expect("session");
        let mut tls = rustls::Stream::new(&mut session, &mut stream);
        let mut reader = BufReader::new(&mut tls);
        while read_request(&mut reader).is_some() {
            let _ = reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        }
    })
}

/// Sends two requests over TLS, one with each client, and returns what came of the first.
fn send_over_tls(address: std::net::SocketAddr, tls: TlsOptions) -> Result<String, String> {
    let mut world = World::new(&format!("https://localhost:{}", address.port()));
    world.settings.limits.total_timeout = Duration::from_secs(10);
    world.settings.limits.idle_timeout = Duration::from_secs(10);
    world.endpoint.tls = tls;
    let result = world.with(|plan| run_single_case(plan, case("one", vec![get(CLIENTS[0]), get(CLIENTS[1])])));
    result.map(|outcome| word(&outcome)).map_err(|error| error.to_string())
}

#[test]
fn client_certificates_are_presented_to_a_server_that_asks_for_one() {
    let (pem, issuer) = certificate_authority("ours");
    let signed = |name: &str| {
        let key = rcgen::KeyPair::generate().expect("key");
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("params");
        (params.signed_by(&key, &issuer).expect("certificate"), key)
    };
    let ((leaf, key), (client, client_key)) = (signed("localhost"), signed("client.example"));
    let mut roots = rustls::RootCertStore::empty();
    let authority = rustls::pki_types::pem::PemObject::from_pem_slice(pem.as_bytes()).expect("PEM");
    roots.add(authority).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(
            vec![leaf.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("key"),
        );
    let address = serve_tls(config.expect("config"));
    let with = |identity: Option<(String, String)>| {
        let identity = identity.map(|(certificate, key)| TlsIdentity {
            certificate_pem: certificate.into_bytes(),
            key_pem: key.into_bytes(),
        });
        send_over_tls(address, TlsOptions { ca: Some(pem.clone().into_bytes()), identity, insecure: false })
    };
    let own = (client.pem(), client_key.serialize_pem());
    assert_eq!(with(Some(own.clone())).as_deref(), Ok("200 Complete 2"));
    assert!(with(None).is_err() || !with(None).is_ok_and(|word| word.starts_with("200")));
    assert!(with(Some((own.0, "no key".to_owned()))).expect_err("no key").contains("TLS"));
}

#[test]
fn tls_needs_a_trusted_certificate() {
    let (pem, issuer) = certificate_authority("ours");
    let (other_pem, _) = certificate_authority("others");
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
    let address = serve_tls(config);
    let run_with = |tls: TlsOptions| send_over_tls(address, tls);
    let ca = |pem: &str| TlsOptions { ca: Some(pem.as_bytes().to_vec()), identity: None, insecure: false };
    assert_eq!(run_with(ca(&pem)).as_deref(), Ok("200 Complete 2"));
    assert_eq!(run_with(TlsOptions { ca: None, identity: None, insecure: true }).as_deref(), Ok("200 Complete 2"));
    for tls in [ca(&other_pem), TlsOptions::default()] {
        let reason = run_with(tls).expect_err("the certificate is not trusted");
        assert!(reason.contains("TLS"), "{reason}");
    }
    assert!(run_with(ca("no certificate")).expect_err("no PEM").contains("TLS"));
}

#[test]
fn a_proxy_is_used_except_for_targets_that_it_would_change() {
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
    world.endpoint.proxy = Some(overstep::run::ProxyAddress::parse(&format!("http://{proxy}")).expect("valid URL"));
    assert_eq!(word(&world.send(vec![get("/x?y=z")])), "200 Complete 2");
    assert!(word(&world.send(vec![get("/a/../b")])).starts_with("not sent"));
    assert_eq!(*seen.lock().expect("log"), ["GET http://127.0.0.1:9/base/x?y=z HTTP/1.1"]);
}

#[test]
fn http_2_with_prior_knowledge() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    listener.set_nonblocking(true).expect("tokio needs a non-blocking listener");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("bound");
            while let Ok((stream, _)) = listener.accept().await {
                let handler = hyper::service::service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                    let text = format!("{:?} {}", request.version(), request.uri().path());
                    Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Full::new(
                        bytes::Bytes::from(text),
                    )))
                });
                let executor = hyper_util::rt::TokioExecutor::new();
                let stream = hyper_util::rt::TokioIo::new(stream);
                tokio::spawn(hyper::server::conn::http2::Builder::new(executor).serve_connection(stream, handler));
            }
        });
    });
    let mut world = World::at(address);
    world.endpoint.http2 = true;
    let outcome = world.send(vec![get("/x%2Fy")]);
    let response = outcome.exchanges[0].as_ref().expect("sent").response.as_ref().expect("answered");
    assert_eq!(response.body, "HTTP/2.0 /x%2Fy");
}
