//! Reads from the documentation of operations and errors what happens when a request is repeated, and which lists an error
//! forbids.
//!
//! It reads one text at a time and knows no shape.

use super::sentences::compile_regex;
use fancy_regex::Regex;
use std::sync::LazyLock;

/// What the documentation of an operation says about its effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StatedEffects {
    /// The effect may come after the response.
    pub is_delayed: bool,
    /// Nothing is wrong with a request that changes nothing: one that is repeated, or that names what does not exist.
    pub accepts_repetition: bool,
}

/// What an error says about the list of a request that gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ListRule {
    /// A list without items gets it.
    NotEmpty,
    /// A list with more items gets it.
    MaxItems(u64),
    /// A list with two items that are equal in this member gets it.
    DistinctBy(String),
}

fn is_match(regex: &Regex, text: &str) -> bool {
    regex.is_match(text).unwrap_or(false)
}

/// Returns what the documentation of an operation says about its effect.
pub(super) fn read_effects(text: &str) -> StatedEffects {
    static DELAYED: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:asynchronous(?:ly)?|eventual(?:ly)?|takes? (?:up to|a few|some|about|several|time)|(?:may|can|might) take|schedul(?:e|es|ed|ing)|mark(?:s|ed) (?:\w+ )?(?:for|as)|in the background|begins?|initiates?|starts (?:the )?delet|(?-i:DELETING)|waiting period|recovery window|grace period|retained|is not immediate(?:ly)?|no longer be able to create|(?-i:INACTIVE))\b",
        )
    });
    static REPEATABLE: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\bidempotent(?:ly)?\b|\b(?:does(?:n't| not)|will not|won't) (?:fail\b|(?:return|result in|throw|raise|generate|produce|cause) (?:an? |any )?(?:\w+ )?(?:error|exception)s?\b)|\b(?:already exists?|same (?:name|settings|parameters|attributes))\b[^.]*\b(?:returns?|succeeds?|updates?|overwrit\w+|replaces?|no effect|is returned)\b|\b(?:creates? or (?:updates?|replaces?|overwrites?)|updates? or creates?|adds or (?:updates?|replaces?)|overwrites?|upsert)\b|\b(?:has no effect|no action is taken|is ignored|succeeds? even)\b",
        )
    });
    StatedEffects { is_delayed: is_match(&DELAYED, text), accepts_repetition: is_match(&REPEATABLE, text) }
}

/// Returns true if an error is the response to a creation under a name that is taken.
pub(super) fn is_about_taken_name(error: &str, text: &str) -> bool {
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(r"(?i)already_?exist|duplicate|exists(?:exception|fault|error)?$|conflict|in_?use")
    });
    static TEXT: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:already exists?|exists already|(?:with|of) (?:the same|this|that|the specified|an existing) (?:name|identifier|id)|(?:name|identifier) (?:is )?(?:already )?(?:in use|taken|used))\b",
        )
    });
    // Some services compare all settings, and a request with the same ones succeeds.
    static DIFFERENT: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:differ(?:s|ent|ently)?|mismatch|token|concurrent(?:ly)?|modified|operation|in progress)\b",
        )
    });
    is_match(&NAME, error) && is_match(&TEXT, text) && !is_match(&DIFFERENT, text)
}

/// Returns true if an error is the response to the deletion of what still contains something.
pub(super) fn is_about_contents(error: &str, text: &str) -> bool {
    static NAME: LazyLock<Regex> =
        LazyLock::new(|| compile_regex(r"(?i)not_?empty|non_?empty|has_?(?:children|dependents)"));
    static TEXT: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(r"(?i)\b(?:contains?|(?:is|isn't|not) (?:not )?empty|still (?:has|contains))\b")
    });
    is_match(&NAME, error) && is_match(&TEXT, text)
}

