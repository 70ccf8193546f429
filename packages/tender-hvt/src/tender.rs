//! The start-up sequence (ABI section 4.10), and the guest's life.
//!
//! What can be wrong with image, options and devices is told before KVM is asked for anything, so that
//! it is told on a host without KVM as well.

use std::convert::Infallible;
use std::ffi::CStr;
use std::fmt;
use std::os::fd::AsRawFd as _;
use std::sync::{Arc, Barrier};

use solo5_abi::hvt::ABI_VERSION;
use solo5_abi::limits::MFT_MAX_SIZE;
use solo5_abi::memory::HVT_MEM_UNIT;
use solo5_abi::notes::AbiTarget;
use solo5_elf::Plan;
use tender_core::cli::{Invocation, Run, scan};
use tender_core::cmdline::Cmdline;
use tender_core::devices::{Devices as Declared, Properties};
use tender_core::diagnostics::{Diagnostics, Quoted};
use tender_core::image::ImageFile;
use tender_core::lifeline;
use tender_core::privileges;
use tender_core::status;
use tender_core::syscall::{self, Fd};
use vmm_sys_util::eventfd::EventFd;

use crate::boot::{Facts, leave_boot_info};
use crate::console::Console;
use crate::core_file::CoreFolder;
use crate::debugger::wait_for_debugger;
use crate::devices::{Devices, WaitSet};
use crate::guest::Guest;
use crate::guest_memory::GuestMemory;
use crate::hypercall::Hypercalls;
use crate::machine::Machine;
use crate::options::{Reported, options, usage};
use crate::paging::{Execution, RING, check_room, leave_tables};
use crate::privileges::{allow_only, rules_for_all, rules_for_cores, rules_for_debugger, rules_for_devices};
use crate::ring::{Ring, worthwhile_spins};
use crate::signals;

/// Name of the program, should it have been started without one.
pub const PROGRAM: &str = "solo5-hvt";

/// Runs a guest to its end; the exit status. `words` is the whole command line, `lifeline` what the environment says
/// of one.
pub fn run(mut words: impl Iterator<Item = &'static CStr> + Clone, lifeline: Option<&[u8]>) -> i32 {
    let diagnostics = Diagnostics::new(words.next().map(CStr::to_bytes).unwrap_or_default(), PROGRAM);
    let run = match scan(words) {
        Ok(Invocation::Run(run)) => run,
        Ok(Invocation::Help) => {
            usage(&diagnostics);
            return status::FAILURE;
        }
        Ok(Invocation::Version) => {
            let (program, release) = (diagnostics.program(), env!("CARGO_PKG_VERSION"));
            diagnostics.text(format_args!("{program} {release}\nABI version {ABI_VERSION}\n"));
            return status::SUCCESS;
        }
        Err(error) => {
            diagnostics.line(format_args!("{error}"));
            usage(&diagnostics);
            return status::FAILURE;
        }
    };
    match boot_and_run(diagnostics, &run, lifeline) {
        Err(Reported) => status::FAILURE,
    }
}

