//! Finds the documents of a new scenario: files, documents behind a URL, and what an endpoint serves.
//!
//! It never reads a document; a fetched one is stored beside the scenario.

use crate::cli::{CommandError, InitFlags, current_directory, environment_variable, messages};
use crate::config::{Config, EndpointKind, ResolvedEndpoint};
use overstep::escape::break_json_into_lines;
use overstep::ingest::{SourceFormat, detect_format};
use overstep::report::Diagnostic;
use overstep::run::{Endpoint, fetch_document, hide_credentials};
use overstep::store;
use std::path::Path;

/// Paths at which frameworks serve their OpenAPI document.
const USUAL_PATHS: [&str; 21] = [
    "/openapi.json",
    "/openapi.yaml",
    "/openapi.yml",
    "/openapi",
    "/swagger.json",
    "/swagger.yaml",
    "/v3/api-docs",
    "/v2/api-docs",
    "/api-docs",
    "/api-docs.json",
    "/api-docs/swagger.json",
    "/swagger/v1/swagger.json",
    "/openapi/v1.json",
    "/api/openapi.json",
    "/api/schema/",
    "/schema/",
    "/documentation/json",
    "/api-json",
    "/swagger/doc.json",
    "/q/openapi",
    "/docs/openapi.json",
];

/// Maximum length of a line of a stored JSON document, in bytes. Findings name lines, which say nothing if all is in one.
const MAX_LINE_BYTES: usize = 1000;

/// Returns the sources of a new scenario, relative to the folder of its file.
pub fn resolve_sources(flags: &InitFlags, scenario_file: &Path) -> Result<Vec<String>, CommandError> {
    let config = Config::load(&current_directory()?)?;
    let mut sources = Vec::new();
    for source in &flags.source {
        if is_url(source) {
            sources.push(fetch_source(flags, &config, source, scenario_file, sources.len())?);
        } else if source.contains(':') || source.starts_with('/') {
            sources.push(source.clone());
        } else {
            // Paths in a scenario are relative to its file.
            sources.push(format!("../{}", source.trim_start_matches("./")));
        }
    }
    if let (true, Some(endpoint)) = (sources.is_empty(), &flags.endpoint) {
        sources.push(ask_endpoint(flags, &config, endpoint, scenario_file)?);
    }
    Ok(sources)
}

fn is_url(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

/// Fetches a document and stores it.
fn fetch_source(
    flags: &InitFlags,
    config: &Config,
    url: &str,
    scenario_file: &Path,
    index: usize,
) -> Result<String, CommandError> {
    let scheme_end = url.find("://").map_or(0, |at| at + 3);
    let path_start = url[scheme_end..].find('/').map_or(url.len(), |at| scheme_end + at);
    let (origin, target) = url.split_at(path_start);
    let target = target.split('#').next().unwrap_or_default();
    let target = if target.is_empty() { "/" } else { target };
    let endpoint = endpoint_of(config, origin, flags)?;
    let found = fetch(&endpoint, &[target.to_owned()], |body| !body.is_empty())?;
    let Some((_, body)) = found else {
        let shown = hide_credentials(url);
        let problem = Diagnostic::error(format!("`{shown}` did not return a document"));
        return Err(problem.with_hint("open it in a browser, save it, and give the file as `--source`").into());
    };
    store_document(flags, scenario_file, &body, index)
}

/// Asks an endpoint for its document at the usual paths, below its base path and at its root.
fn ask_endpoint(
    flags: &InitFlags,
    config: &Config,
    endpoint: &str,
    scenario_file: &Path,
) -> Result<String, CommandError> {
    let hint = "give the document as `--source`: a file, a glob, a URL, or `botocore:SERVICE`";
    let endpoint = endpoint_of(config, endpoint, flags)?;
    let bases = if endpoint.base_path.is_empty() { vec![""] } else { vec![endpoint.base_path.as_str(), ""] };
    let targets: Vec<String> =
        bases.iter().flat_map(|base| USUAL_PATHS.iter().map(move |path| format!("{base}{path}"))).collect();
    let found = fetch(&endpoint, &targets, |body| {
        detect_format(&String::from_utf8_lossy(body)) == Some(SourceFormat::OpenApi)
    })?;
    let Some((target, body)) = found else {
        let count = targets.len();
        let problem =
            Diagnostic::error(format!("{} serves no OpenAPI document at {count} usual paths", endpoint.origin()));
        return Err(problem.with_hint(hint).into());
    };
    messages::print_line(&format!("found {}{target}", endpoint.origin()));
    store_document(flags, scenario_file, &body, 0)
}

fn endpoint_of(config: &Config, text: &str, flags: &InitFlags) -> Result<Endpoint, CommandError> {
    let resolved = ResolvedEndpoint::resolve(text, config, flags.allow_remote, &environment_variable)?;
    let url = match &resolved.kind {
        EndpointKind::Url(url) if !url.contains("{port}") => url,
        _ => {
            let problem = Diagnostic::error(format!("`{}` cannot be asked for a document", hide_credentials(text)));
            return Err(problem.with_hint("give the document as `--source`").into());
        }
    };
    let mut endpoint = Endpoint::parse(url).map_err(|error| Diagnostic::error(error.to_string()))?;
    endpoint.reach = resolved.reach;
    endpoint.headers = resolved.headers;
    endpoint.headers.extend(flags.header.iter().cloned());
    Ok(endpoint)
}

fn fetch(
    endpoint: &Endpoint,
    targets: &[String],
    is_wanted: impl Fn(&[u8]) -> bool + Send,
) -> Result<Option<(String, Vec<u8>)>, CommandError> {
    let fetched = fetch_document(endpoint, targets, is_wanted);
    Ok(fetched.map_err(|error| Diagnostic::error(format!("cannot fetch from {}: {error}", endpoint.origin())))?)
}

/// Stores a fetched document beside the scenario, so that later runs read the same one; returns its name.
fn store_document(flags: &InitFlags, scenario_file: &Path, body: &[u8], index: usize) -> Result<String, CommandError> {
    let text = String::from_utf8_lossy(body);
    let ending = match detect_format(&text) {
        _ if text.trim_start().starts_with(['{', '[']) => "json",
        Some(SourceFormat::OpenApi) => "yaml",
        Some(SourceFormat::Mintlify) => "mdx",
        _ => "txt",
    };
    let number = if index == 0 { String::new() } else { format!("-{}", index + 1) };
    let name = format!("{}.source{number}.{ending}", flags.name);
    let is_long = |line: &str| line.len() > MAX_LINE_BYTES;
    let broken = (ending == "json" && text.lines().any(is_long)).then(|| break_json_into_lines(&text));
    store::write_file(&scenario_file.with_file_name(&name), broken.as_ref().map_or(body, String::as_bytes))?;
    let note = if broken.is_some() { ", with a line for each member" } else { "" };
    messages::print_line(&format!("stored scenarios/{name}{note}"));
    Ok(name)
}
