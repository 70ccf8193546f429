//! The filter, run by a model of the kernel's filter machine, and held against `seccompiler`'s.

use std::collections::BTreeMap;

use super::*;
use crate::seccomp::rules;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};
use tender_core::devices::{Attached, Properties};
use tender_core::net::Mac;
use tender_core::syscall::Fd;

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

/// Runs a program of the instructions that filters are made of, ours and `seccompiler`'s.
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
            JUMP_GREATER => accumulator > instruction.operand,
            0x35 => accumulator >= instruction.operand,
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

/// The rules of a guest with these devices.
fn guest_rules(devices: &[Attached]) -> Vec<Rule> {
    rules(Fd::numbered(5), Fd::numbered(6), devices.iter().copied()).collect()
}

fn block(handle: usize, fd: i32, capacity: u64, block_size: u16) -> Attached {
    Attached { handle, fd: Fd::numbered(fd), properties: Properties::Block { capacity, block_size } }
}

fn net(handle: usize, fd: i32) -> Attached {
    Attached { handle, fd: Fd::numbered(fd), properties: Properties::Net { mac: Mac::NONE, mtu: 1500 } }
}

fn compiled(rules: &[Rule]) -> Vec<Instruction> {
    let mut room = vec![finish(RETURN_KILL_PROCESS); MAX_INSTRUCTIONS];
    let len = compile(rules.iter().copied(), &mut room).unwrap();
    room.truncate(len);
    room
}

