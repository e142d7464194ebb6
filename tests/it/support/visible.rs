//! Output that is shown even if the test passes. libtest captures `println!`.

use std::io::Write as _;

/// Writes a line to the real standard error.
pub fn say(line: &str) {
    // A closed standard error is ignored.
    let _ = writeln!(std::io::stderr(), "{line}");
}
