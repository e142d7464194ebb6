//! What one member demands of others: `If you specify A, you must also specify B`, `Required when type is card`,
//! `Must be after start`.
//!
//! It never decides whether a name is a member; the code that applies a relation does.

use super::relation_words::{compile_conditional, names_in, operand_name, values_in};
use super::statement::StatedRelation;
use super::vocabulary::{Groups, find};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// How the names of a match form relations.
#[derive(Clone, Copy, Debug)]
enum ConditionalShape {
    /// The first name requires the list.
    Requires,
    /// Each of the list requires the first name.
    RequiredBy,
    AllOrNone,
    /// The list is required under the condition.
    RequiredIf,
    ForbiddenIf,
    /// Each of the list is allowed under the condition only.
    OnlyIf,
    /// The first operand is less than the other.
    Less,
    Greater,
    AtMost,
    AtLeast,
    EqualLengths,
    DistinctBy,
}

static RELATIONS: LazyLock<Vec<(Vec<Regex>, ConditionalShape)>> = LazyLock::new(|| {
    let tables = requirements().into_iter().chain(conditions()).chain(comparisons());
    tables.map(|(text, shape)| (compile_conditional(&text), shape)).collect()
});

/// Patterns and what they mean.
type PatternTable = Vec<(String, ConditionalShape)>;

fn requirements() -> PatternTable {
    use ConditionalShape::{AllOrNone, RequiredBy, Requires};
    const PRESENT: &str = r"(?:if|when) (?:(?:you )?(?:also )?(?:GIVE|GIVING) (?P<first>NAME)|(?P<first2>NAME) is (?:also )?GIVEN),? (?:then )?";
    const VICE_VERSA: &str = r"(?P<mutual>,? \(?and vice[- ]versa\)?)?TAIL";
    const TOGETHER: &str = r"(?:together |along |in combination |in conjunction )?with (?P<list>ANDLIST)TAIL";
    const ONLY_VALID: &str = r"^(?:(?P<first>NAME) )?(?:is |are )?(?:valid only|only valid|allowed only|only allowed|only permitted|permitted only)";
    const IF_GIVEN: &str =
        r"(?:if|when) (?:you (?:also )?GIVE (?P<list>ANDLIST)|(?P<list2>ANDLIST) (?:is|are) (?:also )?GIVEN)TAIL";
    const IF_ONE_GIVEN: &str =
        r"(?:if|when) (?:you (?:also )?GIVE (?P<list>NAME)|(?P<list2>NAME) is (?:also )?GIVEN)TAIL";
    let table = [
        (format!(r"^{PRESENT}(?:you )?must (?:also )?GIVE (?P<list>ANDLIST){VICE_VERSA}"), Requires),
        (format!(r"^{PRESENT}(?P<list>ANDLIST) (?:is|are) (?:also )?(?:required|mandatory){VICE_VERSA}"), Requires),
        (format!(r"^{PRESENT}(?P<list>ANDLIST) must (?:also )?be GIVEN{VICE_VERSA}"), Requires),
        (
            r"^(?:(?P<first>SELF|‹\w+›) )?requires (?:that you (?:also )?GIVE )?(?P<list>ANDLIST)(?: to (?:also )?be GIVEN)?TAIL"
                .to_owned(),
            Requires,
        ),
        (
            r"^(?:(?P<first>NAME) )?must (?:also )?be (?:GIVEN (?:together|along|in combination|in conjunction) with|paired with|accompanied by) (?P<list>ANDLIST)TAIL"
                .to_owned(),
            Requires,
        ),
        (format!(r"^(?:(?P<first>NAME) )?(?:must |can |may )?only be GIVEN {TOGETHER}"), Requires),
        (format!(r"^(?:(?P<first>NAME) )?(?:can |may )be GIVEN only {TOGETHER}"), Requires),
        (format!(r"^you (?:must |can |may )GIVE (?P<first>NAME) only {TOGETHER}"), Requires),
        (format!(r"^only {TOGETHER}"), Requires),
        (format!(r"{ONLY_VALID} {TOGETHER}"), Requires),
        (format!(r"{ONLY_VALID} {IF_GIVEN}"), Requires),
        (format!(r"^(?:(?P<first>NAME) )?(?:must |can |may )?only be GIVEN {IF_GIVEN}"), Requires),
        (format!(r"^(?:(?P<first>NAME) )?(?:can |may )be GIVEN only {IF_GIVEN}"), Requires),
        (format!(r"^you (?:must |can |may )only GIVE (?P<first>NAME) {IF_GIVEN}"), Requires),
        (format!(r"^only {IF_GIVEN}"), Requires),
        (format!(r"^(?:(?:(?P<first>NAME) )?(?:is |are ))?(?:only )?(?:required|mandatory) (?:only )?{IF_ONE_GIVEN}"), RequiredBy),
        (format!(r"^(?:you )?must (?:also )?GIVE (?P<first>NAME) {IF_ONE_GIVEN}"), RequiredBy),
        (format!(r"^(?:(?P<first>NAME) )?must (?:also )?be GIVEN {IF_ONE_GIVEN}"), RequiredBy),
        (r"^(?:both )?(?P<list>NAME and NAME) must (?:both )?be GIVEN togetherTAIL".to_owned(), AllOrNone),
        (r"^(?:you )?must GIVE (?:both )?(?P<list>NAME and NAME) togetherTAIL".to_owned(), AllOrNone),
        (
            r"^(?:either )?(?:you )*(?:must )?(?:either )?GIVE (?:non-empty values for )?both (?P<list>NAME and NAME),? or (?:for )?(?:neither|none|omit both)(?: of them)?TAIL"
                .to_owned(),
            AllOrNone,
        ),
        (
            r"^(?:either )?(?:both|all of) (?P<list>NAME(?:, NAME)*,? and NAME) must be GIVEN,? or (?:neither|none)(?: of them)?TAIL"
                .to_owned(),
            AllOrNone,
        ),
    ];
    table.into_iter().collect()
}

