//! Holds a document's text with its line positions and creates diagnostics that point into it.
//!
//! It never interprets the text: it only unpacks, decodes and locates.

use super::{IngestDiagnostic, IngestError, IngestSeverity, SourceLocation};
use crate::contract::Provenance;
use std::borrow::Cow;
use std::io::Read as _;
use std::ops::Range;

/// Maximum size of an unpacked document in bytes.
const MAX_DOCUMENT_BYTES: u64 = 256 << 20;
/// Maximum number of characters of a line that a diagnostic shows.
const MAX_EXCERPT_CHARS: usize = 240;

/// A document as text.
pub(super) struct SourceText<'a> {
    /// The name shown to people.
    pub name: String,
    /// The name as it was given, with folders.
    pub source: String,
    pub text: Cow<'a, str>,
    line_starts: Vec<usize>,
    /// Offset of the first invalid UTF-8 byte if any were replaced.
    pub invalid_utf8_offset: Option<usize>,
}

impl<'a> SourceText<'a> {
    /// Unpacks gzip, decodes UTF-16, removes a byte order mark and replaces invalid UTF-8.
    pub fn new(name: &str, bytes: &'a [u8]) -> Result<Self, IngestError> {
        let bytes: Cow<'a, [u8]> =
            if bytes.starts_with(&[0x1f, 0x8b]) { Cow::Owned(unpack_gzip(name, bytes)?) } else { Cow::Borrowed(bytes) };
        if bytes.len() as u64 > MAX_DOCUMENT_BYTES {
            return Err(error_at_start(name, "the document is too large", "split it, or name only the pages you need"));
        }
        let bytes = match decode_utf16(&bytes) {
            Some(text) => Cow::Owned(text.into_bytes()),
            None => bytes,
        };
        let broken = std::str::from_utf8(&bytes).err().map(|error| error.valid_up_to());
        let text = match bytes {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Cow::Owned(text),
                Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
            },
        };
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Cow::Owned(text) => Cow::Owned(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        };
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(index, _)| index + 1));
        Ok(Self {
            name: document_name(name),
            source: name.to_owned(),
            text,
            line_starts: starts,
            invalid_utf8_offset: broken,
        })
    }

    /// Returns the same document with text of its own.
    pub fn into_owned(self) -> SourceText<'static> {
        SourceText { text: Cow::Owned(self.text.into_owned()), ..self }
    }

    /// Returns the number of lines.
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// Returns a line, counted from 0, without its line ending. Lines past the end are empty.
    pub fn line(&self, index: usize) -> &str {
        let Some(&start) = self.line_starts.get(index) else { return "" };
        let end = self.line_starts.get(index + 1).map_or(self.text.len(), |next| next - 1);
        self.text[start..end].trim_end_matches('\r')
    }

    /// Returns all lines.
    pub fn lines(&self) -> Vec<&str> {
        (0..self.line_count()).map(|index| self.line(index)).collect()
    }

    /// Returns the line, counted from 1, that contains a byte offset.
    pub fn line_at_offset(&self, offset: usize) -> u32 {
        saturating_u32(self.line_starts.partition_point(|start| *start <= offset))
    }

    /// Returns the provenance of a line, counted from 1.
    pub fn provenance_at(&self, line: u32) -> Provenance {
        Provenance::new(self.name.clone(), line)
    }

    /// Returns the location of a line's content without indentation. Lines count from 1.
    pub fn line_location(&self, line: u32) -> SourceLocation {
        let index = (line.max(1) - 1) as usize;
        let text = self.line(index);
        let indent = text.len() - text.trim_start().len();
        let start = self.line_starts.get(index).copied().unwrap_or(self.text.len());
        self.span_location(start + indent..start + text.trim_end().len().max(indent))
    }

    /// Returns the location of a byte range.
    pub fn span_location(&self, span: Range<usize>) -> SourceLocation {
        let line = self.line_at_offset(span.start);
        let text = self.line((line - 1) as usize);
        let column = span.start.saturating_sub(self.line_starts[(line - 1) as usize]).min(text.len());
        let before = text.get(..column).map_or(column, |before| before.chars().count());
        SourceLocation {
            document: self.name.clone(),
            line,
            column: saturating_u32(before + 1),
            span,
            excerpt: text.chars().take(MAX_EXCERPT_CHARS).collect(),
        }
    }

    /// Creates a note: nothing is lost.
    pub fn note(&self, line: u32, message: impl Into<String>) -> IngestDiagnostic {
        IngestDiagnostic {
            severity: IngestSeverity::Note,
            place: self.line_location(line),
            message: message.into(),
            hint: None,
        }
    }

    /// Creates a warning: something in the document is missing from the contract.
    pub fn warning(&self, line: u32, message: impl Into<String>, hint: impl Into<String>) -> IngestDiagnostic {
        IngestDiagnostic {
            severity: IngestSeverity::Warning,
            place: self.line_location(line),
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// Creates an error: the document cannot be read.
    pub fn error(&self, line: u32, message: impl Into<String>, hint: impl Into<String>) -> IngestError {
        IngestError { place: Box::new(self.line_location(line)), message: message.into(), hint: Some(hint.into()) }
    }
}

fn saturating_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn error_at_start(name: &str, message: impl Into<String>, hint: &str) -> IngestError {
    let place = SourceLocation { document: document_name(name), line: 1, column: 1, ..SourceLocation::default() };
    IngestError { place: Box::new(place), message: message.into(), hint: Some(hint.to_owned()) }
}

/// Decodes UTF-16, which begins with a byte order mark or has a zero beside each of the first characters.
fn decode_utf16(bytes: &[u8]) -> Option<String> {
    let little = match bytes {
        [0xff, 0xfe, ..] => true,
        [0xfe, 0xff, ..] => false,
        [first, 0, second, 0, ..] if *first > 0 && *second > 0 => true,
        [0, first, 0, second, ..] if *first > 0 && *second > 0 => false,
        _ => return None,
    };
    let units = bytes.chunks_exact(2).map(|pair| match little {
        true => u16::from_le_bytes([pair[0], pair[1]]),
        false => u16::from_be_bytes([pair[0], pair[1]]),
    });
    Some(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

fn unpack_gzip(name: &str, bytes: &[u8]) -> Result<Vec<u8>, IngestError> {
    let mut out = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(MAX_DOCUMENT_BYTES + 1);
    reader.read_to_end(&mut out).map_err(|error| {
        error_at_start(name, format!("invalid gzip: {error}"), "download the file again, or unpack it yourself")
    })?;
    Ok(out)
}

/// Returns the document name shown to people: the file name, or `botocore:SERVICE/VERSION`.
pub(super) fn document_name(name: &str) -> String {
    if name.starts_with("botocore:") {
        return name.to_owned();
    }
    let parts: Vec<&str> = name.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [.., service, version, file] if file.starts_with("service-") && file.contains(".json") => {
            format!("botocore:{service}/{version}")
        }
        [.., file] => (*file).to_owned(),
        [] => name.to_owned(),
    }
}
