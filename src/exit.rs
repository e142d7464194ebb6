//! The exit codes, all of them.
//!
//! Scripts and CI rely on these numbers; nothing else in the project names one.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Every promise was kept.
    Kept,
    /// Something diverges from what is documented.
    Findings,
    /// Usage or configuration is wrong, or a document or scenario was rejected.
    Usage,
    /// The endpoint could not be reached, no control succeeded, or the run is incomplete.
    Incomplete,
    /// Nothing ran.
    Nothing,
    /// A bug in overstep.
    Bug,
}

impl Exit {
    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Kept => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Nothing => 4,
            Self::Bug => 70,
        }
    }

    /// Which of two holds where both do: a bug, then 2, then 1, 3, 4.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self.weight() >= other.weight() { self } else { other }
    }

    fn weight(self) -> u8 {
        match self {
            Self::Kept => 0,
            Self::Nothing => 1,
            Self::Incomplete => 2,
            Self::Findings => 3,
            Self::Usage => 4,
            Self::Bug => 5,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit::{self, Bug, Findings, Incomplete, Kept, Nothing, Usage};

    #[test]
    fn the_first_of_2_1_3_4_wins_whatever_the_order() {
        let falling = [Bug, Usage, Findings, Incomplete, Nothing, Kept];
        assert_eq!(falling.map(Exit::code), [70, 2, 1, 3, 4, 0]);
        for (index, first) in falling.iter().enumerate() {
            for second in &falling[index..] {
                assert_eq!(first.and(*second), *first);
                assert_eq!(second.and(*first), *first);
            }
        }
    }
}
