//! Builds jobs from flags and settings: scenarios with their contract, endpoint and credentials.
//!
//! It never sends a request: all configuration errors are reported before the first one.

use super::document_places::document_places;
use super::repository_path::{repository_path, repository_root};
use super::rerun_command::rerun_command;
use super::run_flags::{LevelFlag, SelectionFlags};
use super::saved_requests::read_scenario_requests;
use super::scenarios::{SelectedScenarios, VariableFlags, fill_from_environment, read_scenarios};
use super::{CommandError, current_directory, environment_variable, lifecycle, messages};
use crate::config::{
    Config, EndpointKind, ResolvedEndpoint, error_diagnostic, find_aws_credentials, referenced_variables,
    warning_diagnostic,
};
use crate::filter::Filter;
use crate::session::{EndpointTarget, KnownDivergences, ScenarioJob};
use overstep::escape::file_name;
use overstep::generate::GenerationLevel;
use overstep::report::Diagnostic;
use overstep::run::{AwsAccessKeys, HostPrefixes};
use overstep::scenario::{Credentials, LoginStep, Principal, Scenario};
use overstep::session::{self, LoadedContract, SupportingSource};
use overstep::store::{self, FoundScenario, ScenarioRecord, SourceSearchPaths};
use std::path::{Path, PathBuf};

/// A job with its scenario's file and its endpoint.
pub struct ResolvedJob {
    /// The job.
    pub job: ScenarioJob,
    /// The scenario's file.
    pub found: FoundScenario,
    /// The endpoint, with all settings of its entry in `overstep.toml`.
    pub endpoint: ResolvedEndpoint,
}

/// The jobs of the selected scenarios, in the order of the command line.
pub struct ResolvedJobs {
    /// The jobs.
    pub jobs: Vec<ResolvedJob>,
    /// The directory in which the command was started.
    pub directory: PathBuf,
}

/// Builds the jobs of all selected scenarios, with their endpoints.
pub fn build_jobs(
    selection: &SelectionFlags,
    allow_remote: bool,
    needs_endpoint: bool,
) -> Result<ResolvedJobs, CommandError> {
    let selected = read_scenarios(&selection.scenarios, &VariableFlags::new(selection), selection.strict)?;
    build_selected_jobs(selection, selected, allow_remote, needs_endpoint)
}

/// Builds the jobs of scenarios that are read already, with their endpoints.
pub fn build_selected_jobs(
    selection: &SelectionFlags,
    selected: SelectedScenarios,
    allow_remote: bool,
    needs_endpoint: bool,
) -> Result<ResolvedJobs, CommandError> {
    let selection =
        &SelectionFlags { endpoint: endpoint_or_environment(selection.endpoint.as_ref()), ..selection.clone() };
    let filter = selection.filter.as_deref().map(parse_filter).transpose()?;
    let mut jobs = Vec::new();
    for (found, scenario) in selected.scenarios {
        let mut endpoint = resolve_endpoint(selection, &scenario, &selected.config, allow_remote, needs_endpoint)?;
        if let Some(profile) = &selection.profile {
            endpoint.profile.clone_from(profile);
        }
        let mut resolved = resolve_job(selection, filter.clone(), &selected.directory, (found, scenario, endpoint))?;
        let (job, endpoint) = (&mut resolved.job, &resolved.endpoint);
        if job.aws_keys.is_none() && needs_endpoint && !endpoint.loopback && needs_environment_keys(&job.scenario) {
            let problem = Diagnostic::error(format!(
                "scenario `{}` signs its requests, but no AWS credentials were found",
                job.scenario.name
            ));
            return Err(problem.with_hint("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE").into());
        }
        let mut secret_names: Vec<&str> = overstep::run::credential_variables(&job.scenario);
        secret_names.extend(job.scenario.variables.iter().filter(|(_, one)| one.secret).map(|(name, _)| name.as_str()));
        let display_name = selection.endpoint.as_deref().filter(|endpoint| *endpoint != "embedded");
        job.rerun_command =
            rerun_command(&scenario_argument(&resolved.found), display_name, allow_remote, selection, &secret_names);
        jobs.push(resolved);
    }
    Ok(ResolvedJobs { jobs, directory: selected.directory })
}

/// A scenario of a recorded run.
pub struct RecordedScenario<'r> {
    /// What is recorded of it.
    pub record: &'r ScenarioRecord,
    /// The principals that the run could use.
    pub principals: &'r [String],
}

