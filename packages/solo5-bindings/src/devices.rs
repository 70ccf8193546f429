//! The devices that are open in this thread: those of one JavaScript world.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustix::fd::AsFd as _;
use solo5_abi::limits::NET_HLEN;

use crate::code::{GONE, NOT_OPEN, RANGE};
use crate::descriptor::{Bytes, Descriptor};
use crate::poller;

/// An open device.
#[derive(Debug)]
pub struct Device {
    /// What it is read and written through.
    pub descriptor: Descriptor,
    /// What it is.
    pub kind: Kind,
}

/// What a device is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A network device.
    Net {
        /// Bytes of its largest frame, header included.
        longest: usize,
    },
    /// A block device.
    Block(Geometry),
}

/// How a block device is divided.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    /// Bytes of it: one or more blocks.
    pub capacity: u64,
    /// Bytes of a block: a power of two.
    pub block_size: u16,
}

/// How many blocks a call may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// One, as in `solo5.h`.
    One,
    /// One or more.
    Some,
}

/// Which way blocks move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the device.
    Read,
    /// To the device.
    Write,
}

#[derive(Default)]
struct Open {
    devices: BTreeMap<u32, Arc<Device>>,
    last: u32,
}

thread_local! {
    static OPEN: RefCell<Open> = RefCell::default();
}

/// Keeps `device` open; its number.
pub fn insert(device: Device) -> u32 {
    OPEN.with_borrow_mut(|open| {
        loop {
            open.last = open.last.wrapping_add(1);
            if !open.devices.contains_key(&open.last) {
                break;
            }
        }
        open.devices.insert(open.last, Arc::new(device));
        open.last
    })
}

/// What `call` says of the device `number`, or that there is none.
pub fn with(number: u32, call: impl FnOnce(&Device) -> i32) -> i32 {
    OPEN.with_borrow(|open| open.devices.get(&number).map_or(NOT_OPEN, |device| call(device)))
}

/// The device `number`, for longer than a call.
pub fn get(number: u32) -> Option<Arc<Device>> {
    OPEN.with_borrow(|open| open.devices.get(&number).cloned())
}

/// Closes the device `number`, as soon as nothing moves its blocks any more.
pub fn close(number: u32) {
    if let Some(device) = OPEN.with_borrow_mut(|open| open.devices.remove(&number)) {
        // What is behind the descriptor may stay open elsewhere, and with it what is waited for.
        poller::forget(device.descriptor.as_fd());
    }
}

/// Closes all of them: this JavaScript world ends.
pub fn close_all() {
    OPEN.with_borrow_mut(|open| open.devices.clear());
}

impl Device {
    /// Reads one frame: its length, or why not. `into` has room for the longest (ABI section 7.2).
    pub fn read_frame(&self, into: Bytes<'_>) -> i32 {
        match self.kind {
            Kind::Net { longest } if into.len() < longest => RANGE,
            Kind::Net { .. } => match self.descriptor.read(into) {
                // A datagram of no bytes is a frame of none; the end of a socket looks the same, and lasts.
                0 if self.descriptor.is_hung_up() => GONE,
                length => length,
            },
            Kind::Block(_) => NOT_OPEN,
        }
    }

    /// Sends one frame: 0, or why not. It has a header, and the device can carry it (ABI section 7.2).
    pub fn write_frame(&self, frame: Bytes<'_>) -> i32 {
        match self.kind {
            Kind::Net { longest } if !(NET_HLEN..=longest).contains(&frame.len()) => RANGE,
            Kind::Net { .. } => self.descriptor.write(frame),
            Kind::Block(_) => NOT_OPEN,
        }
    }

    /// Moves whole blocks: 0, or why not.
    pub fn move_blocks(&self, way: Way, offset: u64, bytes: Bytes<'_>, blocks: Blocks) -> i32 {
        match self.check_blocks(offset, bytes.len(), blocks) {
            0 if way == Way::Read => self.descriptor.read_at(offset, bytes),
            0 => self.descriptor.write_at(offset, bytes),
            refused => refused,
        }
    }

    /// Whether these are whole blocks of this device: 0 if they are (ABI sections 5.5, 7.2).
    pub fn check_blocks(&self, offset: u64, len: usize, blocks: Blocks) -> i32 {
        let Kind::Block(Geometry { capacity, block_size }) = self.kind else { return NOT_OPEN };
        let (block, len) = (u64::from(block_size), len as u64);
        let fits = match blocks {
            Blocks::One => len == block,
            Blocks::Some => len != 0 && len.is_multiple_of(block),
        };
        let inside = capacity.checked_sub(len).is_some_and(|last| offset <= last);
        if fits && inside && offset.is_multiple_of(block) { 0 } else { RANGE }
    }
}
