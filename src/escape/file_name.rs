//! Turns names into the names of files: any text becomes one component of a path that every file system can store.
//!
//! It never looks at the file system. Two names never get the same file name; names that differ only in case get file
//! names that do, and where that matters [`qualified_file_name`] tells them apart.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Maximum length of a file name without its extension. File systems allow 255 bytes, and temporary files are longer.
const MAX_BYTES: usize = 200;
/// Separates a file name from the digest of the whole name. It never occurs in the first part.
const DIGEST_MARK: char = '~';

/// Returns the file name of a name: letters, digits, `_`, `-` and `.` stay, every other byte becomes `%XX`. A name that
/// is reserved or would be hidden has its first character written so, and a name that is too long is cut and ends with
/// a digest of the whole.
pub fn file_name(name: &str) -> String {
    let encoded = encode(name);
    if encoded.len() <= MAX_BYTES { encoded } else { with_digest(&encoded, name) }
}

/// Returns a file name that differs, whatever the case, from those of all other names.
pub fn qualified_file_name(name: &str) -> String {
    with_digest(&encode(name), name)
}

/// Returns the name of a file name; `None` if the file name contains only the beginning of it.
pub fn name_of_file(file: &str) -> Option<String> {
    let (encoded, mark) = match file.rsplit_once(DIGEST_MARK) {
        Some((encoded, mark)) => (encoded, Some(mark)),
        None => (file, None),
    };
    let encoded = if encoded == "%" { "" } else { encoded };
    let name = percent_encoding::percent_decode_str(encoded).decode_utf8_lossy().into_owned();
    mark.is_none_or(|mark| mark == digest(&name)).then_some(name)
}

fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let reserved = is_reserved(name);
    let last = name.len().saturating_sub(1);
    for (at, byte) in name.bytes().enumerate() {
        let stays = match byte {
            // A leading dot hides a file, and Windows drops one at the end.
            b'.' => at > 0 && at < last,
            b'_' | b'-' => true,
            _ => byte.is_ascii_alphanumeric(),
        };
        if stays && !(reserved && at == 0) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    if out.is_empty() { "%".to_owned() } else { out }
}

/// Returns true for the names of devices, which Windows reserves with any extension:
/// <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let is_numbered = || {
        let digit = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
        digit.is_some_and(|digit| {
            matches!(digit, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
        })
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$") || is_numbered()
}

fn with_digest(encoded: &str, name: &str) -> String {
    let digest = digest(name);
    let mut end = encoded.len().min(MAX_BYTES - digest.len() - DIGEST_MARK.len_utf8());
    // An escape is kept whole.
    if end < encoded.len() {
        end = encoded[..end].rfind('%').filter(|at| at + "%XX".len() > end).unwrap_or(end);
    }
    format!("{}{DIGEST_MARK}{digest}", &encoded[..end])
}

fn digest(name: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(name)[..10])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// Names that a stranger could choose.
    fn hostile_names() -> Vec<String> {
        let mut names: Vec<String> = [
            "",
            ".",
            "..",
            "...",
            "/",
            "/etc/passwd",
            "../../etc",
            "a/b",
            "a\\b",
            "C:\\x",
            "C:",
            "-rf",
            "~",
            "%",
            "%2F",
            "%2f",
            "a\0b",
            "a\nb",
            "a\rb",
            "a b",
            " ",
            "a ",
            "a.",
            "a",
            ".hidden",
            "x.osnap",
            "x.osnap.new",
            "ü",
            "u\u{308}",
            "🎉",
            "con",
            "CON",
            "Con.txt",
            "con.",
            "con ",
            "nul",
            "NUL.osnap",
            "COM1",
            "com¹",
            "lpt9.x",
            "aux",
            "prn",
            "conin$",
            "*",
            "?",
            "<a>",
            "a|b",
            "\"",
            "\u{202e}x",
            "~0123456789abcdef0123",
        ]
        .map(str::to_owned)
        .to_vec();
        names.extend([300, 5000].map(|length| "a".repeat(length)));
        names.extend([299, 300].map(|length| format!("{}b", "a".repeat(length))));
        names.extend([66, 67, 100].map(|length| "ü".repeat(length)));
        names.push(file_name(&"a".repeat(300)));
        names.push(qualified_file_name("a"));
        names
    }

    fn is_portable(file: &str) -> bool {
        let plain = file.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-%~".contains(&byte));
        plain
            && (1..=MAX_BYTES).contains(&file.len())
            && !file.starts_with('.')
            && !file.ends_with('.')
            && !is_reserved(file)
    }

    #[test]
    fn names_of_strangers_stay_apart_and_in_their_folder() {
        let mut files: HashMap<String, String> = HashMap::new();
        for name in hostile_names() {
            for file in [file_name(&name), qualified_file_name(&name)] {
                assert!(is_portable(&file), "{name:?}: {file}");
                let other = files.insert(file.clone(), name.clone());
                assert!(other.is_none_or(|other| other == name), "{file}");
                if let Some(back) = name_of_file(&file) {
                    assert_eq!(back, name);
                } else {
                    assert!(file.len() > 100, "{name:?}: {file}");
                }
            }
        }
    }

    #[test]
    fn harmless_names_stay_as_they_are() {
        for name in ["TagContact", "a.b", "a_b-c", "leadlex", "my.server", "Console", "com10", "nullify", "-rf"] {
            assert_eq!(file_name(name), name);
        }
        assert_eq!([file_name("../../Op"), file_name(""), file_name("a b%")], ["%2E.%2F..%2FOp", "%", "a%20b%25"]);
    }

    #[test]
    fn names_that_differ_in_case_have_qualified_names_that_differ_otherwise() {
        let names = ["TagContact", "tagcontact", "TAGCONTACT"].map(|name| qualified_file_name(name).to_lowercase());
        assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2], "{names:?}");
    }

    proptest! {
        #[test]
        fn file_names_are_portable_and_injective(one in any::<String>(), other in any::<String>(), times in 1..40_usize) {
            let (one, other) = (one.repeat(times), other.repeat(times));
            prop_assert!(is_portable(&file_name(&one)), "{}", file_name(&one));
            prop_assert_eq!(file_name(&one) == file_name(&other), one == other);
            prop_assert!(name_of_file(&file_name(&one)).is_none_or(|name| name == one));
        }
    }
}
