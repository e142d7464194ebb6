//! What came of the control of an operation while it was examined.

use crate::judge::RejectedMember;
use crate::report::ControlOutcome;
use serde_json::Value as Json;

/// The result of a control.
pub(super) struct ControlResult {
    pub outcome: ControlOutcome,
    /// Status and error of the response.
    pub observed: String,
    /// The message of the response, or the reason why nothing was sent.
    pub reason: String,
    /// Whether the server failed.
    pub is_server_failure: bool,
    /// The members that the response rejects.
    pub rejected: Vec<RejectedMember>,
    /// What the endpoint says is wrong: the reason, and the last line that a failing server printed.
    pub message: String,
}

/// A value that another operation needs so that what it creates suits the examined one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CreatorValue {
    /// The operation that creates the resource.
    pub operation: String,
    /// The member of its input.
    pub member: String,
    /// The value.
    pub value: Json,
    /// What the endpoint said of the resource.
    pub reason: String,
}
