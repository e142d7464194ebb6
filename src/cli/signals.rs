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
/// not end by itself. Signals are handled as soon as this function returns, even before its future is polled. Must be
/// called on a tokio runtime.
pub fn stop_on_signal(stop: CancelToken) -> impl Future<Output = ()> + Send {
    let mut interrupts = Interrupts::listen();
    async move {
        interrupts.next().await;
        messages::print_line("stopping; press Ctrl-C again to exit immediately");
        stop.cancel();
        // A thread of its own: whatever keeps the run from ending may keep the runtime busy, too.
        let waiting = std::thread::Builder::new().spawn(move || {
            for _ in 0..MAX_GRACE_PERIODS {
                std::thread::sleep(GRACE_PERIOD);
                if !stop.is_cleaning_up() {
                    break;
                }
            }
            messages::print_line("the run did not end in time; its reports are incomplete");
            exit_at_once();
        });
        if waiting.is_err() {
            exit_at_once();
        }
        interrupts.next().await;
        exit_at_once();
    }
}

fn exit_at_once() -> ! {
    overstep::run::kill_all_started();
    std::process::exit(i32::from(ExitStatus::Incomplete.code()))
}

/// Waits for Ctrl-C, SIGTERM or SIGHUP.
pub async fn wait_for_interrupt() {
    Interrupts::listen().next().await;
}

/// The signals that end a run. Closing the terminal is one of them, so that servers started by overstep do not outlive
/// it.
struct Interrupts {
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
}

impl Interrupts {
    #[cfg(unix)]
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Self { signals: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let received = self.signals.iter_mut().map(|signal| Box::pin(signal.recv()));
        let received: Vec<_> = received.collect();
        if received.is_empty() {
            std::future::pending::<()>().await;
        }
        futures_util::future::select_all(received).await;
    }

    #[cfg(not(unix))]
    fn listen() -> Self {
        Self {}
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
