//! Programs for the kernel's filter machine, run by a model of it, against what the rules say and against the programs
//! that `seccompiler` makes of the same rules.

use std::collections::BTreeMap;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus};

use proptest::prelude::*;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};
use tender_core::seccomp::model::{Call, allows};
use tender_core::seccomp::{
    Condition, Instruction, MAX_CONDITIONS, MAX_INSTRUCTIONS, ProgramTooLong, Rule, allow_only, compile,
};

const NOTHING: Instruction = Instruction { code: 0, jump_true: 0, jump_false: 0, operand: 0 };

fn compiled(rules: &[Rule]) -> Vec<Instruction> {
    let mut room = vec![NOTHING; MAX_INSTRUCTIONS];
    let len = compile(rules.iter().copied(), &mut room).unwrap();
    room.truncate(len);
    room
}

fn by_seccompiler(rules: &[Rule]) -> Vec<Instruction> {
    let mut table: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for rule in rules {
        let alternatives = table.entry(i64::from(rule.syscall)).or_default();
        let conditions = rule.when.iter().flatten().map(|&condition| {
            let (argument, len, operator, value) = match condition {
                Condition::Equal(at, value) => (at, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, value),
                Condition::LowEqual(at, value) => {
                    (at, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, u64::from(value))
                }
                Condition::AtMost(at, value) => (at, SeccompCmpArgLen::Qword, SeccompCmpOp::Le, value),
            };
            SeccompCondition::new(argument, len, operator, value).unwrap()
        });
        let conditions: Vec<_> = conditions.collect();
        if !conditions.is_empty() {
            alternatives.push(SeccompRule::new(conditions).unwrap());
        }
    }
    for rule in rules.iter().filter(|rule| rule.when == [None; MAX_CONDITIONS]) {
        // No alternatives: allowed with any arguments.
        table.entry(i64::from(rule.syscall)).or_default().clear();
    }
    let (otherwise, allow) = (SeccompAction::KillProcess, SeccompAction::Allow);
    let filter = SeccompFilter::new(table, otherwise, allow, TargetArch::x86_64).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    program
        .iter()
        .map(|i| Instruction { code: i.code, jump_true: i.jt, jump_false: i.jf, operand: i.k })
        .collect()
}

/// What the rules say, in so many words.
fn allowed(rules: &[Rule], call: &Call) -> bool {
    let argument = |at: u8| call.arguments[usize::from(at)];
    call.arch == 0xC000_003E
        && rules.iter().any(|rule| {
            rule.syscall == call.number
                && rule.when.iter().flatten().all(|condition| match *condition {
                    Condition::Equal(at, value) => argument(at) == value,
                    Condition::LowEqual(at, value) => argument(at) & 0xFFFF_FFFF == u64::from(value),
                    Condition::AtMost(at, value) => argument(at) <= value,
                })
        })
}

/// Numbers of few values, and of many values that are close to them.
fn number() -> impl Strategy<Value = u64> {
    let round = prop_oneof![Just(0), Just(1), Just(7), Just(1 << 32), Just(1 << 63), any::<u64>()];
    let near = prop_oneof![4 => Just(0), 1 => Just(1), 1 => Just(u64::MAX), 1 => Just(1_u64 << 32)];
    (round, near).prop_map(|(round, near)| round.wrapping_add(near))
}

