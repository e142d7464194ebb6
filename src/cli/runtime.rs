//! Runs futures that wait for sockets and clocks, and shuts down at the end of a command.
//!
//! It never waits forever for a task that does not finish.

use super::CommandError;
use overstep::report::Diagnostic;
use overstep::run::require_files;
use std::time::Duration;

/// Maximum time that tasks may still run when the command ends.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// A tokio runtime that waits for the remaining tasks only for [`SHUTDOWN_TIMEOUT`] when it is dropped: the command's
/// work is done by then.
pub struct CommandRuntime(Option<tokio::runtime::Runtime>);

impl CommandRuntime {
    pub fn new() -> Result<Self, CommandError> {
        require_files().map_err(CommandError::from)?;
        let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        Ok(Self(Some(built.map_err(|error| Diagnostic::error(format!("cannot start the async runtime: {error}")))?)))
    }

    /// Runs a future to completion on this thread.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.as_ref().expect("the runtime is taken only on drop").block_on(work)
    }
}

impl Drop for CommandRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
        }
    }
}
