//! Finds what is known of a code in the tables.
//!
//! It never decides which code a case gets.

use super::code_info::{CodeGroup, CodeInfo};
use super::finding_code::FindingCode;
use super::table_of_laws::LAWS_AND_CHANGES;
use super::table_of_requests::FAILURES_AND_ACCEPTED;
use super::table_of_responses::REJECTIONS_AND_FORMS;

impl FindingCode {
    /// Returns the group of the code.
    pub fn group(self) -> CodeGroup {
        match self.as_str().as_bytes().get(2) {
            Some(b'1') => CodeGroup::ServerFailure,
            Some(b'2') => CodeGroup::AcceptedViolation,
            Some(b'3') => CodeGroup::RejectedValidRequest,
            Some(b'4') => CodeGroup::WrongError,
            Some(b'5') => CodeGroup::WrongForm,
            Some(b'6') => CodeGroup::Law,
            _ => CodeGroup::ResponseChange,
        }
    }

    /// Returns what the code means.
    ///
    /// # Panics
    /// Never: a test checks that each code has an entry.
    pub fn info(self) -> &'static CodeInfo {
        all_codes().find(|info| info.code == self).expect("a test checks that each code has an entry")
    }

    /// Returns how to accept a finding of this code, in Markdown.
    pub fn acceptance(self) -> &'static str {
        match self.group() {
            CodeGroup::ResponseChange => {
                "Run `overstep snapshot review` and accept the new response: it becomes the accepted behaviour. A \
                 difference between two endpoints (`--against`) is accepted nowhere; leave its cases out with `-E`."
            }
            _ => {
                "Copy the `[[known]]` entry that the finding prints into `scenarios/NAME.known/ENDPOINT.toml` and give a \
                 reason, or accept the response with `overstep snapshot review`. If the documentation is wrong, correct \
                 it with an `[[amend]]` entry in the scenario. An accepted finding is counted as known, and reported \
                 again with `--strict`."
            }
        }
    }

    /// Returns the code of this text, whose case does not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let is_named = |info: &&CodeInfo| text.eq_ignore_ascii_case(info.code.as_str()) || text == info.name;
        all_codes().find(is_named).map(|info| info.code)
    }
}

/// Returns what all codes mean, in ascending order.
pub fn all_codes() -> impl Iterator<Item = &'static CodeInfo> {
    FAILURES_AND_ACCEPTED.iter().chain(REJECTIONS_AND_FORMS).chain(LAWS_AND_CHANGES)
}

/// Returns the code whose text or name is the most similar to this one.
pub fn nearest_code(text: &str) -> FindingCode {
    let distance = |info: &&CodeInfo| {
        let of = |known: &str| strsim::damerau_levenshtein(&text.to_ascii_lowercase(), &known.to_ascii_lowercase());
        of(info.code.as_str()).min(of(info.name))
    };
    all_codes().min_by_key(distance).map_or(FindingCode::OV101ServerError, |info| info.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_entry_in_ascending_order() {
        let listed: Vec<FindingCode> = all_codes().map(|info| info.code).collect();
        assert_eq!(listed, FindingCode::ALL);
    }

    #[test]
    fn texts_are_complete_and_names_unique() {
        let mut names = std::collections::HashSet::new();
        for info in all_codes() {
            assert!(names.insert(info.name), "{}", info.name);
            for text in [info.meaning, info.importance, info.fix] {
                assert!(text.ends_with('.') && text.len() > 40, "{}: {text}", info.code);
            }
            assert!(!info.title.is_empty() && !info.title.ends_with('.') && !info.example.is_empty(), "{}", info.code);
        }
    }

    #[test]
    fn codes_are_found_by_text_and_name() {
        assert_eq!(FindingCode::parse("ov203"), Some(FindingCode::OV203LengthAccepted));
        assert_eq!(FindingCode::parse("length-accepted"), Some(FindingCode::OV203LengthAccepted));
        assert_eq!(FindingCode::parse("OV999"), None);
        assert_eq!(nearest_code("OV21O"), FindingCode::OV210ByteBudgetAccepted);
        assert_eq!(nearest_code("server-eror"), FindingCode::OV101ServerError);
    }
}
