//! Runs the user's processes: a server is started for a run, watched, and stopped together with its child processes.
//!
//! It never blocks a process, however much it prints, and never decides what its exit means.

use super::clock;
use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Maximum time for a process to exit on its own before it is killed.
const MAX_SHUTDOWN_WAIT: Duration = Duration::from_secs(3);
/// Interval between checks whether a process has exited.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// Maximum number of output lines kept.
const MAX_LINES: usize = 400;
/// Maximum number of bytes read of one line; the rest is skipped.
const MAX_LINE_BYTES: usize = 64 * 1024;
/// Maximum number of characters kept of one line.
const MAX_LINE_CHARS: usize = 1000;
/// Maximum size of a log file in bytes.
const MAX_LOG_BYTES: usize = 4 * 1024 * 1024;

/// Function that redacts secrets in a text.
pub type RedactFn = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// A command to start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchCommand {
    /// Program and arguments; may contain the placeholder `{port}`.
    pub arguments: Vec<String>,
    /// Environment variables in addition to inherited ones; values may contain the placeholder `{port}`.
    pub environment: Vec<(String, String)>,
    /// Working directory.
    pub directory: PathBuf,
}

impl LaunchCommand {
    /// Returns the command with `{port}` replaced.
    pub fn with_port(&self, port: u16) -> Self {
        let fill = |text: &String| text.replace("{port}", &port.to_string());
        Self {
            arguments: self.arguments.iter().map(fill).collect(),
            environment: self.environment.iter().map(|(name, value)| (name.clone(), fill(value))).collect(),
            directory: self.directory.clone(),
        }
    }

    /// Returns the command on one line, for people.
    pub fn command_line(&self) -> String {
        self.arguments.join(" ")
    }

    fn spawn(&self) -> io::Result<Child> {
        let (program, arguments) = self.arguments.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // The process gets its own process group: overstep handles Ctrl-C in a terminal first, and child processes end
        // with the server.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        // The lock is held until the process is registered, so that overstep cannot exit in between.
        let mut running = lock_mutex(&RUNNING_PROCESSES);
        let child = command.spawn()?;
        running.push(child.id());
        Ok(child)
    }
}

/// Process IDs of all processes that were started and not yet stopped.
static RUNNING_PROCESSES: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Kills all processes that are still running, for exits that do not unwind.
pub fn kill_all_started() {
    for id in std::mem::take(&mut *lock_mutex(&RUNNING_PROCESSES)) {
        kill_group(id);
    }
}

fn lock_mutex<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns a port of 127.0.0.1 that is free now.
///
/// # Errors
/// Returns an error if the system has no free port.
pub fn free_port() -> io::Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr().map(|address| address.port())
}

/// Returns true if a port of this machine is in use.
pub fn is_port_in_use(host: &str, port: u16) -> bool {
    // Names of this machine need not resolve to its address.
    let host = if host.contains(':') { host } else { "127.0.0.1" };
    TcpStream::connect((host, port)).is_ok()
}

/// A process that runs until this value is dropped.
pub struct ServerProcess {
    launch: LaunchCommand,
    process: Mutex<ChildProcess>,
    output: Arc<ProcessOutput>,
    /// CPU time in seconds of the processes before the current one.
    previous_cpu_seconds: Mutex<f64>,
}

impl std::fmt::Debug for ServerProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Started").field("launch", &self.launch).finish_non_exhaustive()
    }
}

struct ChildProcess {
    child: Child,
    /// Whether the process was waited for, after which the system may reuse its ID.
    reaped: bool,
}

impl ServerProcess {
    /// Starts a command. Its output is redacted with `clean`, kept in a buffer and written to `log`.
    ///
    /// # Errors
    /// Returns an error if the program cannot be started.
    pub fn start(launch: LaunchCommand, redact: RedactFn, log: Option<Box<dyn Write + Send>>) -> io::Result<Self> {
        let output = Arc::new(ProcessOutput {
            redact,
            buffer: Mutex::new(OutputBuffer { log: log.map(BufWriter::new), ..OutputBuffer::default() }),
            pipes: Mutex::default(),
        });
        output.log_command(&launch);
        let process = Mutex::new(ChildProcess::new(&launch, &output)?);
        Ok(Self { launch, process, output, previous_cpu_seconds: Mutex::default() })
    }

    /// Stops the process if it is running, and starts it again. The caller waits until it is ready.
    ///
    /// # Errors
    /// Returns an error if the program can no longer be started.
    pub fn restart(&self) -> io::Result<()> {
        let mut process = lock_mutex(&self.process);
        *lock_mutex(&self.previous_cpu_seconds) += clock::cpu_seconds(Some(process.child.id())).unwrap_or(0.0);
        process.stop();
        self.output.log_command(&self.launch);
        *process = ChildProcess::new(&self.launch, &self.output)?;
        Ok(())
    }

