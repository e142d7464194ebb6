//! `overstep fit`: recordings of every format, their operations and members in a contract, and runs.

mod matching;
mod recordings;
mod runs;
