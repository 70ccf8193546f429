//! What is left of the tender's privileges when the guest runs (ABI section 4.11): the system calls below.
//! Anything else kills the process, all of its threads. Only the lower 32 bits of an argument count, as for the
//! kernel.

use linux_raw_sys::general as calls;
use tender_core::seccomp::{Condition, Rule};
use tender_core::syscall::Fd;

use crate::devices::DeviceTable;

/// The first argument is this descriptor.
fn of(fd: Fd) -> Condition {
    Condition::LowEqual(0, fd.number().cast_unsigned())
}

/// The second argument is this request, or count.
const fn second(value: u32) -> Condition {
    Condition::LowEqual(1, value)
}

/// What every guest needs, for its processor, console, clocks and end.
pub fn rules_for_all(vcpu: Fd, wait_set: (Fd, Fd)) -> Vec<Rule> {
    let (epoll, timer) = wait_set;
    let request = |number, why| Rule::new(calls::__NR_ioctl, [of(vcpu), second(number)], why);
    vec![
        request(request::RUN, "the guest runs"),
        request(request::GET_REGS, "where a guest was killed, and cores"),
        request(request::GET_SREGS, "cores"),
        Rule::new(calls::__NR_write, [of(Fd::STDOUT)], "the guest's console"),
        Rule::new(calls::__NR_write, [of(Fd::STDERR)], "diagnostics"),
        Rule::new(
            calls::__NR_poll,
            [second(1)],
            "whether the console takes bytes, and the other end of a device is there",
        ),
        Rule::new(calls::__NR_epoll_wait, [of(epoll)], "POLL"),
        Rule::new(calls::__NR_timerfd_settime, [of(timer)], "POLL"),
        Rule::new(
            calls::__NR_clock_gettime,
            [Condition::LowEqual(0, calls::CLOCK_REALTIME)],
            "WALLTIME, where the vdso cannot tell",
        ),
        Rule::new(calls::__NR_futex, [], "the ring is served by two threads"),
        Rule::new(calls::__NR_rt_sigreturn, [], "handlers of signals return"),
        Rule::new(calls::__NR_restart_syscall, [], "a process that was stopped goes on"),
        Rule::new(calls::__NR_exit_group, [], "the end"),
    ]
}

/// What the devices of a guest need, and the descriptor that wakes the ring's thread.
pub fn rules_for_devices(devices: &DeviceTable, ring_event: Option<Fd>) -> Vec<Rule> {
    let block = devices.blocks().flat_map(|block| {
        let fd = [of(block.fd())];
        [Rule::new(calls::__NR_pread64, fd, "BLOCK_READ"), Rule::new(calls::__NR_pwrite64, fd, "BLOCK_WRITE")]
    });
    let net = devices.nets().flat_map(|net| {
        let fd = [of(net.fd())];
        [Rule::new(calls::__NR_read, fd, "NET_READ"), Rule::new(calls::__NR_write, fd, "NET_WRITE")]
    });
    let event = ring_event.map(|fd| Rule::new(calls::__NR_read, [of(fd)], "the ring's thread sleeps"));
    block.chain(net).chain(event).collect()
}

/// What dumping a core needs.
pub fn rules_for_cores(folder: Fd, pages: Option<Fd>) -> Vec<Rule> {
    let map = pages.map(|fd| Rule::new(calls::__NR_pread64, [of(fd)], "which pages exist"));
    let file = [
        Rule::new(calls::__NR_openat, [of(folder)], "the core is made"),
        Rule::new(calls::__NR_pwrite64, [], "it is written"),
        Rule::new(calls::__NR_ftruncate, [], "it gets its size"),
    ];
    map.into_iter().chain(file).collect()
}

/// What a debugger needs.
pub fn rules_for_debugger(vcpu: Fd, connection: Fd) -> Vec<Rule> {
    let requests =
        [request::SET_REGS, request::GET_FPU, request::SET_FPU, request::SET_GUEST_DEBUG].map(|request| {
            Rule::new(calls::__NR_ioctl, [of(vcpu), second(request)], "registers and breakpoints")
        });
    let others = [
        Rule::new(calls::__NR_recvfrom, [of(connection)], "the debugger's packets"),
        Rule::new(calls::__NR_sendto, [of(connection)], "answers"),
        Rule::new(calls::__NR_mprotect, [], "breakpoints in protected pages"),
    ];
    requests.into_iter().chain(others).collect()
}

/// Requests of KVM, as numbers.
mod request {
    use kvm_bindings::{kvm_fpu, kvm_guest_debug, kvm_regs, kvm_sregs};
    use rustix::ioctl::opcode::{none, read, write};

    const KVMIO: u8 = 0xAE;

    /// `KVM_RUN`.
    pub const RUN: u32 = none(KVMIO, 0x80);
    /// `KVM_GET_REGS`.
    pub const GET_REGS: u32 = read::<kvm_regs>(KVMIO, 0x81);
    /// `KVM_SET_REGS`.
    pub const SET_REGS: u32 = write::<kvm_regs>(KVMIO, 0x82);
    /// `KVM_GET_SREGS`.
    pub const GET_SREGS: u32 = read::<kvm_sregs>(KVMIO, 0x83);
    /// `KVM_GET_FPU`.
    pub const GET_FPU: u32 = read::<kvm_fpu>(KVMIO, 0x8C);
    /// `KVM_SET_FPU`.
    pub const SET_FPU: u32 = write::<kvm_fpu>(KVMIO, 0x8D);
    /// `KVM_SET_GUEST_DEBUG`.
    pub const SET_GUEST_DEBUG: u32 = write::<kvm_guest_debug>(KVMIO, 0x9B);
}
