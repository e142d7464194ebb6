//! Builds jobs from flags and settings: scenarios with their variables, principals, contract and endpoint.
//!
//! It never sends a request: all configuration errors are reported before the first one.

use super::flags::{LevelFlag, SelectionFlags};
use super::{CommandError, environment_variable, messages, rerun_command::rerun_command};
use crate::config::{
    Config, EndpointKind, ResolvedEndpoint, error_diagnostic, find_aws_credentials, substitute_variables,
    warning_diagnostic,
};
use crate::filter::Filter;
use crate::session::{EndpointTarget, KnownDivergences, ScenarioJob};
use overstep::report::Diagnostic;
use overstep::run::{AwsAccessKeys, HostPrefixes};
use overstep::scenario::{Credentials, Scenario, Variable};
use overstep::session;
use overstep::store::{self, FoundScenario, SourceSearchPaths};
use std::path::{Path, PathBuf};

/// The selected scenarios, with variables set and the principals of `overstep.toml` added.
pub struct SelectedScenarios {
    /// The scenarios and their files, in the order of the command line.
    pub scenarios: Vec<(FoundScenario, Scenario)>,
    /// The settings in `overstep.toml`.
    pub config: Config,
    /// The directory in which the command was started.
    pub directory: PathBuf,
}

/// Reads scenarios. Warnings are printed, or returned as errors with `strict`.
pub fn read_scenarios(
    names: &[String],
    variables: &VariableFlags<'_>,
    strict: bool,
) -> Result<SelectedScenarios, CommandError> {
    let directory = super::current_directory()?;
    let config = Config::load(&directory)?;
    messages::print_warnings(&config.warnings, strict)?;
    let found = if names.is_empty() {
        store::find_all_scenarios(&directory)?
    } else {
        names.iter().map(|name| store::find_scenario(&directory, name)).collect::<Result<_, _>>()?
    };
    let mut scenarios = Vec::new();
    for found in found {
        if scenarios.iter().any(|(other, _): &(FoundScenario, Scenario)| other.name == found.name) {
            return Err(Diagnostic::error(format!("more than one scenario is named `{}`", found.name)).into());
        }
        let (mut scenario, odd) = overstep::scenario::read_scenario(&found.name, &found.text)
            .map_err(|error| error_diagnostic(&found.display_name, &found.text, error))?;
        let warnings: Vec<_> =
            odd.into_iter().map(|one| warning_diagnostic(&found.display_name, &found.text, one)).collect();
        messages::print_warnings(&warnings, strict)?;
        for (name, principal) in &config.settings.principals {
            scenario.principals.insert(name.clone(), principal.clone());
        }
        scenarios.push((found, scenario));
    }
    variables.apply(&mut scenarios, &directory)?;
    for (_, scenario) in &mut scenarios {
        fill_from_environment(scenario)?;
    }
    Ok(SelectedScenarios { scenarios, config, directory })
}

/// The values that flags give to variables.
pub struct VariableFlags<'a> {
    /// Values of `--variable`.
    pub plain: &'a [(String, String)],
    /// Values of `--secret`.
    pub secret: &'a [(String, String)],
    /// The file given with `--variables-file`.
    pub file: Option<&'a Path>,
}

impl VariableFlags<'_> {
    fn apply(&self, scenarios: &mut [(FoundScenario, Scenario)], directory: &Path) -> Result<(), CommandError> {
        if let Some(file) = self.file {
            for (name, value) in read_variables_file(file, directory)? {
                set_variable(scenarios, &name, &value, false)?;
            }
        }
        for (name, value) in self.plain {
            set_variable(scenarios, name, value, false)?;
        }
        for (name, value) in self.secret {
            set_variable(scenarios, name, value, true)?;
        }
        Ok(())
    }
}

/// Returns the variables in a file, in order.
pub fn read_variables_file(file: &Path, directory: &Path) -> Result<Vec<(String, String)>, CommandError> {
    let text = store::read_text(&directory.join(file))?;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pair = super::flag_values::parse_assignment(line).map_err(|reason| Diagnostic {
            line: u32::try_from(number + 1).ok(),
            ..Diagnostic::error(reason).with_location(&file.display().to_string(), "", None)
        })?;
        found.push(pair);
    }
    Ok(found)
}

