//! `--gdb`: a debugger attaches before the first instruction (ABI section 4.14), on this host only.

use std::ffi::CStr;
use std::io::{self, Read as _, Write};
use std::marker::PhantomData;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;

use gdbstub::common::Signal;
use gdbstub::conn::{Connection, ConnectionExt};
use gdbstub::stub::run_blocking::{BlockingEventLoop, Event, WaitForStopReasonError};
use gdbstub::stub::{DisconnectReason, GdbStub, SingleThreadStopReason};
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::singlethread::{
    SingleThreadBase, SingleThreadResume, SingleThreadResumeOps, SingleThreadSingleStep,
    SingleThreadSingleStepOps,
};
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwBreakpoint, HwBreakpointOps, HwWatchpoint, HwWatchpointOps, SwBreakpoint,
    SwBreakpointOps, WatchKind,
};
use gdbstub::target::{Target, TargetError, TargetResult};
use gdbstub_arch::x86::X86_64_SSE;
use gdbstub_arch::x86::reg::X86_64CoreRegs;
use solo5_abi::Gpa;
use tender_core::diagnostics::{Diagnostics, Quoted};
use tender_core::syscall::{Errno, Fd};

use crate::breakpoints::{DebugRegisters, Kind};
use crate::host;
use crate::run_loop::{Ended, RunLoop, Stopped};
use crate::signals;

/// Bytes of a packet: the answer with all registers is less than half of it.
const PACKET: usize = 4096;
/// What the processor executes as a breakpoint: HLT, which leaves every kind of KVM, and which no guest may
/// use for itself. INT3 does not: a KVM that is emulated gives it to the guest.
const BREAKPOINT: u8 = 0xF4;

/// A debugger that has connected.
#[derive(Debug)]
pub struct Debugger {
    /// Closed by the end of the process: it has no system call for that.
    stream: &'static TcpStream,
}

/// Waits on the loopback for a debugger. Says how to connect.
pub fn wait_for_debugger(port: u16, image: &CStr, diagnostics: &Diagnostics<'_>) -> io::Result<Debugger> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let port = listener.local_addr()?.port();
    diagnostics.line(format_args!(
        "waiting for a debugger: gdb -ex 'target remote localhost:{port}' {}",
        Quoted(image.to_bytes())
    ));
    let (stream, _peer) = listener.accept()?;
    stream.set_nodelay(true)?;
    Ok(Debugger { stream: Box::leak(Box::new(stream)) })
}

impl Debugger {
    /// The connection's descriptor.
    #[must_use]
    pub fn fd(&self) -> Fd {
        Fd::numbered(self.stream.as_raw_fd())
    }

    /// Lets what the debugger sends interrupt the guest.
    pub fn interrupts(&self, guest: &mut RunLoop<'_>) -> Result<(), Errno> {
        signals::interrupt_by(guest.machine().immediate_exit())?;
        host::signal_on_input(self.fd())
    }

    /// Runs a guest as the debugger says, to its end or until the debugger lets go of it.
    pub fn run<'m>(self, guest: &mut RunLoop<'m>) -> Option<Ended> {
        let mut packet = [0; PACKET];
        let stub = GdbStub::builder(self).with_packet_buffer(&mut packet).build().ok()?;
        let mut target = Debuggee {
            guest,
            software: [None; SOFTWARE_MAX],
            hardware: DebugRegisters::default(),
            step: false,
            ended: None,
        };
        let result = stub.run_blocking::<Loop<'_, '_>>(&mut target);
        match (target.ended, result) {
            (Some(ended), _) => Some(ended),
            (None, Ok(DisconnectReason::Disconnect)) => {
                target.let_go();
                None
            }
            (None, Ok(DisconnectReason::Kill)) => Some(Ended::KilledByDebugger),
            (None, Err(error)) if !error.is_connection_error() => Some(Ended::DebuggerIsConfused),
            (None, Ok(_) | Err(_)) => Some(Ended::DebuggerIsGone),
        }
    }
}

impl Connection for Debugger {
    type Error = io::Error;

