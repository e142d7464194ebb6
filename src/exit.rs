//! All exit codes of the command.
//!
//! Scripts and CI rely on these numbers; no other file of the project contains one.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// The run completed without findings.
    Kept,
    /// Something diverges from the documentation.
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
    /// Returns the exit code of the process.
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

    /// Combines two statuses into the one with precedence: a bug, then 2, then 1, 3, 4.
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
    fn combining_statuses_follows_the_documented_precedence() {
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
