//! What must hold between steps: what each step does to a documented state, and where it is read.
//!
//! Plain values. Whether a relation holds is the judge's to say, and nothing here is ever sent.

use serde_json::Value as Json;

/// A metamorphic relation over the steps of one case.
#[derive(Clone, Debug, PartialEq)]
pub enum Relation {
    /// What is read is what a model of the documented state says: it starts from whatever the first look
    /// finds, and follows the writes that were accepted.
    State {
        /// What is promised of the state.
        model: Model,
        /// In order; what belongs to steps of one turn happens side by side.
        events: Vec<Event>,
    },
    /// A success says something of its request again.
    Echo {
        /// The step.
        step: usize,
        /// Where in its answer.
        place: String,
        /// What the request said.
        value: Json,
    },
}

/// What the documents promise of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// What it is.
    pub kind: StateKind,
    /// Whether what was stored before a write stays; nothing is said of it otherwise.
    pub merges: bool,
    /// Whether a list holds nothing twice.
    pub deduplicates: bool,
    /// Whether a list keeps the order in which it was written.
    pub ordered: bool,
}

/// What a state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateKind {
    /// Entries by key; a later write of a key wins.
    Map,
    /// Items one after another.
    List,
    /// One value; a later write wins.
    Field,
}

/// Something that happens to the state of one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The step that does it.
    pub step: usize,
    /// Whose state, from 1.
    pub resource: u32,
    /// What.
    pub what: What,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The step's answer shows the state.
    Look(View),
    /// The step writes.
    Write {
        /// What it does to the state if it is accepted.
        effect: Effect,
        /// Whether the documents leave no doubt that it must be accepted.
        certain: bool,
    },
    /// The step must be refused; this is what it would have written.
    Refused(Effect),
}

/// Where a state stands in an answer, and what of it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The place of the map, list or field: `data.tags`.
    pub place: String,
    /// For a map that is read as a list: the place of the key inside an item; `*` is an object's only member.
    pub key: Option<String>,
    /// The place of what is compared, inside an item or an entry's value.
    pub item: Option<String>,
    /// Whether an answer may leave it out altogether; what is never shown teaches nothing.
    pub optional: bool,
}

/// What a write does to a state.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// These entries stand in the map.
    Put(Vec<(String, Json)>),
    /// These items stand in the list.
    Append(Vec<Json>),
    /// No entries of these keys stand in the map any more.
    Remove(Vec<String>),
    /// The field has this value.
    Set(Json),
}
