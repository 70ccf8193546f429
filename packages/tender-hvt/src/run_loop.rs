//! A guest's life: it runs, asks, and ends.

use std::fmt;

use tender_core::diagnostics::{Diagnostics, Escaped, Quoted};
use tender_core::status;
use tender_core::syscall::Errno;

use crate::core_file::CoreFolder;
use crate::guest_memory::GuestMemory;
use crate::hypercall::{After, Halted, HypercallError, Hypercalls};
use crate::virtual_machine::{Death, VirtualMachine, VmExit};

/// A guest that is ready to run.
#[derive(Debug)]
pub struct RunLoop<'m> {
    machine: VirtualMachine<'m>,
    hypercalls: Hypercalls<'m>,
    memory: &'m GuestMemory,
    cores: Option<CoreFolder>,
    diagnostics: Diagnostics<'static>,
    /// A hypercall that a debugger interrupted: port and record.
    pending: Option<(u16, u32)>,
}

/// Why a guest does not run at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// A signal arrived, or a debugger wants something.
    Interrupted,
    /// At a debug register, or after a step.
    Debug { dr6: u64 },
    /// At an HLT.
    Hlt,
    /// For good.
    Ended(Ended),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself.
    Halted(Halted),
    /// It did what no correct guest does; a line has said what.
    Killed,
    /// The debugger wanted it to.
    KilledByDebugger,
    /// The connection to the debugger broke.
    DebuggerIsGone,
    /// The debugger sent a packet that is none.
    DebuggerIsConfused,
}

/// Status of a guest that ended itself abnormally.
const ABORT: i32 = solo5_abi::result::EXIT_ABORT;

impl<'m> RunLoop<'m> {
    /// A guest on this machine.
    #[must_use]
    pub const fn new(
        machine: VirtualMachine<'m>,
        hypercalls: Hypercalls<'m>,
        memory: &'m GuestMemory,
        cores: Option<CoreFolder>,
        diagnostics: Diagnostics<'static>,
    ) -> Self {
        Self { machine, hypercalls, memory, cores, diagnostics, pending: None }
    }

    pub const fn machine(&mut self) -> &mut VirtualMachine<'m> {
        &mut self.machine
    }

    #[must_use]
    pub const fn memory(&self) -> &'m GuestMemory {
        self.memory
    }

    /// Runs it to its end.
    pub fn run_to_end(&mut self) -> Ended {
        loop {
            match self.run() {
                Stopped::Ended(ended) => return ended,
                Stopped::Hlt => return self.killed_by_hlt(),
                // Without a debugger nothing else stops it.
                Stopped::Interrupted | Stopped::Debug { .. } => {}
            }
        }
    }

    /// Runs it until it stops.
    pub fn run(&mut self) -> Stopped {
        loop {
            let (port, record) = match self.pending.take() {
                Some(call) => call,
                None => match self.machine.run() {
                    VmExit::Out { port, value } => (port, value),
                    VmExit::Interrupted => return Stopped::Interrupted,
                    VmExit::Debug { dr6 } => return Stopped::Debug { dr6 },
                    VmExit::Hlt => return Stopped::Hlt,
                    VmExit::Dead(death) => return Stopped::Ended(self.killed(&death)),
                },
            };
            match self.hypercalls.serve(port, record) {
                Ok(After::Resume) => {}
                Ok(After::Halt(halted)) => return Stopped::Ended(Ended::Halted(halted)),
                Err(HypercallError::Wait(Errno::EINTR)) => {
                    self.pending = Some((port, record));
                    return Stopped::Interrupted;
                }
                Err(error) => return Stopped::Ended(self.killed(&error)),
            }
        }
    }

    /// Kills it for an HLT that is not a debugger's.
    pub fn killed_by_hlt(&mut self) -> Ended {
        self.killed(&Death::Hlt)
    }

    /// Says why it cannot go on.
    fn killed(&mut self, why: &dyn fmt::Display) -> Ended {
        match self.machine.general() {
            Ok(general) => self.diagnostics.line(format_args!(
                "guest killed: {why} (rip={:#x} rsp={:#x} rflags={:#x})",
                general.rip, general.rsp, general.rflags
            )),
            Err(_unknown) => self.diagnostics.line(format_args!("guest killed: {why}")),
        }
        Ended::Killed
    }

    /// What is to be done after its end; the status of the tender.
    pub fn bury(&mut self, ended: Ended) -> i32 {
        match ended {
            Ended::Halted(Halted { status: ABORT, cookie }) => {
                self.dump_core(cookie);
                ABORT
            }
            Ended::Halted(Halted { status, .. }) => status,
            Ended::Killed => {
                self.dump_core(None);
                status::FAILURE
            }
            Ended::KilledByDebugger => self.killed_for("by its debugger"),
            Ended::DebuggerIsGone => self.killed_for("its debugger is gone"),
            Ended::DebuggerIsConfused => self.killed_for("its debugger sent what cannot be understood"),
        }
    }

    fn killed_for(&self, why: &str) -> i32 {
        self.diagnostics.line(format_args!("guest killed: {why}"));
        status::FAILURE
    }

    fn dump_core(&mut self, trap: Option<solo5_abi::Gpa>) {
        let Some(cores) = &self.cores else { return };
        let (folder, name) = cores.names();
        let path = [folder, b"/", name].concat();
        let dumped = match self.machine.registers() {
            Ok(registers) => cores.dump(self.memory, &registers, trap),
            Err(errno) => Err(errno),
        };
        match dumped {
            // Scripts look for the name at the end of the line.
            Ok(dumped) => {
                self.diagnostics.line(format_args!("core file: {}", Escaped(&path)));
                self.diagnostics.line(format_args!("dumped {} pages of {}", dumped.pages, dumped.total));
            }
            Err(errno) => {
                self.diagnostics.line(format_args!("core file {} cannot be written: {errno}", Quoted(&path)));
            }
        }
    }
}
