//! Parses a response from bytes: status line, headers, and the framing of the body.
//!
//! It never waits; the caller passes the bytes received so far.

use super::non_http::not_http_error;
use crate::run::TransportError;
use crate::run::excerpt::first_line_excerpt;

/// Status line and headers of a response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HttpHead {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    /// Whether the connection can be reused, see [RFC 9112, 9.3](https://www.rfc-editor.org/rfc/rfc9112#section-9.3);
    /// HTTP/1.0 connections never are.
    pub(super) can_reuse: bool,
    /// Length of the head in bytes.
    pub(super) length: usize,
}

/// How the end of the body is determined.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyLength {
    /// There is no body.
    None,
    /// The body has this many bytes.
    Exact(u64),
    /// The body is chunked.
    Chunked,
    /// The body ends when the connection is closed.
    UntilClose,
}

impl HttpHead {
    /// Parses a head. Returns `None` while it is incomplete.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>, TransportError> {
        const TYPICAL_HEADERS: usize = 64;
        const MAX_HEADERS: usize = 4096;
        let mut headers = [httparse::EMPTY_HEADER; TYPICAL_HEADERS];
        match Self::parse_with(bytes, &mut headers) {
            Err(httparse::Error::TooManyHeaders) => {
                let mut headers = vec![httparse::EMPTY_HEADER; MAX_HEADERS];
                Self::parse_with(bytes, &mut headers)
            }
            other => other,
        }
        .map_err(|error| match error {
            httparse::Error::HeaderName | httparse::Error::HeaderValue | httparse::Error::TooManyHeaders => {
                TransportError::NotHttp(error.to_string())
            }
            _ => not_http_error(&error.to_string(), bytes),
        })
        .and_then(|head| match head {
            // The parser accepts any three digits, but status codes start at 100.
            Some(head) if head.status < 100 => Err(not_http_error("status code below 100", bytes)),
            head => Ok(head),
        })
    }

    fn parse_with<'b>(bytes: &'b [u8], headers: &mut [httparse::Header<'b>]) -> Result<Option<Self>, httparse::Error> {
        let mut response = httparse::Response::new(headers);
        let httparse::Status::Complete(length) = response.parse(bytes)? else { return Ok(None) };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut head = Self {
            status: response.code.unwrap_or_default(),
            headers: response.headers.iter().map(|h| (h.name.to_ascii_lowercase(), text(h.value))).collect(),
            can_reuse: response.version == Some(1),
            length,
        };
        let closes = head.header_values("connection").any(|value| value.to_ascii_lowercase().contains("close"));
        // If the end of the body is ambiguous, or the protocol has been switched, later requests must not use the
        // connection.
        let is_doubtful = head.header("transfer-encoding").and(head.header("content-length")).is_some();
        head.can_reuse = head.can_reuse && !closes && !is_doubtful && head.status != 101;
        Ok(Some(head))
    }

    /// Returns the first value of the header with this lowercase name.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.header_values(name).next()
    }

    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// Returns how the body of a response to this method ends, see [RFC 9112,
    /// 6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3).
    pub(super) fn body_length(&self, method: &str) -> Result<BodyLength, TransportError> {
        if method == "HEAD" || matches!(self.status, 100..=199 | 204 | 304) {
            return Ok(BodyLength::None);
        }
        if let Some(coding) = self.header_values("transfer-encoding").last() {
            let last = coding.rsplit(',').next().unwrap_or_default().trim();
            return Ok(if last.eq_ignore_ascii_case("chunked") { BodyLength::Chunked } else { BodyLength::UntilClose });
        }
        let mut length = None;
        for value in self.header_values("content-length").flat_map(|value| value.split(',')).map(str::trim) {
            let number = value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse::<u64>().ok()).flatten();
            let number = number.ok_or_else(|| TransportError::NotHttp("content-length is not a number".to_owned()))?;
            if length.is_some_and(|known| known != number) {
                return Err(TransportError::NotHttp("conflicting content-length values".to_owned()));
            }
            length = Some(number);
        }
        Ok(length.map_or(BodyLength::UntilClose, BodyLength::Exact))
    }
}