    /// Returns the CPU time in seconds of all processes started so far, if the system provides it.
    pub fn cpu_seconds(&self) -> Option<f64> {
        let now = clock::cpu_seconds(Some(lock_mutex(&self.process).child.id()))?;
        Some(*lock_mutex(&self.previous_cpu_seconds) + now)
    }

    /// Returns the command on one line, with secrets redacted.
    pub fn command_line(&self) -> String {
        (self.output.redact)(&self.launch.command_line())
    }

    /// Describes how the process ended, if it has.
    pub fn exit_description(&self) -> Option<String> {
        lock_mutex(&self.process).exit_description()
    }

    /// Returns the current position in the output, for use with [`ServerProcess::lines_since`].
    pub fn output_position(&self) -> u64 {
        lock_mutex(&self.output.buffer).line_count
    }

    /// Returns the last lines printed since a position, at most `most` of them.
    pub fn lines_since(&self, mark: u64, max_lines: usize) -> Vec<String> {
        let kept = lock_mutex(&self.output.buffer);
        let fresh = usize::try_from(kept.line_count.saturating_sub(mark)).unwrap_or(usize::MAX);
        let skip = kept.lines.len() - fresh.min(kept.lines.len()).min(max_lines);
        kept.lines.iter().skip(skip).cloned().collect()
    }

    /// Returns true if some output has not been read yet.
    pub fn has_unread_output(&self) -> bool {
        self.output.has_unread_output()
    }

    /// Waits briefly for output that an exited process left in its pipes.
    pub fn drain_output(&self) {
        let from = clock::now();
        while lock_mutex(&self.output.buffer).open_pipes > 0
            && clock::now().duration_since(from) < Duration::from_millis(500)
        {
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        lock_mutex(&self.process).stop();
    }
}

impl ChildProcess {
    fn new(launch: &LaunchCommand, output: &Arc<ProcessOutput>) -> io::Result<Self> {
        let mut child = launch.spawn()?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let process = Self { child, reaped: false };
        lock_mutex(&output.pipes).clear();
        if let Some(out) = out {
            output.track_pipe(&out);
            output.spawn_reader(out, OutputPipe::Stdout)?;
        }
        if let Some(err) = err {
            output.track_pipe(&err);
            output.spawn_reader(err, OutputPipe::Stderr)?;
        }
        Ok(process)
    }

    /// The process is not reaped before [`ChildProcess::stop`]: until then, its ID and group ID cannot be reused.
    #[cfg(unix)]
    fn exit_description(&mut self) -> Option<String> {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(process_group(self.child.id())?), options).ok()??;
        Some(match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => format!("ended with exit status {code}"),
            (None, Some(signal)) => format!("was ended by signal {signal}"),
            (None, None) => "ended".to_owned(),
        })
    }

    #[cfg(not(unix))]
    fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        Some(format!("ended with {status}"))
    }

    fn stop(&mut self) {
        if std::mem::replace(&mut self.reaped, true) {
            return;
        }
        let id = self.child.id();
        if self.exit_description().is_none() {
            terminate_group(id);
            let from = clock::now();
            while self.exit_description().is_none() && clock::now().duration_since(from) < MAX_SHUTDOWN_WAIT {
                std::thread::sleep(POLL_INTERVAL);
            }
        }
        // Its child processes may still be running.
        kill_group(id);
        let _ = self.child.kill();
        let _ = self.child.wait();
        lock_mutex(&RUNNING_PROCESSES).retain(|other| *other != id);
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(unix)]
fn process_group(id: u32) -> Option<rustix::process::Pid> {
    i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw)
}

/// Asks a process and its child processes to exit.
#[cfg(unix)]
fn terminate_group(id: u32) {
    if let Some(group) = process_group(id) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::TERM);
    }
}

