//! Finds what must be created or switched on once before other operations work: an organization, a security hub.
//!
//! It looks at names and messages only; a request shows whether a guess is right.

use crate::contract::{Contract, Operation};
use crate::infer::creators::input_members;
use crate::infer::name_parts::{split_operation_name, split_words, to_singular};

/// Verbs of operations that create or switch on what a service needs.
const SWITCH_ON_VERBS: [&str; 7] = ["create", "enable", "activate", "start", "subscribe", "register", "put"];
/// Minimum length of a word of a noun that identifies it.
const MIN_WORD_LENGTH: usize = 4;

/// Statuses with which something exists that many operations need: it was created, or it existed before.
pub const PREREQUISITE_STATUSES: [u16; 6] = [200, 201, 202, 204, 400, 409];

/// Returns the operations that may create what an error says is missing, and the names of their resources: they need no
/// input, and the error or its message has all words of the noun.
pub fn find_prerequisites<'c>(contract: &'c Contract, error: &str, message: &str) -> Vec<(&'c Operation, String)> {
    let words: Vec<String> =
        [error, message].into_iter().flat_map(split_words).map(|word| to_singular(&word)).collect();
    let rank = |operation: &Operation| {
        let (verb, _) = split_operation_name(operation.name.as_str());
        SWITCH_ON_VERBS.iter().position(|one| *one == verb)
    };
    let is_named = |operation: &Operation| {
        let (_, noun) = split_operation_name(operation.name.as_str());
        let identifies = noun.iter().any(|word| word.len() >= MIN_WORD_LENGTH);
        identifies && noun.iter().all(|word| words.contains(&to_singular(word)))
    };
    let needs_nothing = |operation: &Operation| input_members(contract, operation).all(|(_, member)| !member.required);
    let mut found: Vec<(usize, &Operation)> = contract
        .operations
        .iter()
        .filter(|operation| is_named(operation) && needs_nothing(operation))
        .filter_map(|operation| Some((rank(operation)?, operation)))
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    let named =
        |(_, operation): (usize, &'c Operation)| (operation, split_operation_name(operation.name.as_str()).1.join("_"));
    found.into_iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::find_prerequisites;
    use crate::contract::{Contract, Operation, OperationName};

    #[test]
    fn errors_name_what_is_missing() {
        let mut contract = Contract::new("org");
        for name in ["CreateOrganization", "DeleteOrganization", "CreateAccount", "EnableSecurityHub", "PutIt"] {
            contract.operations.push(Operation::new(OperationName::new(name)));
        }
        let found = |error: &str, message: &str| {
            let found = find_prerequisites(&contract, error, message);
            found.into_iter().map(|(operation, noun)| format!("{}: {noun}", operation.name)).collect::<Vec<_>>()
        };
        let missing = found("AWSOrganizationsNotInUseException", "You are not a member.");
        assert_eq!(missing, ["CreateOrganization: organization"]);
        let hub = found("InvalidAccessException", "The account is not subscribed to AWS Security Hub");
        assert_eq!(hub, ["CreateAccount: account", "EnableSecurityHub: security_hub"]);
        assert_eq!(found("ValidationException", "put it there"), Vec::<String>::new());
    }
}
