//! Finds how the callers of a web API log in: the operation that takes a password or a client's secret and returns a
//! token.
//!
//! It never sends a request and knows no secret: values come from environment variables.

use crate::contract::{AuthScheme, Contract, Operation, ShapeId, ShapeKind, plain_name};
use crate::infer::creators::input_members;
use crate::infer::name_parts::split_words;
use crate::scenario::{Credentials, LoginStep, Principal, Scenario};
use serde_json::{Map, Value as Json};

/// Words in the path or the name of an operation that logs in.
const LOGIN_WORDS: [&str; 13] = [
    "login",
    "logon",
    "signin",
    "sign",
    "token",
    "tokens",
    "auth",
    "authenticate",
    "authentication",
    "session",
    "sessions",
    "jwt",
    "oauth",
];
/// Words of operations that take a password for something else.
const OTHER_WORDS: [&str; 16] = [
    "register",
    "signup",
    "up",
    "reset",
    "refresh",
    "verify",
    "change",
    "forgot",
    "forgotten",
    "revoke",
    "logout",
    "recover",
    "update",
    "invite",
    "confirm",
    "registration",
];
/// Names of members with a user, a password, the identifier and the secret of a client: without separators.
const USERS: [&str; 7] = ["username", "user", "email", "login", "userid", "identifier", "account"];
const PASSWORDS: [&str; 4] = ["password", "passwd", "pass", "pwd"];
const CLIENTS: [&str; 4] = ["clientid", "apikey", "keyid", "accesskey"];
const CLIENT_SECRETS: [&str; 4] = ["clientsecret", "apisecret", "secret", "secretkey"];
/// Names of members with a token, the most telling first.
const TOKENS: [&str; 9] =
    ["accesstoken", "authtoken", "idtoken", "sessiontoken", "jwt", "token", "access", "bearer", "bearertoken"];
/// Maximum depth of the search for a token.
const MAX_DEPTH: usize = 2;

/// Returns a caller for what a contract documents, with its secrets as `${NAME}` of the environment. Where an operation
/// logs callers in, its token is used. Returns `None` if the contract documents no credentials.
pub fn documented_principal(contract: &Contract) -> Option<Principal> {
    let principal = Principal::documented(contract)?;
    let Some(login) = find_login(contract) else { return Some(principal) };
    let prefix =
        contract.operations.iter().flat_map(|operation| contract.auth_schemes(operation)).find_map(
            |scheme| match scheme {
                AuthScheme::Header { prefix, .. } => prefix.clone(),
                _ => None,
            },
        );
    let credentials = match &principal.credentials {
        Credentials::Bearer(_) => Credentials::Bearer("{token}".to_owned()),
        Credentials::Header { name, .. } if name.eq_ignore_ascii_case("authorization") => {
            let prefix = prefix.unwrap_or_else(|| "Bearer".to_owned());
            Credentials::Header { name: name.clone(), value: format!("{prefix} {{token}}") }
        }
        Credentials::Header { name, .. } if is_token_header(name) => {
            Credentials::Header { name: name.clone(), value: "{token}".to_owned() }
        }
        _ => return Some(principal),
    };
    Some(Principal { credentials, login: Some(login), ..principal })
}

fn is_token_header(name: &str) -> bool {
    plain_name(name).contains("token")
}

/// Lets the operation with which a principal logs in use the same values when it is tested.
pub(super) fn complete_login(contract: &Contract, scenario: &mut Scenario) {
    let logins: Vec<LoginStep> = scenario.principals.values().filter_map(|principal| principal.login.clone()).collect();
    for login in logins {
        let Some(operation) = login.operation_name().filter(|name| contract.operation(name).is_some()) else {
            continue;
        };
        let notes = scenario.operations.entry(operation.to_owned()).or_default();
        for (member, value) in login.input.iter().filter_map(Json::as_object).flatten() {
            notes.use_values.entry(member.clone()).or_insert_with(|| value.clone());
        }
    }
}

/// Returns the step with which callers log in, if an operation is one.
fn find_login(contract: &Contract) -> Option<LoginStep> {
    let candidates = contract.operations.iter().filter(|operation| is_login_route(operation));
    let mut found: Vec<(usize, LoginStep)> = candidates.filter_map(|operation| login_of(contract, operation)).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().next().map(|(_, login)| login)
}

fn is_login_route(operation: &Operation) -> bool {
    let Some(http) = operation.http.as_ref().filter(|http| http.method == "POST" && !http.uri.contains('{')) else {
        return false;
    };
    let words = split_words(&format!("{} {}", http.uri, operation.name));
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&LOGIN_WORDS) && !has(&OTHER_WORDS)
}

/// Returns the login that an operation is, with its rank; 0 is the most likely.
fn login_of(contract: &Contract, operation: &Operation) -> Option<(usize, LoginStep)> {
    let token = find_token(contract, operation.output.as_ref()?)?;
    let in_body = || {
        input_members(contract, operation)
            .filter(|(_, member)| member.location.is_in_body())
            .map(|(name, member)| (name, plain_name(member.wire_name(name))))
    };
    let find =
        |names: &[&str]| in_body().find(|(_, plain)| names.contains(&plain.as_str())).map(|(name, _)| name.clone());
    let mut input = Map::new();
    let mut set = |name: String, value: &str| input.insert(name, Json::String(value.to_owned()));
    let (user, password) = (find(&USERS), find(&PASSWORDS));
    let (client, secret) = (find(&CLIENTS), find(&CLIENT_SECRETS));
    let has_password = password.is_some();
    match (user, password, client, secret) {
        (Some(user), Some(password), ..) => {
            set(user, "${API_USER}");
            set(password, "${API_PASSWORD}");
        }
        (None, Some(password), ..) => {
            set(password, "${API_PASSWORD}");
        }
        (_, _, Some(client), Some(secret)) => {
            set(client, "${CLIENT_ID}");
            set(secret, "${CLIENT_SECRET}");
        }
        _ => return None,
    }
    if let Some((grant_type, _)) = in_body().find(|(_, plain)| plain == "granttype") {
        set(grant_type.clone(), if has_password { "password" } else { "client_credentials" });
    }
    let rank = usize::from(!operation.traits.anonymous) + usize::from(!has_password);
    let login = LoginStep {
        request: operation.name.to_string(),
        input: Some(Json::Object(input)),
        captures: [("token".to_owned(), token)].into_iter().collect(),
        ..LoginStep::default()
    };
    Some((rank, login))
}

/// Returns the place of the token in a response.
fn find_token(contract: &Contract, output: &ShapeId) -> Option<String> {
    let mut open: Vec<(String, &ShapeId, usize)> = vec![(String::new(), output, 0)];
    while !open.is_empty() {
        let mut next = Vec::new();
        let mut found: Vec<(usize, String)> = Vec::new();
        for (path, id, depth) in &open {
            for (name, member) in contract.shape(id).kind.members().into_iter().flatten() {
                let dot = if path.is_empty() { "" } else { "." };
                let place = format!("{path}{dot}{}", member.wire_name(name));
                let is_text = matches!(contract.shape(&member.shape).kind, ShapeKind::String);
                let rank = TOKENS.iter().position(|token| *token == plain_name(member.wire_name(name)));
                found.extend(rank.filter(|_| is_text).map(|rank| (rank, place.clone())));
                if *depth < MAX_DEPTH {
                    next.push((place, &member.shape, depth + 1));
                }
            }
        }
        if let Some((_, place)) = found.into_iter().min() {
            return Some(place);
        }
        open = next;
    }
    None
}
