//! Relations between members: `A and B are mutually exclusive`, `You must specify either A or B`.
//!
//! It never decides whether a name is a member; the code that applies a relation does.

use super::statement::StatedRelation;
use super::vocabulary::{compile_regex, find, is_match};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// The name of a member, marked or with a capital letter or an underscore, or words for the described member.
const NAME: &str = r"(?:the |an? |either |both )*(?:‹[A-Za-z]\w*›|this(?: (?:parameter|field|value|property|option|member|attribute|setting|object|element|header))?|it|[A-Z]\w+|[a-z]+(?:[A-Z]\w*|_\w+))(?: (?:parameter|field|property|value|attribute|option|member|header|list|object|element|filter|setting)s?)?";
/// A verb that says that a member is given.
const GIVE: &str = r"(?:specify|provide|use|include|set|pass|supply|enter|define|choose|configure)";
/// A participle that says that a member is given.
const GIVEN: &str =
    r"(?:specified|provided|used|included|set|passed|supplied|present|populated|defined|combined|given)";
/// What may follow a relation without changing it.
const TAIL: &str = r"(?: (?:together|parameters?|fields?|properties|in (?:the same|one|a single|your|the|this) (?:request|call|operation|api call|query|command)|for (?:the|this|a|each) (?:request|operation|call)|at the same time|per request|simultaneously|with this (?:operation|action)))*\.?$";

/// How the names of a match form relations.
#[derive(Clone, Copy)]
enum RelationShape {
    /// The list of names is one relation.
    AtMostOne,
    AtLeastOne,
    ExactlyOne,
    /// The described member excludes each name of the list.
    SelfExcludes,
    /// The first name excludes each name of the list.
    FirstExcludes,
    /// The described member or the name is given.
    SelfOrName,
}

static RELATIONS: LazyLock<Vec<(Regex, RelationShape)>> = LazyLock::new(|| {
    use RelationShape::{AtLeastOne, AtMostOne, ExactlyOne, FirstExcludes, SelfExcludes, SelfOrName};
    let table = [
        (r"^(?P<list>LIST) are mutually exclusiveTAIL", AtMostOne),
        (r"^(?:(?:this|it)(?: [a-z]+)? is |is )?mutually exclusive (?:with|to) (?P<list>LIST)TAIL", SelfExcludes),
        (r"^you (?:can )?(?:must )?not GIVE (?:both )?(?P<list>NAME and NAME)TAIL", AtMostOne),
        (r"^(?:both )?(?P<list>NAME and NAME) (?:must )?not be GIVENTAIL", AtMostOne),
        (r"^do not GIVE (?:both )?(?P<list>NAME and NAME)TAIL", AtMostOne),
        (
            r"^(?:you )?(?:can )?(?:must )?not (?:be GIVEN|GIVE (?:this [a-z]+|it|this)) (?:together |along |in combination |in conjunction )?with (?P<list>LIST)TAIL",
            SelfExcludes,
        ),
        (
            r"^(?:this|it)(?: [a-z]+)? must not be GIVEN (?:together |along |in combination |in conjunction )?with (?P<list>LIST)TAIL",
            SelfExcludes,
        ),
        (
            r"^(?P<first>NAME) must not be GIVEN (?:together |along |in combination |in conjunction )?with (?P<list>LIST)TAIL",
            FirstExcludes,
        ),
        (
            r"^(?:if|when) (?:you )?(?:GIVE|providing|specifying|using) (?P<first>NAME),? (?:then )?(?:you )?(?:must not|do not|don't) (?:also )?GIVE (?P<list>LIST)TAIL",
            FirstExcludes,
        ),
        (
            r"^(?:if|when) (?P<first>NAME) is GIVEN,? (?:then )?(?P<list>LIST) must (?:not be GIVEN|be omitted)TAIL",
            FirstExcludes,
        ),
        (
            r"^(?:you )?must GIVE (?:only one of|exactly one of|either)(?: the following)?:? (?P<list>LIST),? but not bothTAIL",
            ExactlyOne,
        ),
        (
            r"^(?:you )?must GIVE (?:only one of|exactly one of)(?: the following(?: parameters)?)?:? (?P<list>LIST)TAIL",
            ExactlyOne,
        ),
        (r"^(?:exactly one of) (?P<list>LIST) must be GIVENTAIL", ExactlyOne),
        (r"^(?:either |one of )?(?P<list>NAME or NAME) must be GIVEN,? but not bothTAIL", ExactlyOne),
        (r"^(?:you can )?GIVE (?:either )?(?P<list>NAME or NAME),? but not bothTAIL", AtMostOne),
        (r"^GIVE (?:either )?(?P<list>NAME or NAME), not bothTAIL", AtMostOne),
        (r"^(?:only|at most) one of (?P<list>LIST) (?:can|may|must) be GIVENTAIL", AtMostOne),
        (r"^at least one of (?P<list>LIST) (?:must be GIVEN|is required)TAIL", AtLeastOne),
        (r"^(?:you )?must GIVE at least one of(?: the following)?:? (?P<list>LIST)TAIL", AtLeastOne),
        (r"^(?:you )?must GIVE (?:either )?(?P<list>NAME or NAME)(?:,? or both)?TAIL", AtLeastOne),
        (r"^(?:either |one of )(?P<list>NAME or NAME) (?:must be GIVEN|is required)TAIL", AtLeastOne),
        (r"^either (?:GIVE )(?P<list>NAME or NAME)TAIL", AtLeastOne),
        (r"^(?:this [a-z]+ is )?required if (?P<list>NAME) is (?:omitted|not GIVEN)TAIL", SelfOrName),
    ];
    let list = format!("{NAME}(?:(?:, | or | and |, or |, and ){NAME})*");
    let compile = |text: &str| {
        let text = text.replace("LIST", &list).replace("NAME", NAME).replace("GIVEN", GIVEN).replace("GIVE", GIVE);
        compile_regex(&text.replace("TAIL", TAIL))
    };
    table.into_iter().map(|(text, shape)| (compile(text), shape)).collect()
});

