//! Prepares the endpoint of a libFuzzer target, with the same checks as `overstep fuzz`.
//!
//! It never reads libFuzzer's command line: environment variables take the place of the flags of `overstep fuzz`.

use super::check::prepare;
use super::flags::{Command, Flags};
use super::{Stopped, environment, say};
use clap::Parser as _;
use overstep::exit::Exit;
use overstep::pipeline::{self, Driven, Ended};
use overstep::report::Diagnostic;
use std::sync::Once;
use std::sync::atomic::AtomicU8;

/// An endpoint that libFuzzer fuzzes. It is meant to be created once and stored in a `static`.
pub struct Target {
    driven: Driven,
    told: Once,
}

/// Creates the endpoint that the environment describes: `OVERSTEP_SCENARIO` names the scenario, `OVERSTEP_ENDPOINT` is
/// a URL or a name in overstep.toml, and `OVERSTEP_FLAGS` holds further flags of `overstep fuzz` such as
/// `--allow-remote` or `--secret …`.
///
/// # Errors
/// Returns an error if the environment describes no endpoint, or one that requests must not be sent to. The problem is
/// printed.
pub fn target() -> Result<Target, Exit> {
    let mut arguments: Vec<String> =
        environment("OVERSTEP_SCENARIO").into_iter().filter(|one| !one.is_empty()).collect();
    if let Some(endpoint) = environment("OVERSTEP_ENDPOINT").filter(|one| !one.is_empty()) {
        arguments.extend(["--endpoint".to_owned(), endpoint]);
    }
    if let Some(flags) = environment("OVERSTEP_FLAGS") {
        let Some(flags) = shlex::split(&flags) else {
            say::problems(&[Diagnostic::error("unclosed quote in `OVERSTEP_FLAGS`")]);
            return Err(Exit::Usage);
        };
        arguments.extend(flags);
    }
    target_of(&arguments)
}

/// Creates the endpoint that these arguments of `overstep fuzz` describe.
///
/// # Errors
/// Returns an error in the same cases as [`target_from_environment`].
pub fn target_of(arguments: &[String]) -> Result<Target, Exit> {
    let words = ["overstep", "fuzz"].into_iter().map(str::to_owned).chain(arguments.iter().cloned());
    let flags = match Flags::try_parse_from(words) {
        Ok(Flags { command: Command::Fuzz(flags), .. }) => flags,
        Ok(_) => return Err(Exit::Usage),
        Err(error) => {
            let _ = error.print();
            return Err(Exit::Usage);
        }
    };
    let made = || -> Result<Target, Stopped> {
        let (mut jobs, mut sendings, _) = prepare(&flags.as_check())?;
        let (Some(job), Some(sending), true) = (jobs.pop(), sendings.pop(), jobs.is_empty()) else {
            let problem = Diagnostic::error("a libFuzzer target needs exactly one scenario");
            return Err(problem.with_hint("set one, for example OVERSTEP_SCENARIO=connect").into());
        };
        let own = flags.max_cases.is_some()
            || flags.send.max_failures.is_some()
            || flags.save
            || !flags.send.report.is_empty();
        if own || flags.corpus.is_some() || flags.artifacts.is_some() {
            let problem = Diagnostic::error("`OVERSTEP_FLAGS` contains a flag that libFuzzer replaces");
            let hint = "use libFuzzer's own `-runs=N`, `-max_total_time=S`, `-artifact_prefix=DIR/` and corpus folders";
            return Err(problem.with_hint(hint).into());
        }
        let run_id = flags.choose.run_id.clone().unwrap_or_else(pipeline::fresh_run_id);
        Ok(Target { driven: Driven::new(job, sending, &run_id)?, told: Once::new() })
    };
    made().map_err(|stopped| {
        say::problems(&stopped.problems);
        stopped.exit
    })
}

impl Target {
    /// Turns the fuzzer's bytes into a request or a sequence of requests, sends them, and compares every response and
    /// the final state with the contract. Each kind of response is counted in `kinds`: if that is a static table of
    /// [`pipeline::KINDS`] counters in the section `__libfuzzer_extra_counters`, libFuzzer treats new kinds as new
    /// coverage.
    ///
    /// # Panics
    /// Panics, which the fuzzer records as a crash, if a response or the state breaks the contract, with the case, curl
    /// commands and the documented fact in the message, and if the endpoint stops responding.
    ///
    /// # Errors
    /// Returns an error if the endpoint was never reached or accepted no control, which does not depend on the bytes.
    /// The problem is printed.
    pub fn fuzz(&self, bytes: &[u8], kinds: &[AtomicU8]) -> Result<(), Exit> {
        self.begin()?;
        match self.driven.fuzzed(bytes, kinds) {
            Ok(_) => Ok(()),
            Err(Ended::Finding(finding)) => panic!("{finding}"),
            Err(Ended::Died(told)) => panic!("{told}"),
            Err(Ended::Never(why)) => Err(never(&why)),
        }
    }

    /// Probes which operations accept their control, and prints once which do not.
    fn begin(&self) -> Result<(), Exit> {
        let begun = self.driven.begin();
        self.told.call_once(|| {
            for one in begun.iter().copied().flatten() {
                let what = if one.implemented { "rejects its control" } else { "is not implemented" };
                say::line(&format!("not fuzzed: {} {what}: {} {}", one.operation, one.observed, one.why));
            }
        });
        match begun {
            Err(Ended::Never(why)) => Err(never(&why)),
            _ => Ok(()),
        }
    }
}

fn never(why: &str) -> Exit {
    let problem = Diagnostic::error(format!("nothing can be fuzzed: {why}"));
    say::problems(&[problem.with_hint("start the server, or set OVERSTEP_ENDPOINT to another one")]);
    Exit::Incomplete
}