fn condition() -> impl Strategy<Value = Condition> {
    (0_u8..6, number()).prop_flat_map(|(at, value)| {
        #[expect(clippy::cast_possible_truncation, reason = "its lower half")]
        let low = value as u32;
        prop_oneof![
            Just(Condition::Equal(at, value)),
            Just(Condition::LowEqual(at, low)),
            Just(Condition::AtMost(at, value)),
        ]
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    (0_u32..4, proptest::option::of(condition()), proptest::option::of(condition()), condition(), 0_usize..4)
        .prop_map(|(syscall, a, b, c, conditions)| {
            let when = [a, b, Some(c)];
            let when = if conditions == 0 { [None; MAX_CONDITIONS] } else { when };
            Rule { syscall, when, why: "" }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn programs_say_what_the_rules_say(
        rules in prop::collection::vec(rule(), 0..12),
        calls in prop::collection::vec((0_u32..5, prop::array::uniform6(number()), 0_u8..8), 64),
    ) {
        let (ours, theirs) = (compiled(&rules), by_seccompiler(&rules));
        for (number, mut arguments, like) in calls {
            // Most calls are close to one of the rules.
            if let Some(rule) = rules.get(usize::from(like)) {
                for condition in rule.when.iter().flatten().take(2) {
                    match *condition {
                        Condition::Equal(at, value) | Condition::AtMost(at, value) => {
                            arguments[usize::from(at)] = value;
                        }
                        Condition::LowEqual(at, value) => {
                            let argument = &mut arguments[usize::from(at)];
                            *argument = *argument & !0xFFFF_FFFF | u64::from(value);
                        }
                    }
                }
            }
            for arch in [0xC000_003E, 0x4000_0003] {
                let call = Call { arch, number, arguments };
                let verdict = allows(&ours, &call);
                prop_assert_eq!(verdict, allowed(&rules, &call), "the rules: {:x?}", call);
                prop_assert_eq!(verdict, allows(&theirs, &call), "seccompiler: {:x?}", call);
            }
        }
    }
}

#[test]
fn agrees_with_seccompiler_about_numbers_of_every_abi() {
    let rules = [
        Rule::new(281, [Condition::Equal(0, 5), Condition::Equal(4, 0)], ""),
        Rule::new(1, [Condition::Equal(0, 1)], ""),
        Rule::new(16, [Condition::LowEqual(0, 7), Condition::LowEqual(1, 0xAE80)], ""),
        Rule::new(228, [Condition::AtMost(0, 1)], ""),
        Rule::new(231, [], ""),
    ];
    let (ours, theirs) = (compiled(&rules), by_seccompiler(&rules));
    let values = [0, 1, 2, 5, 6, 7, 8, 0xAE80, 1 << 32, 1 << 32 | 1, 1 << 32 | 7, u64::MAX];
    for arch in [0xC000_003E, 0x4000_0003] {
        for number in (0..512).chain(0x4000_0000..0x4000_0200).chain([u32::MAX, 0xC000_003E]) {
            for first in values {
                for other in [0, 0xAE80, 1 << 32, u64::MAX] {
                    let call = Call { arch, number, arguments: [first, other, 0, 0, other, 0] };
                    assert_eq!(allows(&ours, &call), allows(&theirs, &call), "{call:x?}");
                    assert_eq!(allows(&ours, &call), allowed(&rules, &call), "{call:x?}");
                }
            }
        }
    }
}

#[test]
fn agrees_with_seccompiler_about_limits_at_every_edge() {
    for capacity in [512, 1024, 1 << 32, (1 << 32) + 512, (1 << 33) + 512, (1 << 40) - 512, u64::MAX - 511] {
        let limit = capacity - 512;
        let block =
            |fd, limit| [Condition::Equal(0, fd), Condition::Equal(2, 512), Condition::AtMost(3, limit)];
        let rules = [
            Rule::new(0, [Condition::Equal(0, 7)], ""),
            Rule::new(1, [Condition::Equal(0, 7)], ""),
            Rule::new(17, block(8, limit), ""),
            Rule::new(18, block(8, limit), ""),
            Rule::new(17, block(9, 3584), ""),
            Rule::new(18, block(9, 3584), ""),
            Rule::new(231, [], ""),
        ];
        let (ours, theirs) = (compiled(&rules), by_seccompiler(&rules));
        let mut offsets = vec![0, 1, 3584, 3585, 1 << 63, u64::MAX];
        for near in [limit, limit ^ 1 << 32, limit & !0xFFFF_FFFF, limit | 0xFFFF_FFFF] {
            offsets.extend([near.wrapping_sub(1), near, near.wrapping_add(1)]);
        }
        for number in [0, 1, 17, 18, 19, 231] {
            for fd in [0, 1, 7, 8, 9, 10, 1 << 32 | 8] {
                for length in [0, 511, 512, 513, 1 << 32 | 512] {
                    for &offset in &offsets {
                        let call = Call::native(number, [fd, 0, length, offset, 0, 0]);
                        assert_eq!(allows(&ours, &call), allows(&theirs, &call), "{capacity:#x} {call:x?}");
                    }
                }
            }
        }
    }
}

#[test]
fn refuses_a_program_that_has_no_room() {
    let rules = [Rule::new(1, [Condition::Equal(0, 1)], ""), Rule::new(231, [], "")];
    for room in 0..compiled(&rules).len() {
        assert_eq!(compile(rules.into_iter(), &mut vec![NOTHING; room]), Err(ProgramTooLong { room }));
    }
    let many = std::iter::repeat_n(Rule::new(1, [], ""), MAX_INSTRUCTIONS);
    let mut instructions = vec![NOTHING; 3 * MAX_INSTRUCTIONS];
    assert_eq!(compile(many, &mut instructions), Err(ProgramTooLong { room: MAX_INSTRUCTIONS }));
}

/// How a process ends that gives up all calls but its end, and then makes the call of this number.
fn end_after(number: i64) -> ExitStatus {
    let mut command = Command::new("true");
    // SAFETY: the child has one thread. Without memory and descriptors in its arguments no call can do harm.
    unsafe {
        command.pre_exec(move || {
            let end = [Rule::new(231, [Condition::LowEqual(0, 7)], "the end")];
            allow_only(end).map_err(std::io::Error::other)?;
            libc::syscall(number, 7, -1_i64, -1_i64, -1_i64, -1_i64, -1_i64);
            std::process::abort()
        });
    }
    command.status().unwrap()
}

#[test]
fn kills_a_process_for_every_call_that_no_rule_allows() {
    for number in (0..480).filter(|&number| number != 231) {
        // Filters do not see the calls of the kernel's own probes, which kill whoever makes them without one.
        let expected =
            if matches!(number, 335 | 336) { [libc::SIGSYS, libc::SIGILL] } else { [libc::SIGSYS; 2] };
        let signal = end_after(number).signal();
        assert!(signal.is_some_and(|signal| expected.contains(&signal)), "call {number}: {signal:?}");
    }
    assert_eq!(end_after(231).code(), Some(7));
}
