//! What an error means, regardless of its name.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The role of a documented error: the kind of request that provokes it.
///
/// A violating case expects a documented error *whose role fits*; see `Expectations` in the architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

impl ErrorRole {
    /// Infers the role from status, name and description, in this order of trust:
    /// an unambiguous name, then an unambiguous status, then the description, then a vague name.
    pub fn infer(status: Option<u16>, name: &str, description: &str) -> Self {
        let name = normalize_name(name);
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if has(&THROTTLING_WORDS) {
            return Self::Throttled;
        }
        if has(&["activeregion", "optinrequired", "dryrun", "featurenot", "notsupportedinregion"]) {
            return Self::Other;
        }
        if has(&[
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
        ]) {
            return match status {
                Some(403) if name.contains("unauthorized") => Self::Forbidden,
                _ => Self::Unauthenticated,
            };
        }
        if has(&["accessdenied", "forbidden", "permission", "notauthorized", "unauthorizedoperation"]) {
            return Self::Forbidden;
        }
        if has(&["notfound", "nosuch", "doesnotexist", "nonexistent", "unknownresource"]) {
            return Self::MissingResource;
        }
        if has(&["limitexceeded", "quotaexceeded", "toomany", "maximumnumber", "overlimit", "limitreached"]) {
            return Self::Limit;
        }
        if has(&[
            "conflict",
            "alreadyexists",
            "inuse",
            "duplicate",
            "concurrent",
            "alreadyowned",
            "resourcenotready",
            "conditionalcheckfailed",
            "preconditionfailed",
        ]) {
            return Self::Conflict;
        }
        if has(&[
            "internalserv",
            "internalfailure",
            "internalerror",
            "servicefault",
            "serverfault",
            "serviceunavailable",
        ]) || status.is_some_and(|status| status >= 500)
        {
            return Self::ServerFault;
        }
        if has(&[
            "validation",
            "invalidparam",
            "invalidrequest",
            "invalidinput",
            "invalidargument",
            "malformed",
            "badrequest",
        ]) {
            return Self::InvalidInput;
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
        if says(&["not found", "does not exist", "could not be found", "doesn't exist"]) {
            return Self::MissingResource;
        }
        if says(&["not authorized", "permission", "access denied"]) {
            return Self::Forbidden;
        }
        if says(&["already exists", "conflict"]) {
            return Self::Conflict;
        }
        if says(&["limit exceeded", "quota", "exceeded the", "too many"]) {
            return Self::Limit;
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
        let name = normalize_name(name);
        THROTTLING_WORDS.iter().any(|word| name.contains(word))
    }
}

/// Parts of the names of errors for too many requests, in lowercase letters only.
const THROTTLING_WORDS: [&str; 6] =
    ["throttl", "toomanyrequests", "ratelimit", "ratexceeded", "slowdown", "requestlimitexceeded"];

fn normalize_name(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

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
