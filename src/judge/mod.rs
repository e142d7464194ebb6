//! Turns exchanges, expectations and accepted behaviour into verdicts and findings. Pure, so an old run can be judged
//! again without a network.
//!
//! This module never sends a request, reads a file or asks a clock.

mod availability;
mod causes;
mod codes;
mod compare;
mod confirmation;
mod conformance;
mod coverage;
mod endpoint_knowledge;
mod findings;
mod fix_priority;
mod form;
mod judged_case;
mod known_divergences;
mod law;
mod law_abort;
mod obstacle;
mod oracle;
mod rejected_members;
mod rejection;
mod response_checks;
mod response_message;
mod rule_doubt;
mod scope;
mod second_endpoint;
mod shown_value;
mod signature;
mod stack_trace;
mod state;
mod values;
mod verdict;

pub use availability::{RejectedPlainValues, ResponseFingerprint};
pub use codes::{CodeGroup, CodeInfo, FindingCode, all_codes, finding_code, nearest_code};
pub use compare::{SnapshotChange, SnapshotComparison, SnapshotKey, compare_with_snapshot, is_finding};
pub use confirmation::{Confirmation, confirm, must_confirm};
pub use coverage::{Coverage, OperationCoverage};
pub use endpoint_knowledge::{CanaryRecord, EndpointKnowledge, SkippedOperation};
pub use findings::{CaseEvidence, Findings, Reproduction};
pub use judged_case::{AcceptedBehavior, JudgeContext, JudgedCase};
pub use known_divergences::KnownDivergences;
pub use law::UNKNOWN_PLACE;
pub use obstacle::{EndpointObstacle, ObstacleKind};
pub use oracle::{describe_expectation, judge};
pub use rejected_members::{MemberProblem, RejectedMember, rejected_members};
pub use response_message::response_message;
pub use signature::{ResponseSignature, response_signatures};
pub use stack_trace::{count_traces, innermost_frame};
pub use values::{ResponseValues, ValueDifference};
pub use verdict::{FailureKind, Finding, FindingPart, Judgement, ObservedOutcome, Verdict};
