//! The devices an image declares, and which of them a user attached (ABI sections 6.2, 6.4, 6.5).
//!
//! An option attaches at once; what two options may settle together (a file and its block size) is
//! checked by [`Attachments::set_up`]. Descriptors stay open: the guest does its I/O with them.

use core::ffi::CStr;
use core::fmt;
use core::mem::offset_of;

use solo5_abi::limits::{DEFAULT_BLOCK_SIZE, MAX_BLOCK_SIZE, MFT_MAX_ENTRIES, MIN_BLOCK_SIZE};
use solo5_abi::mft::{BlockBasic, NetBasic};
use solo5_elf::{Device, DeviceKind, Manifest, find_device};
use thiserror::Error;

use crate::block::{BlockError, BlockFile, parse_block_size, parse_lock};
use crate::cli::{DeviceOption, DeviceVerb};
use crate::diagnostics::{Escaped, Quoted};
use crate::net::{AdoptError, Mac, NetPort, TapError, parse_descriptor};
use crate::syscall::{self, Errno, Fd};

/// The devices of one image.
#[derive(Debug)]
pub struct Attachments<'a> {
    manifest: Manifest<'a>,
    /// By handle.
    slots: [Slot<'a>; MFT_MAX_ENTRIES],
    /// Descriptors that are handed over are copied.
    copying: bool,
}

/// What the options said about one device so far.
#[derive(Clone, Copy, Debug)]
struct Slot<'a> {
    backing: Backing<'a>,
    block_size: u16,
    /// Others may write to its file as well.
    sharing: bool,
    mac: Mac,
}

#[derive(Clone, Copy, Debug)]
enum Backing<'a> {
    None,
    Block {
        file: BlockFile,
        path: &'a CStr,
    },
    Net {
        port: NetPort,
        /// The descriptor that was handed over, if one was: `port` is made of it, or of a copy.
        given: Option<Fd>,
    },
}

/// A device that is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its index in the manifest.
    pub handle: usize,
    /// Its descriptor on this host.
    pub fd: Fd,
    /// What the guest learns about it.
    pub properties: Properties,
}

/// What a guest learns about a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Properties {
    /// A block device. The capacity is a multiple of the block size, and at least one block.
    Block {
        /// Bytes of it.
        capacity: u64,
        /// Bytes of a block, the unit of all I/O.
        block_size: u16,
    },
    Net {
        mac: Mac,
        /// Largest frame in bytes, without the 14-byte Ethernet header.
        mtu: u16,
    },
}

/// Why a device option was refused.
#[derive(Clone, Copy, Debug)]
pub struct DeviceError<'a> {
    pub option: DeviceOption<'a>,
    pub why: Refusal<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum Refusal<'a> {
    /// The image has no such device; this is what it has.
    NotDeclared(Manifest<'a>),
    /// A file cannot be opened.
    Block(BlockError),
    BlockSize,
    Lock,
    /// A TAP interface cannot be attached.
    Tap(TapError<'a>),
    /// Not the number of a descriptor.
    Descriptor,
    /// The descriptor is another device already.
    Shared,
    /// A descriptor cannot be a network device.
    Adopt(AdoptError),
    Mac,
}

/// Why devices cannot be used as they were attached.
#[derive(Clone, Copy, Debug, Error)]
pub enum SetUpError<'a> {
    // Scripts look for these words.
    #[error(
        "device {} ({}): {}: Backing storage size must be block aligned: {capacity} bytes are not one or more blocks \
         of {block_size}",
        Quoted(.device.name), .device.kind, Quoted(.path.to_bytes())
    )]
    Capacity { device: Device<'a>, path: &'a CStr, capacity: u64, block_size: u16 },
    #[error("device {} ({}): {} {}", Quoted(.0.name), .0.kind, Quoted(.1.to_bytes()), BlockError::InUse)]
    InUse(Device<'a>, &'a CStr),
    #[error(
        "device {} ({}): no random address can be had: {}; give --net-mac:{}=MAC",
        Quoted(.0.name), .0.kind, .1, Escaped(.0.name)
    )]
    Random(Device<'a>, Errno),
}

