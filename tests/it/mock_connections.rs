//! Slow and idle clients of the reference server: they cannot hold connections for ever, nor keep others out.

#![cfg(unix)]

use crate::support::{self, notes_project};
use overstep::reference::{ConnectionLimits, ReferenceServer, ReferenceService, RunningServer};
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Time after which a test fails; nothing else depends on it.
const FAILED: Duration = Duration::from_secs(60);

const HEAD: &str = "POST /v1/notes HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";

fn start(limits: ConnectionLimits) -> (Runtime, RunningServer) {
    let runtime = Runtime::new().expect("a runtime");
    let service = Arc::new(ReferenceService::new(support::contract(), Default::default()));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = runtime.block_on(ReferenceServer::start_with_limits(service, address, limits)).expect("a free port");
    (runtime, server)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(FAILED)).expect("a time limit");
    stream.set_write_timeout(Some(FAILED)).expect("a time limit");
    stream
}

/// Reads until the server closes the connection.
#[track_caller]
fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            panic!("the server holds the connection")
        }
        // A connection may be reset as well.
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// Sends a request and returns the first line of the response.
fn send(stream: &mut TcpStream) -> String {
    stream.write_all(HEAD.as_bytes()).expect("the server reads");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("the server responds");
    line
}

#[test]
fn connections_that_wait_for_their_clients_too_long_are_closed() {
    let short = Duration::from_millis(100);
    let limits = ConnectionLimits { head_timeout: short, body_timeout: short, ..ConnectionLimits::default() };
    let (_runtime, server) = start(limits);
    let mut silent = connect(server.addr());
    assert_eq!(read_to_end(&mut silent), "");
    let mut half_head = connect(server.addr());
    half_head.write_all(&HEAD.as_bytes()[..30]).expect("the server reads");
    let text = read_to_end(&mut half_head);
    assert!(!text.contains(" 200 "), "{text}");
    let mut half_body = connect(server.addr());
    let head = HEAD.replace("content-length: 0", "content-length: 9");
    half_body.write_all(format!("{head}{{").as_bytes()).expect("the server reads");
    let text = read_to_end(&mut half_body);
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    let mut idle = connect(server.addr());
    assert!(send(&mut idle).starts_with("HTTP/1.1 "));
    read_to_end(&mut idle);
}

#[test]
fn client_that_reads_no_response_is_disconnected() {
    let limits = ConnectionLimits { write_timeout: Duration::from_millis(100), ..ConnectionLimits::default() };
    let (_runtime, server) = start(limits);
    let mut stream = connect(server.addr());
    let many = HEAD.repeat(1000);
    // Without the limit, the server waits for the client, which waits for the server.
    let error = loop {
        if let Err(error) = stream.write_all(many.as_bytes()) {
            break error.kind();
        }
    };
    assert!(matches!(error, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error:?}");
}

#[test]
fn the_longest_waiting_connection_makes_room_for_another() {
    let (_runtime, server) = start(ConnectionLimits { max_connections: 3, ..ConnectionLimits::default() });
    let mut slow: Vec<TcpStream> = (0..3).map(|_| connect(server.addr())).collect();
    for stream in &mut slow {
        assert!(send(stream).starts_with("HTTP/1.1 "));
    }
    assert!(send(&mut connect(server.addr())).starts_with("HTTP/1.1 "));
    read_to_end(&mut slow[0]);
    for stream in &mut slow[1..] {
        assert!(send(stream).starts_with("HTTP/1.1 "));
    }
}

#[test]
fn slow_clients_that_use_up_all_files_do_not_keep_another_out() {
    let directory = notes_project();
    let script = "ulimit -n 100; exec \"$0\" serve notes --port 0";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_overstep")]).current_dir(directory.path());
    let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("start the server");
    let mut url = String::new();
    BufReader::new(server.stdout.take().expect("stdout is piped")).read_line(&mut url).expect("the server prints");
    let address: SocketAddr = url.trim().trim_start_matches("http://").parse().expect("an address");
    let clients = std::thread::spawn(move || {
        let mut slow: Vec<TcpStream> = (0..300).map(|_| connect(address)).collect();
        for stream in &mut slow {
            // The server may have closed it already.
            let _ = stream.write_all(b"POST /v1/notes HTTP/1.1\r\n");
        }
        send(&mut connect(address))
    });
    let response = clients.join();
    server.kill().expect("stop the server");
    server.wait().expect("wait for the server");
    let response = response.expect("the server responds");
    assert!(response.starts_with("HTTP/1.1 "), "{response}");
}