fn boot_and_run<W>(
    diagnostics: Diagnostics<'static>,
    run: &Run<'static, W>,
    lifeline: Option<&[u8]>,
) -> Result<Infallible, Reported>
where
    W: Iterator<Item = &'static CStr> + Clone,
{
    let fail = |message: fmt::Arguments<'_>| {
        diagnostics.line(message);
        Reported
    };
    let kernel = Quoted(run.kernel.to_bytes());
    if syscall::personality().is_ok_and(|flags| flags & syscall::READ_IMPLIES_EXEC != 0) {
        return Err(fail(format_args!(
            "personality READ_IMPLIES_EXEC is set, which would make all memory executable: run without setarch -X"
        )));
    }
    let lifeline = lifeline.map(lifeline::hold).transpose().map_err(|error| fail(format_args!("{error}")))?;
    let image = ImageFile::open(run.kernel)
        .map_err(|error| fail(format_args!("{kernel}: cannot be opened: {error}")))?;
    let mut buffer = [0; MFT_MAX_SIZE];
    let (header, manifest) = image
        .check(AbiTarget::Hvt, ABI_VERSION, &mut buffer)
        .map_err(|error| fail(format_args!("{kernel}: {error}")))?;
    let mut declared = Declared::new(manifest);
    let options = options(&diagnostics, run, &mut declared)?;
    signals::handle(diagnostics).map_err(|errno| fail(format_args!("signals cannot be handled: {errno}")))?;

    let plan = Plan::new(&image, &header, options.mem_size).map_err(|error| match error.needed_memory() {
        Some(bytes) if bytes > options.mem_size => {
            let mib = bytes.div_ceil(HVT_MEM_UNIT).saturating_mul(HVT_MEM_UNIT) >> 20;
            fail(format_args!("{kernel}: cannot be loaded: {error}; it needs at least --mem={mib}"))
        }
        _ => fail(format_args!("{kernel}: cannot be loaded: {error}")),
    })?;
    declared.set_up().map_err(|error| fail(format_args!("{error}")))?;
    if declared.report_unattached(&diagnostics) {
        return Err(fail(format_args!("{kernel}: not all of its devices are attached")));
    }
    let cmdline = Cmdline::new(run.args.clone()).map_err(|error| fail(format_args!("{error}")))?;

    let mut memory = GuestMemory::map(options.mem_size).map_err(|error| fail(format_args!("{error}")))?;
    memory.load(&image, &plan).map_err(|error| fail(format_args!("{kernel}: cannot be loaded: {error}")))?;
    image.close();
    check_room(memory.segments())
        .map_err(|error| fail(format_args!("{kernel}: cannot be loaded: {error}")))?;
    declared.close_others(lifeline).map_err(|errno| {
        fail(format_args!("descriptors that are no business of the guest's cannot be closed: {errno}"))
    })?;
    let wait_set = WaitSet::new(declared.attached()).map_err(|error| fail(format_args!("{error}")))?;
    // For as long as the process lives, which is as long as the guest does.
    let memory: &'static GuestMemory = Box::leak(Box::new(memory));
    let machine = Machine::new(memory).map_err(|error| fail(format_args!("{error}")))?;
    privileges::give_up().map_err(|error| fail(format_args!("{error}")))?;
    // As the process is that will make the core.
    let cores = open_cores(options.cores, fail)?;
    let execution = match (machine.can_forbid_execution(), options.executable_heap) {
        (false, _) => Execution::Everything,
        (true, true) => Execution::TextAndWritable,
        (true, false) => Execution::Text,
    };
    let devices = Devices::new(declared.attached());
    let ring = if options.net_ring && devices.any_net() {
        start_ring(&machine, memory, devices, diagnostics)
    } else {
        None
    };
    leave_tables(memory, memory.segments(), execution, ring.is_some());
    machine.set_up(plan.entry()).map_err(|error| fail(format_args!("{error}")))?;
    let facts = Facts {
        kernel_end: plan.kernel_end(),
        cpu_cycle_freq: machine.cpu_cycle_freq(),
        ring: ring.map(|_| RING),
    };
    leave_boot_info(memory, facts, &manifest, declared.attached(), &cmdline);

    if options.executable_heap {
        diagnostics
            .line(format_args!("warning: --x-exec-heap makes heap, stack and data of the guest executable"));
    }
    if declared.attached().any(|device| matches!(device.properties, Properties::Block { .. })) {
        // A file may be larger than what this process may write; a guest can be told so. A kernel that
        // refuses this leaves things as they were.
        let _ = syscall::survive_file_size_limit();
    }
    for warning in declared.warnings() {
        diagnostics.line(format_args!("{warning}"));
    }
    let mut rules = rules_for_all(machine.fd(), wait_set.descriptors());
    rules.extend(rules_for_devices(&devices, ring.map(|(_, event)| event)));
    if let Some(cores) = &cores {
        let (folder, pages) = cores.descriptors();
        rules.extend(rules_for_cores(folder, pages));
    }
    let debugger = match options.debugger {
        None => None,
        Some(port) => {
            let debugger = wait_for_debugger(port, run.kernel, &diagnostics)
                .map_err(|error| fail(format_args!("--gdb: port {port} cannot be had: {error}")))?;
            wait_set
                .end_on_input(debugger.fd())
                .map_err(|errno| fail(format_args!("--gdb: the debugger cannot be heard: {errno}")))?;
            rules.extend(rules_for_debugger(machine.fd(), debugger.fd()));
            Some(debugger)
        }
    };
    let mut hypercalls = Hypercalls::new(memory, devices, wait_set, Console::new(Fd::STDOUT));
    if let Some((ring, _)) = ring {
        hypercalls = hypercalls.with_ring(ring);
    }
    let mut guest = Guest::new(machine, hypercalls, memory, cores, diagnostics);
    if let Some(debugger) = &debugger {
        debugger
            .interrupts(&mut guest)
            .map_err(|errno| fail(format_args!("--gdb: the debugger cannot be heard: {errno}")))?;
    }
    allow_only(&rules).map_err(|error| fail(format_args!("guest cannot be started: {error}")))?;
    let ended = debugger.and_then(|debugger| debugger.run(&mut guest));
    let ended = ended.unwrap_or_else(|| guest.run_to_end());
    // Here, and not by way of `main`: whoever cleans up needs system calls that are gone.
    syscall::exit(guest.bury(ended))
}

/// Opens the folder of `--dumpcore`.
fn open_cores(
    folder: Option<&'static CStr>,
    fail: impl Fn(fmt::Arguments<'_>) -> Reported,
) -> Result<Option<CoreFolder>, Reported> {
    let Some(folder) = folder else { return Ok(None) };
    let opened = CoreFolder::open(folder);
    opened.map(Some).map_err(|error| fail(format_args!("--dumpcore: {} {error}", Quoted(folder.to_bytes()))))
}

/// Sets up the network ring and the thread that serves it; nothing, with a warning, if this host cannot
/// have it: hypercalls always work.
fn start_ring(
    machine: &Machine<'_>,
    memory: &'static GuestMemory,
    devices: Devices,
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
