//! The system calls that are left to a process, as rules, and the rules as a program for the kernel's filter machine
//! (ABI sections 4.11, 5.4).
//!
//! Without an allocator, which the spt tender starts without. Tests hold the programs against [`model`], and against
//! those that `seccompiler` makes of the same rules.

use rustix::thread::set_no_new_privs;
use thiserror::Error;

use crate::syscall::{self, Errno};

pub mod model;

pub use crate::syscall::Instruction;

/// A system call that is allowed under some conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Number of the call.
    pub syscall: u32,
    /// The conditions, all of which have to hold.
    pub when: [Option<Condition>; MAX_CONDITIONS],
    /// Why it is needed.
    pub why: &'static str,
}

/// Most conditions of a rule.
pub const MAX_CONDITIONS: usize = 3;

/// A condition on one argument of a call, and which one, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It has this value, in all 64 bits.
    Equal(u8, u64),
    /// It has this value in the lower 32 bits, which are all that the kernel looks at in descriptors and requests.
    LowEqual(u8, u32),
    /// It has this value or less, without sign.
    AtMost(u8, u64),
}

impl Rule {
    /// Allows `syscall` if all of `when` hold.
    #[must_use]
    pub const fn new<const N: usize>(syscall: u32, when: [Condition; N], why: &'static str) -> Self {
        const { assert!(N <= MAX_CONDITIONS) };
        let mut conditions = [None; MAX_CONDITIONS];
        let mut at = 0;
        while at < N {
            conditions[at] = Some(when[at]);
            at += 1;
        }
        Self { syscall, when: conditions, why }
    }
}

/// More instructions than the kernel takes, or than there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("system call filter has more than {room} instructions")]
pub struct ProgramTooLong {
    /// Room there was.
    pub room: usize,
}

/// Why a process keeps all of its system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FilterError {
    /// There are too many rules.
    #[error(transparent)]
    TooLong(#[from] ProgramTooLong),
    /// The kernel did not take the filter.
    #[error("the kernel refused the system call filter: {0}; is seccomp switched off?")]
    Refused(#[from] Errno),
    /// One of the threads, the one of this number, has a filter of its own.
    #[error(
        "the kernel refused the system call filter: thread {0} has another one; is seccomp switched off?"
    )]
    Thread(u32),
}

/// Most instructions of a program: `BPF_MAXINSNS`.
pub const MAX_INSTRUCTIONS: usize = 4096;

const LOAD_WORD: u16 = 0x20;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER: u16 = 0x25;
const RETURN: u16 = 0x06;

/// `AUDIT_ARCH_X86_64`: calls by the native ABI. x32 calls come with it, too, but with bit 30 set in
/// the number, so that they equal none of ours.
const ARCH_X86_64: u32 = 0xC000_003E;
const RETURN_ALLOW: u32 = 0x7FFF_0000;
const RETURN_KILL_PROCESS: u32 = 0x8000_0000;

/// Offsets in the kernel's `struct seccomp_data`.
const DATA_NUMBER: u32 = 0;
const DATA_ARCH: u32 = 4;
const DATA_ARGUMENTS: u32 = 16;

