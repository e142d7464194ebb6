//! Collects the secrets of a run, for redaction.
//!
//! It never redacts anything itself.

use super::placeholders::Placeholders;
use super::{AwsAccessKeys, RunPlan};
use crate::case::CaseId;
use crate::contract::AuthScheme;
use crate::scenario::{Credentials, Principal, Scenario};
use crate::wire::{RedactedSecret, Redaction, SecretScope};
use std::borrow::Cow;

/// Minimum length of a header's value that is taken for a token by its characters.
const MIN_TOKEN_CHARS: usize = 16;
/// Parts of names that suggest a secret.
const SENSITIVE_WORDS: [&str; 18] = [
    "auth",
    "cookie",
    "token",
    "secret",
    "key",
    "passw",
    "pwd",
    "credential",
    "session",
    "sess",
    "vault",
    "jwt",
    "csrf",
    "xsrf",
    "signature",
    "private",
    "otp",
    "bearer",
];
/// Headers that carry credentials whatever the scenario says.
const CREDENTIAL_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-amz-security-token"];

/// Returns true if the name of a header or variable suggests that its value is a secret.
pub fn is_sensitive_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    SENSITIVE_WORDS.iter().any(|word| lower.contains(word))
}

/// Returns true if a header's name suggests that its value is a secret, or if the value looks like a token.
pub fn is_sensitive_header(name: &str, value: &str) -> bool {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "+/=-_.~".contains(c);
    let looks_like_token = value.len() >= MIN_TOKEN_CHARS
        && value.chars().all(is_token)
        && value.contains(|c: char| c.is_ascii_digit())
        && value.contains(|c: char| c.is_ascii_alphabetic());
    is_sensitive_name(name) || (looks_like_token && !name.eq_ignore_ascii_case("user-agent"))
}

