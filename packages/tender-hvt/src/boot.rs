//! What a guest finds at its start: boot info, and behind it manifest and command line (ABI section 4.3).

use std::mem::offset_of;

use solo5_abi::Gpa;
use solo5_abi::hvt::{BootInfo, FEATURE_NET_RING};
use solo5_abi::limits::{CMDLINE_SIZE, MFT_MAX_SIZE};
use solo5_abi::memory::HVT_BOOT_INFO;

use crate::guest_memory::GuestMemory;
use crate::paging::RING;

pub const MFT: Gpa = HVT_BOOT_INFO + size_of::<BootInfo>() as Gpa;

const _: () = assert!(MFT + MFT_MAX_SIZE as Gpa + CMDLINE_SIZE as Gpa <= RING);

/// What boot info says beyond what is always the same.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Highest end of a loaded segment.
    pub kernel_end: Gpa,
    /// TSC frequency in Hz.
    pub cpu_cycle_freq: u64,
    /// Where the command line is.
    pub cmdline: Gpa,
    /// There is a network ring.
    pub ring: bool,
}

pub fn leave_boot_info(memory: &GuestMemory, facts: Facts) {
    let Facts { kernel_end, cpu_cycle_freq, cmdline, ring } = facts;
    // The feature is bit 0, and the other word is the guest's.
    let (features, ring) = if ring { (FEATURE_NET_RING.into(), RING) } else { (0, 0) };
    let words = [memory.size(), kernel_end, cpu_cycle_freq, cmdline, MFT, features, ring];
    for (index, word) in (0_u64..).zip(words) {
        memory.leave(HVT_BOOT_INFO + index * 8, &word.to_le_bytes());
    }
    const { assert!(offset_of!(BootInfo, host_features) == 40 && offset_of!(BootInfo, net_ring) == 48) };
}
