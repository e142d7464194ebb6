//! `overstep cases --format corpus=DIR`: seeds that send the requests of their cases, and a dictionary for libFuzzer.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::cards::service;
use crate::support::command;
use crate::{cards, loopback, support};
use overstep::case::{Case, CaseClass, CaseId, StepPurpose};
use overstep::contract::Contract;
use overstep::generate::{Action, FuzzGenerator, GenerationOptions, actions_from_json, actions_to_json};
use overstep::inprocess::Subject;
use overstep::run::{CancelToken, Endpoint, LeakedFixtures, RunPlan, TransportOptions, prepare_requests};
use overstep::scenario::Scenario;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

fn overstep(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let output = command::overstep(directory, arguments).output().expect("start overstep");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

/// Seeds of a shipped scenario by file name, and the text of the dictionary.
type Exported = (BTreeMap<String, Vec<u8>>, String);

/// Returns the seeds of a scenario, which are exported once for all tests.
fn exported(scenario: &str) -> &'static Exported {
    static ALL: LazyLock<[Exported; 2]> = LazyLock::new(|| ["connect", "leadlex"].map(export));
    &ALL[usize::from(scenario == "leadlex")]
}

fn export(scenario: &str) -> Exported {
    let directory = tempfile::tempdir().expect("create temporary directory");
    let (code, text) = overstep(directory.path(), &["cases", scenario, "--format", "corpus=seeds"]);
    assert_eq!(code, 0, "{text}");
    let entries = std::fs::read_dir(directory.path().join("seeds")).expect("read seeds");
    let seeds = entries.map(|entry| {
        let path = entry.expect("directory entry").path();
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        (name, std::fs::read(path).expect("read file"))
    });
    let words = std::fs::read_to_string(directory.path().join("seeds.dict")).expect("read the dictionary");
    (seeds.collect(), words)
}

/// Returns the requests of a case without set-up and teardown, and with placeholders for the names of its resources.
fn requests(contract: &Contract, scenario: &Scenario, case: &Case) -> Result<Vec<String>, String> {
    let endpoint = Endpoint::parse("http://localhost").expect("valid URL");
    let plan = RunPlan {
        contract,
        scenario,
        endpoint: &endpoint,
        transport_options: TransportOptions::default(),
        run_id: "run".to_owned(),
        overrides: indexmap::IndexMap::new(),
        aws_keys: None,
        control_case: &|_| None,
        logins: overstep::run::Logins::default(),
        cancel_token: CancelToken::default(),
        leaked_fixtures: LeakedFixtures::default(),
        search_time: Default::default(),
        response_times: Default::default(),
        load_limit: overstep::run::LoadLimit::default(),
        operation_health: Default::default(),
        server: None,
        reset_endpoint: None,
        restart_endpoint: None,
    };
    let prepared = prepare_requests(&plan, case, &|name| format!("<{name}>")).map_err(|error| error.to_string())?;
    let judged = case
        .steps
        .iter()
        .zip(prepared)
        .filter(|(step, _)| !matches!(step.purpose, StepPurpose::SetUp | StepPurpose::TearDown));
    let mut requests: Vec<_> =
        judged.map(|(step, request)| (step.turn, mask_tokens(&case.id, &format!("{:?}", request.unsigned)))).collect();
    requests.sort_by_key(|(turn, _)| *turn);
    Ok(requests.into_iter().map(|(_, text)| text).collect())
}

/// Replaces the token of each resource of a case with its number.
fn mask_tokens(id: &CaseId, text: &str) -> String {
    let tokens = (0..3).flat_map(|resource| (1..4).map(move |ordinal| resource * 1000 + ordinal));
    tokens.fold(text.to_owned(), |text, number| text.replace(&id.token(number), &format!("<{number}>")))
}

