//! `overstep cases --format corpus=DIR`: seeds that send what their cases send, and a dictionary that libFuzzer takes.

#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

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
    let output = command::overstep(directory, arguments).output().expect("it starts");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
}

/// The seeds of a shipped scenario by their names, and the text of the dictionary.
type Exported = (BTreeMap<String, Vec<u8>>, String);

/// The same for all tests.
fn exported(scenario: &str) -> &'static Exported {
    static ALL: LazyLock<[Exported; 2]> = LazyLock::new(|| ["connect", "leadlex"].map(export));
    &ALL[usize::from(scenario == "leadlex")]
}

fn export(scenario: &str) -> Exported {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (code, said) = overstep(directory.path(), &["cases", scenario, "--format", "corpus=seeds"]);
    assert_eq!(code, 0, "{said}");
    let entries = std::fs::read_dir(directory.path().join("seeds")).expect("seeds");
    let seeds = entries.map(|entry| {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read(path).expect("readable"))
    });
    let words = std::fs::read_to_string(directory.path().join("seeds.dict")).expect("a dictionary beside");
    (seeds.collect(), words)
}

/// All that a case sends but what makes and takes away resources, with its resources' names taken out.
fn requests(contract: &Contract, scenario: &Scenario, case: &Case) -> Result<Vec<String>, String> {
    let endpoint = Endpoint::parse("http://localhost").expect("a URL");
    let plan = RunPlan {
        contract,
        scenario,
        endpoint: &endpoint,
        transport_options: TransportOptions::default(),
        run_id: "run".to_owned(),
        overrides: indexmap::IndexMap::new(),
        aws_keys: None,
        control_case: &|_| None,
        cancel_token: CancelToken::default(),
        leaked_fixtures: LeakedFixtures::default(),
        search_time: Default::default(),
        server: None,
        restart_endpoint: None,
    };
    let drafts = prepare_requests(&plan, case, &|name| format!("<{name}>"))?;
    let told = case
        .steps
        .iter()
        .zip(drafts)
        .filter(|(step, _)| !matches!(step.purpose, StepPurpose::SetUp | StepPurpose::TearDown));
    let mut told: Vec<_> =
        told.map(|(step, draft)| (step.turn, nameless(&case.id, &format!("{:?}", draft.unsigned)))).collect();
    told.sort_by_key(|(turn, _)| *turn);
    Ok(told.into_iter().map(|(_, text)| text).collect())
}

/// Each of a case's resources has a token of its own.
fn nameless(id: &CaseId, text: &str) -> String {
    let tokens = (0..3).flat_map(|resource| (1..4).map(move |ordinal| resource * 1000 + ordinal));
    tokens.fold(text.to_owned(), |text, number| text.replace(&id.token(number), &format!("<{number}>")))
}

#[test]
fn every_seed_sends_what_its_case_sends() {
    for (name, least) in [("connect", 1500), ("leadlex", 150)] {
        let (contract, scenario, _) = support::shipped(name);
        let scenario = overstep::infer::complete_scenario(&contract, &scenario).scenario;
        let wild = FuzzGenerator::new(&contract, &scenario, 1).expect("a plan");
        let (seeds, _) = exported(name);
        let all = seeds.len();
        let by_text: HashMap<&[u8], &String> = seeds.iter().map(|(file, bytes)| (bytes.as_slice(), file)).collect();
        let mut used = BTreeSet::new();
        let mut none = BTreeSet::new();
        let cases = overstep::generate::generate_cases(
            &contract,
            &scenario,
            GenerationOptions { seed: 1, ..GenerationOptions::default() },
        );
        for case in cases.expect("cases") {
            let acts = wild.actions_from_case(&case).filter(|_| case.unsendable_reason.is_none());
            let seed = acts.map(|acts| actions_to_json(&acts).to_string().into_bytes());
            let Some((seed, file)) = seed.as_deref().and_then(|seed| by_text.get_key_value(seed)) else {
                none.insert(case.id.class());
                continue;
            };
            let acts = wild.actions_from_bytes(seed).unwrap_or_else(|| panic!("{}: {file}", case.id));
            let tale = wild.build_fuzz_case(file, &acts).unwrap_or_else(|| panic!("{}: nothing is told", case.id));
            assert_eq!(
                requests(&contract, &scenario, &tale.case),
                requests(&contract, &scenario, &case),
                "{}: {}",
                case.id,
                String::from_utf8_lossy(seed)
            );
            used.insert(*file);
        }
        assert_eq!(used.len(), all, "{name}: some seeds are of no case");
        assert!(all >= least, "{name}: {all}");
        println!("{name}: {all} seeds; some cases without: {none:?}");
        // What a mere stranger may not do is no act of the caller's.
        assert!(none.contains(&Some(CaseClass::Auth)), "{none:?}");
    }
}

/// Reads a dictionary as libFuzzer's `ParseDictionaryFile` does; what it refuses is the line.
fn parsed(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let lines = text.split('\n').map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| word(line.as_bytes()).ok_or_else(|| line.to_owned())).collect()
}

