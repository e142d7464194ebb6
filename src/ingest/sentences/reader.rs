//! Reads what the sentences of a description state about the member that they describe. This is the one table of all
//! families of sentences.
//!
//! It never accepts an ambiguous sentence: a wrong fact causes false findings, while a missed one only costs a case.

use super::bare_sizes::read_bare_size;
use super::character_sets::read_character_set;
use super::closed_lists::{read_closed_list, read_item_list};
use super::conditions::{before_example, is_case_heading, is_conditional, is_no_limit, strip_presence_conditions};
use super::defaults::read_default;
use super::formats::read_format;
use super::numbers::read_ranges;
use super::relation_reader::read_relations;
use super::sizes::{read_not_empty, read_sizes};
use super::statement::{ProseStatement, StatedFact};
use super::surroundings::Surroundings;
use super::text::{Sentence, split_html_sentences, split_sentences};
use super::totals::{read_byte_budget, states_unique};
use super::unread::has_unread_number;
use super::vocabulary::{compile_regex, find, normalize};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// What a description states.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::ingest) struct Description {
    /// The statements, each with the line of its sentence.
    pub statements: Vec<(u32, ProseStatement)>,
    /// The lines of sentences with numbers that no statement holds.
    pub unread_lines: Vec<u32>,
}

/// Returns true if a description may state something: it has a digit or a word that patterns need.
pub(in crate::ingest) fn may_state(description: &str) -> bool {
    const WORDS: [&str; 25] = [
        "only",
        "Only",
        "one of",
        "One of",
        "any of",
        "alues",
        "ust be",
        "ust not",
        "cannot",
        "allowed",
        "UUID",
        "mpty",
        "uplicate",
        "efault",
        "haracters",
        "either",
        "Either",
        "xclusive",
        "n't ",
        "omitted",
        "equired",
        "equires",
        "ust ",
        "annot",
        "No two",
    ];
    description.bytes().any(|byte| byte.is_ascii_digit()) || WORDS.iter().any(|word| description.contains(word))
}

/// Returns what a description in plain text or Markdown states about the member that it describes.
///
/// # Examples
/// ```
/// use overstep::ingest::read_statements;
///
/// let stated = read_statements("The name of the note, up to 80 characters. Must be unique in the notebook.");
/// assert_eq!(stated.iter().map(ToString::to_string).collect::<Vec<_>>(), ["characters<=80"]);
/// ```
pub fn read_statements(description: &str) -> Vec<ProseStatement> {
    let sentences = split_sentences(description.lines().map(|line| (1, line)));
    read_description(&sentences, None).statements.into_iter().map(|(_, statement)| statement).collect()
}

/// Returns what a description in HTML, as botocore's models have it, states about the member of this name.
pub fn read_html_statements(html: &str, name: &str) -> Vec<ProseStatement> {
    if !may_state(html) {
        return Vec::new();
    }
    read_description(&split_html_sentences(1, html), Some(name)).statements.into_iter().map(|(_, one)| one).collect()
}

/// Returns what the sentences of a description state about a member. `name` is the member's name, if it is known.
pub(in crate::ingest) fn read_description(sentences: &[Sentence], name: Option<&str>) -> Description {
    let normal: Vec<String> = sentences.iter().map(|sentence| normalize(&sentence.text)).collect();
    let mut reader = DescriptionReader {
        name,
        surroundings: Surroundings::new(normal.iter().map(String::as_str), name),
        is_scoped: false,
        is_in_value_item: false,
        was_conditional: false,
        is_first: true,
        of_cases: Vec::new(),
        found: Description::default(),
    };
    let mut at = 0;
    while let Some(sentence) = sentences.get(at) {
        at += reader.read_item_list(&sentences[at..]).unwrap_or_else(|| {
            reader.read_sentence(sentence, &normal[at]);
            1
        });
        reader.is_first = false;
    }
    drop_contradictions(&mut reader.found, &reader.of_cases);
    reader.found
}