fn conditions() -> PatternTable {
    use ConditionalShape::{ForbiddenIf, OnlyIf, RequiredIf};
    const REQUIRED: &str = r"(?:required|mandatory)";
    const FORBIDDEN: &str = r"(?:must not be GIVEN|must be (?:omitted|absent|empty|null)|(?:is |are )?(?:not allowed|not permitted|not valid|forbidden|prohibited|invalid))";
    const OTHERWISE: &str = r"(?P<otherwise>,? (?:and|but) (?:it )?(?:must not be GIVEN|must be omitted|is not allowed|forbidden|not allowed) otherwise)?TAIL";
    const ONLY_VALID: &str = r"(?:valid only|only valid|allowed only|only allowed|only permitted|permitted only|only accepted|accepted only)";
    let table = [
        (
            format!(
                r"^(?:(?:(?P<list>ANDLIST) )?(?:is|are) )?(?:only )?{REQUIRED} (?:only )?(?:if|when|where) COND{OTHERWISE}"
            ),
            RequiredIf,
        ),
        (format!(r"^(?:(?P<list>ANDLIST) (?:is|are) )?{REQUIRED} for (?P<cond>‹\w+›) VALUES{OTHERWISE}"), RequiredIf),
        (r"^(?:you )?must (?:also )?GIVE (?P<list>ANDLIST) (?:if|when) CONDTAIL".to_owned(), RequiredIf),
        (format!(r"^(?:(?P<list>ANDLIST) )?must (?:also )?be GIVEN (?:if|when) COND{OTHERWISE}"), RequiredIf),
        (format!(r"^(?:if|when) COND,? (?:then )?(?P<list>ANDLIST) (?:is|are) (?:also )?{REQUIRED}TAIL"), RequiredIf),
        (r"^(?:if|when) COND,? (?:then )?(?P<list>ANDLIST) must (?:also )?be GIVENTAIL".to_owned(), RequiredIf),
        (r"^(?:if|when) COND,? (?:then )?(?:you )?must (?:also )?GIVE (?P<list>ANDLIST)TAIL".to_owned(), RequiredIf),
        (
            r"^(?:if|when) COND,? (?:then )?(?:(?:you )?must not|do not) (?:also )?GIVE (?P<list>LIST)TAIL".to_owned(),
            ForbiddenIf,
        ),
        (format!(r"^(?:if|when) COND,? (?:then )?(?P<list>LIST) {FORBIDDEN}TAIL"), ForbiddenIf),
        (r"^(?:you )?must not GIVE (?P<list>LIST) (?:if|when) CONDTAIL".to_owned(), ForbiddenIf),
        (format!(r"^(?:(?P<list>LIST) )?{FORBIDDEN} (?:if|when) CONDTAIL"), ForbiddenIf),
        (format!(r"^(?:(?P<list>LIST) )?(?:is |are )?{ONLY_VALID} (?:if|when|with) CONDTAIL"), OnlyIf),
        (format!(r"^(?:(?P<list>LIST) )?(?:is |are )?{ONLY_VALID} for (?P<cond>‹\w+›) VALUESTAIL"), OnlyIf),
        (r"^(?:(?P<list>LIST) )?(?:must |can |may )only be GIVEN (?:if|when) CONDTAIL".to_owned(), OnlyIf),
        (r"^(?:(?P<list>LIST) )?(?:can |may )be GIVEN only (?:if|when) CONDTAIL".to_owned(), OnlyIf),
        (r"^you (?:must |can |may )only GIVE (?P<list>LIST) (?:if|when) CONDTAIL".to_owned(), OnlyIf),
        (r"^you (?:can |may )GIVE (?P<list>LIST) only (?:if|when) CONDTAIL".to_owned(), OnlyIf),
        (format!(r"^(?:(?P<list>LIST) )?{FORBIDDEN} unless CONDTAIL"), OnlyIf),
        (r"^only (?:if|when) CONDTAIL".to_owned(), OnlyIf),
    ];
    table.into_iter().collect()
}

