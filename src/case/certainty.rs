//! Whether the documents leave room for another reading.

/// Whether a statement holds under every reading of the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Certainty {
    /// It holds under every reading.
    Certain,
    /// It holds under some readings only.
    Uncertain,
}

impl Certainty {
    /// Returns `Certain` if the condition is met.
    pub fn certain_if(condition: bool) -> Self {
        if condition { Self::Certain } else { Self::Uncertain }
    }

    /// Returns true for `Certain`.
    pub fn is_certain(self) -> bool {
        self == Self::Certain
    }
}
