//! What people must see although the test passes: libtest hides what `println!` says.

use std::io::Write as _;

/// One line on the real standard error.
pub fn say(line: &str) {
    // Nothing to be done where standard error is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
}
