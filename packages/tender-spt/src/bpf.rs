//! System call rules as a program for the kernel's filter machine.
//!
//! Not `seccompiler`: that needs an allocator and `std`, which this tender starts without. A test
//! holds both against each other.

use core::error::Error;
use core::fmt;

/// One instruction, `struct sock_filter` of the kernel.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// Instructions to skip if a test holds.
    pub jump_true: u8,
    /// Instructions to skip if it does not.
    pub jump_false: u8,
    /// The operand.
    pub operand: u32,
}

/// A system call that is allowed under some conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Number of the call.
    pub syscall: u32,
    /// The conditions, all of which have to hold.
    pub when: [Option<Condition>; MAX_CONDITIONS],
    /// Why a guest needs it.
    pub why: &'static str,
}

/// Most conditions of a rule.
pub const MAX_CONDITIONS: usize = 3;

/// A condition on one argument of a call, in all 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Which argument, counted from 0.
    pub argument: u32,
    /// What it has to be.
    pub test: Test,
}

/// What an argument has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// This value.
    Equal(u64),
    /// This value or less, without sign.
    AtMost(u64),
}

/// More instructions than the kernel takes, or than there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramTooLong {
    /// Room there was.
    pub room: usize,
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
/// Rules are tried in order, so the call a guest makes most should come first.
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
        let mut rest = conditions.clone().map(|condition| condition.test.len()).sum::<u8>();
        // The two behind the conditions: allow, and for the next rule the number of the call again,
        // which only conditions replace.
        let reload = u8::from(rest > 0);
        program.push(test_equal(rule.syscall, 0, rest + 1 + reload))?;
        for condition in conditions {
            rest -= condition.test.len();
            let fail = rest + 1;
            let at = DATA_ARGUMENTS + 8 * condition.argument;
            match condition.test {
                Test::Equal(value) => {
                    let [low, high] = halves(value);
                    program.push(load(at))?;
                    program.push(test_equal(low, 0, fail + 2))?;
                    program.push(load(at + 4))?;
                    program.push(test_equal(high, 0, fail))?;
                }
                Test::AtMost(value) => {
                    let [low, high] = halves(value);
                    program.push(load(at + 4))?;
                    program.push(test_greater(high, fail + 3, 0))?;
                    // Less in the high half: the low one does not matter.
                    program.push(test_equal(high, 0, 2))?;
                    program.push(load(at))?;
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

impl Test {
    /// Instructions it takes.
    const fn len(self) -> u8 {
        match self {
            Self::Equal(_) => 4,
            Self::AtMost(_) => 5,
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

impl fmt::Display for ProgramTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system call filter has more than {} instructions", self.room)
    }
}

impl Error for ProgramTooLong {}

#[cfg(test)]
mod tests;
