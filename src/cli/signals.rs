//! Stops a run when the user interrupts it.
//!
//! After the first signal it ends the process only if the run does not end by itself.

use super::messages;
use overstep::exit::ExitStatus;
use overstep::run::CancelToken;
use std::time::Duration;

/// Time after a signal in which a run ends by itself: it sends nothing more, and writes its reports.
const GRACE_PERIOD: Duration = Duration::from_secs(1);
/// Maximum number of grace periods if resources that the run created are still being deleted.
const MAX_GRACE_PERIODS: u32 = 10;

/// Stops the run cleanly on the first Ctrl-C, SIGTERM or SIGHUP, and exits immediately on the second, or if the run does
/// not end by itself.
pub async fn stop_on_signal(stop: CancelToken) {
    wait_for_interrupt().await;
    messages::print_line("stopping; press Ctrl-C again to exit immediately");
    stop.cancel();
    // A thread of its own: whatever keeps the run from ending may keep the runtime busy, too.
    std::thread::spawn(move || {
        for _ in 0..MAX_GRACE_PERIODS {
            std::thread::sleep(GRACE_PERIOD);
            if !stop.is_cleaning_up() {
                break;
            }
        }
        messages::print_line("the run did not end in time; its reports are incomplete");
        exit_at_once();
    });
    wait_for_interrupt().await;
    exit_at_once();
}

fn exit_at_once() -> ! {
    overstep::run::kill_all_started();
    std::process::exit(i32::from(ExitStatus::Incomplete.code()))
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