    fn write(&mut self, byte: u8) -> io::Result<()> {
        Write::write_all(&mut &*self.stream, &[byte])
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        Write::write_all(&mut &*self.stream, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ConnectionExt for Debugger {
    fn read(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        (&mut &*self.stream).read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        host::peek_byte(self.fd()).map_err(|errno| io::Error::from_raw_os_error(errno.number()))
    }
}

/// Breakpoints in memory that there can be at once.
const SOFTWARE_MAX: usize = 256;

/// A guest under a debugger.
struct Debuggee<'g, 'm> {
    guest: &'g mut RunLoop<'m>,
    /// Address, and the byte that was there.
    software: [Option<(Gpa, u8)>; SOFTWARE_MAX],
    hardware: DebugRegisters,
    step: bool,
    ended: Option<Ended>,
}

/// Why a debuggee cannot go on; it has been told.
#[derive(Debug)]
enum Never {}

impl Debuggee<'_, '_> {
    /// Runs until the debugger has to know.
    fn run(&mut self) -> Option<SingleThreadStopReason<u64>> {
        match self.guest.run() {
            Stopped::Interrupted => None,
            Stopped::Ended(ended) => {
                self.ended = Some(ended);
                Some(match ended {
                    // The host takes as much of it.
                    Ended::Halted(halted) => SingleThreadStopReason::Exited(halted.status.to_le_bytes()[0]),
                    _ => SingleThreadStopReason::Terminated(Signal::SIGSEGV),
                })
            }
            Stopped::Debug { dr6 } => Some(self.reason(dr6)),
            Stopped::Hlt if self.is_at_breakpoint() => Some(SingleThreadStopReason::SwBreak(())),
            Stopped::Hlt => {
                self.ended = Some(self.guest.killed_by_hlt());
                Some(SingleThreadStopReason::Terminated(Signal::SIGSEGV))
            }
        }
    }

    fn reason(&self, dr6: u64) -> SingleThreadStopReason<u64> {
        match self.hardware.hit(dr6) {
            Some((_, Kind::Execute)) => SingleThreadStopReason::HwBreak(()),
            Some((addr, Kind::Write)) => {
                SingleThreadStopReason::Watch { tid: (), kind: WatchKind::Write, addr }
            }
            Some((addr, Kind::Access)) => {
                SingleThreadStopReason::Watch { tid: (), kind: WatchKind::ReadWrite, addr }
            }
            None => SingleThreadStopReason::DoneStep,
        }
    }

    /// Whether the guest executed a breakpoint; it stands there again, then.
    fn is_at_breakpoint(&mut self) -> bool {
        let Ok(mut general) = self.guest.machine().general() else { return false };
        let at = general.rip.wrapping_sub(1);
        if !self.software.iter().flatten().any(|&(gpa, _)| gpa == at) {
            return false;
        }
        general.rip = at;
        self.guest.machine().set_general(&general).is_ok()
    }

    fn go(&mut self, step: bool) {
        self.step = step;
        self.guest.machine().debug(step, &self.hardware);
    }

    /// Leaves the guest as if there had been no debugger.
    fn let_go(&mut self) {
        for (gpa, byte) in self.software.iter_mut().filter_map(Option::take) {
            let _ = self.guest.memory().poke(gpa, &[byte]);
        }
        self.guest.machine().do_not_debug();
    }

    fn change_hardware(&mut self, change: impl FnOnce(&mut DebugRegisters) -> bool) -> bool {
        let changed = change(&mut self.hardware);
        self.guest.machine().debug(self.step, &self.hardware);
        changed
    }
}

impl Target for Debuggee<'_, '_> {
    type Arch = X86_64_SSE;
    type Error = Never;

    fn base_ops(&mut self) -> BaseOps<'_, X86_64_SSE, Never> {
        BaseOps::SingleThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }
}

impl SingleThreadBase for Debuggee<'_, '_> {
    fn read_registers(&mut self, regs: &mut X86_64CoreRegs) -> TargetResult<(), Self> {
        self.guest.machine().read_for_debugger(regs).map_err(|_refused| TargetError::NonFatal)
    }

    fn write_registers(&mut self, regs: &X86_64CoreRegs) -> TargetResult<(), Self> {
        self.guest.machine().write_for_debugger(regs).map_err(|_refused| TargetError::NonFatal)
    }

    fn read_addrs(&mut self, start: u64, data: &mut [u8]) -> TargetResult<usize, Self> {
        let read = self.guest.memory().peek(start, data);
        if read == 0 && !data.is_empty() {
            return Err(TargetError::NonFatal);
        }
        // A debugger sees what its breakpoints hide.
        for &(gpa, byte) in self.software.iter().flatten() {
            let at = gpa.checked_sub(start).and_then(|at| usize::try_from(at).ok());
            if let Some(seen) = at.and_then(|at| data[..read].get_mut(at)) {
                *seen = byte;
            }
        }
        Ok(read)
    }

    fn write_addrs(&mut self, start: u64, data: &[u8]) -> TargetResult<(), Self> {
        let memory = self.guest.memory();
        memory.poke(start, data).map_err(|_refused| TargetError::NonFatal)?;
        for (gpa, byte) in self.software.iter_mut().flatten() {
            let at = gpa.checked_sub(start).and_then(|at| usize::try_from(at).ok());
            if let Some(&written) = at.and_then(|at| data.get(at)) {
                *byte = written;
                memory.poke(*gpa, &[BREAKPOINT]).map_err(|_refused| TargetError::NonFatal)?;
            }
        }
        Ok(())
    }

    fn support_resume(&mut self) -> Option<SingleThreadResumeOps<'_, Self>> {
        Some(self)
    }
}

impl SingleThreadResume for Debuggee<'_, '_> {
    fn resume(&mut self, _signal: Option<Signal>) -> Result<(), Never> {
        self.go(false);
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<SingleThreadSingleStepOps<'_, Self>> {
        Some(self)
    }
}

impl SingleThreadSingleStep for Debuggee<'_, '_> {
    fn step(&mut self, _signal: Option<Signal>) -> Result<(), Never> {
        self.go(true);
        Ok(())
    }
}

impl Breakpoints for Debuggee<'_, '_> {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_breakpoint(&mut self) -> Option<HwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

impl SwBreakpoint for Debuggee<'_, '_> {
    fn add_sw_breakpoint(&mut self, gpa: u64, _kind: usize) -> TargetResult<bool, Self> {
        if self.software.iter().flatten().any(|&(at, _)| at == gpa) {
            return Ok(true);
        }
        let mut byte = [0];
        let memory = self.guest.memory();
        let Some(slot) = self.software.iter_mut().find(|slot| slot.is_none()) else { return Ok(false) };
        if memory.peek(gpa, &mut byte) != 1 || memory.poke(gpa, &[BREAKPOINT]).is_err() {
            return Ok(false);
        }
        *slot = Some((gpa, byte[0]));
        Ok(true)
    }

