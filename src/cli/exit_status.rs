//! Determines the exit code of a command that ran.
//!
//! The codes themselves are defined in `exit`.

use super::messages;
use super::run_flags::NoCasesPolicy;
use overstep::exit::ExitStatus;
use overstep::report::{Diagnostic, RunSummary, Severity};

/// Returns the exit code for the summary of one scenario.
pub fn exit_of_summary(summary: &RunSummary) -> ExitStatus {
    let findings = if summary.findings.is_empty() { ExitStatus::Success } else { ExitStatus::Findings };
    findings.combine(if summary.incomplete_reason.is_some() { ExitStatus::Incomplete } else { ExitStatus::Success })
}

/// Reports that no case ran, and returns the exit code that `--no-cases` selects.
pub fn exit_without_cases(choice: NoCasesPolicy) -> ExitStatus {
    let problem = Diagnostic::error("no case matches").with_hint("check the filter; `overstep cases` lists all cases");
    match choice {
        NoCasesPolicy::Fail => {
            messages::print_problems(&[problem]);
            ExitStatus::NothingRan
        }
        NoCasesPolicy::Warn => {
            messages::print_problems(&[Diagnostic { severity: Severity::Warning, ..problem }]);
            ExitStatus::Success
        }
        NoCasesPolicy::Pass => ExitStatus::Success,
    }
}
