//! Closed lists of values: `Valid values: a | b`, `Must be one of`, and lists whose items describe a value each.
//!
//! It never takes a list that names only some values.

use super::statement::StatedFact;
use super::text::{MARK, Sentence};
use super::vocabulary::{compile_regex, find, is_match};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// The words before a list of values, in a text with marks.
static INTRODUCTION: LazyLock<Regex> = LazyLock::new(|| {
    compile_regex(
        r"(?i)(?:\b(?:valid|allowed|possible|accepted|acceptable|supported|available|permitted|allowable|legal|valid input|enum) (?:string )?(?:values?|options?|settings|choices|types|modes)(?: for (?:this|the) [\w‹› -]+?)?(?: (?:are|is|can be))?(?: either| one of)?(?: the following)?(?: values| options)?(?: ?[:=] ?| (?<=are )| (?<=is )| (?<=of )| (?<=either ))|\b(?:must be|can be|should be|may be|is|are|be|specify|to|has to be|value|field|parameter|^)? ?(?:set to |specified as )?(?:exactly |either )?\b(?:one|any) of(?: the following| these| the)?(?: (?:supported |allowed |valid |possible |predefined |following )*(?:values|types|options|strings|states|statuses|modes|literals|languages|formats)(?: supported by [\w ]+)?)?(?: wrapped within quotations)? ?:? ?|(?:\b(?:must|can|should) be (?:set to )?either|^either) |^values?: ?|\bvalues? (?:can|may|must) be:? ?)",
    )
});

/// A whole sentence that names the only value.
static ONLY: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        r"(?i)\bonly (?:currently )?(?:valid|supported|allowed|possible|accepted|permitted|available|acceptable) (?:value|type|option|format|mode|setting|protocol|method|algorithm)(?: for this [a-z]+)?(?: is|:) (.+?)\.?$",
        r"(?i)^(?:currently,? |at this time,? )?only (?:the )?(\S+(?:(?:, | and | or |, and )\S+)*?)(?: value| type)? (?:is|are) (?:currently )?(?:supported|allowed|valid|accepted|permitted)(?: (?:at this time|currently))?\.?$",
        r"(?i)^(?:currently,? )?(\S+) is (?:currently )?the only (?:currently )?(?:supported|valid|allowed|accepted|possible|permitted) (?:value|type|option|mode|setting)(?: at this time)?\.?$",
    ]
    .map(compile_regex)
});

/// Words that leave a list open.
static OPEN: LazyLock<Regex> = LazyLock::new(|| {
    compile_regex(
        r"(?i)\b(?:for example|e\.g\.|such as|etc|not limited to|among others|and (?:more|others)|or other|any other|custom value|at least|one or more|or any|include|includes|see|refer|depend|depends|if|when|unless|for (?:mysql|oracle|sql|postgres\w*|mariadb|aurora|db2|more)|recommend\w*)\b|\.\.\.|…",
    )
});

/// Returns the closed list that a sentence states, if it is complete in the sentence. `is_first` says whether the
/// description begins with it.
pub(super) fn read_closed_list(marked: &str, is_first: bool) -> Option<StatedFact> {
    if let Some(found) = ONLY.iter().find_map(|regex| find(regex, marked)) {
        let values = parse_list(found.get(1)?.as_str())?;
        return (!is_match(&OPEN, marked)).then_some(StatedFact::Values(values));
    }
    let list = match find(&INTRODUCTION, marked) {
        Some(found) => {
            let whole = found.get(0)?;
            let is_scoped = is_match(&OPEN, &marked[..whole.start()]);
            (!is_scoped).then(|| (&marked[whole.end()..], whole.as_str().contains([':', '='])))?
        }
        // A description that begins with a list of marked values and nothing else.
        None if is_first && marked.starts_with(MARK[0]) => (marked, false),
        None => return None,
    };
    let (list, has_colon) = list;
    let all = list;
    let list = cut_list(list);
    if is_match(&OPEN, list) {
        return None;
    }
    let values = parse_list(list)?;
    let are_marked = list.matches(MARK[0]).count() >= values.iter().filter(|value| !value.is_empty()).count();
    let is_certain = |value: &String| value.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    // Numbers in a sentence are no texts.
    if !has_colon && values.iter().all(|value| value.chars().all(|c| c.is_ascii_digit())) {
        return None;
    }
    let is_whole = all.trim().trim_end_matches('.').len() == list.trim_end_matches('.').len();
    let is_singular = values.len() == 1 && is_whole && has_colon && (are_marked || values.iter().all(is_certain));
    (values.len() > 1 && (has_colon || are_marked || values.iter().all(is_certain)) || is_singular)
        .then_some(StatedFact::Values(values))
}