/// What a user should know about a device that works all the same.
#[derive(Clone, Copy, Debug)]
pub enum Warning<'a> {
    /// Writes will fail.
    ReadOnly(Device<'a>, &'a CStr, Errno),
    /// Nothing keeps two guests from using the file at once.
    NotLocked(Device<'a>, &'a CStr, Errno),
}

/// A device that is declared and not attached: a guest never starts without all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unattached<'a>(pub Device<'a>);

impl Slot<'_> {
    const EMPTY: Self =
        Self { backing: Backing::None, block_size: DEFAULT_BLOCK_SIZE, sharing: false, mac: Mac::NONE };
}

impl Backing<'_> {
    /// Does its I/O with `fd`, or was made of it.
    fn uses(&self, fd: Fd) -> bool {
        match *self {
            Self::None => false,
            Self::Block { file, .. } => file.fd == fd,
            Self::Net { port, given } => port.fd == fd || given == Some(fd),
        }
    }

    /// Closes what an earlier option attached: the last one wins. First, because one user at a time
    /// can have a file or an interface, and it may be the same one.
    fn detach(&mut self) {
        match *self {
            Self::None => {}
            Self::Block { file, .. } => file.close(),
            Self::Net { port, .. } => port.close(),
        }
        *self = Self::None;
    }
}

impl<'a> Attachments<'a> {
    /// The devices of `manifest`, none of them attached.
    #[must_use]
    pub const fn new(manifest: Manifest<'a>) -> Self {
        Self { manifest, slots: [Slot::EMPTY; MFT_MAX_ENTRIES], copying: false }
    }

    /// As [`Self::new`], for a process that outlives its devices: of a descriptor that is handed over, a
    /// copy becomes the device. Whoever handed it over keeps it, and every descriptor of these devices can
    /// be closed.
    #[must_use]
    pub const fn copying(manifest: Manifest<'a>) -> Self {
        Self { copying: true, ..Self::new(manifest) }
    }

    /// Closes what is attached. Only [`Self::copying`] devices are sure to own it.
    pub fn close(mut self) {
        for slot in &mut self.slots {
            slot.backing.detach();
        }
    }

