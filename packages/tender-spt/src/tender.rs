//! The start-up sequence (ABI section 5.7).

use core::ffi::CStr;

use rustix::event::epoll::EventFlags;
use solo5_abi::Gpa;
use solo5_abi::memory::{PAGE_SIZE, SPT_BOOT_INFO};
use solo5_abi::notes::AbiTarget;
use solo5_abi::spt::{ABI_VERSION, BootInfo};
use tender_core::lifeline;
use tender_core::prepare::{Room, Start, Target};
use tender_core::status::Exit;
use tender_core::syscall::Fd;
use tender_core::usage::Usage;

use crate::guest_memory::GuestMemory;
use crate::launch::Launch;
use crate::leftovers::ADDRESS_SPACE_END;
use crate::seccomp::rules;

/// The tender of this target.
pub const TARGET: Target = Target {
    program: "solo5-spt",
    abi: AbiTarget::Spt,
    abi_version: ABI_VERSION,
    mem_step_mib: 1,
    // What a process can have; long before that the guest collides with the tender, which says so.
    max_mem_mib: ADDRESS_SPACE_END >> 20,
    // The guest has to tell a datagram of no bytes from the end of a socket.
    net_events: EventFlags::IN.union(EventFlags::RDHUP),
    usage: Usage {
        runs_as: "as a process under a system call filter",
        memory: "",
        executable_heap: "heap and stack",
        options: "",
        modules: "",
    },
};

/// Does everything up to the point of no return. `words` is the whole command line, and `vdso` the
/// address of the code that the kernel lends to processes.
///
/// # Errors
/// There is no guest to become.
pub fn run<'a>(
    words: impl Iterator<Item = &'a CStr> + Clone,
    environment: impl Iterator<Item = &'a CStr>,
    vdso: Option<u64>,
) -> Result<Launch, Exit> {
    let start = Start::read(&TARGET, words)?;
    let mut room = Room::default();
    let guest = start.prepare(lifeline::value_in(environment), &mut room, |_| Ok(false))?;
    let mut memory =
        GuestMemory::map(guest.mem_size, guest.executable_heap).map_err(|error| start.fail(error))?;
    guest.load(|image, plan| memory.load(image, plan))?;
    let wait_set = guest.wait_set()?;
    let mft = SPT_BOOT_INFO + size_of::<BootInfo>() as Gpa;
    // The guest does its I/O with the descriptors of its devices.
    let backend = |fd: Fd| u64::from(fd.number().cast_unsigned());
    let cmdline = guest.leave_boot_data(mft, backend, |gpa, bytes| memory.write(gpa, bytes));
    let boot_info = BootInfo {
        mem_size: guest.mem_size,
        kernel_end: guest.plan.kernel_end(),
        cmdline,
        mft,
        epollfd: wait_set.epoll.number(),
        timerfd: wait_set.timer.number(),
    };
    leave_boot_info(&mut memory, &boot_info);
    guest.warn();
    Launch::prepare(
        &mut memory,
        guest.plan.entry(),
        rules(wait_set.epoll, wait_set.timer, guest.attached()),
        vdso,
    )
    .map_err(|error| start.fail(format_args!("guest cannot be started: {error}")))
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
