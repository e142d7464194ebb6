//! Makes names of operations and shapes.
//!
//! It never makes a name unique; whoever adds it does.

/// Returns the name of an operation: its `operationId`, or method and path, such as `GetUsersById`.
pub(super) fn operation_name(operation_id: Option<&str>, method: &str, path: &str) -> String {
    let stated: String = operation_id
        .unwrap_or_default()
        .trim()
        .chars()
        .map(|c| if c.is_alphanumeric() || c == '_' || c == '-' { c } else { '_' })
        .collect();
    if stated.chars().any(char::is_alphanumeric) {
        return stated;
    }
    let mut name = pascal_case(&method.to_ascii_lowercase());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if segment.starts_with('{') {
            name.push_str("By");
        }
        name.push_str(&pascal_case(segment));
    }
    name
}

/// Returns the name of a shape without characters that have a meaning in paths of members.
pub(super) fn shape_name(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' })
        .take(200)
        .collect();
    if name.is_empty() { "Schema".to_owned() } else { name }
}

/// Converts words to PascalCase: `UserId` for `user_id`.
pub(super) fn pascal_case(words: &str) -> String {
    crate::ingest::mintlify::to_pascal_case(words)
}

/// Returns the short name of a service: `pet-store` for `Pet Store`.
pub(super) fn service_name(title: &str) -> String {
    let words: Vec<String> =
        title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    if words.is_empty() { "api".to_owned() } else { words.join("-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_without_an_id_are_named_after_their_route() {
        for (id, method, path, name) in [
            (Some("listPets"), "get", "/pets", "listPets"),
            (Some("repos/get"), "get", "/x", "repos_get"),
            (Some("  "), "get", "/users/{id}/posts", "GetUsersByIdPosts"),
            (None, "delete", "/user-groups/{group_id}", "DeleteUserGroupsByGroupId"),
            (None, "get", "/", "Get"),
        ] {
            assert_eq!(operation_name(id, method, path), name);
        }
    }
}
