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
const GRACE: Duration = Duration::from_secs(3);
/// Interval between checks whether a process has exited.
const GLANCE: Duration = Duration::from_millis(10);
/// Maximum number of output lines kept.
const LINES: usize = 400;
/// Maximum number of bytes read of one line; the rest is skipped.
const LONGEST: usize = 64 * 1024;
/// Maximum number of characters kept of one line.
const KEPT: usize = 1000;
/// Maximum size of a log file in bytes.
const LOG: usize = 4 * 1024 * 1024;

/// Function that redacts secrets in a text.
pub type Clean = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// A command to start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// Program and arguments; may contain the placeholder `{port}`.
    pub words: Vec<String>,
    /// Environment variables in addition to inherited ones; values may contain the placeholder `{port}`.
    pub environment: Vec<(String, String)>,
    /// Working directory.
    pub directory: PathBuf,
}

impl Launch {
    /// Returns the command with `{port}` replaced.
    pub fn at_port(&self, port: u16) -> Self {
        let fill = |text: &String| text.replace("{port}", &port.to_string());
        Self {
            words: self.words.iter().map(fill).collect(),
            environment: self.environment.iter().map(|(name, value)| (name.clone(), fill(value))).collect(),
            directory: self.directory.clone(),
        }
    }

    /// Returns the command on one line, for people.
    pub fn shown(&self) -> String {
        self.words.join(" ")
    }

    fn spawn(&self) -> io::Result<Child> {
        let (program, arguments) = self.words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
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
        let mut running = locked(&RUNNING);
        let child = command.spawn()?;
        running.push(child.id());
        Ok(child)
    }
}

