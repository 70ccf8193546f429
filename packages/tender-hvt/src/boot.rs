//! What a guest finds at its start: boot info, manifest, command line (ABI section 4.3).

use std::ffi::CStr;
use std::mem::offset_of;

use solo5_abi::Gpa;
use solo5_abi::hvt::BootInfo;
use solo5_abi::limits::{CMDLINE_SIZE, MFT_MAX_SIZE};
use solo5_abi::memory::HVT_BOOT_INFO;
use solo5_abi::mft;
use solo5_elf::Manifest;
use tender_core::cmdline::Cmdline;
use tender_core::devices::Attached;

use crate::guest_memory::GuestMemory;
use crate::paging::RING;

/// Where the manifest is.
const MFT: Gpa = HVT_BOOT_INFO + size_of::<BootInfo>() as Gpa;

const _: () = assert!(MFT + MFT_MAX_SIZE as Gpa + CMDLINE_SIZE as Gpa <= RING);

/// What boot info says beyond where things are.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Highest end of a loaded segment.
    pub kernel_end: Gpa,
    /// TSC frequency in Hz.
    pub cpu_cycle_freq: u64,
    /// Where the network ring is, if there is one.
    pub ring: Option<Gpa>,
}

/// Leaves boot info, and all that it points to.
pub fn leave_boot_info<'a, W>(
    memory: &GuestMemory,
    facts: Facts,
    manifest: &Manifest<'_>,
    devices: impl Iterator<Item = Attached>,
    cmdline: &Cmdline<W>,
) where
    W: Iterator<Item = &'a CStr> + Clone,
{
    memory.leave(MFT, manifest.bytes());
    for device in devices {
        leave_device(memory, &device);
    }
    let text = MFT + manifest.bytes().len() as Gpa;
    let mut end = text;
    for piece in cmdline.pieces() {
        memory.leave(end, piece);
        end += piece.len() as Gpa;
    }
    // The NUL is there: memory is fresh. The bit is bit 0, and the other word is the guest's.
    let features = facts.ring.map_or(0, |_| solo5_abi::hvt::FEATURE_NET_RING);
    let Facts { kernel_end, cpu_cycle_freq, ring } = facts;
    let words =
        [memory.size(), kernel_end, cpu_cycle_freq, text, MFT, features.into(), ring.unwrap_or_default()];
    for (index, word) in (0_u64..).zip(words) {
        memory.leave(HVT_BOOT_INFO + index * 8, &word.to_le_bytes());
    }
    const { assert!(offset_of!(BootInfo, host_features) == 40 && offset_of!(BootInfo, net_ring) == 48) };
}

/// Completes the entry of a device (ABI section 2.2). Its descriptor is nobody's business but the tender's,
/// and what an image says there itself does not count.
fn leave_device(memory: &GuestMemory, device: &Attached) {
    let entry = MFT + (size_of::<mft::Header>() + device.handle * size_of::<mft::Entry>()) as Gpa;
    memory.leave(entry + offset_of!(mft::Entry, properties) as Gpa, &device.properties.bytes());
    memory.leave(entry + offset_of!(mft::Entry, backend) as Gpa, &[0; 8]);
    memory.leave(entry + offset_of!(mft::Entry, attached) as Gpa, &[1]);
}
