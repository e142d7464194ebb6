//! Finds OpenAPI documents in the fences of pages, as sites export them.
//!
//! It never reads such a document.

use super::openapi;

/// Maximum number of documents in the fences of one page.
const MAX_FENCES: usize = 2_000;
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];

/// Returns the texts of the OpenAPI documents in the fences of a page whose info names a route: `yaml GET /users`. The
/// lines before each are empty, so that its lines have the numbers of the page.
pub(super) fn fenced_documents(text: &str) -> Vec<String> {
    if !text.contains("```") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let Some((fence, info)) = fence_start(line) else { continue };
        let mut content = String::new();
        for (_, line) in lines.by_ref() {
            if fence_start(line).is_some_and(|(other, info)| other.len() >= fence.len() && info.is_empty()) {
                break;
            }
            content.push_str(line);
            content.push('\n');
        }
        if names_route(info).is_some() && openapi::is_document(&content) && found.len() < MAX_FENCES {
            found.push(format!("{}{content}", "\n".repeat(index + 1)));
        }
    }
    found
}

/// Returns the backticks and the info of a line that begins or ends a fence.
fn fence_start(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let count = line.bytes().take_while(|byte| *byte == b'`').count();
    (count >= 3).then(|| (&line[..count], line[count..].trim()))
}

/// Returns method and path at the end of a text such as `openapi.json POST /users`, and what stands before them.
pub(super) fn names_route(text: &str) -> Option<(&str, String, &str)> {
    let (before, path) = text.trim().rsplit_once(char::is_whitespace)?;
    let before = before.trim_end();
    let (rest, method) = before.rsplit_once(char::is_whitespace).unwrap_or(("", before));
    let is_route = path.starts_with('/') && METHODS.contains(&method.to_ascii_lowercase().as_str());
    is_route.then(|| (rest.trim(), method.to_ascii_uppercase(), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_with_a_route_are_documents_on_their_own_lines() {
        let document = "openapi: 3.1.0\npaths: {}\n";
        let page = format!("# List users\n\n````yaml GET /users\n{document}````\n\n```yaml\n{document}```\n");
        assert_eq!(fenced_documents(&page), [format!("\n\n\n{document}")]);
        assert!(fenced_documents("```yaml GET /users\na: 1\n```\n").is_empty());
    }
}
