//! Processes of the user's: a server that is started for a run, watched, and stopped with all that it
//! started itself.
//!
//! It never blocks a child, however much that prints, and it never decides what an end means.

use super::clock;
use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a process may take to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(3);
/// How often an end is looked for.
const GLANCE: Duration = Duration::from_millis(10);
/// So many lines are kept.
const LINES: usize = 400;
/// Bytes of one line that are read; what follows is passed over.
const LONGEST: usize = 64 * 1024;
/// Characters of one line that are kept.
const KEPT: usize = 1000;
/// Bytes that a log file takes.
const LOG: usize = 4 * 1024 * 1024;

/// Takes secrets out of a text.
pub type Clean = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// A command as it is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// The program and its arguments; `{port}` in them is filled.
    pub words: Vec<String>,
    /// Variables beside those of our own environment; `{port}` in them is filled.
    pub environment: Vec<(String, String)>,
    /// Where it runs.
    pub directory: PathBuf,
}

impl Launch {
    /// The same with a port in its holes.
    pub fn at_port(&self, port: u16) -> Self {
        let fill = |text: &String| text.replace("{port}", &port.to_string());
        Self {
            words: self.words.iter().map(fill).collect(),
            environment: self.environment.iter().map(|(name, value)| (name.clone(), fill(value))).collect(),
            directory: self.directory.clone(),
        }
    }

    /// The command on one line, for people.
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
        // A group of its own: Ctrl-C in a terminal is ours to answer first, and what the server starts
        // itself ends with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        // Held while it is entered, so that no end of ours can fall between the two.
        let mut running = locked(&RUNNING);
        let child = command.spawn()?;
        running.push(child.id());
        Ok(child)
    }
}

/// The processes that were started and not yet stopped.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Kills all that was started and is still there: for an end that unwinds nothing.
pub fn kill_started() {
    for id in std::mem::take(&mut *locked(&RUNNING)) {
        kill(id);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A port of 127.0.0.1 on which nobody listens now.
///
/// # Errors
/// Where the system has none to give.
pub fn free_port() -> io::Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr().map(|address| address.port())
}

/// Whether somebody listens on a port of this machine.
pub fn is_taken(host: &str, port: u16) -> bool {
    // Names of this machine need not resolve to it.
    let host = if host.contains(':') { host } else { "127.0.0.1" };
    TcpStream::connect((host, port)).is_ok()
}

/// A process that runs until it is dropped.
pub struct Started {
    launch: Launch,
    process: Mutex<Process>,
    output: Arc<Output>,
    /// Processor time of those that ran before the one that runs now, in seconds.
    before: Mutex<f64>,
}

impl std::fmt::Debug for Started {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Started").field("launch", &self.launch).finish_non_exhaustive()
    }
}

struct Process {
    child: Child,
    /// Whether it was waited for, so that its id may be somebody else's by now.
    reaped: bool,
}

impl Started {
    /// Starts a command; all that it prints goes through `clean`, to the last lines and to `log`.
    ///
    /// # Errors
    /// Where the program cannot be run.
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

    /// Ends it, if it still runs, and starts it anew; whoever calls waits until it is ready.
    ///
    /// # Errors
    /// Where the program cannot be run any more.
    pub fn restart(&self) -> io::Result<()> {
        let mut process = locked(&self.process);
        *locked(&self.before) += clock::processor_seconds(Some(process.child.id())).unwrap_or(0.0);
        process.stop();
        self.output.begin(&self.launch);
        *process = Process::new(&self.launch, &self.output)?;
        Ok(())
    }

    /// Processor time of all processes that were started so far, in seconds, as far as the system tells.
    pub fn processor_seconds(&self) -> Option<f64> {
        let now = clock::processor_seconds(Some(locked(&self.process).child.id()))?;
        Some(*locked(&self.before) + now)
    }

    /// The command on one line.
    pub fn shown(&self) -> String {
        (self.output.clean)(&self.launch.shown())
    }

    /// How it ended, in words, if it has.
    pub fn ended(&self) -> Option<String> {
        locked(&self.process).ended()
    }

    /// A place in what it prints: all that comes later is [`Started::since`] it.
    pub fn mark(&self) -> u64 {
        locked(&self.output.kept).printed
    }

    /// The last lines printed since a mark, at most so many.
    pub fn since(&self, mark: u64, most: usize) -> Vec<String> {
        let kept = locked(&self.output.kept);
        let fresh = usize::try_from(kept.printed.saturating_sub(mark)).unwrap_or(usize::MAX);
        let skip = kept.lines.len() - fresh.min(kept.lines.len()).min(most);
        kept.lines.iter().skip(skip).cloned().collect()
    }

    /// Whether something that was printed has not been read yet.
    pub fn has_more(&self) -> bool {
        self.output.has_more()
    }

    /// Waits a moment for what a process that has ended may have left in its pipes.
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

    /// Not waited for before [`Process::stop`]: until then its id, and its group's, is nobody else's.
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
        // Its children may have outlived it.
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

/// Asks a process and all that it started to end.
#[cfg(unix)]
fn ask(id: u32) {
    if let Some(group) = group(id) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::TERM);
    }
}

/// Ends a process and all that it started.
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

/// What a process prints: the last lines, and a log.
struct Output {
    clean: Clean,
    kept: Mutex<Kept>,
    /// What is asked whether anything waits in it.
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
    /// The first line that says something on each pipe.
    first: [Option<String>; 2],
    /// How many lines there were in all.
    printed: u64,
    /// How many pipes may still bring some.
    open: usize,
    log: Option<BufWriter<Box<dyn Write + Send>>>,
    logged: usize,
}

impl Output {
    #[cfg(unix)]
    fn watch(&self, pipe: &impl std::os::fd::AsFd) {
        // Where there is no other handle to be had, nobody knows what waits.
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

    /// Reads a pipe to its end, on a thread of its own.
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
            // Written where nothing more has come: a server that fails prints many lines at once.
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

    /// A key may stand in a command too.
    fn begin(&self, launch: &Launch) {
        self.log(&format!("$ {}", (self.clean)(&launch.shown())));
        self.flush();
    }

    fn log(&self, text: &str) {
        let mut kept = locked(&self.kept);
        kept.logged += text.len() + 1;
        let full = kept.logged > LOG;
        let Some(log) = &mut kept.log else { return };
        let written = if full { writeln!(log, "… the rest is not kept") } else { writeln!(log, "{text}") };
        // A log that takes no more is no reason to end a run.
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

/// The first line that a command prints within the time; what it complains of counts only where it
/// prints nothing else.
///
/// # Errors
/// Where it cannot be run, prints nothing, fails, or takes longer; in words.
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
            assert!(watch.elapsed() < Duration::from_secs(20), "it never came");
            std::thread::sleep(GLANCE);
        }
    }

    #[test]
    fn a_process_ends_with_all_that_it_started() {
        // Its child ignores the question and must be killed.
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
    fn no_output_blocks_a_process_and_the_last_lines_are_kept() {
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
    fn what_ended_can_be_started_again() {
        let started = Started::start(shell("echo once; kill -9 $$"), plain(), None).expect("it starts");
        until(|| started.ended().is_some());
        assert_eq!(started.ended().as_deref(), Some("was ended by signal 9"));
        started.restart().expect("again");
        until(|| started.since(0, 10) == ["once", "once"]);
        assert!(Started::start(Launch { words: vec!["no-such-program".into()], ..shell("") }, plain(), None).is_err());
    }

    #[test]
    fn a_version_is_the_first_line() {
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
