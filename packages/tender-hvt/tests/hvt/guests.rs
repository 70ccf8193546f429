//! Real guests under the real tender: what they find, what they may do, how they end (ABI section 4).

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use solo5_abi::limits::CMDLINE_MAX;
use solo5_abi::notes::AbiTarget;
use test_image::{Image, Program, R, W, X, block, manifest};

use crate::support::{
    End, ImageFile, Needs, Ran, finished, guest, kvm_has, line, run_guest, run_image, tender,
};

guest!(hello: "print rip + 2f, 12" "exit 0" "2: .ascii \"Hello_Solo5\\n\"");
guest!(exit_with_83: "exit 83");
guest!(exit_with_300: "exit 300");
guest!(exit_with_minus_1: "exit -1");
guest!(sse: "mulps xmm0, xmm1" "cvtsi2sd xmm2, rax" "sqrtsd xmm2, xmm2" "exit 7");
guest!(print_low_memory: "print 0x10000, 0x5000" "exit 0");
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
guest!(touch_ends: "mov rax, [0x10000]" "mov qword ptr [rax - 8], 1" "mov byte ptr [0x1FFFFF], 1" "exit 0");
guest!(two_tsc_readings: "rdtsc" "mov ebx, eax" "rdtsc" "cmp eax, ebx" "fail_unless ne, 1" "exit 0");

// Deaths.
guest!(read_null: "mov rax, [0]" "exit 0");
guest!(write_zero_page: "mov qword ptr [8], 1" "exit 0");
guest!(read_tables: "mov rax, [0x2000]" "exit 0");
guest!(write_boot_info: "mov qword ptr [0x10000], 1" "exit 0");
guest!(read_behind_memory: "mov rax, [0x10000]" "mov rax, [rax]" "exit 0");
guest!(read_far: "mov rax, 0x400000000" "mov rax, [rax]" "exit 0");
guest!(read_tls: "mov rax, fs:[0x28]" "exit 0");
guest!(undefined: "ud2");
guest!(divide: "xor ecx, ecx" "div ecx" "exit 0");
guest!(halt_instruction: "hlt" "exit 0");
guest!(write_text: "lea rax, [rip]" "mov byte ptr [rax], 0" "exit 0");
guest!(write_read_only: "mov byte ptr [0x110000], 0" "exit 0");
guest!(call_read_only: "mov eax, 0x110000" "call rax" "exit 0");
guest!(call_data: "mov eax, 0x111000" "call rax" "exit 0");
guest!(call_heap: "mov eax, 0x1C0000" "mov byte ptr [rax], 0xC3" "call rax" "exit 0");
guest!(call_far_heap: "mov eax, 0x600000" "mov byte ptr [rax], 0xC3" "call rax" "exit 0");
guest!(call_stack: "lea rax, [rsp - 64]" "mov byte ptr [rax], 0xC3" "call rax" "exit 0");
guest!(call_far_text: "mov eax, 0x200000" "call rax" "exit 0");
guest!(write_far_text: "mov byte ptr [0x200000], 0" "exit 0");
guest!(write_far_data: "mov byte ptr [0x201000], 0" "exit 0");
guest!(call_far_data: "mov eax, 0x201000" "call rax" "exit 0");
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
    "print rip + 2f, 6" "mov rax, -1" "mov [0x180100], rax" "3: call_tender 3, 0x180100" "jmp 3b"
    "2: .ascii \"ready\\n\"");
guest!(print_and_spin: "print rip + 2f, 6" "3: jmp 3b" "2: .ascii \"ready\\n\"");

fn guests_can_run() -> bool {
    kvm_has(Needs::Integers)
}

/// The tender's line about a guest that was killed, without the registers.
fn death(ran: &Ran) -> &str {
    let (line, registers) = line(ran).split_once(" (rip=0x").expect("where it happened");
    assert!(registers.contains(" rsp=0x") && registers.contains(" rflags=0x"), "{registers}");
    line.strip_prefix("guest killed: ").expect("what happened")
}

#[test]
fn runs_a_guest_and_passes_its_console_on() {
    if guests_can_run() {
        let ran = run_guest(&[], hello::code());
        assert_eq!((ran.end, &ran.stdout[..], &ran.stderr[..]), (End::Exit(0), &b"Hello_Solo5\n"[..], ""));
    }
}

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
fn exits_with_the_status_of_the_guest_modulo_256() {
    if guests_can_run() {
        assert_eq!(run_guest(&[], exit_with_83::code()).end, End::Exit(83));
        assert_eq!(run_guest(&[], exit_with_300::code()).end, End::Exit(44));
        assert_eq!(run_guest(&[], exit_with_minus_1::code()).end, End::Exit(255));
    }
}

/// Boot info, manifest and command line as a guest finds them.
struct Boot {
    low: Vec<u8>,
    stderr: String,
}