/// Returns what an error says about the list of a request that gets it.
pub(super) fn rule_of_error(error: &str, text: &str) -> Option<ListRule> {
    static EMPTY: LazyLock<Regex> =
        LazyLock::new(|| compile_regex(r"^(?:Empty(?:Batch)?Request|EmptyBatch|EmptyEntries)"));
    static MANY: LazyLock<Regex> =
        LazyLock::new(|| compile_regex(r"^TooMany(?:Entries|Items|Records|Messages|Elements|TagKeys)"));
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:maximum number of (?:\w+ ){1,3}[^.]*\bis|more than|maximum of|limit of|up to|at most)\s+(\d[\d,]*)\b|\((\d[\d,]*) tag keys\b",
        )
    });
    static DISTINCT: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:two or more|multiple|several|at least two)\b[^.]*\b(?:entries|items|records|messages|elements)\b[^.]*\bsame (?:event |entry )?(ID|Id|key|name)\b",
        )
    });
    static REPEATED_KEY: LazyLock<Regex> =
        LazyLock::new(|| compile_regex(r"(?i)\btag key was specified more than once\b|\bduplicate tag keys?\b"));
    if is_match(&EMPTY, error) {
        return Some(ListRule::NotEmpty);
    }
    if is_match(&MANY, error) {
        let found = NUMBER.captures(text).ok().flatten()?;
        let number = found.get(1).or_else(|| found.get(2))?.as_str().replace(',', "");
        return number.parse().ok().filter(|max| *max > 0).map(ListRule::MaxItems);
    }
    if let Some(found) = DISTINCT.captures(text).ok().flatten() {
        return Some(ListRule::DistinctBy(found[1].to_ascii_lowercase()));
    }
    is_match(&REPEATED_KEY, text).then(|| ListRule::DistinctBy("key".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_state_rules_of_lists() {
        for (error, text, due) in [
            ("EmptyBatchRequest", "The batch has no entries.", Some(ListRule::NotEmpty)),
            ("TooManyEntriesInBatch", "More entries than permitted (more than 12).", Some(ListRule::MaxItems(12))),
            (
                "TooManyEntries",
                "The maximum number of entries in a single request is 1,000.",
                Some(ListRule::MaxItems(1000)),
            ),
            ("TooManyEntries", "There are more entries than permitted.", None),
            ("TooManyRequestsException", "You sent more than 100 requests.", None),
            (
                "IdsNotDistinct",
                "Two or more entries in the request have the same Id.",
                Some(ListRule::DistinctBy("id".into())),
            ),
            ("DuplicateTagKeys", "A tag key was specified more than once.", Some(ListRule::DistinctBy("key".into()))),
            ("DuplicateName", "The name exists.", None),
        ] {
            assert_eq!(rule_of_error(error, text), due, "{error}: {text}");
        }
    }

    #[test]
    fn errors_are_about_taken_names_or_contents() {
        for (error, text, taken) in [
            ("EntityAlreadyExistsException", "The resource already exists.", true),
            ("ConflictException", "A table with the same name already exists.", true),
            ("ConflictException", "The resource is being modified.", false),
            ("QueueNameExists", "A queue with this name already exists and its attributes differ.", false),
            ("LimitExceeded", "A table with this name already exists.", false),
        ] {
            assert_eq!(is_about_taken_name(error, text), taken, "{error}: {text}");
        }
        assert!(is_about_contents("RepositoryNotEmptyException", "The repository contains images."));
        assert!(!is_about_contents("ResourceInUse", "The repository contains images."));
    }

    #[test]
    fn operations_state_when_and_how_often_they_take_effect() {
        for (text, delayed, repeatable) in [
            ("Deletes the table.", false, false),
            ("Deletes the queue, which takes up to 60 seconds.", true, false),
            ("Schedules the deletion of a key.", true, false),
            ("This action is idempotent.", false, true),
            ("Deleting a topic that does not exist does not result in an error.", false, true),
            ("The operation does not return the value.", false, false),
            ("Creates or updates a rule.", false, true),
            ("If a group with the same name already exists, it is returned.", false, true),
        ] {
            let due = StatedEffects { is_delayed: delayed, accepts_repetition: repeatable };
            assert_eq!(read_effects(text), due, "{text}");
        }
    }
}
