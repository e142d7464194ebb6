//! Implements `overstep fit`, which says whether endpoints fit an application.
//!
//! It sends the cases of `check` about what the application uses; it writes no file and compares with no snapshot.

use super::diagnosis::run_diagnosis;
use crate::cli::{
    CommandError, CommandRuntime, FitFlags, FitFormat, NewScenarioJob, RunSettings, SelectedScenarios, UsedService,
    UsedServices, announce_start, build_selected_jobs, endpoint_or_environment, fill_from_environment,
    find_used_services, job_without_scenario_file, read_fit_scenarios, scenario_of_sources, stop_on_signal,
    terminal_width,
};
use crate::session::SessionError;
use indicatif::{ProgressBar, ProgressStyle};
use overstep::escape::{ConsoleWriter, shell_word};
use overstep::exit::ExitStatus;
use overstep::report::{
    CaseResult, Diagnostic, EndpointFit, FitCollector, FitReport, FitStatus, Reporter, RunStarted, RunSummary,
    scenario_text, write_fit_json, write_fit_markdown, write_fit_text,
};
use overstep::run::CancelToken;
use overstep::scenario::Scenario;
use overstep::session;
use std::io::{self, IsTerminal as _, Write as _};

/// Maximum width of the text for people, in columns.
const MAX_COLUMNS: usize = 80;

/// Checks what an application uses against each endpoint, and prints which operations are safe.
pub fn check_fit(flags: &FitFlags) -> Result<ExitStatus, CommandError> {
    if !flags.send.report.is_empty() {
        let problem = Diagnostic::error("`overstep fit` writes no reports");
        return Err(problem.with_hint("use `--format json` or `--format markdown`").into());
    }
    let used = find_used_services(flags)?;
    let endpoints = endpoints(flags);
    // All settings are resolved before the first request, unless an endpoint must be probed for them.
    let settings = endpoints.iter().map(|endpoint| match flags.source.is_empty() {
        true => resolve_settings(flags, &used, endpoint.as_deref(), read_fit_scenarios(flags)?).map(Some),
        false => Ok(None),
    });
    let settings = settings.collect::<Result<Vec<_>, CommandError>>()?;
    let mut report = FitReport {
        recording: used.recording.clone(),
        recording_format: used.format.to_string(),
        services: used.services.iter().map(|service| service.description.clone()).collect(),
        endpoints: Vec::new(),
        not_checked: used.not_checked.clone(),
    };
    for (endpoint, settings) in endpoints.iter().zip(settings) {
        let settings = match settings {
            Some(settings) => settings,
            None => {
                let probed = probe_scenarios(flags, &used, endpoint.as_deref())?;
                resolve_settings(flags, &used, endpoint.as_deref(), probed)?
            }
        };
        let command = (!flags.source.is_empty()).then(|| init_and_check_command(flags, &used, endpoint.as_deref()));
        report.endpoints.push(check_endpoint(&used, settings, endpoint.as_deref(), command)?);
    }
    print_report(&report, flags.format)?;
    Ok(report.endpoints.iter().map(exit_of_endpoint).fold(ExitStatus::Success, ExitStatus::combine))
}

/// Returns the endpoints of the flags; the scenarios' own if there are none.
fn endpoints(flags: &FitFlags) -> Vec<Option<String>> {
    if flags.endpoint.is_empty() {
        return vec![endpoint_or_environment(None)];
    }
    flags.endpoint.iter().cloned().map(Some).collect()
}

/// Resolves the settings for one endpoint, limited to the scenarios and operations that the application uses.
fn resolve_settings(
    flags: &FitFlags,
    used: &UsedServices,
    endpoint: Option<&str>,
    mut selected: SelectedScenarios,
) -> Result<RunSettings, CommandError> {
    let service_of = |name: &str| used.services.iter().find(|service| service.scenario == name);
    selected.scenarios.retain(|(_, scenario)| service_of(&scenario.name).is_some());
    for (_, scenario) in &mut selected.scenarios {
        let name = scenario.name.clone();
        if let Some(service) = service_of(&name) {
            service.restrict(scenario);
        }
    }
    let selection = flags.selection(endpoint);
    let jobs = build_selected_jobs(&selection, selected, flags.send.allow_remote, true)?;
    let mut settings = RunSettings::for_fit(jobs, &selection, &flags.send)?;
    for run in &mut settings.scenarios {
        if let Some(service) = service_of(&run.job.scenario.name) {
            run.job.restrict_to_used(service.used.clone());
        }
    }
    Ok(settings)
}

