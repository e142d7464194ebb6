//! Which of several members are given: `A and B are mutually exclusive`, `You must specify either A or B`.
//!
//! It never decides whether a name is a member; the code that applies a relation does.

use super::relation_words::{compile_relation, names_in};
use super::statement::StatedRelation;
use super::vocabulary::{compile_regex, find, is_match};
use fancy_regex::Regex;
use std::sync::LazyLock;

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
        (r"^(?:you )?must GIVE at least one of(?: the following(?: [a-z]+)?)?:? (?P<list>LIST)TAIL", AtLeastOne),
        (r"^(?:you )?must GIVE (?:either )?(?P<list>NAME or NAME)(?:,? or both)?TAIL", AtLeastOne),
        (r"^(?:either |one of )(?P<list>NAME or NAME) (?:must be GIVEN|is required)TAIL", AtLeastOne),
        (r"^either (?:GIVE )(?P<list>NAME or NAME)TAIL", AtLeastOne),
        (r"^(?:this [a-z]+ is )?required if (?P<list>NAME) is (?:omitted|not GIVEN)TAIL", SelfOrName),
        (r"^(?:this(?: [a-z]+)? (?:is )?)?required unless (?:you GIVE )?(?P<list>NAME)(?: is GIVEN)?TAIL", SelfOrName),
        (
            r"^(?:you must not|do not) GIVE (?P<first>NAME) (?:together |along |in combination |in conjunction )with (?P<list>LIST)TAIL",
            FirstExcludes,
        ),
        (r"^you must not GIVE (?:data |values? )?for both (?P<list>NAME and NAME)TAIL", AtMostOne),
        (r"^(?P<first>NAME) is (?:a )?mutually exclusive(?: option)? (?:with|to) (?P<list>LIST)TAIL", FirstExcludes),
        (r"^you must not GIVE (?P<first>NAME) (?:if|when) you (?:also )?GIVE (?P<list>LIST)TAIL", FirstExcludes),
        (
            r"^you must not GIVE (?P<first>NAME) (?:if|when) (?P<list>LIST) (?:is|are) (?:also )?GIVENTAIL",
            FirstExcludes,
        ),
        (r"^(?P<first>NAME) must not be GIVEN (?:if|when) you (?:also )?GIVE (?P<list>LIST)TAIL", FirstExcludes),
        (
            r"^(?P<first>NAME) must not be GIVEN (?:if|when) (?P<list>LIST) (?:is|are) (?:also )?GIVENTAIL",
            FirstExcludes,
        ),
        (r"^must not be GIVEN (?:if|when) (?P<list>LIST) (?:is|are) (?:also )?GIVENTAIL", SelfExcludes),
        (r"^exactly one of the following(?: [a-z]+)? must be GIVEN:? (?P<list>LIST)TAIL", ExactlyOne),
        (
            r"^(?:(?:this|it)(?: [a-z]+)? (?:is )?)?(?:not allowed|not permitted|forbidden) (?:together |along |in combination |in conjunction )?with (?P<list>LIST)TAIL",
            SelfExcludes,
        ),
        (
            r"^(?P<first>NAME) (?:is|are) (?:not allowed|not permitted|forbidden) (?:together |along |in combination |in conjunction )?with (?P<list>LIST)TAIL",
            FirstExcludes,
        ),
    ];
    table.into_iter().map(|(text, shape)| (compile_relation(text), shape)).collect()
});

/// At most one member of the described structure is given.
static ONE_MEMBER: LazyLock<Regex> = LazyLock::new(|| {
    compile_regex(
        r"^you can (?:only )?(?:set|specify|use|apply) (?:only )?one (?:filter|field|member|option|attribute)s? at a time\.?$|^only one (?:field|member) (?:can|may) be (?:populated|set|specified)\.?$",
    )
});

/// Returns the relations that a simplified sentence states about which members are given together.
pub(super) fn read_alternatives(text: &str) -> Vec<StatedRelation> {
    if is_match(&ONE_MEMBER, text) {
        return vec![StatedRelation::AtMostOneMember];
    }
    for (regex, shape) in RELATIONS.iter() {
        let Some(found) = find(regex, text) else { continue };
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

#[cfg(test)]
mod tests {
    use super::super::relation_words::simplify;
    use super::*;

    fn relations(text: &str) -> String {
        read_alternatives(&simplify(text)).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
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
            "You must provide a name or an id.",
        ] {
            assert_eq!(relations(text), "", "{text}");
        }
    }
}
