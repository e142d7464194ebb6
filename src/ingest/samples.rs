//! Extracts method, URL and JSON body from code samples.
//!
//! It never runs a sample: it only substitutes constants.

/// An HTTP call in a code sample.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SampleCall {
    pub line: u32,
    pub method: String,
    /// The URL with constants substituted; other placeholders stay as written.
    pub url: String,
    /// The value of the constant that the URL begins with, if any.
    pub base: Option<String>,
    /// The JSON body, if the sample contains it literally.
    pub body: Option<serde_json::Value>,
}

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/// Returns the calls in a sample. `line` is the line number of its first line.
pub(super) fn find_calls(code: &str, line: u32) -> Vec<SampleCall> {
    let constants = find_constants(code);
    let mut found = Vec::new();
    let joined = code.replace("\\\n", "  ");
    if let Some(at) = joined.find("curl ") {
        found.extend(
            parse_curl(&joined[at..], &constants)
                .map(|call| SampleCall { line: line_of_word(code, "curl ", line), ..call }),
        );
        return found;
    }
    for (index, start, method) in find_call_sites(code) {
        let rest = &code[start..];
        let Some((url, base)) = find_url(rest, &constants) else { continue };
        let method = method.or_else(|| find_method(rest)).unwrap_or_else(|| "GET".to_owned());
        let body = find_json_after(rest, &["json=", "json =", "JSON.stringify(", "data=", "body:"]);
        found.push(SampleCall { line: line_at_offset(code, index, line), method, url, base, body });
    }
    found
}

fn line_at_offset(code: &str, offset: usize, first: u32) -> u32 {
    let before = code.get(..offset).unwrap_or_default().matches('\n').count();
    first.saturating_add(u32::try_from(before).unwrap_or(0))
}

fn line_of_word(code: &str, word: &str, first: u32) -> u32 {
    line_at_offset(code, code.find(word).unwrap_or(0), first)
}

/// Returns constants such as `NAME = "https://…"`, in any of the languages.
fn find_constants(code: &str) -> Vec<(String, String)> {
    code.lines()
        .filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            let name = name.split_whitespace().last()?.trim_end_matches(':').trim_start_matches('$');
            let value = value.trim().trim_end_matches(';').trim();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
            let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            is_name.then(|| (name.to_owned(), inner.to_owned()))
        })
        .collect()
}

/// Returns the offset of each call, the offset of its arguments, and the method if the function's name contains it.
fn find_call_sites(code: &str) -> Vec<(usize, usize, Option<String>)> {
    let mut found = Vec::new();
    for client in ["requests.", "axios.", "httpx.", "client.", "session.", "http."] {
        for (at, _) in code.match_indices(client) {
            let rest = &code[at + client.len()..];
            let Some(end) = rest.find('(').filter(|end| *end < 16) else { continue };
            let method = rest[..end].to_ascii_uppercase();
            if METHODS.contains(&method.as_str()) {
                found.push((at, at + client.len() + end + 1, Some(method)));
            } else if method == "REQUEST" {
                found.push((at, at + client.len() + end + 1, None));
            }
        }
    }
    found.extend(
        ["fetch(", "axios("]
            .iter()
            .flat_map(|word| code.match_indices(word))
            .map(|(at, word)| (at, at + word.len(), None)),
    );
    found.sort();
    found
}

/// Returns the URL among a call's arguments with constants substituted, and its base.
fn find_url(arguments: &str, constants: &[(String, String)]) -> Option<(String, Option<String>)> {
    let head: String = arguments.chars().take(1500).collect();
    let mut rest = head.as_str();
    // If the first argument is the name of a constant, that constant is the URL.
    let word: String = rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if let Some((_, value)) = constants.iter().find(|(name, _)| *name == word) {
        return substitute_constants(value, constants);
    }
    while let Some(start) = rest.find(['"', '\'', '`']) {
        let quote = rest[start..].chars().next()?;
        let inner = &rest[start + 1..];
        let end = inner.find(quote)?;
        let text = &inner[..end];
        if text.contains("://") || text.starts_with('/') || text.contains("{") && text.contains('/') {
            return substitute_constants(text, constants);
        }
        rest = &inner[end + 1..];
    }
    None
}

