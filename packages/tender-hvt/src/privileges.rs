//! What is left of the tender's privileges when the guest runs (ABI section 4.11): the system calls below.
//! Anything else kills the process, all of its threads.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};
use tender_core::syscall::Fd;

use crate::devices::Devices;

/// A system call that is allowed, with what its arguments have to be.
#[derive(Clone, Debug)]
pub struct Rule {
    syscall: i64,
    /// Argument and value; the lower 32 bits count, as they do for the kernel in descriptors and requests.
    when: Vec<(u8, u32)>,
    #[expect(dead_code, reason = "for the reader, and for a debugger")]
    why: &'static str,
}

/// The kernel did not take the filter.
#[derive(Debug)]
pub struct FilterError(seccompiler::Error);

fn rule(syscall: libc::c_long, when: &[(u8, u32)], why: &'static str) -> Rule {
    Rule { syscall, when: when.to_vec(), why }
}

fn number(fd: Fd) -> u32 {
    fd.number().cast_unsigned()
}

/// What every guest needs, for its processor, console, clocks and end.
pub fn rules_for_all(vcpu: Fd, wait_set: (Fd, Fd)) -> Vec<Rule> {
    let (epoll, timer) = wait_set;
    let vcpu = number(vcpu);
    vec![
        rule(libc::SYS_ioctl, &[(0, vcpu), (1, request::RUN)], "the guest runs"),
        rule(libc::SYS_ioctl, &[(0, vcpu), (1, request::GET_REGS)], "where a guest was killed, and cores"),
        rule(libc::SYS_ioctl, &[(0, vcpu), (1, request::GET_SREGS)], "cores"),
        rule(libc::SYS_write, &[(0, number(Fd::STDOUT))], "the guest's console"),
        rule(libc::SYS_write, &[(0, number(Fd::STDERR))], "diagnostics"),
        rule(
            libc::SYS_poll,
            &[(1, 1)],
            "whether the console takes bytes, and the other end of a device is there",
        ),
        rule(libc::SYS_epoll_wait, &[(0, number(epoll))], "POLL"),
        rule(libc::SYS_timerfd_settime, &[(0, number(timer))], "POLL"),
        rule(libc::SYS_clock_gettime, &[(0, 0)], "WALLTIME, where the vdso cannot tell"),
        rule(libc::SYS_futex, &[], "the ring is served by two threads"),
        rule(libc::SYS_rt_sigreturn, &[], "handlers of signals return"),
        rule(libc::SYS_restart_syscall, &[], "a process that was stopped goes on"),
        rule(libc::SYS_exit_group, &[], "the end"),
    ]
}

/// What the devices of a guest need, and the descriptor that wakes the ring's thread.
pub fn rules_for_devices(devices: &Devices, ring_event: Option<Fd>) -> Vec<Rule> {
    let block = devices.blocks().flat_map(|block| {
        let fd = [(0, number(block.fd()))];
        [rule(libc::SYS_pread64, &fd, "BLOCK_READ"), rule(libc::SYS_pwrite64, &fd, "BLOCK_WRITE")]
    });
    let net = devices.nets().flat_map(|net| {
        let fd = [(0, number(net.fd()))];
        [rule(libc::SYS_read, &fd, "NET_READ"), rule(libc::SYS_write, &fd, "NET_WRITE")]
    });
    let event = ring_event.map(|fd| rule(libc::SYS_read, &[(0, number(fd))], "the ring's thread sleeps"));
    block.chain(net).chain(event).collect()
}

/// What dumping a core needs.
pub fn rules_for_cores(folder: Fd, pages: Option<Fd>) -> Vec<Rule> {
    let map = pages.map(|fd| rule(libc::SYS_pread64, &[(0, number(fd))], "which pages exist"));
    let file = [
        rule(libc::SYS_openat, &[(0, number(folder))], "the core is made"),
        rule(libc::SYS_pwrite64, &[], "it is written"),
        rule(libc::SYS_ftruncate, &[], "it gets its size"),
    ];
    map.into_iter().chain(file).collect()
}

