//! Runs that several machines share: the same split everywhere, merged reports equal to those of one run, and runs that
//! go on after they were killed.
//!
//! No test leaves this machine; the system chooses the ports.

mod deployed;
mod merging;
mod resuming;
mod runs;
mod splitting;
