//! Words of which the patterns of sentences about several members consist.
//!
//! It never decides whether a name is a member; the code that applies a relation does.

use super::vocabulary::compile_regex;
use fancy_regex::Regex;
use std::sync::LazyLock;

/// Words for the described member.
const SELF: &str =
    r"(?:this(?: (?:parameter|field|value|property|option|member|attribute|setting|object|element|header))?|it)";
/// The name of a member, marked or with a capital letter or an underscore, or words for the described member.
const NAME: &str = r"(?:the (?:value (?:of|for) )?|an? (?:value for )?|either |both |values? for )*(?:SELF|(?:‹[A-Za-z]\w*›|[A-Z]\w+|[a-z]+(?:[A-Z]\w*|_\w+))(?: (?:parameter|field|property|value|attribute|option|member|header|list|object|element|filter|setting)s?)?)";
/// What stands for a member that is compared: also a few words such as `the start time`.
const OPERAND: &str = r"(?:the )?(?:(?:value|time|date) (?:of|for|specified (?:for|in|by)|in|set for) )?(?:the )?(?:SELF|‹[A-Za-z]\w*›|[A-Z]\w+|[a-z]+(?:[A-Z]\w*|_\w+)|(?:start|end|begin|stop|min|max|minimum|maximum|starting|ending|beginning) (?:time|date|timestamp|value|bound|size|count|capacity))(?: (?:parameter|field|property|value|attribute|option|member))?";
/// A verb that says that a member is given.
const GIVE: &str =
    r"(?:specify|provide|use|include|set|pass|supply|enter|define|choose|configure|give|send|submit|add)";
/// The same verbs in the form that begins a clause.
const GIVING: &str = r"(?:specifying|providing|using|including|setting|passing|supplying|sending|giving)";
/// A participle that says that a member is given.
const GIVEN: &str = r"(?:specified|provided|used|included|set|passed|supplied|present|populated|defined|combined|given|sent|submitted|filled|entered)";
/// What may follow a relation without changing it.
const TAIL: &str = r"(?: (?:together|parameters?|fields?|properties|in (?:the same|one|a single|your|the|this) (?:request|call|operation|api call|query|command)|for (?:the|this|a|each) (?:request|operation|call)|at the same time|per request|simultaneously|with this (?:operation|action)|as well|too))*\.?$";
/// A value of a member.
const VALUE: &str = r"(?:‹[^›]+›|true|false|[A-Z][A-Z0-9_-]{2,})";
/// The ways to say that a member has a value.
const CONDITIONS: [&str; 4] = [
    r"(?P<cond>the value|this value) is VALUES",
    r"(?P<cond>NAME)(?: is set to| is equal to| was set to| has the value| has a value of| is| are| equals| ?==?) VALUES",
    r"(?:you )?(?:set|setting|specify) (?P<cond>NAME) (?:to|as) VALUES",
    r"(?:you )?(?:specify|set|choose|select|use|specifying|using|choosing) VALUES for (?P<cond>NAME)",
];

/// Compiles a pattern. Words in capitals stand for parts of a sentence: `LIST` for members, `ANDLIST` for members without
/// alternatives, `NAME` and `OPERAND` for one, `SELF` for the described one, `GIVE`, `GIVING` and `GIVEN` for verbs, and
/// `TAIL` for what may end a sentence.
pub(super) fn compile_relation(text: &str) -> Regex {
    let and_list = format!("{NAME}(?:(?:, | and |, and ){NAME})*");
    let list = format!("{NAME}(?:(?:, | or | and |, or |, and ){NAME})*");
    let values = format!(
        "(?:the value |a value of |either |one of |any of )?(?P<values>{VALUE}(?:(?:, or |, and |, | or | and ){VALUE})*)"
    );
    let text = text.replace("VALUES", &values).replace("ANDLIST", &and_list).replace("LIST", &list);
    let text = text.replace("NAME", NAME).replace("OPERAND", OPERAND).replace("SELF", SELF);
    let text = text.replace("GIVEN", GIVEN).replace("GIVING", GIVING).replace("GIVE", GIVE).replace("TAIL", TAIL);
    compile_regex(&text)
}

/// Compiles a pattern in which `COND` stands for a condition: once for each way to say it.
pub(super) fn compile_conditional(text: &str) -> Vec<Regex> {
    match text.contains("COND") {
        true => CONDITIONS.iter().map(|condition| compile_relation(&text.replace("COND", condition))).collect(),
        false => vec![compile_relation(text)],
    }
}

