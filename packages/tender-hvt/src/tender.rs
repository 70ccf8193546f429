//! The start-up sequence (ABI section 4.10), and the guest's life.
//!
//! What can be wrong with image, options and devices is told before KVM is asked for anything, so that
//! it is told on a host without KVM as well.

use std::convert::Infallible;
use std::error::Error;
use std::ffi::CStr;
use std::fmt;
use std::os::fd::AsRawFd as _;
use std::sync::{Arc, Barrier};

use rustix::event::epoll::EventFlags;
use solo5_abi::hvt::ABI_VERSION;
use solo5_abi::memory::{HVT_MEM_MAX, HVT_MEM_UNIT};
use solo5_abi::notes::AbiTarget;
use tender_core::diagnostics::{Diagnostics, Quoted};
use tender_core::prepare::{Room, Start, Target};
use tender_core::privileges;
use tender_core::seccomp::allow_only;
use tender_core::status::{self, Exit};
use tender_core::syscall::{self, Fd};
use tender_core::usage::Usage;
use vmm_sys_util::eventfd::EventFd;

use crate::boot::{Facts, MFT, leave_boot_info};
use crate::console::Console;
use crate::core_file::CoreFolder;
use crate::debugger::wait_for_debugger;
use crate::devices::DeviceTable;
use crate::guest_memory::GuestMemory;
use crate::hypercall::Hypercalls;
use crate::options::{self, Options};
use crate::paging::{Execution, RING, check_room, leave_tables};
use crate::privileges::{rules_for_all, rules_for_cores, rules_for_debugger, rules_for_devices};
use crate::ring::{Ring, worthwhile_spins};
use crate::run_loop::RunLoop;
use crate::signals;
use crate::virtual_machine::VirtualMachine;
use crate::wait::end_on_input;

/// The tender of this target.
pub const TARGET: Target = Target {
    program: "solo5-hvt",
    abi: AbiTarget::Hvt,
    abi_version: ABI_VERSION,
    mem_step_mib: HVT_MEM_UNIT >> 20,
    max_mem_mib: HVT_MEM_MAX >> 20,
    net_events: EventFlags::IN,
    usage: Usage {
        runs_as: "as a virtual machine under KVM",
        memory: ", in steps of 2",
        executable_heap: "heap, stack and data",
        options: options::USAGE,
        modules: " gdb dumpcore",
    },
};

