//! The hvt target: boot info, boot tables, and hypercalls (ABI section 4).

use core::mem::{align_of, offset_of, size_of};

use crate::Gpa;

/// `HVT_ABI_VERSION` (ABI section 10.1).
pub const ABI_VERSION: u32 = 2;

/// Bit of [`BootInfo::host_features`]: the tender offers the network ring (ABI section 4.6).
pub const FEATURE_NET_RING: u32 = 1;

/// `struct hvt_boot_info`, at [`crate::memory::HVT_BOOT_INFO`], whose address is in rdi at entry (ABI section 4.3).
///
/// Tenders before 0.11 end it after `mft`, with the manifest right behind: a guest uses the ring only
/// if bit 0 of `host_features` is set **and** `net_ring` is not 0 (ABI section 10.4).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootInfo {
    /// End of guest memory that the guest may use.
    pub mem_size: u64,
    /// Highest end of a loaded segment (ABI section 3.2); not where a heap may begin.
    pub kernel_end: u64,
    /// TSC frequency in Hz (ABI section 4.9).
    pub cpu_cycle_freq: u64,
    /// Address of the NUL-terminated command line.
    pub cmdline: Gpa,
    /// Address of the manifest, [`crate::mft::Header`] and entries.
    pub mft: Gpa,
    /// [`FEATURE_NET_RING`] or 0.
    pub host_features: u32,
    /// Meant for the guest's answer; never written and never read.
    pub guest_features: u32,
    /// Address of the network ring, 0 if there is none.
    pub net_ring: Gpa,
}

/// The tables a guest boots on (ABI section 4.1).
pub mod boot {
    use crate::Gpa;

    /// The GDT: null, code, data.
    pub const GDT: Gpa = 0x1000;
    /// The PML4; also the initial cr3.
    pub const PML4: Gpa = 0x2000;
    /// The PDPT: four entries, always.
    pub const PDPT: Gpa = 0x3000;
    /// Four page directories, one a GiB.
    pub const PD: Gpa = 0x4000;
    /// The page table of the first 2 MiB.
    pub const PT: Gpa = 0x8000;
    /// Code descriptor, selector [`CODE_SELECTOR`].
    pub const GDT_CODE: u64 = 0x00AF_9900_0000_FFFF;
    /// Data descriptor, selector [`DATA_SELECTOR`].
    pub const GDT_DATA: u64 = 0x00CF_9300_0000_FFFF;
    /// Limit of the GDT: three descriptors (ABI section 4.4).
    pub const GDT_LIMIT: u16 = 23;
    /// Selector in cs (ABI section 4.4).
    pub const CODE_SELECTOR: u16 = 8;
    /// Selector in ss, ds, es, fs and gs (ABI section 4.4).
    pub const DATA_SELECTOR: u16 = 16;
    /// Entry bits: present, writable; for tables.
    pub const ENTRY_TABLE: u64 = 0x3;
    /// Entry bits: present, writable, 2 MiB page.
    pub const ENTRY_LARGE: u64 = 0x83;
    /// Entry bits: present, read-only.
    pub const ENTRY_READ: u64 = 0x1;
    /// Initial cr0: PG, WP, NE, PE (ABI section 4.4).
    pub const CR0: u64 = 0x8001_0021;
    /// Initial cr4: PAE, OSFXSR, OSXMMEXCPT (ABI section 4.4).
    pub const CR4: u64 = 0x620;
    /// Initial EFER: LMA, LME (ABI section 4.4).
    pub const EFER: u64 = 0x500;
    /// Initial rflags (ABI section 4.4).
    pub const RFLAGS: u64 = 0x2;
}

/// Hypercall *n* is a 32-bit `OUT` of its record's address to this port plus *n* (ABI section 4.5).
pub const PORT_BASE: u16 = 0x500;
/// A 32-bit `OUT` of any value here wakes the ring's host thread (ABI section 4.6).
pub const PORT_KICK: u16 = 0x600;

/// A hypercall (ABI section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Hypercall {
    /// `HVT_HYPERCALL_WALLTIME`, [`Walltime`].
    Walltime = 1,
    /// `HVT_HYPERCALL_PUTS`, [`Puts`].
    Puts = 2,
    /// `HVT_HYPERCALL_POLL`, [`Poll`].
    Poll = 3,
    /// `HVT_HYPERCALL_BLOCK_WRITE`, [`BlockIo`].
    BlockWrite = 4,
    /// `HVT_HYPERCALL_BLOCK_READ`, [`BlockIo`].
    BlockRead = 5,
    /// `HVT_HYPERCALL_NET_WRITE`, [`NetWrite`].
    NetWrite = 6,
    /// `HVT_HYPERCALL_NET_READ`, [`NetRead`].
    NetRead = 7,
    /// `HVT_HYPERCALL_HALT`, [`Halt`].
    Halt = 8,
}

impl Hypercall {
    /// The port that makes this hypercall.
    #[must_use]
    pub const fn port(self) -> u16 {
        PORT_BASE + self as u16
    }

    /// The hypercall of `port`, if it is one. Number 0 is reserved.
    #[must_use]
    pub const fn from_port(port: u16) -> Option<Self> {
        Some(match port.wrapping_sub(PORT_BASE) {
            1 => Self::Walltime,
            2 => Self::Puts,
            3 => Self::Poll,
            4 => Self::BlockWrite,
            5 => Self::BlockRead,
            6 => Self::NetWrite,
            7 => Self::NetRead,
            8 => Self::Halt,
            _ => return None,
        })
    }
}

