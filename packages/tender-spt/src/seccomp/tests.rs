//! The rules of a guest, as a program that a model of the kernel's filter machine runs. That programs do what rules
//! say, and what those of `seccompiler` do, is held in `tender-core`.

use super::*;
use tender_core::net::Mac;
use tender_core::seccomp::model::{Call, allows};
use tender_core::seccomp::{Instruction, MAX_INSTRUCTIONS, compile};

/// The filter of a guest with these devices.
fn compiled(devices: &[Attached]) -> Vec<Instruction> {
    let rules = rules(Fd::numbered(5), Fd::numbered(6), devices.iter().copied());
    let mut room = vec![Instruction { code: 0, jump_true: 0, jump_false: 0, operand: 0 }; MAX_INSTRUCTIONS];
    let len = compile(rules, &mut room).unwrap();
    room.truncate(len);
    room
}

fn block(handle: usize, fd: i32, capacity: u64, block_size: u16) -> Attached {
    Attached { handle, fd: Fd::numbered(fd), properties: Properties::Block { capacity, block_size } }
}

fn net(handle: usize, fd: i32) -> Attached {
    Attached { handle, fd: Fd::numbered(fd), properties: Properties::Net { mac: Mac::NONE, mtu: 1500 } }
}

#[test]
fn allows_what_a_guest_needs_and_kills_for_everything_else() {
    let program = compiled(&[]);
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
        let call = Call::native(number, [first, 0, 0, 0, 0, 0]);
        assert_eq!(allows(&program, &call), allowed, "call {number:#x}({first:#x})");
    }
}

#[test]
fn lets_a_guest_wait_without_a_mask_of_signals_only() {
    let program = compiled(&[]);
    for (mask, allowed) in [(0, true), (1, false), (0x3_0000, false), (1 << 32, false), (u64::MAX, false)] {
        // The size of a mask does not matter where there is none.
        for size in [0, 8, u64::MAX] {
            let call = Call::native(281, [5, 0x3_0040, 1, u64::MAX, mask, size]);
            assert_eq!(allows(&program, &call), allowed, "{mask:#x}");
        }
    }
}

#[test]
fn kills_for_calls_by_any_other_abi() {
    let program = compiled(&[]);
    for arch in [0, 0x4000_0003, 0xC000_00B7, u32::MAX] {
        for number in [1, 4, 231, 252, 0xC000_003E] {
            let call = Call { arch, number, arguments: [1, 0, 0, 0, 0, 0] };
            assert!(!allows(&program, &call), "{call:x?}");
        }
    }
}

#[test]
fn allows_one_block_within_the_capacity_and_frames_of_any_length() {
    let program = compiled(&[block(1, 7, 1 << 33, 4096), net(2, 8), block(3, 9, 512, 512)]);
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
        let call = Call::native(number, [fd, 0, length, offset, 0, 0]);
        assert_eq!(allows(&program, &call), allowed, "{call:x?}");
    }
}

#[test]
fn has_room_for_as_many_devices_as_a_manifest_has() {
    for devices in [
        (1..64_u16).map(|n| block(n.into(), 7 + i32::from(n), 4096 * u64::from(n), 512)).collect::<Vec<_>>(),
        (1..64_u16).map(|n| net(n.into(), 7 + i32::from(n))).collect(),
    ] {
        let program = compiled(&devices);
        assert!(program.len() < MAX_INSTRUCTIONS, "{}", program.len());
        for (number, fd) in [(0, 8), (0, 70), (17, 8), (17, 70), (0, 71), (17, 71)] {
            let call = Call::native(number, [fd, 0, 512, 0, 0, 0]);
            let is_net = matches!(devices[0].properties, Properties::Net { .. });
            let allowed = fd < 71 && is_net == (number == 0);
            assert_eq!(allows(&program, &call), allowed, "{call:x?}");
        }
    }
}
