//! Attacks on secrets: an endpoint that repeats them in every form, keys that could give them away, and short ones.
//!
//! No test leaves this machine.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

mod echo;

use crate::loopback::{read_request, serve};
use crate::support::command::overstep;
use crate::support::notes_project;
use echo::{ECHO_SECRET, Echo, echoes};
use overstep::wire::{RedactedSecret, Redaction, RequestPart, SecretScope};
use std::collections::BTreeMap;
use std::io::{BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

fn redaction_of(secret: &str) -> Redaction {
    Redaction::new([RedactedSecret::new(secret, "KEY")])
}

#[test]
fn echoed_secret_is_hidden_in_every_form() {
    let redaction = redaction_of(ECHO_SECRET);
    let all = echoes();
    assert!(all.len() >= 40, "{}", all.len());
    for Echo { name, text, leaks } in all {
        let shown = redaction.redact(&text);
        for leak in &leaks {
            assert!(text.contains(leak.as_str()), "{name}: the text contains what must not be shown");
            assert!(!shown.contains(leak.as_str()), "{name}: {shown}");
        }
    }
}

#[test]
fn hiding_a_secret_keeps_json_and_xml_well_formed() {
    let secrets = [ECHO_SECRET, "123456", "true,\"b\"", "a\",\"b\":\"c", "<b>text</b>", "name-of-tag", "\\\\\\\"\\\\"];
    for secret in secrets {
        let redaction = redaction_of(secret);
        let text = serde_json::Value::from(secret).to_string();
        let inner = &text[1..text.len() - 1];
        for json in [
            format!("{{\"{inner}\": [\"x{inner}y\", {{\"a\": \"{inner}\"}}]}}"),
            r#"{"pin": 123456, "n": -1234567.5, "list": [123456, true,"b"], "a":"a","b":"c"}"#.to_owned(),
            "123456".to_owned(),
        ] {
            let before: serde_json::Value = serde_json::from_str(&json).expect("valid");
            let shown = redaction.redact(&json);
            let after = serde_json::from_str::<serde_json::Value>(&shown);
            let after = after.unwrap_or_else(|error| panic!("{error}: {shown}"));
            assert_eq!(before.as_object().map(serde_json::Map::len), after.as_object().map(serde_json::Map::len));
        }
        let escaped = secret.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        for xml in [
            format!("<a x=\"{escaped}\">{escaped}<!-- name-of-tag --><name-of-tag>123456</name-of-tag></a>"),
            "<a><b>text</b><![CDATA[123456]]></a>".to_owned(),
        ] {
            let shown = redaction.redact(&xml);
            let mut reader = quick_xml::Reader::from_str(&shown);
            let mut depth = 0;
            loop {
                match reader.read_event().unwrap_or_else(|error| panic!("{error}: {shown}")) {
                    quick_xml::events::Event::Start(_) => depth += 1,
                    quick_xml::events::Event::End(_) => depth -= 1,
                    quick_xml::events::Event::Eof => break,
                    _ => {}
                }
            }
            assert_eq!(depth, 0, "{shown}");
        }
    }
}

#[test]
fn short_secret_is_hidden_in_values_and_never_in_words() {
    let redaction = redaction_of("test").with_credential_headers(["x-api-key".to_owned()]);
    assert_eq!(redaction.short_secrets(), ["KEY"]);
    for (text, shown) in [
        (r#"{"test":"greatest","value":"test"}"#, r#"{"test":"greatest","value":"$KEY"}"#),
        ("<test a='test'>the greatest test</test>", "<test a='$KEY'>the greatest $KEY</test>"),
        ("key test, tests and greatest", "key $KEY, tests and greatest"),
    ] {
        assert_eq!(redaction.redact(text), shown);
    }
    let message = "a test of the greatest value: test";
    assert_eq!(redaction.redact_message(message), message, "overstep's own words stay");
    let credentials = Redaction::new([RedactedSecret::new("test", "KEY").with_scope(SecretScope::Credentials)])
        .with_credential_headers(["x-api-key".to_owned()]);
    assert_eq!(credentials.redact_request("/cards/test", RequestPart::Other), "/cards/test");
    assert_eq!(credentials.redact_request("test", RequestPart::Header("X-Api-Key")), "$KEY");
    assert_eq!(credentials.redact_request("test", RequestPart::Header("x-name")), "test");
    assert_eq!(
        credentials.redact_request("tes", RequestPart::Header("x-api-key")),
        "<secret without its last character>"
    );
}

#[test]
fn word_that_is_a_secret_is_hidden_in_messages_as_a_word_only() {
    let redaction = redaction_of("secret");
    assert_eq!(redaction.redact_message("CreateSecret, secrets: `secret`"), "CreateSecret, secrets: `$KEY`");
    let redaction = redaction_of("password-4711x");
    assert_eq!(redaction.redact_message("a password is missing"), "a password is missing");
    assert_eq!(redaction.redact_message("got `password-4711`"), "got `<secret without its last character>`");
    assert_eq!(redaction.redact_message("got `password-471`"), "got `<part of $KEY>`");
}

#[test]
fn near_miss_keys_are_described() {
    let redaction = redaction_of("wbk_Full7");
    for (key, shown) in [
        ("wbk_Full7", "$KEY"),
        ("wbk_Full", "<secret without its last character>"),
        ("wbk_Full7x", "<secret with a character added>"),
        ("wbk_Fullb", "<secret with its last character changed>"),
        ("WBK_fULL7", "<secret with its letters in the other case>"),
    ] {
        let text = format!("Bearer {key}");
        assert_eq!(redaction.redact(&text), format!("Bearer {shown}"));
        assert_eq!(redaction.redact_request(&text, RequestPart::Header("authorization")), format!("Bearer {shown}"));
    }
}

#[test]
fn text_that_was_cut_shows_no_beginning_of_a_secret() {
    let redaction = redaction_of("abcdefghijklmnopqrstuvwxyz0123456789");
    let redaction_of_word = redaction_of("test-key-1");
    for text in ["the greatest…", "the latest-kind", "greatest"] {
        assert_eq!(redaction_of_word.redact(text), text);
    }
    assert_eq!(redaction.redact_message("got `token abcdefg…` and more"), "got `token <part of $KEY>…` and more");
}

#[test]
fn secret_that_begins_inside_of_an_escape_leaves_no_half_of_it() {
    let redaction = redaction_of("\\%0Aéa");
    let text = serde_json::json!({"a": "x\\%0Aéay", "b": 1}).to_string();
    assert_eq!(redaction.redact(&text), r#"{"a":"x$KEYy","b":1}"#);
    let redaction = redaction_of("amp;secret-key");
    assert_eq!(redaction.redact("<a>x&amp;secret-key</a>"), "<a>x$KEY</a>");
}

#[test]
fn encoded_secret_is_found_anywhere_in_a_long_text() {
    let redaction = redaction_of(ECHO_SECRET);
    let echo = echoes().into_iter().find(|echo| echo.name == "percent-encoded as a whole").expect("a form");
    for before in [0, 225_000, 229_370, 262_100, 262_200, 458_700, 1_000_000] {
        let text = format!("{}%41{}%41", "a".repeat(before), echo.text);
        let shown = redaction.redact(&text);
        assert!(!shown.contains(&echo.leaks[0]) && shown.contains("$KEY"), "after {before} bytes");
    }
}

proptest::proptest! {
    /// No text and no secret makes a search panic, and what was found is gone.
    #[test]
    fn any_secret_in_any_text_is_hidden(
        before in "\\PC{0,20}",
        after in "[ -~]{0,20}",
        secret in "[ -~é]{6,30}",
    ) {
        let redaction = redaction_of(&secret);
        for text in [
            format!("{before}{secret}{after}"),
            serde_json::json!({"a": format!("{before}{secret}{after}"), "b": 1}).to_string(),
        ] {
            let shown = redaction.redact(&text).into_owned();
            let is_json = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            if !is_json && !text.trim_start().starts_with('<') && !"$KEY".contains(&secret) {
                proptest::prop_assert!(!shown.contains(&secret), "{}", shown);
            }
            if is_json {
                proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&shown).is_ok(), "{}", shown);
            }
        }
    }
}

/// Runs overstep and returns its exit code and all that it printed.
fn run(directory: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let output = overstep(directory, arguments).envs(environment.iter().copied()).output().expect("start overstep");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), text)
}

