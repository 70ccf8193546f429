//! The secret of a run under which the engine hashes.

/// `struct uk_hash_key` of `hash.h`.
#[repr(C)]
struct HashKey {
    sip: [u64; 2],
    numbers: [u64; 2],
}

/// Until somebody sets another: fixed numbers, without a pattern, for a compiler that hashes no stranger's keys.
#[unsafe(export_name = "uk_hash_key")]
static mut HASH_KEY: HashKey = HashKey {
    sip: [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344],
    numbers: [0xa409_3822_299f_31d1, 0x082e_fa98_ec4e_6c89],
};

/// Sets the key for strings (SipHash-1-3) and for numbers.
///
/// # Safety
/// No runtime has been made yet, and no other thread of the program uses the engine: what is hashed under one
/// key is not found under another.
pub unsafe fn set_hash_key(sip: [u64; 2], numbers: [u64; 2]) {
    // SAFETY: nobody reads or writes it meanwhile, by the caller's word.
    unsafe { HASH_KEY = HashKey { sip, numbers: numbers.map(|number| number | 1) } };
}
