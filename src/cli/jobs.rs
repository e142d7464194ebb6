//! Builds jobs from flags and settings: scenarios with their variables, principals, contract and endpoint.
//!
//! It never sends a request: all configuration errors are reported before the first one.

use super::flags::{ChooseFlags, LevelFlag};
use super::{Stopped, again::again, environment, say};
use crate::config::{Config, Endpoint, EndpointKind, aws_keys, problem, substituted, warning};
use overstep::pipeline::{self, Filter, Job, Known, Target};
use overstep::report::Diagnostic;
use overstep::run::{AwsKeys, Hosts};
use overstep::scenario::{Credentials, Scenario, Variable};
use overstep::store::{self, Found, Places};
use std::path::{Path, PathBuf};

/// The selected scenarios, with variables set and the principals of `overstep.toml` added.
pub struct Chosen {
    /// The scenarios and their files, in the order of the command line.
    pub scenarios: Vec<(Found, Scenario)>,
    /// The settings in `overstep.toml`.
    pub config: Config,
    /// The directory in which the command was started.
    pub directory: PathBuf,
}

/// Reads scenarios. Warnings are printed, or returned as errors with `strict`.
pub fn choose(names: &[String], variables: &Variables<'_>, strict: bool) -> Result<Chosen, Stopped> {
    let directory = super::current_directory()?;
    let config = Config::load(&directory)?;
    say::warnings(&config.warnings, strict)?;
    let found = if names.is_empty() {
        store::all_scenarios(&directory)?
    } else {
        names.iter().map(|name| store::find_scenario(&directory, name)).collect::<Result<_, _>>()?
    };
    let mut scenarios = Vec::new();
    for found in found {
        if scenarios.iter().any(|(other, _): &(Found, Scenario)| other.name == found.name) {
            return Err(Diagnostic::error(format!("more than one scenario is named `{}`", found.name)).into());
        }
        let (mut scenario, odd) = overstep::scenario::read(&found.name, &found.text)
            .map_err(|error| problem(&found.shown, &found.text, error))?;
        let odd: Vec<_> = odd.into_iter().map(|one| warning(&found.shown, &found.text, one)).collect();
        say::warnings(&odd, strict)?;
        for (name, principal) in &config.settings.principals {
            scenario.principals.insert(name.clone(), principal.clone());
        }
        scenarios.push((found, scenario));
    }
    variables.apply(&mut scenarios, &directory)?;
    for (_, scenario) in &mut scenarios {
        fill_from_environment(scenario)?;
    }
    Ok(Chosen { scenarios, config, directory })
}

/// The values that flags give to variables.
pub struct Variables<'a> {
    /// Values of `--variable`.
    pub plain: &'a [(String, String)],
    /// Values of `--secret`.
    pub secret: &'a [(String, String)],
    /// The file given with `--variables-file`.
    pub file: Option<&'a Path>,
}

impl Variables<'_> {
    fn apply(&self, scenarios: &mut [(Found, Scenario)], directory: &Path) -> Result<(), Stopped> {
        if let Some(file) = self.file {
            for (name, value) in variables_in(file, directory)? {
                set(scenarios, &name, &value, false)?;
            }
        }
        for (name, value) in self.plain {
            set(scenarios, name, value, false)?;
        }
        for (name, value) in self.secret {
            set(scenarios, name, value, true)?;
        }
        Ok(())
    }
}

/// Returns the variables in a file, in order.
pub fn variables_in(file: &Path, directory: &Path) -> Result<Vec<(String, String)>, Stopped> {
    let text = store::read_text(&directory.join(file))?;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pair = super::values::named(line).map_err(|reason| Diagnostic {
            line: u32::try_from(number + 1).ok(),
            ..Diagnostic::error(reason).at(&file.display().to_string(), "", None)
        })?;
        found.push(pair);
    }
    Ok(found)
}