fn comparisons() -> PatternTable {
    use ConditionalShape::{AtLeast, AtMost, DistinctBy, EqualLengths, Greater, Less};
    const SUBJECT: &str = r"^(?:(?P<subject>OPERAND|(?:the |this )?value|it) )?must ";
    const BE: &str = r"(?:be|come|lie) ";
    const OTHER: &str = r" (?P<other>OPERAND)TAIL";
    const ENTRIES: &str = r"(?:entries|items|elements|values)";
    let less = r"(?:strictly )?(?:less than|smaller than|lower than|earlier than|before|prior to)";
    let greater = r"(?:strictly )?(?:greater than|larger than|higher than|bigger than|more than|later than|after)";
    let at_most = r"(?:less than or equal to|equal to or less than|smaller than or equal to|lower than or equal to|at most|no more than|no greater than|no larger than|no later than|on or before|before or equal to|<=)";
    let at_least = r"(?:greater than or equal to|equal to or greater than|larger than or equal to|higher than or equal to|at least|no less than|no smaller than|no earlier than|on or after|after or equal to|>=)";
    let table = [
        (format!("{SUBJECT}{BE}{less}{OTHER}"), Less),
        (format!("{SUBJECT}{BE}{greater}{OTHER}"), Greater),
        (format!("{SUBJECT}(?:{BE}{at_most}|not (?:{BE}{greater}|exceed)){OTHER}"), AtMost),
        (format!("{SUBJECT}(?:{BE}{at_least}|not {BE}{less}){OTHER}"), AtLeast),
        (
            format!(r"^the number of {ENTRIES} (?:in|of) (?P<subject>OPERAND) must not (?:exceed|be (?:greater|larger|more) than){OTHER}"),
            AtMost,
        ),
        (
            format!(r"^(?:(?P<subject>OPERAND) )?must not (?:have|contain|include) more (?:{ENTRIES} than (?P<other>OPERAND)|than (?P<other2>OPERAND) {ENTRIES})TAIL"),
            AtMost,
        ),
        (
            format!(r"^(?P<list>NAME and NAME) must (?:have|contain|be of) the same (?:length|number of {ENTRIES})TAIL"),
            EqualLengths,
        ),
        (
            format!(r"^(?:(?P<first>NAME) )?must (?:have|contain|be of|be) (?:the same (?:length|number of {ENTRIES}) as|as many {ENTRIES} as|as long as) (?P<list>NAME)TAIL"),
            EqualLengths,
        ),
        (
            format!(r"^the number of {ENTRIES} in (?P<first>NAME) must (?:match|equal|be equal to|be the same as) the number of {ENTRIES} in (?P<list>NAME)TAIL"),
            EqualLengths,
        ),
        (
            r"^(?:(?P<first>NAME) )?must be (?:unique|distinct) (?:within|in|across|among) (?:all )?(?:a |the |this )?(?:list|array|request|batch|items|entries|elements|lines)TAIL"
                .to_owned(),
            DistinctBy,
        ),
        (
            r"^no two (?:items|entries|elements|lines|[a-z]+s) (?:can |may |must )?(?:have|share) the same (?P<first>NAME)TAIL".to_owned(),
            DistinctBy,
        ),
    ];
    table.into_iter().collect()
}

