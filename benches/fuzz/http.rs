//! `overstep fuzz` over HTTP against the sample service: runs the binary in a new folder.
//!
//! The time includes shrinking the finding and the end of the run.

use super::cards::{CONTRACT, Cards, Fault, SCENARIO};
use super::loopback::{read_request, serve};
use std::io::{BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Returns the time until a fault is found, or `None` if it is not found in time.
pub fn overstep_fuzz(fault: Fault, time_limit: Duration, seed: u64) -> Option<Duration> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let scenarios = folder.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("the folder can be created");
    std::fs::write(scenarios.join("cards.toml"), SCENARIO).expect("the file can be written");
    std::fs::write(scenarios.join("cards.contract.json"), CONTRACT).expect("the file can be written");
    let url = start_service(fault);
    let started = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_overstep"))
        .current_dir(folder.path())
        .args(["fuzz", "cards", "-e", &url, "--max-failures", "1", "--no-progress"])
        .args(["--max-time", &format!("{}s", time_limit.as_secs()), "--seed", &seed.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("it starts");
    (status.code() == Some(1)).then(|| started.elapsed())
}

/// Starts the service on its own port; it runs until the process ends.
fn start_service(fault: Fault) -> String {
    let service = Arc::new(Cards::new(fault));
    let address = serve(move |mut stream, _| {
        let _ = stream.set_nodelay(true);
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, body)) = read_request(&mut reader) {
            let mut line = head.lines().next().unwrap_or_default().split(' ');
            let (method, target) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
            let (status, body) = service.respond(method, target, &body);
            let body = body.to_string();
            let response = format!(
                "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            if stream.write_all(response.as_bytes()).is_err() {
                return;
            }
        }
    });
    format!("http://{address}")
}