/// Returns the closed list that a paragraph introduces and whose values begin the items behind it, and the number of
/// sentences that belong to it.
pub(super) fn read_item_list(sentences: &[Sentence]) -> Option<(StatedFact, usize)> {
    let introduction = sentences.first()?;
    if !introduces_items(&introduction.marked) || is_match(&OPEN, &introduction.marked) {
        return None;
    }
    let mut values: Vec<String> = Vec::new();
    let mut used = 1;
    for sentence in &sentences[1..] {
        if sentence.is_item {
            let value = item_value(&sentence.marked)?;
            if !values.contains(&value) {
                values.push(value);
            }
        } else if sentence.begins_paragraph {
            // The list itself may stand in a paragraph of its own.
            if values.is_empty() {
                let listed = parse_list(sentence.marked.trim_end_matches('.')).filter(|listed| listed.len() > 1)?;
                return Some((StatedFact::Values(listed), 2));
            }
            break;
        } else if values.is_empty() {
            return None;
        }
        used += 1;
    }
    (values.len() > 1 && !values.iter().all(|value| value == "true" || value == "false"))
        .then_some((StatedFact::Values(values), used))
}

/// Returns whether a sentence says that the items behind it are all the values.
fn introduces_items(marked: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)^(?:(?:the |this |it |its )?(?:field |parameter |value |property )?(?:valid|allowed|possible|accepted|acceptable|supported|available|permitted) (?:values|options|types|modes)(?: (?:are|is|for this (?:field|parameter|property|value|member)))*(?: the following| as follows| one of the following)?|.*\b(?:must be|can be|should be|may be|is|take|takes|specify|has|have|set to|contain|use|to|with) (?:set to )?(?:exactly |any |only )?(?:one|any)? ?of the following(?: (?:supported |valid |allowed )?(?:values|types|options|strings|states|statuses|modes))?|values?|.*\b(?:valid|allowed|possible|accepted|supported) values(?: are)?)\s*:\s*$",
        )
    });
    is_match(&WORDS, marked)
}

/// Returns the value that an item of a list describes: `‹A› – what A means`.
fn item_value(marked: &str) -> Option<String> {
    static ITEM: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"^(?:‹([^›]*)›(?: \([^()]*\))?(?= ?[-:–—=(.,]| ?$| (?:is|if|to|means)\b)|([A-Za-z0-9][\w./:+-]*?)(?: \([^()]*\))?(?:\.?$|:(?= |$)| [-–—=] ))",
        )
    });
    let found = find(&ITEM, marked.trim())?;
    let value = found.get(1).or(found.get(2))?.as_str().trim_matches(['"', '\'']).trim();
    (!value.is_empty() && value.len() <= 100 && !value.contains([' ', '<', '>', '{', '}'])).then(|| value.to_owned())
}

/// Returns a list without what follows its end.
fn cut_list(text: &str) -> &str {
    static END: LazyLock<Regex> = LazyLock::new(|| compile_regex(r"\.(?: |$)| [–—] |, but\b| \| ?$"));
    let end = END.find(text).ok().flatten().map_or(text.len(), |found| found.start());
    text[..end].trim()
}