/// Builds the job of a recorded scenario, of which nothing is sent any more, so that it needs no credentials.
pub fn build_recorded_job(
    selection: &SelectionFlags,
    recorded: &RecordedScenario<'_>,
) -> Result<ResolvedJob, CommandError> {
    let filter = selection.filter.as_deref().map(parse_filter).transpose()?;
    let variables = VariableFlags { principals: Some(recorded.principals), ..VariableFlags::new(selection) };
    let mut selected = read_scenarios(&selection.scenarios, &variables, selection.strict)?;
    let Some((found, scenario)) = selected.scenarios.pop() else {
        return Err(Diagnostic::error(format!("scenario `{}` no longer exists", recorded.record.named)).into());
    };
    let endpoint = ResolvedEndpoint::recorded(&recorded.record.profile, &recorded.record.endpoint);
    let mut resolved = resolve_job(selection, filter, &selected.directory, (found, scenario, endpoint))?;
    resolved.job.rerun_command.clone_from(&recorded.record.again);
    Ok(resolved)
}

/// Reads the documents of a scenario and builds its job.
fn resolve_job(
    selection: &SelectionFlags,
    filter: Option<Filter>,
    directory: &Path,
    (found, scenario, endpoint): (FoundScenario, Scenario, ResolvedEndpoint),
) -> Result<ResolvedJob, CommandError> {
    let places = document_places(found.directory.clone());
    let documents = store::read_sources(&places, &scenario.sources)?;
    let files = document_files(&documents, directory);
    let supporting = read_supporting_sources(&places, &scenario.supporting_sources)?;
    let loaded = session::load_scenario_with(&scenario, &found.display_name, documents, supporting)?;
    messages::print_warnings(&loaded.diagnostics, selection.strict)?;
    let job = new_job(loaded, &endpoint)?;
    let mut headers = job.headers.clone();
    headers.extend(selection.data.header.iter().cloned());
    let job = ScenarioJob {
        headers,
        seed: selection.data.seed,
        level: match selection.data.level {
            LevelFlag::Quick => GenerationLevel::Quick,
            LevelFlag::Full => GenerationLevel::Full,
            LevelFlag::Exhaustive => GenerationLevel::Exhaustive,
        },
        filter,
        documents: files,
        scenario_file: found.directory.as_ref().map(|_| found.display_name.clone()),
        repository_path: scenario_path(&found, directory),
        known_divergences: read_known_divergences(&found, &endpoint.profile)?,
        regressions: read_scenario_requests(&found, directory)?,
        ..job
    };
    let unusable = session::check_regressions(&job.contract, &job.scenario, job.seed, &job.regressions);
    messages::print_warnings(&unusable, selection.strict)?;
    Ok(ResolvedJob { job, found, endpoint })
}

/// Creates a job for a contract and an endpoint, with keys from the environment and nothing that flags decide.
fn new_job(loaded: LoadedContract, endpoint: &ResolvedEndpoint) -> Result<ScenarioJob, CommandError> {
    let may_run_command = needs_environment_keys(&loaded.inferred.scenario);
    let aws_keys = find_aws_credentials(&environment_variable, may_run_command).map(|keys| AwsAccessKeys {
        access_key_id: keys.access_key_id,
        secret_access_key: keys.secret_access_key,
        session_token: keys.session_token,
    });
    Ok(ScenarioJob {
        rerun_command: format!("overstep check {}", loaded.inferred.scenario.name),
        scenario: loaded.inferred.scenario.clone(),
        inferred: loaded.inferred,
        contract: loaded.contract,
        aws_keys,
        target: match &endpoint.kind {
            EndpointKind::Embedded => EndpointTarget::Embedded,
            EndpointKind::Url(url) => EndpointTarget::Url(url.clone()),
        },
        profile: endpoint.profile.clone(),
        headers: endpoint.headers.clone(),
        reach: endpoint.reach,
        endpoint_secrets: endpoint.secrets.clone(),
        hosts: HostPrefixes { model_prefix: endpoint.entry.host_prefix, bucket_prefix: endpoint.entry.virtual_hosts },
        seed: 1,
        level: GenerationLevel::Full,
        filter: None,
        case_ids: None,
        used: None,
        lifecycle: lifecycle::endpoint_lifecycle(endpoint)?,
        documents: indexmap::IndexMap::new(),
        scenario_file: None,
        repository_path: None,
        known_divergences: KnownDivergences::default(),
        regressions: Vec::new(),
    })
}

/// Maps the name of each document that is a file of the repository to its path there.
fn document_files(documents: &[store::SourceDocument], directory: &Path) -> indexmap::IndexMap<String, String> {
    let root = repository_root(directory);
    let path_of = |one: &store::SourceDocument| repository_path(one.path.as_ref()?, directory, &root);
    documents.iter().filter_map(|one| Some((one.name.clone(), path_of(one)?))).collect()
}

/// Returns the path of a scenario's file in the repository, if it is there.
fn scenario_path(found: &FoundScenario, directory: &Path) -> Option<String> {
    found.directory.as_ref()?;
    repository_path(Path::new(&found.display_name), directory, &repository_root(directory))
}