/// Returns the names of the variables in the credentials of principals: they are secret even if they are not marked so.
pub fn credential_variables(scenario: &Scenario) -> Vec<&str> {
    let credentials = scenario.principals.values().flat_map(Principal::all_credentials);
    let templates = credentials.flat_map(credential_templates);
    let names = templates.flat_map(|(template, _)| placeholder_names(template));
    let mut names: Vec<&str> = names.filter(|name| scenario.variables.contains_key(*name)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Returns the texts of credentials, each with the end of the name of its variable.
fn credential_templates(credentials: &Credentials) -> Vec<(&str, &'static str)> {
    match credentials {
        Credentials::Bearer(value)
        | Credentials::Header { value, .. }
        | Credentials::Query { value, .. }
        | Credentials::Cookie { value, .. } => vec![(value, "KEY")],
        Credentials::Basic { password, .. } => vec![(password, "PASSWORD")],
        Credentials::SigV4 { access_key_id, secret_access_key, .. } => {
            let id = access_key_id.iter().map(|id| (id.as_str(), "ACCESS_KEY_ID"));
            id.chain(secret_access_key.iter().map(|secret| (secret.as_str(), "SECRET"))).collect()
        }
        Credentials::Anonymous => Vec::new(),
    }
}

/// Returns the names of the placeholders in a template.
fn placeholder_names(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

impl RunPlan<'_> {
    /// Returns the redaction of all secrets of the run.
    pub fn redaction(&self) -> Redaction {
        let (aws, dummy) = match &self.aws_keys {
            // Emulators are often given the same dummy keys by the environment.
            Some(keys) if *keys != AwsAccessKeys::dummy() => (keys.clone(), false),
            _ => (AwsAccessKeys::dummy(), true),
        };
        let mut secrets = self.scenario_secrets();
        secrets.extend(self.endpoint_secrets());
        if !dummy {
            let own = [
                (Some(&aws.secret_access_key), "AWS_SECRET_ACCESS_KEY"),
                (Some(&aws.access_key_id), "AWS_ACCESS_KEY_ID"),
                (aws.session_token.as_ref(), "AWS_SESSION_TOKEN"),
            ];
            let own = own.into_iter().filter_map(|(value, name)| Some(RedactedSecret::new(value?.as_str(), name)));
            secrets.extend(own.map(|secret| secret.with_scope(SecretScope::Credentials)));
        }
        let principals = self.scenario.principals.values();
        let named = principals.flat_map(Principal::all_credentials).filter_map(|credentials| match credentials {
            Credentials::Header { name, .. } => Some(name.clone()),
            _ => None,
        });
        let added = self.endpoint.headers.iter().filter(|(name, value)| is_sensitive_header(name, value));
        let headers = CREDENTIAL_HEADERS.map(str::to_owned).into_iter().chain(named);
        let redaction =
            Redaction::new(secrets).with_credential_headers(headers.chain(added.map(|(name, _)| name.clone())));
        let sigv4 = self.contract.auth.iter().any(|auth| matches!(auth, AuthScheme::SigV4 { .. }))
            || self.scenario.principals.values().any(|one| matches!(one.credentials, Credentials::SigV4 { .. }));
        if sigv4 { redaction.with_aws_identity(aws.access_key_id, dummy) } else { redaction }
    }

    /// Returns the secret variables, and what principals prove themselves with.
    fn scenario_secrets(&self) -> Vec<RedactedSecret> {
        let id = CaseId::empty();
        let placeholders = Placeholders::new(self, &id);
        // A value that depends on the case is unknown here.
        let filled = |template: &str| {
            (!template.contains("{case")).then(|| placeholders.fill(template).ok()).flatten().map(Cow::into_owned)
        };
        let mut secrets: Vec<RedactedSecret> = Vec::new();
        let mut add_secret = |template: &str, name: &str, scope: SecretScope| {
            if let Some(value) = filled(template) {
                secrets.push(RedactedSecret::new(value, Redaction::variable_name(name)).with_scope(scope));
            }
        };
        for (name, _) in self.scenario.variables.iter().filter(|(_, variable)| variable.secret) {
            add_secret(&format!("{{{name}}}"), name, SecretScope::Everywhere);
        }
        // A literal key in a principal is just as secret.
        for (name, principal) in &self.scenario.principals {
            for (template, suffix) in principal.all_credentials().flat_map(credential_templates) {
                match template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                    Some(variable) if !variable.contains(['{', '}']) => {
                        add_secret(template, variable, SecretScope::Credentials);
                    }
                    _ => add_secret(template, &format!("{name}_{suffix}"), SecretScope::Credentials),
                }
            }
        }
        for (name, login) in self.scenario.principals.iter().filter_map(|(name, one)| Some((name, one.login.as_ref()?)))
        {
            for (member, text) in login.named_texts().iter().filter(|(member, _)| is_sensitive_name(member)) {
                add_secret(text, &format!("{name}_{member}"), SecretScope::Credentials);
            }
        }
        // A part of a key may be a prefix that everybody knows, unless it is long.
        for name in credential_variables(self.scenario) {
            let template = format!("{{{name}}}");
            if filled(&template).is_some_and(|value| !RedactedSecret::new(value, "").is_short()) {
                secrets.extend(filled(&template).map(|value| {
                    RedactedSecret::new(value, Redaction::variable_name(name)).with_scope(SecretScope::Credentials)
                }));
            }
        }
        secrets
    }

    /// Returns the secrets in headers of every request, in the proxy's URL, and in the environment of the server.
    fn endpoint_secrets(&self) -> Vec<RedactedSecret> {
        let mut secrets = Vec::new();
        for (name, value) in self.endpoint.headers.iter().filter(|(name, value)| is_sensitive_header(name, value)) {
            let scheme = value.split_once(' ').filter(|(scheme, _)| scheme.chars().all(char::is_alphanumeric));
            let value = scheme.map_or(value.as_str(), |(_, key)| key);
            let secret = RedactedSecret::new(value, Redaction::variable_name(name));
            secrets.push(secret.with_scope(SecretScope::Credentials));
        }
        if let Some(proxy) = &self.endpoint.proxy {
            let parts =
                proxy.user_info.iter().flat_map(|text| text.splitn(2, ':').zip(["PROXY_USER", "PROXY_PASSWORD"]));
            secrets
                .extend(parts.map(|(value, name)| RedactedSecret::new(value, name).with_scope(SecretScope::Endpoint)));
        }
        secrets.extend(self.endpoint.secrets.iter().cloned());
        secrets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_sensitive_by_name_or_by_value() {
        for (name, value) in [
            ("Authorization", "x"),
            ("X-Sess", "abc"),
            ("X-Vault", "abc"),
            ("X-Opaque", "s.9aFq3bd02Kd83hf7"),
            ("x-api-key", "1"),
        ] {
            assert!(is_sensitive_header(name, value), "{name}: {value}");
        }
        for (name, value) in [
            ("X-Tenant", "5"),
            ("Accept", "application/json"),
            ("X-Request-Source", "contract tests of overstep"),
            ("User-Agent", "overstep/0.1.0-contract"),
        ] {
            assert!(!is_sensitive_header(name, value), "{name}: {value}");
        }
    }
}
