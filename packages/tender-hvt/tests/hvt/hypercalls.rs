//! Hypercalls that need no device, and where records may be (ABI sections 4.5, 4.7, 4.8).

use std::time::{Duration, Instant};

use solo5_abi::hvt::Hypercall;

use crate::calls::{Call, image, records};
use crate::suite::support::{End, Ran, run_image};
use crate::target::{can_run, death};

/// 2017-01-01.
const LONG_AGO: u64 = 1_483_228_800_000_000_000;

fn run(calls: &[Call]) -> Ran {
    run_image(&["--mem=4"], &image(&[], calls))
}

#[test]
fn tells_the_time() {
    if can_run() {
        let calls = [Call::new(Hypercall::Walltime, &[0]), Call::new(Hypercall::Walltime, &[0])];
        let times = records(&run(&calls), &calls);
        assert!(times[0][0] > LONG_AGO && times[0] <= times[1], "{times:?}");
    }
}

#[test]
fn passes_the_console_on_from_wherever_the_guest_can_read() {
    if !can_run() {
        return;
    }
    let calls = [
        Call::puts(0x12_0000, 9),
        Call::puts(0x10_0000, 16),
        Call::puts(0x1_0000, 56),
        Call::puts(0x12_0000, 0),
        Call::puts(0, 0),
        Call::puts(u64::MAX, 0),
        Call::puts(0x13_0000, 0x40000),
        Call::puts((4 << 20) - 3, 3),
    ];
    let ran = run(&calls);
    assert_eq!(&ran.stdout[..9], b"read-only");
    assert_eq!(records(&ran, &calls)[5], [u64::MAX, 0]);
}

#[test]
fn waits_for_the_time_it_was_told_and_not_for_none() {
    if !can_run() {
        return;
    }
    let calls = [Call::poll(0), Call::poll(1), Call::poll(30_000_000), Call::poll(1_000_000_000)];
    let before = Instant::now();
    for record in records(&run(&calls), &calls) {
        assert_eq!(record[1..], [0, 0xFFFF_FFFF_0000_0000], "nothing is ready, and nobody touched the rest");
    }
    assert!(before.elapsed() >= Duration::from_millis(1030));
}

/// All hypercalls whose records have answers; and the length of the records.
fn answered() -> [(Call, u64); 2] {
    [(Call::new(Hypercall::Walltime, &[0]), 8), (Call::poll(0), 24)]
}

#[test]
fn takes_records_anywhere_in_memory_aligned_or_not() {
    if !can_run() {
        return;
    }
    let end = 4 << 20;
    for (call, len) in answered() {
        let calls = [call.at(0x18_1001), call.at(end - len - 1), call.at(end - len)];
        records(&run(&calls), &calls);
    }
    let calls = [Call::puts(0, 0).at(end - 16)];
    records(&run(&calls), &calls);
}

#[test]
fn kills_a_guest_whose_record_is_not_where_it_could_be() {
    if !can_run() {
        return;
    }
    for (call, len) in answered() {
        for (at, expected) in [
            (0x40_0000 - len + 1, "outside memory"),
            (0x40_0000, "outside memory"),
            (0xFFFF_FFFF, "outside memory"),
            (0, "0x0..0x10000 cannot be written"),
            (0x2000, "0x0..0x10000 cannot be written"),
            (0x1_0000, "0x10000..0x100000 cannot be written"),
            (0xF_FFFF, "0x10000..0x100000 cannot be written"),
            (0x10_0000, "0x100000..0x101000 cannot be written"),
            (0x12_0FFF, "0x120000..0x121000 cannot be written"),
            (0x12_1000, "0x121000..0x122000 cannot be written"),
        ] {
            let ran = run(&[call.untouched_at(at)]);
            let said = death(&ran);
            assert!(
                said.contains(&format!(": gpa={at:#x} len={len:#x}")) && said.contains(expected),
                "{said}"
            );
            assert_eq!(ran.stdout, b"");
        }
    }
    // Records without an answer have to be readable, no more.
    let ran = run(&[Call::puts(0, 0).untouched_at(0x12_0800)]);
    assert_eq!(ran.end, End::Exit(0), "{ran:?}");
    let said = death(&run(&[Call::puts(0, 0).untouched_at(0x12_1000)]));
    assert!(said.starts_with("PUTS: ") && said.contains("0x121000..0x122000 cannot be read"), "{said}");
}

#[test]
fn kills_a_guest_that_prints_what_it_can_not_read() {
    if !can_run() {
        return;
    }
    for (data, len, expected) in [
        (0x3F_FFFF, 2, "outside memory: gpa=0x3fffff len=0x2 mem_size=0x400000"),
        (0x18_0000, u64::MAX, "outside memory: gpa=0x180000 len=0xffffffffffffffff mem_size=0x400000"),
        (u64::MAX - 3, 8, "outside memory: gpa=0xfffffffffffffffc len=0x8 mem_size=0x400000"),
        (0xFFFF, 2, "protected memory: gpa=0xffff len=0x2, but 0x0..0x10000 cannot be read"),
        (0x12_0FFF, 2, "protected memory: gpa=0x120fff len=0x2, but 0x121000..0x122000 cannot be read"),
        (0, 0x40_0000, "protected memory: gpa=0x0 len=0x400000, but 0x0..0x10000 cannot be read"),
    ] {
        let ran = run(&[Call::puts(data, len)]);
        assert_eq!(
            death(&ran),
            format!("PUTS: guest access {}{expected}", if expected.starts_with('o') { "" } else { "to " })
        );
        assert_eq!(ran.stdout, b"", "not even a part of it");
    }
}

#[test]
fn kills_a_guest_that_asks_for_devices_when_it_has_none() {
    if !can_run() {
        return;
    }
    for (call, expected) in [
        (Call::block_read(1, 0, 0, 0), "BLOCK_READ: it has no block device"),
        (Call::block_write(1, 0, 0, 0), "BLOCK_WRITE: it has no block device"),
        (Call::net_read(1, 0, 0), "NET_READ: it has no network device"),
        (Call::net_write(1, 0, 0), "NET_WRITE: it has no network device"),
    ] {
        assert_eq!(death(&run(&[call])), expected);
    }
}
