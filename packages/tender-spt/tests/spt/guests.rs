//! Real guests under the real tender: what they find, what they may do, how they end (ABI section 5).

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::support::{End, ImageFile, finished, guest, run, run_guest, run_image, skip, tender};
use solo5_abi::limits::CMDLINE_MAX;
use solo5_abi::notes::AbiTarget;
use test_image::{Image, Program, R, W, X, manifest};

const SIGILL: i32 = 4;
const SIGSEGV: i32 = 11;
const SIGTERM: i32 = 15;
const SIGSYS: i32 = 31;

guest!(hello: "print rip + 2f, 12" "exit 0" "2: .ascii \"Hello_Solo5\\n\"");
// The status is in the first byte of the command line, less '0', plus the address that follows.
guest!(exit_with_300: "exit 300");
guest!(exit_with_minus_1: "exit -1");
guest!(exit_with_83: "exit 83");
guest!(print_low_memory: "print 0x11000, 0x4000" "exit 0");
guest!(print_registers:
    "mov [0x30000], rax" "mov [0x30008], rbx" "mov [0x30010], rcx" "mov [0x30018], rdx"
    "mov [0x30020], rsi" "mov [0x30028], rdi" "mov [0x30030], rbp" "mov [0x30038], rsp"
    "mov [0x30040], r8" "mov [0x30048], r9" "mov [0x30050], r10" "mov [0x30058], r11"
    "mov [0x30060], r12" "mov [0x30068], r13" "mov [0x30070], r14" "mov [0x30078], r15"
    "pushfq" "pop rax" "mov [0x30080], rax"
    "fxsave64 [0x30200]"
    "print 0x30000, 0x400" "exit 0");
guest!(print_state_in_use:
    "mov ecx, 1" "xgetbv" "mov [0x30000], eax" "mov [0x30004], edx" "print 0x30000, 8" "exit 0");
guest!(print_launch_block: "print 0x20000, 0x1000" "exit 0");
guest!(touch_last_word: "mov rax, [0x11000]" "mov qword ptr [rax - 8], 1" "exit 0");
guest!(read_behind_memory: "mov rax, [0x11000]" "mov rax, [rax]" "exit 0");
guest!(read_null: "mov rax, [0]" "exit 0");
guest!(write_zero_page: "mov qword ptr [8], 1" "exit 0");
guest!(read_below_memory: "mov rax, [0xFFF8]" "exit 0");
guest!(write_text: "lea rax, [rip]" "mov byte ptr [rax], 0" "exit 0");
guest!(call_stack: "lea rax, [rsp - 64]" "mov byte ptr [rax], 0xC3" "call rax" "exit 0");
guest!(call_heap: "mov eax, 0x120000" "mov byte ptr [rax], 0xC3" "call rax" "exit 0");
guest!(call_data: "mov eax, 0x101000" "call rax" "exit 0");
guest!(read_tls: "mov rax, fs:[0x28]" "exit 0");
guest!(read_tender: "mov rax, 0x600000000000" "mov rax, [rax]" "exit 0");
guest!(undefined: "ud2");
guest!(dup: "mov eax, 32" "xor edi, edi" "syscall" "exit 0");
guest!(open: "mov eax, 2" "xor edi, edi" "syscall" "exit 0");
guest!(mmap: "mov eax, 9" "mov edi, 0x50000" "mov esi, 4096" "mov edx, 7" "mov r10d, 0x32" "mov r8, -1" "xor r9d, r9d" "syscall" "exit 0");
guest!(mprotect: "mov eax, 10" "mov edi, 0x100000" "mov esi, 4096" "mov edx, 7" "syscall" "exit 0");
guest!(read_stdin: "xor eax, eax" "xor edi, edi" "mov esi, 0x30000" "mov edx, 1" "syscall" "exit 0");
guest!(exit_thread: "mov eax, 60" "xor edi, edi" "syscall" "exit 0");
guest!(write_stderr: "mov eax, 1" "mov edi, 2" "mov esi, 0x30000" "mov edx, 1" "syscall" "exit 0");
guest!(write_stdout_with_high_bits:
    "mov eax, 1" "mov rdi, 0x100000001" "mov esi, 0x30000" "mov edx, 1" "syscall" "exit 0");