impl Boot {
    fn of(image: &Image, options: &[&str], args: &[&str]) -> Self {
        let file = ImageFile::of(&image.build());
        let mut command = tender();
        let ran = finished(command.args(options).arg("--").arg(file.path()).args(args).output().unwrap());
        assert_eq!((ran.end, ran.stdout.len()), (End::Exit(0), 0x5000), "{}", ran.stderr);
        Self { low: ran.stdout, stderr: ran.stderr }
    }

    fn without_devices(options: &[&str], args: &[&str]) -> Self {
        Self::of(&Image::new(AbiTarget::Hvt, print_low_memory::code()), options, args)
    }

    fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.low[at..at + 8].try_into().unwrap())
    }

    fn at(&self, gpa: u64) -> &[u8] {
        &self.low[usize::try_from(gpa).unwrap() - 0x10000..]
    }

    fn cmdline(&self) -> &str {
        let text = self.at(self.word(24));
        let len = text.iter().position(|&byte| byte == 0).unwrap();
        std::str::from_utf8(&text[..len]).unwrap()
    }
}

#[test]
fn leaves_boot_info_manifest_and_command_line_where_the_abi_wants_them() {
    if !guests_can_run() {
        return;
    }
    let boot = Boot::without_devices(&[], &["Hello_Solo5"]);
    assert_eq!(boot.word(0), 512 << 20, "mem_size");
    assert_eq!(boot.word(8), 0x10_1000, "kernel_end");
    assert!(boot.word(16) > 100_000_000 && boot.word(16).is_multiple_of(1000), "cpu_cycle_freq");
    assert_eq!(boot.word(32), 0x10038, "mft");
    assert_eq!((boot.word(40), boot.word(48)), (0, 0), "no ring without a network device");
    assert_eq!(&boot.at(0x10038)[..112], &manifest(&[])[..]);
    assert_eq!(boot.cmdline(), "Hello_Solo5");
    assert_eq!(boot.stderr, "");
}

#[test]
fn tells_a_guest_of_its_disk_and_nobody_of_descriptors() {
    if !guests_can_run() {
        return;
    }
    let disk = ImageFile::of(&[0; 8192]);
    let image = Image::with_devices(AbiTarget::Hvt, print_low_memory::code(), &[block("storage")]);
    let attach = format!("--block:storage={}", disk.path().display());
    let boot = Boot::of(&image, &[&attach, "--block-sector-size:storage=4096"], &[]);
    let entry = &boot.at(0x10038)[8 + 104..][..104];
    assert_eq!(entry[72..80], 8192_u64.to_le_bytes(), "capacity");
    assert_eq!(entry[80..82], 4096_u16.to_le_bytes(), "block size");
    assert_eq!(entry[88..97], [0, 0, 0, 0, 0, 0, 0, 0, 1], "no descriptor, but attached");
}

#[test]
fn passes_command_lines_of_up_to_8191_bytes() {
    if guests_can_run() {
        assert_eq!(Boot::without_devices(&[], &[]).cmdline(), "");
        assert_eq!(Boot::without_devices(&[], &["a  b", "--", "-x"]).cmdline(), "a  b -- -x");
        let long = "x".repeat(CMDLINE_MAX);
        assert_eq!(Boot::without_devices(&[], &[&long]).cmdline(), long);
    }
}

#[test]
fn gives_memory_in_steps_of_2_mib_up_to_4_gib() {
    if !guests_can_run() {
        return;
    }
    for (mib, given) in [(1, 2), (2, 2), (3, 2), (4, 4), (511, 510), (4094, 4094), (4096, 4096), (4097, 4096)]
    {
        let option = format!("--mem={mib}");
        let boot = Boot::without_devices(&[&option], &[]);
        assert_eq!(boot.word(0), given << 20);
        let warning = format!(
            "solo5-hvt: warning: --mem={mib}: the guest gets {given} MiB, memory comes in steps of 2 MiB\n"
        );
        assert_eq!(boot.stderr, if mib == given { "" } else { &warning[..] });
        let ran = run_guest(&[&option], touch_ends::code());
        assert_eq!(ran.end, End::Exit(0), "{mib} MiB: {ran:?}");
    }
}

