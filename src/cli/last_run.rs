//! Finds cases of the last run and rebuilds the jobs that generate them again.
//!
//! It never sends anything.

use super::jobs::{ResolvedJob, build_jobs};
use super::recorded_run_flags::ReplayOverrides;
use super::run_flags::{DataFlags, LevelFlag, NoCasesPolicy, SelectionFlags};
use super::{CommandError, environment_variable, messages};
use crate::config::ResolvedEndpoint;
use crate::session::{IndexedCase, ResultsIndex, ScenarioJob};
use overstep::case::CaseId;
use overstep::judge::{SnapshotChange, Verdict};
use overstep::report::{Diagnostic, Severity};
use overstep::session;
use overstep::store::{LastRun, RunRecord, ScenarioRecord};
use std::collections::HashSet;
use std::io::BufReader;
use std::path::Path;

/// Returns the case with this id, or the only case whose id contains this text.
///
/// Returns an error if no case, or more than one, matches.
pub fn find_case(text: &str, index: &ResultsIndex, record: &RunRecord) -> Result<IndexedCase, CommandError> {
    if let Some(case) = index.cases.iter().find(|case| case.id == text) {
        return Ok(case.clone());
    }
    let found: Vec<&IndexedCase> = index.cases.iter().filter(|case| case.id.contains(text)).collect();
    match found.as_slice() {
        [one] => return Ok((*one).clone()),
        [] => {}
        many => {
            let shown: Vec<&str> = many.iter().take(5).map(|case| case.id.as_str()).collect();
            let more = if many.len() > 5 { ", …" } else { "" };
            let problem = Diagnostic::error(format!("`{text}` matches {} cases of the last run", many.len()));
            return Err(problem.with_hint(format!("use a longer part of one id: {}{more}", shown.join(", "))).into());
        }
    }
    // A filter or level may have left out a case that the plan contains, so the plan decides.
    if let Ok(id) = text.parse::<CaseId>()
        && record.scenarios.iter().any(|one| one.scenario == id.scenario())
    {
        return Ok(IndexedCase {
            id: id.to_string(),
            scenario: id.scenario().to_owned(),
            verdict: Verdict::Indeterminate,
            known: false,
            change: SnapshotChange::None,
        });
    }
    Err(unknown_case(text, index.cases.iter().map(|case| case.id.as_str())).into())
}

fn unknown_case<'i>(text: &str, ids: impl Iterator<Item = &'i str>) -> Diagnostic {
    let near = ids
        .map(|id| (strsim::damerau_levenshtein(text, id), id))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, id)| *distance <= (id.len() / 4).max(3));
    let hint = match near {
        Some((_, id)) => format!("did you mean `{id}`?"),
        None => "`overstep cases` lists all ids; `overstep replay last` sends all diverging cases".to_owned(),
    };
    Diagnostic::error(format!("no case `{text}` in the last run")).with_hint(hint)
}

/// Groups the ids of cases by scenario, in the order of the record.
pub fn group_by_scenario(chosen: &[IndexedCase], record: &RunRecord) -> Vec<(ScenarioRecord, HashSet<String>)> {
    let mut ids: Vec<(ScenarioRecord, HashSet<String>)> = Vec::new();
    for scenario in &record.scenarios {
        let own: HashSet<String> =
            chosen.iter().filter(|case| case.scenario == scenario.scenario).map(|case| case.id.clone()).collect();
        if !own.is_empty() {
            ids.push((scenario.clone(), own));
        }
    }
    ids
}

