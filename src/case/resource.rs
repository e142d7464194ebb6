//! The resources that the requests of a stateful case address.

/// A resource of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// The resource of the first one's name under another parent.
    OtherParent,
    /// One of the case's own resources, numbered from 1.
    Own(u32),
    /// What a read with another filter than the written value shows, which counts as a state of its own.
    FilteredOut,
}

impl Resource {
    /// The resource that every case has.
    pub const FIRST: Self = Self::Own(1);
    /// A second resource, for cases about several.
    pub const SECOND: Self = Self::Own(2);

    /// Returns the number by which exported tests tell the resources of a case apart.
    pub fn number(self) -> u32 {
        match self {
            Self::OtherParent => 0,
            Self::Own(number) => number,
            Self::FilteredOut => 1000,
        }
    }
}
