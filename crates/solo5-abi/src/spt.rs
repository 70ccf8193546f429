//! The spt target: boot info, the wait set, and the system calls a guest has (ABI section 5).

use core::mem::{align_of, offset_of, size_of};

use crate::Gpa;

/// `SPT_ABI_VERSION` (ABI section 10.1).
pub const ABI_VERSION: u32 = 2;

/// `struct spt_boot_info`, at [`crate::memory::SPT_BOOT_INFO`], whose address is in rdi at entry (ABI section 5.2).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootInfo {
    /// End of guest memory; all of `--mem`.
    pub mem_size: u64,
    /// Highest end of a loaded segment (ABI section 3.2); not where a heap may begin.
    pub kernel_end: u64,
    /// Address of the NUL-terminated command line.
    pub cmdline: Gpa,
    /// Address of the manifest, [`crate::mft::Header`] and entries.
    pub mft: Gpa,
    /// Descriptor of the wait set: the timer, and each network device.
    pub epollfd: i32,
    /// Descriptor of the timer.
    pub timerfd: i32,
}

/// `struct epoll_event` of the host kernel on x86_64, packed (ABI section 5.5).
#[repr(C, packed)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpollEvent {
    /// What happened.
    pub events: u32,
    /// A manifest index, or [`TIMER_EVENT_ID`].
    pub data: u64,
}

/// `data` of the timer in the wait set (ABI section 5.5).
pub const TIMER_EVENT_ID: u64 = 0xFFFF_FFFE;

/// System calls of the host kernel that a guest may make (ABI section 5.4).
pub mod syscall {
    /// `read`: network devices only.
    pub const READ: u32 = 0;
    /// `write`: stdout and network devices only.
    pub const WRITE: u32 = 1;
    /// `pread64`: block devices only, one block a call.
    pub const PREAD64: u32 = 17;
    /// `pwrite64`: block devices only, one block a call.
    pub const PWRITE64: u32 = 18;
    /// `arch_prctl`: [`ARCH_SET_FS`] only.
    pub const ARCH_PRCTL: u32 = 158;
    /// `clock_gettime`: [`CLOCK_REALTIME`] and [`CLOCK_MONOTONIC`] only.
    pub const CLOCK_GETTIME: u32 = 228;
    /// `exit_group`.
    pub const EXIT_GROUP: u32 = 231;
    /// `epoll_pwait`: boot info's `epollfd` only.
    pub const EPOLL_PWAIT: u32 = 281;
    /// `timerfd_settime`: boot info's `timerfd` only.
    pub const TIMERFD_SETTIME: u32 = 286;

    /// First argument of [`WRITE`] for the console.
    pub const STDOUT: u64 = 1;
    /// First argument of [`ARCH_PRCTL`].
    pub const ARCH_SET_FS: u64 = 0x1002;
    /// First argument of [`CLOCK_GETTIME`]: nanoseconds since 1970, UTC.
    pub const CLOCK_REALTIME: u64 = 0;
    /// First argument of [`CLOCK_GETTIME`]: nanoseconds since an arbitrary moment.
    pub const CLOCK_MONOTONIC: u64 = 1;
}

const _: () = {
    assert!(size_of::<BootInfo>() == 40 && align_of::<BootInfo>() == 8);
    assert!(offset_of!(BootInfo, mem_size) == 0 && offset_of!(BootInfo, kernel_end) == 8);
    assert!(offset_of!(BootInfo, cmdline) == 16 && offset_of!(BootInfo, mft) == 24);
    assert!(offset_of!(BootInfo, epollfd) == 32 && offset_of!(BootInfo, timerfd) == 36);
    assert!(size_of::<EpollEvent>() == 12 && offset_of!(EpollEvent, data) == 4);
};
