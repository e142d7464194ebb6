//! What a reader is given beside the document: options, and further documents that a page refers to.

/// Options for reading documents.
#[derive(Clone, Debug, Default)]
pub struct IngestOptions {
    /// The operations to read from machine models, or empty to read all of them. Pages are always read.
    pub operations: Vec<String>,
}

impl IngestOptions {
    /// Returns true if an operation of a model should be read.
    pub fn includes(&self, name: &str) -> bool {
        self.operations.is_empty() || self.operations.iter().any(|wanted| wanted == name)
    }
}

/// Provides further documents that a page refers to, for example the page of a data type.
pub trait DocumentLookup {
    /// Returns the full name and the bytes of the document with this file name, or `None` if there is none.
    fn find(&mut self, file_name: &str) -> Option<(String, Vec<u8>)>;
}

/// A lookup that finds nothing.
pub struct NoDocuments;

impl DocumentLookup for NoDocuments {
    fn find(&mut self, _file_name: &str) -> Option<(String, Vec<u8>)> {
        None
    }
}