fn set_variable(
    scenarios: &mut [(FoundScenario, Scenario)],
    name: &str,
    value: &str,
    secret: bool,
) -> Result<(), CommandError> {
    let mut known = false;
    for (_, scenario) in scenarios.iter_mut() {
        if let Some(variable) = scenario.variables.get_mut(name) {
            known = true;
            *variable = Variable { value: value.to_owned(), secret: secret || variable.secret };
        }
    }
    if known {
        return Ok(());
    }
    let names: Vec<&str> =
        scenarios.iter().flat_map(|(_, scenario)| scenario.variables.keys()).map(String::as_str).collect();
    let near = names.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    let hint = match near.filter(|near| strsim::damerau_levenshtein(name, near) <= 3) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "the scenario has no variables".to_owned(),
        None => format!("known variables: {}", names.join(", ")),
    };
    Err(Diagnostic::error(format!("no scenario has a variable `{name}`")).with_hint(hint).into())
}

/// Turns each `${NAME}` in a principal's credentials into a secret variable with that environment variable's value.
fn fill_from_environment(scenario: &mut Scenario) -> Result<(), CommandError> {
    let mut secrets: Vec<(String, String)> = Vec::new();
    let default = scenario.principal.clone();
    let mut unset = Vec::new();
    for (name, principal) in &mut scenario.principals {
        let texts: Vec<&mut String> = match &mut principal.credentials {
            Credentials::Bearer(key) => vec![key],
            Credentials::Header { value, .. } => vec![value],
            Credentials::SigV4 { access_key_id, secret_access_key, .. } => {
                access_key_id.iter_mut().chain(secret_access_key).collect()
            }
            Credentials::Anonymous => Vec::new(),
        };
        for text in texts {
            match extract_environment_names(text, &environment_variable) {
                Ok(found) => secrets.extend(found),
                Err(problem) if default.as_deref() == Some(name.as_str()) => return Err(problem.into()),
                Err(_) => unset.push(name.clone()),
            }
        }
    }
    // A principal that is not the default is dropped if its environment variable is unset.
    scenario.principals.retain(|name, _| !unset.contains(name));
    for (name, value) in secrets {
        let value = value.replace('{', "{{").replace('}', "}}");
        scenario.variables.insert(name, Variable { value, secret: true });
    }
    Ok(())
}

/// Replaces each `${NAME}` in a text by the placeholder `{NAME}`, and returns the names with their values.
fn extract_environment_names(
    text: &mut String,
    environment: crate::config::EnvironmentLookup<'_>,
) -> Result<Vec<(String, String)>, Box<Diagnostic>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let Some(length) = text[start..].find('}') else { break };
        let name = text[start + 2..start + length].to_owned();
        let value = substitute_variables(&text[start..=start + length], environment)?;
        text.remove(start);
        from = start + length;
        found.push((name, value));
    }
    Ok(found)
}

/// Returns where botocore is searched for: the folder in `OVERSTEP_BOTOCORE`, or else the Python installations.
pub fn document_places(directory: Option<PathBuf>) -> SourceSearchPaths {
    if let Some(folder) = environment_variable("OVERSTEP_BOTOCORE").filter(|folder| !folder.is_empty()) {
        return SourceSearchPaths { directory, botocore: vec![PathBuf::from(folder)] };
    }
    let mut roots: Vec<PathBuf> = Vec::new();
    if let Some(active) = environment_variable("VIRTUAL_ENV") {
        roots.push(PathBuf::from(active));
    }
    if let Some(home) = environment_variable("HOME").map(PathBuf::from) {
        roots.push(home.join(".local"));
    }
    roots.extend(["/usr/local", "/usr"].map(PathBuf::from));
    SourceSearchPaths { directory, botocore: store::find_site_packages(&roots) }
}