guest!(other_clock: "mov eax, 228" "mov edi, 4" "mov esi, 0x30000" "syscall" "exit 0");
guest!(both_clocks:
    "mov eax, 228" "mov edi, 0" "mov esi, 0x30000" "syscall" "test rax, rax" "fail_unless z, 1"
    "cmp qword ptr [0x30000], 1483228800" "fail_unless a, 2"
    "mov eax, 228" "mov edi, 1" "mov esi, 0x30000" "syscall" "test rax, rax" "fail_unless z, 3"
    "exit 0");
guest!(get_fs: "mov eax, 158" "mov edi, 0x1003" "mov esi, 0x30000" "syscall" "exit 0");
guest!(set_fs:
    "mov eax, 158" "mov edi, 0x1002" "mov esi, 0x30000" "syscall" "test rax, rax" "fail_unless z, 1"
    "mov qword ptr [0x30028], 42" "mov rax, fs:[0x28]" "cmp rax, 42" "fail_unless e, 2" "exit 0");
guest!(other_epoll: "mov eax, 281" "mov edi, 77" "syscall" "exit 0");
// Waits as it may, but with SIGTERM blocked meanwhile.
guest!(wait_without_sigterm:
    "mov qword ptr [0x30000], 0x4000" "mov eax, 281" "mov edi, [0x11020]" "mov esi, 0x30040" "mov edx, 1"
    "mov r10, -1" "mov r8d, 0x30000" "mov r9d, 8" "syscall" "exit 0");
guest!(other_timer: "mov eax, 286" "mov edi, 77" "syscall" "exit 0");
guest!(write_by_x32: "mov eax, 0x40000001" "mov edi, 1" "mov esi, 0x30000" "mov edx, 1" "syscall" "exit 0");
guest!(exit_by_int_0x80: "mov eax, 1" "xor ebx, ebx" "int 0x80" "exit 0");
// Sleeps 30 ms as ABI section 5.5 says: an absolute deadline, then a wait without limit. The timer's
// event has its own number, and waiting again gives it again, because the timer is never read.
guest!(sleep:
    "mov eax, 228" "mov edi, 1" "mov esi, 0x30000" "syscall"
    "mov rax, [0x30000]" "imul rax, rax, 1000000000" "add rax, [0x30008]" "mov r12, rax"
    "add rax, 30000000" "xor edx, edx" "mov ecx, 1000000000" "div rcx" "or rdx, 1"
    "mov [0x30030], rax" "mov [0x30038], rdx"
    "mov eax, 286" "mov edi, [0x11024]" "mov esi, 1" "mov edx, 0x30020" "xor r10d, r10d" "syscall"
    "test rax, rax" "fail_unless z, 1"
    "mov eax, 281" "mov edi, [0x11020]" "mov esi, 0x30040" "mov edx, 1" "mov r10, -1" "xor r8d, r8d" "xor r9d, r9d"
    "syscall"
    "cmp rax, 1" "fail_unless e, 2"
    "mov eax, 0xFFFFFFFE" "cmp [0x30044], rax" "fail_unless e, 3"
    "mov eax, 228" "mov edi, 1" "mov esi, 0x30000" "syscall"
    "mov rax, [0x30000]" "imul rax, rax, 1000000000" "add rax, [0x30008]" "sub rax, r12"
    "cmp rax, 30000000" "fail_unless ae, 4"
    "mov eax, 281" "mov edi, [0x11020]" "mov esi, 0x30040" "mov edx, 1" "mov r10, -1" "syscall"
    "cmp rax, 1" "fail_unless e, 5"
    "exit 0");
guest!(print_and_wait:
    "print rip + 2f, 6" "mov eax, 281" "mov edi, [0x11020]" "mov esi, 0x30040" "mov edx, 1" "mov r10, -1" "syscall"
    "exit 0" "2: .ascii \"ready\\n\"");
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
    let ran = run_guest(&[], hello::code());
    assert_eq!((ran.end, &ran.stdout[..], &ran.stderr[..]), (End::Exit(0), &b"Hello_Solo5\n"[..], ""));
}

#[test]
fn exits_with_the_status_of_the_guest_modulo_256() {
    assert_eq!(run_guest(&[], exit_with_83::code()).end, End::Exit(83));
    assert_eq!(run_guest(&[], exit_with_300::code()).end, End::Exit(44));
    assert_eq!(run_guest(&[], exit_with_minus_1::code()).end, End::Exit(255));
}

