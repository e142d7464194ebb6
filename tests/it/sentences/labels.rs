//! Precision and recall on descriptions drawn at random.

use crate::support::visible::say;
use overstep::ingest::read_statements;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Minimum share of stated facts that are read.
const MIN_RECALL: f64 = 0.85;
/// Minimum share of read facts that are stated.
const MIN_PRECISION: f64 = 0.98;
/// Minimum number of descriptions of which the documents are present.
const MIN_DESCRIPTIONS: usize = 400;

/// Finds the documents of the labels.
pub(super) struct Documents {
    unpacked: tempfile::TempDir,
    archives: HashMap<PathBuf, Option<PathBuf>>,
    texts: HashMap<String, Option<String>>,
}

impl Documents {
    pub(super) fn new() -> Self {
        let unpacked = tempfile::tempdir().expect("create temporary directory");
        Self { unpacked, archives: HashMap::new(), texts: HashMap::new() }
    }

    /// Returns the text of a document, if it is present.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        if let Some(known) = self.texts.get(name) {
            return known.clone();
        }
        let file = self.file(name);
        let text = file.and_then(|file| std::fs::read_to_string(file).ok());
        self.texts.insert(name.to_owned(), text.clone());
        text
    }

    fn file(&mut self, name: &str) -> Option<PathBuf> {
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
        let (kind, path) = name.split_once('/')?;
        if kind == "boto3" {
            return Some(PathBuf::from(std::env::var_os("OVERSTEP_BOTO3_PAGES")?).join(path));
        }
        let folder = if kind == "openapi" { shared.join("openapi") } else { shared.join("docs").join(kind) };
        if folder.join(path).is_file() {
            return Some(folder.join(path));
        }
        let (archive, inside) = path.split_once('/')?;
        Some(self.unpack(folder.join(format!("{archive}.tar.gz")))?.join(inside))
    }

    fn unpack(&mut self, archive: PathBuf) -> Option<PathBuf> {
        let number = self.archives.len().to_string();
        let target = self.unpacked.path().join(number);
        let entry = self.archives.entry(archive.clone()).or_insert_with(|| {
            std::fs::create_dir(&target).ok()?;
            let unpacked = std::process::Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(&target).status();
            unpacked.is_ok_and(|status| status.success()).then_some(target)
        });
        entry.clone()
    }
}

/// Returns the description that begins on a line, counted from 1.
pub(super) fn description_at(name: &str, text: &str, line: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let first = lines[line - 1];
    if name.ends_with(".json") {
        let value = first.trim().trim_start_matches("\"description\"").trim_start().trim_start_matches(':').trim();
        return serde_json::from_str(value.trim_end_matches(',')).expect("a text");
    }
    if name.ends_with(".yml") || name.ends_with(".yaml") {
        return yaml_text(&lines, line - 1);
    }
    // Tags of a page are no part of the description.
    let mut out = String::new();
    let mut inside = false;
    for c in first.chars() {
        match c {
            '<' if name.ends_with(".mdx") => inside = true,
            '>' if inside => inside = false,
            _ if inside => {}
            _ => out.push(c),
        }
    }
    out.trim().to_owned()
}

/// Returns the text of `description:` on a line of a YAML document.
fn yaml_text(lines: &[&str], at: usize) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let line = lines[at];
    let own = indent(line) + if line.trim_start().starts_with("- ") { 2 } else { 0 };
    let rest = line.split_once("description:").expect("a description").1.trim();
    let is_literal = rest.starts_with('|');
    let mut parts: Vec<String> = Vec::new();
    if !rest.starts_with(['|', '>']) {
        parts.push(rest.to_owned());
    }
    let more = lines[at + 1..].iter().take_while(|line| line.trim().is_empty() || indent(line) > own);
    parts.extend(more.map(|line| line.trim().to_owned()));
    if is_literal {
        return parts.join("\n");
    }
    let mut out = String::new();
    for part in &parts {
        match part.as_str() {
            "" => out.push('\n'),
            part => {
                out.push_str(if out.is_empty() || out.ends_with('\n') { "" } else { " " });
                out.push_str(part);
            }
        }
    }
    let quote = out.chars().next().filter(|c| matches!(c, '"' | '\''));
    let text = out.trim().trim_matches(quote.unwrap_or(' ')).to_owned();
    if quote == Some('\'') { text.replace("''", "'") } else { text.replace("\\\"", "\"") }
}

