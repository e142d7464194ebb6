//! What sends the requests of steps: a worker with its connections, or a function in this process.

use super::Exchange;
use super::request_builder::RequestBuildError;
use crate::case::Step;
use crate::wire::EncodedRequest;

/// Sends the requests of steps.
pub(super) trait StepSender {
    /// Returns the reason why the request cannot be sent byte for byte, if it cannot.
    fn unsupported_reason(&self, request: &EncodedRequest) -> Option<String>;

    /// Sends the requests of one turn, each with the index of its step. The exchange of a step is `None` if the run was
    /// cancelled.
    async fn send_turn(
        &mut self,
        steps: &[Step],
        requests: Vec<(usize, EncodedRequest)>,
    ) -> Vec<(usize, Option<Exchange>)>;

    /// Waits a moment for what another worker does.
    async fn pause(&mut self);

    /// Repeats a step, if its response asks for it, with requests that `rebuild` returns. Returns `None` if the run was
    /// cancelled.
    async fn repeat_until_ready(
        &mut self,
        step: &Step,
        exchange: Exchange,
        rebuild: &mut dyn FnMut() -> Result<EncodedRequest, RequestBuildError>,
    ) -> Option<Exchange>;
}
