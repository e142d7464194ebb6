//! Reads AWS keys from the standard places: the environment, the shared files `credentials` and `config`, and the command
//! that a profile names.
//!
//! This file never asks a metadata service. It starts a process only if the caller allows it.

use super::EnvironmentLookup;
use overstep::run::command_output;
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

/// What a profile says about its keys.
#[derive(Debug, Default)]
struct AwsProfile {
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    session_token: Option<String>,
    credential_process: Option<String>,
}

/// Returns the keys from the environment, or from the profile that the environment names (`default` otherwise). The
/// command of a profile, `credential_process`, is run only if `may_run_command` is set.
pub fn find_aws_credentials(environment: EnvironmentLookup<'_>, may_run_command: bool) -> Option<AwsCredentials> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    if let (Some(id), Some(secret)) = (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        return Some(AwsCredentials {
            access_key_id: id,
            secret_access_key: secret,
            session_token: set("AWS_SESSION_TOKEN"),
        });
    }
    let home = || set("HOME").or_else(|| set("USERPROFILE")).map(PathBuf::from);
    let read = |variable: &str, file: &str| {
        let path = set(variable).map(PathBuf::from).or_else(|| Some(home()?.join(".aws").join(file)))?;
        store::read_text(&path).ok()
    };
    let name = set("AWS_PROFILE").or_else(|| set("AWS_DEFAULT_PROFILE")).unwrap_or_else(|| "default".to_owned());
    let mut profile = AwsProfile::default();
    // The first file that states a value counts.
    if let Some(text) = read("AWS_SHARED_CREDENTIALS_FILE", "credentials") {
        profile.add(&text, &[&name]);
    }
    if let Some(text) = read("AWS_CONFIG_FILE", "config") {
        let section = format!("profile {name}");
        let sections: &[&str] = if name == "default" { &["default", &section] } else { &[&section] };
        profile.add(&text, sections);
    }
    let command = profile.credential_process.clone().filter(|_| may_run_command);
    profile.into_keys().or_else(|| run_credential_process(&command?))
}

impl AwsProfile {
    /// Adds what the sections of these names say, unless it is known already.
    fn add(&mut self, text: &str, sections: &[&str]) {
        let mut is_inside = false;
        for line in text.lines().map(str::trim) {
            if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                let words = section.split_whitespace().collect::<Vec<_>>().join(" ");
                is_inside = sections.contains(&words.as_str());
            } else if let Some((key, value)) =
                line.split_once('=').filter(|_| is_inside && !line.starts_with(['#', ';']))
            {
                let place = match key.trim() {
                    "aws_access_key_id" => &mut self.access_key_id,
                    "aws_secret_access_key" => &mut self.secret_access_key,
                    "aws_session_token" => &mut self.session_token,
                    "credential_process" => &mut self.credential_process,
                    _ => continue,
                };
                place.get_or_insert_with(|| value.trim().to_owned());
            }
        }
    }

    fn into_keys(self) -> Option<AwsCredentials> {
        Some(AwsCredentials {
            access_key_id: self.access_key_id?,
            secret_access_key: self.secret_access_key?,
            session_token: self.session_token,
        })
    }
}

/// Runs the command of a profile and reads the keys that it prints.
fn run_credential_process(command: &str) -> Option<AwsCredentials> {
    let words = shlex::split(command)?;
    let (program, arguments) = words.split_first()?;
    read_printed_keys(&command_output(program, arguments)?)
}

/// Reads keys as `credential_process` prints them.
fn read_printed_keys(output: &[u8]) -> Option<AwsCredentials> {
    let document: serde_json::Value = serde_json::from_slice(output).ok()?;
    let text = |name: &str| document.get(name)?.as_str().map(str::to_owned);
    (document.get("Version")?.as_u64() == Some(1)).then_some(())?;
    Some(AwsCredentials {
        access_key_id: text("AccessKeyId")?,
        secret_access_key: text("SecretAccessKey")?,
        session_token: text("SessionToken"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str, sections: &[&str]) -> Option<(String, String, Option<String>)> {
        let mut profile = AwsProfile::default();
        profile.add(text, sections);
        profile.into_keys().map(|keys| (keys.access_key_id, keys.secret_access_key, keys.session_token))
    }

    #[test]
    fn keys_of_the_named_profile_are_read() {
        let text = "[default]\naws_access_key_id = A\naws_secret_access_key=B\n# x = y\n[ other ]\naws_access_key_id=C\n\
                    aws_secret_access_key = D==\naws_session_token = E\n[half]\naws_access_key_id=F\n\
                    [profile  deep]\naws_access_key_id=G\naws_secret_access_key=H\n";
        assert_eq!(keys(text, &["default"]), Some(("A".into(), "B".into(), None)));
        assert_eq!(keys(text, &["other"]), Some(("C".into(), "D==".into(), Some("E".into()))));
        assert_eq!(keys(text, &["half"]), None);
        assert_eq!(keys(text, &["none"]), None);
        assert_eq!(keys(text, &["profile deep"]), Some(("G".into(), "H".into(), None)));
    }

    #[test]
    fn keys_come_from_both_files_and_from_the_command_of_a_profile() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (credentials, config) = (folder.path().join("credentials"), folder.path().join("config"));
        let write = |path: &std::path::Path, text: &str| store::write_file(path, text.as_bytes()).expect("written");
        write(&credentials, "[a]\naws_access_key_id=A\naws_secret_access_key=B\n");
        let printed = r#"{"Version": 1, "AccessKeyId": "P", "SecretAccessKey": "Q", "SessionToken": "R"}"#;
        write(
            &config,
            &format!(
                "[profile a]\naws_access_key_id=X\n[profile b]\naws_access_key_id=C\naws_secret_access_key=D\n\
                      [profile c]\ncredential_process = echo '{printed}'\n[profile d]\ncredential_process = false\n"
            ),
        );
        let found = |profile: &str, may_run: bool| {
            let environment = |name: &str| match name {
                "AWS_SHARED_CREDENTIALS_FILE" => Some(credentials.display().to_string()),
                "AWS_CONFIG_FILE" => Some(config.display().to_string()),
                "AWS_PROFILE" => Some(profile.to_owned()),
                _ => None,
            };
            find_aws_credentials(&environment, may_run)
                .map(|keys| format!("{} {}", keys.access_key_id, keys.secret_access_key))
        };
        assert_eq!(found("a", true).as_deref(), Some("A B"));
        assert_eq!(found("b", false).as_deref(), Some("C D"));
        assert_eq!(found("c", true).as_deref(), Some("P Q"));
        assert_eq!(found("c", false), None);
        assert_eq!(found("d", true), None);
        assert_eq!(found("e", true), None);
    }

    #[test]
    fn other_output_of_a_command_has_no_keys() {
        for output in ["", "{}", r#"{"Version": 2, "AccessKeyId": "P", "SecretAccessKey": "Q"}"#, r#"{"Version": 1}"#] {
            assert!(read_printed_keys(output.as_bytes()).is_none(), "{output}");
        }
    }
}