/// Error for a body whose chunks cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ChunkError {
    /// A line with a chunk size is too long.
    #[error("chunk-size line too long")]
    SizeLineTooLong,
    /// A chunk continues after its announced size.
    #[error("chunk longer than its size")]
    TooLong,
    /// The trailers are too long.
    #[error("trailers too long")]
    TrailersTooLong,
    /// A chunk size is not a hexadecimal number; holds an excerpt.
    #[error("invalid chunk size `{0}`")]
    InvalidSize(String),
}

/// Incremental decoder of a chunked body.
#[derive(Debug, Default)]
pub(super) struct ChunkDecoder {
    state: ChunkState,
    remaining: u64,
    /// Bytes of trailers received so far.
    trailer_bytes: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ChunkState {
    #[default]
    Size,
    Data,
    /// Expects the line end after a chunk's data.
    DataEnd,
    Trailer,
    Done,
}

/// Maximum length of a chunk-size line in bytes.
const MAX_SIZE_LINE_BYTES: usize = 8 * 1024;
/// Maximum total length of the trailers in bytes.
const MAX_TRAILER_BYTES: usize = 64 * 1024;

impl ChunkDecoder {
    /// Consumes as much of `input` as possible and appends the data to `out`, up to `limit` bytes. Returns `Ok(true)`
    /// at the end of the body.
    pub(super) fn decode(
        &mut self,
        input: &mut bytes::BytesMut,
        out: &mut BodyBuffer,
        limit: usize,
    ) -> Result<bool, ChunkError> {
        use bytes::Buf as _;
        loop {
            match self.state {
                ChunkState::Done => return Ok(true),
                ChunkState::Data => {
                    if input.is_empty() || out.len() > limit {
                        return Ok(false);
                    }
                    let count = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(input.len());
                    out.push(&input[..count]);
                    input.advance(count);
                    self.remaining -= count as u64;
                    if self.remaining == 0 {
                        self.state = ChunkState::DataEnd;
                    }
                }
                ChunkState::Size | ChunkState::DataEnd | ChunkState::Trailer => {
                    let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
                        return if input.len() > MAX_SIZE_LINE_BYTES {
                            Err(ChunkError::SizeLineTooLong)
                        } else {
                            Ok(false)
                        };
                    };
                    let line = input.split_to(end + 1);
                    let line = line[..end].strip_suffix(b"\r").unwrap_or(&line[..end]);
                    self.process_line(line)?;
                }
            }
        }
    }

    fn process_line(&mut self, line: &[u8]) -> Result<(), ChunkError> {
        match self.state {
            ChunkState::DataEnd if line.is_empty() => self.state = ChunkState::Size,
            ChunkState::DataEnd => return Err(ChunkError::TooLong),
            ChunkState::Trailer if line.is_empty() => self.state = ChunkState::Done,
            ChunkState::Trailer => {
                self.trailer_bytes += line.len() + 2;
                if self.trailer_bytes > MAX_TRAILER_BYTES {
                    return Err(ChunkError::TrailersTooLong);
                }
            }
            _ => {
                let size = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
                let number = std::str::from_utf8(size)
                    .ok()
                    .filter(|size| size.bytes().all(|byte| byte.is_ascii_hexdigit()))
                    .and_then(|size| u64::from_str_radix(size, 16).ok());
                self.remaining = number.ok_or_else(|| ChunkError::InvalidSize(first_line_excerpt(size)))?;
                self.state = if self.remaining == 0 { ChunkState::Trailer } else { ChunkState::Data };
            }
        }
        Ok(())
    }
}

/// A growing body, stored in pieces: a single buffer that doubles its capacity takes three times the body's size, and
/// many bodies may be received concurrently.
#[derive(Debug, Default)]
pub(super) struct BodyBuffer {
    full_pieces: Vec<Vec<u8>>,
    last_piece: Vec<u8>,
}

/// Size of a piece in bytes. Most bodies fit into one piece, which is returned without a copy.
const PIECE_BYTES: usize = 256 * 1024;

