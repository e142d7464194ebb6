//! Implements `overstep replay`, which sends recorded cases again with only the date and the signature renewed.
//!
//! It never replaces the record of the run that it repeats: `.overstep/last` stays unchanged.

use crate::cli::{
    CommandError, CommandRuntime, ReplayFlags, ReplayFormat, ReplaySettings, announce_start, messages, stop_on_signal,
};
use crate::session::{EndpointTarget, ReplaySummary, ScenarioJob, SessionError};
use overstep::exit::ExitStatus;
use overstep::report::{Diagnostic, ReplayReporter, ReplayedCase, Severity, TextWidth, pluralize};
use overstep::run::CancelToken;
use overstep::session;
use std::io::{self, IsTerminal as _, Write};

/// Sends one case again, or all cases of a run that diverged or changed.
pub fn replay_cases(flags: &ReplayFlags) -> Result<ExitStatus, CommandError> {
    let settings = ReplaySettings::new(flags)?;
    if settings.scenarios.is_empty() {
        let problem = Diagnostic::error("no diverging or changed case in these results");
        messages::print_problems(&[Diagnostic { severity: Severity::Warning, ..problem }]);
        return Ok(ExitStatus::NothingRan);
    }
    let runtime = CommandRuntime::new()?;
    let output = ReplayOutput::new(flags);
    runtime.block_on(send_cases(&settings, output))
}

async fn send_cases(settings: &ReplaySettings, mut output: ReplayOutput) -> Result<ExitStatus, CommandError> {
    let stop = CancelToken::default();
    tokio::spawn(stop_on_signal(stop.clone()));
    let mut exit = ExitStatus::Success;
    let mut all = ReplaySummary::default();
    for (job, options) in &settings.scenarios {
        announce_start(job);
        output.begin_scenario(job, &settings.run_id)?;
        let recorded = |id: &str| settings.recorded.get(id).cloned();
        let emit = |one: &ReplayedCase| output.write_case(one);
        let end = match session::replay_cases(job, options, &settings.run_id, &stop, recorded, emit).await {
            Ok(end) => end,
            // The reader of the output has gone away, which is not an error.
            Err(SessionError::OutputClosed) => return Ok(exit.combine(ExitStatus::Incomplete)),
            Err(SessionError::Problems(found)) => return Err(found.into()),
        };
        all.sent += end.sent;
        all.diverging += end.diverging;
        all.known += end.known;
        all.changed += end.changed;
        exit = exit.combine(exit_of_scenario(&end));
        print_problems(end);
    }
    output.finish(&all)?;
    Ok(exit)
}

fn exit_of_scenario(end: &ReplaySummary) -> ExitStatus {
    let findings = if end.findings > 0 { ExitStatus::Findings } else { ExitStatus::Success };
    let is_complete = end.indeterminate == 0 && end.incomplete_reason.is_none();
    findings.combine(if is_complete { ExitStatus::Success } else { ExitStatus::Incomplete })
}

/// Prints why the replay of a scenario is incomplete, and what it left behind.
fn print_problems(end: ReplaySummary) {
    if let Some(why) = end.incomplete_reason {
        messages::print_problems(&[Diagnostic::error(why)]);
        end.server_output.iter().for_each(|line| messages::print_line(&format!("    server output    {line}")));
    }
    if let Some((_, id, why)) = end.leaked_fixtures {
        let reason = format!("cleanup failed for `{id}`; its resources may remain: {why}");
        messages::print_problems(&[Diagnostic { severity: Severity::Warning, ..Diagnostic::error(reason) }]);
    }
}

/// Writes the replayed cases as text or as results.
enum ReplayOutput {
    Text(ReplayReporter<anstream::AutoStream<io::Stdout>>),
    Ndjson(io::BufWriter<io::Stdout>),
}

impl ReplayOutput {
    fn new(flags: &ReplayFlags) -> Self {
        let terminal = terminal_size::terminal_size()
            .filter(|_| io::stdout().is_terminal())
            .map_or_else(TextWidth::default, |(width, _)| TextWidth::from_terminal_columns(usize::from(width.0)));
        let width = flags.width.map_or(terminal, |columns| TextWidth::from_terminal_columns(usize::from(columns)));
        match flags.format {
            ReplayFormat::Text => Self::Text(ReplayReporter::new(anstream::stdout(), width)),
            ReplayFormat::Ndjson => Self::Ndjson(io::BufWriter::new(io::stdout())),
        }
    }

    fn begin_scenario(&mut self, job: &ScenarioJob, run_id: &str) -> io::Result<()> {
        let Self::Text(text) = self else { return Ok(()) };
        let endpoint = match &job.target {
            EndpointTarget::Embedded => "embedded",
            EndpointTarget::Url(_) if job.lifecycle.start.is_some() => &job.profile,
            EndpointTarget::Url(url) => url,
        };
        text.begin_scenario(&job.scenario.name, endpoint, run_id)
    }

    fn write_case(&mut self, one: &ReplayedCase) -> io::Result<()> {
        match self {
            Self::Text(text) => text.write_case(one),
            Self::Ndjson(lines) => {
                lines.write_all(&one.result.results_line)?;
                lines.write_all(b"\n")
            }
        }
    }

    fn finish(&mut self, all: &ReplaySummary) -> io::Result<()> {
        match self {
            Self::Text(text) if all.sent > 0 => text.finish(&describe_end(all)),
            Self::Text(_) => Ok(()),
            Self::Ndjson(lines) => lines.flush(),
        }
    }
}

/// Describes the result of a replay: `2 cases sent again · 1 diverges now · 1 known`.
fn describe_end(end: &ReplaySummary) -> String {
    let of = pluralize(end.sent, "case");
    let diverge = if end.diverging == 1 { "1 diverges".to_owned() } else { format!("{} diverge", end.diverging) };
    let mut words = format!("{of} sent again · {diverge} now");
    for (count, what) in [(end.known, "known"), (end.changed, "changed from the accepted response")] {
        if count > 0 {
            words.push_str(&format!(" · {count} {what}"));
        }
    }
    words
}