/// Reads the sentences of one description, one after the other.
struct DescriptionReader<'a> {
    name: Option<&'a str>,
    surroundings: Surroundings,
    /// A heading limits everything behind it to one case.
    is_scoped: bool,
    /// The item of a list that is being read describes one value.
    is_in_value_item: bool,
    /// The last sentence holds in some cases only.
    was_conditional: bool,
    is_first: bool,
    /// Limits that hold in some cases only.
    of_cases: Vec<ProseStatement>,
    found: Description,
}

impl DescriptionReader<'_> {
    /// Reads a list whose items are the values; returns the number of its sentences if there is one.
    fn read_item_list(&mut self, sentences: &[Sentence]) -> Option<usize> {
        let (fact, used) = read_item_list(sentences).filter(|_| !self.is_scoped)?;
        let stated = [ProseStatement::whole(fact)];
        for sentence in &sentences[..used] {
            self.note_unread(sentence, &stated);
        }
        let [stated] = stated;
        self.found.statements.push((sentences[0].line, stated));
        Some(used)
    }

    fn read_sentence(&mut self, sentence: &Sentence, normal: &str) {
        if !self.is_first && sentence.begins_paragraph && !sentence.is_item && is_case_heading(normal) {
            self.is_scoped = true;
        }
        if sentence.is_item || sentence.begins_paragraph {
            self.is_in_value_item = is_item_of_value(sentence);
        }
        let stated =
            if self.is_scoped || self.is_in_value_item { Vec::new() } else { self.statements(sentence, normal) };
        self.note_unread(sentence, &stated);
        self.found.statements.extend(stated.into_iter().map(|one| (sentence.line, one)));
    }

    fn note_unread(&mut self, sentence: &Sentence, stated: &[ProseStatement]) {
        if has_unread_number(&sentence.text, stated) && self.found.unread_lines.last() != Some(&sentence.line) {
            self.found.unread_lines.push(sentence.line);
        }
    }

    /// Returns what one sentence states.
    fn statements(&mut self, sentence: &Sentence, normal: &str) -> Vec<ProseStatement> {
        let mut found: Vec<ProseStatement> = Vec::new();
        let relations = read_relations(&sentence.marked).into_iter();
        found.extend(relations.map(|relation| ProseStatement::whole(StatedFact::Relation(relation))));
        if !found.is_empty() {
            return found;
        }
        found.extend(read_default(&sentence.marked).map(ProseStatement::whole));
        let unconditional = strip_presence_conditions(normal);
        // `Valid range for X: Minimum value of 1. Maximum value of 10.`
        let continues = !sentence.begins_paragraph && ["max", "min"].iter().any(|word| normal.starts_with(word));
        self.was_conditional = is_conditional(before_example(&unconditional)) || self.was_conditional && continues;
        if self.was_conditional && normal.contains('#') {
            // What holds in some cases shows that what else is said does not hold in all.
            let mut of_case = Vec::new();
            self.add_limits(before_example(&unconditional), &mut of_case);
            self.of_cases.extend(of_case);
        }
        if self.was_conditional || is_advice(normal) || self.is_about_other_member(&sentence.marked) {
            return found;
        }
        found.extend(read_closed_list(&sentence.marked, self.is_first).map(ProseStatement::whole));
        found.extend(read_character_set(&sentence.text));
        found.extend(read_format(&sentence.text.to_ascii_lowercase()).map(ProseStatement::whole));
        let limits = before_example(&unconditional);
        if states_unique(limits) {
            found.push(ProseStatement::whole(StatedFact::Unique));
        }
        match read_byte_budget(limits) {
            Some(budget) => found.push(ProseStatement::whole(budget)),
            None => self.add_limits(limits, &mut found),
        }
        found.retain(|one| self.surroundings.permits(one, limits));
        found
    }

    /// Adds sizes and ranges of a normalized sentence.
    fn add_limits(&self, limits: &str, found: &mut Vec<ProseStatement>) {
        let has_values = found.iter().any(|one| matches!(one.fact, StatedFact::Values(_)));
        for clause in split_clauses(limits) {
            if is_no_limit(clause) {
                continue;
            }
            found.extend(read_not_empty(clause).map(|part| ProseStatement { part, fact: StatedFact::NotEmpty }));
            if has_values {
                continue;
            }
            let bare = read_bare_size(clause).map(|fact| vec![ProseStatement::whole(fact)]);
            let mut stated = bare.unwrap_or_else(|| read_sizes(clause));
            if stated.is_empty() {
                stated.extend(read_ranges(clause).into_iter().map(ProseStatement::whole));
            }
            stated.retain(|one| self.surroundings.permits(one, clause));
            found.extend(stated);
        }
    }

    /// Returns true if a sentence begins with the marked name of something else than the described member.
    fn is_about_other_member(&self, marked: &str) -> bool {
        static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
            compile_regex(
                r"^(?:The |A |An )?‹([A-Za-z][A-Za-z0-9_.-]*)›(?: (?:parameter|field|property|value|attribute|member|element))? (?:must|can|cannot|is|should|may|has|have|accepts|supports)\b",
            )
        });
        let subject = find(&SUBJECT, marked).and_then(|found| found.get(1).map(|name| name.as_str().to_owned()));
        // A list of values such as `‹A› is the only supported value` is about the member.
        subject.is_some_and(|subject| {
            self.name.is_none_or(|name| !subject.eq_ignore_ascii_case(name)) && !marked.contains(" only ")
        })
    }
}