fn word(line: &[u8]) -> Option<Vec<u8>> {
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
fn the_dictionary_is_what_libfuzzer_takes() {
    for broken in ["x", "\"", "\"\"", "\"\\q\"", "\"\u{e9}\"", "\"\\x1\""] {
        assert!(parsed(broken).is_err(), "{broken}");
    }
    assert_eq!(parsed("# x\n\n kw=\"a\\\"\\\\\\x4a\" \n"), Ok(vec![b"a\"\\J".to_vec()]));
    for (name, expected) in [
        // Members, enum values, limits and what lies beside them.
        ("connect", ["ContactId", "Tags", "256", "257", "255", "TagContact", "{\"$template\":\"{use}\"}"]),
        ("leadlex", ["tags", "id", "data", "contact_id", "null", "AddTagsToContact", "{\"$template\":\"{use}\"}"]),
    ] {
        let (_, text) = exported(name);
        let words = parsed(text).unwrap_or_else(|line| panic!("{name}: {line}"));
        for word in expected {
            assert!(words.contains(&word.as_bytes().to_vec()), "{name}: `{word}` is not in\n{text}");
        }
        assert!(words.iter().all(|word| word.len() <= 64));
        let distinct: BTreeSet<&Vec<u8>> = words.iter().collect();
        assert_eq!(distinct.len(), words.len());
    }
}

#[test]
fn a_faithful_service_withstands_all_seeds_twice() {
    for name in ["connect", "leadlex"] {
        let (contract, scenario, world) = support::shipped(name);
        let server = overstep::reference::ReferenceService::new(contract.clone(), world);
        let subject = Subject::from_parts(contract, &scenario, "http://localhost").expect("they fit each other");
        let (seeds, _) = exported(name);
        let mut judged = 0;
        for (file, seed) in seeds.iter().chain(seeds) {
            let ran = subject.try_fuzz(seed, &mut service::reference(&server));
            judged += ran.unwrap_or_else(|finding| panic!("{file}: {finding}"));
        }
        assert!(judged >= 2 * seeds.len(), "{name}: {judged} of {}", seeds.len());
    }
}

#[test]
fn fuzzing_begins_with_the_seeds() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("made");
    std::fs::write(scenarios.join("cards.toml"), cards::SCENARIO).expect("written");
    std::fs::write(scenarios.join("cards.contract.json"), cards::CONTRACT).expect("written");
    let (code, said) = overstep(directory.path(), &["cases", "cards", "--format", "corpus=corpus"]);
    assert_eq!(code, 0, "{said}");
    // What a seed sends that no plain request and no chance would: the bodies of its requests.
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    let mut files = 0;
    for entry in std::fs::read_dir(directory.path().join("corpus")).expect("seeds") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("text");
        files += 1;
        for act in actions_from_json(serde_json::from_str(&text).expect("JSON")).expect("acts") {
            let Action::Send { damage, .. } = &act else { continue };
            if damage.is_empty()
                && let Json::Array(written) = actions_to_json(std::slice::from_ref(&act))
                && let Some(labels) = written[0]["input"].get("labels")
                && !labels.to_string().contains('$')
            {
                wanted.insert(labels.to_string());
            }
        }
    }
    assert!(wanted.len() > 10, "{wanted:?}");
    let seen: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let (service, seeing) = (cards::Cards::new(cards::Fault::Faithful), Arc::clone(&seen));
    let address = loopback::serve_json(move |method, target, body| {
        if let Ok(body) = serde_json::from_slice::<Json>(body)
            && let Some(labels) = body.get("labels")
        {
            seeing.lock().expect("no panic").insert(labels.to_string());
        }
        service.answer(method, target, body)
    });
    // The plain request of each of the three operations stands before them.
    let (url, most) = (format!("http://{address}"), (files + 3).to_string());
    let arguments = ["fuzz", "cards", "-e", &url, "--max-cases", &most, "--corpus", "corpus", "--no-progress"];
    let (code, said) = overstep(directory.path(), &arguments);
    assert_eq!(code, 0, "{said}");
    let seen = seen.lock().expect("no panic");
    let missing: Vec<&String> = wanted.difference(&seen).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_is_there_stays_and_what_was_written_is_said() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (folder, words) = (directory.path().join("my/seeds"), directory.path().join("my/seeds.dict"));
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(folder.join("mine"), "[]").expect("written");
    std::fs::write(&words, "# mine\nkw=\"mine\"").expect("written");
    let corpus = ["cases", "connect", "--level", "quick", "--format", "corpus=my/seeds/", "-E", "op(TagContact)"];
    let first = overstep(directory.path(), &corpus);
    let second = overstep(directory.path(), &corpus);
    insta::assert_snapshot!("corpus", format!("exit {}\n{}\nexit {}\n{}", first.0, first.1, second.0, second.1));
    assert_eq!(std::fs::read_to_string(folder.join("mine")).expect("still there"), "[]");
    let text = std::fs::read_to_string(&words).expect("still there");
    assert!(text.starts_with("# mine\nkw=\"mine\"\n\""), "{text}");
    for (arguments, code, part) in [
        (["cases", "connect", "--format", "corpus=.."], 2, "has no name"),
        (["cases", "connect", "--format", "corpus="], 2, "corpus=DIR"),
        (["cases", "connect", "--format", "xml"], 2, "there are `text`"),
        (["cases", "connect", "--format=corpus=none", "-Enothing-like-it"], 4, "no case is left"),
    ] {
        let (ended, said) = overstep(directory.path(), &arguments);
        assert!(ended == code && said.contains(part), "{arguments:?}: {ended} {said}");
    }
    assert!(!directory.path().join("none.dict").exists());
}