/// Parses a list of values, each marked or a single word, with asides in parentheses. Returns `None` if there is anything
/// else.
pub(super) fn parse_list(text: &str) -> Option<Vec<String>> {
    static ELEMENT: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"^(?:‹([^›]*)›|[A-Z][a-z]+ \(‹([^›]+)›\)|(an empty string|the empty string)|([A-Za-z0-9*$][\w.:/+*$-]*?(?:\.[\w.:/+-]+)*))(?: ?\((?:[^()]|\([^()]*\))*\))?(?: [-–—] [^,|‹]+)?(?: ?\| ?| / |[,;]? (?:and|or|and/or) (?:either )?|[,;] ?(?:(?:and|or) )?|$)",
        )
    });
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)^(?:the|an?|any|all|see|your|this|that|these|those|each|either|both|none of|you|it|string|strings|values?|integers?|numbers?|following|letters?|digits|characters|alphanumeric|lowercase|uppercase|of)$",
        )
    });
    let mut rest = text.trim().trim_end_matches('.').trim();
    let mut values = Vec::new();
    while !rest.is_empty() {
        let found = find(&ELEMENT, rest)?;
        let word = found.get(4).map(|word| word.as_str());
        if word.is_some_and(|word| is_match(&WORDS, word)) {
            return None;
        }
        // One mark may surround the whole list: `‹A | B›`.
        if let Some(inner) = found.get(1).map(|marked| marked.as_str()).filter(|inner| inner.contains(['|', ','])) {
            values.extend(parse_list(inner.trim().trim_end_matches(','))?);
            rest = rest[found.get(0)?.end()..].trim_start();
            continue;
        }
        let value = match (found.get(1).or(found.get(2)), found.get(3)) {
            (Some(marked), _) => marked.as_str().trim().trim_matches(['"', '\'']).trim_end_matches('.').to_owned(),
            (None, Some(_)) => String::new(),
            (None, None) => word?.trim_end_matches([':', '.']).to_owned(),
        };
        // `AWS_<REGION>` stands for several values.
        if value.len() > 100 || values.len() > 200 || value.contains(['<', '>', '{', '}']) {
            return None;
        }
        if !values.contains(&value) {
            values.push(value);
        }
        rest = rest[found.get(0)?.end()..].trim_start();
    }
    (!values.is_empty()).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::super::text::split_sentences;
    use super::*;

    fn values(text: &str) -> String {
        let sentences = split_sentences(text.lines().enumerate().map(|(line, text)| (line as u32 + 1, text)));
        let listed = read_item_list(&sentences).map(|(fact, _)| fact);
        match listed.or_else(|| sentences.iter().find_map(|sentence| read_closed_list(&sentence.marked, true))) {
            Some(StatedFact::Values(values)) => values.join(" "),
            _ => String::new(),
        }
    }

    #[test]
    fn closed_lists_are_read() {
        for (text, expected) in [
            ("Valid values: Standard, Express.", "Standard Express"),
            ("One of: open, closed, or done", "open closed done"),
            ("One of `a`, `b` or `c`.", "a b c"),
            ("The status. Must be one of: `critical`, `high`, or `info`.", "critical high info"),
            ("Valid values: `A` (matches any) | `B` (matches none).", "A B"),
            ("The valid values are `x` or `y`.", "x y"),
            ("Only `ATTACHMENTS` are supported.", "ATTACHMENTS"),
            ("Only supported type is AI_AGENT.", "AI_AGENT"),
            ("Languages: any of the following languages.", ""),
            ("Possible values are `read`, `write`, or an empty string.", "read write "),
            ("Possible values:\n* **A**: one\n* **B** (default): two", "A B"),
            ("Possible values:\n\n**match**, **partialMatch**, **noMatch**", "match partialMatch noMatch"),
            ("This field can be set to one of the following values:\n- `X` - x\n- `Y` - y", "X Y"),
            ("Possible values: \n* AMBER\n* GREEN", "AMBER GREEN"),
        ] {
            assert_eq!(values(text), expected, "{text}");
        }
    }

    #[test]
    fn open_lists_are_not_read() {
        for text in [
            "Valid values: see the guide.",
            "One of the tags.",
            "Possible values are, for example, `a` and `b`.",
            "Valid values depend on the engine: `a`, `b`",
            "Can be one of the supported types.",
            "You can provide one of `a` and a value.",
        ] {
            assert_eq!(values(text), "", "{text}");
        }
    }
}
