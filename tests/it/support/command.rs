//! The real binary in a folder, with nothing of this machine's environment.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::disallowed_methods, reason = "a test may look at its child's memory")]

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// `overstep …`, not started yet.
pub fn overstep(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overstep"));
    command.current_dir(directory).args(arguments).env_clear().env("HOME", directory);
    command
}

/// What a run that was watched came to.
pub struct Watched {
    pub code: i32,
    /// All that it printed, standard output first.
    pub text: String,
    /// The largest resident size in kB that was seen; 0 where the system does not tell.
    pub peak: u64,
}

/// Runs a command to its end, looking at its memory on the way; one that takes longer than `most` hangs.
#[track_caller]
pub fn watched(mut command: Command, most: Duration) -> Watched {
    const LOOK: Duration = Duration::from_millis(10);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let (told, ended) = channel();
    let read = |mut pipe: Box<dyn Read + Send>| {
        let told = told.clone();
        std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).expect("it says text");
            let _ = told.send(());
            text
        })
    };
    let out = read(Box::new(child.stdout.take().expect("it is piped")));
    let err = read(Box::new(child.stderr.take().expect("it is piped")));
    let program =
        std::path::Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (mut peak, mut open, mut left) = (0, 2, most);
    while open > 0 {
        match ended.recv_timeout(LOOK) {
            Ok(()) => open -= 1,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                peak = peak.max(resident(child.id(), &program));
                left = left.saturating_sub(LOOK);
                if left.is_zero() {
                    let _ = child.kill();
                    panic!("{command:?} hangs");
                }
            }
        }
    }
    let status = child.wait().expect("it ends");
    let text = format!("{}{}", out.join().expect("read"), err.join().expect("read"));
    Watched { code: status.code().unwrap_or_else(|| panic!("{status}: {text}")), text, peak }
}

/// The most memory that a process took, in kB. Until it is the program that it will be, it has its parent's.
fn resident(process: u32, program: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let name = status.lines().find_map(|line| line.strip_prefix("Name:")).unwrap_or_default().trim();
    if name.is_empty() || !program.starts_with(name) {
        return 0;
    }
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
