//! The manifest that the tender filled in: which handle a name has, and what the device is like.

use core::ffi::{CStr, c_char};
use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use solo5_abi::limits::{MFT_MAX_ENTRIES, NET_HLEN};
use solo5_abi::mft::{Entry, Header, TYPE_BLOCK_BASIC, TYPE_NET_BASIC};
use solo5_abi::result::{BlockInfo, EINVAL, NetInfo, OK};

use crate::rounds::Rounds;

/// Address of `struct mft`; 0 until boot.
static MANIFEST: AtomicU64 = AtomicU64::new(0);

/// What a device is (ABI section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// A block device.
    Block {
        /// Bytes of the device.
        capacity: u64,
        /// Bytes of one block.
        block_size: u64,
        /// Descriptor on the host.
        fd: i32,
    },
    /// A network device.
    Net {
        /// Ethernet address.
        mac: [u8; 6],
        /// Largest frame without its header.
        mtu: u64,
        /// Descriptor on the host.
        fd: i32,
    },
}

/// What is known of the frames of each device, by handle.
static ROUNDS: [Rounds; MFT_MAX_ENTRIES] = [const { Rounds::new() }; MFT_MAX_ENTRIES];

/// What is known of the frames of the device with this handle.
pub fn rounds(handle: u64) -> Option<&'static Rounds> {
    ROUNDS.get(usize::try_from(handle).ok()?)
}

/// The guest slept until these devices, a set of handles, were readable.
pub fn slept(ready: u64) {
    for (handle, rounds) in ROUNDS.iter().enumerate() {
        if ready & (1 << handle) != 0 {
            rounds.slept();
        }
    }
}

/// Remembers where the manifest is.
pub fn set_manifest(address: u64) {
    MANIFEST.store(address, Relaxed);
}

/// The device with this handle: its index in the manifest, 1 to 63.
pub fn device(handle: u64) -> Option<Device> {
    entries().get(usize::try_from(handle).ok()?).and_then(read)
}

/// The descriptor, if this is a network device whose largest frame has room in `size` bytes: the host would
/// cut it (ABI section 7.2).
pub fn room_for_frame(handle: u64, size: usize) -> Option<i32> {
    let Device::Net { mtu, fd, .. } = device(handle)? else { return None };
    (size as u64 >= mtu + NET_HLEN as u64).then_some(fd)
}

/// The descriptor, if this is a network device that can carry a frame of `size` bytes.
pub fn one_frame(handle: u64, size: usize) -> Option<i32> {
    let Device::Net { mtu, fd, .. } = device(handle)? else { return None };
    (NET_HLEN as u64..=mtu + NET_HLEN as u64).contains(&(size as u64)).then_some(fd)
}

/// The block device with this handle, if `size` bytes at `offset` are one whole block of it.
pub fn one_block(handle: u64, offset: u64, size: usize) -> Option<Device> {
    let device = device(handle)?;
    let Device::Block { capacity, block_size, .. } = device else { return None };
    let last = capacity.checked_sub(block_size)?;
    (size as u64 == block_size && offset.is_multiple_of(block_size) && offset <= last).then_some(device)
}

/// `solo5_result_t solo5_net_acquire(const char *, solo5_handle_t *, struct solo5_net_info *)`.
///
/// # Safety
/// `name` is NUL-terminated; the others are writable.
pub unsafe extern "C" fn net_acquire(name: *const c_char, handle: *mut u64, info: *mut NetInfo) -> i32 {
    // SAFETY: by the caller's word.
    match unsafe { find(name, |device| matches!(device, Device::Net { .. })) } {
        Some((found, Device::Net { mac, mtu, .. })) => {
            // SAFETY: both are writable by the caller's word.
            unsafe {
                handle.write(found);
                info.write(NetInfo { mac_address: mac, reserved: 0, mtu });
            }
            OK
        }
        _ => EINVAL,
    }
}

/// `solo5_result_t solo5_block_acquire(const char *, solo5_handle_t *, struct solo5_block_info *)`.
///
/// # Safety
/// `name` is NUL-terminated; the others are writable.
pub unsafe extern "C" fn block_acquire(name: *const c_char, handle: *mut u64, info: *mut BlockInfo) -> i32 {
    // SAFETY: by the caller's word.
    match unsafe { find(name, |device| matches!(device, Device::Block { .. })) } {
        Some((found, Device::Block { capacity, block_size, .. })) => {
            // SAFETY: both are writable by the caller's word.
            unsafe {
                handle.write(found);
                info.write(BlockInfo { capacity, block_size });
            }
            OK
        }
        _ => EINVAL,
    }
}

/// Some network device is attached.
#[cfg(feature = "hvt")]
pub fn any_net() -> bool {
    entries().iter().any(|entry| matches!(read(entry), Some(Device::Net { .. })))
}

/// Handle and properties of the device that the manifest declares as `name`, of the kind that `wanted`
/// accepts.
///
/// # Safety
/// `name` is a NUL-terminated string.
unsafe fn find(name: *const c_char, wanted: fn(&Device) -> bool) -> Option<(u64, Device)> {
    // SAFETY: by the caller's word.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes();
    let named =
        |entry: &Entry| CStr::from_bytes_until_nul(&entry.name).is_ok_and(|own| own.to_bytes() == name);
    entries().iter().zip(0_u64..).skip(1).filter(|(entry, _)| named(entry)).find_map(|(entry, handle)| {
        let device = read(entry).filter(wanted)?;
        Some((handle, device))
    })
}

fn entries() -> &'static [Entry] {
    let address = MANIFEST.load(Relaxed);
    if address == 0 {
        return &[];
    }
    // A guest is 64 bits wide: nothing is lost.
    let header: *const Header = ptr::with_exposed_provenance(usize::try_from(address).unwrap_or(0));
    // SAFETY: the tender put a checked manifest there (ABI section 2.3): a header, then as many entries
    // as it says. It stays where it is, and nobody writes to it.
    unsafe { core::slice::from_raw_parts(header.add(1).cast(), (*header).entries as usize) }
}

fn read(entry: &Entry) -> Option<Device> {
    let [p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, ..] = entry.properties;
    let [b0, b1, b2, b3, ..] = entry.backend;
    let fd = i32::from_le_bytes([b0, b1, b2, b3]);
    match entry.kind {
        _ if entry.attached == 0 => None,
        TYPE_BLOCK_BASIC => Some(Device::Block {
            capacity: u64::from_le_bytes([p0, p1, p2, p3, p4, p5, p6, p7]),
            block_size: u64::from(u16::from_le_bytes([p8, p9])),
            fd,
        }),
        TYPE_NET_BASIC => Some(Device::Net {
            mac: [p0, p1, p2, p3, p4, p5],
            mtu: u64::from(u16::from_le_bytes([p6, p7])),
            fd,
        }),
        _ => None,
    }
}
