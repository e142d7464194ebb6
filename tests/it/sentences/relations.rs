//! Precision and recall of relations between members, on sentences of documents and of models' documentation.

use super::labels::{Documents, description_at};
use crate::support::visible::say;
use overstep::ingest::{ProseStatement, StatedFact, read_html_statements, read_statements};
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashMap};
use std::io::Read as _;
use std::path::PathBuf;

/// Minimum share of stated relations that are read.
const MIN_RECALL: f64 = 0.80;
/// Minimum share of read relations that are stated.
const MIN_PRECISION: f64 = 0.97;
/// Minimum number of labels of which the documents are present.
const MIN_LABELS: usize = 60;

/// The newest models of services, as they are needed.
struct Models {
    folder: Option<PathBuf>,
    models: HashMap<String, Option<Json>>,
}

impl Models {
    /// Returns the documentation of a member: its own, or else that of its shape.
    fn documentation(&mut self, service: &str, place: &str) -> Option<String> {
        let folder = self.folder.clone()?.join("botocore/data").join(service);
        let model = self.models.entry(service.to_owned()).or_insert_with(|| {
            let version = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).max()?;
            let mut text = String::new();
            let file = std::fs::File::open(version.join("service-2.json.gz")).ok()?;
            flate2::read::GzDecoder::new(file).read_to_string(&mut text).ok()?;
            serde_json::from_str(&text).ok()
        });
        let shapes = &model.as_ref()?["shapes"];
        let (shape, member) = place.split_once('.')?;
        let described = &shapes[shape]["members"][member];
        let target = &shapes[described["shape"].as_str()?];
        let text = described["documentation"].as_str().or_else(|| target["documentation"].as_str());
        Some(text.unwrap_or_default().to_owned())
    }
}

fn relations_of(statements: &[ProseStatement]) -> BTreeSet<String> {
    let relations = statements.iter().filter(|one| matches!(one.fact, StatedFact::Relation(_)));
    relations.map(ToString::to_string).collect()
}

#[test]
fn labelled_relations_are_read() {
    let mut documents = Documents::new();
    let mut models =
        Models { folder: std::env::var_os("OVERSTEP_BOTOCORE").map(PathBuf::from), models: HashMap::new() };
    let (mut count, mut absent, mut read_facts, mut missed, mut wrong) = (0, 0, 0_u32, Vec::new(), Vec::new());
    for label in include_str!("relations.tsv").lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = label.split('\t').collect();
        let [name, place, facts] = fields[..] else { panic!("a label has three fields: {label}") };
        let read = match name.strip_prefix("botocore:") {
            Some(service) => {
                let member = place.split('.').next_back().unwrap_or_default();
                models.documentation(service, place).map(|text| relations_of(&read_html_statements(&text, member)))
            }
            None => documents.text(name).map(|text| {
                relations_of(&read_statements(&description_at(name, &text, place.parse().expect("a line"))))
            }),
        };
        let Some(read) = read else {
            absent += 1;
            continue;
        };
        count += 1;
        let expected: BTreeSet<String> = facts.split("; ").filter(|fact| !fact.is_empty()).map(str::to_owned).collect();
        read_facts += u32::try_from(read.intersection(&expected).count()).expect("a few");
        missed.extend(expected.difference(&read).map(|fact| format!("{name} {place} {fact}")));
        wrong.extend(read.difference(&expected).map(|fact| format!("{name} {place} {fact}")));
    }
    if absent > 0 {
        say(&format!("relations: skipped {absent} labels, their documents are missing"));
    }
    if count < MIN_LABELS {
        say(&format!("skipped: the documents of {count} labels are present, {MIN_LABELS} are needed"));
        return;
    }
    let share = |others: usize| f64::from(read_facts) / (f64::from(read_facts) + others as f64);
    let (recall, precision) = (share(missed.len()), share(wrong.len()));
    say(&format!(
        "relations: {count} labelled descriptions, {read_facts} read, recall {:.1} %, precision {:.1} %",
        recall * 100.0,
        precision * 100.0
    ));
    let details = format!("missed: {missed:#?}\nwrong: {wrong:#?}");
    assert!(recall >= MIN_RECALL, "recall {recall:.3}\n{details}");
    assert!(precision >= MIN_PRECISION, "precision {precision:.3}\n{details}");
}
