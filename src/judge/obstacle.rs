//! Recognizes an endpoint that responds to every request in the same way, whatever it asks for: it throttles, redirects
//! or is unavailable.
//!
//! It never judges a case.

use super::{Judgement, ObservedOutcome, Verdict};
use crate::contract::ErrorRole;
use crate::run::{CaseOutcome, Liveness};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an endpoint does with every request, so that no other request would show anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObstacleKind {
    /// It reports that there are too many requests.
    Throttled,
    /// It names another address.
    Redirected,
    /// It, or a gateway before it, reports that it cannot be used now.
    Unavailable,
}

impl ObstacleKind {
    /// Returns the obstacle that a response shows, if it shows one.
    pub fn of(observed: &ObservedOutcome) -> Option<Self> {
        if reports_throttling(observed) {
            return Some(Self::Throttled);
        }
        match observed.status? {
            300..=399 => Some(Self::Redirected),
            502..=504 => Some(Self::Unavailable),
            _ => None,
        }
    }

    /// Returns what a user can do.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Throttled => "wait until the endpoint accepts requests again, or send fewer with --rate-limit",
            Self::Redirected => "check the URL; if the other address is meant, choose it with --endpoint",
            Self::Unavailable => "start the service that the endpoint belongs to, or choose another with --endpoint",
        }
    }
}

/// Returns true if a response reports too many requests.
pub(super) fn reports_throttling(observed: &ObservedOutcome) -> bool {
    observed.status == Some(429) || observed.error.as_deref().is_some_and(ErrorRole::is_throttling_name)
}

/// Returns true if a case was throttled and the rate of requests is, or may be, the reason.
pub(super) fn is_throttled(outcome: &CaseOutcome, observed: &ObservedOutcome) -> bool {
    reports_throttling(observed) && outcome.liveness != Some(Liveness::Alive)
}

/// An obstacle, with an example of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointObstacle {
    /// What the endpoint does.
    pub kind: ObstacleKind,
    observed: ObservedOutcome,
    location: Option<String>,
}

/// Maximum number of characters shown of an address that an endpoint redirects to.
const MAX_LOCATION_LENGTH: usize = 200;

impl EndpointObstacle {
    /// Returns the obstacle that the response to the judged step of a case shows.
    pub(super) fn new(outcome: &CaseOutcome, observed: &ObservedOutcome) -> Option<Self> {
        let kind = ObstacleKind::of(observed)?;
        let exchange = outcome.exchanges.get(outcome.case.judged.shown_step()).and_then(Option::as_ref);
        let response = exchange.and_then(|exchange| exchange.response.as_ref().ok());
        let location = response.and_then(|response| response.header("location"));
        let location = location.map(|text| text.chars().take(MAX_LOCATION_LENGTH).collect());
        Some(Self { kind, observed: observed.clone(), location })
    }
}

impl EndpointObstacle {
    /// Changes the texts that an endpoint sent.
    pub(super) fn redact(&mut self, redact: &dyn Fn(&mut String)) {
        let observed = &mut self.observed;
        observed.error.iter_mut().chain(&mut observed.place).chain(&mut observed.note).for_each(redact);
        self.location.iter_mut().for_each(redact);
    }
}

impl fmt::Display for EndpointObstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let observed = &self.observed;
        match (self.kind, &self.location) {
            (ObstacleKind::Throttled, _) => write!(f, "the endpoint throttles every request ({observed})"),
            (ObstacleKind::Redirected, Some(location)) => {
                write!(f, "the endpoint redirects every request ({observed}), for example to `{location}`")
            }
            (ObstacleKind::Redirected, None) => write!(f, "the endpoint redirects every request ({observed})"),
            (ObstacleKind::Unavailable, _) => {
                write!(f, "the endpoint reports that it is unavailable, for every request ({observed})")
            }
        }
    }
}

/// The responses to the canary and to the controls, as far as they show an obstacle.
#[derive(Clone, Debug, Default)]
pub(super) struct ObstacleEvidence {
    canary: Option<EndpointObstacle>,
    /// Number of controls with a response.
    controls: u64,
    throttled: Option<EndpointObstacle>,
    throttled_controls: u64,
    redirected_controls: u64,
    unavailable_controls: u64,
}

impl ObstacleEvidence {
    pub fn new(canary: Option<(&CaseOutcome, ObservedOutcome)>) -> Self {
        let canary = canary.and_then(|(outcome, observed)| EndpointObstacle::new(outcome, &observed));
        Self { canary, ..Self::default() }
    }

    /// Creates evidence that begins with a recorded obstacle of the canary.
    pub fn from_canary(canary: Option<EndpointObstacle>) -> Self {
        Self { canary, ..Self::default() }
    }

    /// Records the response to a control.
    pub fn record_control(&mut self, judgement: &Judgement) {
        let observed = &judgement.observed;
        if observed.status.is_none() {
            return;
        }
        self.controls += 1;
        // Some operations are documented to redirect.
        let kind = if judgement.verdict == Verdict::Pass { None } else { ObstacleKind::of(observed) };
        match kind {
            Some(kind @ ObstacleKind::Throttled) => {
                self.throttled_controls += 1;
                self.throttled = self.throttled.take().or(Some(EndpointObstacle {
                    kind,
                    observed: observed.clone(),
                    location: None,
                }));
            }
            Some(ObstacleKind::Redirected) => self.redirected_controls += 1,
            Some(ObstacleKind::Unavailable) => self.unavailable_controls += 1,
            None => {}
        }
    }

    /// Returns the obstacle that the canary met; only controls show whether every request meets it.
    pub fn canary_obstacle(&self) -> Option<&EndpointObstacle> {
        self.canary.as_ref()
    }

    /// Returns the obstacle that every control met. Redirections and failures of single operations are findings, so
    /// these two count only if the canary met the same obstacle. Gateways throttle only the operations that they know.
    pub fn obstacle(&self) -> Option<&EndpointObstacle> {
        if self.controls == 0 {
            return None;
        }
        if self.throttled_controls == self.controls {
            return self.throttled.as_ref();
        }
        let canary = self.canary.as_ref()?;
        let same = match canary.kind {
            ObstacleKind::Throttled => 0,
            ObstacleKind::Redirected => self.redirected_controls,
            ObstacleKind::Unavailable => self.unavailable_controls,
        };
        (same == self.controls).then_some(canary)
    }
}
