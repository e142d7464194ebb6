//! The mutation score, asserted: every known-bad server that some request can show is caught.
//!
//! `OVERSTEP_SCORE=full` runs every plan to its end and so also proves that no finding lies outside of what
//! the fault says it touches. `cargo bench --bench score` does the same over several seeds.

use crate::score;
use crate::support;
use score::Ground;
use support::{shipped, visible};

fn score(name: &str) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    #[expect(clippy::disallowed_methods, reason = "a test asks for its own thoroughness")]
    let full = std::env::var_os("OVERSTEP_SCORE").is_some_and(|value| value == "full");
    let (ground, cases) = Ground::new(shipped(name), &runtime, 1, full);
    let score = ground.score(cases);
    score.told(name, 1).iter().for_each(|line| visible::say(line));
    assert!(score.faults >= 100, "{} faults", score.faults);
    assert_eq!(score.missed, Vec::<String>::new(), "with the contract alone");
    assert_eq!(score.shown, Vec::<String>::new(), "what is said to be hidden");
    assert_eq!(score.unseen, Vec::<String>::new(), "with snapshots");
}

#[test]
fn connect() {
    score("connect");
}

#[test]
fn leadlex() {
    score("leadlex");
}
