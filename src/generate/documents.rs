//! The least valid documents for members whose name says what kind of document they hold: an archive, a certificate, a
//! state machine.
//!
//! They are guesses at what services accept; an endpoint that rejects one is never reported for it.

/// A self-signed certificate for example.com that expires in 2126, as PEM.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
    MIIBgzCCASmgAwIBAgIUZ79xnM2aKEPG2BPOaCfieSs+xrYwCgYIKoZIzj0EAwIw\n\
    FjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wIBcNMjYxMTMwMjI1MjA2WhgPMjEyNjEx\n\
    MDYyMjUyMDZaMBYxFDASBgNVBAMMC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYI\n\
    KoZIzj0DAQcDQgAEgXZ5PEgH54nQF5u055F/EpR4a80diGuxeEWpcm2WWtQTz0Mx\n\
    pHR7AyvjwIxUG+qyfymJC3m1dIG48ztfOlHvi6NTMFEwHQYDVR0OBBYEFJJb9dql\n\
    0ucoPQaK0r28S07NnEkxMB8GA1UdIwQYMBaAFJJb9dql0ucoPQaK0r28S07NnEkx\n\
    MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAOSkcQfw/gvLjvz5\n\
    kKot+IOOCwrMtz12RezxRZCDaTJ/AiB8vnh5i/FUEnWDc/bg9VLltf3pgmi9nWQv\n\
    obWcayyvmA==\n\
    -----END CERTIFICATE-----\n";

/// The private key of [`CERTIFICATE`], which protects nothing.
const PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEiGoC9CEhgT0IDOO\n\
    0jb+MKRLZt+le/AHcrqyEL+lRByhRANCAASBdnk8SAfnidAXm7TnkX8SlHhrzR2I\n\
    a7F4RalybZZa1BPPQzGkdHsDK+PAjFQb6rJ/KYkLebV0gbjzO186Ue+L\n\
    -----END PRIVATE KEY-----\n";

/// A state machine that succeeds at once, see
/// [Amazon States Language](https://states-language.net/spec.html).
const STATE_MACHINE: &str = "{\"StartAt\":\"Done\",\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}";

/// An API with one operation, see [OpenAPI](https://spec.openapis.org/oas/v3.0.3).
const OPEN_API: &str = "{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"overstep\",\"version\":\"1\"},\"paths\":{\"/\":{\"get\":\
    {\"responses\":{\"200\":{\"description\":\"OK\"}},\"x-amazon-apigateway-integration\":{\"type\":\"MOCK\",\"httpMethod\":\"GET\"}}}}}";

/// The file in the archive of a function.
const FUNCTION_FILE: (&str, &[u8]) = ("index.py", b"def handler(event, context):\n    return event\n");

/// Returns the document that a text member holds, by its name in lowercase.
pub(super) fn text_document(member: &str) -> Option<&'static str> {
    if member.ends_with("privatekey") {
        return Some(PRIVATE_KEY);
    }
    if ["certificate", "certificatebody", "certificatechain", "certificatepem", "cacertificate"].contains(&member) {
        return Some(CERTIFICATE);
    }
    (member == "definition").then_some(STATE_MACHINE)
}

/// Returns the document that a blob holds, by its name in lowercase and the name of its operation.
pub(super) fn blob_document(member: &str, operation: &str) -> Option<Vec<u8>> {
    if member.contains("zip") {
        let (name, content) = FUNCTION_FILE;
        return Some(zip_archive(name, content));
    }
    if member == "body" && operation.ends_with("Api") {
        return Some(OPEN_API.as_bytes().to_vec());
    }
    text_document(member).map(|text| text.as_bytes().to_vec())
}

/// Returns a ZIP archive with one uncompressed file, see
/// [APPNOTE](https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), sections 4.3.7, 4.3.12 and 4.3.16.
fn zip_archive(name: &str, content: &[u8]) -> Vec<u8> {
    let mut checksum = flate2::Crc::new();
    checksum.update(content);
    let (name_length, size) = (name.len() as u16, content.len() as u32);
    // Version 1.0, no flags, stored, 1980-01-01 00:00.
    let mut common = Vec::new();
    for number in [10_u16, 0, 0, 0, 0x21] {
        common.extend(number.to_le_bytes());
    }
    for number in [checksum.sum(), size, size] {
        common.extend(number.to_le_bytes());
    }
    common.extend(name_length.to_le_bytes());
    common.extend(0_u16.to_le_bytes());
    let mut archive = b"PK\x03\x04".to_vec();
    archive.extend(&common);
    archive.extend(name.as_bytes());
    archive.extend(content);
    let directory_start = archive.len() as u32;
    archive.extend(b"PK\x01\x02");
    // Made by version 3.0 on Unix, so that the file's mode counts.
    archive.extend(0x031e_u16.to_le_bytes());
    archive.extend(&common);
    for number in [0_u16, 0, 0] {
        archive.extend(number.to_le_bytes());
    }
    for number in [0o100_644_u32 << 16, 0] {
        archive.extend(number.to_le_bytes());
    }
    archive.extend(name.as_bytes());
    let directory_size = archive.len() as u32 - directory_start;
    archive.extend(b"PK\x05\x06");
    for number in [0_u16, 0, 1, 1] {
        archive.extend(number.to_le_bytes());
    }
    for number in [directory_size, directory_start] {
        archive.extend(number.to_le_bytes());
    }
    archive.extend(0_u16.to_le_bytes());
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_the_structure_of_zip() {
        let archive = zip_archive("a.py", b"pass\n");
        let end = archive.len() - 22;
        assert_eq!(&archive[..4], b"PK\x03\x04");
        assert_eq!(&archive[30..39], b"a.pypass\n");
        assert_eq!(&archive[end..end + 4], b"PK\x05\x06");
        let number = |at: usize| u32::from_le_bytes(archive[at..at + 4].try_into().expect("four bytes")) as usize;
        let (size, start) = (number(end + 12), number(end + 16));
        assert_eq!((start, start + size), (39, end));
        assert_eq!(&archive[start..start + 4], b"PK\x01\x02");
        // The checksum of `pass\n`, computed by Python's `zlib.crc32`.
        assert_eq!(number(14), CRC_OF_PASS);
    }

    const CRC_OF_PASS: usize = 0xe1a9296;

    #[test]
    fn names_say_what_documents_are() {
        assert!(blob_document("zipfile", "CreateFunction").is_some_and(|bytes| bytes.starts_with(b"PK")));
        assert!(blob_document("body", "ImportRestApi").is_some());
        assert_eq!(blob_document("body", "PutObject"), None);
        for text in [STATE_MACHINE, OPEN_API] {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
        }
    }
}