/// Returns true if a normalized sentence advises and demands nothing.
fn is_advice(normal: &str) -> bool {
    ["recommend", "we suggest", "best practice", "personally identif"].iter().any(|word| normal.contains(word))
}

/// Returns true for an item such as `‹FIFO› – up to 75 characters`, which says something about one value.
fn is_item_of_value(sentence: &Sentence) -> bool {
    static VALUE: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(r"^‹[^›]+›(?: \([^()]*\))? ?[-–—:(]|^[A-Za-z][\w./* ]{0,60} [–—-] |^[A-Za-z][\w.]*/\S* \(")
    });
    static LIMIT: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)^‹?(?:max|min|length|format|encoding|size|range|pattern|limit|constraint|default|maximum|minimum|allowed|valid|type)",
        )
    });
    let is = |regex: &Regex| regex.is_match(&sentence.marked).unwrap_or(false);
    sentence.is_item && is(&VALUE) && !is(&LIMIT)
}

/// Splits a normalized sentence where a further limit begins.
fn split_clauses(text: &str) -> Vec<&str> {
    static JOINT: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"[;:] |,? and (?=(?:an? |the |each |every |their |its |has |have )*(?:[a-z]+ )?(?:keys?|values?|max|maximum|min|minimum|must|can|contain|must not|defaults?)\b)|, (?=(?:the |their |its |with )?(?:max|maximum|min|minimum|must|can|must not|defaults?)\b)|[.] (?=[a-z])",
        )
    });
    let mut parts = Vec::new();
    let mut from = 0;
    for joint in JOINT.find_iter(text).flatten() {
        let (before, after) = (&text[from..joint.start()], &text[joint.end()..]);
        // `minimum 1, maximum 5` is one statement.
        let is_label = joint.as_str().starts_with(':') && !before.contains('#');
        if !is_label && (before.contains('#') && after.contains('#') || joint.as_str().starts_with(';')) {
            parts.push(before);
            from = joint.end();
        }
    }
    parts.push(&text[from..]);
    parts
}

/// Removes statements of which a description has several that differ: it speaks of several cases.
fn drop_contradictions(found: &mut Description, of_cases: &[ProseStatement]) {
    let key = |one: &ProseStatement| (one.part, std::mem::discriminant(&one.fact));
    let statements = std::mem::take(&mut found.statements);
    let differs = |one: &ProseStatement| {
        let contradicted =
            statements.iter().any(|(_, other)| key(other) == key(one) && contradicts(&other.fact, &one.fact));
        contradicted || of_cases.iter().any(|case| key(case) == key(one) && allows_more(&case.fact, &one.fact))
    };
    found.statements = statements.iter().filter(|(_, one)| !differs(one)).cloned().collect();
}

/// Returns the ends of a size or range.
fn ends(fact: &StatedFact) -> Option<[Option<f64>; 2]> {
    match fact {
        StatedFact::Characters(min, max) | StatedFact::Entries(min, max) | StatedFact::Size(min, max) => {
            Some([min.map(|end| end as f64), max.map(|end| end as f64)])
        }
        StatedFact::Range(min, max) | StatedFact::Between(min, max) => {
            Some([min, max].map(|end| end.as_ref().and_then(serde_json::Number::as_f64)))
        }
        _ => None,
    }
}

