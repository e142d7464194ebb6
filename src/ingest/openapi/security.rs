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
        let authorization = || AuthScheme::Header { name: "Authorization".to_owned(), prefix: None };
        let http_scheme = scheme.text("scheme").unwrap_or_default().to_ascii_lowercase();
        let name = scheme.text("name").unwrap_or_default();
        match (scheme.text("type").unwrap_or_default(), scheme.text("in")) {
            ("http", _) if http_scheme == "bearer" => Some(AuthScheme::Bearer),
            ("oauth2" | "openIdConnect", _) => Some(AuthScheme::Bearer),
            ("http", _) if http_scheme == "basic" => Some(AuthScheme::Basic),
            ("basic", _) => Some(AuthScheme::Basic),
            // For other schemes, the user gives the whole value of the header.
            ("http", _) if http_scheme == "token" => {
                Some(AuthScheme::Header { name: "Authorization".to_owned(), prefix: Some("Token".to_owned()) })
            }
            ("http", _) => Some(authorization()),
            ("apiKey", Some("header")) if !name.is_empty() => {
                let prefix = stated_prefix(name, scheme.text("description").unwrap_or_default());
                Some(AuthScheme::Header { name: name.to_owned(), prefix })
            }
            ("apiKey", Some("cookie")) if !name.is_empty() => Some(AuthScheme::Cookie { name: name.to_owned() }),
            ("apiKey", Some("query")) if !name.is_empty() => Some(AuthScheme::Query { name: name.to_owned() }),
            _ => {
                self.omissions.add(Omission::OtherCredential, scheme.place());
                None
            }
        }
    }

    /// Returns true if a parameter is how a scheme sends its key.
    pub fn is_credential(&self, location: MemberLocation, name: &str) -> bool {
        self.schemes.values().flatten().any(|scheme| match (scheme, location) {
            (AuthScheme::Header { name: own, .. }, MemberLocation::Header) => own.eq_ignore_ascii_case(name),
            (AuthScheme::Query { name: own }, MemberLocation::Query)
            | (AuthScheme::Cookie { name: own }, MemberLocation::Cookie) => own == name,
            _ => false,
        })
    }

    /// Records how the callers of an operation authenticate: each requirement is an alternative.
    pub fn read_operation_security(&mut self, index: usize, security: Option<Located<'d>>, has_security: bool) {
        let requirements: Vec<Located<'d>> = security.into_iter().flat_map(Located::items).collect();
        let allows_nobody = requirements.iter().any(|one| one.node.entries().is_empty());
        // A document that never speaks of security leaves it open whether callers authenticate.
        if has_security && (requirements.is_empty() || allows_nobody) {
            self.builder.contract.operations[index].traits.anonymous = true;
        }
        let mut own: Vec<AuthScheme> = Vec::new();
        for requirement in requirements {
            if requirement.node.entries().len() > 1 {
                self.omissions.add(Omission::CombinedCredentials, requirement.place());
            }
            let Some((name, place, scopes)) = requirement.entries().next() else { continue };
            match self.schemes.get(name) {
                Some(Some(scheme)) if !own.contains(scheme) => own.push(scheme.clone()),
                Some(_) => {}
                None => {
                    self.omissions.add(Omission::UnknownCredential, requirement.place());
                }
            }
            self.record_permission(index, scopes, place);
        }
        let further: Vec<FilePlace> = self.parameter_credentials.iter().skip(1).map(|(_, place)| *place).collect();
        further.into_iter().for_each(|place| self.omissions.add(Omission::CombinedCredentials, place));
        own.extend(self.parameter_credentials.first().map(|(scheme, _)| scheme.clone()));
        for scheme in &own {
            if !self.builder.contract.auth.contains(scheme) {
                self.builder.contract.auth.push(scheme.clone());
            }
        }
        self.builder.contract.operations[index].traits.auth = own;
    }

    /// Removes what operations say about credentials if all of them say the same, which the contract then says.
    pub fn unify_security(&mut self) {
        let contract = &mut self.builder.contract;
        // Credentials that are parameters are needed where they are described.
        if self.schemes.is_empty() && !contract.auth.is_empty() {
            for operation in contract.operations.iter_mut().filter(|operation| operation.traits.auth.is_empty()) {
                operation.traits.anonymous = true;
            }
        }
        let mut stated = contract.operations.iter().filter(|one| !one.traits.anonymous).map(|one| &one.traits.auth);
        let Some(first) = stated.next().cloned() else { return };
        if stated.all(|other| *other == first) {
            contract.auth = first;
            contract.operations.iter_mut().for_each(|operation| operation.traits.auth.clear());
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

/// Returns the word before the key in a header `Authorization`, if the description of the scheme states it.
fn stated_prefix(header: &str, description: &str) -> Option<String> {
    if !header.eq_ignore_ascii_case("authorization") {
        return None;
    }
    let words = description.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    let after = words.windows(2).find(|pair| pair[0].eq_ignore_ascii_case("prefix")).map(|pair| pair[1]);
    let usual = |word: &&str| ["Bearer", "Token", "JWT", "Api-Key"].contains(word);
    after.filter(usual).or_else(|| words.iter().copied().find(usual)).map(str::to_owned)
}
