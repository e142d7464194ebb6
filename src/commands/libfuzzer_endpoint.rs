//! Prepares the endpoint of a libFuzzer target, with the same checks as `overstep fuzz`.
//!
//! It never reads libFuzzer's command line: environment variables take the place of the flags of `overstep fuzz`.

use crate::cli::{
    CliCommand, CliFlags, CommandError, FuzzFlags, FuzzSettings, ScenarioRun, environment_variable, messages,
};
use crate::session::{FuzzInputError, LibFuzzerTarget};
use clap::Parser as _;
use overstep::escape::escape_line;
use overstep::exit::ExitStatus;
use overstep::report::Diagnostic;
use std::sync::Once;
use std::sync::atomic::AtomicU8;

/// An endpoint that libFuzzer fuzzes. It is meant to be created once and stored in a `static`.
pub struct LibFuzzerEndpoint {
    target: LibFuzzerTarget,
    printed: Once,
}

/// Creates the endpoint that the environment describes: `OVERSTEP_SCENARIO` names the scenario, `OVERSTEP_ENDPOINT` is
/// a URL or a name in overstep.toml, and `OVERSTEP_FLAGS` holds further flags of `overstep fuzz` such as
/// `--allow-remote` or `--secret …`.
///
/// # Errors
/// Returns an error if the environment describes no endpoint, or one that requests must not be sent to. The problem is
/// printed.
pub fn target_from_environment() -> Result<LibFuzzerEndpoint, ExitStatus> {
    let mut arguments: Vec<String> =
        environment_variable("OVERSTEP_SCENARIO").into_iter().filter(|one| !one.is_empty()).collect();
    if let Some(endpoint) = environment_variable("OVERSTEP_ENDPOINT").filter(|one| !one.is_empty()) {
        arguments.extend(["--endpoint".to_owned(), endpoint]);
    }
    if let Some(flags) = environment_variable("OVERSTEP_FLAGS") {
        let Some(flags) = shlex::split(&flags) else {
            messages::print_problems(&[Diagnostic::error("unclosed quote in `OVERSTEP_FLAGS`")]);
            return Err(ExitStatus::Usage);
        };
        arguments.extend(flags);
    }
    target_from_arguments(&arguments)
}

/// Creates the endpoint that these arguments of `overstep fuzz` describe.
///
/// # Errors
/// Returns an error in the same cases as [`target_from_environment`].
pub fn target_from_arguments(arguments: &[String]) -> Result<LibFuzzerEndpoint, ExitStatus> {
    let words = ["overstep", "fuzz"].into_iter().map(str::to_owned).chain(arguments.iter().cloned());
    let flags = match CliFlags::try_parse_from(words) {
        Ok(CliFlags { command: CliCommand::Fuzz(flags), .. }) => flags,
        Ok(_) => return Err(ExitStatus::Usage),
        Err(error) => {
            let _ = error.print();
            return Err(ExitStatus::Usage);
        }
    };
    build_endpoint(&flags).map_err(|stopped| {
        messages::print_problems(&stopped.problems);
        stopped.exit
    })
}

fn build_endpoint(flags: &FuzzFlags) -> Result<LibFuzzerEndpoint, CommandError> {
    let mut settings = FuzzSettings::for_libfuzzer(flags)?;
    let (Some(ScenarioRun { job, options, .. }), true) = (settings.scenarios.pop(), settings.scenarios.is_empty())
    else {
        let problem = Diagnostic::error("a libFuzzer target needs exactly one scenario");
        return Err(problem.with_hint("set one, for example OVERSTEP_SCENARIO=connect").into());
    };
    let has_own_flags =
        flags.max_cases.is_some() || flags.send.max_failures.is_some() || flags.save || !flags.send.report.is_empty();
    if has_own_flags || flags.corpus.is_some() || flags.artifacts.is_some() {
        let problem = Diagnostic::error("`OVERSTEP_FLAGS` contains a flag that libFuzzer replaces");
        let hint = "use libFuzzer's own `-runs=N`, `-max_total_time=S`, `-artifact_prefix=DIR/` and corpus folders";
        return Err(problem.with_hint(hint).into());
    }
    let target = LibFuzzerTarget::new(job, options, &settings.run_id)?;
    Ok(LibFuzzerEndpoint { target, printed: Once::new() })
}

impl LibFuzzerEndpoint {
    /// Turns the fuzzer's bytes into a request or a sequence of requests, sends them, and compares every response and
    /// the final state with the contract. Each kind of response is counted in `kinds`. If that is a static table of
    /// [`MAX_RESPONSE_KINDS`](overstep::session::MAX_RESPONSE_KINDS) counters in the section
    /// `__libfuzzer_extra_counters`, libFuzzer treats new kinds as new coverage.
    ///
    /// # Panics
    /// Panics, which the fuzzer records as a crash, if a response or the state breaks the contract, with the case, curl
    /// commands and the documented fact in the message, and if the endpoint stops responding.
    ///
    /// # Errors
    /// Returns an error if the endpoint was never reached or accepted no control, which does not depend on the bytes.
    /// The problem is printed.
    pub fn fuzz(&self, bytes: &[u8], kinds: &[AtomicU8]) -> Result<(), ExitStatus> {
        self.probe_operations()?;
        match self.target.run_input(bytes, kinds) {
            Ok(_) => Ok(()),
            Err(FuzzInputError::Finding(finding)) => panic!("{finding}"),
            Err(FuzzInputError::EndpointDown(told)) => panic!("{}", escape_line(&told)),
            Err(FuzzInputError::Unusable(why)) => Err(cannot_fuzz(&why)),
        }
    }

    /// Probes which operations accept their control, and prints once which do not.
    fn probe_operations(&self) -> Result<(), ExitStatus> {
        let begun = self.target.probe_operations();
        self.printed.call_once(|| {
            for one in begun.iter().copied().flatten() {
                let what = if one.is_implemented { "rejects its control" } else { "is not implemented" };
                messages::print_line(&format!("not fuzzed: {} {what}: {} {}", one.operation, one.observed, one.reason));
            }
        });
        match begun {
            Err(FuzzInputError::Unusable(why)) => Err(cannot_fuzz(&why)),
            _ => Ok(()),
        }
    }
}

fn cannot_fuzz(why: &str) -> ExitStatus {
    let problem = Diagnostic::error(format!("nothing can be fuzzed: {why}"));
    messages::print_problems(&[problem.with_hint("start the server, or set OVERSTEP_ENDPOINT to another one")]);
    ExitStatus::Incomplete
}