/// Process IDs of all processes that were started and not yet stopped.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Kills all processes that are still running, for exits that do not unwind.
pub fn kill_started() {
    for id in std::mem::take(&mut *locked(&RUNNING)) {
        kill(id);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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
pub fn is_taken(host: &str, port: u16) -> bool {
    // Names of this machine need not resolve to its address.
    let host = if host.contains(':') { host } else { "127.0.0.1" };
    TcpStream::connect((host, port)).is_ok()
}

/// A process that runs until this value is dropped.
pub struct Started {
    launch: Launch,
    process: Mutex<Process>,
    output: Arc<Output>,
    /// CPU time in seconds of the processes before the current one.
    before: Mutex<f64>,
}

impl std::fmt::Debug for Started {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Started").field("launch", &self.launch).finish_non_exhaustive()
    }
}

struct Process {
    child: Child,
    /// Whether the process was waited for, after which the system may reuse its ID.
    reaped: bool,
}

impl Started {
    /// Starts a command. Its output is redacted with `clean`, kept in a buffer and written to `log`.
    ///
    /// # Errors
    /// Returns an error if the program cannot be started.
    pub fn start(launch: Launch, clean: Clean, log: Option<Box<dyn Write + Send>>) -> io::Result<Self> {
        let output = Arc::new(Output {
            clean,
            kept: Mutex::new(Kept { log: log.map(BufWriter::new), ..Kept::default() }),
            pipes: Mutex::default(),
        });
        output.begin(&launch);
        let process = Mutex::new(Process::new(&launch, &output)?);
        Ok(Self { launch, process, output, before: Mutex::default() })
    }

    /// Stops the process if it is running, and starts it again. The caller waits until it is ready.
    ///
    /// # Errors
    /// Returns an error if the program can no longer be started.
    pub fn restart(&self) -> io::Result<()> {
        let mut process = locked(&self.process);
        *locked(&self.before) += clock::processor_seconds(Some(process.child.id())).unwrap_or(0.0);
        process.stop();
        self.output.begin(&self.launch);
        *process = Process::new(&self.launch, &self.output)?;
        Ok(())
    }

    /// Returns the CPU time in seconds of all processes started so far, if the system provides it.
    pub fn processor_seconds(&self) -> Option<f64> {
        let now = clock::processor_seconds(Some(locked(&self.process).child.id()))?;
        Some(*locked(&self.before) + now)
    }

    /// Returns the command on one line, with secrets redacted.
    pub fn shown(&self) -> String {
        (self.output.clean)(&self.launch.shown())
    }

    /// Describes how the process ended, if it has.
    pub fn ended(&self) -> Option<String> {
        locked(&self.process).ended()
    }

    /// Returns the current position in the output, for use with [`ServerProcess::lines_since`].
    pub fn mark(&self) -> u64 {
        locked(&self.output.kept).printed
    }

    /// Returns the last lines printed since a position, at most `most` of them.
    pub fn since(&self, mark: u64, most: usize) -> Vec<String> {
        let kept = locked(&self.output.kept);
        let fresh = usize::try_from(kept.printed.saturating_sub(mark)).unwrap_or(usize::MAX);
        let skip = kept.lines.len() - fresh.min(kept.lines.len()).min(most);
        kept.lines.iter().skip(skip).cloned().collect()
    }

    /// Returns true if some output has not been read yet.
    pub fn has_more(&self) -> bool {
        self.output.has_more()
    }

    /// Waits briefly for output that an exited process left in its pipes.
    pub fn settle(&self) {
        let from = clock::now();
        while locked(&self.output.kept).open > 0 && clock::now().duration_since(from) < Duration::from_millis(500) {
            std::thread::sleep(GLANCE);
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        locked(&self.process).stop();
    }
}

impl Process {
    fn new(launch: &Launch, output: &Arc<Output>) -> io::Result<Self> {
        let mut child = launch.spawn()?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let process = Self { child, reaped: false };
        locked(&output.pipes).clear();
        if let Some(out) = out {
            output.watch(&out);
            output.follow(out, Pipe::Out)?;
        }
        if let Some(err) = err {
            output.watch(&err);
            output.follow(err, Pipe::Err)?;
        }
        Ok(process)
    }

    /// The process is not reaped before [`ChildProcess::stop`]: until then, its ID and group ID cannot be reused.
    #[cfg(unix)]
    fn ended(&mut self) -> Option<String> {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(group(self.child.id())?), options).ok()??;
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
        if self.ended().is_none() {
            ask(id);
            let from = clock::now();
            while self.ended().is_none() && clock::now().duration_since(from) < GRACE {
                std::thread::sleep(GLANCE);
            }
        }
        // Its child processes may still be running.
        kill(id);
        let _ = self.child.kill();
        let _ = self.child.wait();
        locked(&RUNNING).retain(|other| *other != id);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(unix)]
fn group(id: u32) -> Option<rustix::process::Pid> {
    i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw)
}

/// Asks a process and its child processes to exit.
#[cfg(unix)]
fn ask(id: u32) {
    if let Some(group) = group(id) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::TERM);
    }
}