/// Probes an endpoint for what the sources leave open, and returns the scenario that `init` would write.
fn probe_scenarios(
    flags: &FitFlags,
    used: &UsedServices,
    endpoint: Option<&str>,
) -> Result<SelectedScenarios, CommandError> {
    let mut selected = read_fit_scenarios(flags)?;
    let Some(((found, scenario), service)) = selected.scenarios.first_mut().zip(used.services.first()) else {
        return Ok(selected);
    };
    if endpoint.is_none() {
        let problem = Diagnostic::error("no endpoint to check");
        return Err(problem.with_hint("name one: `-e http://127.0.0.1:5000`").into());
    }
    let mut new = scenario_of_sources(&flags.source);
    service.restrict(&mut new);
    let path = selected.directory.join(&found.display_name);
    let created = job_without_scenario_file(new, &path, &flags.source, endpoint, flags.send.allow_remote)?;
    let NewScenarioJob { mut job, variables, proposed_principal, .. } = created;
    job.headers.extend(flags.data.header.iter().cloned());
    announce_start(&job);
    let diagnosis = run_diagnosis(&job, None, !flags.send.no_progress)?;
    // What is wrong with the endpoint is part of the answer, so it is left to the check.
    let diagnosis = Some(&diagnosis).filter(|diagnosis| diagnosis.failure_reason.is_none());
    let principal = proposed_principal.as_ref().filter(|_| variables.iter().all(|(_, is_set)| *is_set));
    let inferred = &job.inferred;
    let text = scenario_text("overstep fit", &flags.source, None, (&job.contract, principal), inferred, diagnosis);
    let (read, _) = overstep::scenario::read_scenario(&found.name, &text)
        .map_err(|error| crate::config::error_diagnostic(&found.display_name, &text, error))?;
    found.text = text;
    *scenario = read;
    fill_from_environment(scenario)?;
    Ok(selected)
}

/// Returns the command that writes a scenario from the sources and checks it.
fn init_and_check_command(flags: &FitFlags, used: &UsedServices, endpoint: Option<&str>) -> String {
    let word = |text: &str| shell_word(text.as_bytes()).unwrap_or_else(|| text.to_owned());
    let name = used.services.first().map_or("api", |service| service.scenario.as_str());
    let sources: String = flags.source.iter().map(|source| format!(" --source {}", word(source))).collect();
    let endpoint = word(endpoint.unwrap_or_default());
    format!("overstep init {name}{sources} -e {endpoint} && overstep check {name} -e {endpoint}")
}

/// Checks one endpoint. `command` sends the cases again; without one, that of each scenario does.
fn check_endpoint(
    used: &UsedServices,
    settings: RunSettings,
    endpoint: Option<&str>,
    command: Option<String>,
) -> Result<EndpointFit, CommandError> {
    let first = settings.scenarios.first().map_or("", |run| run.job.profile.as_str());
    let collector = FitCollector::new(endpoint.unwrap_or(first));
    let mut reporter = FitProgress { collector, bar: new_bar(settings.output.shows_progress) };
    let runtime = CommandRuntime::new()?;
    let stopped = runtime.block_on(async {
        let stop = CancelToken::default();
        tokio::spawn(stop_on_signal(stop.clone()));
        for run in &settings.scenarios {
            let operations = used_operations(used, &run.job.scenario);
            let command = command.clone().unwrap_or_else(|| run.job.rerun_command.clone());
            reporter.collector.begin_scenario(&run.job.scenario.name, operations, command);
            announce_start(&run.job);
            match session::check(&run.job, &run.options, &settings.run_id, &stop, &mut reporter).await {
                Ok(Some(_)) => {}
                Ok(None) => reporter.collector.record_no_cases(),
                Err(error) => return Err(error),
            }
        }
        Ok::<_, SessionError>(())
    });
    reporter.bar.finish_and_clear();
    stopped?;
    Ok(reporter.collector.into_fit())
}

/// Returns the used operations of a scenario, each with the reason why the scenario skips it, if it does.
fn used_operations(used: &UsedServices, scenario: &Scenario) -> Vec<(String, Option<String>)> {
    let services = used.services.iter().filter(|service| service.scenario == scenario.name);
    let names = services.flat_map(|service: &UsedService| service.used.operations.keys());
    let skip_reason = |name: &str| scenario.operation_notes(name).and_then(|notes| notes.skip_reason.clone());
    names.map(|name| (name.to_string(), skip_reason(name.as_str()))).collect()
}

fn exit_of_endpoint(fit: &EndpointFit) -> ExitStatus {
    if fit.count(FitStatus::Differs) + fit.count(FitStatus::NotThere) > 0 {
        return ExitStatus::Findings;
    }
    let is_reached = fit.count(FitStatus::NotReached) == 0 && fit.incomplete.is_empty();
    if is_reached { ExitStatus::Success } else { ExitStatus::Incomplete }
}

fn print_report(report: &FitReport, format: FitFormat) -> io::Result<()> {
    let mut out = ConsoleWriter::new(anstream::stdout());
    match format {
        FitFormat::Text => write_fit_text(report, terminal_width().columns().min(MAX_COLUMNS), &mut out)?,
        FitFormat::Markdown => write_fit_markdown(report, &mut out)?,
        FitFormat::Json => write_fit_json(report, &mut out)?,
    }
    out.flush()
}

fn new_bar(is_shown: bool) -> ProgressBar {
    if !is_shown || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    bar.set_style(
        ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} cases {msg} {eta}")
            .expect("the template is a constant of known parts"),
    );
    bar
}

/// Collects results while a progress bar is shown.
struct FitProgress {
    collector: FitCollector,
    bar: ProgressBar,
}

impl Reporter for FitProgress {
    fn begin_run(&mut self, head: &RunStarted) -> io::Result<()> {
        self.bar.set_length(head.cases);
        self.bar.set_position(0);
        self.collector.begin_run(head)
    }

    fn report_case(&mut self, done: &CaseResult) -> io::Result<()> {
        self.bar.inc(1);
        self.collector.report_case(done)
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        self.collector.end_run(summary)
    }
}