    /// Does what a device option says. The last of repeated options wins.
    ///
    /// # Errors
    /// The image does not declare the device, it cannot be attached, or its property is malformed.
    pub fn apply(&mut self, option: DeviceOption<'a>) -> Result<(), DeviceError<'a>> {
        self.apply_to_slot(option).map_err(|why| DeviceError { option, why })
    }

    fn apply_to_slot(&mut self, option: DeviceOption<'a>) -> Result<(), Refusal<'a>> {
        let device = find_device(&self.manifest, option.name, option.verb.kind())
            .ok_or(Refusal::NotDeclared(self.manifest))?;
        let text = option.value.to_bytes();
        match option.verb {
            DeviceVerb::BlockSectorSize => {
                self.slots[device.handle].block_size = parse_block_size(text).ok_or(Refusal::BlockSize)?;
            }
            DeviceVerb::BlockLock => {
                self.slots[device.handle].sharing = parse_lock(text).ok_or(Refusal::Lock)?;
            }
            DeviceVerb::NetMac => {
                self.slots[device.handle].mac = Mac::parse(text).ok_or(Refusal::Mac)?;
            }
            DeviceVerb::Block => {
                let backing = &mut self.slots[device.handle].backing;
                backing.detach();
                let file = BlockFile::open(option.value).map_err(Refusal::Block)?;
                *backing = Backing::Block { file, path: option.value };
            }
            DeviceVerb::Net => match text.split_first() {
                Some((b'@', number)) => {
                    let fd = parse_descriptor(number).ok_or(Refusal::Descriptor)?;
                    self.adopt(device.handle, fd)?;
                }
                _ => {
                    let backing = &mut self.slots[device.handle].backing;
                    backing.detach();
                    let port = NetPort::tap(text).map_err(Refusal::Tap)?;
                    *backing = Backing::Net { port, given: None };
                }
            },
        }
        Ok(())
    }

    fn adopt(&mut self, handle: usize, fd: Fd) -> Result<(), Refusal<'a>> {
        let owner = self.slots.iter().position(|slot| slot.backing.uses(fd));
        match owner {
            // It is this device's already.
            Some(owner) if owner == handle => return Ok(()),
            Some(_) => return Err(Refusal::Shared),
            None => {}
        }
        let backing = &mut self.slots[handle].backing;
        backing.detach();
        let port = if self.copying { NetPort::copy_of(fd) } else { NetPort::adopt(fd) };
        *backing = Backing::Net { port: port.map_err(Refusal::Adopt)?, given: Some(fd) };
        Ok(())
    }

    /// Checks and settles what options left open: block sizes against capacities, locks, and an address for
    /// each network device that was given none.
    ///
    /// # Errors
    /// The first device that cannot be used as it is.
    pub fn set_up(&mut self) -> Result<(), SetUpError<'a>> {
        for device in self.manifest.devices() {
            let slot = &mut self.slots[device.handle];
            let block_size = slot.block_size;
            match &mut slot.backing {
                Backing::None => {}
                Backing::Block { file, path } => {
                    let (capacity, path) = (file.capacity, *path);
                    if capacity == 0 || !capacity.is_multiple_of(block_size.into()) {
                        return Err(SetUpError::Capacity { device, path, capacity, block_size });
                    }
                    file.lock(slot.sharing).map_err(|_in_use| SetUpError::InUse(device, path))?;
                }
                Backing::Net { .. } if slot.mac == Mac::NONE => {
                    slot.mac = Mac::random().map_err(|errno| SetUpError::Random(device, errno))?;
                }
                Backing::Net { .. } => {}
            }
        }
        Ok(())
    }

    /// The devices that are attached, in the order of their handles; to be used after
    /// [`Self::set_up`].
    pub fn attached(&self) -> impl Iterator<Item = Attached> + Clone {
        self.slots.iter().enumerate().filter_map(|(handle, slot)| match slot.backing {
            Backing::None => None,
            Backing::Block { file: BlockFile { fd, capacity, .. }, .. } => {
                let properties = Properties::Block { capacity, block_size: slot.block_size };
                Some(Attached { handle, fd, properties })
            }
            Backing::Net { port: NetPort { fd, mtu }, .. } => {
                Some(Attached { handle, fd, properties: Properties::Net { mac: slot.mac, mtu } })
            }
        })
    }

    /// Closes every descriptor of this process but standard streams, those of these devices, and `lifeline`: what
    /// whoever started it left open is no business of a guest's. To be called before anything else is opened.
    pub fn close_others(&self, lifeline: Option<Fd>) -> Result<(), Errno> {
        let mut first = Fd::STDERR.number() + 1;
        let kept = self.attached().map(|device| device.fd).chain(lifeline).map(Fd::number);
        while let Some(next) = kept.clone().filter(|&number| number >= first).min() {
            if next > first {
                syscall::close_range(first, next - 1)?;
            }
            first = next + 1;
        }
        syscall::close_range(first, i32::MAX)
    }

    /// What a user should know about the devices that are attached.
    pub fn warnings(&self) -> impl Iterator<Item = Warning<'a>> {
        self.manifest
            .devices()
            .flat_map(|device| {
                let Backing::Block { file, path } = self.slots[device.handle].backing else {
                    return [None, None];
                };
                [
                    file.read_only.map(|errno| Warning::ReadOnly(device, path, errno)),
                    file.unlocked.map(|errno| Warning::NotLocked(device, path, errno)),
                ]
            })
            .flatten()
    }

    /// The devices that still have to be attached, in the order of their handles.
    pub fn unattached(&self) -> impl Iterator<Item = Unattached<'a>> {
        let missing = |device: &Device<'a>| matches!(self.slots[device.handle].backing, Backing::None);
        self.manifest.devices().filter(missing).map(Unattached)
    }

    /// The manifest that declares them.
    #[must_use]
    pub const fn manifest(&self) -> Manifest<'a> {
        self.manifest
    }
}

