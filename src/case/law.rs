//! Laws between steps: what each step does to a documented state, and where the state is read.
//!
//! These are plain values; only the judge decides whether a law holds, and nothing here is ever sent.

use super::certainty::Certainty;
use super::resource::Resource;
use super::response_check::ResponseCheck;
use serde_json::Value as Json;

/// A law: a metamorphic relation over the steps of one case.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// Each read must match a model of the documented state. The model starts from what the first read returns and
    /// applies the accepted writes.
    State {
        /// The documented properties of the state.
        model: StateModel,
        /// The events in order; those of steps in the same turn are concurrent.
        events: Vec<StepEvent>,
    },
    /// A successful response repeats a value of its request.
    Echo {
        /// The step.
        step: usize,
        /// The path in its response.
        place: String,
        /// The value in the request.
        value: Json,
    },
    /// Checks of the responses to several steps.
    Responses(Vec<ResponseCheck>),
}

/// The documented properties of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateModel {
    /// The kind of state.
    pub kind: StateKind,
    /// Whether a write keeps what was stored before. If false, this is undocumented.
    pub merges: bool,
    /// Whether a list holds no duplicates.
    pub deduplicates: bool,
    /// Whether a list keeps the order of the writes.
    pub ordered: bool,
}

/// The kind of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateKind {
    /// Entries by key; a later write of a key wins.
    Map,
    /// Items one after another.
    List,
    /// One value; a later write wins.
    Field,
}

/// An event in the state of one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct StepEvent {
    /// The index of the step.
    pub step: usize,
    /// The resource.
    pub resource: Resource,
    /// What the step does.
    pub event: StateEvent,
}

/// What a step does with a state.
#[derive(Clone, Debug, PartialEq)]
pub enum StateEvent {
    /// The response of the step contains the state.
    Read(StateView),
    /// The step writes to the state.
    Write {
        /// The effect on the state if the write is accepted.
        effect: WriteEffect,
        /// Whether every reading of the documents says that the write must be accepted.
        certainty: Certainty,
    },
    /// The step must be rejected; this is the effect that it would have had.
    RejectedWrite(WriteEffect),
}

/// The place of a state in a response, and the part of it that is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateView {
    /// The path of the map, list or field: `data.tags`.
    pub place: String,
    /// For a map that is read as a list: the path of the key inside an item. `*` is an object's only member.
    pub key: Option<String>,
    /// The path, inside an item or an entry's value, of the part that is compared.
    pub item: Option<String>,
    /// Whether a response may omit the state altogether. A state that is never shown proves nothing.
    pub optional: bool,
}

/// The effect of a write on a state.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteEffect {
    /// Puts these entries into the map.
    Put(Vec<(String, Json)>),
    /// Appends these items to the list.
    Append(Vec<Json>),
    /// Removes the entries with these keys from the map.
    Remove(Vec<String>),
    /// Sets the field to this value.
    Set(Json),
}
