//! Finds the files that a document is split over, next to the document.
//!
//! It never opens a file itself; `store` does.

use crate::ingest::DocumentLookup;
use crate::store::{SourceDocument, read_referenced_file, read_site_file};

/// The documents of a scenario as places to look for further files.
pub(super) struct ReferencedFiles<'a>(pub &'a [SourceDocument]);

impl DocumentLookup for ReferencedFiles<'_> {
    fn find(&mut self, _file_name: &str) -> Option<(String, Vec<u8>)> {
        None
    }

    fn find_relative(&mut self, source: &str, path: &str) -> Option<(String, Vec<u8>)> {
        let document = self.0.iter().find(|document| document.name == source)?;
        read_referenced_file(document, path).map(|bytes| (path.to_owned(), bytes))
    }

    fn find_in_site(&mut self, page: &str, path: &str) -> Option<(String, Vec<u8>)> {
        let document = self.0.iter().find(|document| document.name == page)?;
        read_site_file(document, path).map(|bytes| (path.to_owned(), bytes))
    }
}
