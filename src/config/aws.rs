//! Reads AWS keys from the standard places: the environment, then the shared credentials file.
//!
//! This file never asks a metadata service and never starts a process.

use super::EnvironmentLookup;
use overstep::store;
use std::path::PathBuf;

/// An AWS access key.
#[derive(Clone, PartialEq, Eq)]
pub struct AwsCredentials {
    /// The access key id.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: String,
    /// The session token, if there is one.
    pub session_token: Option<String>,
}

/// Returns the keys from the environment, or from the profile that the environment names (`default` otherwise).
pub fn find_aws_credentials(environment: EnvironmentLookup<'_>) -> Option<AwsCredentials> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    if let (Some(id), Some(secret)) = (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        return Some(AwsCredentials {
            access_key_id: id,
            secret_access_key: secret,
            session_token: set("AWS_SESSION_TOKEN"),
        });
    }
    let path = set("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from).or_else(|| {
        let home = set("HOME").or_else(|| set("USERPROFILE"))?;
        Some(PathBuf::from(home).join(".aws/credentials"))
    })?;
    let text = store::read_text(&path).ok()?;
    read_profile(&text, set("AWS_PROFILE").as_deref().unwrap_or("default"))
}

/// Returns the keys of one profile in a credentials file.
fn read_profile(text: &str, name: &str) -> Option<AwsCredentials> {
    let (mut inside, mut id, mut secret, mut token) = (false, None, None, None);
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = section.trim() == name;
        } else if let Some((key, value)) = line.split_once('=').filter(|_| inside && !line.starts_with(['#', ';'])) {
            let value = Some(value.trim().to_owned());
            match key.trim() {
                "aws_access_key_id" => id = value,
                "aws_secret_access_key" => secret = value,
                "aws_session_token" => token = value,
                _ => {}
            }
        }
    }
    Some(AwsCredentials { access_key_id: id?, secret_access_key: secret?, session_token: token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_the_named_profile_are_read() {
        let text = "[default]\naws_access_key_id = A\naws_secret_access_key=B\n# x = y\n[ other ]\naws_access_key_id=C\n\
                    aws_secret_access_key = D==\naws_session_token = E\n[half]\naws_access_key_id=F\n";
        let keys = |name: &str| {
            read_profile(text, name).map(|keys| (keys.access_key_id, keys.secret_access_key, keys.session_token))
        };
        assert_eq!(keys("default"), Some(("A".into(), "B".into(), None)));
        assert_eq!(keys("other"), Some(("C".into(), "D==".into(), Some("E".into()))));
        assert_eq!(keys("half"), None);
        assert_eq!(keys("none"), None);
    }
}