/// Reads the known divergences of a scenario and an endpoint from `NAME.known/ENDPOINT.toml` next to the scenario.
fn read_known_divergences(found: &FoundScenario, profile: &str) -> Result<KnownDivergences, CommandError> {
    let Some(directory) = &found.directory else { return Ok(KnownDivergences::default()) };
    // The name of an endpoint is any key of `overstep.toml`; the file is one inside the folder.
    let is_single = Path::new(profile).components().eq([std::path::Component::Normal(profile.as_ref())]);
    let file_name = format!("{}.toml", if is_single { profile.to_owned() } else { file_name(profile) });
    let file = directory.join(format!("{}.known", found.name)).join(&file_name);
    if !file.exists() {
        return Ok(KnownDivergences::default());
    }
    let display_name = Path::new(&found.display_name).with_file_name(format!("{}.known", found.name)).join(&file_name);
    let display_name = display_name.display().to_string();
    let text = store::read_text(&file)?;
    let (entries, odd) = overstep::scenario::read_known_divergences(&text)
        .map_err(|error| error_diagnostic(&display_name, &text, error))?;
    let warnings: Vec<_> = odd.into_iter().map(|one| warning_diagnostic(&display_name, &text, one)).collect();
    messages::print_warnings(&warnings, false)?;
    Ok(KnownDivergences { entries, display_path: display_name, today: overstep::run::today() })
}

/// A job for a scenario that has no file yet.
pub struct NewScenarioJob {
    /// The job.
    pub job: ScenarioJob,
    /// The problems of the documents.
    pub diagnostics: Vec<Diagnostic>,
    /// The environment variables that the credentials come from, each with whether it is set.
    pub variables: Vec<(String, bool)>,
    /// The principal to write into the scenario, with its secrets as `${NAME}` of the environment.
    pub proposed_principal: Option<Principal>,
}

/// Builds the job for a scenario that has no file yet, from sources and an endpoint. The documents decide how the
/// principal authenticates, and the environment has the secrets. `scenario` has a name, and may name operations and a
/// protocol.
pub fn job_without_scenario_file(
    mut scenario: Scenario,
    path: &Path,
    sources: &[String],
    endpoint: Option<&str>,
    allow_remote: bool,
) -> Result<NewScenarioJob, CommandError> {
    let directory = path.parent().map(Path::to_owned);
    let config = Config::load(&current_directory()?)?;
    scenario.sources = sources.to_vec();
    let places = document_places(directory);
    let documents = store::read_sources(&places, sources)?;
    let display_name = format!("scenarios/{}.toml", scenario.name);
    let read = session::load_scenario(&scenario, &display_name, documents.clone())?;
    let mut variables = Vec::new();
    let mut documented = session::documented_principal(&read.contract);
    // A token in the environment needs no login.
    let has_key = environment_variable("API_KEY").is_some();
    if documented.as_ref().is_some_and(|principal| has_key && !has_login_variables(principal)) {
        documented = Principal::documented(&read.contract);
    }
    let proposed = documented.clone();
    if let Some(principal) = documented {
        let (principal, named) = with_set_variables(principal);
        variables = named;
        if let Some(principal) = principal {
            let name = if matches!(principal.credentials, Credentials::SigV4 { .. }) { "aws" } else { "full" };
            scenario.principals.insert(name.to_owned(), principal);
            scenario.principal = Some(name.to_owned());
            fill_from_environment(&mut scenario)?;
        }
    }
    let supporting = find_supporting_sources(&places, sources, &read);
    scenario.supporting_sources = supporting.iter().map(|one| format!("{BOTOCORE_PREFIX}{}", one.service)).collect();
    let mut loaded = session::load_scenario_with(&scenario, &display_name, documents, supporting)?;
    let endpoint =
        ResolvedEndpoint::resolve(endpoint.unwrap_or("embedded"), &config, allow_remote, &environment_variable)?;
    let diagnostics = std::mem::take(&mut loaded.diagnostics);
    Ok(NewScenarioJob { job: new_job(loaded, &endpoint)?, diagnostics, variables, proposed_principal: proposed })
}

/// Returns true if a principal logs in with variables that are all set.
fn has_login_variables(principal: &Principal) -> bool {
    let Some(login) = &principal.login else { return false };
    let texts = login.secret_texts();
    texts.iter().flat_map(|text| referenced_variables(text)).all(|name| environment_variable(name).is_some())
}

/// What begins the name of a source that is a model of an installed botocore.
const BOTOCORE_PREFIX: &str = "botocore:";

