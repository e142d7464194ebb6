//! Reads what a process prints: keeps the last lines, and writes a log.
//!
//! It never blocks the process, however much it prints.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

pub(super) fn lock_mutex<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Output of a process: the last lines, and a log.
pub(super) struct ProcessOutput {
    redact: RedactFn,
    buffer: Mutex<OutputBuffer>,
    /// Handles of the pipes, to check for unread output.
    pipes: Mutex<Vec<PipeHandle>>,
}

#[cfg(unix)]
type PipeHandle = std::os::fd::OwnedFd;
#[cfg(not(unix))]
type PipeHandle = ();

/// The reading end of a pipe.
#[cfg(unix)]
pub(super) trait PipeEnd: Read + std::os::fd::AsFd + Send + 'static {}
#[cfg(unix)]
impl<P: Read + std::os::fd::AsFd + Send + 'static> PipeEnd for P {}
#[cfg(not(unix))]
pub(super) trait PipeEnd: Read + Send + 'static {}
#[cfg(not(unix))]
impl<P: Read + Send + 'static> PipeEnd for P {}

/// A pipe that a process prints to.
#[derive(Clone, Copy)]
pub(super) enum OutputPipe {
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
    pub(super) fn new(redact: RedactFn, log: Option<Box<dyn Write + Send>>) -> Self {
        let buffer = OutputBuffer { log: log.map(BufWriter::new), ..OutputBuffer::default() };
        Self { redact, buffer: Mutex::new(buffer), pipes: Mutex::default() }
    }

    /// Redacts secrets in a text.
    pub(super) fn redact(&self, text: &str) -> String {
        (self.redact)(text)
    }

    /// Returns the number of lines printed so far.
    pub(super) fn line_count(&self) -> u64 {
        lock_mutex(&self.buffer).line_count
    }

    /// Returns the last lines printed after the first `position` ones, at most `max_lines` of them.
    pub(super) fn lines_since(&self, position: u64, max_lines: usize) -> Vec<String> {
        let buffer = lock_mutex(&self.buffer);
        let new_lines = usize::try_from(buffer.line_count.saturating_sub(position)).unwrap_or(usize::MAX);
        let skip = buffer.lines.len() - new_lines.min(buffer.lines.len()).min(max_lines);
        buffer.lines.iter().skip(skip).cloned().collect()
    }

    /// Returns the first non-empty line on stdout, otherwise the one on stderr.
    pub(super) fn first_line(&self) -> Option<String> {
        let [out, err] = lock_mutex(&self.buffer).first_lines.clone();
        out.or(err)
    }

    /// Returns true if a pipe has not been read to its end.
    pub(super) fn has_open_pipes(&self) -> bool {
        lock_mutex(&self.buffer).open_pipes > 0
    }

    /// Forgets the pipes of a previous process.
    pub(super) fn forget_pipes(&self) {
        lock_mutex(&self.pipes).clear();
    }

    /// Reads a pipe to its end on a new thread.
    pub(super) fn read_pipe<P: PipeEnd>(self: &Arc<Self>, from: P, pipe: OutputPipe) -> io::Result<()> {
        self.track_pipe(&from);
        let output = Arc::clone(self);
        lock_mutex(&self.buffer).open_pipes += 1;
        std::thread::Builder::new().name("overstep-output".to_owned()).spawn(move || {
            output.read_lines(from, pipe);
            lock_mutex(&output.buffer).open_pipes -= 1;
        })?;
        Ok(())
    }

    #[cfg(unix)]
    fn track_pipe(&self, pipe: &impl PipeEnd) {
        // Without a second handle, unread output cannot be detected.
        lock_mutex(&self.pipes).extend(pipe.as_fd().try_clone_to_owned().ok());
    }

    #[cfg(unix)]
    pub(super) fn has_unread_output(&self) -> bool {
        lock_mutex(&self.pipes).iter().any(|pipe| rustix::io::ioctl_fionread(pipe).is_ok_and(|waiting| waiting > 0))
    }

    #[cfg(not(unix))]
    fn track_pipe(&self, _pipe: &impl PipeEnd) {}

    #[cfg(not(unix))]
    pub(super) fn has_unread_output(&self) -> bool {
        false
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
        let text = self.redact(anstream::adapter::strip_str(text.trim_end()).to_string().as_str());
        let cut = text.char_indices().nth(MAX_LINE_CHARS).map_or(text.len(), |(at, _)| at);
        let text = if cut < text.len() { format!("{}…", &text[..cut]) } else { text };
        self.write_log(&text);
        let mut buffer = lock_mutex(&self.buffer);
        buffer.line_count += 1;
        if !text.trim().is_empty() {
            buffer.first_lines[pipe as usize].get_or_insert_with(|| text.clone());
        }
        if buffer.lines.len() == MAX_LINES {
            buffer.lines.pop_front();
        }
        buffer.lines.push_back(text);
    }

    /// Logs a command line; it is redacted because it may contain a key.
    pub(super) fn log_command(&self, command_line: &str) {
        self.write_log(&format!("$ {}", self.redact(command_line)));
        self.flush();
    }

    fn write_log(&self, text: &str) {
        let mut buffer = lock_mutex(&self.buffer);
        buffer.logged_bytes += text.len() + 1;
        let full = buffer.logged_bytes > MAX_LOG_BYTES;
        let Some(log) = &mut buffer.log else { return };
        let written = if full { writeln!(log, "… log truncated") } else { writeln!(log, "{text}") };
        // A log that cannot be written must not end a run.
        if full || written.is_err() {
            buffer.log = None;
        }
    }

    fn flush(&self) {
        let mut buffer = lock_mutex(&self.buffer);
        if buffer.log.as_mut().is_some_and(|log| log.flush().is_err()) {
            buffer.log = None;
        }
    }
}