/// Returns the content of every file below a directory.
fn files(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("read directory") {
            let path = entry.expect("directory entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let text = String::from_utf8_lossy(&std::fs::read(&path).expect("read file")).into_owned();
                found.insert(path.strip_prefix(directory).expect("inside").display().to_string(), text);
            }
        }
    }
    found
}

/// Starts a server that accepts controls and returns the secret in another form each time, as text, as an error's name
/// and as an error's message.
fn start_echo_server() -> SocketAddr {
    let count = AtomicUsize::new(0);
    let all = echoes();
    serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone the stream"));
        while let Some((head, body)) = read_request(&mut reader) {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let echo = &all[number % all.len()].text;
            let quoted = serde_json::Value::from(echo.as_str()).to_string();
            let is_authorized = head.contains(&format!("Bearer {ECHO_SECRET}\r\n"));
            // Everything that is well-formed is accepted, so that every documented limit is a finding.
            let is_well_formed = serde_json::from_slice::<serde_json::Value>(&body).is_ok_and(|body| body.is_object());
            let (status, kind, body) = match number % 4 {
                _ if is_authorized && (is_well_formed || body.is_empty()) => {
                    (200, "application/json", format!("{{\"data\":{{\"id\":{quoted},\"note\":{quoted}}}}}"))
                }
                0 => (500, "text/plain", echo.clone()),
                1 => (418, "application/json", format!("{{\"error\":{{\"code\":{quoted}}}}}")),
                2 => (409, "application/json", format!("{{\"error\":{{\"code\":\"x\",\"message\":{quoted}}}}}")),
                _ => (503, quoted.as_str(), echo.clone()),
            };
            let kind = kind.replace(['\r', '\n'], " ");
            let head = format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len());
            if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).is_err() {
                return;
            }
        }
    })
}