/// Returns the relations that a simplified sentence states about what one member demands of others.
pub(super) fn read_demands(text: &str) -> Vec<StatedRelation> {
    for (regexes, shape) in RELATIONS.iter() {
        if let Some(found) = regexes.iter().find_map(|regex| find(regex, text)) {
            return relations_of(*shape, &found);
        }
    }
    Vec::new()
}

fn relations_of(shape: ConditionalShape, found: &Groups<'_>) -> Vec<StatedRelation> {
    let group = |names: [&str; 2]| names.into_iter().find_map(|name| found.name(name)).map(|text| text.as_str());
    let one = |names: [&str; 2]| group(names).and_then(|text| names_in(text).pop()).flatten();
    let list = group(["list", "list2"]).map_or_else(|| vec![None], names_in);
    // `If you use this value` is about one value of the described member.
    if matches!(shape, ConditionalShape::Requires)
        && group(["first", "first2"]).is_some_and(|text| text.ends_with("this value"))
    {
        return Vec::new();
    }
    let first = one(["first", "first2"]);
    let condition = one(["cond", "cond"]);
    let values = group(["values", "values"]).map(values_in).unwrap_or_default();
    let [subject, other] =
        [["subject", "subject"], ["other", "other2"]].map(|names| group(names).and_then(operand_name));
    let subject = subject.filter(|name| name != "value");
    let mut relations = match shape {
        ConditionalShape::Requires if found.name("mutual").is_some() => {
            vec![StatedRelation::AllOrNone(std::iter::once(first).chain(list.clone()).collect())]
        }
        ConditionalShape::Requires => vec![StatedRelation::Requires { member: first, needs: list.clone() }],
        ConditionalShape::RequiredBy => {
            let needs = vec![first];
            list.iter().cloned().map(|member| StatedRelation::Requires { member, needs: needs.clone() }).collect()
        }
        ConditionalShape::AllOrNone => vec![StatedRelation::AllOrNone(list.clone())],
        ConditionalShape::RequiredIf => {
            vec![StatedRelation::RequiredIf { member: condition.clone(), values: values.clone(), needs: list.clone() }]
        }
        ConditionalShape::ForbiddenIf => {
            vec![StatedRelation::ForbiddenIf {
                member: condition.clone(),
                values: values.clone(),
                excludes: list.clone(),
            }]
        }
        ConditionalShape::OnlyIf => only_if(&list, &condition, &values),
        ConditionalShape::Less => vec![StatedRelation::LessThan(subject, other)],
        ConditionalShape::Greater => vec![StatedRelation::LessThan(other, subject)],
        ConditionalShape::AtMost => vec![StatedRelation::AtMost(subject, other)],
        ConditionalShape::AtLeast => vec![StatedRelation::AtMost(other, subject)],
        ConditionalShape::EqualLengths if list.len() > 1 => vec![StatedRelation::EqualLengths(list.clone())],
        ConditionalShape::EqualLengths => {
            vec![StatedRelation::EqualLengths(std::iter::once(first).chain(list.clone()).collect())]
        }
        ConditionalShape::DistinctBy => vec![StatedRelation::DistinctBy(first)],
    };
    if found.name("otherwise").is_some() && matches!(shape, ConditionalShape::RequiredIf) {
        relations.extend(only_if(&list, &condition, &values));
    }
    relations
}

fn only_if(list: &[Option<String>], other: &Option<String>, values: &[String]) -> Vec<StatedRelation> {
    let each = list.iter().cloned();
    each.map(|member| StatedRelation::OnlyIf { member, other: other.clone(), values: values.to_vec() }).collect()
}
