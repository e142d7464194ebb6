//! Texts with holes: what is known while planning is filled in, the rest stays for the run.

use super::{CaseId, Value};
use crate::scenario::Scenario;

/// Fills `{case}`, `{case:2}` and variables that are no secrets.
#[derive(Clone, Copy)]
pub(crate) struct Templates<'a> {
    pub scenario: &'a Scenario,
    pub case: &'a CaseId,
    /// Which of the case's resources, from 1: `{case}` is another token for each.
    pub resource: u32,
}

/// `{case:2}` of a second resource is none of the first one's.
pub(crate) const RESOURCES_APART: u32 = 1000;

impl<'a> Templates<'a> {
    /// For a case's first resource.
    pub fn new(scenario: &'a Scenario, case: &'a CaseId) -> Self {
        Self { scenario, case, resource: 1 }
    }

    fn nth(&self, ordinal: u32) -> u32 {
        ordinal.saturating_add((self.resource - 1).saturating_mul(RESOURCES_APART))
    }
    /// The text with all known holes filled: a plain text, or a template where some are left.
    pub fn text(&self, template: &str) -> Value {
        let mut filled = String::new();
        let mut open = false;
        self.fill(template, 0, &mut filled, &mut open);
        if open { Value::Template(filled) } else { Value::Text(filled.replace("{{", "{").replace("}}", "}")) }
    }

    /// JSON whose texts are templates.
    pub fn json(&self, json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::String(text) => self.text(text),
            serde_json::Value::Array(items) => Value::List(items.iter().map(|item| self.json(item)).collect()),
            serde_json::Value::Object(members) => {
                Value::Map(members.iter().map(|(name, value)| (name.clone(), self.json(value))).collect())
            }
            other => Value::from_json(other),
        }
    }

    /// Copies `template`, filling holes; unknown ones and escaped braces stay as they are.
    fn fill(&self, template: &str, depth: u8, out: &mut String, open: &mut bool) {
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
                // A lone brace is itself.
                out.push_str(&rest[..1].repeat(2));
                rest = &rest[1..];
                continue;
            };
            let name = &rest[1..end];
            rest = &rest[end + 1..];
            match (name, name.strip_prefix("case:").and_then(|ordinal| ordinal.parse().ok())) {
                ("case", _) => out.push_str(&self.case.token(self.resource)),
                (_, Some(ordinal)) => out.push_str(&self.case.token(self.nth(ordinal))),
                _ => match self.scenario.variables.get(name) {
                    // A variable may name others, but not itself for ever.
                    Some(variable) if !variable.secret && depth < 8 => {
                        self.fill(&variable.value, depth + 1, out, open);
                    }
                    _ => {
                        *open = true;
                        out.push_str(&format!("{{{name}}}"));
                    }
                },
            }
        }
        out.push_str(rest);
    }
}

/// Whether a text has holes at all.
pub(crate) fn has_holes(text: &str) -> bool {
    let plain = text.replace("{{", "").replace("}}", "");
    plain.find('{').is_some_and(|open| plain[open..].contains('}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Variable;

    fn fill(template: &str) -> Value {
        let mut scenario = Scenario::named("t");
        scenario.variables.insert("A".into(), Variable { value: "a-{case}".into(), secret: false });
        scenario.variables.insert("S".into(), Variable { value: "hidden".into(), secret: true });
        scenario.variables.insert("L".into(), Variable { value: "{L}".into(), secret: false });
        Templates::new(&scenario, &CaseId("t/Op/valid/control/plain".into())).text(template)
    }

    #[test]
    fn what_is_known_is_filled_and_the_rest_stays() {
        let number = CaseId("t/Op/valid/control/plain".into()).token(1);
        assert_eq!(number.len(), 12);
        assert_eq!(fill("{A}"), Value::Text(format!("a-{number}")));
        assert_eq!(fill("x{{y}}"), Value::Text("x{y}".into()));
        assert_eq!(fill("{S}-{run}"), Value::Template("{S}-{run}".into()));
        assert_eq!(fill("a}b{"), Value::Text("a}b{".into()));
        assert!(matches!(fill("{L}"), Value::Template(_)));
        assert_ne!(fill("{case:2}"), fill("{case}"));
    }

    #[test]
    fn the_hash_is_fixed_for_good() {
        // Pinned: other programs rely on it to know which resource a case uses.
        let id = CaseId("connect/TagContact/valid/control/plain".into());
        assert_eq!(id.token(1), "ba637512ba87");
    }
}
