//! Strings are hashed by SipHash-1-3, as somebody else has it.

use std::hash::Hasher;
use std::sync::Once;

use guest_engine as js;
use proptest::prelude::*;
use siphasher::sip::SipHasher13;

const KEY: [u64; 4] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 1, 1];

#[unsafe(no_mangle)]
extern "C" fn uk_out_of_memory() {}

#[unsafe(no_mangle)]
extern "C" fn uk_memory_is_back() -> bool {
    true
}

fn theirs(bytes: &[u8], kind: u32) -> u32 {
    let mut hasher = SipHasher13::new_with_keys(KEY[0] ^ u64::from(kind), KEY[1]);
    hasher.write(bytes);
    let [low, high] = [hasher.finish() & 0xffff_ffff, hasher.finish() >> 32];
    u32::try_from(low ^ high).expect("32 bits")
}

fn ours(bytes: &[u8], kind: u32) -> u32 {
    static KEYED: Once = Once::new();
    // SAFETY: four numbers; there is no runtime, and nobody hashes before it is done.
    KEYED.call_once(|| unsafe { js::uk_set_hash_key(&KEY) });
    // SAFETY: as many bytes as the slice has.
    unsafe { js::uk_hash_bytes(bytes.as_ptr(), bytes.len(), kind) }
}

#[test]
fn every_length_of_the_last_word() {
    let bytes: Vec<u8> = (0..64).collect();
    for len in 0..=bytes.len() {
        assert_eq!(ours(&bytes[..len], 1), theirs(&bytes[..len], 1), "{len} bytes");
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in any::<u32>()) {
        prop_assert_eq!(ours(&bytes, kind), theirs(&bytes, kind));
    }
}