/// Returns a sentence in the form that patterns expect: every prohibition is `must not`, and it begins with a small letter
/// unless it begins with a name.
pub(super) fn simplify(marked: &str) -> String {
    static PROHIBITIONS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(r"(?i)\b(?:can't|cannot|can not|may not|mustn't|must never|should not|shouldn't)\b")
    });
    static OBLIGATIONS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(r"\b(?:(?:has|have|needs?) to(?= be\b| (?:specify|provide|include|pass|set)\b)|must always)")
    });
    // `type=card` and `type: card` inside one mark.
    static ASSIGNMENT: LazyLock<Regex> =
        LazyLock::new(|| compile_regex(r#"‹([A-Za-z]\w*) ?(?:==?|:) ?["']?([\w.-]+)["']?›"#));
    static START: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"^(?:Conditional: |Condition: |On input, |‹Note:› |Requirement is conditional: |Constraints?: |Note that |Note: |However, |Important: |In addition, |Currently, )",
        )
    });
    let text = START.replace(marked, "");
    let text = ASSIGNMENT.replace_all(&text, "‹$1› is ‹$2›");
    let text = OBLIGATIONS.replace_all(&text, "must");
    let text = PROHIBITIONS.replace_all(&text, "must not").replace("don't", "do not").replace("Don't", "do not");
    let text = text.replace("isn't", "is not").replace("aren't", "are not");
    let first_word = text.split(' ').next().unwrap_or_default();
    let is_plain = [
        "You",
        "This",
        "It",
        "If",
        "When",
        "Either",
        "Both",
        "At",
        "Only",
        "One",
        "Exactly",
        "Mutually",
        "Must",
        "Specify",
        "Provide",
        "Use",
        "Include",
        "Required",
        "Do",
        "The",
        "Set",
        "Pass",
        "Can",
        "Valid",
        "Allowed",
        "May",
        "Value",
        "Values",
        "Not",
        "Requires",
        "Forbidden",
        "Give",
        "Send",
        "Mandatory",
        "No",
        "Same",
        "Needs",
        "Is",
        "Are",
    ]
    .contains(&first_word);
    match is_plain {
        true => {
            let mut chars = text.chars();
            chars.next().map(|first| first.to_ascii_lowercase().to_string() + chars.as_str()).unwrap_or_default()
        }
        false => text,
    }
}

/// Words before a name that are no part of it.
const FILLERS: [&str; 10] = ["the", "a", "an", "either", "both", "The", "value", "values", "of", "for"];

/// Returns the names of a list; `None` stands for the described member.
pub(super) fn names_in(list: &str) -> Vec<Option<String>> {
    static SEPARATOR: LazyLock<Regex> = LazyLock::new(|| compile_regex(r", or |, and |, | or | and "));
    let mut names = Vec::new();
    for part in SEPARATOR.split(list).flatten() {
        let words: Vec<&str> = part.split(' ').filter(|word| !FILLERS.contains(word)).collect();
        let Some(first) = words.first() else { continue };
        let is_self = *first == "it" || *first == "this";
        names.push((!is_self).then(|| first.trim_matches(['‹', '›']).to_owned()));
    }
    names
}

/// Returns the name of what is compared; `None` stands for the described member. A few words are one name:
/// `start time` is `starttime`.
pub(super) fn operand_name(text: &str) -> Option<String> {
    let skipped = ["the", "value", "time", "date", "of", "for", "specified", "in", "by", "set"];
    let words: Vec<&str> = text.split(' ').collect();
    let start = words.iter().position(|word| !skipped.contains(word)).unwrap_or(0);
    let first = words.get(start)?;
    let is_plain = first.chars().all(|c| c.is_ascii_lowercase());
    match *first {
        "it" | "this" => None,
        _ if is_plain => Some(words[start..].iter().take(2).copied().collect()),
        name => Some(name.trim_matches(['‹', '›']).to_owned()),
    }
}

/// Returns the values of a list.
pub(super) fn values_in(list: &str) -> Vec<String> {
    static SEPARATOR: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(r"(?<=[›\w]), or |(?<=[›\w]), and |(?<=[›\w]), |(?<=[›\w]) or |(?<=[›\w]) and ")
    });
    let parts = SEPARATOR.split(list).flatten();
    parts.map(|part| part.trim_matches(['‹', '›', '"', '\'']).to_owned()).filter(|part| !part.is_empty()).collect()
}
