//! Hypercalls (ABI sections 4.5, 4.7, 4.8): the record is copied in, checked whole, acted on, and its
//! answer written back where the guest itself may write. This is the only place where what a guest says
//! becomes something that the host does; the network ring's entries are the other half, in `ring`.

use std::mem::offset_of;

use solo5_abi::Gpa;
use solo5_abi::hvt::{BlockIo, HALT_COOKIE_SIZE, Halt, Hypercall, NetRead, NetWrite, Poll, Puts, Walltime};
use solo5_abi::result;
use tender_core::syscall::Errno;
use tender_core::wait_set::WaitSet;
use thiserror::Error;

use crate::access::GuestFault;
use crate::console::Console;
use crate::devices::{DeviceTable, Received};
use crate::guest_memory::GuestMemory;
use crate::host;
use crate::ring::{Ring, RingError};
use crate::wait::wait;

/// Serves one guest.
#[derive(Debug)]
pub struct Hypercalls<'m> {
    memory: &'m GuestMemory,
    devices: DeviceTable,
    wait_set: WaitSet,
    console: Console,
    ring: Option<&'m Ring<'m>>,
}

/// What comes after a hypercall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    Resume,
    Halt(Halted),
}

/// How a guest ended itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halted {
    pub status: i32,
    /// Where it left word of a trap: at least 512 bytes.
    pub cookie: Option<Gpa>,
}