    fn remove_sw_breakpoint(&mut self, gpa: u64, _kind: usize) -> TargetResult<bool, Self> {
        let slot = self.software.iter_mut().find(|slot| matches!(slot, Some((at, _)) if *at == gpa));
        let Some((_, byte)) = slot.and_then(Option::take) else { return Ok(false) };
        Ok(self.guest.memory().poke(gpa, &[byte]).is_ok())
    }
}

impl HwBreakpoint for Debuggee<'_, '_> {
    fn add_hw_breakpoint(&mut self, addr: u64, _kind: usize) -> TargetResult<bool, Self> {
        Ok(self.change_hardware(|registers| registers.add(addr, 1, Kind::Execute)))
    }

    fn remove_hw_breakpoint(&mut self, addr: u64, _kind: usize) -> TargetResult<bool, Self> {
        Ok(self.change_hardware(|registers| registers.remove(addr, 1, Kind::Execute)))
    }
}

impl HwWatchpoint for Debuggee<'_, '_> {
    fn add_hw_watchpoint(&mut self, addr: u64, len: u64, kind: WatchKind) -> TargetResult<bool, Self> {
        Ok(self.change_hardware(|registers| registers.add(addr, len, Kind::of(kind))))
    }

    fn remove_hw_watchpoint(&mut self, addr: u64, len: u64, kind: WatchKind) -> TargetResult<bool, Self> {
        Ok(self.change_hardware(|registers| registers.remove(addr, len, Kind::of(kind))))
    }
}

/// Between a debugger and its guest: whoever has something to say.
struct Loop<'g, 'm>(PhantomData<&'g mut &'m ()>);

impl<'g, 'm> BlockingEventLoop for Loop<'g, 'm> {
    type Target = Debuggee<'g, 'm>;
    type Connection = Debugger;
    type StopReason = SingleThreadStopReason<u64>;

    fn wait_for_stop_reason(
        target: &mut Self::Target,
        connection: &mut Debugger,
    ) -> Result<Event<Self::StopReason>, WaitForStopReasonError<Never, io::Error>> {
        loop {
            if connection.peek().map_err(WaitForStopReasonError::Connection)?.is_some() {
                return connection
                    .read()
                    .map(Event::IncomingData)
                    .map_err(WaitForStopReasonError::Connection);
            }
            if let Some(reason) = target.run() {
                return Ok(Event::TargetStopped(reason));
            }
        }
    }

    fn on_interrupt(_target: &mut Self::Target) -> Result<Option<Self::StopReason>, Never> {
        Ok(Some(SingleThreadStopReason::Signal(Signal::SIGINT)))
    }
}