#[test]
fn each_seed_sends_the_requests_of_its_case() {
    for (name, least) in [("connect", 1500), ("leadlex", 150)] {
        let (contract, scenario, _) = support::shipped(name);
        let scenario = overstep::infer::complete_scenario(&contract, &scenario).scenario;
        let generator = FuzzGenerator::new(&contract, &scenario, 1).expect("build the generator");
        let (seeds, _) = exported(name);
        let all = seeds.len();
        let by_text: HashMap<&[u8], &String> = seeds.iter().map(|(file, bytes)| (bytes.as_slice(), file)).collect();
        let mut used = BTreeSet::new();
        let mut classes_without_seed = BTreeSet::new();
        let cases = overstep::generate::generate_cases(
            &contract,
            &scenario,
            GenerationOptions { seed: 1, ..GenerationOptions::default() },
        );
        for case in cases.expect("generate cases") {
            let actions = generator.actions_from_case(&case).filter(|_| case.unsendable_reason.is_none());
            let seed = actions.map(|actions| actions_to_json(&actions).to_string().into_bytes());
            let Some((seed, file)) = seed.as_deref().and_then(|seed| by_text.get_key_value(seed)) else {
                classes_without_seed.insert(case.id.class());
                continue;
            };
            let actions = generator.actions_from_bytes(seed).unwrap_or_else(|| panic!("{}: {file}", case.id));
            let fuzz_case =
                generator.build_fuzz_case(file, &actions).unwrap_or_else(|| panic!("{}: no fuzz case", case.id));
            assert_eq!(
                requests(&contract, &scenario, &fuzz_case.case),
                requests(&contract, &scenario, &case),
                "{}: {}",
                case.id,
                String::from_utf8_lossy(seed)
            );
            used.insert(*file);
        }
        assert_eq!(used.len(), all, "{name}: some seeds belong to no case");
        assert!(all >= least, "{name}: {all}");
        println!("{name}: {all} seeds; classes with cases without a seed: {classes_without_seed:?}");
        // Requests of other callers cannot be expressed as actions.
        assert!(classes_without_seed.contains(&Some(CaseClass::Auth)), "{classes_without_seed:?}");
    }
}

/// Parses a dictionary as libFuzzer's `ParseDictionaryFile` does. Returns the first invalid line as error.
fn parse_dictionary(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let lines = text.split('\n').map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| parse_word(line.as_bytes()).ok_or_else(|| line.to_owned())).collect()
}

fn parse_word(line: &[u8]) -> Option<Vec<u8>> {
    let inner = line.strip_suffix(b"\"")?;
    let open = inner.iter().position(|byte| *byte == b'"')?;
    let mut rest = &inner[open + 1..];
    let mut word = Vec::new();
    while let [first, after @ ..] = rest {
        if !(first.is_ascii_graphic() || first.is_ascii_whitespace()) {
            return None;
        }
        (word, rest) = match (first, after) {
            (b'\\', [escaped @ (b'\\' | b'"'), after @ ..]) => ([word, vec![*escaped]].concat(), after),
            (b'\\', [b'x', hex @ ..]) if hex.len() >= 2 && hex[..2].iter().all(u8::is_ascii_hexdigit) => {
                let hex_text = std::str::from_utf8(&hex[..2]).ok()?;
                ([word, vec![u8::from_str_radix(hex_text, 16).ok()?]].concat(), &hex[2..])
            }
            (b'\\', _) => return None,
            (byte, after) => ([word, vec![*byte]].concat(), after),
        };
    }
    (!word.is_empty()).then_some(word)
}

#[test]
fn dictionary_is_valid_for_libfuzzer() {
    for broken in ["x", "\"", "\"\"", "\"\\q\"", "\"\u{e9}\"", "\"\\x1\""] {
        assert!(parse_dictionary(broken).is_err(), "{broken}");
    }
    assert_eq!(parse_dictionary("# x\n\n kw=\"a\\\"\\\\\\x4a\" \n"), Ok(vec![b"a\"\\J".to_vec()]));
    for (name, expected) in [
        // Members, enum values, limits and their neighbours.
        ("connect", ["ContactId", "Tags", "256", "257", "255", "TagContact", "{\"$template\":\"{use}\"}"]),
        ("leadlex", ["tags", "id", "data", "contact_id", "null", "AddTagsToContact", "{\"$template\":\"{use}\"}"]),
    ] {
        let (_, text) = exported(name);
        let words = parse_dictionary(text).unwrap_or_else(|line| panic!("{name}: {line}"));
        for word in expected {
            assert!(words.contains(&word.as_bytes().to_vec()), "{name}: `{word}` is not in\n{text}");
        }
        assert!(words.iter().all(|word| word.len() <= 64));
        let distinct: BTreeSet<&Vec<u8>> = words.iter().collect();
        assert_eq!(distinct.len(), words.len());
    }
}

