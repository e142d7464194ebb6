//! Quoted words, read by the shells that are installed here: every one passes on the same bytes.

#![expect(clippy::disallowed_methods, reason = "tests start shells and look at the folder that they run in")]

use crate::support::visible;
use overstep::escape::{is_deceptive, shell_literal, shell_word};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use std::process::{Command, Stdio};

/// Shells with their arguments. `dash` and `busybox sh` know POSIX only.
const SHELLS: [&[&str]; 5] = [&["dash"], &["bash"], &["sh"], &["busybox", "sh"], &["zsh", "-f"]];

/// Returns the words as each installed shell passes them to a command, with the shell's name.
fn read_by_shells(words: &[String]) -> Vec<(String, Vec<Vec<u8>>)> {
    let script: String = words.iter().map(|word| format!("printf '%s\\000' {word}\n")).collect();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("words.sh");
    std::fs::write(&file, script).expect("written");
    let mut found = Vec::new();
    for shell in SHELLS {
        let mut command = Command::new(shell[0]);
        command.args(&shell[1..]).arg(&file).current_dir(directory.path()).stdin(Stdio::null());
        let Ok(output) = command.output() else { continue };
        assert!(output.status.success(), "{shell:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "{shell:?}: {}", String::from_utf8_lossy(&output.stderr));
        let mut read: Vec<Vec<u8>> = output.stdout.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
        assert_eq!(read.pop(), Some(Vec::new()), "{shell:?}");
        found.push((shell.join(" "), read));
    }
    let files = std::fs::read_dir(directory.path()).expect("listed").count();
    assert_eq!(files, 1, "a word made a shell write a file");
    if !found.iter().any(|(name, _)| name == "dash") {
        visible::say("skipped: dash is not installed");
    }
    found
}

fn check_words(texts: &[Vec<u8>]) {
    let words: Vec<String> = texts.iter().map(|text| shell_word(text).expect("no NUL")).collect();
    for (word, text) in words.iter().zip(texts) {
        assert!(!word.chars().any(is_deceptive), "{word:?}");
        assert!(!word.contains("##["), "{word:?} of {:?}", String::from_utf8_lossy(text));
    }
    for (shell, read) in read_by_shells(&words) {
        assert_eq!(read.len(), texts.len(), "{shell}");
        for ((read, text), word) in read.iter().zip(texts).zip(&words) {
            assert!(
                read == text,
                "{shell} read {:?} for {:?}: {word}",
                String::from_utf8_lossy(read),
                String::from_utf8_lossy(text)
            );
        }
    }
}

#[test]
fn every_byte_is_passed_on_by_every_shell() {
    let mut texts: Vec<Vec<u8>> = (1..=255_u8).map(|byte| vec![byte]).collect();
    // Each byte between, before and after others, and in a long run.
    texts.extend((1..=255_u8).map(|byte| vec![b'a', byte, b'b', byte, byte]));
    texts.extend((1..=255_u8).map(|byte| [vec![b'x'], vec![byte; 70], vec![b'\'']].concat()));
    texts.push((1..=255_u8).collect());
    texts.push((1..=255_u8).rev().collect());
    texts.push(Vec::new());
    let odd = [
        "-n",
        "-e",
        "--",
        "-%.0s",
        "%s%d%%",
        "\\c",
        "\\0101",
        "$(touch PWN)",
        "`touch PWN`",
        "'; touch PWN; '",
        "!!",
        "!x",
        "~",
        "~root",
        "*",
        "?",
        "{a,b}",
        "{1..9}",
        "=ls",
        "#x",
        "##[error]x",
        "###vso[x]",
        "::error::x",
        "a\n",
        "\n\n\n",
        "\r\n",
        "é日本🎉",
        "e\u{301}",
        "\u{202e}\u{2066}\u{feff}\u{200b}",
        "$'\\n'",
        "a\\\nb",
        "&&",
        "|touch PWN",
        ">PWN",
        "<x",
        "$HOME",
        "${IFS}",
        "\"$(touch PWN)\"",
        "a b\tc",
    ];
    texts.extend(odd.map(|text| text.as_bytes().to_vec()));
    texts.extend(
        ["-", "é", "/", " ", ".", "|", "#", "\"", "&", "\\", "!", "\n", "$", "`", "%", "[", "*", "日"]
            .map(|text| text.repeat(200).into_bytes()),
    );
    texts.push(format!("x\n{}\n{}\n", "-".repeat(64), " ".repeat(65)).into_bytes());
    check_words(&texts);
}

/// Pieces that have a meaning in a shell or in the format of `printf`.
const SPECIAL: &[&str] = &["\n", "-", "'", "\\", "%", "##[", "$(", "!"];

#[test]
fn arbitrary_bytes_are_passed_on_by_every_shell() {
    let piece = prop_oneof![
        proptest::collection::vec(1..=255_u8, 0..40),
        any::<String>().prop_map(|text| text.replace('\0', "").into_bytes()),
        (1..=255_u8, 60..80_usize).prop_map(|(byte, count)| vec![byte; count]),
        (any::<char>(), 60..70_usize).prop_map(|(character, count)| {
            if character == '\0' { Vec::new() } else { character.to_string().repeat(count).into_bytes() }
        }),
        proptest::sample::select(SPECIAL).prop_map(|text| text.as_bytes().to_vec()),
    ];
    let text = proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat());
    let mut runner = TestRunner::new(Config { cases: 1, ..Config::default() });
    let texts: Vec<Vec<u8>> =
        (0..600).map(|_| text.new_tree(&mut runner).expect("a strategy without filters").current()).collect();
    check_words(&texts);
}

/// The parts of a word join: a secret stands between two of them.
#[test]
fn literals_can_stand_next_to_a_variable() {
    let texts = ["Bearer \n", "\n", "-\u{1b}", "a'b"];
    let words: Vec<String> = texts
        .iter()
        .map(|text| {
            format!("{}\"${{NO_SUCH_VARIABLE:-x}}\"{}", shell_literal(text.as_bytes()), shell_literal(text.as_bytes()))
        })
        .collect();
    for (shell, read) in read_by_shells(&words) {
        let expected: Vec<Vec<u8>> = texts.iter().map(|text| format!("{text}x{text}").into_bytes()).collect();
        assert_eq!(read, expected, "{shell}");
    }
}