/// Returns the models of the services that create what the operations of a new scenario need. Services whose models are
/// not installed are left out, and so are all if the sources are not models of botocore.
fn find_supporting_sources(
    places: &SourceSearchPaths,
    sources: &[String],
    read: &LoadedContract,
) -> Vec<SupportingSource> {
    let own: Vec<&str> = sources.iter().filter_map(|source| source.strip_prefix(BOTOCORE_PREFIX)).collect();
    if own.len() != sources.len() {
        return Vec::new();
    }
    let is_own = |service: &str| own.iter().any(|own| own.split('/').next() == Some(service));
    let wanted = read.supporting_services().into_iter().filter(|service| !is_own(service));
    let model = |service: String| {
        let documents = store::read_sources(places, &[format!("{BOTOCORE_PREFIX}{service}")]).ok()?;
        Some(SupportingSource { service, documents })
    };
    wanted.filter_map(model).collect()
}

/// Reads the sources of services that create what the tested operations need. A service has the name of its source.
fn read_supporting_sources(
    places: &SourceSearchPaths,
    sources: &[String],
) -> Result<Vec<SupportingSource>, CommandError> {
    let read = |source: &String| {
        let name = source.strip_prefix(BOTOCORE_PREFIX).and_then(|name| name.split('/').next());
        let stem = || Path::new(source).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let service = name.map(str::to_owned).or_else(stem).unwrap_or_default();
        let documents = store::read_sources(places, std::slice::from_ref(source))?;
        Ok(SupportingSource { service, documents })
    };
    sources.iter().map(read).collect()
}

/// Returns a principal with those credentials whose variables are set, if there are any, and all variables.
fn with_set_variables(mut principal: Principal) -> (Option<Principal>, Vec<(String, bool)>) {
    let mut variables: Vec<(String, bool)> = Vec::new();
    let mut usable: Vec<Credentials> = Vec::new();
    let login_texts = principal.login.as_ref().map(LoginStep::secret_texts).unwrap_or_default();
    for name in login_texts.iter().flat_map(|text| referenced_variables(text)) {
        variables.push((name.to_owned(), environment_variable(name).is_some()));
    }
    let can_log_in = variables.iter().all(|(_, is_set)| *is_set);
    for credentials in principal.all_credentials_mut() {
        let texts = credentials.secret_texts_mut();
        let names = texts.iter().flat_map(|text| referenced_variables(text));
        let named: Vec<(String, bool)> =
            names.map(|name| (name.to_owned(), environment_variable(name).is_some())).collect();
        if named.iter().all(|(_, is_set)| *is_set) {
            usable.push(credentials.clone());
        }
        variables.extend(named);
    }
    let mut usable = usable.into_iter();
    let first = usable.next();
    let login = principal.login.clone();
    let usable = first.map(|first| Principal { others: usable.collect(), login, ..Principal::new(first) });
    (usable.filter(|_| can_log_in), variables)
}

/// Returns the argument that names the scenario on a command line.
pub fn scenario_argument(found: &FoundScenario) -> String {
    let in_its_place = found.display_name == format!("scenarios/{}.toml", found.name);
    if found.is_found_by_name || in_its_place { found.name.clone() } else { found.display_name.clone() }
}

/// Returns the endpoint of the flags, or the one in `OVERSTEP_ENDPOINT`.
pub fn endpoint_or_environment(endpoint: Option<&String>) -> Option<String> {
    let of_environment = || environment_variable("OVERSTEP_ENDPOINT").filter(|endpoint| !endpoint.is_empty());
    endpoint.cloned().or_else(of_environment)
}

fn resolve_endpoint(
    flags: &SelectionFlags,
    scenario: &Scenario,
    config: &Config,
    allow_remote: bool,
    needed: bool,
) -> Result<ResolvedEndpoint, CommandError> {
    match flags.endpoint.as_deref().or(scenario.endpoint.as_deref()) {
        Some(text) => Ok(ResolvedEndpoint::resolve(text, config, allow_remote || !needed, &environment_variable)?),
        None if needed => {
            let problem = Diagnostic::error(format!("scenario `{}` has no endpoint", scenario.name));
            let hint = "set one: `--endpoint http://127.0.0.1:8080` or the environment variable OVERSTEP_ENDPOINT; \
                        `--endpoint embedded` tests overstep itself";
            Err(problem.with_hint(hint).into())
        }
        None => Ok(ResolvedEndpoint::resolve("embedded", config, false, &environment_variable)?),
    }
}

/// Returns true if a principal signs with keys that must come from the environment.
fn needs_environment_keys(scenario: &Scenario) -> bool {
    let lacks_keys = |credentials: &Credentials| matches!(credentials, Credentials::SigV4 { access_key_id: None, .. });
    scenario.principals.values().any(|principal| lacks_keys(&principal.credentials))
}

/// Parses a filter expression. An error points to the position in the text.
pub fn parse_filter(text: &str) -> Result<Filter, CommandError> {
    Filter::parse(text).map_err(|error| {
        let problem = Diagnostic::error(error.reason).with_location("--filter", text, Some(error.span));
        Diagnostic { hint: error.hint, ..problem }.into()
    })
}