/// Returns a fact in a form that does not depend on the order of values, and of characters in a set.
fn normal_form(fact: &str) -> String {
    if let Some((head, values)) = fact.split_once("values=") {
        let sorted: BTreeSet<&str> = values.split('|').collect();
        return format!("{head}values={}", sorted.into_iter().collect::<Vec<_>>().join("|"));
    }
    let Some((head, set)) = fact.split_once("set=") else {
        return match fact {
            // Both say that there is something.
            "number>0" => "number>=1".to_owned(),
            "item notEmpty" => "item characters>=1".to_owned(),
            fact => fact.to_owned(),
        };
    };
    let chars: Vec<char> = set.chars().collect();
    let mut members = BTreeSet::new();
    let mut at = 0;
    while at < chars.len() {
        if at + 2 < chars.len() && chars[at + 1] == '-' {
            members.extend(chars[at]..=chars[at + 2]);
            at += 3;
        } else {
            members.insert(chars[at]);
            at += 1;
        }
    }
    format!("{head}set={}", members.into_iter().collect::<String>())
}

/// Returns whether a fact is among others. A size without a unit is the same as one with a unit.
fn is_among(fact: &str, facts: &BTreeSet<String>) -> bool {
    let units = ["characters", "entries", "number", "size"];
    let same_unit = |other: &String| {
        let ends =
            |text: &str| units.iter().find_map(|unit| text.strip_prefix(unit).map(|end| (*unit, end.to_owned())));
        match (ends(fact), ends(other)) {
            (Some((a, end)), Some((b, other_end))) => end == other_end && (a == "size" || b == "size"),
            _ => false,
        }
    };
    let is_not_empty = fact == "notEmpty" && (facts.contains("characters>=1") || facts.contains("entries>=1"));
    let states_one = (fact == "characters>=1" || fact == "entries>=1") && facts.contains("notEmpty");
    facts.contains(fact) || is_not_empty || states_one || facts.iter().any(same_unit)
}

#[test]
fn labelled_descriptions_are_read() {
    let mut documents = Documents::new();
    let (mut read_facts, mut missed, mut wrong, mut count) = (0, Vec::new(), Vec::new(), 0);
    let mut absent: BTreeMap<String, usize> = BTreeMap::new();
    for label in include_str!("labels.tsv").lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = label.split('\t').collect();
        let [name, line, facts] = fields[..] else { panic!("a label has three fields: {label}") };
        let Some(text) = documents.text(name) else {
            *absent.entry(name.split('/').next().unwrap_or_default().to_owned()).or_default() += 1;
            continue;
        };
        count += 1;
        let description = description_at(name, &text, line.parse().expect("a line"));
        let facts: Vec<&str> = facts.split("; ").filter(|fact| !fact.is_empty()).collect();
        let (optional, expected): (Vec<&str>, Vec<&str>) = facts.into_iter().partition(|fact| fact.starts_with('?'));
        let expected: BTreeSet<String> = expected.into_iter().map(normal_form).collect();
        let optional: BTreeSet<String> = optional.into_iter().map(|fact| normal_form(&fact[1..])).collect();
        let stated: BTreeSet<String> = read_statements(&description)
            .iter()
            .flat_map(|statement| statement.to_string().split("; ").map(normal_form).collect::<Vec<_>>())
            .filter(|fact| !["characters>=0", "entries>=0", "size>=0"].contains(&fact.as_str()))
            .collect();
        for fact in &expected {
            match is_among(fact, &stated) {
                true => read_facts += 1,
                false => missed.push(format!("{name}:{line} {fact}")),
            }
        }
        let extra = stated.iter().filter(|fact| !is_among(fact, &expected) && !is_among(fact, &optional));
        wrong.extend(extra.map(|fact| format!("{name}:{line} {fact}")));
    }
    for (kind, count) in &absent {
        say(&format!("sentences: skipped {count} labels, {kind} documents are missing"));
    }
    if count < MIN_DESCRIPTIONS {
        say(&format!(
            "skipped: the documents of {count} labelled descriptions are present, {MIN_DESCRIPTIONS} are needed"
        ));
        return;
    }
    let recall = f64::from(read_facts) / (f64::from(read_facts) + missed.len() as f64);
    let precision = f64::from(read_facts) / (f64::from(read_facts) + wrong.len() as f64);
    say(&format!(
        "sentences: {count} labelled descriptions, {read_facts} facts read, recall {:.1} %, precision {:.1} %",
        recall * 100.0,
        precision * 100.0
    ));
    let details = format!("missed: {missed:#?}\nwrong: {wrong:#?}");
    assert!(recall >= MIN_RECALL, "recall {recall:.3}\n{details}");
    assert!(precision >= MIN_PRECISION, "precision {precision:.3}\n{details}");
}
