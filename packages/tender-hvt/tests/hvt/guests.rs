//! What only guests of this tender find, may do and die of (ABI section 4).

use std::process::Command;

use test_image::{Image, Program, R};

use crate::suite::guests::Boot;
use crate::suite::support::{
    End, Fault, ImageFile, end_of, guest, line, run_guest, run_image, tender, waiting,
};
use crate::target::{ABI, Needs, can_run, check_death, death, kvm_has};

guest!(sse: "mulps xmm0, xmm1" "cvtsi2sd xmm2, rax" "sqrtsd xmm2, xmm2" "exit 7");
guest!(print_registers:
    "mov [0x190000], rax" "mov [0x190008], rbx" "mov [0x190010], rcx" "mov [0x190018], rdx"
    "mov [0x190020], rsi" "mov [0x190028], rdi" "mov [0x190030], rbp" "mov [0x190038], rsp"
    "mov [0x190040], r8" "mov [0x190048], r9" "mov [0x190050], r10" "mov [0x190058], r11"
    "mov [0x190060], r12" "mov [0x190068], r13" "mov [0x190070], r14" "mov [0x190078], r15"
    "pushfq" "pop rax" "mov [0x190080], rax"
    "mov rax, cr0" "mov [0x190088], rax" "mov rax, cr2" "mov [0x190090], rax"
    "mov rax, cr3" "mov [0x190098], rax" "mov rax, cr4" "mov [0x1900A0], rax"
    "mov rax, cs" "mov [0x1900A8], rax" "mov rax, ss" "mov [0x1900B0], rax" "mov rax, fs" "mov [0x1900B8], rax"
    "mov ecx, 0xC0000080" "rdmsr" "mov [0x1900C0], eax" "mov [0x1900C4], edx"
    "print 0x190000, 0xC8" "exit 0");
guest!(print_mem_size: "print 0x10000, 8" "exit 0");
guest!(two_tsc_readings: "rdtsc" "mov ebx, eax" "rdtsc" "cmp eax, ebx" "fail_unless ne, 1" "exit 0");

// Deaths.
guest!(read_tables: "mov rax, [0x2000]" "exit 0");
guest!(write_boot_info: "mov qword ptr [0x10000], 1" "exit 0");
guest!(halt_instruction: "hlt" "exit 0");
guest!(input: "in eax, dx" "exit 0");
guest!(output_byte: "mov edx, 0x502" "out dx, al" "exit 0");
guest!(output_word: "mov edx, 0x502" "out dx, ax" "exit 0");
guest!(hypercall_0: "call_tender 0, 0x180000" "exit 0");
guest!(hypercall_9: "call_tender 9, 0x180000" "exit 0");
guest!(kick_without_ring: "call_tender 0x100, 0" "exit 0");

// A cookie is 512 bytes at an address of the guest's.
guest!(halt_with_cookie:
    "mov qword ptr [0x180000], 0x190000" "mov dword ptr [0x180008], 9" "call_tender 8, 0x180000");
guest!(halt_with_cookie_at_the_end:
    "mov rax, [0x10000]" "sub rax, 512" "mov [0x180000], rax" "mov dword ptr [0x180008], 9" "call_tender 8, 0x180000");
guest!(halt_with_cookie_beyond_the_end:
    "mov rax, [0x10000]" "sub rax, 511" "mov [0x180000], rax" "mov dword ptr [0x180008], 9" "call_tender 8, 0x180000");
guest!(halt_with_wild_cookie:
    "mov qword ptr [0x180000], -8" "mov dword ptr [0x180008], 9" "call_tender 8, 0x180000");

// Sleeps until it is killed; tells that it runs.
guest!(print_and_wait:
    "print rip + 2f, 6" "sleep_forever" "2: .ascii \"ready\\n\"");
guest!(print_and_spin: "print rip + 2f, 6" "3: jmp 3b" "2: .ascii \"ready\\n\"");

#[test]
fn executes_sse_at_once() {
    if kvm_has(Needs::Hardware) {
        assert_eq!(run_guest(&[], sse::code()).end, End::Exit(7));
    }
}

#[test]
fn says_so_when_kvm_can_only_emulate_some_instructions() {
    let ran = run_guest(&[], sse::code());
    match ran.end {
        End::Exit(7) => {}
        End::Exit(1) => assert!(
            ran.stderr.contains("/dev/kvm cannot be opened")
                || death(&ran).starts_with("KVM of this host cannot execute it: "),
            "{ran:?}"
        ),
        _ => panic!("{ran:?}"),
    }
}

#[test]
fn leaves_the_frequency_of_its_clock_and_no_ring_in_boot_info() {
    if !can_run() {
        return;
    }
    let boot = Boot::of(&[], &[]);
    assert!(boot.word(16) > 100_000_000 && boot.word(16).is_multiple_of(1000), "cpu_cycle_freq");
    assert_eq!((boot.word(40), boot.word(48)), (0, 0), "no ring without a network device");
}

