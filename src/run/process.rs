//! A server that overstep starts, watches and stops: with it goes everything that it started itself.
//!
//! It never outlives its owner: dropping it ends its whole process group. What `kill -9` does to overstep it
//! cannot know; then the server stays, and its port is not free.

#![expect(clippy::disallowed_methods, reason = "waiting for a process to be ready needs a clock")]

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many of its last lines are kept.
const LINES: usize = 200;
/// So many characters of each.
const WIDEST: usize = 400;
/// How long it has to end by itself.
const GRACE: Duration = Duration::from_secs(3);
/// How long one request of ours may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is started, and when it is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// What is added to the environment.
    pub env: Vec<(String, String)>,
    /// Where it runs.
    pub directory: PathBuf,
    /// The loopback port that it listens on.
    pub port: u16,
    /// A request that is answered below 500 once it is ready; an open port is enough where there is none.
    pub ready: Option<String>,
    /// How long it may take to be ready.
    pub within: Duration,
}

/// Why a server did not come up, or could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct ProcessError {
    /// What is wrong.
    pub reason: String,
    /// What the server said last.
    pub output: Vec<String>,
}

/// The last lines of a server's output.
#[derive(Clone, Debug, Default)]
pub struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// The last so many lines.
    pub fn last(&self, count: usize) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().skip(lines.len().saturating_sub(count)).cloned().collect()
    }

    fn push(&self, bytes: &[u8]) {
        let text: String = String::from_utf8_lossy(bytes).trim_end().chars().take(WIDEST).collect();
        if text.is_empty() {
            return;
        }
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(text);
        if lines.len() > LINES {
            lines.pop_front();
        }
    }

    /// Reads to the end on a thread of its own, so that the server never waits for us.
    fn follow(&self, from: impl Read + Send + 'static) {
        let tail = self.clone();
        std::thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut line = Vec::new();
            loop {
                line.clear();
                // A line without an end is cut, not collected.
                match (&mut from).take(64 * 1024).read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => return,
                    Ok(_) => tail.push(&line),
                }
            }
        });
    }
}

/// A server that runs.
#[derive(Debug)]
pub struct Started {
    child: Child,
    tail: Tail,
    address: SocketAddr,
}

