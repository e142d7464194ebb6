//! Runs the real binary in a directory, with an empty environment.

#![allow(dead_code, reason = "each user needs a part of it")]
#![allow(clippy::disallowed_methods, reason = "tests read the memory use of child processes")]

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Returns a command that runs `overstep` with these arguments in this directory.
pub fn overstep(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overstep"));
    command.current_dir(directory).args(arguments).env_clear().env("HOME", directory);
    command
}

/// Result of [`watched`].
pub struct Watched {
    pub code: i32,
    /// Standard output, then standard error.
    pub text: String,
    /// Largest resident size in kB that was observed; 0 on systems without `/proc`.
    pub peak: u64,
}

/// Runs a command to its end and observes its memory use.
///
/// # Panics
/// If the command takes longer than `timeout`.
#[track_caller]
pub fn watched(mut command: Command, timeout: Duration) -> Watched {
    const POLL_INTERVAL: Duration = Duration::from_millis(10);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start the command");
    let (sender, finished) = channel();
    let read = |mut pipe: Box<dyn Read + Send>| {
        let sender = sender.clone();
        std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).expect("output is UTF-8");
            let _ = sender.send(());
            text
        })
    };
    let out = read(Box::new(child.stdout.take().expect("stdout is piped")));
    let err = read(Box::new(child.stderr.take().expect("stderr is piped")));
    let program =
        std::path::Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (mut peak, mut open, mut left) = (0, 2, timeout);
    while open > 0 {
        match finished.recv_timeout(POLL_INTERVAL) {
            Ok(()) => open -= 1,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                peak = peak.max(peak_memory(child.id(), &program));
                left = left.saturating_sub(POLL_INTERVAL);
                if left.is_zero() {
                    let _ = child.kill();
                    panic!("{command:?} took longer than {timeout:?}");
                }
            }
        }
    }
    let status = child.wait().expect("wait for the process");
    let text = format!("{}{}", out.join().expect("read stdout"), err.join().expect("read stderr"));
    Watched { code: status.code().unwrap_or_else(|| panic!("{status}: {text}")), text, peak }
}

/// Returns the peak memory of a process in kB, or 0 if the process does not yet run the program. Until then it has the
/// memory of its parent.
fn peak_memory(process: u32, program: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let name = status.lines().find_map(|line| line.strip_prefix("Name:")).unwrap_or_default().trim();
    if name.is_empty() || !program.starts_with(name) {
        return 0;
    }
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
