//! What only guests of this tender find, may do and die of (ABI section 5).

use std::fs;
use std::process::Command;

use libc::SIGTERM;

use crate::suite::guests::Boot;
use crate::suite::support::{
    End, Fault, ImageFile, check_exit, end_of, guest, kill, line, run_guest, skip, tender, waiting,
};
use crate::target::check_death;

guest!(print_float_registers: "fxsave64 [0x30200]" "print 0x30200, 0x200" "exit 0");
guest!(print_state_in_use:
    "mov ecx, 1" "xgetbv" "mov [0x30000], eax" "mov [0x30004], edx" "print 0x30000, 8" "exit 0");
guest!(print_launch_block: "print 0x20000, 0x1000" "exit 0");
guest!(read_below_memory: "mov rax, [0xFFF8]" "exit 0");
guest!(read_tender: "mov rax, 0x600000000000" "mov rax, [rax]" "exit 0");
guest!(touch_last_word: "mem_size rax" "mov qword ptr [rax - 8], 1" "exit 0");
guest!(read_behind_memory: "mem_size rax" "mov rax, [rax]" "exit 0");
guest!(finish: "exit 0");
guest!(print_and_wait: "print rip + 2f, 6" "sleep_forever" "2: .ascii \"ready\\n\"");

#[test]
fn leaves_its_wait_set_and_timer_in_boot_info() {
    let boot = Boot::of(&[], &[]);
    let (epollfd, timerfd) = (boot.word(32) & 0xFFFF_FFFF, boot.word(32) >> 32);
    assert!(epollfd > 2 && timerfd > 2 && epollfd != timerfd, "{epollfd} {timerfd}");
}

#[test]
fn gives_memory_in_steps_of_1_mib_as_far_as_it_does_not_collide() {
    for mib in [3, 5000] {
        let option = format!("--mem={mib}");
        assert_eq!(Boot::of(&[&option], &[]).word(0), mib << 20);
        check_exit(&run_guest(&[&option], touch_last_word::code()), 0);
        check_death(&run_guest(&[&option], read_behind_memory::code()), Fault::Memory);
    }
    let collision =
        "guest memory of 134000000 MiB collides with what this process has mapped: give less with --mem=N";
    assert_eq!(line(&run_guest(&["--mem=134000000"], finish::code())), collision);
    let ran = run_guest(&["--mem=1"], finish::code());
    let expected =
        "cannot be loaded: entry point 0x100000 lies outside 0x100000..0x100000; it needs at least --mem=2";
    assert!(line(&ran).ends_with(expected), "{ran:?}");
}

#[test]
fn kills_guests_that_look_for_the_tender() {
    check_death(&run_guest(&[], read_below_memory::code()), Fault::Memory);
    check_death(&run_guest(&[], read_tender::code()), Fault::Memory);
}

#[test]
fn enters_the_guest_with_clean_floating_point_and_vector_registers() {
    let area = run_guest(&["--mem=64"], print_float_registers::code()).stdout;
    assert_eq!(area[..2], [0x7F, 0x03], "x87 control word");
    assert_eq!(area[4], 0, "x87 registers are all empty");
    assert_eq!(area[24..28], [0x80, 0x1F, 0, 0], "MXCSR");
    assert!(area[160..416].iter().all(|&byte| byte == 0), "SSE registers");
}

#[test]
fn leaves_nothing_of_the_tender_in_vector_registers() {
    if !is_x86_feature_detected!("avx") || !is_x86_feature_detected!("xsavec") {
        return skip("this processor has no AVX, or does not say what is in use");
    }
    let ran = run_guest(&[], print_state_in_use::code());
    assert_eq!(ran.end, End::Exit(0));
    assert_eq!(ran.stdout[0] & 0b1110_0100, 0, "AVX and AVX-512 state in use: {:#x}", ran.stdout[0]);
}

#[test]
fn clears_what_the_last_steps_needed_but_for_the_entry_point() {
    let ran = run_guest(&[], print_launch_block::code());
    assert_eq!(ran.stdout[..8], 0x10_0000_u64.to_le_bytes());
    assert!(ran.stdout[8..].iter().all(|&byte| byte == 0));
}

#[test]
fn is_gone_from_memory_when_the_guest_runs() {
    let image = ImageFile::running(print_and_wait::code());
    let child = waiting(tender().arg("--mem=64").arg(image.path()));
    let maps = fs::read_to_string(format!("/proc/{}/maps", child.id())).unwrap();
    kill(child);
    let mut of_the_tender = Vec::new();
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let (start, end) = (u64::from_str_radix(start, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        assert!(!(rest[..4].contains('w') && rest[..4].contains('x')), "writable and executable: {line}");
        let lent = ["[vdso]", "[vvar", "[vsyscall]"].iter().any(|name| line.contains(name));
        if start >= 64 << 20 && !lent {
            of_the_tender.push((end - start, rest[..4].to_owned()));
        }
        assert!(end <= 64 << 20 || start >= 64 << 20, "{line}");
    }
    assert_eq!(of_the_tender, [(4096, "r-xp".to_owned())], "all of\n{maps}");
}

#[test]
fn dies_of_signals_as_any_process() {
    let image = ImageFile::running(print_and_wait::code());
    let child = waiting(tender().arg(image.path()));
    let kill = format!("kill -s TERM {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    assert_eq!(end_of(child).end, End::Signal(SIGTERM));
}
