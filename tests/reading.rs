//! What the client's side writes is what the reference server's own reading gives back, in every protocol.
//!
//! The two share nothing but the contract; only a test may see both.

#[path = "../fuzz/src/properties/made.rs"]
mod made;
#[path = "../fuzz/src/properties/reading.rs"]
mod reading;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// So many contracts are made for each protocol.
const CONTRACTS: u64 = 25;

fn every_contract_of(protocol: u8) {
    for seed in 0..CONTRACTS {
        let mut bytes = vec![0; 600];
        ChaCha8Rng::seed_from_u64(seed * 8 + u64::from(protocol)).fill_bytes(&mut bytes);
        // The first choice is that of the protocol.
        bytes[0] = protocol;
        reading::reading(&bytes);
    }
}

macro_rules! protocols {
    ($($name:ident, $index:literal;)*) => { $(
        #[test]
        fn $name() {
            every_contract_of($index);
        }
    )* };
}

protocols! {
    rest_json_1, 0;
    aws_json_1_0, 1;
    aws_json_1_1, 2;
    aws_query, 3;
    ec2_query, 4;
    rest_xml, 5;
    rpc_v2_cbor, 6;
    rest_json, 7;
}
