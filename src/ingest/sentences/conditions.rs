//! Decides which sentences state no limit of every value: conditions, advice, examples, quotas, and what a response has.
//!
//! It never reads a limit.

use super::vocabulary::{compile_regex, is_match};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// Removes the conditions that hold for every limit: that the member is given at all.
pub(super) fn strip_presence_conditions(text: &str) -> std::borrow::Cow<'_, str> {
    static PRESENT: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?:^|,? )(?:if|when) (?:(?:it is|it's|this is|you|one is|a value is|present and|you choose to) ?)*(?:provided|specified|present|set|given|included|supplied|used|non-null|not null|include|specify|provide|use|supply)(?: (?:a value|this parameter|this value|this field|it|this|one|a value for this parameter))?(?:[,.;]|$)",
        )
    });
    if text.contains("if ") || text.contains("when ") { PRESENT.replace(text, " ") } else { text.into() }
}

/// Returns true if a normalized sentence states a condition, so that nothing in it is a limit of every value.
pub(super) fn is_conditional(text: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"^(?:for|in|on|with|as of|to) [^#,]{1,80}[,:]|^for [a-z]|\b(?:if|when|whenever|unless|except|depending|depends|otherwise|based on|in which case|in this case|only for|required for|ipv[46]|obtained|for most|for all [a-z]+ except|appl(?:y|ies) (?:only )?to (?!the maximum number)|applicable|once|until|while|whichever)\b|^valid (?:range|values?) for [^:]+:|[:,] for [a-z]|\bfor [^#]* [-–—] (?:must|can|up to|min|max|between|valid|an? )|\bfor (?:[a-z0-9 -]+ )?(?:instances?|engines?|editions?|versions?|queues?|volumes?|accounts?|regions?|tables?|clusters?|types?|fleets?|numbers)\b|\bwith (?:a|an|the) [a-z-]+ (?:type|engine|edition|class)\b|\b(?:oracle|mysql|mariadb|postgresql|postgres|sql server|aurora|db2|redis|memcached|windows|linux|gp2|gp3|io1|io2)\b",
        )
    });
    is_match(&WORDS, text)
}

/// Returns the part of a normalized sentence before an example, or before an explanation of it.
pub(super) fn before_example(text: &str) -> &str {
    let starts = ["for example", "for instance", "e.g.", "i.e.", "such as", "example:", "examples:", "(example"];
    let end = starts.iter().filter_map(|start| text.find(start)).min().unwrap_or(text.len());
    &text[..end]
}

/// Returns true if a normalized clause is advice, a default, a quota or an average.
pub(super) fn is_no_limit(clause: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"\b(?:recommend|recommended|recommends|recommendation|typically|usually|generally|normally|approximately|roughly|around|average|ideally|suggest|suggested|prefer|optimal|defaults?|quota|quotas|per (?:[a-qs-z]|re[a-pr-z]|r[a-df-z])[a-z]*|an hour|a day|may be increased|can be increased|might|could|unlimited|expires?|retained|retains?|throttl\w*|truncat\w*|ignored|discarded|returned|displayed|displays?|shown|logged|processed|(?:first|last|next|previous|remaining|additional|another|additional) #|every #|after #|within #|older than|wait(?:s|ing)?|takes?|percent of|combined|altogether|sum of|entire|including all|whole [a-z]+ must|excluding|theoretical|should (?:contain|have|be) at least|in total|total (?:number|size|length|count)|together|across|aggregate|http #|status code|error code|equals?|equal to #|returns|will return|can return|return (?:up to|at most|only|a maximum)|represents?|corresponds?|means?|indicates?|a value of|value #)",
        )
    });
    is_match(&WORDS, clause)
}

/// Returns true if a heading limits what follows it to one case, such as one database engine.
pub(super) fn is_case_heading(text: &str) -> bool {
    static GENERAL: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)^(?:note|notes|important|constraints?|limits?|limitations?|restrictions?|requirements?|rules?|naming (?:rules|requirements|constraints)|format|type|required|optional|update requires|valid values|possible values|allowed values|values?|details?|tip|warning|usage|syntax|this [a-z ]+ must(?: (?:meet|be|have|satisfy|follow|conform)[a-z ]*)?|(?:the |it )?[a-z ]*(?:must|following|constraints|requirements|rules|restrictions|limits)[a-z ]*)\W*$",
        )
    });
    let text = text.trim();
    let words = text.split_whitespace().count();
    let is_heading =
        (words <= 6 && !text.ends_with(['.', '!', '?', ')']) && !text.contains('#')) || text.ends_with(':');
    let has_list = text.trim_end_matches(':').contains([',', ':', '|', ';']);
    is_heading && !has_list && words <= 14 && !is_match(&GENERAL, text) && text.chars().any(char::is_alphabetic)
}
