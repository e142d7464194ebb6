//! Callers and how they authenticate.
//!
//! It never holds a secret that the user keeps in a variable: texts may contain placeholders.

use super::login::LoginStep;
use crate::contract::{AuthScheme, Contract};

/// A caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The caller's credentials.
    pub credentials: Credentials,
    /// Credentials of other kinds, for operations that document those.
    pub others: Vec<Credentials>,
    /// The step with which the caller logs in; the credentials have placeholders for what it captures.
    pub login: Option<LoginStep>,
    /// Documented permissions that the caller does not have, for example `contacts:write`.
    pub lacks: Vec<String>,
}

/// The credentials of a caller. Texts may contain placeholders for secret variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Bearer KEY`.
    Bearer(String),
    /// `Authorization: Basic …`.
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        password: String,
    },
    /// AWS Signature Version 4. Keys come from here, else from the standard environment or profile; on loopback,
    /// dummy keys are used if there are none.
    SigV4 {
        /// The region of the signature's scope.
        region: String,
        /// The service of the signature's scope, if the contract does not state it.
        service: Option<String>,
        /// The access key id, if it does not come from the environment.
        access_key_id: Option<String>,
        /// The secret key, if it does not come from the environment.
        secret_access_key: Option<String>,
    },
    /// A header with a key.
    Header {
        /// The header's name.
        name: String,
        /// Its value.
        value: String,
    },
    /// A parameter of the query with a key.
    Query {
        /// The parameter's name.
        name: String,
        /// Its value.
        value: String,
    },
    /// A cookie with a key.
    Cookie {
        /// The cookie's name.
        name: String,
        /// Its value.
        value: String,
    },
    /// No credentials are sent.
    Anonymous,
}

impl Principal {
    /// Creates a caller with one kind of credentials and all permissions.
    pub fn new(credentials: Credentials) -> Self {
        Self { credentials, others: Vec::new(), login: None, lacks: Vec::new() }
    }

    /// Returns all credentials.
    pub fn all_credentials(&self) -> impl Iterator<Item = &Credentials> {
        std::iter::once(&self.credentials).chain(&self.others)
    }

    /// Returns all credentials for modification.
    pub fn all_credentials_mut(&mut self) -> impl Iterator<Item = &mut Credentials> {
        std::iter::once(&mut self.credentials).chain(&mut self.others)
    }

    /// Returns the texts that prove who the caller is, for modification.
    pub fn secret_texts_mut(&mut self) -> Vec<&mut String> {
        let own = std::iter::once(&mut self.credentials).chain(&mut self.others);
        let login = self.login.iter_mut().flat_map(LoginStep::secret_texts_mut);
        own.flat_map(Credentials::secret_texts_mut).chain(login).collect()
    }

    /// Returns the credentials for an operation with these schemes: the first that fit one of them, else the main ones.
    pub fn credentials_for(&self, schemes: &[AuthScheme]) -> &Credentials {
        let fits = |own: &&Credentials| schemes.iter().any(|scheme| own.fit(scheme));
        self.all_credentials().find(fits).unwrap_or(&self.credentials)
    }

    /// Returns a caller for what a contract documents, with its texts as `${NAME}` of the environment; `None` if it
    /// documents no credentials. A kind of credentials is left out if another one suits the same operations.
    pub fn documented(contract: &Contract) -> Option<Self> {
        let is_covered = |schemes: &[AuthScheme], found: &[Credentials]| {
            schemes.is_empty() || schemes.iter().any(|scheme| found.iter().any(|one| one.fit(scheme)))
        };
        let mut found: Vec<Credentials> = Vec::new();
        let operations = contract.operations.iter().filter(|operation| !operation.traits.anonymous);
        let schemes = operations.map(|operation| contract.auth_schemes(operation));
        for schemes in std::iter::once(contract.auth.as_slice()).chain(schemes) {
            if !is_covered(schemes, &found)
                && let Some(first) =
                    schemes.iter().find_map(|scheme| Credentials::documented(scheme, !found.is_empty()))
            {
                found.push(first);
            }
        }
        // The contract's list holds every scheme, but no operation may need the first of them.
        let is_needed = |own: &Credentials| {
            contract.operations.iter().any(|operation| contract.auth_schemes(operation).iter().any(|it| own.fit(it)))
        };
        found.retain(is_needed);
        let mut found = found.into_iter();
        let credentials = found.next()?;
        Some(Self { others: found.collect(), ..Self::new(credentials) })
    }
}

impl Credentials {
    /// Returns true if these are what a documented scheme asks for.
    pub fn fit(&self, scheme: &AuthScheme) -> bool {
        let is_authorization = |name: &str| name.eq_ignore_ascii_case("authorization");
        match (self, scheme) {
            (Self::Bearer(_), AuthScheme::Bearer) => true,
            (Self::Basic { .. }, AuthScheme::Basic) => true,
            (Self::SigV4 { .. }, AuthScheme::SigV4 { .. }) => true,
            (Self::Bearer(_) | Self::Basic { .. }, AuthScheme::Header { name, .. }) => is_authorization(name),
            (Self::Header { name, .. }, AuthScheme::Bearer | AuthScheme::Basic) => is_authorization(name),
            (Self::Header { name, .. }, AuthScheme::Header { name: documented, .. }) => {
                name.eq_ignore_ascii_case(documented)
            }
            (Self::Query { name, .. }, AuthScheme::Query { name: documented })
            | (Self::Cookie { name, .. }, AuthScheme::Cookie { name: documented }) => name == documented,
            (Self::Anonymous, AuthScheme::None) => true,
            _ => false,
        }
    }

    /// Returns credentials for a scheme whose texts come from the environment. If there are others already, the
    /// variables are named after the scheme.
    fn documented(scheme: &AuthScheme, has_others: bool) -> Option<Self> {
        let key = |name: &str| match has_others {
            true => format!("${{{}}}", environment_name(name)),
            false => "${API_KEY}".to_owned(),
        };
        Some(match scheme {
            AuthScheme::Bearer => Self::Bearer(key("API_TOKEN")),
            AuthScheme::Basic => Self::Basic { user: "${API_USER}".to_owned(), password: "${API_PASSWORD}".to_owned() },
            AuthScheme::SigV4 { .. } => Self::SigV4 {
                region: "us-east-1".to_owned(),
                service: None,
                access_key_id: None,
                secret_access_key: None,
            },
            AuthScheme::Header { name, prefix } => {
                let prefix = prefix.as_ref().map_or(String::new(), |prefix| format!("{prefix} "));
                Self::Header { name: name.clone(), value: format!("{prefix}{}", key(name)) }
            }
            AuthScheme::Query { name } => Self::Query { name: name.clone(), value: key(name) },
            AuthScheme::Cookie { name } => Self::Cookie { name: name.clone(), value: key(name) },
            AuthScheme::None => return None,
        })
    }

    /// Returns the texts that prove who the caller is, for modification.
    pub fn secret_texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Bearer(key) => vec![key],
            Self::Basic { user, password } => vec![user, password],
            Self::Header { value, .. } | Self::Query { value, .. } | Self::Cookie { value, .. } => vec![value],
            Self::SigV4 { access_key_id, secret_access_key, .. } => {
                access_key_id.iter_mut().chain(secret_access_key).collect()
            }
            Self::Anonymous => Vec::new(),
        }
    }
}

/// Returns the name of an environment variable: `X_API_KEY` for `x-api-key`.
fn environment_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}