/// Boot info, manifest and command line as a guest finds them.
struct Boot {
    low: Vec<u8>,
}

impl Boot {
    fn of(options: &[&str], args: &[&str]) -> Self {
        let image = ImageFile::running(print_low_memory::code());
        let ran = finished(tender().args(options).arg("--").arg(image.path()).args(args).output().unwrap());
        assert_eq!((ran.end, &ran.stderr[..], ran.stdout.len()), (End::Exit(0), "", 0x4000));
        Self { low: ran.stdout }
    }

    fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.low[at..at + 8].try_into().unwrap())
    }

    fn at(&self, gpa: u64) -> &[u8] {
        &self.low[usize::try_from(gpa).unwrap() - 0x11000..]
    }

    fn cmdline(&self) -> &str {
        let text = self.at(self.word(16));
        let len = text.iter().position(|&byte| byte == 0).unwrap();
        std::str::from_utf8(&text[..len]).unwrap()
    }
}

#[test]
fn leaves_boot_info_manifest_and_command_line_where_the_abi_wants_them() {
    let boot = Boot::of(&[], &["Hello_Solo5"]);
    assert_eq!(boot.word(0), 512 << 20, "mem_size");
    assert_eq!(boot.word(8), 0x10_1000, "kernel_end");
    assert_eq!(boot.word(24), 0x11028, "mft");
    assert_eq!(boot.word(16), 0x11028 + 112, "cmdline");
    assert_eq!(boot.at(0x11028)[..112], manifest(&[]));
    let (epollfd, timerfd) = (boot.word(32) & 0xFFFF_FFFF, boot.word(32) >> 32);
    assert!(epollfd > 2 && timerfd > 2 && epollfd != timerfd, "{epollfd} {timerfd}");
    assert_eq!(boot.cmdline(), "Hello_Solo5");
}

#[test]
fn gives_the_guest_the_memory_it_was_asked_for() {
    for mib in [2, 3, 64, 512, 5000] {
        let option = format!("--mem={mib}");
        assert_eq!(Boot::of(&[&option], &[]).word(0), mib << 20);
        assert_eq!(run_guest(&[&option], touch_last_word::code()).end, End::Exit(0), "{option}");
        assert_eq!(run_guest(&[&option], read_behind_memory::code()).end, End::Signal(SIGSEGV), "{option}");
    }
    assert_eq!(Boot::of(&["--mem=64", "--mem=2"], &[]).word(0), 2 << 20, "the last one wins");
}