/// Rebuilds the job of one recorded scenario with its recorded settings.
pub fn rebuild_job(
    flags: &ReplayOverrides,
    allow_remote: bool,
    record: &RunRecord,
    scenario: &ScenarioRecord,
    ids: &HashSet<String>,
    directory: &Path,
) -> Result<(ScenarioJob, ResolvedEndpoint), CommandError> {
    // Only secrets are read from the recorded variables file again; the other values are in the record.
    let recorded_file = scenario.variables_file.as_ref().filter(|_| !scenario.secrets.is_empty());
    let in_file = match flags.variables_file.as_deref().or(recorded_file.map(Path::new)) {
        Some(file) => super::scenarios::read_variables_file(file, directory)?,
        None => Vec::new(),
    };
    let mut missing = Vec::new();
    let mut secret: Vec<(String, String)> =
        in_file.iter().filter(|(name, _)| scenario.secrets.contains(name)).cloned().collect();
    secret.extend(flags.secret.iter().cloned());
    for name in &scenario.secrets {
        let is_given = secret.iter().chain(&flags.variable).any(|(other, _)| other == name);
        match environment_variable(&secret_variable_name(name)).filter(|_| !is_given) {
            Some(value) => secret.push((name.clone(), value)),
            None if is_given => {}
            None => missing.push(format!("--secret {name}=…, or ${}", secret_variable_name(name))),
        }
    }
    let mut header: Vec<(String, String)> = scenario.headers.clone();
    for name in &scenario.secret_headers {
        let given = flags.header.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        match environment_variable(&secret_variable_name(name)).filter(|_| !given) {
            Some(value) => header.push((name.clone(), value)),
            None if given => {}
            None => missing.push(format!("-H '{name}: …', or ${}", secret_variable_name(name))),
        }
    }
    if !missing.is_empty() {
        let problem =
            Diagnostic::error(format!("the last run of `{}` used secrets, which are not stored", scenario.scenario));
        return Err(problem.with_hint(format!("set them again: {}", missing.join("; "))).into());
    }
    header.retain(|(name, _)| !flags.header.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
    header.extend(flags.header.iter().cloned());
    let mut variable: Vec<(String, String)> = scenario.variables.clone().into_iter().collect();
    if flags.variables_file.is_some() {
        variable.extend(in_file.iter().filter(|(name, _)| !scenario.secrets.contains(name)).cloned());
    }
    variable.extend(flags.variable.iter().cloned());
    let choose = SelectionFlags {
        scenarios: vec![scenario.named.clone()],
        endpoint: flags.endpoint.clone().or_else(|| Some(scenario.endpoint.clone())),
        // Another URL is compared with what was accepted for the recorded run; a named endpoint has behavior of its own.
        profile: flags
            .endpoint
            .as_ref()
            .is_none_or(|endpoint| endpoint.contains("://"))
            .then(|| scenario.profile.clone()),
        filter: None,
        data: DataFlags {
            variable,
            secret,
            variables_file: None,
            header,
            seed: record.seed,
            // Ids do not depend on the level, and the full level has them all.
            level: LevelFlag::Full,
        },
        run_id: Some(record.run.clone()),
        strict: false,
        no_cases: NoCasesPolicy::Fail,
    };
    let resolved = build_jobs(&choose, allow_remote, true)?.jobs.pop();
    let Some(ResolvedJob { mut job, endpoint, .. }) = resolved else {
        return Err(Diagnostic::error(format!("scenario `{}` no longer exists", scenario.named)).into());
    };
    let now = overstep::contract::digest(&job.contract);
    if now != scenario.contract && !flags.force {
        let reason = format!("the contract of `{}` has changed since that run", scenario.scenario);
        let hint = "run `overstep check` again, or use `--force` to send the cases of the new contract";
        return Err(Diagnostic::error(reason).with_hint(hint).into());
    }
    // Findings of fuzzing are not part of the plan: their requests are stored separately.
    let artifacts = match &record.artifacts {
        Some(folder) => directory.join(folder),
        None => super::saved_requests::artifacts_folder(&scenario.scenario, directory),
    };
    for found in super::saved_requests::read_requests(&artifacts, directory)? {
        if job.regressions.iter().all(|saved| saved.name != found.name) {
            job.regressions.push(found);
        }
    }
    job.case_ids = Some(ids.clone());
    let known: HashSet<String> = session::list_case_ids(&job)?.into_iter().collect();
    if let Some(missing_id) = ids.iter().filter(|id| !known.contains(*id)).min() {
        job.case_ids = None;
        return Err(unknown_case(missing_id, session::list_case_ids(&job)?.iter().map(String::as_str)).into());
    }
    if record.version != env!("CARGO_PKG_VERSION") {
        let reason = format!("the run was recorded by overstep {}, which may have sent other bytes", record.version);
        messages::print_problems(&[Diagnostic { severity: Severity::Warning, ..Diagnostic::error(reason) }]);
    }
    Ok((job, endpoint))
}

/// Returns the name of the environment variable for a secret, the same as in curl commands.
fn secret_variable_name(name: &str) -> String {
    super::rerun_command::shell_variable_name(name)
}

/// Returns the ids of the last run's cases that were findings or inconclusive.
pub fn last_failed_ids(directory: &Path) -> Result<HashSet<String>, CommandError> {
    let (record, mut results): (_, BufReader<_>) = LastRun::load(directory)?;
    let index = session::index_results(&mut results)?;
    let failed = |case: &&IndexedCase| {
        matches!(case.verdict, Verdict::Indeterminate | Verdict::Flaky) || case.is_finding(record.strict)
    };
    Ok(index.cases.iter().filter(failed).map(|case| case.id.clone()).collect())
}
