//! All integration tests in one binary: one module per subject, plus the code that they share.

#![recursion_limit = "512"]

mod bad_input;
mod boto3_pages;
mod cards;
mod cli;
mod corpus;
mod differential;
mod documented_commands;
mod emulators;
mod endpoints;
mod export;
mod fixtures;
mod fleet;
mod foreign;
mod fuzz;
mod fuzz_generator;
mod generate;
mod hostile;
mod hosts;
mod ingest;
mod ingest_pages;
mod inprocess;
mod inprocess_axum;
mod judging;
mod laws;
mod layering;
mod limit_discovery;
mod loopback;
mod malformed;
mod modelled;
mod mutation;
#[path = "../../fuzz/src/properties/mod.rs"]
mod properties;
mod random_contracts;
mod reading;
mod reference;
mod reference_responses;
mod reference_vectors;
mod regex;
mod replay;
mod runner;
mod scenario;
mod score;
mod seeds;
mod served;
mod served_protocols;
mod services;
mod snapshot;
mod stability;
mod support;
mod target;
mod transport;
mod wire;
mod wire_vectors;
