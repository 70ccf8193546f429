//! Counts and sizes both sides must respect (ABI sections 1.2, 2.2, 2.5, 6, 7.1, 10.1).

/// Bytes of a device name with its NUL: `MFT_NAME_SIZE` (ABI section 1.5).
pub const MFT_NAME_SIZE: usize = 68;
/// Characters of a device name: `MFT_NAME_MAX` (ABI section 1.5).
pub const MFT_NAME_MAX: usize = MFT_NAME_SIZE - 1;
/// Entries of a manifest, the reserved first one included: `MFT_MAX_ENTRIES` (ABI section 1.5).
pub const MFT_MAX_ENTRIES: usize = 64;
/// Devices of a manifest (ABI section 1.2).
pub const MFT_MAX_DEVICES: usize = MFT_MAX_ENTRIES - 1;
/// Bytes of the largest manifest, `struct mft` with 64 entries (ABI section 2.2).
pub const MFT_MAX_SIZE: usize = 8 + 104 * MFT_MAX_ENTRIES;
/// Largest descriptor of a manifest note a reader accepts, its 4 bytes of padding included (ABI section 2.5, N8).
pub const MFT1_NOTE_MAX_DESC: u32 = 6668;
/// Largest descriptor of an ABI note a reader accepts (ABI section 2.5, N8).
pub const ABI1_NOTE_MAX_DESC: u32 = 32;

/// Bytes reserved for the guest's command line, its NUL included (ABI sections 4.1, 5.1).
pub const CMDLINE_SIZE: usize = 8192;
/// Bytes of the longest command line (ABI section 4.3).
pub const CMDLINE_MAX: usize = CMDLINE_SIZE - 1;

/// Guest memory without `--mem`, in MiB (ABI section 4.2).
pub const DEFAULT_MEM_MIB: u64 = 512;

/// Bytes of a MAC address: `SOLO5_NET_ALEN` (ABI section 7.1).
pub const NET_ALEN: usize = 6;
/// Bytes of an Ethernet header: `SOLO5_NET_HLEN` (ABI section 7.1).
pub const NET_HLEN: usize = 14;

/// Block size without `--block-sector-size`, in bytes (ABI section 6.5).
pub const DEFAULT_BLOCK_SIZE: u16 = 512;
/// Smallest block size, in bytes; all are powers of two (ABI section 6.5).
pub const MIN_BLOCK_SIZE: u16 = 512;
/// Largest block size, in bytes: the largest power of two in 16 bits (ABI section 6.5).
pub const MAX_BLOCK_SIZE: u16 = 32768;

const _: () = {
    assert!(MFT1_NOTE_MAX_DESC as usize == MFT_MAX_SIZE + 4);
};
