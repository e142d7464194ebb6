//! Runs futures on runtimes of a single thread, and creates threads with large stacks.
//!
//! It never shares a runtime between threads.

use tokio::runtime::Runtime;

/// Runs a future on a runtime of the current thread: a request never moves between threads.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    build_runtime().block_on(future)
}

pub(super) fn build_runtime() -> Runtime {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.expect("a runtime needs only a few file descriptors")
}

/// Runs a future on a new thread, because the caller may be inside a runtime, where no other one can be entered.
pub(super) fn block_on_new_thread<F: Future>(make: impl FnOnce() -> F + Send) -> F::Output
where
    F::Output: Send,
{
    run_on_new_thread(|| block_on(make()))
}

/// Runs a function on a new thread and returns its result.
pub(super) fn run_on_new_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = deep_stack_thread().spawn_scoped(scope, work);
        match thread.expect("the system can start a thread").join() {
            Ok(output) => output,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Returns a builder for threads with a large stack: values may be nested deeply and are written recursively. Unused
/// stack costs nothing.
pub(super) fn deep_stack_thread() -> std::thread::Builder {
    const STACK: usize = 64 * 1024 * 1024;
    std::thread::Builder::new().name("overstep".to_owned()).stack_size(STACK)
}