impl Properties {
    /// The 16 bytes of a manifest entry that tell them to the guest (ABI section 2.2).
    #[must_use]
    pub fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        match *self {
            Self::Block { capacity, block_size } => {
                bytes[offset_of!(BlockBasic, capacity)..][..8].copy_from_slice(&capacity.to_le_bytes());
                bytes[offset_of!(BlockBasic, block_size)..][..2].copy_from_slice(&block_size.to_le_bytes());
            }
            Self::Net { mac, mtu } => {
                bytes[offset_of!(NetBasic, mac)..][..6].copy_from_slice(&mac.0);
                bytes[offset_of!(NetBasic, mtu)..][..2].copy_from_slice(&mtu.to_le_bytes());
            }
        }
        bytes
    }
}

impl fmt::Display for DeviceError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (option, value) = (&self.option, self.option.value.to_bytes());
        write!(f, "option {}: ", Quoted(option.word))?;
        match &self.why {
            Refusal::NotDeclared(declared) => {
                let (kind, name) = (option.verb.kind(), Quoted(option.name));
                write!(f, "the image does not declare a {kind} device {name}")?;
                let mut separator = "; it declares ";
                for device in declared.devices() {
                    write!(f, "{separator}{} ({})", Escaped(device.name), device.kind)?;
                    separator = ", ";
                }
                if separator == "; it declares " { f.write_str("; it declares none") } else { Ok(()) }
            }
            Refusal::Block(error @ BlockError::Host(_)) => {
                write!(f, "{} cannot be opened: {error}", Quoted(value))
            }
            Refusal::Block(error) => write!(f, "{} {error}", Quoted(value)),
            // Scripts look for the words in front of the colon, which are not quite the rule.
            Refusal::BlockSize => write!(
                f,
                "Block size must be a multiple of 2 greater than or equal {MIN_BLOCK_SIZE}: a power of two from \
                 {MIN_BLOCK_SIZE} to {MAX_BLOCK_SIZE}"
            ),
            Refusal::Lock => write!(f, "{} is not a lock: it is exclusive or shared", Quoted(value)),
            Refusal::Tap(error) => error.fmt(f),
            Refusal::Descriptor => {
                write!(
                    f,
                    "{} is not @ and the decimal number of a descriptor other than 1 and 2",
                    Quoted(value)
                )
            }
            Refusal::Shared => write!(f, "descriptor {} is another device of this guest", Escaped(value)),
            Refusal::Adopt(error) => write!(f, "descriptor {} cannot be used: {error}", Escaped(value)),
            Refusal::Mac => write!(
                f,
                "{} is not an address, which has six pairs of hexadecimal digits: 02:00:00:00:00:01",
                Quoted(value)
            ),
        }
    }
}

impl fmt::Display for Warning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly(device, path, errno) => write!(
                f,
                "warning: device {} is read-only, writes to it fail: {} cannot be opened for writing: {errno}",
                Quoted(device.name),
                Quoted(path.to_bytes())
            ),
            Self::NotLocked(device, path, errno) => write!(
                f,
                "warning: device {}: {} cannot be locked: {errno}; take care that only one guest uses it",
                Quoted(device.name),
                Quoted(path.to_bytes())
            ),
        }
    }
}

impl fmt::Display for Unattached<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Device { name, kind, .. }) = self;
        write!(f, "device {} ({kind}) is declared by the image but not attached", Quoted(name))?;
        match kind {
            DeviceKind::Net => write!(f, ": give --net:{}=IFACE", Escaped(name)),
            DeviceKind::Block => write!(f, ": give --block:{}=PATH", Escaped(name)),
        }
    }
}

impl core::error::Error for DeviceError<'_> {}
impl core::error::Error for Unattached<'_> {}
