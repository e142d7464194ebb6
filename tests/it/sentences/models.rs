//! Sentences in the documentation of botocore's models, compared with the structured fields beside them.

use crate::support::{self, visible::say};
use overstep::ingest::{ProseStatement, StatedFact, StatedPart, read_html_statements};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Minimum share of the facts that agree with the model, or contradict it in a sentence that was checked by hand.
const MIN_PRECISION: f64 = 0.98;
/// One in `STRIDE` of the services is read, unless the tests are to be complete.
const STRIDE: usize = 8;

/// A number that says nothing: no minimum, or the largest number of a type.
fn is_no_limit(number: f64, is_min: bool, is_number: bool) -> bool {
    !is_number && (if is_min { number == 0.0 } else { number >= 2_147_483_647.0 })
}

/// The counts of a comparison.
#[derive(Default)]
struct Comparison {
    agreed: usize,
    checked: usize,
    wrong: Vec<String>,
}

impl Comparison {
    fn add(&mut self, agrees: bool, place: &str, fact: &str, contradictions: &BTreeSet<String>) {
        if agrees {
            self.agreed += 1;
        } else if contradictions.contains(&format!("{place}\t{fact}")) {
            self.checked += 1;
        } else {
            self.wrong.push(format!("{place} {fact}"));
        }
    }

    /// Compares a statement with the shape that it is about.
    fn compare(&mut self, shape: &Json, statement: &ProseStatement, place: &str, known: &BTreeSet<String>) {
        let kind = shape["type"].as_str().unwrap_or_default();
        let is_number = ["integer", "long", "float", "double"].contains(&kind);
        let is_collection = ["list", "map"].contains(&kind);
        let is_plain_text = kind == "string" && shape["enum"].is_null();
        let to_f64 = |end: &Option<u64>| end.map(|end| end as f64);
        let of_number = |end: &Option<serde_json::Number>| end.as_ref().and_then(serde_json::Number::as_f64);
        let ends = match &statement.fact {
            StatedFact::Characters(min, max) if is_plain_text => [to_f64(min), to_f64(max)],
            StatedFact::Entries(min, max) if is_collection => [to_f64(min), to_f64(max)],
            StatedFact::Size(min, max) if is_plain_text || is_collection || is_number => [to_f64(min), to_f64(max)],
            StatedFact::Range(min, max) if is_number => [of_number(min), of_number(max)],
            StatedFact::Between(min, max) if is_number => {
                [of_number(min).map(|min| min + 1.0), of_number(max).map(|max| max - 1.0)]
            }
            StatedFact::Values(values) if !shape["enum"].is_null() => {
                let stated: BTreeSet<&str> = values.iter().map(String::as_str).collect();
                let listed = shape["enum"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
                return self.add(stated == listed, place, &statement.to_string(), known);
            }
            _ => return,
        };
        let texts: Vec<String> = statement.to_string().split("; ").map(str::to_owned).collect();
        for (end, field, is_min) in [(ends[0], "min", true), (ends[1], "max", false)] {
            let Some(stated) = end else { continue };
            let Some(structured) = shape[field].as_f64().filter(|one| !is_no_limit(*one, is_min, is_number)) else {
                continue;
            };
            let signs = if is_min { [">=", ">"] } else { ["<=", "<"] };
            let text = texts.iter().find(|text| signs.iter().any(|sign| text.contains(sign)));
            self.add(stated == structured, place, text.map_or("", |text| text), known);
        }
    }

    fn compare_service(&mut self, service: &str, model: &Json, known: &BTreeSet<String>) {
        let shapes = &model["shapes"];
        for (name, shape) in shapes.as_object().into_iter().flatten() {
            for (member, reference) in shape["members"].as_object().into_iter().flatten() {
                let Some(documentation) = reference["documentation"].as_str() else { continue };
                let target = &shapes[reference["shape"].as_str().unwrap_or_default()];
                let part = |field: &str| &shapes[target[field]["shape"].as_str().unwrap_or_default()];
                for statement in read_html_statements(documentation, member) {
                    let shape = match (statement.part, target["type"].as_str()) {
                        (StatedPart::Whole, _) => target,
                        (StatedPart::Item, Some("list")) => part("member"),
                        (StatedPart::Item, Some("map")) => part("value"),
                        (StatedPart::Key, Some("map")) => part("key"),
                        _ => continue,
                    };
                    self.compare(shape, &statement, &format!("{service}\t{name}.{member}"), known);
                }
            }
        }
    }
}

/// Returns the newest model of a service.
fn read_model(folder: &Path) -> Option<Json> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir(folder).ok()?.filter_map(|one| Some(one.ok()?.path())).collect();
    versions.sort();
    versions.iter().rev().find_map(|version| {
        let mut text = String::new();
        match std::fs::File::open(version.join("service-2.json.gz")) {
            Ok(file) => flate2::read::GzDecoder::new(file).read_to_string(&mut text).ok()?,
            Err(_) => std::fs::File::open(version.join("service-2.json")).ok()?.read_to_string(&mut text).ok()?,
        };
        serde_json::from_str(&text).ok()
    })
}

#[test]
fn sentences_agree_with_the_models_beside_them() {
    let Some(botocore) = std::env::var_os("OVERSTEP_BOTOCORE").map(PathBuf::from) else {
        say("SKIPPED: OVERSTEP_BOTOCORE is not set to a directory with botocore");
        return;
    };
    let contradictions: BTreeSet<String> =
        include_str!("contradictions.tsv").lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let data = botocore.join("botocore/data");
    let services = std::fs::read_dir(&data).expect("read botocore's models").filter_map(Result::ok);
    let services: BTreeSet<String> = services
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let stride = if support::is_full() { 1 } else { STRIDE };
    let mut found = Comparison::default();
    for service in services.iter().step_by(stride) {
        let Some(model) = read_model(&data.join(service)) else { continue };
        found.compare_service(service, &model, &contradictions);
    }
    let right = (found.agreed + found.checked) as f64;
    let precision = right / (right + found.wrong.len() as f64);
    say(&format!(
        "sentences of models: {} agree with the structured field, {} contradict it in fact, {} are misread: {:.2} %",
        found.agreed,
        found.checked,
        found.wrong.len(),
        precision * 100.0
    ));
    assert!(found.agreed > 100, "{} facts", found.agreed);
    assert!(precision >= MIN_PRECISION, "{precision:.4}: {:#?}", found.wrong);
}
