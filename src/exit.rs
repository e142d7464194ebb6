//! All exit codes of the command.
//!
//! Scripts and CI rely on these numbers; no other file of the project contains one.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExitStatus {
    /// The run completed without findings.
    Success,
    /// Something diverges from the documentation.
    Findings,
    /// Usage or configuration is wrong, or a document or scenario was rejected.
    Usage,
    /// The endpoint could not be reached, no control succeeded, or the run is incomplete.
    Incomplete,
    /// Nothing ran.
    NothingRan,
    /// A bug in overstep.
    InternalError,
}

impl ExitStatus {
    /// Returns the exit code of the process.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::NothingRan => 4,
            Self::InternalError => 70,
        }
    }

    /// Combines two statuses into the one with precedence: a bug, then 2, then 1, 3, 4.
    #[must_use]
    pub fn combine(self, other: Self) -> Self {
        if self.precedence() >= other.precedence() { self } else { other }
    }

    fn precedence(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::NothingRan => 1,
            Self::Incomplete => 2,
            Self::Findings => 3,
            Self::Usage => 4,
            Self::InternalError => 5,
        }
    }
}

impl From<ExitStatus> for std::process::ExitCode {
    fn from(exit: ExitStatus) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::ExitStatus::{self, Findings, Incomplete, InternalError, NothingRan, Success, Usage};

    #[test]
    fn combining_statuses_follows_the_documented_precedence() {
        let falling = [InternalError, Usage, Findings, Incomplete, NothingRan, Success];
        assert_eq!(falling.map(ExitStatus::code), [70, 2, 1, 3, 4, 0]);
        for (index, first) in falling.iter().enumerate() {
            for second in &falling[index..] {
                assert_eq!(first.combine(*second), *first);
                assert_eq!(second.combine(*first), *first);
            }
        }
    }
}