/// Checks that none of the texts shows the secret in any form.
#[track_caller]
fn assert_hidden(texts: &BTreeMap<String, String>) {
    for Echo { name, leaks, .. } in echoes() {
        for leak in leaks {
            // Files that hold JSON escape it once more.
            let quoted = serde_json::Value::from(leak.as_str()).to_string();
            for form in [&leak, &quoted[1..quoted.len() - 1].to_owned()] {
                for (file, text) in texts {
                    let at = text.find(form.as_str());
                    let around = at.map(|at| &text[text.floor_char_boundary(at.saturating_sub(80))..]);
                    let around: String = around.unwrap_or_default().chars().take(200).collect();
                    assert!(at.is_none(), "{file} shows the secret as {name}: {around}");
                }
            }
        }
    }
}

#[test]
fn no_output_format_shows_a_secret_that_the_endpoint_echoes() {
    let directory = notes_project();
    let at = directory.path();
    let url = format!("http://{}", start_echo_server());
    let secret = format!("key={ECHO_SECRET}");
    let given = ["-e", &url, "--secret", &secret];
    let reports = ["--report", "ndjson=r.ndjson", "--report", "junit=r.xml", "--report", "markdown=r.md"];
    let check =
        [&["check", "notes", "--update", "new"][..], &given, &reports, &["--report", "github=r.github"]].concat();
    let mut printed = BTreeMap::new();
    let mut add = |name: &str, (code, text): (i32, String)| {
        assert!(matches!(code, 0 | 1 | 3), "{name}: {code} {text}");
        printed.insert(name.to_owned(), text);
    };
    add("terminal", run(at, &check, &[]));
    add("cases --format curl", run(at, &["cases", "notes", "--format", "curl", "--secret", &secret], &[]));
    add("doctor", run(at, &[&["doctor", "notes"][..], &given].concat(), &[]));
    let results = std::fs::read_to_string(at.join("r.ndjson")).expect("a report");
    assert!(results.contains("$KEY"), "the variable stands in place of the secret");
    assert!(results.contains("<secret with its last character changed>"), "near misses are described");
    add("replay", run(at, &["replay", "last", "-e", &url, "--secret", &secret], &[]));
    add(
        "replay --format ndjson",
        run(at, &["replay", "last", "--format", "ndjson", "-e", &url], &[("KEY", ECHO_SECRET)]),
    );
    for format in ["pytest", "hurl", "curl"] {
        for case in ["valid/control/plain", "key-last-character", "key-letter-case", "unknown-key", "key-lengthened"] {
            let id = format!("notes/RenameNote/auth/unauthenticated/{case}");
            let id = if case.contains('/') { "notes/RenameNote/valid/control/plain" } else { &id };
            let file = format!("export-{format}-{}", case.replace('/', "-"));
            let exported = run(at, &["export", id, "--format", format, "-o", &file, "--secret", &secret], &[]);
            add(&file, exported);
        }
    }
    let fuzz = ["fuzz", "notes", "--max-cases", "60", "--save", "--artifacts", "found", "--corpus", "corpus"];
    add("fuzz", run(at, &[&fuzz[..], &given].concat(), &[]));
    let mut texts = files(at);
    for expected in
        ["r.ndjson", "r.xml", "r.md", "r.github", ".overstep/last/results.ndjson", ".overstep/last/run.json"]
    {
        assert!(texts.contains_key(expected), "{expected} in {:?}", texts.keys());
    }
    assert!(texts.keys().any(|name| name.ends_with(".new")), "{:?}", texts.keys());
    assert!(texts.keys().any(|name| name.starts_with("found/")), "{:?}", texts.keys());
    assert!(texts.keys().any(|name| name.starts_with("scenarios/") && name.contains("saved")), "{:?}", texts.keys());
    texts.extend(printed);
    assert_hidden(&texts);
}

