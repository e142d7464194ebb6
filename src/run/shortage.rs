//! What this machine, or the limits of this process, lack for a run.
//!
//! It never measures anything.

use std::io;

/// What overstep could not get from the system. It never says anything about an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shortage {
    /// This process cannot open more files; connections count as files. Holds the limit, if it is known.
    #[error("{}", describe_open_files(*.0))]
    OpenFiles(Option<u64>),
    /// The system cannot open more files.
    #[error("the system cannot open more files")]
    SystemFiles,
    /// The system has no thread, or no memory for its stack.
    #[error("overstep cannot start another thread")]
    Threads,
    /// The system has no memory for another connection.
    #[error("the system has no memory for another connection")]
    Memory,
}

fn describe_open_files(limit: Option<u64>) -> String {
    limit.map_or_else(
        || "overstep cannot open more files".to_owned(),
        |limit| format!("overstep cannot open more than {limit} files at a time"),
    )
}

impl Shortage {
    /// Returns the shortage that an error of the system reports. `open_files` is the limit of this process.
    pub fn from_error(error: &io::Error, open_files: Option<u64>) -> Option<Self> {
        const ENFILE: i32 = 23;
        const EMFILE: i32 = 24;
        match error.raw_os_error() {
            Some(EMFILE) if cfg!(unix) => Some(Self::OpenFiles(open_files)),
            Some(ENFILE) if cfg!(unix) => Some(Self::SystemFiles),
            _ => (error.kind() == io::ErrorKind::OutOfMemory).then_some(Self::Memory),
        }
    }

    /// Returns what a user can do.
    pub fn hint(self) -> &'static str {
        match self {
            Self::OpenFiles(_) => "raise `ulimit -n`",
            Self::SystemFiles => "close other programs, or raise the number of files that the system can open",
            Self::Threads => "raise `ulimit -v` (memory) or `ulimit -u` (processes and threads)",
            Self::Memory => "raise `ulimit -v`, or close other programs",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn shortages_are_told_from_other_errors() {
        let found = |code| Shortage::from_error(&io::Error::from_raw_os_error(code), Some(64));
        assert_eq!(found(24), Some(Shortage::OpenFiles(Some(64))));
        assert_eq!(found(23), Some(Shortage::SystemFiles));
        assert_eq!(found(12), Some(Shortage::Memory));
        // Connection refused, and no permission.
        assert_eq!([found(111), found(13)], [None, None]);
    }
}
