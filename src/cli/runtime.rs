//! Work that waits for sockets and clocks, and its end.

use super::Stopped;
use overstep::report::Diagnostic;
use std::time::Duration;

/// So long what still runs when all is said may take to let go.
const GRACE: Duration = Duration::from_secs(1);

/// Workers for futures. When it goes, it waits for nobody who does not let go: what was asked for is done by then.
pub struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    pub fn new() -> Result<Self, Stopped> {
        let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        Ok(Self(Some(built.map_err(|error| Diagnostic::error(format!("cannot start: {error}")))?)))
    }

    /// Runs it to its end on this thread.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.0.as_ref().expect("it goes only when it is dropped").block_on(work)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(GRACE);
        }
    }
}