#[cfg(unix)]
#[test]
fn nothing_that_a_server_prints_shows_a_secret_or_its_environment() {
    let directory = notes_project();
    let at = directory.path();
    let lines: Vec<String> = echoes().into_iter().map(|echo| echo.text.replace('\n', " ")).collect();
    std::fs::write(at.join("leak.txt"), format!("{}\nhunter2-db pw9\n", lines.join("\n"))).expect("write file");
    let binary = env!("CARGO_BIN_EXE_overstep");
    let script = format!("cat leak.txt\nexec {binary} serve notes --port $1 --fault RenameNote.requests.always-500\n");
    std::fs::write(at.join("run.sh"), script).expect("write file");
    let settings = "[endpoints.local]\nurl = \"http://127.0.0.1:{port}\"\nstart = \"sh run.sh {port}\"\n\
                    env = { DB_PASSWORD = \"${DB}\", SMTP_PASSWORD = \"pw9\" }\n";
    std::fs::write(at.join("overstep.toml"), settings).expect("write file");
    let secret = format!("key={ECHO_SECRET}");
    let check = ["check", "notes", "-e", "local", "--secret", &secret, "--report", "ndjson=r.ndjson"];
    let (_, text) = run(at, &check, &[("DB", "hunter2-db"), ("PATH", "/usr/bin:/bin")]);
    let mut texts = files(at);
    texts.remove("leak.txt");
    let log = texts.iter().find(|(name, _)| name.ends_with("endpoint.log")).expect("a log of the server").1;
    assert!(log.contains("$DB_PASSWORD $SMTP_PASSWORD") || log.contains("$DB $SMTP_PASSWORD"), "{log}");
    texts.insert("terminal".to_owned(), text);
    assert_hidden(&texts);
    texts.remove("overstep.toml");
    for (file, text) in &texts {
        assert!(!text.contains("hunter2-db") && !text.contains(" pw9"), "{file}");
    }
}