/// Writes a program into `room` that allows what some rule of `rules` allows, and kills the process
/// for anything else. Returns how many instructions it has.
///
/// Rules are tried in order, so the call that is made most should come first.
///
/// # Errors
/// `room` is too small.
pub fn compile(rules: impl Iterator<Item = Rule>, room: &mut [Instruction]) -> Result<usize, ProgramTooLong> {
    let mut program = Program { room, len: 0 };
    program.push(load(DATA_ARCH))?;
    program.push(test_equal(ARCH_X86_64, 1, 0))?;
    program.push(finish(RETURN_KILL_PROCESS))?;
    program.push(load(DATA_NUMBER))?;
    for rule in rules {
        let conditions = rule.when.iter().flatten();
        // Instructions still to come before the end of the rule: a test that fails skips them.
        let mut rest = conditions.clone().map(Condition::len).sum::<u8>();
        // The two behind the conditions: allow, and for the next rule the number of the call again,
        // which only conditions replace.
        let reload = u8::from(rest > 0);
        program.push(test_equal(rule.syscall, 0, rest + 1 + reload))?;
        for condition in conditions {
            rest -= condition.len();
            let fail = rest + 1;
            match *condition {
                Condition::Equal(argument, value) => {
                    let [low, high] = halves(value);
                    program.push(load_low(argument))?;
                    program.push(test_equal(low, 0, fail + 2))?;
                    program.push(load_high(argument))?;
                    program.push(test_equal(high, 0, fail))?;
                }
                Condition::LowEqual(argument, value) => {
                    program.push(load_low(argument))?;
                    program.push(test_equal(value, 0, fail))?;
                }
                Condition::AtMost(argument, value) => {
                    let [low, high] = halves(value);
                    program.push(load_high(argument))?;
                    program.push(test_greater(high, fail + 3, 0))?;
                    // Less in the high half: the low one does not matter.
                    program.push(test_equal(high, 0, 2))?;
                    program.push(load_low(argument))?;
                    program.push(test_greater(low, fail, 0))?;
                }
            }
        }
        program.push(finish(RETURN_ALLOW))?;
        if reload != 0 {
            program.push(load(DATA_NUMBER))?;
        }
    }
    program.push(finish(RETURN_KILL_PROCESS))?;
    Ok(program.len)
}

/// Gives up all system calls but what `rules` allow, for all threads and for good, and every way to gain privileges,
/// without which the kernel would not take a filter. Any other call kills the process.
///
/// # Errors
/// There are too many rules, or the kernel refused.
pub fn allow_only(rules: impl IntoIterator<Item = Rule>) -> Result<(), FilterError> {
    let mut room = [finish(RETURN_KILL_PROCESS); MAX_INSTRUCTIONS];
    let len = compile(rules.into_iter(), &mut room)?;
    set_no_new_privs(true).map_err(Errno::from)?;
    syscall::filter_all_threads(&room[..len])?.map_or(Ok(()), |thread| Err(FilterError::Thread(thread)))
}

impl Condition {
    /// Instructions it takes.
    const fn len(&self) -> u8 {
        match self {
            Self::LowEqual(..) => 2,
            Self::Equal(..) => 4,
            Self::AtMost(..) => 5,
        }
    }
}

struct Program<'a> {
    room: &'a mut [Instruction],
    len: usize,
}

impl Program<'_> {
    fn push(&mut self, instruction: Instruction) -> Result<(), ProgramTooLong> {
        let room = self.room.len().min(MAX_INSTRUCTIONS);
        let slot = self.room[..room].get_mut(self.len).ok_or(ProgramTooLong { room })?;
        *slot = instruction;
        self.len += 1;
        Ok(())
    }
}

const fn load(offset: u32) -> Instruction {
    Instruction { code: LOAD_WORD, jump_true: 0, jump_false: 0, operand: offset }
}

fn load_low(argument: u8) -> Instruction {
    load(DATA_ARGUMENTS + 8 * u32::from(argument))
}

fn load_high(argument: u8) -> Instruction {
    load(DATA_ARGUMENTS + 8 * u32::from(argument) + 4)
}

const fn test_equal(operand: u32, jump_true: u8, jump_false: u8) -> Instruction {
    Instruction { code: JUMP_EQUAL, jump_true, jump_false, operand }
}

const fn test_greater(operand: u32, jump_true: u8, jump_false: u8) -> Instruction {
    Instruction { code: JUMP_GREATER, jump_true, jump_false, operand }
}

const fn finish(action: u32) -> Instruction {
    Instruction { code: RETURN, jump_true: 0, jump_false: 0, operand: action }
}

/// The low and the high 32 bits.
const fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}