/// Argument of `HVT_HYPERCALL_WALLTIME`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walltime {
    /// OUT: nanoseconds since 1970, UTC.
    pub nsecs: u64,
}

/// Argument of `HVT_HYPERCALL_PUTS`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Puts {
    /// IN: first byte of the text.
    pub data: Gpa,
    /// IN: its length in bytes; 0 is fine.
    pub len: u64,
}

/// Argument of `HVT_HYPERCALL_POLL` (ABI section 4.7).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// IN: nanoseconds from now.
    pub timeout_nsecs: u64,
    /// OUT: bit *i* is set if the device with manifest index *i* is readable.
    pub ready_set: u64,
    /// OUT: number of readable devices, 0 on timeout.
    pub ret: i32,
    /// Spelled out so that no padding is implicit; always 0.
    pub reserved: u32,
}

/// Argument of `HVT_HYPERCALL_BLOCK_WRITE` and `HVT_HYPERCALL_BLOCK_READ`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockIo {
    /// IN: device handle, the device's index in the manifest.
    pub handle: u64,
    /// IN: byte on the device.
    pub offset: u64,
    /// IN: first byte of the buffer.
    pub data: Gpa,
    /// IN: its length in bytes.
    pub len: u64,
    /// OUT: a result code, see [`crate::result`].
    pub ret: i32,
    /// Spelled out so that no padding is implicit; always 0.
    pub reserved: u32,
}

/// Argument of `HVT_HYPERCALL_NET_WRITE`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetWrite {
    /// IN: device handle, the device's index in the manifest.
    pub handle: u64,
    /// IN: first byte of the frame.
    pub data: Gpa,
    /// IN: frame length in bytes, Ethernet header included.
    pub len: u64,
    /// OUT: a result code, see [`crate::result`].
    pub ret: i32,
    /// Spelled out so that no padding is implicit; always 0.
    pub reserved: u32,
}

/// Argument of `HVT_HYPERCALL_NET_READ`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetRead {
    /// IN: device handle, the device's index in the manifest.
    pub handle: u64,
    /// IN: first byte of the buffer.
    pub data: Gpa,
    /// IN: length of the buffer in bytes. OUT: length of the frame, unchanged if there is none.
    pub len: u64,
    /// OUT: a result code, see [`crate::result`].
    pub ret: i32,
    /// Spelled out so that no padding is implicit; always 0.
    pub reserved: u32,
}

/// Argument of `HVT_HYPERCALL_HALT` (ABI section 4.8).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halt {
    /// IN: 0, or the address of [`HALT_COOKIE_SIZE`] bytes for the tender's halt hooks.
    pub cookie: Gpa,
    /// IN: exit status of the guest.
    pub exit_status: i32,
    /// Spelled out so that no padding is implicit; always 0.
    pub reserved: u32,
}

/// Bytes that must be accessible at [`Halt::cookie`] (ABI section 4.8).
pub const HALT_COOKIE_SIZE: u64 = 512;

/// What a trap leaves at the start of the halt cookie (ABI section 4.8).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrapCookie {
    /// Fault address.
    pub cr2: u64,
    /// Error code of the exception.
    pub error_code: u64,
    /// Where it happened.
    pub rip: u64,
    /// Code segment selector.
    pub cs: u64,
    /// Flags.
    pub rflags: u64,
    /// Stack pointer.
    pub rsp: u64,
    /// Stack segment selector.
    pub ss: u64,
}

/// Handle of the poll set's timer (ABI section 10.1).
pub const TIMER_EVENT_ID: u64 = crate::spt::TIMER_EVENT_ID;

const _: () = {
    assert!(size_of::<BootInfo>() == 56 && align_of::<BootInfo>() == 8);
    assert!(offset_of!(BootInfo, kernel_end) == 8 && offset_of!(BootInfo, cpu_cycle_freq) == 16);
    assert!(offset_of!(BootInfo, cmdline) == 24 && offset_of!(BootInfo, mft) == 32);
    assert!(offset_of!(BootInfo, host_features) == 40 && offset_of!(BootInfo, guest_features) == 44);
    assert!(offset_of!(BootInfo, net_ring) == 48);
    assert!(size_of::<Walltime>() == 8 && size_of::<Puts>() == 16 && offset_of!(Puts, len) == 8);
    assert!(size_of::<Poll>() == 24 && offset_of!(Poll, ready_set) == 8 && offset_of!(Poll, ret) == 16);
    assert!(size_of::<BlockIo>() == 40 && offset_of!(BlockIo, offset) == 8);
    assert!(
        offset_of!(BlockIo, data) == 16 && offset_of!(BlockIo, len) == 24 && offset_of!(BlockIo, ret) == 32
    );
    assert!(size_of::<NetWrite>() == 32 && align_of::<NetWrite>() == 8);
    assert!(
        offset_of!(NetWrite, data) == 8 && offset_of!(NetWrite, len) == 16 && offset_of!(NetWrite, ret) == 24
    );
    assert!(size_of::<NetRead>() == 32);
    assert!(
        offset_of!(NetRead, data) == 8 && offset_of!(NetRead, len) == 16 && offset_of!(NetRead, ret) == 24
    );
    assert!(size_of::<Halt>() == 16 && offset_of!(Halt, exit_status) == 8);
    assert!(size_of::<TrapCookie>() == 56 && offset_of!(TrapCookie, rip) == 16);
    assert!(offset_of!(TrapCookie, rflags) == 32 && offset_of!(TrapCookie, rsp) == 40);
    assert!(Hypercall::Walltime.port() == 0x501 && Hypercall::Halt.port() == 0x508);
};