/// Runs a guest to its end, and ends the process with it. `words` is the whole command line, `lifeline` what the
/// environment says of one.
///
/// # Errors
/// No guest was run.
pub fn run(
    words: impl Iterator<Item = &'static CStr> + Clone,
    lifeline: Option<&[u8]>,
) -> Result<Infallible, Exit> {
    let start = Start::read(&TARGET, words)?;
    let diagnostics = start.diagnostics();
    let mut options = Options::DEFAULT;
    let mut room = Room::default();
    let prepared = start.prepare(lifeline, &mut room, |word| options.take(word, &diagnostics))?;
    signals::handle(diagnostics)
        .map_err(|errno| start.fail(format_args!("signals cannot be handled: {errno}")))?;

    let mut memory = GuestMemory::map(prepared.mem_size).map_err(|error| start.fail(error))?;
    prepared.load(|image, plan| -> Result<(), Box<dyn Error>> {
        memory.load(image, plan)?;
        Ok(check_room(memory.segments())?)
    })?;
    let wait_set = prepared.wait_set()?;
    // For as long as the process lives, which is as long as the guest does.
    let memory: &'static GuestMemory = Box::leak(Box::new(memory));
    let machine = VirtualMachine::new(memory).map_err(|error| start.fail(error))?;
    privileges::give_up().map_err(|error| start.fail(error))?;
    // As the process is that will make the core.
    let cores = options.cores.map(CoreFolder::open).transpose().map_err(|error| {
        let folder = Quoted(options.cores.unwrap_or_default().to_bytes());
        start.fail(format_args!("--dumpcore: {folder} {error}"))
    })?;
    let execution = match (machine.can_forbid_execution(), prepared.executable_heap) {
        (false, _) => Execution::Everything,
        (true, true) => Execution::TextAndWritable,
        (true, false) => Execution::Text,
    };
    let devices = DeviceTable::new(prepared.attached());
    let ring = if options.net_ring && devices.any_net() {
        start_ring(&machine, memory, devices, diagnostics)
    } else {
        None
    };
    leave_tables(memory, memory.segments(), execution, ring.is_some());
    machine.set_up(prepared.plan.entry()).map_err(|error| start.fail(error))?;
    // The descriptors of devices are nobody's business but the tender's.
    let cmdline = prepared.leave_boot_data(MFT, |_fd| 0, |gpa, bytes| memory.leave(gpa, bytes));
    let (kernel_end, cpu_cycle_freq) = (prepared.plan.kernel_end(), machine.cpu_cycle_freq());
    leave_boot_info(memory, Facts { kernel_end, cpu_cycle_freq, cmdline, ring: ring.is_some() });

    prepared.warn();
    let mut rules = rules_for_all(machine.fd(), (wait_set.epoll, wait_set.timer));
    rules.extend(rules_for_devices(&devices, ring.map(|(_, event)| event)));
    if let Some(cores) = &cores {
        let (folder, pages) = cores.descriptors();
        rules.extend(rules_for_cores(folder, pages));
    }
    let deaf = |errno| start.fail(format_args!("--gdb: the debugger cannot be heard: {errno}"));
    let debugger = match options.debugger() {
        None => None,
        Some(port) => {
            let debugger = wait_for_debugger(port, start.image(), &diagnostics)
                .map_err(|error| start.fail(format_args!("--gdb: port {port} cannot be had: {error}")))?;
            end_on_input(wait_set, debugger.fd()).map_err(deaf)?;
            rules.extend(rules_for_debugger(machine.fd(), debugger.fd()));
            Some(debugger)
        }
    };
    let mut hypercalls = Hypercalls::new(memory, devices, wait_set, Console::new(Fd::STDOUT));
    if let Some((ring, _)) = ring {
        hypercalls = hypercalls.with_ring(ring);
    }
    let mut guest = RunLoop::new(machine, hypercalls, memory, cores, diagnostics);
    if let Some(debugger) = &debugger {
        debugger.interrupts(&mut guest).map_err(deaf)?;
    }
    allow_only(rules).map_err(|error| start.fail(format_args!("guest cannot be started: {error}")))?;
    let ended = debugger.and_then(|debugger| debugger.run(&mut guest));
    let ended = ended.unwrap_or_else(|| guest.run_to_end());
    // Here, and not by way of `main`: whoever cleans up needs system calls that are gone.
    syscall::exit(guest.bury(ended))
}

/// Sets up the network ring and the thread that serves it; nothing, with a warning, if this host cannot
/// have it: hypercalls always work.
fn start_ring(
    machine: &VirtualMachine<'_>,
    memory: &'static GuestMemory,
    devices: DeviceTable,
    diagnostics: Diagnostics<'static>,
) -> Option<(&'static Ring<'static>, Fd)> {
    let without = |why: &dyn fmt::Display| {
        diagnostics.line(format_args!("warning: no network ring: {why}; frames go through hypercalls"));
    };
    let event = EventFd::new(0).map_err(|error| without(&error)).ok()?;
    let fd = Fd::numbered(event.as_raw_fd());
    machine.kick_signals(&event).map_err(|errno| without(&errno)).ok()?;
    let ring: &'static Ring<'static> = Box::leak(Box::new(Ring::new(memory, RING, devices)));
    let spins = worthwhile_spins();
    let ready = Arc::new(Barrier::new(2));
    let started = Arc::clone(&ready);
    let serve = move || {
        // The kernel hears nothing more of this thread's start once it is here.
        started.wait();
        let error = ring.serve_forever(spins, || {
            let _ = event.read();
        });
        diagnostics.line(format_args!("guest killed: {error}"));
        syscall::exit(status::FAILURE)
    };
    std::thread::Builder::new().name("net ring".into()).spawn(serve).map_err(|error| without(&error)).ok()?;
    ready.wait();
    Some((ring, fd))
}