#[test]
fn starts_the_processor_as_the_abi_says() {
    if !guests_can_run() {
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
    if guests_can_run() {
        assert_eq!(run_guest(&[], two_tsc_readings::code()).end, End::Exit(0));
    }
}

#[test]
fn kills_a_guest_that_uses_what_is_not_its_memory() {
    if !guests_can_run() {
        return;
    }
    for (name, code) in [
        ("null", read_null::code()),
        ("the zero page", write_zero_page::code()),
        ("page tables", read_tables::code()),
        ("boot info", write_boot_info::code()),
        ("the end of memory", read_behind_memory::code()),
        ("far away", read_far::code()),
        ("thread-local memory", read_tls::code()),
        ("an undefined instruction", undefined::code()),
        ("a division by zero", divide::code()),
    ] {
        let ran = run_guest(&["--mem=8"], code);
        assert_eq!(death(&ran), "triple fault: an exception that it had no handler for", "{name}");
    }
}

/// Text, read-only and writable data in pages of the first 2 MiB, and at its end text and data.
fn image_with_segments(code: &[u8]) -> Image {
    const RETURN: &[u8] = &[0xC3];
    Image::new(AbiTarget::Hvt, code)
        .and(Program::load(0x11_0000, R, RETURN))
        .and(Program::load(0x11_1000, R | W, RETURN))
        .and(Program::load(0x1F_F000, X, &[0xC3; 0x1001]))
        .and(Program::load(0x20_1000, R | W, RETURN))
}

#[test]
fn keeps_text_and_read_only_data_from_being_written() {
    if !guests_can_run() {
        return;
    }
    for (name, code) in [
        ("text", write_text::code()),
        ("read-only data", write_read_only::code()),
        ("text beyond 2 MiB", write_far_text::code()),
    ] {
        let ran = run_image(&["--mem=8"], &image_with_segments(code));
        assert!(death(&ran).starts_with("host/guest translation fault: "), "{name}: {ran:?}");
    }
    let ran = run_image(&["--mem=8"], &image_with_segments(write_far_data::code()));
    assert_eq!(ran.end, End::Exit(0), "{ran:?}");
}

#[test]
fn executes_text_and_nothing_else() {
    if !guests_can_run() {
        return;
    }
    let run = |options: &[&str], code| run_image(options, &image_with_segments(code));
    for (name, code) in [
        ("read-only data", call_read_only::code()),
        ("data", call_data::code()),
        ("heap", call_heap::code()),
        ("heap beyond 4 MiB", call_far_heap::code()),
        ("stack", call_stack::code()),
        ("data beyond 2 MiB", call_far_data::code()),
    ] {
        let ran = run(&["--mem=8"], code);
        assert_eq!(death(&ran), "triple fault: an exception that it had no handler for", "{name}");
    }
    assert_eq!(run(&["--mem=8"], call_far_text::code()).end, End::Exit(0));
}

#[test]
fn executes_heap_stack_and_data_if_asked_to_and_warns() {
    if !guests_can_run() {
        return;
    }
    let run = |code| run_image(&["--mem=8", "--x-exec-heap"], &image_with_segments(code));
    for (name, code) in [
        ("heap", call_heap::code()),
        ("heap beyond 4 MiB", call_far_heap::code()),
        ("stack", call_stack::code()),
        ("data", call_data::code()),
        ("data beyond 2 MiB", call_far_data::code()),
    ] {
        let ran = run(code);
        let warning =
            "solo5-hvt: warning: --x-exec-heap makes heap, stack and data of the guest executable\n";
        assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(0), warning), "{name}");
    }
    let ran = run(call_read_only::code());
    assert!(ran.end == End::Exit(1) && ran.stderr.contains("triple fault"), "what it cannot write: {ran:?}");
    let ran = run(write_text::code());
    assert!(ran.stderr.contains("host/guest translation fault"), "text stays as it is: {ran:?}");
}

#[test]
fn kills_a_guest_that_uses_ports_it_does_not_have() {
    if !guests_can_run() {
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
    if !guests_can_run() {
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
    if !guests_can_run() {
        return;
    }
    for code in [print_and_wait::code(), print_and_spin::code()] {
        for (signal, number) in [("INT", 2), ("TERM", 15)] {
            let image = ImageFile::of(&Image::new(AbiTarget::Hvt, code).build());
            let mut command = tender();
            let mut child =
                command.arg(image.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut ready = String::new();
            BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
            let pid = child.id().to_string();
            // The shell's own: not every machine has the program.
            let kill = ["-c", "kill -s $0 $1", signal, &pid];
            assert!(Command::new("sh").args(kill).status().unwrap().success());
            let ran = finished(child.wait_with_output().unwrap());
            let said = format!("solo5-hvt: ended by signal {number}\n");
            assert_eq!((ran.end, ran.stderr), (End::Exit(1), said));
        }
    }
}

/// An image with 2,000 more segments, a page each.
fn image_of_many_segments(code: &[u8]) -> Image {
    let mut image = Image::new(AbiTarget::Hvt, code);
    let more = (1..=2000_u64)
        .map(|at| Program::load(0x20_0000 + at * 0x1000, if at % 2 == 0 { R } else { R | W }, b"x"));
    image.programs.splice(2..2, more);
    image
}

#[test]
fn loads_an_image_of_2000_segments_as_upstream_does() {
    if !guests_can_run() {
        return;
    }
    let ran = run_image(&["--mem=16"], &image_of_many_segments(hello::code()));
    assert_eq!(ran.end, End::Exit(0), "{ran:?}");
}
