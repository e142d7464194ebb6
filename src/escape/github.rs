//! Writes text into the workflow commands of GitHub's runner.
//!
//! It never writes a command itself. The rules:
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.

use super::escape_line;

/// Escapes the message of a command. Each line of it is one value: a line break inside a value is shown as `\u{a}`.
pub fn escape_github_data(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escape_line(line).replace('%', "%25")).collect();
    lines.join("%0A")
}

/// Escapes the value of a property, such as a title.
pub fn escape_github_property(text: &str) -> String {
    escape_line(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_end_a_workflow_command() {
        let lines = ["a%\n::error::b\u{1b}".to_owned(), "::x ##[y]".to_owned()];
        assert_eq!(escape_github_data(&lines), "a%25\\u{a}::error::b\\u{1b}%0A\\u{3a}:x #\\u{23}[y]");
        assert_eq!(escape_github_property("docs/a,b:1\r\n"), "docs/a%2Cb%3A1\\u{d}\\u{a}");
    }
}