#[test]
fn unknown_keys_share_nothing_with_the_key() {
    let at = notes_project();
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.sgnTr-NDQNYmTTv-o8";
    let requests = std::sync::Arc::new(std::sync::Mutex::new(Vec::<String>::new()));
    let log = std::sync::Arc::clone(&requests);
    let address = serve(move |mut stream, _| {
        let mut reader = BufReader::new(stream.try_clone().expect("clone the stream"));
        while let Some((head, _)) = read_request(&mut reader) {
            let keys = head.lines().filter_map(|line| line.split_once("Bearer ")).map(|(_, key)| key.trim().to_owned());
            log.lock().expect("log").extend(keys);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
        }
    });
    let url = format!("http://{address}");
    let secret = format!("key={token}");
    let check =
        ["check", "notes", "-e", &url, "-E", "intent(auth)", "--secret", &secret, "--report", "ndjson=r.ndjson"];
    let (code, text) = run(at.path(), &check, &[]);
    assert!(matches!(code, 0 | 1), "{text}");
    let sent = requests.lock().expect("log").clone();
    for change in [&token[..token.len() - 1], &format!("{token}x")] {
        assert!(sent.iter().any(|key| key == change), "near misses are sent: {sent:?}");
    }
    let swapped: String =
        token.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect();
    assert!(sent.contains(&swapped), "{sent:?}");
    let unknown: Vec<&String> = sent
        .iter()
        .filter(|key| key.len() == token.len() && !key.eq_ignore_ascii_case(token) && key[..5] != token[..5])
        .collect();
    assert!(!unknown.is_empty(), "{sent:?}");
    for key in unknown {
        let equal = key.bytes().zip(token.bytes()).filter(|(one, other)| one == other).count();
        assert!(equal < token.len() / 4, "{key}");
    }
    // Replay makes the near misses again of the secret that it is given.
    requests.lock().expect("log").clear();
    let id = "notes/RenameNote/auth/unauthenticated/key-last-character";
    let (code, text) = run(at.path(), &["replay", id, "-e", &url], &[("KEY", token)]);
    assert_eq!(code, 1, "{text}");
    let sent = requests.lock().expect("log").clone();
    assert!(sent.iter().any(|key| key[..key.len() - 1] == token[..token.len() - 1] && key != token), "{sent:?}");
    for (file, text) in files(at.path()).into_iter().chain([("replay".to_owned(), text)]) {
        assert!(!text.contains(&token[..token.len() - 1]) && !text.contains(&swapped), "{file}");
    }
}

#[test]
fn short_secret_is_warned_of_once() {
    let directory = notes_project();
    let (code, text) = run(directory.path(), &["check", "notes", "--secret", "key=test"], &[]);
    assert!(matches!(code, 0 | 1), "{text}");
    assert_eq!(text.matches("has fewer than six characters").count(), 1, "{text}");
    assert!(text.contains("`KEY`"), "{text}");
    let results = std::fs::read_to_string(directory.path().join(".overstep/last/results.ndjson")).expect("results");
    assert!(!results.contains("grea$KEY") && results.contains("\"scenario\":\"notes\""), "{results}");
}

#[test]
fn errors_do_not_repeat_what_may_be_a_secret() {
    let directory = notes_project();
    let settings = "[endpoints.local]\nurl = \"http://127.0.0.1:1\"\nproxy = \"http://u:hunter2@127.0.0.1:1\"\n\
                    pasword = \"hunter2\"\n";
    for arguments in [
        &["check", "notes", "-H", "X-Api-Key hunter2"][..],
        &["check", "notes", "-H", "X-Api-Key: a\u{1}hunter2"],
        &["check", "notes", "--secret", "hunter2"],
        &["check", "notes", "--secret", "kye=hunter2"],
        &["check", "notes", "--proxy", "ftp://u:hunter2@127.0.0.1"],
        &["check", "notes", "-e", "http://127.0.0.1:1/?key=hunter2"],
        &["check", "notes", "-e", "http://u:hunter2@127.0.0.1:1/"],
        &["check", "notes", "-e", "u:hunter2@127.0.0.1"],
    ] {
        let (code, text) = run(directory.path(), arguments, &[]);
        assert_eq!(code, 2, "{arguments:?}: {text}");
        assert!(!text.contains("hunter2"), "{arguments:?}: {text}");
    }
    std::fs::write(directory.path().join("overstep.toml"), settings).expect("write file");
    let (_, text) = run(directory.path(), &["check", "notes"], &[]);
    assert!(text.contains("proxy") && !text.contains("hunter2"), "{text}");
}