/// Why a guest cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HypercallError {
    #[error("there is no hypercall at port {port:#x}")]
    Unknown { port: u16 },
    #[error("{}: it has no {} device", name(*.0), kind(*.0))]
    NoDevice(Hypercall),
    #[error("{}: {}", name(*.0), .1)]
    Fault(Hypercall, #[source] GuestFault),
    #[error(transparent)]
    Ring(RingError),
    #[error("POLL: the host cannot wait: {0}")]
    Wait(#[source] Errno),
}

impl<'m> Hypercalls<'m> {
    /// Serves a guest with this memory and these devices.
    #[must_use]
    pub const fn new(
        memory: &'m GuestMemory,
        devices: DeviceTable,
        wait_set: WaitSet,
        console: Console,
    ) -> Self {
        Self { memory, devices, wait_set, console, ring: None }
    }

    /// The guest has a network ring as well, and what is in it comes before what it asks for here.
    #[must_use]
    pub const fn with_ring(self, ring: &'m Ring<'m>) -> Self {
        Self { ring: Some(ring), ..self }
    }

    /// Serves the hypercall that the guest made by writing `record`, an address, to `port`.
    ///
    /// # Errors
    /// The guest did something that no correct guest does, and ends.
    pub fn serve(&mut self, port: u16, record: u32) -> Result<After, HypercallError> {
        let call = Hypercall::from_port(port).ok_or(HypercallError::Unknown { port })?;
        let at = Gpa::from(record);
        if let (Some(ring), Hypercall::NetWrite | Hypercall::NetRead | Hypercall::Halt) = (self.ring, call) {
            ring.serve().map_err(HypercallError::Ring)?;
        }
        let served = match call {
            Hypercall::Walltime => self.walltime(at),
            Hypercall::Puts => self.puts(at),
            Hypercall::Poll => return self.poll(at),
            Hypercall::BlockRead | Hypercall::BlockWrite if !self.devices.any_block() => {
                return Err(HypercallError::NoDevice(call));
            }
            Hypercall::NetRead | Hypercall::NetWrite if !self.devices.any_net() => {
                return Err(HypercallError::NoDevice(call));
            }
            Hypercall::BlockWrite => self.block_write(at),
            Hypercall::BlockRead => self.block_read(at),
            Hypercall::NetWrite => self.net_write(at),
            Hypercall::NetRead => self.net_read(at),
            Hypercall::Halt => {
                return self.halt(at).map(After::Halt).map_err(|fault| HypercallError::Fault(call, fault));
            }
        };
        served.map(|()| After::Resume).map_err(|fault| HypercallError::Fault(call, fault))
    }

    fn walltime(&self, at: Gpa) -> Result<(), GuestFault> {
        self.memory.record_to_answer::<Walltime>(at)?;
        self.memory.answer(at, host::wall_clock().to_le_bytes())
    }

    fn puts(&mut self, at: Gpa) -> Result<(), GuestFault> {
        let Puts { data, len } = self.memory.record(at)?;
        self.console.write(self.memory.source(data, len)?);
        Ok(())
    }

    fn poll(&self, at: Gpa) -> Result<After, HypercallError> {
        let fault = |fault| HypercallError::Fault(Hypercall::Poll, fault);
        let Poll { timeout_nsecs, .. } = self.memory.record_to_answer(at).map_err(fault)?;
        let ready = wait(self.wait_set, timeout_nsecs).map_err(HypercallError::Wait)?;
        let set_at = at + offset_of!(Poll, ready_set) as Gpa;
        self.memory.answer(set_at, ready.set.to_le_bytes()).map_err(fault)?;
        self.memory.answer(at + offset_of!(Poll, ret) as Gpa, ready.count.to_le_bytes()).map_err(fault)?;
        Ok(After::Resume)
    }

    fn block_write(&self, at: Gpa) -> Result<(), GuestFault> {
        let BlockIo { handle, offset, data, len, .. } = self.memory.record_to_answer(at)?;
        let ret = match self.devices.block(handle).filter(|block| block.has(offset, len)) {
            Some(block) => block.write(offset, self.memory.source(data, len)?),
            None => result::EINVAL,
        };
        self.memory.answer(at + offset_of!(BlockIo, ret) as Gpa, ret.to_le_bytes())
    }

    fn block_read(&self, at: Gpa) -> Result<(), GuestFault> {
        let BlockIo { handle, offset, data, len, .. } = self.memory.record_to_answer(at)?;
        let ret = match self.devices.block(handle).filter(|block| block.has(offset, len)) {
            Some(block) => block.read(offset, self.memory.sink(data, len)?),
            None => result::EINVAL,
        };
        self.memory.answer(at + offset_of!(BlockIo, ret) as Gpa, ret.to_le_bytes())
    }

    fn net_write(&self, at: Gpa) -> Result<(), GuestFault> {
        let NetWrite { handle, data, len, .. } = self.memory.record_to_answer(at)?;
        let ret = match self.devices.net(handle) {
            Some(net) => net.write(self.memory.source(data, len)?),
            None => result::EINVAL,
        };
        self.memory.answer(at + offset_of!(NetWrite, ret) as Gpa, ret.to_le_bytes())
    }

    fn net_read(&self, at: Gpa) -> Result<(), GuestFault> {
        let NetRead { handle, data, len, .. } = self.memory.record_to_answer(at)?;
        let ret = match self.devices.net(handle) {
            Some(net) => match net.read(self.memory.sink(data, len)?) {
                Received::Frame(len) => {
                    self.memory.answer(at + offset_of!(NetRead, len) as Gpa, (len as u64).to_le_bytes())?;
                    result::OK
                }
                Received::Nothing => result::AGAIN,
                Received::Failed => result::EUNSPEC,
            },
            None => result::EINVAL,
        };
        self.memory.answer(at + offset_of!(NetRead, ret) as Gpa, ret.to_le_bytes())
    }

    fn halt(&self, at: Gpa) -> Result<Halted, GuestFault> {
        let Halt { cookie, exit_status, .. } = self.memory.record(at)?;
        if cookie == 0 {
            return Ok(Halted { status: exit_status, cookie: None });
        }
        self.memory.check_readable(cookie, HALT_COOKIE_SIZE)?;
        Ok(Halted { status: exit_status, cookie: Some(cookie) })
    }
}

/// What the ABI calls it, without its prefix.
fn name(call: Hypercall) -> &'static str {
    match call {
        Hypercall::Walltime => "WALLTIME",
        Hypercall::Puts => "PUTS",
        Hypercall::Poll => "POLL",
        Hypercall::BlockWrite => "BLOCK_WRITE",
        Hypercall::BlockRead => "BLOCK_READ",
        Hypercall::NetWrite => "NET_WRITE",
        Hypercall::NetRead => "NET_READ",
        Hypercall::Halt => "HALT",
    }
}

/// What a hypercall about a device is about.
const fn kind(call: Hypercall) -> &'static str {
    match call {
        Hypercall::BlockRead | Hypercall::BlockWrite => "block",
        _ => "network",
    }
}
