//! What guests find at their start, what they may do with their memory, and how they end.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use solo5_abi::limits::CMDLINE_MAX;
use test_image::{Image, PT_LOAD, Program, R, W, X, manifest};

use super::support::{
    End, Fault, ImageFile, check_exit, finished, guest, kill, may_drop_capabilities, output_of, run_guest,
    run_image, tender, waiting,
};
use crate::target::{
    ABI, BOOT_INFO, CMDLINE_AT, EXECUTABLE_HEAP, MANIFEST, MANIFEST_AT, NAME, can_run, check_death,
    tender_path,
};

guest!(hello: "print rip + 2f, 12" "exit 0" "2: .ascii \"Hello_Solo5\\n\"");
guest!(exit_with_300: "exit 300");
guest!(exit_with_minus_1: "exit -1");
guest!(exit_with_83: "exit 83");
guest!(print_low_memory: "mov rbx, rdi" "print rbx, 0x4000" "exit 0");
guest!(print_registers:
    "mov [0x190000], rax" "mov [0x190008], rbx" "mov [0x190010], rcx" "mov [0x190018], rdx"
    "mov [0x190020], rsi" "mov [0x190028], rdi" "mov [0x190030], rbp" "mov [0x190038], rsp"
    "mov [0x190040], r8" "mov [0x190048], r9" "mov [0x190050], r10" "mov [0x190058], r11"
    "mov [0x190060], r12" "mov [0x190068], r13" "mov [0x190070], r14" "mov [0x190078], r15"
    "pushfq" "pop rax" "mov [0x190080], rax" "print 0x190000, 0x88" "exit 0");
guest!(touch_last_word: "mem_size rax" "mov qword ptr [rax - 8], 1" "mov byte ptr [0x1FFFFF], 1" "exit 0");
guest!(read_behind_memory: "mem_size rax" "mov rax, [rax]" "exit 0");
guest!(read_null: "mov rax, [0]" "exit 0");
guest!(write_zero_page: "mov qword ptr [8], 1" "exit 0");
guest!(read_far: "mov rax, 0x600000000000" "mov rax, [rax]" "exit 0");
guest!(read_tls: "mov rax, fs:[0x28]" "exit 0");
guest!(undefined: "ud2");
guest!(divide: "xor ecx, ecx" "xor edx, edx" "div ecx" "exit 0");
guest!(write_text: "lea rax, [rip]" "mov byte ptr [rax], 0" "exit 0");
guest!(write_read_only: "mov byte ptr [0x110000], 0" "exit 0");
guest!(write_far_text: "mov byte ptr [0x200000], 0" "exit 0");
guest!(write_far_data: "mov byte ptr [0x201000], 0" "exit 0");
guest!(read_hidden: "mov al, [0x110000]" "exit 0");
guest!(call_read_only: "mov eax, 0x110000" "call rax" "exit 0");
guest!(call_data: "mov eax, 0x111000" "call rax" "exit 0");
guest!(call_far_data: "mov eax, 0x201000" "call rax" "exit 0");
guest!(call_far_text: "mov eax, 0x200000" "call rax" "exit 0");
guest!(call_heap: "mov eax, 0x1C0000" "mov byte ptr [rax], 0xC3" "call rax" "exit 0");
guest!(call_far_heap: "mov eax, 0x600000" "mov byte ptr [rax], 0xC3" "call rax" "exit 0");
guest!(call_stack: "lea rax, [rsp - 64]" "mov byte ptr [rax], 0xC3" "call rax" "exit 0");
guest!(ready_and_sleep: "print rip + 2f, 6" "sleep_forever" "2: .ascii \"ready\\n\"");
// All bytes of the page behind the code are zero, and so is the page the second segment begins in, in
// front of it, and the one it ends in, behind it.
guest!(check_padding:
    "lea rax, [rip + guest_check_padding_end]" "mov ecx, 0x101000" "call 2f" "fail_unless e, 1"
    "mov eax, 0x101000" "mov ecx, 0x101234" "call 2f" "fail_unless e, 2"
    "mov eax, 0x102245" "mov ecx, 0x103000" "call 2f" "fail_unless e, 3"
    "cmp byte ptr [0x101234], 0x5A" "fail_unless e, 4"
    "cmp byte ptr [0x102244], 0x5A" "fail_unless e, 5"
    "cmp byte ptr [0x104000], 0x5B" "fail_unless e, 6"
    "mov eax, 0x104001" "mov ecx, 0x108000" "call 2f" "fail_unless e, 7"
    "mov byte ptr [0x104000], 1" "mov byte ptr [0x104001], 1" "mov byte ptr [0x107FFF], 1"
    "exit 0"
    "2: cmp rax, rcx" "je 3f" "cmp byte ptr [rax], 0" "jne 3f" "inc rax" "jmp 2b" "3: ret");