/// Builds the jobs of all selected scenarios, with their endpoints.
pub fn build_jobs(
    selection: &SelectionFlags,
    allow_remote: bool,
    needs_endpoint: bool,
) -> Result<(Vec<ScenarioJob>, Vec<ResolvedEndpoint>, SelectedScenarios), CommandError> {
    let filter = selection.filter.as_deref().map(parse_filter).transpose()?;
    let variables = VariableFlags {
        plain: &selection.variable,
        secret: &selection.secret,
        file: selection.variables_file.as_deref(),
    };
    let selected = read_scenarios(&selection.scenarios, &variables, selection.strict)?;
    let (mut jobs, mut endpoints) = (Vec::new(), Vec::new());
    for (found, scenario) in &selected.scenarios {
        let endpoint = resolve_endpoint(selection, scenario, &selected.config, allow_remote, needs_endpoint)?;
        let documents = store::read_sources(&document_places(found.directory.clone()), &scenario.sources)?;
        let files = document_files(&documents, &selected.directory);
        let loaded = session::load_scenario(scenario, &found.display_name, documents)?;
        messages::print_warnings(&loaded.diagnostics, selection.strict)?;
        let aws = find_aws_credentials(&environment_variable).map(|keys| AwsAccessKeys {
            access_key_id: keys.access_key_id,
            secret_access_key: keys.secret_access_key,
            session_token: keys.session_token,
        });
        if aws.is_none() && needs_endpoint && !endpoint.loopback && needs_environment_keys(scenario) {
            let problem = Diagnostic::error(format!(
                "scenario `{}` signs its requests, but no AWS credentials were found",
                scenario.name
            ));
            return Err(problem.with_hint("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE").into());
        }
        let mut headers = endpoint.headers.clone();
        headers.extend(selection.header.iter().cloned());
        let shown = selection.endpoint.as_deref().filter(|endpoint| *endpoint != "embedded");
        jobs.push(ScenarioJob {
            scenario: loaded.inferred.scenario.clone(),
            inferred: loaded.inferred,
            contract: loaded.contract,
            aws_keys: aws,
            target: match &endpoint.kind {
                EndpointKind::Embedded => EndpointTarget::Embedded,
                EndpointKind::Url(url) => EndpointTarget::Url(url.clone()),
            },
            profile: endpoint.profile.clone(),
            headers,
            hosts: host_options(&endpoint),
            seed: selection.seed,
            level: match selection.level {
                LevelFlag::Quick => overstep::generate::GenerationLevel::Quick,
                LevelFlag::Full => overstep::generate::GenerationLevel::Full,
                LevelFlag::Exhaustive => overstep::generate::GenerationLevel::Exhaustive,
            },
            filter: filter.clone(),
            case_ids: None,
            lifecycle: super::lifecycle::endpoint_lifecycle(&endpoint)?,
            documents: files,
            scenario_file: found.directory.as_ref().map(|_| found.display_name.clone()),
            known_divergences: read_known_divergences(found, &endpoint.profile)?,
            regressions: super::saved_requests::read_scenario_requests(found, &selected.directory)?,
            rerun_command: rerun_command(&scenario_argument(found), shown, allow_remote, selection),
        });
        endpoints.push(endpoint);
    }
    Ok((jobs, endpoints, selected))
}

/// Maps the name of each document that is a file to its path relative to `directory`.
fn document_files(documents: &[store::SourceDocument], directory: &Path) -> indexmap::IndexMap<String, String> {
    let shown = |path: &PathBuf| path.strip_prefix(directory).unwrap_or(path).display().to_string();
    documents.iter().filter_map(|one| Some((one.name.clone(), one.path.as_ref().map(shown)?))).collect()
}

