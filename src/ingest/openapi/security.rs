//! Reads security schemes as credentials of the caller, which are never members of an input.
//!
//! It never reads a secret.

use super::{FilePlace, Located, Omission, OpenApiReader, OpenApiVersion};
use crate::contract::{AuthScheme, FactField, MemberLocation};
use crate::ingest::json::JsonValue;

impl<'d> OpenApiReader<'d> {
    /// Reads the schemes that operations refer to by name.
    pub fn read_security_schemes(&mut self, root: Located<'d>) {
        let schemes = match self.version {
            OpenApiVersion::Swagger2 => root.get("securityDefinitions"),
            _ => root.get("components").and_then(|components| components.get("securitySchemes")),
        };
        for (name, _, scheme) in schemes.into_iter().flat_map(Located::entries) {
            let (scheme, _) = self.files.follow(scheme);
            let read = self.read_scheme(scheme);
            self.schemes.insert(name.to_owned(), read);
        }
    }

    fn read_scheme(&mut self, scheme: Located<'d>) -> Option<AuthScheme> {
        let authorization = || AuthScheme::Header { name: "Authorization".to_owned() };
        let http_scheme = scheme.text("scheme").unwrap_or_default().to_ascii_lowercase();
        let name = scheme.text("name").unwrap_or_default();
        match (scheme.text("type").unwrap_or_default(), scheme.text("in")) {
            ("http", _) if http_scheme == "bearer" => Some(AuthScheme::Bearer),
            ("oauth2" | "openIdConnect", _) => Some(AuthScheme::Bearer),
            // The user gives the whole value of the header: `Basic …`.
            ("http" | "basic", _) => Some(authorization()),
            ("apiKey", Some("header")) if !name.is_empty() => Some(AuthScheme::Header { name: name.to_owned() }),
            ("apiKey", Some("cookie")) => Some(AuthScheme::Header { name: "Cookie".to_owned() }),
            ("apiKey", Some("query")) => {
                self.omissions.add(Omission::QueryCredential, scheme.place());
                None
            }
            _ => {
                self.omissions.add(Omission::OtherCredential, scheme.place());
                None
            }
        }
    }

    /// Returns true if a parameter is how a scheme sends its key.
    pub fn is_credential(&self, location: MemberLocation, name: &str) -> bool {
        let sends = |scheme: &AuthScheme| matches!(scheme, AuthScheme::Header { name: header } if header.eq_ignore_ascii_case(name));
        location == MemberLocation::Header && self.schemes.values().flatten().any(sends)
    }

    /// Records how the callers of an operation authenticate: each requirement is an alternative.
    pub fn read_operation_security(&mut self, index: usize, security: Option<Located<'d>>, has_security: bool) {
        let requirements: Vec<Located<'d>> = security.into_iter().flat_map(Located::items).collect();
        let allows_nobody = requirements.iter().any(|one| one.node.entries().is_empty());
        // A document that never speaks of security leaves it open whether callers authenticate.
        if has_security && (requirements.is_empty() || allows_nobody) {
            self.builder.contract.operations[index].traits.anonymous = true;
        }
        for requirement in requirements {
            if requirement.node.entries().len() > 1 {
                self.omissions.add(Omission::CombinedCredentials, requirement.place());
            }
            let Some((name, place, scopes)) = requirement.entries().next() else { continue };
            if let Some(Some(scheme)) = self.schemes.get(name)
                && !self.builder.contract.auth.contains(scheme)
            {
                self.builder.contract.auth.push(scheme.clone());
            }
            self.record_permission(index, scopes, place);
        }
    }

    /// A single scope is the permission that the caller needs.
    fn record_permission(&mut self, index: usize, scopes: Located<'d>, place: FilePlace) {
        if let JsonValue::List(scopes) = &scopes.node.value
            && let [scope] = scopes.as_slice()
            && let Some(scope) = scope.as_text()
            && self.builder.contract.operations[index].permission.is_none()
        {
            self.at(place);
            self.builder.record_operation_fact(index, FactField::Permission, scope, place.line);
        }
    }
}