#[test]
fn runs_a_guest_and_passes_its_console_on() {
    if can_run() {
        let ran = run_guest(&[], hello::code());
        check_exit(&ran, 0);
        assert_eq!(ran.stdout, b"Hello_Solo5\n");
    }
}

#[test]
fn exits_with_the_status_of_the_guest_modulo_256() {
    if can_run() {
        check_exit(&run_guest(&[], exit_with_83::code()), 83);
        check_exit(&run_guest(&[], exit_with_300::code()), 44);
        check_exit(&run_guest(&[], exit_with_minus_1::code()), 255);
    }
}

/// Boot info, manifest and command line as a guest finds them.
pub struct Boot {
    low: Vec<u8>,
}

impl Boot {
    pub fn of(options: &[&str], args: &[&str]) -> Self {
        let image = ImageFile::running(print_low_memory::code());
        let ran = output_of(tender().args(options).arg("--").arg(image.path()).args(args));
        check_exit(&ran, 0);
        assert_eq!(ran.stdout.len(), 0x4000);
        Self { low: ran.stdout }
    }

    pub fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.low[at..at + 8].try_into().unwrap())
    }

    fn at(&self, gpa: u64) -> &[u8] {
        &self.low[usize::try_from(gpa - BOOT_INFO).unwrap()..]
    }

    fn cmdline(&self) -> &str {
        let text = self.at(self.word(CMDLINE_AT));
        let len = text.iter().position(|&byte| byte == 0).unwrap();
        std::str::from_utf8(&text[..len]).unwrap()
    }
}

#[test]
fn leaves_boot_info_manifest_and_command_line_where_the_abi_wants_them() {
    if !can_run() {
        return;
    }
    let boot = Boot::of(&[], &["Hello_Solo5"]);
    assert_eq!(boot.word(0), 512 << 20, "mem_size");
    assert_eq!(boot.word(8), 0x10_1000, "kernel_end");
    assert_eq!(boot.word(MANIFEST_AT), MANIFEST);
    assert_eq!(boot.word(CMDLINE_AT), MANIFEST + 112);
    assert_eq!(boot.at(MANIFEST)[..112], manifest(&[]));
    assert_eq!(boot.cmdline(), "Hello_Solo5");
}

#[test]
fn gives_the_guest_the_memory_it_was_asked_for() {
    if !can_run() {
        return;
    }
    for mib in [2, 4, 64, 512, 4094, 4096] {
        let option = format!("--mem={mib}");
        assert_eq!(Boot::of(&[&option], &[]).word(0), mib << 20);
        check_exit(&run_guest(&[&option], touch_last_word::code()), 0);
        check_death(&run_guest(&[&option], read_behind_memory::code()), Fault::Memory);
    }
    assert_eq!(Boot::of(&["--mem=64", "--mem=2"], &[]).word(0), 2 << 20, "the last one wins");
}

#[test]
fn passes_arguments_on_joined_and_unchanged() {
    if !can_run() {
        return;
    }
    for (args, cmdline) in [
        (&[][..], ""),
        (&["--mem=4", "--", "a  b", "ü"], "--mem=4 -- a  b ü"),
        (&["--ipv4=10.0.0.2/24", "--ipv4-gateway=10.0.0.1"], "--ipv4=10.0.0.2/24 --ipv4-gateway=10.0.0.1"),
    ] {
        assert_eq!(Boot::of(&[], args).cmdline(), cmdline);
    }
    let longest = "x".repeat(CMDLINE_MAX);
    assert_eq!(Boot::of(&[], &[&longest]).cmdline(), longest);
}

