//! Collects the values that must not be shown from an endpoint's entry in `overstep.toml`.
//!
//! It never reads the environment itself: the caller supplies a function.

use super::{EnvironmentLookup, referenced_variables};
use overstep::run::is_sensitive_name;
use overstep::scenario::EndpointConfig;
use overstep::wire::{RedactedSecret, Redaction, SecretScope};

/// Ends of the names of environment variables whose values everybody knows.
const PUBLIC_SUFFIXES: [&str; 14] = [
    "REGION", "PORT", "HOST", "HOSTNAME", "LEVEL", "PATH", "HOME", "DIR", "LANG", "TZ", "MODE", "ENV", "DEBUG",
    "SERVICES",
];

/// Returns the secrets of an endpoint: the values of environment variables that its headers, its commands and the
/// environment of its server refer to, and the values in that environment. `resolved` is the entry with these values.
pub fn endpoint_secrets(
    entry: &EndpointConfig,
    resolved: &EndpointConfig,
    environment: EnvironmentLookup<'_>,
) -> Vec<RedactedSecret> {
    let mut secrets = Vec::new();
    let commands = entry.start.iter().chain(&entry.version).chain(entry.env.values());
    let headers = entry.headers.values().map(|value| (value, SecretScope::Credentials));
    for (text, scope) in headers.chain(commands.map(|text| (text, SecretScope::Endpoint))) {
        let names = referenced_variables(text);
        secrets.extend(names.into_iter().filter_map(|name| implicit_secret(name, &environment(name)?, scope)));
    }
    for (name, value) in &resolved.env {
        secrets.extend(implicit_secret(name, value, SecretScope::Endpoint));
    }
    secrets
}

/// Returns the secret in a variable of the environment, unless its value is one that everybody knows.
fn implicit_secret(name: &str, value: &str, scope: SecretScope) -> Option<RedactedSecret> {
    let secret = RedactedSecret::new(value, Redaction::variable_name(name));
    if is_sensitive_name(name) || value.contains('@') {
        // The endpoint may return it as an identifier, which later requests contain.
        return Some(secret.with_scope(SecretScope::Credentials));
    }
    let upper = name.to_ascii_uppercase();
    let is_public = PUBLIC_SUFFIXES.iter().any(|suffix| upper.ends_with(suffix))
        || value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        || value.contains("{port}");
    (!is_public && !secret.is_short()).then(|| secret.with_scope(scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_the_environment_of_a_server_are_secrets_unless_they_are_public() {
        let text = "[endpoints.local]\nurl = \"http://127.0.0.1:{port}\"\nstart = \"serve --license ${LICENSE} ${PORT}\"\n\
                    headers = { X-Tenant = \"t-${TENANT}\" }\n[endpoints.local.env]\nDB_PASSWORD = \"pw\"\n\
                    STORE = \"s3://bucket-9f\"\nDATABASE_URL = \"pg://u:${PW}@h\"\nAWS_REGION = \"us-east-1\"\n\
                    LOG_LEVEL = \"verbose\"\nADDRESS = \"127.0.0.1\"\nFLAG = \"yes\"\n";
        let (settings, _) = overstep::scenario::read_settings(text).expect("it reads");
        let environment = |name: &str| match name {
            "LICENSE" => Some("LIC-2026-1".to_owned()),
            "PORT" => Some("8080".to_owned()),
            "TENANT" => Some("acme-corp".to_owned()),
            "PW" => Some("hunter2".to_owned()),
            _ => None,
        };
        let entry = &settings.endpoints["local"];
        let mut resolved = entry.clone();
        for value in resolved.env.values_mut() {
            *value = crate::config::substitute_variables(value, &environment).expect("it is set");
        }
        let secrets = endpoint_secrets(entry, &resolved, &environment);
        let mut found: Vec<(&str, &str)> =
            secrets.iter().map(|one| (one.variable.as_str(), one.value.as_str())).collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("DATABASE_URL", "pg://u:hunter2@h"),
                ("DB_PASSWORD", "pw"),
                ("LICENSE", "LIC-2026-1"),
                ("PW", "hunter2"),
                ("STORE", "s3://bucket-9f"),
                ("TENANT", "acme-corp"),
            ]
        );
    }
}
