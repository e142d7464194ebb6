//! Finds the route of a page, from its frontmatter or from its samples without the base URL.
//!
//! It never invents a label for an example value: those are matched with the documented path parameters.

use super::IngestDiagnostic;
use super::samples::SampleCall;
use super::source_text::SourceText;
use crate::contract::{Contract, FactField};

/// The route of an operation, and the line that states it.
pub(super) struct PageRoute {
    pub line: u32,
    pub method: String,
    pub uri: String,
    pub base: Option<String>,
}

/// Finds the route of a page. A route in the frontmatter or the text takes precedence over the samples; the base URL
/// comes from the samples.
pub(super) fn find_route(
    text: &SourceText<'_>,
    stated: Option<(u32, String, String)>,
    calls: &[SampleCall],
    parameters: &[(String, u32)],
    diagnostics: &mut Vec<IngestDiagnostic>,
) -> Option<PageRoute> {
    let documented_base = calls.iter().find_map(|call| call.base.clone());
    if let Some((line, method, target)) = stated {
        let (origin, path) = split_origin(&target);
        let uri = insert_labels(text, line, path, parameters, diagnostics);
        let base = documented_base.or(origin).or_else(|| {
            // The part of a sample's URL before the stated path.
            calls.iter().find_map(|call| {
                let (origin, shown) = split_origin(&call.url);
                let prefix = shown.split('/').count().checked_sub(uri.split('/').count())?;
                let before: Vec<&str> = shown.split('/').take(prefix + 1).collect();
                Some(format!("{}{}", origin?, before.join("/").trim_end_matches('/')))
            })
        });
        return Some(PageRoute { line, method, uri, base });
    }
    let first = calls.first()?;
    for call in calls {
        let same = call.method == first.method && split_origin(&call.url).1 == split_origin(&first.url).1;
        if !same && call.base == first.base {
            let message =
                format!("the samples disagree: `{} {}` and `{} {}`", first.method, first.url, call.method, call.url);
            let hint = "the first one is used; correct the others, or state the route as `api` in the frontmatter";
            diagnostics.push(text.warning(call.line, message, hint));
            break;
        }
    }
    let (origin, path) = split_origin(&first.url);
    let base = documented_base
        .filter(|base| {
            first.url.strip_prefix(base.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
        .or(origin);
    let path = match &base {
        Some(base) => first.url.strip_prefix(base.as_str()).unwrap_or(path),
        None => path,
    };
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let uri = insert_labels(text, first.line, path, parameters, diagnostics);
    Some(PageRoute { line: first.line, method: first.method.clone(), uri, base })
}

/// Splits a URL into its origin (scheme and host) and its path.
fn split_origin(url: &str) -> (Option<String>, &str) {
    let Some(scheme) = url.find("://") else { return (None, url) };
    let end = url[scheme + 3..].find('/').map_or(url.len(), |at| scheme + 3 + at);
    (Some(url[..end].to_owned()), &url[end..])
}

/// Derives the service's name from its host: `leadlex` for `https://data.leadlex.com/…`.
pub(super) fn service_name(base: &str) -> Option<String> {
    let host = split_origin(base).0?;
    let host = host.split("://").nth(1)?.split(':').next()?;
    // `https://{endpoint}` or `https://<name>.example.com` names no service at its placeholder.
    let is_placeholder = |part: &&str| part.contains(['{', '<', '$']);
    let parts: Vec<&str> = host.split('.').collect();
    match parts.as_slice() {
        [.., name, _] if !is_placeholder(name) => Some((*name).to_owned()),
        [name] if !is_placeholder(name) => Some((*name).to_owned()),
        [_, ..] => None,
        [] => None,
    }
}

/// Moves the base of pages that only show whole URLs to the longer base that another page states, if all their routes
/// begin with the difference.
pub(super) fn unify_base_urls(contracts: &mut [Contract]) {
    let bases: Vec<String> = contracts.iter().filter_map(|contract| contract.base_url.clone()).collect();
    let Some(longest) = bases.into_iter().max_by_key(|base| (base.len(), base.clone())) else { return };
    for contract in contracts {
        let Some(extra_path) =
            contract.base_url.as_deref().and_then(|base| longest.strip_prefix(base)).map(str::to_owned)
        else {
            continue;
        };
        let is_under_extra_path = |uri: &str| uri.strip_prefix(&extra_path).is_some_and(|left| left.starts_with('/'));
        let all_under_extra_path = contract
            .operations
            .iter()
            .filter_map(|operation| operation.http.as_ref())
            .all(|http| is_under_extra_path(&http.uri));
        if !extra_path.starts_with('/') || !all_under_extra_path {
            continue;
        }
        contract.base_url = Some(longest.clone());
        for operation in &mut contract.operations {
            for fact in operation.facts.iter_mut().filter(|fact| fact.field == FactField::HttpUri) {
                if let Some(left) = fact.value.as_str().and_then(|uri| uri.strip_prefix(&extra_path)) {
                    fact.value = left.to_owned().into();
                }
            }
            operation.resolve_field(&FactField::HttpUri);
        }
    }
}

/// Returns the labels of a route.
pub(super) fn labels(uri: &str) -> impl Iterator<Item = &str> {
    uri.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.trim_end_matches('+')))
}

/// Replaces placeholders and example values in a path with `{labels}`.
fn insert_labels(
    text: &SourceText<'_>,
    line: u32,
    path: &str,
    parameters: &[(String, u32)],
    diagnostics: &mut Vec<IngestDiagnostic>,
) -> String {
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    let mut unmatched_parameters: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    let mut unmatched_segments: Vec<usize> = Vec::new();
    for (index, part) in parts.iter_mut().enumerate() {
        let Some(name) = placeholder_name(part) else { continue };
        let plain = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
        match unmatched_parameters.iter().position(|known| plain(known) == plain(&name)) {
            Some(found) if !name.is_empty() => {
                *part = format!("{{{}}}", unmatched_parameters.remove(found));
            }
            _ => unmatched_segments.push(index),
        }
    }
    // If as many segments as parameters are unmatched, they are paired in order.
    if unmatched_segments.len() == unmatched_parameters.len() {
        for (index, name) in unmatched_segments.drain(..).zip(unmatched_parameters.drain(..)) {
            parts[index] = format!("{{{name}}}");
        }
    }
    for index in unmatched_segments {
        let name = placeholder_name(&parts[index]).unwrap_or_default();
        let message =
            format!("`{}` in the route looks like a parameter, but no parameter is documented for it", parts[index]);
        diagnostics.push(text.warning(line, message, "document it with <ParamField path=\"…\">"));
        if !name.is_empty() {
            parts[index] = format!("{{{name}}}");
        }
    }
    for name in unmatched_parameters {
        let line = parameters.iter().find(|(known, _)| known == name).map_or(line, |(_, line)| *line);
        let message = format!("path parameter `{name}` does not occur in the route `{path}`");
        diagnostics.push(text.warning(
            line,
            message,
            "mark its position in a sample with `{name}` or an example value",
        ));
    }
    parts.join("/")
}

/// Returns the name in a placeholder, an empty name for an example value, or `None` for a fixed segment.
fn placeholder_name(part: &str) -> Option<String> {
    for (open, close) in [("${", "}"), ("{", "}"), (":", ""), ("<", ">"), ("$", "")] {
        if let Some(name) = part.strip_prefix(open).and_then(|rest| rest.strip_suffix(close))
            && !name.is_empty()
        {
            return Some(name.to_owned());
        }
    }
    let hex = part.len() == 36
        && part.chars().enumerate().all(|(index, c)| match index {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        });
    let number = !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    // `cus_123abc` and `YOUR_ID` are example values, not fixed segments.
    let token = part.contains('_') && part.chars().any(|c| c.is_ascii_digit());
    let uppercase = part.len() > 2 && part.contains('_') && part.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    (hex || number || token || uppercase).then(String::new)
}
