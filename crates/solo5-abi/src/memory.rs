//! Guest-physical addresses that are fixed (ABI sections 4.1, 4.2, 5.1, 10.1).

use crate::Gpa;

/// Bytes of a page; segments begin and end on one (ABI section 3.2, L10).
pub const PAGE_SIZE: u64 = 4096;
/// Lowest address at which an image may load (ABI section 3.1).
pub const LOAD_MIN: Gpa = 0x10_0000;
/// hvt: address of boot info (ABI section 4.3).
pub const HVT_BOOT_INFO: Gpa = 0x1_0000;
/// spt: address of boot info (ABI section 5.2).
pub const SPT_BOOT_INFO: Gpa = 0x1_1000;
/// spt: lowest mapped address; below it every access faults (ABI section 5.1).
pub const SPT_MIN: Gpa = 0x1_0000;
/// Distance of the initial stack pointer from the end of memory: `rsp + 8` is then 16-aligned, as
/// after a call (ABI sections 4.4, 5.3).
pub const STACK_OFFSET: u64 = 8;

/// hvt: memory comes in multiples of this many bytes (ABI section 4.2).
pub const HVT_MEM_UNIT: u64 = 2 << 20;
/// hvt: most memory a guest can have, in bytes (ABI section 4.2).
pub const HVT_MEM_MAX: u64 = 4 << 30;