impl BodyBuffer {
    pub(super) fn len(&self) -> usize {
        self.full_pieces.len() * PIECE_BYTES + self.last_piece.len()
    }

    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (fits, rest) = bytes.split_at(bytes.len().min(PIECE_BYTES - self.last_piece.len()));
            self.last_piece.extend_from_slice(fits);
            bytes = rest;
            if self.last_piece.len() == PIECE_BYTES {
                self.full_pieces.push(std::mem::replace(&mut self.last_piece, Vec::with_capacity(PIECE_BYTES)));
            }
        }
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        if self.full_pieces.is_empty() {
            return self.last_piece;
        }
        self.full_pieces.push(self.last_piece);
        self.full_pieces.concat()
    }

    /// Returns the beginning of a body that exceeds the limit.
    pub(super) fn into_prefix(mut self, limit: usize) -> Vec<u8> {
        let mut first = if self.full_pieces.is_empty() { self.last_piece } else { self.full_pieces.swap_remove(0) };
        first.truncate(limit);
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;

    #[test]
    fn chunks_are_decoded_however_input_is_split() {
        let whole = b"4\r\nWiki\r\n6;x=y\r\npedia \r\nE\nin \r\n\r\nchunks.\r\n0\r\nX: y\r\n\r\nrest";
        for step in 1..whole.len() {
            let (mut chunks, mut out, mut input, mut done) =
                (ChunkDecoder::default(), BodyBuffer::default(), BytesMut::new(), false);
            for piece in whole.chunks(step) {
                input.extend_from_slice(piece);
                done = chunks.decode(&mut input, &mut out, 1000).expect("well formed");
            }
            assert!(done);
            assert_eq!(out.into_bytes(), b"Wikipedia in \r\n\r\nchunks.");
            assert_eq!(&input[..], b"rest");
        }
    }

    #[test]
    fn malformed_chunks_are_rejected() {
        for text in ["zz\r\n", "\r\n", "-1\r\n", "2\r\nabc\r\n", "fffffffffffffffff\r\n", &"1".repeat(9000)] {
            let mut input = BytesMut::from(text);
            assert!(ChunkDecoder::default().decode(&mut input, &mut BodyBuffer::default(), 10).is_err(), "{text}");
        }
    }

    #[test]
    fn endless_trailers_are_rejected() {
        let (mut chunks, mut input) = (ChunkDecoder::default(), BytesMut::from("0\r\n"));
        let is_rejected = (0..20_000).any(|_| {
            input.extend_from_slice(b"x: y\r\n");
            chunks.decode(&mut input, &mut BodyBuffer::default(), 10).is_err()
        });
        assert!(is_rejected);
    }

    #[test]
    fn ambiguous_responses_do_not_keep_the_connection() {
        let can_reuse = |text: &str| HttpHead::parse(text.as_bytes()).expect("http").expect("complete").can_reuse;
        assert!(can_reuse("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"));
        for text in [
            "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nConnection: x, Close\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        ] {
            assert!(!can_reuse(text), "{text}");
        }
    }

    #[test]
    fn body_length_follows_method_status_and_headers() {
        let length = |method: &str, text: &str| {
            HttpHead::parse(text.as_bytes()).expect("http").expect("complete").body_length(method)
        };
        assert_eq!(length("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), Ok(BodyLength::Exact(5)));
        assert_eq!(length("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), Ok(BodyLength::None));
        assert_eq!(length("GET", "HTTP/1.1 204 \r\n\r\n"), Ok(BodyLength::None));
        assert_eq!(length("GET", "HTTP/1.0 200 OK\r\n\r\n"), Ok(BodyLength::UntilClose));
        assert_eq!(
            length("GET", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n"),
            Ok(BodyLength::Chunked)
        );
        assert!(length("GET", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n").is_err());
        assert!(length("GET", "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n").is_err());
        assert!(HttpHead::parse(b"SSH-2.0-x\r\n").is_err());
        assert!(HttpHead::parse(b"HTTP/1.1 099 Odd\r\n\r\n").is_err());
        assert_eq!(HttpHead::parse(b"HTTP/1.1 200 OK\r\nA: b"), Ok(None));
    }
}
