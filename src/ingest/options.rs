//! What a reader is given beside the document: options, and further documents that a page refers to.

/// Options for reading documents.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct IngestOptions {
    /// The operations to read from machine models, or empty to read all of them. Pages are always read.
    pub operations: Vec<String>,
    /// Which operations to read from machine models, by name; all of `operations` if absent.
    pub is_wanted: Option<fn(&str) -> bool>,
}

impl IngestOptions {
    /// Creates options to read only these operations from machine models.
    ///
    /// # Examples
    /// ```
    /// use overstep::ingest::IngestOptions;
    ///
    /// let options = IngestOptions::for_operations(["TagContact"]);
    /// assert!(options.includes("TagContact") && !options.includes("UntagContact"));
    /// ```
    pub fn for_operations<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self { operations: names.into_iter().map(Into::into).collect(), is_wanted: None }
    }

    /// Returns true if an operation of a model should be read.
    pub fn includes(&self, name: &str) -> bool {
        (self.operations.is_empty() || self.operations.iter().any(|wanted| wanted == name))
            && self.is_wanted.is_none_or(|is_wanted| is_wanted(name))
    }
}

/// Provides further documents that a page refers to, for example the page of a data type.
///
/// # Examples
/// ```
/// use overstep::ingest::DocumentLookup;
///
/// /// Documents in memory, by file name.
/// struct Pages(Vec<(String, Vec<u8>)>);
///
/// impl DocumentLookup for Pages {
///     fn find(&mut self, file_name: &str) -> Option<(String, Vec<u8>)> {
///         self.0.iter().find(|(name, _)| name == file_name).cloned()
///     }
/// }
/// ```
pub trait DocumentLookup {
    /// Returns the full name and the bytes of the document with this file name, or `None` if there is none.
    fn find(&mut self, file_name: &str) -> Option<(String, Vec<u8>)>;

    /// Returns the name and the bytes of a file that the document `source` is split over, or `None` if there is none.
    /// `path` is relative to the folder of that document and uses `/`.
    fn find_relative(&mut self, _source: &str, _path: &str) -> Option<(String, Vec<u8>)> {
        None
    }

    /// Returns the name and the bytes of a file of the site that a page belongs to, or `None` if there is none. `path` is
    /// relative to the root of the site, which has a `docs.json` or `mint.json`.
    fn find_in_site(&mut self, _page: &str, _path: &str) -> Option<(String, Vec<u8>)> {
        None
    }
}

/// A lookup that finds nothing.
pub struct NoDocuments;

impl DocumentLookup for NoDocuments {
    fn find(&mut self, _file_name: &str) -> Option<(String, Vec<u8>)> {
        None
    }
}
