#![no_main]

use overstep::inprocess::{Subject, redrawn};
use std::sync::LazyLock;

static SUBJECT: LazyLock<Subject> = LazyLock::new(|| {
    // What `overstep ingest DOCUMENTS -o service.contract.json` wrote, and the scenario.
    let contract = include_str!("../../tests/it/cards/cards.contract.json");
    let scenario = include_str!("../../tests/it/cards/cards.toml");
    Subject::new(contract, scenario).expect("they fit each other")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // Your service, new each time: an axum `Router`, an s3s service, anything that is a `tower::Service`.
    let mut service = overstep_fuzz::service::cards(overstep_fuzz::cards::Fault::named());
    SUBJECT.fuzz(bytes, &mut service);
});

// The bytes are choices: half of the time those after a certain one are made anew.
libfuzzer_sys::fuzz_mutator!(|bytes: &mut [u8], size: usize, most: usize, seed: u32| {
    redrawn(bytes, size, most, seed).unwrap_or_else(|| libfuzzer_sys::fuzzer_mutate(bytes, size, most))
});
