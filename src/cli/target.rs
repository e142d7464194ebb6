//! The endpoint of a libFuzzer target, named and permitted as `overstep fuzz` would have it.
//!
//! A target has no flags of its own: the environment says what the command line of `overstep fuzz` says.

use super::check::prepare;
use super::flags::{Command, Flags};
use super::{Stopped, environment, say};
use clap::Parser as _;
use overstep::exit::Exit;
use overstep::pipeline::{self, Driven, Ended};
use overstep::report::Diagnostic;
use std::sync::Once;
use std::sync::atomic::AtomicU8;

/// An endpoint that libFuzzer drives. It lives as long as the program: meant for a `static`, made once.
pub struct Target {
    driven: Driven,
    told: Once,
}

/// The endpoint that the environment names: `OVERSTEP_SCENARIO` and `OVERSTEP_ENDPOINT`, a URL or a name in
/// overstep.toml, and in `OVERSTEP_FLAGS` whatever else `overstep fuzz` takes: `--allow-remote`, `--secret …`.
///
/// # Errors
/// Where that names none, or one that must not be sent to; the problem is printed.
pub fn target() -> Result<Target, Exit> {
    let mut arguments: Vec<String> =
        environment("OVERSTEP_SCENARIO").into_iter().filter(|one| !one.is_empty()).collect();
    if let Some(endpoint) = environment("OVERSTEP_ENDPOINT").filter(|one| !one.is_empty()) {
        arguments.extend(["--endpoint".to_owned(), endpoint]);
    }
    if let Some(flags) = environment("OVERSTEP_FLAGS") {
        let Some(flags) = shlex::split(&flags) else {
            say::problems(&[Diagnostic::error("a quote in `OVERSTEP_FLAGS` is not closed")]);
            return Err(Exit::Usage);
        };
        arguments.extend(flags);
    }
    target_of(&arguments)
}

/// The endpoint that these arguments of `overstep fuzz` name.
///
/// # Errors
/// As [`target`].
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
            let problem = Diagnostic::error("which scenario is meant?");
            return Err(problem.with_hint("name one: OVERSTEP_SCENARIO=connect").into());
        };
        let own = flags.max_cases.is_some()
            || flags.send.max_failures.is_some()
            || flags.save
            || !flags.send.report.is_empty();
        if own || flags.corpus.is_some() || flags.artifacts.is_some() {
            let problem = Diagnostic::error("when to end, where inputs lie and what is kept is libFuzzer's to know");
            let hint = "its own flags: `-runs=N`, `-max_total_time=S`, `-artifact_prefix=DIR/`, and folders";
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
    /// Makes a request or a sequence of requests of a fuzzer's bytes, sends them, and holds every answer, and what is
    /// stored in the end, against the contract. Each kind of answer is counted in `kinds`: a static table of
    /// [`pipeline::KINDS`] counters in the section `__libfuzzer_extra_counters` makes new kinds new coverage.
    ///
    /// # Panics
    /// Where a promise is broken, with case, curl lines and the documented fact, and where the endpoint answers nobody
    /// any more: what a fuzzer takes for a crash.
    ///
    /// # Errors
    /// Where the endpoint was never reached, or grants nothing: that is nothing that bytes have found. It is printed.
    pub fn fuzz(&self, bytes: &[u8], kinds: &[AtomicU8]) -> Result<(), Exit> {
        self.begin()?;
        match self.driven.fuzzed(bytes, kinds) {
            Ok(_) => Ok(()),
            Err(Ended::Finding(finding)) => panic!("{finding}"),
            Err(Ended::Died(told)) => panic!("{told}"),
            Err(Ended::Never(why)) => Err(never(&why)),
        }
    }

    /// Asks which operations grant something, and says once which do not.
    fn begin(&self) -> Result<(), Exit> {
        let begun = self.driven.begin();
        self.told.call_once(|| {
            for one in begun.iter().copied().flatten() {
                let what = if one.implemented { "grants nothing" } else { "is not implemented" };
                say::line(&format!("not drawn: {} {what}: {} {}", one.operation, one.observed, one.why));
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
    say::problems(&[problem.with_hint("start the server, or name another with OVERSTEP_ENDPOINT")]);
    Exit::Incomplete
}
