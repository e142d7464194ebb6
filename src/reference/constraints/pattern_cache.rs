//! The compiled patterns of a server.
//!
//! Never compiles a pattern twice.

use crate::reference::regex::JavaPattern;
use std::collections::HashMap;
use std::sync::Arc;

/// The patterns compiled so far, shared by all operations and faults; `None` for one that could not be translated.
#[derive(Debug, Default)]
pub(in crate::reference) struct PatternCache {
    compiled: HashMap<(String, bool), Option<Arc<JavaPattern>>>,
    /// Each pattern that could not be translated, with the reason.
    pub untranslated: Vec<(String, String)>,
}

impl PatternCache {
    pub(super) fn get_or_compile(&mut self, text: &str, ignore_case: bool) -> Option<Arc<JavaPattern>> {
        let untranslated = &mut self.untranslated;
        self.compiled
            .entry((text.to_owned(), ignore_case))
            .or_insert_with(|| match JavaPattern::new(text, ignore_case) {
                Ok(pattern) => Some(Arc::new(pattern)),
                Err(reason) => {
                    untranslated.push((text.to_owned(), reason.to_string()));
                    None
                }
            })
            .clone()
    }
}
