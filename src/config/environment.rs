//! Replaces references to environment variables in texts.
//!
//! It never reads the environment itself: the caller supplies a function.

use overstep::report::Diagnostic;

/// Looks up a variable of the environment.
pub type EnvironmentLookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Replaces each `${NAME}` with the value of the environment variable; `$${` stands for a plain `${`.
pub fn substitute_variables(text: &str, environment: EnvironmentLookup<'_>) -> Result<String, Box<Diagnostic>> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if rest[..start].ends_with('$') {
            out.push_str(&rest[..start]);
            out.push('{');
            rest = &rest[start + 2..];
            continue;
        }
        let Some(length) = rest[start..].find('}') else { break };
        out.push_str(&rest[..start]);
        let name = &rest[start + 2..start + length];
        let value = environment(name).ok_or_else(|| {
            let unset = Diagnostic::error(format!(
                "environment variable `{name}` is not set, but the scenario or overstep.toml uses it"
            ));
            Box::new(unset.with_hint(format!("set it: `export {name}=…`")))
        })?;
        out.push_str(&value);
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Returns the names of the variables that a text refers to as `${NAME}`.
pub fn referenced_variables(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let is_plain = rest[..start].ends_with('$');
        rest = &rest[start + 2..];
        if let (false, Some((name, after))) = (is_plain, rest.split_once('}')) {
            names.push(name);
            rest = after;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn referenced_variables_are_those_that_are_substituted() {
        assert_eq!(referenced_variables("a ${KEY} $${NO} ${B}c ${open"), ["KEY", "B"]);
        assert!(referenced_variables("$KEY {KEY}").is_empty());
    }

    #[test]
    fn environment_variables_are_substituted() {
        let environment = |name: &str| (name == "KEY").then(|| "value".to_owned());
        let read = |text: &str| substitute_variables(text, &environment).ok();
        assert_eq!(read("a ${KEY} b ${KEY}").as_deref(), Some("a value b value"));
        assert_eq!(read("$${KEY} ${open").as_deref(), Some("${KEY} ${open"));
        assert_eq!(read("${NONE}"), None);
    }
}