#[test]
fn conforming_service_has_no_findings_for_all_seeds() {
    for name in ["connect", "leadlex"] {
        let (contract, scenario, world) = support::shipped(name);
        let server = overstep::reference::ReferenceService::new(contract.clone(), world);
        let subject =
            Subject::from_parts(contract, &scenario, "http://localhost").expect("contract and scenario match");
        let (seeds, _) = exported(name);
        let mut judged = 0;
        for (file, seed) in seeds.iter().chain(seeds) {
            let result = subject.try_fuzz(seed, &mut service::reference(&server));
            judged += result.unwrap_or_else(|finding| panic!("{file}: {finding}"));
        }
        assert!(judged >= 2 * seeds.len(), "{name}: {judged} of {}", seeds.len());
    }
}

#[test]
fn fuzzing_starts_with_the_seeds() {
    let directory = tempfile::tempdir().expect("create temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("create directory");
    std::fs::write(scenarios.join("cards.toml"), cards::SCENARIO).expect("write file");
    std::fs::write(scenarios.join("cards.contract.json"), cards::CONTRACT).expect("write file");
    let (code, text) = overstep(directory.path(), &["cases", "cards", "--format", "corpus=corpus"]);
    assert_eq!(code, 0, "{text}");
    // Label maps of the seeds, which no control request and hardly any random request contains.
    let mut expected: BTreeSet<String> = BTreeSet::new();
    let mut files = 0;
    for entry in std::fs::read_dir(directory.path().join("corpus")).expect("read seeds") {
        let text = std::fs::read_to_string(entry.expect("directory entry").path()).expect("UTF-8 text");
        files += 1;
        for action in actions_from_json(serde_json::from_str(&text).expect("valid JSON")).expect("valid actions") {
            let Action::Send { damage, .. } = &action else { continue };
            if damage.is_empty()
                && let Json::Array(written) = actions_to_json(std::slice::from_ref(&action))
                && let Some(labels) = written[0]["input"].get("labels")
                && !labels.to_string().contains('$')
            {
                expected.insert(labels.to_string());
            }
        }
    }
    assert!(expected.len() > 10, "{expected:?}");
    let received: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let (service, labels_log) = (cards::Cards::new(cards::Fault::Faithful), Arc::clone(&received));
    let address = loopback::serve_json(move |method, target, body| {
        if let Ok(body) = serde_json::from_slice::<Json>(body)
            && let Some(labels) = body.get("labels")
        {
            labels_log.lock().expect("lock is not poisoned").insert(labels.to_string());
        }
        service.respond(method, target, body)
    });
    // The control request of each of the three operations comes first.
    let (url, max_cases) = (format!("http://{address}"), (files + 3).to_string());
    let arguments = ["fuzz", "cards", "-e", &url, "--max-cases", &max_cases, "--corpus", "corpus", "--no-progress"];
    let (code, text) = overstep(directory.path(), &arguments);
    assert_eq!(code, 0, "{text}");
    let received = received.lock().expect("lock is not poisoned");
    let missing: Vec<&String> = expected.difference(&received).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn existing_files_are_kept_and_new_ones_are_counted() {
    let directory = tempfile::tempdir().expect("create temporary directory");
    let (folder, words) = (directory.path().join("my/seeds"), directory.path().join("my/seeds.dict"));
    std::fs::create_dir_all(&folder).expect("create directory");
    std::fs::write(folder.join("mine"), "[]").expect("write file");
    std::fs::write(&words, "# mine\nkw=\"mine\"").expect("write file");
    let corpus = ["cases", "connect", "--level", "quick", "--format", "corpus=my/seeds/", "-E", "op(TagContact)"];
    let first = overstep(directory.path(), &corpus);
    let second = overstep(directory.path(), &corpus);
    insta::assert_snapshot!("corpus", format!("exit {}\n{}\nexit {}\n{}", first.0, first.1, second.0, second.1));
    assert_eq!(std::fs::read_to_string(folder.join("mine")).expect("read file"), "[]");
    let text = std::fs::read_to_string(&words).expect("read file");
    assert!(text.starts_with("# mine\nkw=\"mine\"\n\""), "{text}");
    for (arguments, code, part) in [
        (["cases", "connect", "--format", "corpus=.."], 2, "has no folder name"),
        (["cases", "connect", "--format", "corpus="], 2, "corpus=DIR"),
        (["cases", "connect", "--format", "xml"], 2, "expected one of `text`"),
        (["cases", "connect", "--format=corpus=none", "-Enothing-like-it"], 4, "no case matches"),
    ] {
        let (actual_code, text) = overstep(directory.path(), &arguments);
        assert!(actual_code == code && text.contains(part), "{arguments:?}: {actual_code} {text}");
    }
    assert!(!directory.path().join("none.dict").exists());
}