#[test]
fn passes_arguments_on_joined_and_unchanged() {
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
    let ran = run_guest(&["--mem=64"], print_registers::code());
    let word = |at: usize| u64::from_le_bytes(ran.stdout[at..at + 8].try_into().unwrap());
    let names = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15";
    for (index, name) in names.split(' ').enumerate() {
        let expected = match name {
            "rdi" => 0x11000,
            "rsp" => (64 << 20) - 8,
            _ => 0,
        };
        assert_eq!(word(8 * index), expected, "{name}");
    }
    assert_eq!(word(0x80) & (1 << 10), 0, "direction flag");
    let area = &ran.stdout[0x200..];
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
fn kills_guests_that_fault() {
    for (name, code) in [
        ("null", read_null::code()),
        ("zero page", write_zero_page::code()),
        ("below memory", read_below_memory::code()),
        ("write to text", write_text::code()),
        ("execute stack", call_stack::code()),
        ("execute heap", call_heap::code()),
        ("TLS that is not set up", read_tls::code()),
        ("the tender's own memory", read_tender::code()),
    ] {
        let ran = run_guest(&[], code);
        assert_eq!((ran.end, &ran.stderr[..]), (End::Signal(SIGSEGV), ""), "{name}");
    }
    assert_eq!(run_guest(&[], undefined::code()).end, End::Signal(SIGILL));
}

#[test]
fn keeps_data_from_being_executed_even_if_the_heap_may_be() {
    let image = Image::new(AbiTarget::Spt, call_data::code()).and(Program::load(0x10_1000, R | W, &[0xC3]));
    for options in [&[][..], &["--x-exec-heap"]] {
        assert_eq!(run_image(options, &image).end, End::Signal(SIGSEGV));
    }
    let executable =
        Image::new(AbiTarget::Spt, call_data::code()).and(Program::load(0x10_1000, R | X, &[0xC3]));
    assert_eq!(run_image(&[], &executable).end, End::Exit(0));
}

#[test]
fn makes_heap_and_stack_executable_when_asked_and_warns() {
    for code in [call_stack::code(), call_heap::code()] {
        let ran = run_guest(&["--x-exec-heap"], code);
        assert_eq!(ran.end, End::Exit(0));
        assert_eq!(
            ran.stderr,
            "solo5-spt: warning: --x-exec-heap makes heap and stack of the guest executable\n"
        );
    }
    assert_eq!(run_guest(&["--x-exec-heap"], write_text::code()).end, End::Signal(SIGSEGV));
}

#[test]
fn kills_guests_for_system_calls_they_do_not_have() {
    for (name, code) in [
        ("dup", dup::code()),
        ("open", open::code()),
        ("mmap", mmap::code()),
        ("mprotect", mprotect::code()),
        ("read of stdin", read_stdin::code()),
        ("exit of a thread", exit_thread::code()),
        ("write to stderr", write_stderr::code()),
        ("write to stdout, with bits above 32", write_stdout_with_high_bits::code()),
        ("clock_gettime of another clock", other_clock::code()),
        ("arch_prctl that asks", get_fs::code()),
        ("epoll_pwait on another descriptor", other_epoll::code()),
        ("epoll_pwait with a mask of signals", wait_without_sigterm::code()),
        ("timerfd_settime on another descriptor", other_timer::code()),
        ("write by its x32 number", write_by_x32::code()),
    ] {
        let ran = run_guest(&[], code);
        assert_eq!((ran.end, &ran.stderr[..], ran.stdout), (End::Signal(SIGSYS), "", vec![]), "{name}");
    }
    let by_int_0x80 = run_guest(&[], exit_by_int_0x80::code()).end;
    let killed = [End::Signal(SIGSYS), End::Signal(SIGSEGV)];
    assert!(
        killed.contains(&by_int_0x80),
        "{by_int_0x80:?}: a fault if the kernel has no 32-bit calls at all"
    );
}

#[test]
fn serves_the_system_calls_a_guest_has() {
    assert_eq!(run_guest(&[], both_clocks::code()).end, End::Exit(0));
    assert_eq!(run_guest(&[], set_fs::code()).end, End::Exit(0));
    assert_eq!(run_guest(&[], sleep::code()).end, End::Exit(0));
}

#[test]
fn gives_the_guest_zeroes_wherever_the_file_has_none_of_its_bytes() {
    let mut image = Image::new(AbiTarget::Spt, check_padding::code())
        .and(Program::load(0x10_1234, R, &[0x5A; 0x1011]))
        .and(Program { mem_size: 0x3500, ..Program::load(0x10_4000, R | W, &[0x5B]) });
    assert_eq!(run_image(&[], &image).end, End::Exit(0));
    image.programs.iter_mut().filter(|program| program.kind == 1).for_each(|program| program.filler = 0xEE);
    image.trailer = vec![0xEE; 0x2000];
    assert_eq!(run_image(&[], &image).end, End::Exit(0), "with other bytes around them in the file");
    image
        .programs
        .iter_mut()
        .filter(|program| program.vaddr == 0x10_4000)
        .for_each(|program| program.align = 0x4000);
    assert_eq!(run_image(&[], &image).end, End::Exit(0), "aligned to more than a page");
}

#[test]
fn runs_without_interp_and_with_notes_in_any_order() {
    let mut image = Image::new(AbiTarget::Spt, hello::code());
    image.programs.remove(0);
    image.programs.reverse();
    assert_eq!(run_image(&[], &image).end, End::Exit(0));
}

/// A guest that waits for ever, once it has said so.
fn waiting(command: &mut Command) -> std::process::Child {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    child
}

#[test]
fn is_gone_from_memory_when_the_guest_runs() {
    let image = ImageFile::running(print_and_wait::code());
    let mut child = waiting(tender().arg("--mem=64").arg(image.path()));
    let maps = fs::read_to_string(format!("/proc/{}/maps", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
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

/// Whether this process, and so a tender that it starts, has `CAP_SETPCAP`.
fn may_drop_capabilities() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let effective = status.split_once("CapEff:\t").unwrap().1.lines().next().unwrap();
    u64::from_str_radix(effective, 16).unwrap() & 1 << 8 != 0
}

#[test]
fn has_no_capabilities_and_can_not_gain_any() {
    let image = ImageFile::running(print_and_wait::code());
    let mut child = waiting(tender().arg("--mem=64").arg(image.path()));
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    for set in ["Inh", "Prm", "Eff", "Amb", "Bnd"] {
        // Whoever may not change it keeps the bounding set, and nothing that it could bound.
        let none = status.contains(&format!("Cap{set}:\t0000000000000000\n"));
        assert!(none || (set == "Bnd" && !may_drop_capabilities()), "{set}: {status}");
    }
    assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
}

#[test]
fn dies_of_signals_as_any_process() {
    let image = ImageFile::running(print_and_wait::code());
    let mut child = waiting(tender().arg(image.path()));
    let kill = format!("kill -s TERM {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let status = child.wait().unwrap();
    let output = finished(std::process::Output { status, stdout: vec![], stderr: vec![] });
    assert_eq!(output.end, End::Signal(SIGTERM));
}

#[test]
fn never_lets_its_descriptors_take_the_place_of_a_closed_standard_stream() {
    let image = ImageFile::running(print_low_memory::code());
    for closed in ["<&-", "<&- 2>&-"] {
        let line = format!("exec \"$0\" \"$1\" {closed}");
        let output = Command::new("sh")
            .args(["-c", &line, env!("CARGO_BIN_EXE_solo5-spt")])
            .arg(image.path())
            .output();
        let ran = finished(output.unwrap());
        assert_eq!(ran.end, End::Exit(0), "{closed}");
        for at in [0x20, 0x24] {
            let fd = u32::from_le_bytes(ran.stdout[at..at + 4].try_into().unwrap());
            assert!(fd > 2, "{closed}: descriptor {fd}");
        }
    }
    let hello = ImageFile::running(hello::code());
    let line = "exec \"$0\" \"$1\" >&-";
    let output =
        Command::new("sh").args(["-c", line, env!("CARGO_BIN_EXE_solo5-spt")]).arg(hello.path()).output();
    assert_eq!(finished(output.unwrap()).end, End::Exit(0), "a console that is closed swallows text");
}

#[test]
fn keeps_the_heap_from_being_executed_under_any_personality() {
    let image = ImageFile::running(call_heap::code());
    let output = Command::new("setarch")
        .args(["x86_64", "--read-implies-exec", env!("CARGO_BIN_EXE_solo5-spt")])
        .arg(image.path())
        .output();
    let Ok(output) = output else {
        return skip("no setarch");
    };
    // Today's kernels clear the flag when a 64-bit program starts; where one does not, the tender refuses.
    let ran = finished(output);
    let refused = ran.stderr.starts_with("solo5-spt: personality READ_IMPLIES_EXEC is set");
    assert!(ran.end == End::Signal(SIGSEGV) || (ran.end == End::Exit(1) && refused), "{ran:?}");
}

#[test]
fn runs_the_same_whatever_the_size_of_environment_and_words() {
    let image = ImageFile::running(hello::code());
    let mut command = tender();
    command.arg(image.path()).env_clear();
    assert_eq!(finished(command.output().unwrap()).end, End::Exit(0), "no environment at all");
    command.env("X", "y".repeat(100_000)).args(vec!["z"; 4096]);
    assert_eq!(finished(command.output().unwrap()).end, End::Exit(0));
    assert_eq!(run([image.path()]).end, End::Exit(0));
}

/// An image with 2,000 more segments, a page each.
fn image_of_many_segments(code: &[u8]) -> Image {
    let mut image = Image::new(AbiTarget::Spt, code);
    let more = (1..=2000_u64)
        .map(|at| Program::load(0x20_0000 + at * 0x1000, if at % 2 == 0 { R } else { R | W }, b"x"));
    image.programs.splice(2..2, more);
    image
}

#[test]
fn loads_an_image_of_2000_segments_as_upstream_does() {
    let ran = run_image(&["--mem=16"], &image_of_many_segments(hello::code()));
    assert_eq!((ran.end, &ran.stdout[..]), (End::Exit(0), &b"Hello_Solo5\n"[..]), "{}", ran.stderr);
}
