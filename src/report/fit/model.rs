//! Whether endpoints fit an application, as plain values.

use serde::Serialize;

/// Whether endpoints fit an application.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FitReport {
    /// The recording of the application's calls, as the user named it.
    pub recording: String,
    /// The format of the recording.
    pub recording_format: String,
    /// The services, each with the protocol of the requests that are sent.
    pub services: Vec<FitService>,
    /// The endpoints, in the order of the command line.
    pub endpoints: Vec<EndpointFit>,
    /// What of the recording was not checked, one sentence each.
    pub not_checked: Vec<String>,
}

/// A service that the application uses.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FitService {
    /// The scenario.
    pub scenario: String,
    /// The service's name.
    pub service: String,
    /// The protocol of the requests that are sent, if there is a choice of protocols.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Number of operations that the application uses.
    pub operations: usize,
    /// Number of members of their inputs that the application uses; absent if nothing tells which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<usize>,
}

/// How one endpoint fits.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EndpointFit {
    /// The endpoint as the user named it.
    pub name: String,
    /// Its base URL, without secrets.
    pub url: String,
    /// The version that the server reports, if it has a version command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Number of cases.
    pub cases: u64,
    /// Number of cases that diverged once and not again.
    pub flaky_cases: u64,
    /// Number of cases without a usable response.
    pub inconclusive_cases: u64,
    /// The operations, in documented order.
    pub operations: Vec<OperationFit>,
    /// How it differs, most urgent first.
    pub findings: Vec<FitFinding>,
    /// Why a run is incomplete, one sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub incomplete: Vec<String>,
}

/// How one operation fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OperationFit {
    /// The scenario.
    pub scenario: String,
    /// The operation.
    pub operation: String,
    /// Whether it fits.
    pub status: FitStatus,
    /// Why not, unless findings say so; empty if it fits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Number of findings about it.
    pub findings: usize,
    /// Number of cases.
    pub cases: u64,
    /// Whether only requests that must be rejected differ, so that an application that sends none is safe.
    pub only_rejections_differ: bool,
    /// Number of valid requests that the documents promise to accept.
    pub valid_requests: u64,
    /// Number of those that got the documented response.
    pub valid_accepted: u64,
}

/// Whether an operation fits an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FitStatus {
    /// Everything that the application uses is as documented.
    Safe,
    /// Something that the application uses is not as documented.
    Differs,
    /// The endpoint does not implement the operation.
    NotThere,
    /// No plain request succeeded, or the run is incomplete, so that nothing is known.
    NotReached,
}

impl FitStatus {
    /// Returns the words that people read.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Differs => "differs here",
            Self::NotThere => "not there",
            Self::NotReached => "not reached",
        }
    }
}

/// One way in which an endpoint differs from the documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FitFinding {
    /// What differs, in one sentence or as operation, member and constraint.
    pub title: String,
    /// The code of its kind; empty for features that the endpoint says it lacks.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The operations concerned.
    pub operations: Vec<String>,
    /// What is documented or expected.
    pub documented: String,
    /// What was received.
    pub received: String,
    /// The id of its smallest case.
    pub example: String,
    /// The command that sends that case again.
    pub reproduce: String,
    /// Number of cases.
    pub cases: u64,
}

impl FitReport {
    /// Returns what the star in [`OperationFit::describe`] means, if an operation has one.
    pub(super) fn star_note(&self) -> Option<&'static str> {
        let mut operations = self.endpoints.iter().flat_map(|endpoint| &endpoint.operations);
        let has_star = operations.any(|operation| operation.only_rejections_differ);
        has_star.then_some("* only requests that must be rejected differ; valid ones are as documented")
    }
}

impl EndpointFit {
    /// Returns the number of operations with a status.
    pub fn count(&self, status: FitStatus) -> usize {
        self.operations.iter().filter(|operation| operation.status == status).count()
    }
}

impl OperationFit {
    /// Returns the status with the number of findings: `differs here (2)`. A star says that only requests that must be
    /// rejected differ.
    pub fn describe(&self) -> String {
        let star = if self.only_rejections_differ { "*" } else { "" };
        match self.status {
            FitStatus::Differs => format!("{} ({}){star}", self.status.describe(), self.findings),
            status => status.describe().to_owned(),
        }
    }
}
