//! The system calls of a guest (ABI section 5.4), and the reason for each.

use solo5_abi::spt::syscall::{
    ARCH_PRCTL, ARCH_SET_FS, CLOCK_GETTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, EPOLL_PWAIT, EXIT_GROUP,
    PREAD64, PWRITE64, READ, STDOUT, TIMERFD_SETTIME, WRITE,
};
use tender_core::devices::{Attached, Properties};
use tender_core::seccomp::{Condition, Rule};
use tender_core::syscall::Fd;

/// What a guest with these devices may do; whatever it does often comes first. Arguments are compared
/// in all 64 bits.
///
/// A block device that is read-only has the same rules: the kernel refuses to write to a descriptor
/// that was opened for reading, and the guest gets an error where a rule less would kill it.
pub fn rules(
    epoll: Fd,
    timer: Fd,
    devices: impl Iterator<Item = Attached> + Clone,
) -> impl Iterator<Item = Rule> {
    let waiting = [
        first(CLOCK_GETTIME, CLOCK_MONOTONIC, "solo5_clock_monotonic"),
        first(TIMERFD_SETTIME, number(timer), "solo5_yield arms the timer"),
        // No mask of signals: one would keep SIGTERM from the guest.
        Rule::new(
            EPOLL_PWAIT,
            [Condition::Equal(0, number(epoll)), Condition::Equal(4, 0)],
            "solo5_yield waits for timer and devices",
        ),
    ];
    let console = [
        first(WRITE, STDOUT, "solo5_console_write"),
        first(CLOCK_GETTIME, CLOCK_REALTIME, "solo5_clock_wall"),
    ];
    let rare =
        [first(ARCH_PRCTL, ARCH_SET_FS, "solo5_set_tls_base"), Rule::new(EXIT_GROUP, [], "solo5_exit")];
    let (nets, blocks) = (devices.clone().filter_map(net), devices.filter_map(block));
    waiting.into_iter().chain(nets.flatten()).chain(console).chain(blocks.flatten()).chain(rare)
}

/// Frames are of any length: the kernel has no more of one than fits, and refuses what is too long.
fn net(device: Attached) -> Option<[Rule; 2]> {
    let Properties::Net { .. } = device.properties else { return None };
    let fd = number(device.fd);
    Some([first(READ, fd, "solo5_net_read"), first(WRITE, fd, "solo5_net_write")])
}

/// One block, within the capacity: a file never grows.
fn block(device: Attached) -> Option<[Rule; 2]> {
    let Properties::Block { capacity, block_size } = device.properties else { return None };
    let block_size = u64::from(block_size);
    let when = [
        Condition::Equal(0, number(device.fd)),
        Condition::Equal(2, block_size),
        // Not negative: a device has at least one block.
        Condition::AtMost(3, capacity - block_size),
    ];
    Some([Rule::new(PREAD64, when, "solo5_block_read"), Rule::new(PWRITE64, when, "solo5_block_write")])
}

/// A call that is allowed if its first argument has one value.
const fn first(syscall: u32, value: u64, why: &'static str) -> Rule {
    Rule::new(syscall, [Condition::Equal(0, value)], why)
}

fn number(fd: Fd) -> u64 {
    u64::from(fd.number().cast_unsigned())
}

#[cfg(test)]
mod tests;
