//! What was inferred: the completed scenario, the resources that are created, and the origin of each identifier.
//!
//! It infers nothing itself.

use crate::scenario::Scenario;

/// A scenario completed by inference, with a list of what was inferred.
#[derive(Clone, Debug, Default)]
pub struct InferenceResult {
    /// The scenario, completed.
    pub scenario: Scenario,
    /// The resources that are created for cases, in the order of creation.
    pub resources: Vec<InferredResource>,
    /// The origin of each identifier.
    pub origins: Vec<IdentifierOrigin>,
    /// Other values for members that name a resource: for optional members, which plain requests leave out, and for
    /// required ones if the operation needs more than the resource that they name.
    pub alternative_references: Vec<IdentifierOrigin>,
    /// The scenario before it was completed.
    pub given: Scenario,
}

impl InferenceResult {
    /// Returns the result of an inference that found nothing yet.
    pub(super) fn from_scenario(scenario: &Scenario) -> Self {
        Self { scenario: scenario.clone(), given: scenario.clone(), ..Self::default() }
    }
}

/// A resource that is created for each case that needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InferredResource {
    /// The fixture's name: `state_machine`.
    pub fixture: String,
    /// The operation that creates it.
    pub created_by: String,
    /// The operation that deletes it, if there is one.
    pub deleted_by: Option<String>,
    /// The operation that is called until the resource is ready, if it may not be ready at once.
    pub awaited_by: Option<String>,
}

/// The origin of the value of a member that refers to a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentifierOrigin {
    /// The operation.
    pub operation: String,
    /// The member's path.
    pub member: String,
    /// The template: `{queue.QueueUrl}`, or a name that is generated for each case.
    pub value: String,
    /// The operation that creates the resource; the operation itself if the name is generated for each case.
    pub created_by: String,
}