fn by_seccompiler(rules: &[Rule]) -> Vec<Instruction> {
    let mut table: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for rule in rules {
        let alternatives = table.entry(i64::from(rule.syscall)).or_default();
        let conditions: Vec<_> = rule
            .when
            .iter()
            .flatten()
            .map(|condition| {
                let index = u8::try_from(condition.argument).unwrap();
                let (operator, value) = match condition.test {
                    Test::Equal(value) => (SeccompCmpOp::Eq, value),
                    Test::AtMost(value) => (SeccompCmpOp::Le, value),
                };
                SeccompCondition::new(index, SeccompCmpArgLen::Qword, operator, value).unwrap()
            })
            .collect();
        if !conditions.is_empty() {
            alternatives.push(SeccompRule::new(conditions).unwrap());
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
    let rules = guest_rules(&[]);
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
fn lets_a_guest_wait_without_a_mask_of_signals_only() {
    let program = compiled(&guest_rules(&[]));
    for (mask, allowed) in [(0, true), (1, false), (0x3_0000, false), (1 << 32, false), (u64::MAX, false)] {
        // The size of a mask does not matter where there is none.
        for size in [0, 8, u64::MAX] {
            let arguments = [5, 0x3_0040, 1, u64::MAX, mask, size];
            let expected = if allowed { RETURN_ALLOW } else { RETURN_KILL_PROCESS };
            assert_eq!(
                verdict(&program, &Call { arch: ARCH_X86_64, number: 281, arguments }),
                expected,
                "{mask:#x}"
            );
        }
    }
}

#[test]
fn kills_for_calls_by_any_other_abi() {
    let program = compiled(&guest_rules(&[]));
    for arch in [0, 0x4000_0003, 0xC000_00B7, u32::MAX] {
        for number in [1, 4, 231, 252, ARCH_X86_64] {
            let call = Call { arch, ..Call::native(number, 1) };
            assert_eq!(verdict(&program, &call), RETURN_KILL_PROCESS, "{call:x?}");
        }
    }
}

#[test]
fn agrees_with_seccompiler_on_every_call_near_a_rule() {
    let rules = guest_rules(&[]);
    let (ours, theirs) = (compiled(&rules), by_seccompiler(&rules));
    let values = [0, 1, 2, 5, 6, 7, 8, 0x1002, 0x1003, 1 << 32, 1 << 32 | 1, u64::MAX];
    for arch in [ARCH_X86_64, 0x4000_0003] {
        for number in (0..512).chain(0x4000_0000..0x4000_0200) {
            for first in values {
                for fifth in [0, 1, 1 << 32, u64::MAX] {
                    let call = Call { arch, number, arguments: [first, 0, 0, 0, fifth, 0] };
                    assert_eq!(verdict(&ours, &call), verdict(&theirs, &call), "{call:x?}");
                }
            }
        }
    }
}

#[test]
fn allows_one_block_within_the_capacity_and_frames_of_any_length() {
    let program = compiled(&guest_rules(&[block(1, 7, 1 << 33, 4096), net(2, 8), block(3, 9, 512, 512)]));
    let (last, high) = ((1 << 33) - 4096, 1 << 32);
    for (number, [fd, length, offset], allowed) in [
        (17, [7, 4096, 0], true),
        (18, [7, 4096, last], true),
        // Not aligned, but within: the bindings refuse it, and nothing can come to harm.
        (17, [7, 4096, 1], true),
        (17, [7, 4096, last + 1], false),
        (18, [7, 4096, 1 << 33], false),
        (18, [7, 4096, u64::MAX], false),
        (18, [7, 4096, 1 << 63], false),
        (17, [7, 512, 0], false),
        (17, [7, 0, 0], false),
        (17, [7, 8192, 0], false),
        (17, [7, high | 4096, 0], false),
        (17, [high | 7, 4096, 0], false),
        (17, [8, 4096, 0], false),
        (18, [9, 512, 0], true),
        (18, [9, 512, 1], false),
        (18, [9, 512, high], false),
        (0, [8, 0, 0], true),
        (1, [8, u64::MAX, 0], true),
        (0, [7, 4096, 0], false),
        (1, [9, 512, 0], false),
        (0, [high | 8, 1514, 0], false),
        (1, [1, 0, 0], true),
        (231, [0, 0, 0], true),
    ] {
        let call = Call { arch: ARCH_X86_64, number, arguments: [fd, 0, length, offset, 0, 0] };
        let expected = if allowed { RETURN_ALLOW } else { RETURN_KILL_PROCESS };
        assert_eq!(verdict(&program, &call), expected, "{call:x?}");
    }
}

#[test]
fn agrees_with_seccompiler_about_devices_at_every_edge() {
    for capacity in [512, 1024, 1 << 32, (1 << 32) + 512, (1 << 33) + 512, (1 << 40) - 512, u64::MAX - 511] {
        let rules = guest_rules(&[net(1, 7), block(2, 8, capacity, 512), block(3, 9, 4096, 512)]);
        let (ours, theirs) = (compiled(&rules), by_seccompiler(&rules));
        let limit = capacity - 512;
        let mut offsets = vec![0, 1, 3584, 3585, 1 << 63, u64::MAX];
        for near in [limit, limit ^ 1 << 32, limit & !0xFFFF_FFFF, limit | 0xFFFF_FFFF] {
            offsets.extend([near.wrapping_sub(1), near, near.wrapping_add(1)]);
        }
        for number in [0, 1, 17, 18, 19, 231] {
            for fd in [0, 1, 7, 8, 9, 10, 1 << 32 | 8] {
                for length in [0, 511, 512, 513, 1 << 32 | 512] {
                    for &offset in &offsets {
                        let arguments = [fd, 0, length, offset, 0, 0];
                        let call = Call { arch: ARCH_X86_64, number, arguments };
                        assert_eq!(verdict(&ours, &call), verdict(&theirs, &call), "{capacity:#x} {call:x?}");
                    }
                }
            }
        }
    }
}

#[test]
fn has_room_for_as_many_devices_as_a_manifest_has() {
    for devices in [
        (1..64_u16).map(|n| block(n.into(), 7 + i32::from(n), 4096 * u64::from(n), 512)).collect::<Vec<_>>(),
        (1..64_u16).map(|n| net(n.into(), 7 + i32::from(n))).collect(),
    ] {
        let program = compiled(&guest_rules(&devices));
        assert!(program.len() < MAX_INSTRUCTIONS, "{}", program.len());
        for (number, fd) in [(0, 8), (0, 70), (17, 8), (17, 70), (0, 71), (17, 71)] {
            let call = Call { arch: ARCH_X86_64, number, arguments: [fd, 0, 512, 0, 0, 0] };
            let is_net = matches!(devices[0].properties, Properties::Net { .. });
            let allowed = fd < 71 && is_net == (number == 0);
            assert_eq!(verdict(&program, &call) == RETURN_ALLOW, allowed, "{call:x?}");
        }
    }
}

#[test]
fn refuses_a_program_that_has_no_room() {
    let rules = guest_rules(&[]);
    let len = compiled(&rules).len();
    for room in 0..len {
        let mut instructions = vec![finish(RETURN_KILL_PROCESS); room];
        assert_eq!(compile(rules.iter().copied(), &mut instructions), Err(ProgramTooLong { room }));
    }
    let many = vec![Rule { syscall: 1, when: [None; MAX_CONDITIONS], why: "" }; MAX_INSTRUCTIONS];
    let mut instructions = vec![finish(RETURN_KILL_PROCESS); 3 * MAX_INSTRUCTIONS];
    assert_eq!(
        compile(many.iter().copied(), &mut instructions),
        Err(ProgramTooLong { room: MAX_INSTRUCTIONS })
    );
}
