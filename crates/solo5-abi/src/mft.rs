//! The manifest: the devices an image needs, in the order of their handles (ABI section 2.2).

use core::mem::{align_of, offset_of, size_of};

use crate::limits::{MFT_MAX_SIZE, MFT_NAME_SIZE, NET_ALEN};

/// `MFT_VERSION`: the only version there is (ABI section 1.5).
pub const VERSION: u32 = 1;
/// `MFT_DEV_BLOCK_BASIC`: a block device (ABI section 2.2).
pub const TYPE_BLOCK_BASIC: u32 = 1;
/// `MFT_DEV_NET_BASIC`: a network device (ABI section 2.2).
pub const TYPE_NET_BASIC: u32 = 2;
/// `MFT_RESERVED_FIRST`: types from here on are reserved, and entry 0 has exactly this one (ABI section 2.2).
pub const TYPE_RESERVED_FIRST: u32 = 1 << 30;

/// The fixed part of `struct mft`; the entries follow.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Always [`VERSION`].
    pub version: u32,
    /// Entries, the reserved first one included: 1..=64.
    pub entries: u32,
}

/// `struct mft_entry`: one device.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// NUL-terminated name, at most 67 characters.
    pub name: [u8; MFT_NAME_SIZE],
    /// [`TYPE_BLOCK_BASIC`], [`TYPE_NET_BASIC`], or reserved.
    pub kind: u32,
    /// [`BlockBasic`] or [`NetBasic`], a union in C. Zero in a file; filled in by the tender.
    pub properties: [u8; 16],
    /// hvt and spt: the device's descriptor on the host, an `i32`; other targets keep a pointer
    /// here. Zero in a file; filled in by the tender.
    pub backend: [u8; 8],
    /// 1 once the tender has attached the device; 0 in a file.
    pub attached: u8,
    /// Spelled out so that no padding is implicit; always 0.
    pub reserved: [u8; 7],
}

/// `struct mft_block_basic`: the properties of a block device.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockBasic {
    /// Bytes of the device.
    pub capacity: u64,
    /// Bytes of one block.
    pub block_size: u16,
    /// Spelled out so that no padding is implicit; always 0.
    pub reserved: [u8; 6],
}

/// `struct mft_net_basic`: the properties of a network device.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetBasic {
    /// Ethernet address.
    pub mac: [u8; NET_ALEN],
    /// Largest frame in bytes, without the 14-byte Ethernet header.
    pub mtu: u16,
}

impl Entry {
    /// The reserved entry 0, which makes handle 0 invalid (ABI section 2.2).
    pub const RESERVED: Self = Self {
        name: [0; MFT_NAME_SIZE],
        kind: TYPE_RESERVED_FIRST,
        properties: [0; 16],
        backend: [0; 8],
        attached: 0,
        reserved: [0; 7],
    };
}

/// Bytes of `struct mft` with so many entries: *mft_size* in ABI section 2.2.
#[must_use]
pub const fn size_of_entries(entries: u32) -> usize {
    size_of::<Header>() + entries as usize * size_of::<Entry>()
}

const _: () = {
    assert!(size_of::<Header>() == 8 && align_of::<Header>() == 8);
    assert!(offset_of!(Header, version) == 0 && offset_of!(Header, entries) == 4);
    // C's `struct mft_entry` is 8-aligned. `Entry` is only 4-aligned, so that it can be read out of
    // bytes, but every field lies where C puts it and the size is a multiple of 8.
    assert!(size_of::<Entry>() == 104 && align_of::<Entry>() == 4);
    assert!(offset_of!(Entry, name) == 0 && offset_of!(Entry, kind) == 68);
    assert!(offset_of!(Entry, properties) == 72 && offset_of!(Entry, backend) == 88);
    assert!(offset_of!(Entry, attached) == 96 && offset_of!(Entry, reserved) == 97);
    assert!(size_of::<BlockBasic>() == 16);
    assert!(offset_of!(BlockBasic, capacity) == 0 && offset_of!(BlockBasic, block_size) == 8);
    assert!(size_of::<NetBasic>() == 8);
    assert!(offset_of!(NetBasic, mac) == 0 && offset_of!(NetBasic, mtu) == 6);
    assert!(size_of_entries(64) == MFT_MAX_SIZE);
};
