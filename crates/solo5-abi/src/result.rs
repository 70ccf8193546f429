//! Result codes, exit statuses, and what `solo5.h` passes by pointer (ABI sections 6.6, 7.1).

use core::mem::{offset_of, size_of};

use crate::limits::NET_ALEN;

/// `SOLO5_R_OK`: done.
pub const OK: i32 = 0;
/// `SOLO5_R_AGAIN`: nothing there now; no error.
pub const AGAIN: i32 = 1;
/// `SOLO5_R_EINVAL`: an argument is wrong.
pub const EINVAL: i32 = 2;
/// `SOLO5_R_EUNSPEC`: the operation failed.
pub const EUNSPEC: i32 = 3;

/// `SOLO5_EXIT_SUCCESS`.
pub const EXIT_SUCCESS: i32 = 0;
/// `SOLO5_EXIT_FAILURE`.
pub const EXIT_FAILURE: i32 = 1;
/// `SOLO5_EXIT_ABORT`: a guest that ended itself abnormally; 255 and above are reserved.
pub const EXIT_ABORT: i32 = 255;

/// `struct solo5_start_info`: what an application learns before it runs.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartInfo {
    /// Address of the NUL-terminated command line.
    pub cmdline: u64,
    /// First byte of the heap.
    pub heap_start: u64,
    /// Bytes of the heap; the boot stack grows down from its end.
    pub heap_size: u64,
}

/// `struct solo5_net_info`: a network device.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetInfo {
    /// Ethernet address.
    pub mac_address: [u8; NET_ALEN],
    /// Spelled out so that no padding is implicit; always 0.
    pub reserved: u16,
    /// Largest frame in bytes, without the 14-byte Ethernet header.
    pub mtu: u64,
}

/// `struct solo5_block_info`: a block device.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// Bytes of the device.
    pub capacity: u64,
    /// Bytes of one block, the unit of all I/O.
    pub block_size: u64,
}

const _: () = {
    assert!(size_of::<StartInfo>() == 24);
    assert!(offset_of!(StartInfo, heap_start) == 8 && offset_of!(StartInfo, heap_size) == 16);
    assert!(size_of::<NetInfo>() == 16);
    assert!(offset_of!(NetInfo, mac_address) == 0 && offset_of!(NetInfo, mtu) == 8);
    assert!(size_of::<BlockInfo>() == 16);
    assert!(offset_of!(BlockInfo, capacity) == 0 && offset_of!(BlockInfo, block_size) == 8);
};
