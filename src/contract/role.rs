//! What an error means, regardless of its name.

use super::names::plain_name;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The role of a documented error: the kind of request that provokes it.
///
/// A violating case expects a documented error *whose role fits*; see `Expectations` in the architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorRole {
    /// The request violates a constraint.
    InvalidInput,
    /// The request names a resource that does not exist.
    MissingResource,
    /// The caller is not authenticated.
    Unauthenticated,
    /// The caller is authenticated but lacks the permission.
    Forbidden,
    /// Too many requests.
    Throttled,
    /// The current state of the resource does not allow the request.
    Conflict,
    /// A quota is used up.
    Limit,
    /// The service failed.
    ServerFault,
    /// A documented error of another kind; no generated request provokes it.
    Other,
}

/// The words in an error's name that tell its role; the first row that matches counts.
const ROLES_BY_NAME: &[(ErrorRole, &[&str])] = &[
    (ErrorRole::Other, &["activeregion", "optinrequired", "dryrun", "featurenot", "notsupportedinregion"]),
    (
        ErrorRole::Unauthenticated,
        &[
            "unauthenticated",
            "unauthorized",
            "missingauthentication",
            "incompletesignature",
            "invalidclienttoken",
            "unrecognizedclient",
            "signaturedoesnotmatch",
            "expiredtoken",
            "invalidsignature",
            "invalidtokenid",
            "authfailure",
            "invalidapikey",
            "missingapikey",
        ],
    ),
    (ErrorRole::Forbidden, &["accessdenied", "forbidden", "permission", "notauthorized", "unauthorizedoperation"]),
    (ErrorRole::MissingResource, &["notfound", "nosuch", "doesnotexist", "nonexistent", "unknownresource"]),
    (ErrorRole::Limit, &["limitexceeded", "quotaexceeded", "toomany", "maximumnumber", "overlimit", "limitreached"]),
    (
        ErrorRole::Conflict,
        &[
            "conflict",
            "alreadyexists",
            "inuse",
            "duplicate",
            "concurrent",
            "alreadyowned",
            "resourcenotready",
            "conditionalcheckfailed",
            "preconditionfailed",
        ],
    ),
    (
        ErrorRole::ServerFault,
        &["internalserv", "internalfailure", "internalerror", "servicefault", "serverfault", "serviceunavailable"],
    ),
    (
        ErrorRole::InvalidInput,
        &["validation", "invalidparam", "invalidrequest", "invalidinput", "invalidargument", "malformed", "badrequest"],
    ),
];

/// The words in an error's description that tell its role; the first row that matches counts.
const ROLES_BY_DESCRIPTION: &[(ErrorRole, &[&str])] = &[
    (ErrorRole::MissingResource, &["not found", "does not exist", "could not be found", "doesn't exist"]),
    (ErrorRole::Forbidden, &["not authorized", "permission", "access denied"]),
    (ErrorRole::Conflict, &["already exists", "conflict"]),
    (ErrorRole::Limit, &["limit exceeded", "quota", "exceeded the", "too many"]),
];

impl ErrorRole {
    /// Infers the role from status, name and description, in this order of trust:
    /// an unambiguous name, then an unambiguous status, then the description, then a vague name.
    pub fn infer(status: Option<u16>, name: &str, description: &str) -> Self {
        let name = plain_name(name);
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if has(&THROTTLING_WORDS) {
            return Self::Throttled;
        }
        if let Some((role, _)) = ROLES_BY_NAME.iter().find(|(_, words)| has(words)) {
            return match (role, status) {
                (Self::Unauthenticated, Some(403)) if name.contains("unauthorized") => Self::Forbidden,
                // The words for invalid input are vague: a status of the server's own errors says more.
                (Self::InvalidInput, Some(500..)) => Self::ServerFault,
                (role, _) => *role,
            };
        }
        if status.is_some_and(|status| status >= 500) {
            return Self::ServerFault;
        }
        match status {
            Some(401) => return Self::Unauthenticated,
            Some(403) => return Self::Forbidden,
            Some(404 | 410) => return Self::MissingResource,
            Some(409) => return Self::Conflict,
            Some(429) => return Self::Throttled,
            Some(413 | 414 | 415 | 422) => return Self::InvalidInput,
            _ => {}
        }
        let text = description.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if let Some((role, _)) = ROLES_BY_DESCRIPTION.iter().find(|(_, words)| says(words)) {
            return *role;
        }
        if has(&["invalid", "missing", "required", "unsupported"])
            || says(&["invalid", "not valid", "missing", "malformed", "must be", "out of range"])
        {
            return Self::InvalidInput;
        }
        Self::Other
    }

    /// Returns true if the name means that too many requests were sent, regardless of the status.
    pub fn is_throttling_name(name: &str) -> bool {
        let name = plain_name(name);
        THROTTLING_WORDS.iter().any(|word| name.contains(word))
    }
}

/// Parts of the names of errors for too many requests, in lowercase letters only.
const THROTTLING_WORDS: [&str; 6] =
    ["throttl", "toomanyrequests", "ratelimit", "ratexceeded", "slowdown", "requestlimitexceeded"];

impl fmt::Display for ErrorRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidInput => "invalid-input",
            Self::MissingResource => "missing-resource",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::Throttled => "throttled",
            Self::Conflict => "conflict",
            Self::Limit => "limit",
            Self::ServerFault => "server-fault",
            Self::Other => "other",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unambiguous_names_take_precedence_over_statuses() {
        for (status, name, description, role) in [
            (400, "InvalidParameterException", "", ErrorRole::InvalidInput),
            (400, "InvalidRequestException", "", ErrorRole::InvalidInput),
            (400, "InvalidActiveRegionException", "", ErrorRole::Other),
            (404, "ResourceNotFoundException", "", ErrorRole::MissingResource),
            (400, "ResourceNotFoundException", "", ErrorRole::MissingResource),
            (400, "ThrottlingException", "", ErrorRole::Throttled),
            (403, "AccessDeniedException", "", ErrorRole::Forbidden),
            (409, "ConflictException", "", ErrorRole::Conflict),
            (500, "InternalServiceException", "", ErrorRole::ServerFault),
            (400, "validation_error", "Missing or invalid `tags` array", ErrorRole::InvalidInput),
            (404, "not_found", "Contact not found", ErrorRole::MissingResource),
            (403, "insufficient_permissions", "Missing `contacts:write` permission", ErrorRole::Forbidden),
            (400, "LimitExceededException", "", ErrorRole::Limit),
            (400, "ResourceInUseException", "", ErrorRole::Conflict),
            (401, "unauthorized", "", ErrorRole::Unauthenticated),
        ] {
            assert_eq!(ErrorRole::infer(Some(status), name, description), role, "{status} {name}");
        }
    }
}
