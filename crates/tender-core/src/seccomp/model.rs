//! The kernel's filter machine, for tests: what it decides about a call, without a process that dies.

use super::{
    ARCH_X86_64, DATA_ARCH, DATA_NUMBER, Instruction, JUMP_EQUAL, JUMP_GREATER, LOAD_WORD, MAX_INSTRUCTIONS,
    RETURN, RETURN_ALLOW, RETURN_KILL_PROCESS, halves,
};

const JUMP_ALWAYS: u16 = 0x05;
const JUMP_NOT_LESS: u16 = 0x35;

/// What the kernel shows to a filter.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The ABI it is made by.
    pub arch: u32,
    /// Its number.
    pub number: u32,
    /// Its arguments.
    pub arguments: [u64; 6],
}

impl Call {
    /// A call by the native ABI.
    #[must_use]
    pub const fn native(number: u32, arguments: [u64; 6]) -> Self {
        Self { arch: ARCH_X86_64, number, arguments }
    }

    fn word(&self, offset: u32) -> u32 {
        match offset {
            DATA_NUMBER => self.number,
            DATA_ARCH => self.arch,
            _ => halves(self.arguments[(offset as usize - 16) / 8])[(offset as usize / 4) % 2],
        }
    }
}

/// Whether `program` allows a call, or kills the process.
///
/// # Panics
/// It is none that this crate or `seccompiler` makes.
#[must_use]
pub fn allows(program: &[Instruction], call: &Call) -> bool {
    let (mut at, mut accumulator) = (0, 0);
    for _ in 0..=MAX_INSTRUCTIONS {
        let Instruction { code, jump_true, jump_false, operand } = program[at];
        at += 1;
        let holds = match (code, operand) {
            (LOAD_WORD, offset) => {
                accumulator = call.word(offset);
                continue;
            }
            (JUMP_ALWAYS, skip) => {
                at += skip as usize;
                continue;
            }
            (RETURN, RETURN_ALLOW) => return true,
            (RETURN, RETURN_KILL_PROCESS) => return false,
            (JUMP_EQUAL, value) => accumulator == value,
            (JUMP_GREATER, value) => accumulator > value,
            (JUMP_NOT_LESS, value) => accumulator >= value,
            _ => panic!("{:?}", program[at - 1]),
        };
        at += usize::from(if holds { jump_true } else { jump_false });
    }
    panic!("the program does not end");
}