/// A loopback port that nobody listens on now.
///
/// # Errors
/// Where the system has none.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Starts a server and waits until it is ready.
///
/// # Errors
/// Where it cannot be started, ends at once, or is not ready in time.
pub fn start(what: &Start) -> Result<Started, ProcessError> {
    let failed = |reason: String| ProcessError { reason, output: Vec::new() };
    let address = SocketAddr::from(([127, 0, 0, 1], what.port));
    if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() {
        return Err(failed(format!("something listens on port {} already", what.port)));
    }
    let (program, arguments) = what.command.split_first().ok_or_else(|| failed("the command is empty".to_owned()))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&what.directory)
        .envs(what.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|error| failed(format!("`{program}` cannot be started: {error}")))?;
    let tail = Tail::default();
    if let Some(out) = child.stdout.take() {
        tail.follow(out);
    }
    if let Some(err) = child.stderr.take() {
        tail.follow(err);
    }
    let mut started = Started { child, tail, address };
    let since = Instant::now();
    while !started.is_ready(what.ready.as_deref()) {
        if let Some(ended) = started.ended() {
            // Its last words may still be on their way.
            std::thread::sleep(Duration::from_millis(100));
            return Err(ProcessError {
                reason: format!("`{program}` ended at once: {ended}"),
                output: started.tail.last(20),
            });
        }
        if since.elapsed() > what.within {
            let reason = format!("`{program}` was not ready within {:?}", what.within);
            return Err(ProcessError { reason, output: started.tail.last(20) });
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(started)
}

/// The first line that a command prints: how a server says its version.
///
/// # Errors
/// Where it cannot be started, or prints nothing.
pub fn first_line(command: &[String], directory: &std::path::Path) -> io::Result<String> {
    let (program, arguments) = command.split_first().ok_or_else(|| io::Error::other("the command is empty"))?;
    let output = Command::new(program).args(arguments).current_dir(directory).stdin(Stdio::null()).output()?;
    let said = if output.stdout.trim_ascii().is_empty() { output.stderr } else { output.stdout };
    let text = String::from_utf8_lossy(&said);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    line.map(|line| line.chars().take(WIDEST).collect()).ok_or_else(|| io::Error::other("it prints nothing"))
}

impl Started {
    /// What it said last; stays readable after its end.
    pub fn tail(&self) -> Tail {
        self.tail.clone()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<String> {
        self.child.try_wait().ok().flatten().map(|status| status.to_string())
    }

    fn is_ready(&self, request: Option<&str>) -> bool {
        match request {
            Some(request) => ask(self.address, request, Duration::from_secs(1)).is_ok_and(|status| status < 500),
            None => TcpStream::connect_timeout(&self.address, Duration::from_millis(200)).is_ok(),
        }
    }

    /// Ends it, and all that it started.
    pub fn stop(&mut self) {
        if self.ended().is_none() {
            self.signal(false);
            let since = Instant::now();
            while self.ended().is_none() && since.elapsed() < GRACE {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        // What it started may have outlived it.
        self.signal(true);
        let _ = self.child.wait();
    }

    #[cfg(unix)]
    fn signal(&mut self, at_once: bool) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let signal = if at_once { Signal::KILL } else { Signal::TERM };
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, signal);
        }
    }

    #[cfg(not(unix))]
    fn signal(&mut self, at_once: bool) {
        if at_once {
            let _ = self.child.kill();
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Sends a request such as `POST /reset` without a body to a server on this machine.
///
/// # Errors
/// Where it is not answered with 2xx, in words.
pub fn reset(port: u16, request: &str) -> Result<(), String> {
    match ask(SocketAddr::from(([127, 0, 0, 1], port)), request, PATIENCE) {
        Ok(200..300) => Ok(()),
        Ok(status) => Err(format!("`{request}` is answered with {status}")),
        Err(error) => Err(format!("`{request}` is not answered: {error}")),
    }
}

/// The status of the answer to a request line.
fn ask(address: SocketAddr, request: &str, patience: Duration) -> io::Result<u16> {
    let (method, target) = request.split_once(' ').unwrap_or(("GET", request));
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let target = target.trim();
    write!(stream, "{method} {target} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
    let mut line = Vec::new();
    BufReader::new(stream).take(1024).read_until(b'\n', &mut line)?;
    let text = String::from_utf8_lossy(&line);
    let status =
        text.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)).and_then(|code| code.trim().parse().ok());
    status.ok_or_else(|| io::Error::other("it answers with no HTTP"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, port: u16) -> Start {
        Start {
            command: ["sh", "-c", script].map(str::to_owned).into(),
            env: vec![("GREETING".to_owned(), "hello".to_owned())],
            directory: std::env::temp_dir(),
            port,
            ready: None,
            within: Duration::from_millis(300),
        }
    }

    #[test]
    fn what_does_not_come_up_tells_why_with_its_last_words() {
        let port = free_port().expect("a port");
        let ended = start(&shell("echo $GREETING; echo trouble >&2; exit 3", port)).expect_err("it ends");
        assert!(ended.reason.contains("ended at once") && ended.reason.contains('3'), "{ended}");
        assert!(ended.output.contains(&"hello".to_owned()) && ended.output.contains(&"trouble".to_owned()));
        let slow = start(&shell("echo waiting; sleep 60", port)).expect_err("it never listens");
        assert!(slow.reason.contains("not ready within"), "{slow}");
        let gone =
            start(&Start { command: vec!["/no/such/program".into()], ..shell("", port) }).expect_err("no program");
        assert!(gone.reason.contains("cannot be started"), "{gone}");
    }

    #[test]
    fn an_occupied_port_is_said() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let taken = start(&shell("sleep 60", port)).expect_err("somebody is there");
        assert!(taken.reason.contains("already"), "{taken}");
    }

    #[test]
    fn a_command_says_its_version_in_its_first_line() {
        let line = |script: &str| first_line(&["sh", "-c", script].map(str::to_owned), &std::env::temp_dir());
        assert_eq!(line("echo; echo v1.2; echo more").expect("it prints"), "v1.2");
        assert_eq!(line("echo v3 >&2").expect("it prints"), "v3");
        assert!(line("true").is_err());
    }
}
