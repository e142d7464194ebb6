//! Writes text as Python string literals, which contain printable ASCII only.
//!
//! It never writes a line break, so that a literal can stand in a comment, too.

/// Length from which a run of one character is written as a product.
const LONG_RUN: usize = 64;

/// Formats a text as a Python expression; long runs of one character become a product.
pub fn python_string(value: &str) -> String {
    let characters: Vec<char> = value.chars().collect();
    let (mut terms, mut open) = (Vec::new(), String::new());
    let mut is_hash = false;
    for run in characters.chunk_by(|one, other| one == other) {
        let mut written = escape_char(run[0]);
        if run.len() < LONG_RUN {
            // `##[` would be a command in the log of a CI job.
            if run[0] == '#' && (is_hash || run.len() > 1) {
                written = "\\x23".to_owned();
            }
            open.extend(std::iter::repeat_n(written.as_str(), run.len()));
        } else {
            if !open.is_empty() {
                terms.push(format!("\"{}\"", std::mem::take(&mut open)));
            }
            terms.push(format!("\"{written}\" * {}", run.len()));
        }
        is_hash = run[0] == '#';
    }
    if !open.is_empty() || terms.is_empty() {
        terms.push(format!("\"{open}\""));
    }
    terms.join(" + ")
}

fn escape_char(character: char) -> String {
    match character {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        ' '..='~' => character.to_string(),
        other if u32::from(other) <= 0xffff => format!("\\u{:04x}", u32::from(other)),
        other => format!("\\U{:08x}", u32::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::python_string;

    #[test]
    fn literals_are_printable_ascii_on_one_line() {
        assert_eq!(python_string(""), "\"\"");
        assert_eq!(python_string("a\"\\\r\n\0\u{2028}🎉"), r#""a\"\\\r\n\u0000\u2028\U0001f389""#);
        assert_eq!(python_string(&format!("x{}", "y".repeat(64))), r#""x" + "y" * 64"#);
        assert_eq!(python_string("#a ##[x]"), r##""#a \x23\x23[x]""##);
    }
}
