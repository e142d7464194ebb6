//! Lists errors that AWS services return although their models do not declare them, each with its source: a page of
//! the service's documentation, or a response of AWS that was recorded.
//!
//! It never lists an error of a whole protocol; `common_errors` does.

use super::{ErrorRole, FactOrigin, Provenance};

/// An error of one service that its model does not declare.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServiceError {
    /// The value of the contract's `service`.
    pub service: &'static str,
    /// The code in a response.
    pub code: &'static str,
    /// The status, if all sources agree on it.
    pub status: Option<u16>,
    /// The kind of request that causes it.
    pub role: ErrorRole,
    source: ErrorSource,
}

/// The source of an error that a model does not declare.
#[derive(Clone, Copy, Debug)]
enum ErrorSource {
    /// A page of the service's documentation.
    Page(&'static str),
    /// A response of AWS, recorded on this day by the tests of LocalStack (`tests/aws/services/*/*.snapshot.json` in
    /// `localstack/localstack`).
    Recorded(&'static str),
}

impl ServiceError {
    /// Returns the kind of source.
    pub fn origin(&self) -> FactOrigin {
        match self.source {
            ErrorSource::Page(_) => FactOrigin::Documented,
            ErrorSource::Recorded(_) => FactOrigin::Recorded,
        }
    }

    /// Returns the place of the source.
    pub fn provenance(&self) -> Provenance {
        match self.source {
            ErrorSource::Page(page) => Provenance::new(page, 1),
            ErrorSource::Recorded(day) => Provenance::new(format!("response of AWS, recorded {day}"), 1),
        }
    }
}

/// Returns the errors of a service that its model does not declare.
pub(super) fn service_errors(service: &str) -> impl Iterator<Item = ServiceError> {
    let of_page = S3_PAGE_ERRORS.iter().map(|(code, status, role)| ServiceError {
        service: "s3",
        code,
        status: *status,
        role: *role,
        source: ErrorSource::Page(S3_PAGE),
    });
    let recorded = RECORDED_ERRORS.iter().map(|(service, code, status, role, day)| ServiceError {
        service,
        code,
        status: Some(*status),
        role: *role,
        source: ErrorSource::Recorded(day),
    });
    of_page.chain(recorded).filter(move |error| error.service == service)
}

/// Returns the former code of an error of Amazon SQS, from the days when it spoke the query protocol: the trait
/// `aws.protocols#awsQueryError` of its Smithy model, which botocore's model does not repeat.
pub(super) fn sqs_query_code(error: &str) -> Option<&'static str> {
    SQS_QUERY_CODES.iter().find(|(name, _)| *name == error).map(|(_, code)| *code)
}

const S3_PAGE: &str = "docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html";

/// Codes of Amazon S3's page of error responses that its model does not list. The status is absent where the page and
/// the service differ.
const S3_PAGE_ERRORS: &[(&str, Option<u16>, ErrorRole)] = &[
    ("AccessControlListNotSupported", Some(400), ErrorRole::InvalidInput),
    ("AccessPointAlreadyOwnedByYou", Some(409), ErrorRole::Conflict),
    ("AuthorizationQueryParametersError", Some(400), ErrorRole::Unauthenticated),
    ("BucketHasAccessPointsAttached", Some(400), ErrorRole::Conflict),
    ("ClientTokenConflict", Some(409), ErrorRole::Conflict),
    ("ConditionalRequestConflict", Some(409), ErrorRole::Conflict),
    ("ConnectionClosedByRequester", Some(400), ErrorRole::Other),
    ("DeviceNotActiveError", Some(400), ErrorRole::Other),
    ("EndpointNotFound", Some(400), ErrorRole::InvalidInput),
    ("IllegalLocationConstraintException", Some(400), ErrorRole::InvalidInput),
    ("IncorrectEndpoint", Some(400), ErrorRole::InvalidInput),
    ("InvalidAccessPoint", Some(400), ErrorRole::InvalidInput),
    ("InvalidAccessPointAliasError", Some(400), ErrorRole::InvalidInput),
    ("InvalidBucketAclWithObjectOwnership", Some(400), ErrorRole::InvalidInput),
    ("InvalidBucketOwnerAWSAccountID", Some(400), ErrorRole::InvalidInput),
    ("InvalidHostHeader", Some(400), ErrorRole::InvalidInput),
    ("InvalidHttpMethod", Some(400), ErrorRole::InvalidInput),
    ("InvalidRegion", Some(403), ErrorRole::Other),
    ("InvalidSessionException", Some(400), ErrorRole::Other),
    ("InvalidSignature", Some(400), ErrorRole::Unauthenticated),
    ("InvalidTag", Some(400), ErrorRole::InvalidInput),
    ("KMS.DisabledException", Some(400), ErrorRole::InvalidInput),
    ("KMS.InvalidKeyUsageException", Some(400), ErrorRole::InvalidInput),
    ("KMS.KMSInvalidStateException", Some(400), ErrorRole::InvalidInput),
    ("KMS.NotFoundException", Some(400), ErrorRole::InvalidInput),
    ("MalformedPolicy", Some(400), ErrorRole::InvalidInput),
    ("NoSuchAccessPoint", Some(404), ErrorRole::MissingResource),
    ("NoSuchAsyncRequest", Some(404), ErrorRole::MissingResource),
    ("NoSuchCORSConfiguration", Some(404), ErrorRole::MissingResource),
    ("NoSuchMultiRegionAccessPoint", Some(404), ErrorRole::MissingResource),
    ("NoSuchObjectLockConfiguration", Some(404), ErrorRole::MissingResource),
    ("NoSuchTagSet", Some(404), ErrorRole::MissingResource),
    ("NoSuchWebsiteConfiguration", Some(404), ErrorRole::MissingResource),
    ("NoTransformationDefined", Some(404), ErrorRole::MissingResource),
    ("NotDeviceOwnerError", Some(400), ErrorRole::Other),
    ("ObjectLockConfigurationNotFoundError", Some(404), ErrorRole::MissingResource),
    ("OwnershipControlsNotFoundError", Some(404), ErrorRole::MissingResource),
    ("RequestHeaderSectionTooLarge", Some(400), ErrorRole::InvalidInput),
    ("ServerSideEncryptionConfigurationNotFoundError", None, ErrorRole::MissingResource),
    ("TagPolicyException", Some(400), ErrorRole::InvalidInput),
    ("TokenCodeInvalidError", Some(400), ErrorRole::InvalidInput),
    ("TooManyAccessPoints", Some(400), ErrorRole::Limit),
    ("TooManyMultiRegionAccessPoints", Some(400), ErrorRole::Limit),
    ("UnauthorizedAccessError", Some(403), ErrorRole::Forbidden),
    ("UnexpectedIPError", Some(403), ErrorRole::Forbidden),
    ("UnsupportedArgument", Some(400), ErrorRole::InvalidInput),
    ("UnsupportedSignature", Some(400), ErrorRole::Unauthenticated),
];

/// Service, code, status, role, and the day of the recording. Responses to `HEAD`, which name no error, are left out.
const RECORDED_ERRORS: &[(&str, &str, u16, ErrorRole, &str)] = &[
    ("lambda", "RequestEntityTooLargeException", 413, ErrorRole::InvalidInput, "2024-04-10"),
    ("s3", "AccessForbidden", 403, ErrorRole::Forbidden, "2023-07-31"),
    ("s3", "BadRequest", 400, ErrorRole::InvalidInput, "2023-07-31"),
    ("s3", "CrossLocationLoggingProhibitted", 403, ErrorRole::Forbidden, "2023-11-27"),
    ("s3", "IdMismatch", 400, ErrorRole::InvalidInput, "2023-08-03"),
    ("s3", "InvalidPartNumber", 416, ErrorRole::InvalidInput, "2023-08-10"),
    ("s3", "InvalidS3DestinationBucket", 400, ErrorRole::InvalidInput, "2023-08-03"),
    ("s3", "NoSuchConfiguration", 404, ErrorRole::MissingResource, "2023-08-03"),
    ("s3", "NoSuchPublicAccessBlockConfiguration", 404, ErrorRole::MissingResource, "2023-08-10"),
    ("s3", "ReplicationConfigurationNotFoundError", 404, ErrorRole::MissingResource, "2023-08-12"),
    ("s3control", "AccessPointAlreadyOwnedByYou", 409, ErrorRole::Conflict, "2024-05-30"),
    ("s3control", "InvalidRequest", 400, ErrorRole::InvalidInput, "2024-05-30"),
    ("s3control", "InvalidTag", 400, ErrorRole::InvalidInput, "2025-11-28"),
    ("s3control", "InvalidURI", 400, ErrorRole::InvalidInput, "2024-05-30"),
    ("s3control", "MalformedXML", 400, ErrorRole::InvalidInput, "2025-11-28"),
    ("s3control", "NoSuchAccessPoint", 404, ErrorRole::MissingResource, "2024-05-30"),
    ("s3control", "NoSuchResource", 404, ErrorRole::MissingResource, "2025-11-28"),
];

/// Errors of Amazon SQS and their codes in the query protocol, where they differ.
const SQS_QUERY_CODES: &[(&str, &str)] = &[
    ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
    ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
    ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
    ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"),
    ("KmsAccessDenied", "KMS.AccessDeniedException"),
    ("KmsDisabled", "KMS.DisabledException"),
    ("KmsInvalidKeyUsage", "KMS.InvalidKeyUsageException"),
    ("KmsInvalidState", "KMS.InvalidStateException"),
    ("KmsNotFound", "KMS.NotFoundException"),
    ("KmsOptInRequired", "KMS.OptInRequired"),
    ("KmsThrottled", "KMS.ThrottlingException"),
    ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
    ("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress"),
    ("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"),
    ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
    ("QueueNameExists", "QueueAlreadyExists"),
    ("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
    ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"),
];