/// Returns true if a limit of one case allows what the limit of all cases does not.
fn allows_more(case: &StatedFact, all: &StatedFact) -> bool {
    let (Some(case), Some(all)) = (ends(case), ends(all)) else { return false };
    matches!((case[0], all[0]), (Some(case), Some(all)) if case < all)
        || matches!((case[1], all[1]), (Some(case), Some(all)) if case > all)
}

/// Returns true if two facts of one kind cannot both be meant for every value.
fn contradicts(a: &StatedFact, b: &StatedFact) -> bool {
    match (ends(a), ends(b)) {
        (Some(a), Some(b)) => (0..2).any(|end| a[end].is_some() && b[end].is_some() && a[end] != b[end]),
        _ => !matches!(a, StatedFact::Relation(_)) && a != b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(text: &str) -> String {
        read_statements(text).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn limits_are_read_from_sentences() {
        for (text, expected) in [
            ("You can have up to 32,768 UTF-8 bytes across all attributes for a contact.", "stored bytes<=32768"),
            ("At most 4096 bytes across all entries.", "bytes<=4096"),
            ("Must be 3-63 characters long.", "characters>=3; characters<=63"),
            ("The value is case-sensitive and must be at least three characters.", "characters>=3"),
            ("* Encoding: ASCII\n* minLength: 4 characters\n* maxLength: 8 characters", "characters>=4; characters<=8"),
            ("Maximum length of 80 characters.", "characters<=80"),
            ("The list can have up to 10 items.", "entries<=10"),
            ("The list can contain a maximum of 25 documents.", "entries<=25"),
            ("Array Members: Minimum number of 1 item. Maximum number of 4 items.", "entries>=1; entries<=4"),
            ("1 to 20 ids, each non-empty.", "item notEmpty; entries>=1; entries<=20"),
            ("Each tag key can have up to 128 characters.", "key characters<=128"),
            ("Tags, each at most 40 characters.", "item characters<=40"),
            ("Valid values: an integer from 0 to 43,200.", "number>=0; number<=43200"),
            ("If you specify a value, it must be between 1 and 100.", "number>=1; number<=100"),
            ("Integer `1..100`. Default `20`.", "number>=1; number<=100; default=20"),
            ("The items must not contain duplicates.", "unique"),
        ] {
            assert_eq!(stated(text), expected, "{text}");
        }
    }

    #[test]
    fn ambiguous_sentences_are_ignored() {
        for text in [
            "For example, up to 100 characters are shown.",
            "If the queue is FIFO, the name can have up to 75 characters.",
            "When the attributes for a contact exceed 32 KB, the contact is routed down the Error branch of the flow.",
            "For TOTP this value must be between 3 and 8 characters long.",
            "The default is 1–50.",
            "If it is FIFO, 1–80 chars",
            "RDS for Oracle - Must contain from 8 to 30 characters.",
            "The default value is between 1 and 100 characters long.",
            "Returns the first 10 items.",
            "The name of the contact.",
            "We recommend at most 22 characters.",
            "The valid values are 20 and 60.",
            "Between 1 and 5 minutes. The timeout in seconds.",
            "Must be between 1 and 10. Specify 0 to disable it.",
            "The password.\n\n**RDS for MySQL**\n\nConstraints: Must contain from 8 to 41 characters.",
            "You can associate 50 tags per account.",
        ] {
            let found = stated(text);
            assert_eq!(found, "", "{text}");
        }
    }

    #[test]
    fn limits_that_differ_are_of_several_cases() {
        assert_eq!(stated("Maximum length of 50 characters. Maximum length of 60 characters."), "");
    }

    #[test]
    fn numbers_that_are_not_read_are_noted() {
        let lines = ["At most 5 characters.", "", "Uses 7 workers over HTTP 1.1, see ISO 8601 and 2024-01-01."];
        let sentences = split_sentences(lines.iter().enumerate().map(|(index, text)| (index as u32 + 1, *text)));
        assert_eq!(read_description(&sentences, None).unread_lines, [3]);
    }
}
