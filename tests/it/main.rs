//! Every integration test in one binary: one module for each subject, and the code that they share.

#![recursion_limit = "512"]

mod answering;
mod bad_input;
mod beside;
mod boto3_pages;
mod cards;
mod case_ids;
mod cli;
mod corpus;
mod emulators;
mod endpoints;
mod export;
mod fixtures;
mod fleet;
mod foreign;
mod fuzz;
mod generate;
mod hostile;
mod hosts;
mod ingest;
mod ingest_pages;
mod inprocess;
mod judging;
mod laws;
mod layering;
mod learning;
mod loopback;
mod malformed;
mod modelled;
mod mutation;
#[path = "../../fuzz/src/properties/mod.rs"]
mod properties;
mod random_contracts;
mod reading;
mod reference;
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
mod wild;
mod wire;
mod wire_vectors;