#[test]
fn enters_the_guest_with_clean_registers() {
    if !can_run() {
        return;
    }
    let ran = run_guest(&["--mem=64"], print_registers::code());
    check_exit(&ran, 0);
    let words: Vec<_> =
        ran.stdout.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect();
    let mut general = [0; 16];
    (general[5], general[7]) = (BOOT_INFO, (64 << 20) - 8);
    assert_eq!(words[..16], general, "rdi is boot info, rsp the end of memory");
    assert_eq!(words[16] & (1 << 10), 0, "direction flag");
}

#[test]
fn kills_guests_that_fault() {
    if !can_run() {
        return;
    }
    for (name, code, fault) in [
        ("null", read_null::code(), Fault::Memory),
        ("the zero page", write_zero_page::code(), Fault::Memory),
        ("the end of memory", read_behind_memory::code(), Fault::Memory),
        ("far away, where another tender might be", read_far::code(), Fault::Memory),
        ("TLS that is not set up", read_tls::code(), Fault::Memory),
        ("an undefined instruction", undefined::code(), Fault::Instruction),
        ("a division by zero", divide::code(), Fault::Arithmetic),
    ] {
        eprintln!("{name}");
        check_death(&run_guest(&["--mem=8"], code), fault);
    }
}

/// Text, read-only and writable data in pages of the first 2 MiB, and at its end text and data.
fn image_with_segments(code: &[u8]) -> Image {
    const RETURN: &[u8] = &[0xC3];
    Image::new(ABI, code)
        .and(Program::load(0x11_0000, R, RETURN))
        .and(Program::load(0x11_1000, R | W, RETURN))
        .and(Program::load(0x1F_F000, X, &[0xC3; 0x1001]))
        .and(Program::load(0x20_1000, R | W, RETURN))
}

#[test]
fn keeps_text_and_read_only_data_from_being_written() {
    if !can_run() {
        return;
    }
    for options in [&["--mem=8"][..], &["--mem=8", "--x-exec-heap"]] {
        for (name, code) in [
            ("text", write_text::code()),
            ("read-only data", write_read_only::code()),
            ("text beyond 2 MiB", write_far_text::code()),
        ] {
            eprintln!("{name} {options:?}");
            let mut ran = run_image(options, &image_with_segments(code));
            ran.stderr = ran.stderr.replace(&warning(), "");
            check_death(&ran, Fault::ReadOnly);
        }
    }
    check_exit(&run_image(&["--mem=8"], &image_with_segments(write_far_data::code())), 0);
}

/// ABI section 3.3: a segment without flags.
#[test]
fn keeps_a_segment_that_nobody_may_use_from_being_read() {
    if !can_run() {
        return;
    }
    let image = Image::new(ABI, read_hidden::code()).and(Program::load(0x11_0000, 0, &[1]));
    check_death(&run_image(&["--mem=8"], &image), Fault::Hidden);
}

/// What is said about `--x-exec-heap`.
fn warning() -> String {
    let what = EXECUTABLE_HEAP.0;
    format!("{NAME}: warning: --x-exec-heap makes {what} of the guest executable\n")
}

#[test]
fn executes_text_and_if_asked_to_heap_and_stack() {
    if !can_run() {
        return;
    }
    let run = |options: &[&str], code| run_image(options, &image_with_segments(code));
    for (name, code, is_executable_heap) in [
        ("read-only data", call_read_only::code(), false),
        ("data", call_data::code(), EXECUTABLE_HEAP.1),
        ("data beyond 2 MiB", call_far_data::code(), EXECUTABLE_HEAP.1),
        ("heap", call_heap::code(), true),
        ("heap beyond 4 MiB", call_far_heap::code(), true),
        ("stack", call_stack::code(), true),
    ] {
        eprintln!("{name}");
        check_death(&run(&["--mem=8"], code), Fault::Memory);
        let mut ran = run(&["--mem=8", "--x-exec-heap"], code);
        assert!(ran.stderr.starts_with(&warning()), "{}", ran.stderr);
        ran.stderr = ran.stderr.replace(&warning(), "");
        if is_executable_heap { check_exit(&ran, 0) } else { check_death(&ran, Fault::Memory) }
    }
    check_exit(&run(&["--mem=8"], call_far_text::code()), 0);
}