fn substitute_constants(text: &str, constants: &[(String, String)]) -> Option<(String, Option<String>)> {
    let mut url = text.to_owned();
    let mut base = None;
    for (name, value) in constants {
        for form in [format!("${{{name}}}"), format!("{{{name}}}"), format!("${name}")] {
            if url.contains(&form) {
                if url.starts_with(&form) && value.contains("://") && value != text {
                    base = Some(value.trim_end_matches('/').to_owned());
                }
                url = url.replace(&form, value);
            }
        }
    }
    (url.len() < 2000).then_some((url, base))
}

/// Returns the method of arguments such as `method: 'POST'` or `"POST",`.
fn find_method(arguments: &str) -> Option<String> {
    let head: String = arguments.chars().take(600).collect();
    METHODS
        .iter()
        .filter_map(|method| {
            ['"', '\'', '`']
                .iter()
                .filter_map(|quote| head.find(&format!("{quote}{method}{quote}")))
                .min()
                .map(|at| (at, *method))
        })
        .min()
        .map(|(_, method)| method.to_owned())
}

fn parse_curl(command: &str, constants: &[(String, String)]) -> Option<SampleCall> {
    let words = split_shell_words(command);
    let mut method = None;
    let mut url = None;
    let mut body = None;
    let mut has_body = false;
    let mut at = 1;
    while at < words.len() {
        let next = words.get(at + 1);
        match words[at].as_str() {
            "-X" | "--request" => {
                method = next.cloned();
                at += 1;
            }
            "--url" => {
                url = next.cloned();
                at += 1;
            }
            "-d" | "--data" | "--data-raw" | "--data-binary" | "--json" => {
                body = next.and_then(|text| serde_json::from_str(text).ok());
                has_body = true;
                at += 1;
            }
            "-H" | "--header" | "-u" | "--user" | "-o" | "-F" | "--form" => at += 1,
            "-G" | "--get" => method = Some("GET".to_owned()),
            word if word.starts_with("-X") && word.len() > 2 => method = Some(word[2..].to_owned()),
            word if word.contains("://") || word.starts_with('$') => url = url.or_else(|| Some(word.to_owned())),
            "curl" | "&&" | ";" | "|" => break,
            _ => {}
        }
        at += 1;
    }
    let (url, base) = substitute_constants(&url?, constants)?;
    let method = method.unwrap_or_else(|| if has_body { "POST" } else { "GET" }.to_owned()).to_ascii_uppercase();
    METHODS.contains(&method.as_str()).then_some(SampleCall { line: 0, method, url, base, body })
}

/// Splits a shell command into words and removes quotes.
fn split_shell_words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in command.chars().take(20_000) {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Returns the JSON value after one of the words. Object literals of other languages count if they are valid JSON.
fn find_json_after(code: &str, words: &[&str]) -> Option<serde_json::Value> {
    words.iter().find_map(|word| {
        let rest = code.get(code.find(word)? + word.len()..)?.trim_start();
        let mut depth = 0_usize;
        let end = rest.char_indices().take(20_000).find_map(|(index, c)| {
            match c {
                '{' | '[' => depth += 1,
                '}' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            (depth == 0).then_some(index + 1)
        })?;
        serde_json::from_str(&rest[..end]).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curl_python_and_javascript_samples_give_the_same_call() {
        let samples = [
            "curl -X POST https://h.example/base/v1/things/1 \\\n  -H \"Authorization: Bearer k\" \\\n  -d '{\"a\": [\"b\"]}'",
            "BASE_URL = \"https://h.example/base\"\nr = requests.post(\n    f\"{BASE_URL}/v1/things/1\",\n    json={\"a\": [\"b\"]}\n)",
            "const r = await fetch('https://h.example/base/v1/things/1', {\n method: 'POST',\n body: JSON.stringify({\"a\": [\"b\"]})\n});",
        ];
        for sample in samples {
            let found = find_calls(sample, 10);
            assert_eq!(found.len(), 1, "{sample}");
            assert_eq!(
                (found[0].method.as_str(), found[0].url.as_str()),
                ("POST", "https://h.example/base/v1/things/1")
            );
            assert_eq!(found[0].body, Some(serde_json::json!({"a": ["b"]})), "{sample}");
        }
        assert_eq!(find_calls(samples[1], 10)[0].base.as_deref(), Some("https://h.example/base"));
        assert_eq!(find_calls(samples[1], 10)[0].line, 11);
    }
}
