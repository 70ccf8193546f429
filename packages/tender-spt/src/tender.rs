//! The start-up sequence (ABI section 5.7).

use core::ffi::CStr;
use core::fmt;
use core::mem::offset_of;

use solo5_abi::Gpa;
use solo5_abi::limits::{DEFAULT_MEM_MIB, MFT_MAX_SIZE};
use solo5_abi::memory::{PAGE_SIZE, SPT_BOOT_INFO};
use solo5_abi::mft;
use solo5_abi::notes::AbiTarget;
use solo5_abi::spt::{ABI_VERSION, BootInfo, EpollEvent, TIMER_EVENT_ID};
use solo5_elf::Plan;
use tender_core::cli::{DeviceUsage, Invocation, Run, TenderOption, scan};
use tender_core::cmdline::Cmdline;
use tender_core::devices::{Attached, Devices, Properties};
use tender_core::diagnostics::{Diagnostics, Quoted};
use tender_core::image::ImageFile;
use tender_core::lifeline;
use tender_core::status;
use tender_core::syscall::{self, EPOLLIN, EPOLLRDHUP, Errno, Fd};

use crate::guest_memory::GuestMemory;
use crate::launch::Launch;
use crate::leftovers::ADDRESS_SPACE_END;
use crate::seccomp::rules;

/// Name of the program, should it have been started without one.
pub const PROGRAM: &str = "solo5-spt";

/// Most MiB a process can have; long before that the guest collides with the tender, which says so.
const MAX_MEM_MIB: u64 = ADDRESS_SPACE_END >> 20;

/// What is left to do.
#[derive(Debug)]
pub enum Outcome {
    /// End with this status; what there was to say has been said.
    Exit(i32),
    /// Become the guest.
    Launch(Launch),
}

/// An error that was reported.
struct Reported;

/// Does everything up to the point of no return. `words` is the whole command line, and `vdso` the
/// address of the code that the kernel lends to processes.
pub fn run<'a>(
    mut words: impl Iterator<Item = &'a CStr> + Clone,
    environment: impl Iterator<Item = &'a CStr>,
    vdso: Option<u64>,
) -> Outcome {
    let diagnostics = Diagnostics::new(words.next().map(CStr::to_bytes).unwrap_or_default(), PROGRAM);
    let run = match scan(words) {
        Ok(Invocation::Run(run)) => run,
        Ok(Invocation::Help) => {
            usage(&diagnostics);
            return Outcome::Exit(status::FAILURE);
        }
        Ok(Invocation::Version) => {
            let (program, release) = (diagnostics.program(), env!("CARGO_PKG_VERSION"));
            diagnostics.text(format_args!("{program} {release}\nABI version {ABI_VERSION}\n"));
            return Outcome::Exit(status::SUCCESS);
        }
        Err(error) => {
            diagnostics.line(format_args!("{error}"));
            usage(&diagnostics);
            return Outcome::Exit(status::FAILURE);
        }
    };
    match boot(&diagnostics, &run, lifeline::value_in(environment), vdso) {
        Ok(launch) => Outcome::Launch(launch),
        Err(Reported) => Outcome::Exit(status::FAILURE),
    }
}

fn boot<'a, W>(
    diagnostics: &Diagnostics<'_>,
    run: &Run<'a, W>,
    lifeline: Option<&[u8]>,
    vdso: Option<u64>,
) -> Result<Launch, Reported>
where
    W: Iterator<Item = &'a CStr> + Clone,
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
        .check(AbiTarget::Spt, ABI_VERSION, &mut buffer)
        .map_err(|error| fail(format_args!("{kernel}: {error}")))?;
    let mut devices = Devices::new(manifest);
    let options = options(diagnostics, run, &mut devices)?;
    let size = options.mem_mib << 20;

    let plan = Plan::new(&image, &header, size).map_err(|error| match error.needed_memory() {
        Some(bytes) if bytes > size => {
            let mib = bytes.div_ceil(1 << 20);
            fail(format_args!("{kernel}: cannot be loaded: {error}; it needs at least --mem={mib}"))
        }
        _ => fail(format_args!("{kernel}: cannot be loaded: {error}")),
    })?;
    devices.set_up().map_err(|error| fail(format_args!("{error}")))?;
    if devices.report_unattached(diagnostics) {
        return Err(fail(format_args!("{kernel}: not all of its devices are attached")));
    }
    let cmdline = Cmdline::new(run.args.clone()).map_err(|error| fail(format_args!("{error}")))?;

    let mut memory =
        GuestMemory::map(size, options.executable_heap).map_err(|error| fail(format_args!("{error}")))?;
    memory.load(&image, &plan).map_err(|error| fail(format_args!("{kernel}: cannot be loaded: {error}")))?;
    image.close();
    devices.close_others(lifeline).map_err(|errno| {
        fail(format_args!("descriptors that are no business of the guest's cannot be closed: {errno}"))
    })?;
    let (epoll, timer) = wait_set().map_err(|errno| fail(format_args!("timer cannot be set up: {errno}")))?;
    for device in devices.attached() {
        wait_for(epoll, device).map_err(|errno| {
            let (number, fd) = (device.handle, device.fd.number());
            fail(format_args!("device {number} cannot be waited for: descriptor {fd}: {errno}"))
        })?;
    }
    let mft_at = SPT_BOOT_INFO + size_of::<BootInfo>() as Gpa;
    let text = mft_at + manifest.bytes().len() as Gpa;
    memory.write(mft_at, manifest.bytes());
    for device in devices.attached() {
        leave_device(&mut memory, mft_at, &device);
    }
    let mut end = text;
    for piece in cmdline.pieces() {
        memory.write(end, piece);
        end += piece.len() as Gpa;
    }
    // The NUL is there: memory is fresh.
    let boot_info = BootInfo {
        mem_size: size,
        kernel_end: plan.kernel_end(),
        cmdline: text,
        mft: mft_at,
        epollfd: epoll.number(),
        timerfd: timer.number(),
    };
    leave_boot_info(&mut memory, &boot_info);
    if options.executable_heap {
        diagnostics.line(format_args!("warning: --x-exec-heap makes heap and stack of the guest executable"));
    }
    if devices.attached().any(|device| matches!(device.properties, Properties::Block { .. })) {
        // A file may be larger than what this process may write; a guest can be told so. A kernel that
        // refuses this leaves things as they were.
        let _ = syscall::survive_file_size_limit();
    }
    for warning in devices.warnings() {
        diagnostics.line(format_args!("{warning}"));
    }
    Launch::prepare(&mut memory, plan.entry(), rules(epoll, timer, devices.attached()), vdso)
        .map_err(|error| fail(format_args!("guest cannot be started: {error}")))
}

