//! QuickJS-ng, as its crate carries it, with the mends that `edits.rs` lists: raw bindings, and what the
//! mends call.
//!
//! The bindings are the crate's own, and so unsafe to call; `guest-quickjs` is the safe face.

#![no_std]
#![deny(unsafe_code)]

#[expect(unsafe_code, reason = "functions that the engine calls by name")]
mod numbers;

/// Requests of up to so many bytes must not fail: see `memory.h`. The engine's arenas are smaller.
pub const SMALL_REQUEST: usize = 8192;

/// SHA-256 over every source of the engine as it is compiled, edits included: bytecode of one engine runs on
/// another exactly if these are equal.
pub const SOURCE_ID: [u8; 32] = *include_bytes!(concat!(env!("OUT_DIR"), "/source-id.bin"));

/// Version of QuickJS-ng, before the mends: `0.16.2`.
pub const VERSION: &str = include_str!(concat!(env!("OUT_DIR"), "/version.txt"));

#[expect(
    unsafe_code,
    non_upper_case_globals,
    non_camel_case_types,
    non_snake_case,
    unsafe_op_in_unsafe_fn,
    clippy::all,
    clippy::allow_attributes,
    clippy::cast_possible_truncation,
    clippy::undocumented_unsafe_blocks,
    reason = "generated from the engine's header, in another crate"
)]
mod face {
    use core::ptr;

    include!(concat!(env!("OUT_DIR"), "/face.rs"));

    unsafe extern "C" {
        /// Makes the error that is thrown when there is no memory for another; once, after the context.
        /// -1 if there is no memory for it either.
        pub fn uk_prepare_out_of_memory(context: *mut JSContext) -> c_int;
        /// Makes the oldest callback of a FinalizationRegistry a job like others; false if there is none.
        pub fn uk_admit_cleanup(runtime: *mut JSRuntime) -> bool;
        /// Sets what is hashed under: the first two numbers for strings, the others for numbers. Before the first runtime.
        pub fn uk_set_hash_key(key: *const [u64; 4]);
        /// An allocator says that `parts` of its reserve, of two, are in use.
        pub safe fn uk_set_memory_pressure(parts: u32);
        /// SipHash-1-3 of bytes, folded to 32 bits; `kind` goes into the key.
        pub fn uk_hash_bytes(bytes: *const u8, len: usize, kind: u32) -> u32;
        /// Own keys of an array or typed array that are no indices, in an array.
        pub fn uk_named_keys(context: *mut JSContext, object: JSValue, enumerable_only: bool) -> JSValue;
        /// The lowest `limit` indices at which an array has enumerable elements, as strings in an array.
        pub fn uk_first_indices(context: *mut JSContext, object: JSValue, limit: u32) -> JSValue;
    }
}

pub use face::*;