fn set(scenarios: &mut [(Found, Scenario)], name: &str, value: &str, secret: bool) -> Result<(), Stopped> {
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
fn fill_from_environment(scenario: &mut Scenario) -> Result<(), Stopped> {
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
            match named_by(text, &environment) {
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
fn named_by(
    text: &mut String,
    environment: crate::config::Environment<'_>,
) -> Result<Vec<(String, String)>, Box<Diagnostic>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let Some(length) = text[start..].find('}') else { break };
        let name = text[start + 2..start + length].to_owned();
        let value = substituted(&text[start..=start + length], environment)?;
        text.remove(start);
        from = start + length;
        found.push((name, value));
    }
    Ok(found)
}

/// Returns where botocore is searched for: the folder in `OVERSTEP_BOTOCORE`, or else the Python installations.
pub fn places(directory: Option<PathBuf>) -> Places {
    if let Some(folder) = environment("OVERSTEP_BOTOCORE").filter(|folder| !folder.is_empty()) {
        return Places { directory, botocore: vec![PathBuf::from(folder)] };
    }
    let mut roots: Vec<PathBuf> = Vec::new();
    if let Some(active) = environment("VIRTUAL_ENV") {
        roots.push(PathBuf::from(active));
    }
    if let Some(home) = environment("HOME").map(PathBuf::from) {
        roots.push(home.join(".local"));
    }
    roots.extend(["/usr/local", "/usr"].map(PathBuf::from));
    Places { directory, botocore: store::site_packages(&roots) }
}

/// Builds the jobs of all selected scenarios, with their endpoints.
pub fn jobs(
    choose_flags: &ChooseFlags,
    allow_remote: bool,
    needs_endpoint: bool,
) -> Result<(Vec<Job>, Vec<Endpoint>, Chosen), Stopped> {
    let filter = choose_flags.filter.as_deref().map(parse_filter).transpose()?;
    let variables = Variables {
        plain: &choose_flags.variable,
        secret: &choose_flags.secret,
        file: choose_flags.variables_file.as_deref(),
    };
    let chosen = choose(&choose_flags.scenarios, &variables, choose_flags.strict)?;
    let (mut jobs, mut endpoints) = (Vec::new(), Vec::new());
    for (found, scenario) in &chosen.scenarios {
        let endpoint = endpoint(choose_flags, scenario, &chosen.config, allow_remote, needs_endpoint)?;
        let documents = store::sources(&places(found.directory.clone()), &scenario.sources)?;
        let files = in_files(&documents, &chosen.directory);
        let loaded = pipeline::load(scenario, &found.shown, documents)?;
        say::warnings(&loaded.problems, choose_flags.strict)?;
        let aws = aws_keys(&environment).map(|keys| AwsKeys {
            access_key_id: keys.id,
            secret_access_key: keys.secret,
            session_token: keys.token,
        });
        if aws.is_none() && needs_endpoint && !endpoint.loopback && signs_without_keys(scenario) {
            let problem = Diagnostic::error(format!(
                "scenario `{}` signs its requests, but no AWS credentials were found",
                scenario.name
            ));
            return Err(problem.with_hint("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE").into());
        }
        let mut headers = endpoint.headers.clone();
        headers.extend(choose_flags.header.iter().cloned());
        let shown = choose_flags.endpoint.as_deref().filter(|endpoint| *endpoint != "embedded");
        jobs.push(Job {
            scenario: loaded.inferred.scenario.clone(),
            inferred: loaded.inferred,
            contract: loaded.contract,
            aws,
            target: match &endpoint.kind {
                EndpointKind::Embedded => Target::Embedded,
                EndpointKind::Url(url) => Target::Url(url.clone()),
            },
            profile: endpoint.profile.clone(),
            headers,
            hosts: hosts(&endpoint),
            seed: choose_flags.seed,
            level: match choose_flags.level {
                LevelFlag::Quick => overstep::generate::Level::Quick,
                LevelFlag::Full => overstep::generate::Level::Full,
                LevelFlag::Exhaustive => overstep::generate::Level::Exhaustive,
            },
            filter: filter.clone(),
            ids: None,
            upkeep: super::upkeep::upkeep(&endpoint)?,
            documents: files,
            scenario_file: found.directory.as_ref().map(|_| found.shown.clone()),
            known: known(found, &endpoint.profile)?,
            saved: super::saved::kept(found, &chosen.directory)?,
            again: again(&named_again(found), shown, allow_remote, choose_flags),
        });
        endpoints.push(endpoint);
    }
    Ok((jobs, endpoints, chosen))
}

/// Maps the name of each document that is a file to its path relative to `directory`.
fn in_files(documents: &[store::Source], directory: &Path) -> indexmap::IndexMap<String, String> {
    let shown = |path: &PathBuf| path.strip_prefix(directory).unwrap_or(path).display().to_string();
    documents.iter().filter_map(|one| Some((one.name.clone(), one.path.as_ref().map(shown)?))).collect()
}

/// Reads the known divergences of a scenario and an endpoint from `NAME.known/ENDPOINT.toml` next to the scenario.
fn known(found: &Found, profile: &str) -> Result<Known, Stopped> {
    let Some(directory) = &found.directory else { return Ok(Known::default()) };
    let file = directory.join(format!("{}.known", found.name)).join(format!("{profile}.toml"));
    if !file.is_file() {
        return Ok(Known::default());
    }
    let shown = Path::new(&found.shown).with_file_name(format!("{}.known", found.name)).join(format!("{profile}.toml"));
    let shown = shown.display().to_string();
    let text = store::read_text(&file)?;
    let (entries, odd) = overstep::scenario::read_known(&text).map_err(|error| problem(&shown, &text, error))?;
    let odd: Vec<_> = odd.into_iter().map(|one| warning(&shown, &text, one)).collect();
    say::warnings(&odd, false)?;
    Ok(Known { entries, shown, today: overstep::run::today() })
}

/// Builds the job for a scenario that has no file yet, from sources and an endpoint. The documents decide how the
/// principal authenticates.
pub fn alone(
    name: &str,
    path: &Path,
    sources: &[String],
    endpoint: Option<&str>,
    allow_remote: bool,
) -> Result<(Job, Vec<Diagnostic>), Stopped> {
    let directory = path.parent().map(Path::to_owned);
    let config = Config::load(&super::current_directory()?)?;
    let mut scenario = Scenario::named(name);
    scenario.sources = sources.to_vec();
    let documents = store::sources(&places(directory), sources)?;
    let shown = format!("scenarios/{name}.toml");
    let read = pipeline::load(&scenario, &shown, documents.clone())?;
    if let Some(overstep::contract::Auth::SigV4 { .. }) = read.contract.auth.first() {
        let credentials = Credentials::SigV4 {
            region: "us-east-1".to_owned(),
            service: None,
            access_key_id: None,
            secret_access_key: None,
        };
        scenario.principals.insert("aws".to_owned(), overstep::scenario::Principal { credentials, lacks: Vec::new() });
        scenario.principal = Some("aws".to_owned());
    }
    let loaded = pipeline::load(&scenario, &shown, documents)?;
    let endpoint = Endpoint::resolve(endpoint.unwrap_or("embedded"), &config, allow_remote, &environment)?;
    let aws = aws_keys(&environment).map(|keys| AwsKeys {
        access_key_id: keys.id,
        secret_access_key: keys.secret,
        session_token: keys.token,
    });
    let job = Job {
        scenario: loaded.inferred.scenario.clone(),
        inferred: loaded.inferred,
        contract: loaded.contract,
        aws,
        target: match &endpoint.kind {
            EndpointKind::Embedded => Target::Embedded,
            EndpointKind::Url(url) => Target::Url(url.clone()),
        },
        profile: endpoint.profile.clone(),
        headers: endpoint.headers.clone(),
        hosts: hosts(&endpoint),
        seed: 1,
        level: overstep::generate::Level::Full,
        filter: None,
        ids: None,
        upkeep: super::upkeep::upkeep(&endpoint)?,
        documents: indexmap::IndexMap::new(),
        scenario_file: None,
        known: Known::default(),
        saved: Vec::new(),
        again: format!("overstep check {name}"),
    };
    Ok((job, loaded.problems))
}

/// Returns the argument that names the scenario on a command line.
pub fn named_again(found: &Found) -> String {
    let in_its_place = found.shown == format!("scenarios/{}.toml", found.name);
    if found.directory.is_none() || in_its_place { found.name.clone() } else { found.shown.clone() }
}

fn endpoint(
    flags: &ChooseFlags,
    scenario: &Scenario,
    config: &Config,
    allow_remote: bool,
    needed: bool,
) -> Result<Endpoint, Stopped> {
    match flags.endpoint.as_deref().or(scenario.endpoint.as_deref()) {
        Some(text) => Ok(Endpoint::resolve(text, config, allow_remote || !needed, &environment)?),
        None if needed => {
            let problem = Diagnostic::error(format!("scenario `{}` has no endpoint", scenario.name));
            let hint = "set one: `--endpoint http://127.0.0.1:8080`, or `--endpoint embedded` to test overstep itself";
            Err(problem.with_hint(hint).into())
        }
        None => Ok(Endpoint::resolve("embedded", config, false, &environment)?),
    }
}

/// Returns true if a principal signs with keys that must come from the environment.
fn signs_without_keys(scenario: &Scenario) -> bool {
    let open = |credentials: &Credentials| matches!(credentials, Credentials::SigV4 { access_key_id: None, .. });
    scenario.principals.values().any(|principal| open(&principal.credentials))
}

/// Parses a filter expression. An error points to the position in the text.
pub fn parse_filter(text: &str) -> Result<Filter, Stopped> {
    Filter::parse(text).map_err(|error| {
        let problem = Diagnostic::error(error.reason).at("--filter", text, Some(error.span));
        Diagnostic { hint: error.hint, ..problem }.into()
    })
}

fn hosts(endpoint: &Endpoint) -> Hosts {
    Hosts { prefix: endpoint.entry.host_prefix, buckets: endpoint.entry.virtual_hosts }
}
