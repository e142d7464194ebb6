//! How long a request asks the server to wait before it responds (long polling).
//!
//! It never waits itself.

use crate::case::{Step, StepRequest, Value};
use crate::contract::plain_name;
use std::time::Duration;

/// Maximum time that a request may ask the server to wait. Longer waits are not awaited.
const MAX_REQUESTED_WAIT: Duration = Duration::from_secs(30);

/// Returns how long a request asks the server to wait before it responds (long polling), according to members such as
/// `WaitTimeSeconds`.
pub(super) fn requested_wait(step: &Step) -> Duration {
    let StepRequest::Operation { input: Value::Map(members), .. } = &step.request else { return Duration::ZERO };
    let waits = members.iter().filter_map(|(name, value)| Some((wait_unit(name)?, value)));
    let durations = waits.filter_map(|(unit, value)| match value {
        Value::Number(count) => unit.checked_mul(count.parse().ok()?),
        _ => None,
    });
    durations.max().unwrap_or_default().min(MAX_REQUESTED_WAIT)
}

/// Returns the unit of a member that says how long the server waits; `None` for all other members.
fn wait_unit(name: &str) -> Option<Duration> {
    let name = plain_name(name);
    let is_wait = ["waittime", "waitseconds", "waittimeout", "polltimeout", "pollingtimeout", "longpoll"]
        .iter()
        .any(|part| name.contains(part));
    let unit =
        if name.contains("milli") || name.ends_with("ms") { Duration::from_millis(1) } else { Duration::from_secs(1) };
    is_wait.then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Authorization, StepPurpose};

    #[test]
    fn only_long_polls_ask_to_be_awaited() {
        for (name, value, seconds) in [
            ("WaitTimeSeconds", "20", 20.0),
            ("wait_time_seconds", "20", 20.0),
            ("longPollTimeoutMs", "1500", 1.5),
            ("WaitTimeSeconds", "100000", 30.0),
            ("WaitTimeSeconds", "-1", 0.0),
            ("WaitTimeSeconds", "1.5", 0.0),
            ("MaxResults", "20", 0.0),
            ("VisibilityTimeout", "20", 0.0),
        ] {
            let input = Value::Map([(name.to_owned(), Value::Number(value.to_owned()))].into_iter().collect());
            let request = StepRequest::Operation { name: "Receive".into(), input, damage: Vec::new() };
            let step = Step {
                purpose: StepPurpose::Act,
                request,
                authorization: Authorization::Anonymous,
                captures: Vec::new(),
                turn: 0,
                fixture: None,
            };
            assert_eq!(requested_wait(&step), Duration::from_secs_f64(seconds), "{name}: {value}");
        }
    }
}
