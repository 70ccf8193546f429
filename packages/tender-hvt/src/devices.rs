//! The devices of a guest, by handle (ABI section 4.5).

use solo5_abi::limits::MFT_MAX_ENTRIES;
use solo5_abi::result;
use tender_core::devices::{Attached, Properties};
use tender_core::syscall::{self, Errno, Fd};

use crate::guest_memory::{Sink, Source};
use crate::host;

/// The devices of one guest.
#[derive(Clone, Copy, Debug)]
pub struct DeviceTable {
    /// By handle.
    slots: [Slot; MFT_MAX_ENTRIES],
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    None,
    Block(Block),
    Net(Net),
}

#[derive(Clone, Copy, Debug)]
pub struct Block {
    fd: Fd,
    capacity: u64,
}

#[derive(Clone, Copy, Debug)]
pub struct Net {
    fd: Fd,
}

/// What reading a frame gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A frame of so many bytes.
    Frame(usize),
    Nothing,
    /// The device is gone.
    Failed,
}

impl DeviceTable {
    #[must_use]
    pub fn new(attached: impl Iterator<Item = Attached>) -> Self {
        let mut slots = [Slot::None; MFT_MAX_ENTRIES];
        for Attached { handle, fd, properties } in attached {
            slots[handle] = match properties {
                Properties::Block { capacity, .. } => Slot::Block(Block { fd, capacity }),
                Properties::Net { .. } => Slot::Net(Net { fd }),
            };
        }
        Self { slots }
    }

    fn slot(&self, handle: u64) -> Slot {
        // All 64 bits count (ABI section 9 #11).
        usize::try_from(handle).ok().and_then(|handle| self.slots.get(handle)).copied().unwrap_or(Slot::None)
    }

    /// The block device of this handle.
    #[must_use]
    pub fn block(&self, handle: u64) -> Option<Block> {
        if let Slot::Block(block) = self.slot(handle) { Some(block) } else { None }
    }

    /// The network device of this handle.
    #[must_use]
    pub fn net(&self, handle: u64) -> Option<Net> {
        if let Slot::Net(net) = self.slot(handle) { Some(net) } else { None }
    }

    #[must_use]
    pub fn any_block(&self) -> bool {
        self.slots.iter().any(|slot| matches!(slot, Slot::Block(_)))
    }

    #[must_use]
    pub fn any_net(&self) -> bool {
        self.slots.iter().any(|slot| matches!(slot, Slot::Net(_)))
    }

    pub fn nets(&self) -> impl Iterator<Item = Net> {
        self.slots.iter().filter_map(|slot| if let Slot::Net(net) = slot { Some(*net) } else { None })
    }

    pub fn blocks(&self) -> impl Iterator<Item = Block> {
        self.slots.iter().filter_map(|slot| if let Slot::Block(block) = slot { Some(*block) } else { None })
    }
}

impl Block {
    #[must_use]
    pub const fn fd(self) -> Fd {
        self.fd
    }

    /// Whether `len` bytes at `offset` lie on it; no bytes do not, at its end (ABI section 4.5).
    #[must_use]
    pub fn has(self, offset: u64, len: u64) -> bool {
        offset < self.capacity && len <= self.capacity - offset
    }

    /// Reads all of a range; a result code.
    pub fn read(self, offset: u64, into: Sink<'_>) -> i32 {
        host::read_all_at(self.fd, offset, into).map_or(result::EUNSPEC, |()| result::OK)
    }

    /// Writes all of a range; a result code.
    pub fn write(self, offset: u64, from: Source<'_>) -> i32 {
        host::write_all_at(self.fd, offset, from).map_or(result::EUNSPEC, |()| result::OK)
    }
}

impl Net {
    #[must_use]
    pub const fn fd(self) -> Fd {
        self.fd
    }

    /// Sends a frame; a result code. A frame for which the host has no room now is dropped, as on any
    /// Ethernet; one that the device does not take, or never will again, is an error.
    pub fn write(self, frame: Source<'_>) -> i32 {
        match host::write(self.fd, frame) {
            Ok(written) if written == frame.parts().1 => result::OK,
            Err(Errno::EAGAIN | Errno::ENOBUFS) => result::OK,
            Ok(_) | Err(_) => result::EUNSPEC,
        }
    }

    /// Receives a frame. One that is longer than the buffer is cut; a datagram of no bytes is a frame of none, which
    /// looks like the end of a socket, but for that its other end is still there.
    pub fn read(self, into: Sink<'_>) -> Received {
        let room = into.parts().1;
        match host::read(self.fd, into) {
            Ok(0) if room == 0 => Received::Nothing,
            Ok(0) if syscall::is_hung_up(self.fd) != Ok(false) => Received::Failed,
            Err(Errno::EAGAIN) => Received::Nothing,
            Ok(len) => Received::Frame(len),
            Err(_) => Received::Failed,
        }
    }
}