#[test]
fn gives_memory_in_steps_of_2_mib_and_says_so() {
    if !can_run() {
        return;
    }
    for (mib, given) in [(1, 2_u64), (3, 2), (511, 510), (4097, 4096)] {
        let ran = run_guest(&[&format!("--mem={mib}")], print_mem_size::code());
        let warning = format!(
            "solo5-hvt: warning: --mem={mib}: the guest gets {given} MiB, memory comes in steps of 2 MiB\n"
        );
        assert_eq!((ran.end, ran.stderr), (End::Exit(0), warning));
        assert_eq!(ran.stdout, (given << 20).to_le_bytes());
    }
}

#[test]
fn starts_the_processor_as_the_abi_says() {
    if !can_run() {
        return;
    }
    let ran = run_guest(&["--mem=64"], print_registers::code());
    assert_eq!(ran.end, End::Exit(0), "{}", ran.stderr);
    let words: Vec<_> =
        ran.stdout.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect();
    let mut general = [0; 16];
    (general[5], general[7]) = (0x10000, (64 << 20) - 8);
    assert_eq!(words[..16], general, "rdi is boot info, rsp the end of memory");
    assert_eq!(words[16], 2, "rflags");
    // Bit 4, ET, is set in every processor of this century.
    assert_eq!(
        [words[17] & !0x10, words[18], words[19], words[20]],
        [0x8001_0021, 0, 0x2000, 0x620],
        "cr0-4"
    );
    assert_eq!(words[21..24], [8, 16, 16], "cs, ss, fs");
    assert_eq!(words[24] & !0x800, 0x500, "EFER, whether or not execution can be forbidden");
}

#[test]
fn has_a_clock() {
    if can_run() {
        assert_eq!(run_guest(&[], two_tsc_readings::code()).end, End::Exit(0));
    }
}

#[test]
fn kills_a_guest_that_uses_what_is_the_tenders() {
    if can_run() {
        check_death(&run_guest(&[], read_tables::code()), Fault::Memory);
        check_death(&run_guest(&[], write_boot_info::code()), Fault::Memory);
    }
}

#[test]
fn kills_a_guest_that_uses_ports_it_does_not_have() {
    if !can_run() {
        return;
    }
    for (code, expected) in [
        (input::code(), "it read 4 bytes from port 0x0"),
        (output_byte::code(), "it wrote 1 bytes to port 0x502; a hypercall has 4"),
        (output_word::code(), "it wrote 2 bytes to port 0x502; a hypercall has 4"),
        (hypercall_0::code(), "there is no hypercall at port 0x500"),
        (hypercall_9::code(), "there is no hypercall at port 0x509"),
        (kick_without_ring::code(), "there is no hypercall at port 0x600"),
        (halt_instruction::code(), "it executed HLT, but nothing could wake it"),
    ] {
        assert_eq!(death(&run_guest(&[], code)), expected);
    }
}

#[test]
fn takes_a_cookie_of_512_bytes_anywhere_in_memory() {
    if !can_run() {
        return;
    }
    assert_eq!(run_guest(&[], halt_with_cookie::code()).end, End::Exit(9));
    assert_eq!(run_guest(&[], halt_with_cookie_at_the_end::code()).end, End::Exit(9));
    assert_eq!(
        death(&run_guest(&["--mem=2"], halt_with_cookie_beyond_the_end::code())),
        "HALT: guest access outside memory: gpa=0x1ffe01 len=0x200 mem_size=0x200000"
    );
    assert_eq!(
        death(&run_guest(&["--mem=2"], halt_with_wild_cookie::code())),
        "HALT: guest access outside memory: gpa=0xfffffffffffffff8 len=0x200 mem_size=0x200000"
    );
}

#[test]
fn ends_by_sigint_and_sigterm_with_a_line_and_status_1() {
    if !can_run() {
        return;
    }
    for code in [print_and_wait::code(), print_and_spin::code()] {
        for (signal, number) in [("INT", 2), ("TERM", 15)] {
            let image = ImageFile::running(code);
            let child = waiting(tender().arg(image.path()));
            let pid = child.id().to_string();
            // The shell's own: not every machine has the program.
            let kill = ["-c", "kill -s $0 $1", signal, &pid];
            assert!(Command::new("sh").args(kill).status().unwrap().success());
            let ran = end_of(child);
            let said = format!("solo5-hvt: ended by signal {number}\n");
            assert_eq!((ran.end, ran.stderr), (End::Exit(1), said));
        }
    }
}

#[test]
fn refuses_segments_in_more_places_than_it_can_protect() {
    let scattered = |count: u64| {
        let mut image = Image::new(ABI, sse::code());
        let more = (1..=count).map(|at| Program::load(at * 0x20_0000 + 0x1000, R, b"x"));
        image.programs.splice(2..2, more);
        line(&run_image(&["--mem=1024"], &image)).to_owned()
    };
    let expected = "cannot be loaded: its segments begin or end in 209 stretches of 2 MiB, of which at most 208 can be \
                    protected page by page";
    let said = scattered(209);
    assert!(said.ends_with(expected), "{said}");
}