#[test]
fn gives_the_guest_zeroes_wherever_the_file_has_none_of_its_bytes() {
    if !can_run() {
        return;
    }
    let mut image = Image::new(ABI, check_padding::code())
        .and(Program::load(0x10_1234, R, &[0x5A; 0x1011]))
        .and(Program { mem_size: 0x3500, ..Program::load(0x10_4000, R | W, &[0x5B]) });
    check_exit(&run_image(&[], &image), 0);
    for program in image.programs.iter_mut().filter(|program| program.kind == PT_LOAD) {
        program.filler = 0xEE;
    }
    image.trailer = vec![0xEE; 0x2000];
    check_exit(&run_image(&[], &image), 0);
    for program in image.programs.iter_mut().filter(|program| program.vaddr == 0x10_4000) {
        program.align = 0x4000;
    }
    check_exit(&run_image(&[], &image), 0);
}

#[test]
fn runs_without_interp_and_with_notes_in_any_order() {
    if !can_run() {
        return;
    }
    let mut image = Image::new(ABI, hello::code());
    image.programs.remove(0);
    image.programs.reverse();
    check_exit(&run_image(&[], &image), 0);
}

#[test]
fn loads_an_image_of_2000_segments_as_upstream_does() {
    if !can_run() {
        return;
    }
    let mut image = Image::new(ABI, hello::code());
    let more = (1..=2000_u64)
        .map(|at| Program::load(0x20_0000 + at * 0x1000, if at % 2 == 0 { R } else { R | W }, b"x"));
    image.programs.splice(2..2, more);
    let ran = run_image(&["--mem=16"], &image);
    check_exit(&ran, 0);
    assert_eq!(ran.stdout, b"Hello_Solo5\n");
}

#[test]
fn has_no_capabilities_and_can_not_gain_any() {
    if !can_run() {
        return;
    }
    let image = ImageFile::running(ready_and_sleep::code());
    let child = waiting(tender().arg(image.path()));
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    kill(child);
    check_privileges(&status);
}

/// What the kernel says of a thread's privileges: there are none.
pub fn check_privileges(status: &str) {
    for set in ["Inh", "Prm", "Eff", "Amb", "Bnd"] {
        // Whoever may not change it keeps the bounding set, and nothing that it could bound.
        let none = status.contains(&format!("Cap{set}:\t0000000000000000\n"));
        assert!(none || (set == "Bnd" && !may_drop_capabilities()), "{set}: {status}");
    }
    assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
}

#[test]
fn never_lets_its_descriptors_take_the_place_of_a_closed_standard_stream() {
    if !can_run() {
        return;
    }
    let image = ImageFile::running(ready_and_sleep::code());
    for (closed, numbers) in [("<&-", &[0][..]), ("<&- 2>&-", &[0, 2])] {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("exec \"$0\" \"$1\" {closed}")]).arg(tender_path()).arg(image.path());
        let child = waiting(&mut command);
        for number in numbers {
            let taken = fs::read_link(format!("/proc/{}/fd/{number}", child.id())).unwrap();
            assert_eq!(taken.to_str(), Some("/dev/null"), "{closed}: {number}");
        }
        kill(child);
    }
    let image = ImageFile::running(hello::code());
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" \"$1\" >&-"]).arg(tender_path()).arg(image.path());
    check_exit(&output_of(&mut command), 0);
}

#[test]
fn keeps_the_heap_from_being_executed_under_any_personality() {
    if !can_run() {
        return;
    }
    let image = ImageFile::running(call_heap::code());
    let mut command = tender();
    // SAFETY: between fork and exec there is only a system call.
    unsafe {
        command.pre_exec(|| match libc::personality(libc::READ_IMPLIES_EXEC as libc::c_ulong) {
            -1 => Err(std::io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
    // Today's kernels clear the flag when a 64-bit program starts; where one does not, the tender refuses.
    let ran = output_of(command.arg(image.path()));
    let refusal = format!("{NAME}: personality READ_IMPLIES_EXEC is set");
    if ran.stderr.starts_with(&refusal) {
        assert_eq!(ran.end, End::Exit(1));
    } else {
        check_death(&ran, Fault::Memory);
    }
}

#[test]
fn runs_the_same_whatever_the_size_of_environment_and_words() {
    if !can_run() {
        return;
    }
    let image = ImageFile::running(hello::code());
    let mut command = tender();
    command.arg(image.path()).env_clear();
    check_exit(&finished(command.output().unwrap()), 0);
    command.env("X", "y".repeat(100_000)).args(vec!["z"; 4096]);
    check_exit(&finished(command.output().unwrap()), 0);
}
