//! `.overstep/last/`: the last run, kept so that it can be looked at and sent again.
//!
//! Nothing secret is in it: results come redacted.

use super::{Finished as _, Sink, StoreError, sink, write_whole};
use std::path::{Path, PathBuf};

/// The last run while it is being written.
pub struct LastRun {
    directory: PathBuf,
}

impl LastRun {
    /// Below this directory, usually the current one.
    ///
    /// # Errors
    /// Where the directory cannot be made.
    pub fn in_directory(directory: &Path) -> Result<Self, StoreError> {
        let root = directory.join(".overstep");
        let ignore = root.join(".gitignore");
        if !ignore.exists() {
            write_whole(&ignore, b"*\n")?;
        }
        Ok(Self { directory: root.join("last") })
    }

    /// Where results go; they replace those of the run before when the sink is finished.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn results(&self) -> Result<Sink, StoreError> {
        sink(&self.directory.join("results.ndjson"), true)
    }

    /// What the run was, so that it can be repeated: command, endpoint, seed, run id.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn describe(&self, description: &serde_json::Value) -> Result<(), StoreError> {
        let mut file = sink(&self.directory.join("run.json"), true)?;
        let text = format!("{description:#}\n");
        std::io::Write::write_all(&mut file, text.as_bytes())
            .map_err(|error| StoreError::new(format!("cannot write `.overstep/last/run.json`: {error}")))?;
        file.finished()
    }
}
