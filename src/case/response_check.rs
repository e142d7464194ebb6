//! What must hold of the responses to the steps of one case, apart from the state of a single member.
//!
//! These are plain values; only the judge compares them with responses.

use super::expectation::ExpectedError;
use crate::contract::ErrorRole;
use serde_json::Value as Json;

/// A step of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepRef {
    /// The step with this index.
    Index(usize),
    /// The step that captures a value under this name: `project.id`.
    Capturing(String),
}

/// The place of a member in one document and its place in another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPlaces {
    /// The place in the first document: what was sent, or what was shown before.
    pub first: String,
    /// The place in the second document: what is shown.
    pub second: String,
}

/// The items of a list in the response to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListView {
    /// The step.
    pub step: StepRef,
    /// The path of the list; empty if the whole document is the list.
    pub items: String,
}

/// Something that must hold of the responses to the steps of a case. Checks are made in order; one that a step must
/// meet before the others mean anything makes the law inconclusive.
#[derive(Clone, Debug, PartialEq)]
pub enum ResponseCheck {
    /// The step succeeds; otherwise nothing is learnt.
    Needs(StepRef),
    /// The step succeeds; otherwise the documents do not say what follows.
    Tries(StepRef),
    /// The step is rejected; otherwise nothing is learnt.
    Refused(StepRef),
    /// The identifiers that were captured under these names differ; otherwise nothing is learnt. Names without a value
    /// do not count.
    NeedsDistinct {
        /// The names: `project.id`, `project_2.id`.
        names: Vec<String>,
    },
    /// The step gets a success.
    Accepted(StepRef),
    /// The step gets any success.
    Succeeds(StepRef),
    /// The step gets one of these errors.
    Rejected {
        /// The step.
        step: StepRef,
        /// The role of the errors.
        role: ErrorRole,
        /// The errors that fit.
        errors: Vec<ExpectedError>,
    },
    /// A response shows what a request sent.
    ShowsSent {
        /// The step whose request sent the members.
        written: StepRef,
        /// The step whose response shows them.
        read: StepRef,
        /// The members: where they were sent and where they are shown.
        members: Vec<MemberPlaces>,
    },
    /// A response no longer shows what an earlier request sent.
    HidesSent {
        /// The step whose request sent the member.
        written: StepRef,
        /// The step whose response must not show it.
        read: StepRef,
        /// Where it was sent and where it was shown.
        member: MemberPlaces,
    },
    /// Two responses show the same values.
    SameShown {
        /// The first step.
        first: StepRef,
        /// The second step.
        second: StepRef,
        /// The members.
        members: Vec<MemberPlaces>,
    },
    /// Two responses of one operation show the same values at these places, or none.
    Unchanged {
        /// The first step.
        before: StepRef,
        /// The second step.
        after: StepRef,
        /// The places.
        places: Vec<String>,
    },
    /// A response has a value at this place.
    Has {
        /// The step.
        step: StepRef,
        /// The place.
        place: String,
    },
    /// A list shows a resource, or does not.
    Listed {
        /// The list.
        list: ListView,
        /// The path of the identifier inside an item.
        id: String,
        /// The name of the captured identifier.
        name: String,
        /// Whether the resource must be in the list.
        is_present: bool,
        /// Maximum number of items in a response: a list of this length may have more elsewhere.
        page: Option<u64>,
        /// Whether a list that shows none of the resources of the case may leave them out for a reason of its own.
        may_hide_all: bool,
    },
    /// A list has a number of items within these limits.
    Count {
        /// The list.
        list: ListView,
        /// The smallest number.
        min: u64,
        /// The greatest number.
        max: u64,
    },
    /// Each item of a list has this value.
    EachItem {
        /// The list.
        list: ListView,
        /// The path of the member inside an item.
        member: String,
        /// The value.
        value: Json,
    },
    /// The items of a list are in the order of a member.
    InOrder {
        /// The list.
        list: ListView,
        /// The path of the member inside an item.
        member: String,
        /// Whether the greatest comes first.
        descending: bool,
    },
    /// Pages, one after another, show the same items as one larger page, each once.
    PagesAreWhole {
        /// The larger page.
        whole: ListView,
        /// The pages, in order.
        parts: Vec<StepRef>,
        /// The path of the identifier inside an item.
        id: String,
        /// The size of each page.
        size: u64,
    },
    /// A page that is not full says that nothing follows.
    NothingFollows {
        /// The page.
        list: ListView,
        /// The requested size.
        size: u64,
        /// The place that says whether more follows.
        more: String,
    },
    /// The response is an error, or shows another resource than the captured one.
    AnotherResource {
        /// The step.
        step: StepRef,
        /// The path of the identifier in its response.
        id: String,
        /// The name of the captured identifier.
        name: String,
    },
}

impl StepRef {
    fn shift(&mut self, first: usize) {
        if let Self::Index(index) = self {
            *index += first;
        }
    }
}

impl ResponseCheck {
    /// Adds a number to the indices of all steps: that of the steps which were inserted before them.
    pub(crate) fn shift(&mut self, first: usize) {
        for step in self.steps_mut() {
            step.shift(first);
        }
    }

    /// Returns the index of the last step that the check is about.
    pub(super) fn last_index(&self) -> Option<usize> {
        let mut copy = self.clone();
        let indices = copy.steps_mut().into_iter().filter_map(|step| match step {
            StepRef::Index(index) => Some(*index),
            StepRef::Capturing(_) => None,
        });
        indices.max()
    }

    fn steps_mut(&mut self) -> Vec<&mut StepRef> {
        match self {
            Self::Needs(step) | Self::Tries(step) | Self::Refused(step) => vec![step],
            Self::Accepted(step) | Self::Succeeds(step) => vec![step],
            Self::Rejected { step, .. } | Self::AnotherResource { step, .. } | Self::Has { step, .. } => vec![step],
            Self::NeedsDistinct { .. } => Vec::new(),
            Self::NothingFollows { list, .. } => vec![&mut list.step],
            Self::ShowsSent { written, read, .. } | Self::HidesSent { written, read, .. } => vec![written, read],
            Self::SameShown { first, second, .. } => vec![first, second],
            Self::Unchanged { before, after, .. } => vec![before, after],
            Self::Listed { list, .. }
            | Self::Count { list, .. }
            | Self::EachItem { list, .. }
            | Self::InOrder { list, .. } => vec![&mut list.step],
            Self::PagesAreWhole { whole, parts, .. } => parts.iter_mut().chain([&mut whole.step]).collect(),
        }
    }
}
