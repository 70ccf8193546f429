//! The filter, run by a model of the kernel's filter machine, and held against `seccompiler`'s.

use std::collections::BTreeMap;

use super::*;
use crate::seccomp::{RULES, rules};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

/// What the kernel shows to a filter.
#[derive(Clone, Copy, Debug)]
struct Call {
    arch: u32,
    number: u32,
    arguments: [u64; 6],
}

impl Call {
    fn native(number: u32, first: u64) -> Self {
        Self { arch: ARCH_X86_64, number, arguments: [first, 0, 0, 0, 0, 0] }
    }

    fn word(&self, offset: u32) -> u32 {
        match offset {
            DATA_NUMBER => self.number,
            DATA_ARCH => self.arch,
            _ => halves(self.arguments[(offset as usize - 16) / 8])[(offset as usize / 4) % 2],
        }
    }
}

/// Runs a program of the instructions that filters of equality tests are made of.
fn verdict(program: &[Instruction], call: &Call) -> u32 {
    let (mut at, mut accumulator) = (0, 0);
    for _ in 0..=MAX_INSTRUCTIONS {
        let instruction = program[at];
        at += 1;
        let holds = match instruction.code {
            LOAD_WORD => {
                accumulator = call.word(instruction.operand);
                continue;
            }
            JUMP_EQUAL => accumulator == instruction.operand,
            0x05 => {
                at += instruction.operand as usize;
                continue;
            }
            RETURN => return instruction.operand,
            other => panic!("instruction {other:#x}"),
        };
        at += usize::from(if holds { instruction.jump_true } else { instruction.jump_false });
    }
    panic!("the program does not end");
}

fn guest_rules() -> [Rule; RULES] {
    rules(5, 6)
}

fn compiled(rules: &[Rule]) -> Vec<Instruction> {
    let mut room = vec![Instruction::KILL; MAX_INSTRUCTIONS];
    let len = compile(rules, &mut room).unwrap();
    room.truncate(len);
    room
}

fn by_seccompiler(rules: &[Rule]) -> Vec<Instruction> {
    let mut table: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for rule in rules {
        let alternatives = table.entry(i64::from(rule.syscall)).or_default();
        if let When::Argument(index, value) = rule.when {
            let index = u8::try_from(index).unwrap();
            let condition =
                SeccompCondition::new(index, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, value).unwrap();
            alternatives.push(SeccompRule::new(vec![condition]).unwrap());
        }
    }
    let filter =
        SeccompFilter::new(table, SeccompAction::KillProcess, SeccompAction::Allow, TargetArch::x86_64)
            .unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    program
        .iter()
        .map(|i| Instruction { code: i.code, jump_true: i.jt, jump_false: i.jf, operand: i.k })
        .collect()
}

#[test]
fn allows_what_a_guest_needs_and_kills_for_everything_else() {
    let rules = guest_rules();
    let program = compiled(&rules);
    for (number, first, allowed) in [
        (1, 1, true),
        (1, 0, false),
        (1, 2, false),
        (1, 1 << 32 | 1, false),
        (231, 0, true),
        (231, u64::MAX, true),
        (281, 5, true),
        (281, 6, false),
        (286, 6, true),
        (286, 1 << 32 | 6, false),
        (228, 0, true),
        (228, 1, true),
        (228, 4, false),
        (158, 0x1002, true),
        (158, 0x1003, false),
        (32, 0, false),
        (0, 0, false),
        (0x4000_0001, 1, false),
        (0x4000_00E7, 0, false),
        (u32::MAX, 0, false),
    ] {
        let expected = if allowed { RETURN_ALLOW } else { RETURN_KILL_PROCESS };
        assert_eq!(verdict(&program, &Call::native(number, first)), expected, "call {number:#x}({first:#x})");
    }
}

#[test]
fn kills_for_calls_by_any_other_abi() {
    let program = compiled(&guest_rules());
    for arch in [0, 0x4000_0003, 0xC000_00B7, u32::MAX] {
        for number in [1, 4, 231, 252, ARCH_X86_64] {
            let call = Call { arch, ..Call::native(number, 1) };
            assert_eq!(verdict(&program, &call), RETURN_KILL_PROCESS, "{call:x?}");
        }
    }
}

#[test]
fn agrees_with_seccompiler_on_every_call_near_a_rule() {
    let rules = guest_rules();
    let (ours, theirs) = (compiled(&rules), by_seccompiler(&rules));
    let values = [0, 1, 2, 5, 6, 7, 8, 0x1002, 0x1003, 1 << 32, 1 << 32 | 1, u64::MAX];
    for arch in [ARCH_X86_64, 0x4000_0003] {
        for number in (0..512).chain(0x4000_0000..0x4000_0200) {
            for first in values {
                let call = Call { arch, ..Call::native(number, first) };
                assert_eq!(verdict(&ours, &call), verdict(&theirs, &call), "{call:x?}");
            }
        }
    }
}

#[test]
fn refuses_a_program_that_has_no_room() {
    let rules = guest_rules();
    let len = compiled(&rules).len();
    for room in 0..len {
        let mut instructions = vec![Instruction::KILL; room];
        assert_eq!(compile(&rules, &mut instructions), Err(ProgramTooLong { room }));
    }
    let many = vec![Rule { syscall: 1, when: When::Always, why: "" }; MAX_INSTRUCTIONS];
    let mut instructions = vec![Instruction::KILL; 3 * MAX_INSTRUCTIONS];
    assert_eq!(compile(&many, &mut instructions), Err(ProgramTooLong { room: MAX_INSTRUCTIONS }));
}
