//! Collects the secrets in a run's requests, for redaction.
//!
//! It never redacts anything itself.

use super::placeholders::Placeholders;
use super::{AwsAccessKeys, RunPlan};
use crate::case::CaseId;
use crate::contract::AuthScheme;
use crate::scenario::Credentials;
use crate::wire::{RedactedSecret, Redaction};
use std::borrow::Cow;

/// Returns true if a header's name suggests that its value is a secret.
pub fn is_sensitive_header(header: &str) -> bool {
    let lower = header.to_ascii_lowercase();
    ["authorization", "cookie", "token", "secret", "key", "auth", "password", "credential"]
        .iter()
        .any(|word| lower.contains(word))
}

impl RunPlan<'_> {
    /// Returns the redaction of all secrets in the run's requests.
    pub fn redaction(&self) -> Redaction {
        let id = CaseId(String::new());
        let placeholders = Placeholders::new(self, &id);
        // A value that depends on the case is unknown here.
        let filled = |template: &str| {
            (!template.contains("{case")).then(|| placeholders.fill(template).ok()).flatten().map(Cow::into_owned)
        };
        let mut secrets: Vec<RedactedSecret> = Vec::new();
        let mut add_secret = |template: &str, name: &str| {
            if let Some(value) = filled(template) {
                secrets.push(RedactedSecret { value, variable: Redaction::variable_name(name) });
            }
        };
        for (name, _) in self.scenario.variables.iter().filter(|(_, variable)| variable.secret) {
            add_secret(&format!("{{{name}}}"), name);
        }
        // A literal key in a principal, or in a variable that is not marked as secret, is just as secret.
        for (name, principal) in &self.scenario.principals {
            let (template, suffix) = match &principal.credentials {
                Credentials::Bearer(value) | Credentials::Header { value, .. } => (Some(value), "KEY"),
                Credentials::SigV4 { secret_access_key, .. } => (secret_access_key.as_ref(), "SECRET"),
                Credentials::Anonymous => (None, ""),
            };
            let Some(template) = template else { continue };
            match template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(variable) if !variable.contains(['{', '}']) => add_secret(template, variable),
                _ => add_secret(template, &format!("{name}_{suffix}")),
            }
        }
        // Headers that the user added to every request are shown, unless their name suggests a secret.
        for (name, value) in &self.endpoint.headers {
            if is_sensitive_header(name) {
                let scheme = value.split_once(' ').filter(|(scheme, _)| scheme.chars().all(char::is_alphanumeric));
                let value = scheme.map_or(value.as_str(), |(_, key)| key).to_owned();
                secrets.push(RedactedSecret { value, variable: Redaction::variable_name(name) });
            }
        }
        let (aws, dummy) = match &self.aws_keys {
            Some(keys) => (keys.clone(), false),
            None => (AwsAccessKeys::dummy(), true),
        };
        if !dummy {
            secrets.push(RedactedSecret { value: aws.secret_access_key, variable: "AWS_SECRET_ACCESS_KEY".to_owned() });
            secrets.push(RedactedSecret { value: aws.access_key_id.clone(), variable: "AWS_ACCESS_KEY_ID".to_owned() });
            if let Some(token) = aws.session_token {
                secrets.push(RedactedSecret { value: token, variable: "AWS_SESSION_TOKEN".to_owned() });
            }
        }
        let redaction = Redaction::new(secrets);
        let sigv4 = self.contract.auth.iter().any(|auth| matches!(auth, AuthScheme::SigV4 { .. }))
            || self.scenario.principals.values().any(|one| matches!(one.credentials, Credentials::SigV4 { .. }));
        if sigv4 { redaction.with_aws_identity(aws.access_key_id, dummy) } else { redaction }
    }
}
