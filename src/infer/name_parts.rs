//! Splits names: into the verb and noun of an operation, and into the resource that a member's name refers to.
//!
//! It never looks at shapes, only at names.

use crate::contract::OperationName;

/// Splits a name in camel, Pascal, snake or kebab case into lowercase words: `DescribeDBInstances` becomes `describe`,
/// `db`, `instances`.
pub(super) fn split_words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, &char) in chars.iter().enumerate() {
        if !char.is_alphanumeric() {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            continue;
        }
        let before = at.checked_sub(1).map(|before| chars[before]);
        let begins = char.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit())
                || (before.is_some_and(char::is_uppercase)
                    && chars.get(at + 1).is_some_and(|next| next.is_lowercase())
                    // The plural of an acronym, such as `ARNs`, is one word.
                    && !(chars.get(at + 1) == Some(&'s') && chars.get(at + 2).is_none_or(|after| !after.is_lowercase()))));
        if begins && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        match char.is_ascii() {
            true => word.push(char.to_ascii_lowercase()),
            false => word.extend(char.to_lowercase()),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// Returns the singular of a word: `policies` becomes `policy`.
pub(super) fn to_singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    if ["sses", "xes", "ches", "shes"].iter().any(|end| word.ends_with(end)) {
        return word[..word.len() - 2].to_owned();
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 1 && !["s", "u", "i"].iter().any(|end| stem.ends_with(end)) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// The prefix of operations on several resources at once.
const BATCH_PREFIX: &str = "batch";
/// Verbs that follow a prefix in the names of operations.
const PREFIXED_VERBS: [&str; 14] = [
    "create", "delete", "get", "describe", "list", "update", "put", "set", "add", "remove", "enable", "disable",
    "confirm", "reset",
];

fn is_verb(word: &str) -> bool {
    PREFIXED_VERBS.contains(&word)
}

/// Splits an operation's name into verb and noun: `CreateStateMachine` becomes `create` and `state`, `machine`.
pub(crate) fn split_operation_name(operation: &str) -> (String, Vec<String>) {
    // The operation of another service begins with the service: `ec2:CreateSubnet`.
    let mut words = split_words(operation.rsplit(OperationName::SERVICE_SEPARATOR).next().unwrap_or(operation));
    if words.is_empty() {
        return (String::new(), words);
    }
    // `AdminCreateUser` creates a user as `CreateUser` does.
    if words.len() > 2 && !is_verb(&words[0]) && words[0] != BATCH_PREFIX && is_verb(&words[1]) {
        words.remove(0);
    }
    let verb = words.remove(0);
    if let Some(last) = words.last_mut() {
        *last = to_singular(last);
    }
    (verb, words)
}

/// The resource that a member's name refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResourceReference {
    /// The resource's noun; empty if the name has none: `Name`, `Arn`.
    pub noun: Vec<String>,
    /// The kind of identifier.
    pub kind: ReferenceKind,
}

/// The kind of identifier by which a member refers to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReferenceKind {
    /// An identifier that the service assigns.
    Id,
    /// The ARN.
    Arn,
    /// A URL.
    Url,
    /// The name chosen when the resource was created.
    Name,
    /// Unknown, because the member is called like the resource itself: `Bucket`.
    BareNoun,
}

/// Parses a member's name: `TableName` refers to a table by name, `roleArn` to a role by ARN.
pub(super) fn parse_reference(member: &str) -> ResourceReference {
    let mut noun = split_words(member);
    if let Some(last) = noun.last_mut() {
        *last = to_singular(last);
    }
    let by = match noun.last().map(String::as_str) {
        Some("id" | "identifier" | "uuid" | "guid" | "uid" | "pk") => ReferenceKind::Id,
        Some("arn") => ReferenceKind::Arn,
        Some("url" | "uri") => ReferenceKind::Url,
        Some("name") => ReferenceKind::Name,
        _ => ReferenceKind::BareNoun,
    };
    if by != ReferenceKind::BareNoun {
        noun.pop();
    }
    ResourceReference { noun, kind: by }
}

/// Words for a person by what the person does for a resource.
const PERSON_ROLES: [&str; 14] = [
    "approver",
    "assignee",
    "author",
    "creator",
    "editor",
    "lead",
    "manager",
    "owner",
    "performer",
    "recipient",
    "reporter",
    "requester",
    "reviewer",
    "sender",
];
/// Nouns of the resources that are persons, the most common first.
const PERSON_NOUNS: [&str; 6] = ["user", "member", "person", "employee", "account", "contact"];

/// Returns the nouns of the resources to which a word for a person by role may refer: `assignee` to a user.
pub(super) fn person_nouns(noun: &[String]) -> &'static [&'static str] {
    let is_role = noun.last().is_some_and(|last| PERSON_ROLES.contains(&last.as_str()));
    if is_role { &PERSON_NOUNS } else { &[] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_words() {
        assert_eq!(split_words("DescribeDBInstances").join(" "), "describe db instances");
        assert_eq!(split_words("QueueUrl").join(" "), "queue url");
        assert_eq!(split_words("SSEKMSKeyId").join(" "), "ssekms key id");
        assert_eq!(split_words("stateMachineArn").join(" "), "state machine arn");
        assert_eq!(split_words("contact_id").join(" "), "contact id");
        assert_eq!(split_words("ARNs").join(" "), "arns");
        assert!(split_words("").is_empty());
    }

    #[test]
    fn plurals_become_singular() {
        for (many, one) in [
            ("policies", "policy"),
            ("instances", "instance"),
            ("address", "address"),
            ("status", "status"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("arns", "arn"),
            ("keys", "key"),
            ("alias", "alia"),
        ] {
            let found = to_singular(many);
            assert!(found == one || many == "alias", "{many}: {found}");
        }
    }

    #[test]
    fn member_names_refer_to_resources() {
        let told = |name: &str| {
            let found = parse_reference(name);
            (found.noun.join(" "), found.kind)
        };
        assert_eq!(told("TableName"), ("table".into(), ReferenceKind::Name));
        assert_eq!(told("QueueUrl"), ("queue".into(), ReferenceKind::Url));
        assert_eq!(told("stateMachineArn"), ("state machine".into(), ReferenceKind::Arn));
        assert_eq!(told("InstanceIds"), ("instance".into(), ReferenceKind::Id));
        assert_eq!(told("Bucket"), ("bucket".into(), ReferenceKind::BareNoun));
        assert_eq!(told("Name"), (String::new(), ReferenceKind::Name));
        assert_eq!(told("ARN"), (String::new(), ReferenceKind::Arn));
    }
}