/// Kills a process and its child processes.
#[cfg(unix)]
fn kill_group(id: u32) {
    if let Some(group) = process_group(id) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn ask(_id: u32) {}

#[cfg(not(unix))]
fn kill(_id: u32) {}

/// Output of a process: the last lines, and a log.
struct ProcessOutput {
    redact: RedactFn,
    buffer: Mutex<OutputBuffer>,
    /// Handles of the pipes, to check for unread output.
    pipes: Mutex<Vec<PipeHandle>>,
}

#[cfg(unix)]
type PipeHandle = std::os::fd::OwnedFd;
#[cfg(not(unix))]
type Watched = ();

#[derive(Clone, Copy)]
enum OutputPipe {
    Stdout,
    Stderr,
}

#[derive(Default)]
struct OutputBuffer {
    lines: VecDeque<String>,
    /// First non-empty line of each pipe.
    first_lines: [Option<String>; 2],
    /// Total number of lines printed.
    line_count: u64,
    /// Number of open pipes.
    open_pipes: usize,
    log: Option<BufWriter<Box<dyn Write + Send>>>,
    logged_bytes: usize,
}

impl ProcessOutput {
    #[cfg(unix)]
    fn track_pipe(&self, pipe: &impl std::os::fd::AsFd) {
        // Without a second handle, unread output cannot be detected.
        lock_mutex(&self.pipes).extend(pipe.as_fd().try_clone_to_owned().ok());
    }

    #[cfg(unix)]
    fn has_unread_output(&self) -> bool {
        lock_mutex(&self.pipes).iter().any(|pipe| rustix::io::ioctl_fionread(pipe).is_ok_and(|waiting| waiting > 0))
    }

    #[cfg(not(unix))]
    fn watch<P>(&self, _pipe: &P) {}

    #[cfg(not(unix))]
    fn has_more(&self) -> bool {
        false
    }

    /// Reads a pipe to its end on a new thread.
    fn spawn_reader(self: &Arc<Self>, from: impl Read + Send + 'static, pipe: OutputPipe) -> io::Result<()> {
        let output = Arc::clone(self);
        lock_mutex(&self.buffer).open_pipes += 1;
        std::thread::Builder::new().name("overstep-output".to_owned()).spawn(move || {
            output.read_lines(from, pipe);
            lock_mutex(&output.buffer).open_pipes -= 1;
        })?;
        Ok(())
    }

    fn read_lines(&self, from: impl Read, pipe: OutputPipe) {
        let mut reader = BufReader::new(from);
        let mut line: Vec<u8> = Vec::new();
        loop {
            let (used, ends) = match reader.fill_buf() {
                Ok([]) => break,
                Ok(bytes) => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let piece = &bytes[..end.unwrap_or(bytes.len())];
                    line.extend_from_slice(&piece[..piece.len().min(MAX_LINE_BYTES.saturating_sub(line.len()))]);
                    (end.map_or(bytes.len(), |end| end + 1), end.is_some())
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            reader.consume(used);
            if ends {
                self.push_line(&line, pipe);
                line.clear();
            }
            // Flush only once no more input is buffered: a failing server prints many lines at once.
            if reader.buffer().is_empty() {
                self.flush();
            }
        }
        if !line.is_empty() {
            self.push_line(&line, pipe);
        }
        self.flush();
    }

    fn push_line(&self, line: &[u8], pipe: OutputPipe) {
        let text = String::from_utf8_lossy(line);
        let text = (self.redact)(anstream::adapter::strip_str(text.trim_end()).to_string().as_str());
        let cut = text.char_indices().nth(MAX_LINE_CHARS).map_or(text.len(), |(at, _)| at);
        let text = if cut < text.len() { format!("{}…", &text[..cut]) } else { text };
        self.write_log(&text);
        let mut kept = lock_mutex(&self.buffer);
        kept.line_count += 1;
        if !text.trim().is_empty() {
            kept.first_lines[pipe as usize].get_or_insert_with(|| text.clone());
        }
        if kept.lines.len() == MAX_LINES {
            kept.lines.pop_front();
        }
        kept.lines.push_back(text);
    }

    /// Logs the command; it is redacted because it may contain a key.
    fn log_command(&self, launch: &LaunchCommand) {
        self.write_log(&format!("$ {}", (self.redact)(&launch.command_line())));
        self.flush();
    }

    fn write_log(&self, text: &str) {
        let mut kept = lock_mutex(&self.buffer);
        kept.logged_bytes += text.len() + 1;
        let full = kept.logged_bytes > MAX_LOG_BYTES;
        let Some(log) = &mut kept.log else { return };
        let written = if full { writeln!(log, "… log truncated") } else { writeln!(log, "{text}") };
        // A log that cannot be written must not end a run.
        if full || written.is_err() {
            kept.log = None;
        }
    }

    fn flush(&self) {
        let mut kept = lock_mutex(&self.buffer);
        if kept.log.as_mut().is_some_and(|log| log.flush().is_err()) {
            kept.log = None;
        }
    }
}

/// Returns the first line that a command prints within a time limit. A line on stderr counts only if stdout is empty.
///
/// # Errors
/// Returns an error if the command cannot be run, prints nothing, fails or takes too long.
pub fn first_output_line(launch: LaunchCommand, time_limit: Duration, redact: RedactFn) -> Result<String, String> {
    let shown = launch.command_line();
    let started =
        ServerProcess::start(launch, redact, None).map_err(|error| format!("cannot run `{shown}`: {error}"))?;
    let from = clock::now();
    let ended = loop {
        if let Some(ended) = started.exit_description() {
            break ended;
        }
        if clock::now().duration_since(from) > time_limit {
            return Err(format!("`{shown}` took longer than {time_limit:?}"));
        }
        std::thread::sleep(POLL_INTERVAL);
    };
    started.drain_output();
    if !ended.ends_with("exit status 0") {
        return Err(format!("`{shown}` {ended}"));
    }
    let [out, err] = lock_mutex(&started.output.buffer).first_lines.clone();
    out.or(err).ok_or_else(|| format!("`{shown}` printed nothing"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell_command(script: &str) -> LaunchCommand {
        LaunchCommand {
            arguments: vec!["sh".into(), "-c".into(), script.into()],
            directory: ".".into(),
            ..LaunchCommand::default()
        }
    }

    fn redact_password() -> RedactFn {
        Arc::new(|text: &str| text.replace("hunter2", "…"))
    }

    fn wait_until(mut holds: impl FnMut() -> bool) {
        let watch = clock::Stopwatch::start();
        while !holds() {
            assert!(watch.elapsed() < Duration::from_secs(20), "timed out");
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    #[test]
    fn dropping_a_process_kills_its_children() {
        // Its child process ignores SIGTERM and must be killed.
        let started = ServerProcess::start(
            shell_command("(trap '' TERM; echo child; while :; do sleep 1; done) & echo ready; wait"),
            redact_password(),
            None,
        )
        .expect("it starts");
        wait_until(|| started.lines_since(0, 10).len() == 2);
        let id = started.process.lock().expect("free").child.id();
        let alive = || rustix::process::test_kill_process_group(process_group(id).expect("an id")).is_ok();
        assert!(alive());
        drop(started);
        wait_until(|| !alive());
    }

    #[test]
    fn long_output_is_drained_and_last_lines_are_kept() {
        let launch = shell_command(
            "i=0; while [ $i -lt 3000 ]; do echo line $i hunter2; i=$((i+1)); done; head -c 300000 /dev/zero; exit 7",
        );
        let mut log = tempfile::NamedTempFile::new().expect("a file");
        let started = ServerProcess::start(launch, redact_password(), Some(Box::new(log.reopen().expect("opened"))))
            .expect("it starts");
        wait_until(|| started.exit_description().is_some());
        started.drain_output();
        assert_eq!(started.exit_description().as_deref(), Some("ended with exit status 7"));
        let lines = started.lines_since(0, 3);
        assert_eq!(lines[..2], ["line 2998 …", "line 2999 …"]);
        assert!(lines[2].chars().count() <= MAX_LINE_CHARS + 1);
        assert_eq!(started.lines_since(started.output_position(), 10), Vec::<String>::new());
        let mut text = String::new();
        log.read_to_string(&mut text).expect("text");
        assert!(text.starts_with("$ sh -c") && text.contains("line 0 …\n") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn exited_process_can_be_restarted() {
        let started =
            ServerProcess::start(shell_command("echo once; kill -9 $$"), redact_password(), None).expect("it starts");
        wait_until(|| started.exit_description().is_some());
        assert_eq!(started.exit_description().as_deref(), Some("was ended by signal 9"));
        started.restart().expect("again");
        wait_until(|| started.lines_since(0, 10) == ["once", "once"]);
        assert!(
            ServerProcess::start(
                LaunchCommand { arguments: vec!["no-such-program".into()], ..shell_command("") },
                redact_password(),
                None
            )
            .is_err()
        );
    }

    #[test]
    fn first_output_line_is_returned() {
        let within = Duration::from_secs(10);
        assert_eq!(
            first_output_line(shell_command("echo; echo v1.2; echo more"), within, redact_password()).as_deref(),
            Ok("v1.2")
        );
        assert_eq!(first_output_line(shell_command("echo v2 >&2"), within, redact_password()).as_deref(), Ok("v2"));
        assert_eq!(
            first_output_line(shell_command("echo old >&2; sleep 0.1; echo v3"), within, redact_password()).as_deref(),
            Ok("v3")
        );
        assert!(
            first_output_line(shell_command("echo x; exit 3"), within, redact_password())
                .expect_err("fails")
                .contains("exit status 3")
        );
        assert!(
            first_output_line(shell_command("sleep 60"), Duration::from_millis(50), redact_password())
                .expect_err("slow")
                .contains("longer")
        );
        assert!(
            first_output_line(shell_command("true"), within, redact_password())
                .expect_err("silent")
                .contains("nothing")
        );
    }
}
