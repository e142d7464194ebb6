//! Stops a run when the user interrupts it.
//!
//! It never ends the process on the first signal.

use super::messages;
use overstep::exit::ExitStatus;
use overstep::run::CancelToken;

/// Stops the run cleanly on the first Ctrl-C, SIGTERM or SIGHUP, and exits immediately on the second.
pub async fn stop_on_signal(stop: CancelToken) {
    wait_for_interrupt().await;
    messages::print_line("stopping; press Ctrl-C again to exit immediately");
    stop.cancel();
    wait_for_interrupt().await;
    overstep::run::kill_all_started();
    std::process::exit(i32::from(ExitStatus::Incomplete.code()));
}

/// Waits for Ctrl-C, SIGTERM or SIGHUP.
pub async fn wait_for_interrupt() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // Closing the terminal also stops the run, so that servers started by overstep do not outlive it.
        if let (Ok(mut terminated), Ok(mut closed)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
                _ = closed.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