/// Kills a process and its child processes.
#[cfg(unix)]
fn kill(id: u32) {
    if let Some(group) = group(id) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn ask(_id: u32) {}

#[cfg(not(unix))]
fn kill(_id: u32) {}

/// Output of a process: the last lines, and a log.
struct Output {
    clean: Clean,
    kept: Mutex<Kept>,
    /// Handles of the pipes, to check for unread output.
    pipes: Mutex<Vec<Watched>>,
}

#[cfg(unix)]
type Watched = std::os::fd::OwnedFd;
#[cfg(not(unix))]
type Watched = ();

#[derive(Clone, Copy)]
enum Pipe {
    Out,
    Err,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<String>,
    /// First non-empty line of each pipe.
    first: [Option<String>; 2],
    /// Total number of lines printed.
    printed: u64,
    /// Number of open pipes.
    open: usize,
    log: Option<BufWriter<Box<dyn Write + Send>>>,
    logged: usize,
}

impl Output {
    #[cfg(unix)]
    fn watch(&self, pipe: &impl std::os::fd::AsFd) {
        // Without a second handle, unread output cannot be detected.
        locked(&self.pipes).extend(pipe.as_fd().try_clone_to_owned().ok());
    }

    #[cfg(unix)]
    fn has_more(&self) -> bool {
        locked(&self.pipes).iter().any(|pipe| rustix::io::ioctl_fionread(pipe).is_ok_and(|waiting| waiting > 0))
    }

    #[cfg(not(unix))]
    fn watch<P>(&self, _pipe: &P) {}

    #[cfg(not(unix))]
    fn has_more(&self) -> bool {
        false
    }

    /// Reads a pipe to its end on a new thread.
    fn follow(self: &Arc<Self>, from: impl Read + Send + 'static, pipe: Pipe) -> io::Result<()> {
        let output = Arc::clone(self);
        locked(&self.kept).open += 1;
        std::thread::Builder::new().name("overstep-output".to_owned()).spawn(move || {
            output.read(from, pipe);
            locked(&output.kept).open -= 1;
        })?;
        Ok(())
    }

    fn read(&self, from: impl Read, pipe: Pipe) {
        let mut reader = BufReader::new(from);
        let mut line: Vec<u8> = Vec::new();
        loop {
            let (used, ends) = match reader.fill_buf() {
                Ok([]) => break,
                Ok(bytes) => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let piece = &bytes[..end.unwrap_or(bytes.len())];
                    line.extend_from_slice(&piece[..piece.len().min(LONGEST.saturating_sub(line.len()))]);
                    (end.map_or(bytes.len(), |end| end + 1), end.is_some())
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            reader.consume(used);
            if ends {
                self.push(&line, pipe);
                line.clear();
            }
            // Flush only once no more input is buffered: a failing server prints many lines at once.
            if reader.buffer().is_empty() {
                self.flush();
            }
        }
        if !line.is_empty() {
            self.push(&line, pipe);
        }
        self.flush();
    }

    fn push(&self, line: &[u8], pipe: Pipe) {
        let text = String::from_utf8_lossy(line);
        let text = (self.clean)(anstream::adapter::strip_str(text.trim_end()).to_string().as_str());
        let cut = text.char_indices().nth(KEPT).map_or(text.len(), |(at, _)| at);
        let text = if cut < text.len() { format!("{}…", &text[..cut]) } else { text };
        self.log(&text);
        let mut kept = locked(&self.kept);
        kept.printed += 1;
        if !text.trim().is_empty() {
            kept.first[pipe as usize].get_or_insert_with(|| text.clone());
        }
        if kept.lines.len() == LINES {
            kept.lines.pop_front();
        }
        kept.lines.push_back(text);
    }

    /// Logs the command; it is redacted because it may contain a key.
    fn begin(&self, launch: &Launch) {
        self.log(&format!("$ {}", (self.clean)(&launch.shown())));
        self.flush();
    }

    fn log(&self, text: &str) {
        let mut kept = locked(&self.kept);
        kept.logged += text.len() + 1;
        let full = kept.logged > LOG;
        let Some(log) = &mut kept.log else { return };
        let written = if full { writeln!(log, "… log truncated") } else { writeln!(log, "{text}") };
        // A log that cannot be written must not end a run.
        if full || written.is_err() {
            kept.log = None;
        }
    }

    fn flush(&self) {
        let mut kept = locked(&self.kept);
        if kept.log.as_mut().is_some_and(|log| log.flush().is_err()) {
            kept.log = None;
        }
    }
}

/// Returns the first line that a command prints within a time limit. A line on stderr counts only if stdout is empty.
///
/// # Errors
/// Returns an error if the command cannot be run, prints nothing, fails or takes too long.
pub fn first_line(launch: Launch, within: Duration, clean: Clean) -> Result<String, String> {
    let shown = launch.shown();
    let started = Started::start(launch, clean, None).map_err(|error| format!("cannot run `{shown}`: {error}"))?;
    let from = clock::now();
    let ended = loop {
        if let Some(ended) = started.ended() {
            break ended;
        }
        if clock::now().duration_since(from) > within {
            return Err(format!("`{shown}` took longer than {within:?}"));
        }
        std::thread::sleep(GLANCE);
    };
    started.settle();
    if !ended.ends_with("exit status 0") {
        return Err(format!("`{shown}` {ended}"));
    }
    let [out, err] = locked(&started.output.kept).first.clone();
    out.or(err).ok_or_else(|| format!("`{shown}` printed nothing"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Launch {
        Launch { words: vec!["sh".into(), "-c".into(), script.into()], directory: ".".into(), ..Launch::default() }
    }

    fn plain() -> Clean {
        Arc::new(|text: &str| text.replace("hunter2", "…"))
    }

    fn until(mut holds: impl FnMut() -> bool) {
        let watch = clock::Stopwatch::start();
        while !holds() {
            assert!(watch.elapsed() < Duration::from_secs(20), "timed out");
            std::thread::sleep(GLANCE);
        }
    }

    #[test]
    fn dropping_a_process_kills_its_children() {
        // Its child process ignores SIGTERM and must be killed.
        let started = Started::start(
            shell("(trap '' TERM; echo child; while :; do sleep 1; done) & echo ready; wait"),
            plain(),
            None,
        )
        .expect("it starts");
        until(|| started.since(0, 10).len() == 2);
        let id = started.process.lock().expect("free").child.id();
        let alive = || rustix::process::test_kill_process_group(group(id).expect("an id")).is_ok();
        assert!(alive());
        drop(started);
        until(|| !alive());
    }

    #[test]
    fn long_output_is_drained_and_last_lines_are_kept() {
        let launch = shell(
            "i=0; while [ $i -lt 3000 ]; do echo line $i hunter2; i=$((i+1)); done; head -c 300000 /dev/zero; exit 7",
        );
        let mut log = tempfile::NamedTempFile::new().expect("a file");
        let started =
            Started::start(launch, plain(), Some(Box::new(log.reopen().expect("opened")))).expect("it starts");
        until(|| started.ended().is_some());
        started.settle();
        assert_eq!(started.ended().as_deref(), Some("ended with exit status 7"));
        let lines = started.since(0, 3);
        assert_eq!(lines[..2], ["line 2998 …", "line 2999 …"]);
        assert!(lines[2].chars().count() <= KEPT + 1);
        assert_eq!(started.since(started.mark(), 10), Vec::<String>::new());
        let mut text = String::new();
        log.read_to_string(&mut text).expect("text");
        assert!(text.starts_with("$ sh -c") && text.contains("line 0 …\n") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn exited_process_can_be_restarted() {
        let started = Started::start(shell("echo once; kill -9 $$"), plain(), None).expect("it starts");
        until(|| started.ended().is_some());
        assert_eq!(started.ended().as_deref(), Some("was ended by signal 9"));
        started.restart().expect("again");
        until(|| started.since(0, 10) == ["once", "once"]);
        assert!(Started::start(Launch { words: vec!["no-such-program".into()], ..shell("") }, plain(), None).is_err());
    }

    #[test]
    fn first_output_line_is_returned() {
        let within = Duration::from_secs(10);
        assert_eq!(first_line(shell("echo; echo v1.2; echo more"), within, plain()).as_deref(), Ok("v1.2"));
        assert_eq!(first_line(shell("echo v2 >&2"), within, plain()).as_deref(), Ok("v2"));
        assert_eq!(first_line(shell("echo old >&2; sleep 0.1; echo v3"), within, plain()).as_deref(), Ok("v3"));
        assert!(first_line(shell("echo x; exit 3"), within, plain()).expect_err("fails").contains("exit status 3"));
        assert!(
            first_line(shell("sleep 60"), Duration::from_millis(50), plain()).expect_err("slow").contains("longer")
        );
        assert!(first_line(shell("true"), within, plain()).expect_err("silent").contains("nothing"));
    }
}