struct Options {
    mem_mib: u64,
    executable_heap: bool,
}

/// Second pass over the command line (ABI section 6.2). The last of repeated options wins.
fn options<'m, 'a: 'm, W>(
    diagnostics: &Diagnostics<'_>,
    run: &Run<'a, W>,
    devices: &mut Devices<'m>,
) -> Result<Options, Reported>
where
    W: Iterator<Item = &'a CStr> + Clone,
{
    let mut options = Options { mem_mib: DEFAULT_MEM_MIB, executable_heap: false };
    for word in run.options.clone() {
        match TenderOption::parse(word, MAX_MEM_MIB, 1) {
            Ok(Some(TenderOption::MemMib(mib))) => options.mem_mib = mib,
            Ok(Some(TenderOption::Device(option))) => {
                devices.apply(option).map_err(|error| {
                    diagnostics.line(format_args!("{error}"));
                    Reported
                })?;
            }
            Ok(None) if word == c"--x-exec-heap" => options.executable_heap = true,
            Ok(None) => {
                diagnostics.line(format_args!("unknown option {}", Quoted(word.to_bytes())));
                usage(diagnostics);
                return Err(Reported);
            }
            Err(error) => {
                diagnostics.line(format_args!("{error}"));
                return Err(Reported);
            }
        }
    }
    Ok(options)
}

/// A timer in a wait set (ABI section 5.5).
fn wait_set() -> Result<(Fd, Fd), Errno> {
    let epoll = syscall::epoll_create()?;
    let timer = syscall::timer_create()?;
    syscall::epoll_add(epoll, timer, EpollEvent { events: EPOLLIN, data: TIMER_EVENT_ID })?;
    Ok((epoll, timer))
}

/// A network device wakes its guest when there is a frame, by the device's handle (ABI section 5.5), and lets it tell
/// a datagram of no bytes from the end of a socket.
fn wait_for(epoll: Fd, device: Attached) -> Result<(), Errno> {
    match device.properties {
        Properties::Block { .. } => Ok(()),
        Properties::Net { .. } => {
            let events = EPOLLIN | EPOLLRDHUP;
            let event = EpollEvent { events, data: device.handle as u64 };
            syscall::epoll_add(epoll, device.fd, event)
        }
    }
}

/// Completes the entry of a device in the guest's copy of the manifest (ABI section 2.2): what the guest
/// learns about it, and the descriptor that it does its I/O with. What an image says there itself does
/// not count.
fn leave_device(memory: &mut GuestMemory, mft: Gpa, device: &Attached) {
    let entry = mft + (size_of::<mft::Header>() + device.handle * size_of::<mft::Entry>()) as Gpa;
    let mut backend = [0; 8];
    backend[..4].copy_from_slice(&device.fd.number().to_le_bytes());
    memory.write(entry + offset_of!(mft::Entry, properties) as Gpa, &device.properties.bytes());
    memory.write(entry + offset_of!(mft::Entry, backend) as Gpa, &backend);
    memory.write(entry + offset_of!(mft::Entry, attached) as Gpa, &[1]);
}

/// Writes boot info field by field, in the order of the record.
fn leave_boot_info(memory: &mut GuestMemory, boot_info: &BootInfo) {
    let BootInfo { mem_size, kernel_end, cmdline, mft, epollfd, timerfd } = *boot_info;
    let mut at = SPT_BOOT_INFO;
    for word in [mem_size, kernel_end, cmdline, mft] {
        memory.write(at, &word.to_le_bytes());
        at += 8;
    }
    for word in [epollfd, timerfd] {
        memory.write(at, &word.to_le_bytes());
        at += 4;
    }
    debug_assert_eq!(at, SPT_BOOT_INFO + size_of::<BootInfo>() as Gpa);
    const { assert!(SPT_BOOT_INFO.is_multiple_of(PAGE_SIZE)) };
}

fn usage(diagnostics: &Diagnostics<'_>) {
    let program = diagnostics.program();
    diagnostics.text(format_args!(
        "\
usage: {program} [options] [--] KERNEL [ARGS...]

Runs KERNEL, a Solo5 image for spt, as a process under a system call filter.
ARGS are the guest's, whatever they look like.

options:
  --mem=N         guest memory in MiB (default: {DEFAULT_MEM_MIB})
  --x-exec-heap   heap and stack of the guest are executable
  --version       release and ABI version
  --help          this text

modules: core block net

{DeviceUsage}

example:
  {program} --mem=64 --net:service=tap0 --block:storage=disk.img -- hello.spt --name=world
"
    ));
}