/// Reads the known divergences of a scenario and an endpoint from `NAME.known/ENDPOINT.toml` next to the scenario.
fn read_known_divergences(found: &FoundScenario, profile: &str) -> Result<KnownDivergences, CommandError> {
    let Some(directory) = &found.directory else { return Ok(KnownDivergences::default()) };
    let file = directory.join(format!("{}.known", found.name)).join(format!("{profile}.toml"));
    if !file.is_file() {
        return Ok(KnownDivergences::default());
    }
    let shown =
        Path::new(&found.display_name).with_file_name(format!("{}.known", found.name)).join(format!("{profile}.toml"));
    let shown = shown.display().to_string();
    let text = store::read_text(&file)?;
    let (entries, odd) =
        overstep::scenario::read_known_divergences(&text).map_err(|error| error_diagnostic(&shown, &text, error))?;
    let warnings: Vec<_> = odd.into_iter().map(|one| warning_diagnostic(&shown, &text, one)).collect();
    messages::print_warnings(&warnings, false)?;
    Ok(KnownDivergences { entries, display_path: shown, today: overstep::run::today() })
}

/// Builds the job for a scenario that has no file yet, from sources and an endpoint. The documents decide how the
/// principal authenticates.
pub fn job_without_scenario_file(
    name: &str,
    path: &Path,
    sources: &[String],
    endpoint: Option<&str>,
    allow_remote: bool,
) -> Result<(ScenarioJob, Vec<Diagnostic>), CommandError> {
    let directory = path.parent().map(Path::to_owned);
    let config = Config::load(&super::current_directory()?)?;
    let mut scenario = Scenario::with_name(name);
    scenario.sources = sources.to_vec();
    let documents = store::read_sources(&document_places(directory), sources)?;
    let shown = format!("scenarios/{name}.toml");
    let read = session::load_scenario(&scenario, &shown, documents.clone())?;
    if let Some(overstep::contract::AuthScheme::SigV4 { .. }) = read.contract.auth.first() {
        let credentials = Credentials::SigV4 {
            region: "us-east-1".to_owned(),
            service: None,
            access_key_id: None,
            secret_access_key: None,
        };
        scenario.principals.insert("aws".to_owned(), overstep::scenario::Principal { credentials, lacks: Vec::new() });
        scenario.principal = Some("aws".to_owned());
    }
    let loaded = session::load_scenario(&scenario, &shown, documents)?;
    let endpoint =
        ResolvedEndpoint::resolve(endpoint.unwrap_or("embedded"), &config, allow_remote, &environment_variable)?;
    let aws = find_aws_credentials(&environment_variable).map(|keys| AwsAccessKeys {
        access_key_id: keys.access_key_id,
        secret_access_key: keys.secret_access_key,
        session_token: keys.session_token,
    });
    let job = ScenarioJob {
        scenario: loaded.inferred.scenario.clone(),
        inferred: loaded.inferred,
        contract: loaded.contract,
        aws_keys: aws,
        target: match &endpoint.kind {
            EndpointKind::Embedded => EndpointTarget::Embedded,
            EndpointKind::Url(url) => EndpointTarget::Url(url.clone()),
        },
        profile: endpoint.profile.clone(),
        headers: endpoint.headers.clone(),
        hosts: host_options(&endpoint),
        seed: 1,
        level: overstep::generate::GenerationLevel::Full,
        filter: None,
        case_ids: None,
        lifecycle: super::lifecycle::endpoint_lifecycle(&endpoint)?,
        documents: indexmap::IndexMap::new(),
        scenario_file: None,
        known_divergences: KnownDivergences::default(),
        regressions: Vec::new(),
        rerun_command: format!("overstep check {name}"),
    };
    Ok((job, loaded.diagnostics))
}

/// Returns the argument that names the scenario on a command line.
pub fn scenario_argument(found: &FoundScenario) -> String {
    let in_its_place = found.display_name == format!("scenarios/{}.toml", found.name);
    if found.directory.is_none() || in_its_place { found.name.clone() } else { found.display_name.clone() }
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
            let hint = "set one: `--endpoint http://127.0.0.1:8080`, or `--endpoint embedded` to test overstep itself";
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

fn host_options(endpoint: &ResolvedEndpoint) -> HostPrefixes {
    HostPrefixes { model_prefix: endpoint.entry.host_prefix, bucket_prefix: endpoint.entry.virtual_hosts }
}