/// At most one member of the described structure is given.
static ONE_MEMBER: LazyLock<Regex> = LazyLock::new(|| {
    compile_regex(
        r"^you can (?:only )?(?:set|specify|use|apply) (?:only )?one (?:filter|field|member|option|attribute)s? at a time\.?$|^only one (?:field|member) (?:can|may) be (?:populated|set|specified)\.?$",
    )
});

/// Returns the relations that a sentence with marks states.
pub(super) fn read_relations(marked: &str) -> Vec<StatedRelation> {
    let words = ["xclusive", "not ", "n't", "annot", "ither", "ne of", "ust ", "equired if", "at a time", "nly one"];
    if !words.iter().any(|word| marked.contains(word)) || marked.len() > 300 {
        return Vec::new();
    }
    let text = simplify(marked);
    if is_match(&ONE_MEMBER, &text) {
        return vec![StatedRelation::AtMostOneMember];
    }
    for (regex, shape) in RELATIONS.iter() {
        let Some(found) = find(regex, &text) else { continue };
        let Some(names) = found.name("list").map(|list| names_in(list.as_str())) else { continue };
        let first = found.name("first").map(|first| names_in(first.as_str()));
        return relations_of(*shape, names, first.and_then(|mut first| first.pop()));
    }
    Vec::new()
}

fn relations_of(
    shape: RelationShape,
    names: Vec<Option<String>>,
    first: Option<Option<String>>,
) -> Vec<StatedRelation> {
    let excludes = |first: Option<String>| {
        names.iter().map(|name| StatedRelation::AtMostOneOf(vec![first.clone(), name.clone()])).collect::<Vec<_>>()
    };
    match shape {
        RelationShape::SelfExcludes => excludes(None),
        RelationShape::FirstExcludes => first.map(excludes).unwrap_or_default(),
        RelationShape::SelfOrName => {
            vec![StatedRelation::AtLeastOneOf(std::iter::once(None).chain(names).collect())]
        }
        _ if names.len() < 2 => Vec::new(),
        RelationShape::AtMostOne => vec![StatedRelation::AtMostOneOf(names)],
        RelationShape::AtLeastOne => vec![StatedRelation::AtLeastOneOf(names)],
        RelationShape::ExactlyOne => vec![StatedRelation::ExactlyOneOf(names)],
    }
}

