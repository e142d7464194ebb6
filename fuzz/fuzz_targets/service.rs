#![no_main]

use overstep::inprocess::{Subject, mutate};
use std::sync::LazyLock;

static SUBJECT: LazyLock<Subject> = LazyLock::new(|| {
    // The contract that `overstep ingest DOCUMENTS -o service.contract.json` wrote, and the scenario.
    let contract = include_str!("../../tests/it/cards/cards.contract.json");
    let scenario = include_str!("../../tests/it/cards/cards.toml");
    Subject::new(contract, scenario).expect("contract and scenario match")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // A new service per input: an axum `Router`, an s3s service, or any other `tower::Service`.
    let mut service = overstep_fuzz::cards::service::cards(overstep_fuzz::cards::Fault::from_environment());
    SUBJECT.fuzz(bytes, &mut service);
});

// Half of the mutations keep a prefix of the random choices and draw the rest anew.
libfuzzer_sys::fuzz_mutator!(|bytes: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(bytes, size, max_size, seed).unwrap_or_else(|| libfuzzer_sys::fuzzer_mutate(bytes, size, max_size))
});
