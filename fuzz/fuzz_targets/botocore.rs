#![no_main]

// The format is detected, and the reader of Mintlify pages catches panics of the Markdown parser, so they are no crashes.
libfuzzer_sys::fuzz_target!(init: drop(std::panic::take_hook()), |bytes: &[u8]| overstep_fuzz::properties::botocore(bytes));
