//! Runs futures on runtimes of a single thread, and creates threads with large stacks.
//!
//! It never shares a runtime between threads.

use super::system_limits::{DEEP_STACK_SIZE, shortage};
use crate::run::Shortage;
use tokio::runtime::Runtime;

/// Creates a runtime for the current thread: a request never moves between threads.
///
/// # Errors
/// Returns an error if the system cannot open more files.
pub(super) fn build_runtime() -> Result<Runtime, Shortage> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| shortage(&error).unwrap_or(Shortage::Memory))
}

/// Runs a future on a new thread, because the caller may be inside a runtime, where no other one can be entered.
///
/// # Errors
/// Returns an error if the system cannot start a thread or a runtime.
pub(super) fn block_on_new_thread<F: Future>(make: impl FnOnce() -> F + Send) -> Result<F::Output, Shortage>
where
    F::Output: Send,
{
    run_on(std::thread::Builder::new(), || Ok(build_runtime()?.block_on(make())))?
}

/// Runs a function on a new thread with a large stack and returns its result.
///
/// # Errors
/// Returns an error if the system cannot start a thread.
pub(super) fn run_on_new_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Shortage> {
    run_on(deep_stack_thread(), work)
}

fn run_on<T: Send>(thread: std::thread::Builder, work: impl FnOnce() -> T + Send) -> Result<T, Shortage> {
    std::thread::scope(|scope| {
        let thread = thread.spawn_scoped(scope, work).map_err(|_| Shortage::Threads)?;
        match thread.join() {
            Ok(output) => Ok(output),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Returns a builder for threads with a large stack: values may be nested deeply and are written recursively. Unused
/// stack costs nothing.
pub(super) fn deep_stack_thread() -> std::thread::Builder {
    std::thread::Builder::new().name("overstep".to_owned()).stack_size(DEEP_STACK_SIZE)
}