/// Returns a sentence in the form that patterns expect: every prohibition is `must not`, and it begins with a small letter
/// unless it begins with a name.
fn simplify(marked: &str) -> String {
    static PROHIBITIONS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(r"(?i)\b(?:can't|cannot|can not|may not|mustn't|must never|should not|shouldn't)\b")
    });
    static START: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(r"^(?:Conditional: |Note that |Note: |However, |Important: |In addition, |Currently, )")
    });
    let text = START.replace(marked, "");
    let text = PROHIBITIONS.replace_all(&text, "must not").replace("don't", "do not").replace("Don't", "do not");
    let first_word = text.split(' ').next().unwrap_or_default();
    let is_plain = [
        "You", "This", "It", "If", "When", "Either", "Both", "At", "Only", "One", "Exactly", "Mutually", "Must",
        "Specify", "Provide", "Use", "Include", "Required", "Do", "The", "Set", "Pass",
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

/// Returns the names of a list; `None` stands for the described member.
fn names_in(list: &str) -> Vec<Option<String>> {
    static SEPARATOR: LazyLock<Regex> = LazyLock::new(|| compile_regex(r", or |, and |, | or | and "));
    let mut names = Vec::new();
    for part in SEPARATOR.split(list).flatten() {
        let words: Vec<&str> =
            part.split(' ').filter(|word| !["the", "a", "an", "either", "both", "The"].contains(word)).collect();
        let Some(first) = words.first() else { continue };
        let is_self = *first == "it" || *first == "this";
        names.push((!is_self).then(|| first.trim_matches(['‹', '›']).to_owned()));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relations(text: &str) -> String {
        read_relations(text).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn relations_are_read() {
        for (text, expected) in [
            ("‹A› and ‹B› are mutually exclusive.", "atMostOneOf(A,B)"),
            ("The ‹a› field and the ‹b› field are mutually exclusive.", "atMostOneOf(a,b)"),
            ("Mutually exclusive with ‹minid›.", "atMostOneOf(*,minid)"),
            ("This parameter is mutually exclusive with ‹B›.", "atMostOneOf(*,B)"),
            ("You cannot specify both ‹A› and ‹B›.", "atMostOneOf(A,B)"),
            ("You can't specify ‹A› and ‹B› in the same request.", "atMostOneOf(A,B)"),
            ("This cannot be specified with Days or Date.", "atMostOneOf(*,Days); atMostOneOf(*,Date)"),
            ("Cannot be combined with ‹workflowUrl›.", "atMostOneOf(*,workflowUrl)"),
            ("If you specify ‹A›, you can't specify ‹B›.", "atMostOneOf(A,B)"),
            ("If a ‹A› is specified, the ‹B› parameter must be omitted.", "atMostOneOf(A,B)"),
            ("You must specify either ‹A› or ‹B›, but not both.", "exactlyOneOf(A,B)"),
            ("Either ‹A› or ‹B› must be specified, but not both.", "exactlyOneOf(A,B)"),
            ("You can specify either ‹A› or ‹B›, but not both.", "atMostOneOf(A,B)"),
            ("Specify either ‹A› or ‹B›, not both.", "atMostOneOf(A,B)"),
            ("Only one of ‹A›, ‹B›, or ‹C› can be provided per request.", "atMostOneOf(A,B,C)"),
            ("You must specify either this parameter or ‹B›.", "atLeastOneOf(*,B)"),
            ("You must provide the ‹A› or the ‹B›.", "atLeastOneOf(A,B)"),
            ("Either this parameter or the ‹verification_sid› must be specified.", "atLeastOneOf(*,verification_sid)"),
            ("At least one of ‹A›, ‹B› must be specified.", "atLeastOneOf(A,B)"),
            ("Required if ‹name› is omitted.", "atLeastOneOf(*,name)"),
            ("You can only set one filter at a time.", "atMostOneMember"),
            ("This object can't be used along with TagFilter.", "atMostOneOf(*,TagFilter)"),
        ] {
            assert_eq!(relations(text), expected, "{text}");
        }
    }

    #[test]
    fn other_sentences_are_no_relations() {
        for text in [
            "You must specify either ‹A› and ‹B›, or ‹C›.",
            "Use ‹B› instead.",
            "You must specify either ‹A› or ‹B› when you create an app.",
            "You cannot specify both ‹A› and ‹B› if ‹C› is set.",
            "We recommend that you use ‹A› or ‹B›.",
            "If you specify ‹A›, you must also specify ‹B›.",
            "You must provide a name or an id.",
        ] {
            assert_eq!(relations(text), "", "{text}");
        }
    }
}
