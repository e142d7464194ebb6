//! Fills the placeholders whose values are known while planning; all others are left for the run.

use crate::case::{CaseId, UniqueText, Value};
use crate::scenario::Scenario;

/// Fills `{case}`, `{case:2}` and variables that are not secret.
#[derive(Clone, Copy)]
pub(crate) struct TemplateFiller<'a> {
    pub scenario: &'a Scenario,
    pub case: &'a CaseId,
    /// The number of the case's resource, from 1. `{case}` has a different value for each.
    pub resource: u32,
}

/// Distance between the token numbers of two resources, so that `{case:2}` of one never equals a token of the other.
pub(crate) const RESOURCE_TOKEN_STRIDE: u32 = 1000;

impl<'a> TemplateFiller<'a> {
    /// Creates the filler for a case's first resource.
    pub fn new(scenario: &'a Scenario, case: &'a CaseId) -> Self {
        Self { scenario, case, resource: 1 }
    }

    fn token_number(&self, ordinal: u32) -> u32 {
        ordinal.saturating_add((self.resource - 1).saturating_mul(RESOURCE_TOKEN_STRIDE))
    }
    /// Fills all known placeholders. Returns a plain text, or a template if some placeholders are left.
    pub fn fill_text(&self, template: &str) -> Value {
        let mut filled = String::new();
        let mut open = false;
        self.fill_into(template, 0, &mut filled, &mut open);
        if open { Value::Template(filled) } else { Value::Text(filled.replace("{{", "{").replace("}}", "}")) }
    }

    /// Converts JSON whose texts are templates.
    pub fn fill_json(&self, json: &serde_json::Value) -> Value {
        Value::from_json_with(json, &|text| self.fill_text(text))
    }

    /// Copies `template` and fills placeholders; unknown ones and escaped braces stay as they are.
    fn fill_into(&self, template: &str, depth: u8, out: &mut String, open: &mut bool) {
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                out.push_str(&rest[..2]);
                rest = &rest[2..];
                continue;
            }
            let Some(end) = rest.find('}').filter(|_| rest.starts_with('{')) else {
                // A single brace stands for itself.
                out.push_str(&rest[..1].repeat(2));
                rest = &rest[1..];
                continue;
            };
            let name = &rest[1..end];
            rest = &rest[end + 1..];
            match (name, name.strip_prefix("case:").and_then(|ordinal| ordinal.parse().ok())) {
                ("case", _) => out.push_str(&self.case.token(self.resource)),
                (_, Some(ordinal)) => out.push_str(&self.case.token(self.token_number(ordinal))),
                _ => match self.scenario.variables.get(name) {
                    // A variable may refer to others; the depth is limited so that it cannot refer to itself endlessly.
                    Some(variable) if !variable.secret && depth < 8 => {
                        self.fill_into(&variable.value, depth + 1, out, open);
                    }
                    // The text depends on the run.
                    _ => {
                        *open = true;
                        let unique = UniqueText::parse(name).filter(|unique| unique.resource == 1);
                        match unique {
                            Some(unique) => {
                                out.push_str(&UniqueText { resource: self.resource, ..unique }.placeholder());
                            }
                            None => out.push_str(&format!("{{{name}}}")),
                        }
                    }
                },
            }
        }
        out.push_str(rest);
    }
}

/// Returns true if a text has placeholders.
pub(crate) fn has_placeholders(text: &str) -> bool {
    let plain = text.replace("{{", "").replace("}}", "");
    plain.find('{').is_some_and(|open| plain[open..].contains('}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Variable;

    fn fill(template: &str) -> Value {
        let mut scenario = Scenario::with_name("t");
        scenario.variables.insert("A".into(), Variable { value: "a-{case}".into(), secret: false });
        scenario.variables.insert("S".into(), Variable { value: "hidden".into(), secret: true });
        scenario.variables.insert("L".into(), Variable { value: "{L}".into(), secret: false });
        TemplateFiller::new(&scenario, &"t/Op/valid/control/plain".parse().expect("an id")).fill_text(template)
    }

    #[test]
    fn known_placeholders_are_filled_and_others_stay() {
        let number = "t/Op/valid/control/plain".parse::<CaseId>().expect("an id").token(1);
        assert_eq!(number.len(), 12);
        assert_eq!(fill("{A}"), Value::Text(format!("a-{number}")));
        assert_eq!(fill("x{{y}}"), Value::Text("x{y}".into()));
        assert_eq!(fill("{S}-{run}"), Value::Template("{S}-{run}".into()));
        assert_eq!(fill("a}b{"), Value::Text("a}b{".into()));
        assert!(matches!(fill("{L}"), Value::Template(_)));
        assert_ne!(fill("{case:2}"), fill("{case}"));
    }

    #[test]
    fn case_token_is_stable() {
        // Other programs rely on this value to know which resource a case uses.
        let id: CaseId = "connect/TagContact/valid/control/plain".parse().expect("an id");
        assert_eq!(id.token(1), "ba637512ba87");
    }
}
