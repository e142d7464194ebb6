//! Runs the user's processes: a server is started for a run, watched, and stopped together with its child processes.
//!
//! It never blocks a process, however much it prints, and never decides what its exit means.

use super::process_output::{OutputPipe, ProcessOutput, RedactFn, lock_mutex};
use crate::run::clock;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Maximum time for a process to exit on its own before it is killed.
const MAX_SHUTDOWN_WAIT: Duration = Duration::from_secs(3);
/// Maximum time to wait for output that an exited process left behind.
const MAX_DRAIN_WAIT: Duration = Duration::from_millis(500);
/// Interval between checks whether a process has exited.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

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
        f.debug_struct("ServerProcess").field("launch", &self.launch).finish_non_exhaustive()
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
        let output = Arc::new(ProcessOutput::new(redact, log));
        output.log_command(&launch.command_line());
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
        self.output.log_command(&self.launch.command_line());
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
        self.output.redact(&self.launch.command_line())
    }

    /// Describes how the process ended, if it has.
    pub fn exit_description(&self) -> Option<String> {
        lock_mutex(&self.process).exit_description()
    }

    /// Returns the current position in the output, for use with [`ServerProcess::lines_since`].
    pub fn output_position(&self) -> u64 {
        self.output.line_count()
    }

    /// Returns the last lines printed since a position, at most `max_lines` of them.
    pub fn lines_since(&self, position: u64, max_lines: usize) -> Vec<String> {
        self.output.lines_since(position, max_lines)
    }

    /// Returns true if some output has not been read yet.
    pub fn has_unread_output(&self) -> bool {
        self.output.has_unread_output()
    }

    /// Waits briefly for output that an exited process left in its pipes.
    pub fn drain_output(&self) {
        let start = clock::now();
        while self.output.has_open_pipes() && clock::now().duration_since(start) < MAX_DRAIN_WAIT {
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
        output.forget_pipes();
        if let Some(out) = out {
            output.read_pipe(out, OutputPipe::Stdout)?;
        }
        if let Some(err) = err {
            output.read_pipe(err, OutputPipe::Stderr)?;
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
    fn exit_description(&mut self) -> Option<String> {
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
            let start = clock::now();
            while self.exit_description().is_none() && clock::now().duration_since(start) < MAX_SHUTDOWN_WAIT {
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
fn terminate_group(_id: u32) {}

#[cfg(not(unix))]
fn kill_group(_id: u32) {}

/// Error for a command that should print a line.
#[derive(Debug, thiserror::Error)]
pub enum CommandOutputError {
    /// The command cannot be run.
    #[error("cannot run `{command}`: {error}")]
    Start {
        /// The command.
        command: String,
        /// Error of the system.
        #[source]
        error: io::Error,
    },
    /// The command did not end in time.
    #[error("`{command}` took longer than {time_limit:?}")]
    TimedOut {
        /// The command.
        command: String,
        /// Maximum time.
        time_limit: Duration,
    },
    /// The command failed.
    #[error("`{command}` {exit}")]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        exit: String,
    },
    /// The command printed nothing.
    #[error("`{0}` printed nothing")]
    Empty(String),
}

/// Runs a command of the user without input and returns what it prints; `None` if it cannot be run or fails. Its errors
/// are shown as it prints them.
pub fn command_output(program: &str, arguments: &[String]) -> Option<Vec<u8>> {
    let mut command = Command::new(program);
    let output = command.args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).output().ok()?;
    output.status.success().then_some(output.stdout)
}

/// Returns the first line that a command prints within a time limit. A line on stderr counts only if stdout is empty.
///
/// # Errors
/// Returns an error if the command cannot be run, prints nothing, fails or takes too long.
pub fn first_output_line(
    launch: LaunchCommand,
    time_limit: Duration,
    redact: RedactFn,
) -> Result<String, CommandOutputError> {
    let command = launch.command_line();
    let process = match ServerProcess::start(launch, redact, None) {
        Ok(process) => process,
        Err(error) => return Err(CommandOutputError::Start { command, error }),
    };
    let start = clock::now();
    let exit = loop {
        if let Some(exit) = process.exit_description() {
            break exit;
        }
        if clock::now().duration_since(start) > time_limit {
            return Err(CommandOutputError::TimedOut { command, time_limit });
        }
        std::thread::sleep(POLL_INTERVAL);
    };
    process.drain_output();
    if !exit.ends_with("exit status 0") {
        return Err(CommandOutputError::Failed { command, exit });
    }
    process.output.first_line().ok_or(CommandOutputError::Empty(command))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Read as _;

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
        assert!(lines[2].chars().count() <= 1001);
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
            first_output_line(shell_command("echo; echo v1.2; echo more"), within, redact_password()).ok().as_deref(),
            Some("v1.2")
        );
        assert_eq!(
            first_output_line(shell_command("echo v2 >&2"), within, redact_password()).ok().as_deref(),
            Some("v2")
        );
        assert_eq!(
            first_output_line(shell_command("echo old >&2; sleep 0.1; echo v3"), within, redact_password())
                .ok()
                .as_deref(),
            Some("v3")
        );
        assert!(
            first_output_line(shell_command("echo x; exit 3"), within, redact_password())
                .expect_err("fails")
                .to_string()
                .contains("exit status 3")
        );
        assert!(
            first_output_line(shell_command("sleep 60"), Duration::from_millis(50), redact_password())
                .expect_err("slow")
                .to_string()
                .contains("longer")
        );
        assert!(
            first_output_line(shell_command("true"), within, redact_password())
                .expect_err("silent")
                .to_string()
                .contains("nothing")
        );
    }
}
