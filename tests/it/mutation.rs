//! The mutation score is complete: every fault that a request can show is detected.
//!
//! `OVERSTEP_SCORE=full` runs every plan to its end, which also checks that no finding lies outside of the scopes of its
//! fault. `cargo bench --bench score` does the same for several seeds.

use crate::score;
use crate::support;
use score::MutationTarget;
use support::{shipped, visible};

fn assert_complete_score(name: &str) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    #[expect(clippy::disallowed_methods, reason = "an environment variable selects the thorough run")]
    let full = std::env::var_os("OVERSTEP_SCORE").is_some_and(|value| value == "full");
    let (target, cases) = MutationTarget::new(shipped(name), &runtime, 1, full);
    let score = target.score(cases);
    score.summary_lines(name, 1).iter().for_each(|line| visible::say(line));
    assert!(score.faults >= 100, "{} faults", score.faults);
    assert_eq!(score.missed, Vec::<String>::new(), "with the contract alone");
    assert_eq!(score.visible_although_hidden, Vec::<String>::new(), "visible although called hidden");
    assert_eq!(score.missed_with_snapshots, Vec::<String>::new(), "with snapshots");
}

#[test]
fn connect() {
    assert_complete_score("connect");
}

#[test]
fn leadlex() {
    assert_complete_score("leadlex");
}