/// What a debugger needs.
pub fn rules_for_debugger(vcpu: Fd, connection: Fd) -> Vec<Rule> {
    let (vcpu, connection) = ((0, number(vcpu)), [(0, number(connection))]);
    let requests = [request::SET_REGS, request::GET_FPU, request::SET_FPU, request::SET_GUEST_DEBUG];
    let requests =
        requests.map(|request| rule(libc::SYS_ioctl, &[vcpu, (1, request)], "registers and breakpoints"));
    let others = [
        rule(libc::SYS_recvfrom, &connection, "the debugger's packets"),
        rule(libc::SYS_sendto, &connection, "answers"),
        rule(libc::SYS_mprotect, &[], "breakpoints in protected pages"),
    ];
    requests.into_iter().chain(others).collect()
}

/// Gives up all system calls but what `rules` allow, for all threads and for good. Privileges have been given
/// up before.
///
/// # Errors
/// The kernel refused.
pub fn allow_only(rules: &[Rule]) -> Result<(), FilterError> {
    let filter = compile(rules).map_err(|error| FilterError(error.into()))?;
    seccompiler::apply_filter_all_threads(&filter).map_err(FilterError)
}

fn compile(rules: &[Rule]) -> Result<BpfProgram, seccompiler::BackendError> {
    let mut by_number: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for rule in rules {
        let alternatives = by_number.entry(rule.syscall).or_default();
        let conditions = rule.when.iter().map(|&(argument, value)| {
            SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value.into())
        });
        if !rule.when.is_empty() {
            alternatives.push(SeccompRule::new(conditions.collect::<Result<_, _>>()?)?);
        }
    }
    for rule in rules.iter().filter(|rule| rule.when.is_empty()) {
        // No rules of its own: allowed with any arguments.
        by_number.entry(rule.syscall).or_default().clear();
    }
    let (otherwise, allow) = (SeccompAction::KillProcess, SeccompAction::Allow);
    SeccompFilter::new(by_number, otherwise, allow, TargetArch::x86_64)?.try_into()
}

/// Requests of KVM, as numbers: direction, size of the argument, 0xAE, number.
mod request {
    use kvm_bindings::{kvm_fpu, kvm_guest_debug, kvm_regs, kvm_sregs};

    const READ: u32 = 2;
    const WRITE: u32 = 1;

    const fn request(direction: u32, size: usize, number: u32) -> u32 {
        assert!(size < 1 << 14);
        #[expect(clippy::cast_possible_truncation, reason = "the line above")]
        let size = size as u32;
        (direction << 30) | (size << 16) | (0xAE << 8) | number
    }

    /// `KVM_RUN`.
    pub const RUN: u32 = request(0, 0, 0x80);
    /// `KVM_GET_REGS`.
    pub const GET_REGS: u32 = request(READ, size_of::<kvm_regs>(), 0x81);
    /// `KVM_SET_REGS`.
    pub const SET_REGS: u32 = request(WRITE, size_of::<kvm_regs>(), 0x82);
    /// `KVM_GET_FPU`.
    pub const GET_FPU: u32 = request(READ, size_of::<kvm_fpu>(), 0x8C);
    /// `KVM_SET_FPU`.
    pub const SET_FPU: u32 = request(WRITE, size_of::<kvm_fpu>(), 0x8D);
    /// `KVM_SET_GUEST_DEBUG`.
    pub const SET_GUEST_DEBUG: u32 = request(WRITE, size_of::<kvm_guest_debug>(), 0x9B);
    /// `KVM_GET_SREGS`.
    pub const GET_SREGS: u32 = request(READ, size_of::<kvm_sregs>(), 0x83);
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the kernel refused the system call filter: {}; is seccomp switched off?", self.0)
    }
}

impl Error for FilterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
