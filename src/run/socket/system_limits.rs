//! Reads what the system lets this process use, and divides it.
//!
//! It never changes a limit, because programs that overstep starts would inherit it.

use crate::run::{Endpoint, Shortage};
use std::io;

/// Size of the stack of a thread that sends cases, in bytes.
pub(super) const DEEP_STACK_SIZE: usize = 64 * 1024 * 1024;
/// Files that are left for reports, snapshots and logs.
const RESERVED_FILES: u64 = 12;
/// Files that are left for them at least.
const MIN_RESERVED_FILES: u64 = 4;
/// Files that the runtime of one thread keeps open.
const FILES_PER_RUNTIME: u64 = 4;
/// Files that any command with a runtime needs, beside those that are open when it starts.
const MIN_FREE_FILES: u64 = 14;
/// Number of open files that is assumed if it cannot be counted.
const ASSUMED_OPEN_FILES: u64 = 32;
/// Number of connections if there is no limit.
const MAX_CONNECTIONS: u64 = 1 << 16;

/// Returns the maximum number of files that this process can open, if there is a limit.
pub fn open_file_limit() -> Option<u64> {
    #[cfg(unix)]
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let limit = None;
    limit
}

/// Returns the shortage that an error of the system reports.
pub fn shortage(error: &io::Error) -> Option<Shortage> {
    Shortage::from_error(error, open_file_limit())
}

/// Returns an error if this process cannot open the files that a command with a runtime needs.
///
/// # Errors
/// Returns the shortage.
pub fn require_files() -> Result<(), Shortage> {
    match free_files() {
        Some(free) if free < MIN_FREE_FILES => Err(Shortage::OpenFiles(open_file_limit())),
        _ => Ok(()),
    }
}

/// Returns the number of files that this process can still open, if there is a limit.
fn free_files() -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "these are no files, but a list of the files of this process")]
    let count = |folder| std::fs::read_dir(folder).map(|entries| entries.count() as u64);
    let limit = open_file_limit()?;
    let open = count("/proc/self/fd").or_else(|_| count("/dev/fd")).unwrap_or(ASSUMED_OPEN_FILES);
    Some(limit.saturating_sub(open))
}

/// Returns the maximum number of connections to an endpoint. A server in this process opens a file for each, too.
///
/// # Errors
/// Returns an error if not even one connection can be opened.
pub(super) fn max_connections(endpoint: &Endpoint) -> Result<usize, Shortage> {
    let Some(free) = free_files() else { return Ok(usize::try_from(MAX_CONNECTIONS).unwrap_or(usize::MAX)) };
    let files_per_connection = if endpoint.is_in_this_process { 2 } else { 1 };
    if free < MIN_RESERVED_FILES + FILES_PER_RUNTIME + files_per_connection {
        return Err(Shortage::OpenFiles(open_file_limit()));
    }
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let left = free.saturating_sub(RESERVED_FILES + threads * FILES_PER_RUNTIME);
    let connections = (left / files_per_connection).clamp(1, MAX_CONNECTIONS);
    Ok(usize::try_from(connections).unwrap_or(usize::MAX))
}

/// Returns how many of `wanted` workers have a connection each, and what is lacking for the others.
pub fn fit_workers(wanted: usize, endpoint: &Endpoint) -> (usize, Option<Shortage>) {
    let connections = max_connections(endpoint).unwrap_or(1);
    if connections < wanted { (connections, Some(Shortage::OpenFiles(open_file_limit()))) } else { (wanted, None) }
}

/// Returns the maximum number of threads with a large stack: their stacks may take half of the address space that is
/// left, because values need the rest.
pub(super) fn max_threads() -> usize {
    let Some(free) = free_address_space() else { return usize::MAX };
    usize::try_from(free / 2 / DEEP_STACK_SIZE as u64).unwrap_or(usize::MAX).max(1)
}

/// Returns the size of the address space that this process can still use in bytes, if there is a limit.
fn free_address_space() -> Option<u64> {
    #[cfg(unix)]
    let limit = rustix::process::getrlimit(rustix::process::Resource::As).current;
    #[cfg(not(unix))]
    let limit: Option<u64> = None;
    #[expect(clippy::disallowed_methods, reason = "this is no file, but a description of this process")]
    let status = std::fs::read_to_string("/proc/self/status").ok();
    let used = status?.lines().find_map(|line| line.strip_prefix("VmSize:")?.split_whitespace().next()?.parse().ok());
    Some(limit?.saturating_sub(used.unwrap_or(0_u64) << 10))
}
