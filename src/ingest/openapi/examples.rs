//! Finds the values that a document gives as examples or as the default.
//!
//! It never checks them: the generator sends only those that their shape allows.

use super::{Located, SchemaView};

/// Maximum number of examples of one value.
const MAX_EXAMPLES: usize = 8;

/// Returns the examples of a parameter or a media type: `example`, `examples` by name, and Swagger's `x-example`.
pub(super) fn stated_examples(owner: Located<'_>) -> Vec<Located<'_>> {
    let named = owner.get("examples").into_iter().flat_map(Located::entries);
    let values = named.filter_map(|(_, _, example)| example.get("value"));
    owner.get("example").into_iter().chain(values).chain(owner.get("x-example")).take(MAX_EXAMPLES).collect()
}

/// Returns the examples of a member of an object: the parts of that name.
pub(super) fn examples_of_member<'d>(examples: &[Located<'d>], name: &str) -> Vec<Located<'d>> {
    examples.iter().filter_map(|example| example.get(name)).collect()
}

impl<'d> SchemaView<'d> {
    /// Returns the examples of the value, then its default.
    pub fn examples(&self) -> Vec<Located<'d>> {
        let single = self.all("example").map(|(value, _)| value);
        let listed = self.all("examples").flat_map(|(list, _)| list.items());
        let default = self.all("default").map(|(value, _)| value);
        single.chain(listed).chain(default).take(MAX_EXAMPLES).collect()
    }
}
