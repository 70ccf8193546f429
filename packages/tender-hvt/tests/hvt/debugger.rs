//! `--gdb` (ABI section 4.14), with a real gdb and, for what that cannot be scripted to do, packets by hand.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use solo5_abi::notes::AbiTarget;
use test_image::Image;

use crate::suite::support::{End, ImageFile, finished, guest, line, run, skip, tender};
use crate::target::{Needs, can_run, kvm_has};

// Counts in ebx, writes the count to memory, and ends with it.
guest!(count:
    "xor ebx, ebx" "2: inc ebx" "mov [0x190000], ebx" "cmp ebx, 5" "jne 2b"
    "mov qword ptr [0x180000], 0" "mov [0x180008], ebx" "call_tender 8, 0x180000");
guest!(spin: "2: jmp 2b");
guest!(sleep: "mov rax, -1" "mov [0x180100], rax" "2: call_tender 3, 0x180100" "jmp 2b");
guest!(own_breakpoint: "int3" "exit 0");
guest!(own_halt: "hlt" "exit 0");

/// A guest that waits for a debugger, and the port.
fn waiting(code: &[u8]) -> (Child, String, ImageFile) {
    let image = ImageFile::of(&Image::new(AbiTarget::Hvt, code).build());
    let mut command = tender();
    command.args(["--mem=4", "--gdb", "--gdb-port=0"]).arg(image.path());
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    // Byte by byte: what comes behind the line is the test's.
    while !said.ends_with('\n') {
        let mut byte = [0];
        child.stderr.as_mut().unwrap().read_exact(&mut byte).expect(&said);
        said.push(char::from(byte[0]));
    }
    let behind = said.split_once("target remote localhost:").expect(&said).1;
    let port = behind.split_once('\'').unwrap().0.to_owned();
    (child, port, image)
}

/// What a real gdb says to these commands about a guest, after it has connected, in this order: all of
/// `expected`. The guest ends with 5.
fn gdb(code: &[u8], commands: &[&str], expected: &[&str]) {
    let (mut child, port, image) = waiting(code);
    let target = format!("target remote 127.0.0.1:{port}");
    let mut command = Command::new("gdb");
    command.args(["-nx", "-batch", "-ex", "set architecture i386:x86-64", "-ex", &target]);
    for line in commands {
        command.args(["-ex", line]);
    }
    let Ok(output) = command.arg(image.path()).stdin(Stdio::null()).output() else {
        child.kill().unwrap();
        return skip("no gdb");
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let ran = finished(child.wait_with_output().unwrap());
    let context = format!("{said}\n{}\n{ran:?}", String::from_utf8_lossy(&output.stderr));
    let mut rest = &said[..];
    for expected in expected {
        rest = rest.split_once(expected).unwrap_or_else(|| panic!("{expected:?} is missing in {context}")).1;
    }
    assert_eq!(ran.end, End::Exit(5), "{context}");
}

#[test]
fn lets_a_real_gdb_stop_look_and_go_on() {
    if !can_run() {
        return;
    }
    let commands = [
        "p/x $rip",
        "p/x $rsp",
        // Behind `inc ebx`.
        "break *0x100004",
        "continue",
        "continue",
        "p $rbx",
        "stepi",
        "p/x $rip",
        "x/1dw 0x190000",
        "x/2xb 0x100000",
        "delete",
        "set var *(int*)0x180100 = 77",
        "x/1dw 0x180100",
        "set var $rcx = 0x1122334455667788",
        "p/x $rcx",
        "p $mxcsr",
        "continue",
    ];
    let expected = [
        "$1 = 0x100000",
        "$2 = 0x3ffff8",
        "Breakpoint 1, 0x0000000000100004",
        "Breakpoint 1, 0x0000000000100004",
        "$3 = 2",
        "$4 = 0x10000b",
        "0x190000:\t2",
        "0x100000:\t0x31\t0xdb",
        "0x180100:\t77",
        "$5 = 0x1122334455667788",
        "exited with code 05",
    ];
    gdb(count::code(), &commands, &expected);
}

#[test]
fn lets_a_real_gdb_watch() {
    if !kvm_has(Needs::DebugRegisters) {
        return;
    }
    let commands = [
        "watch *(int*)0x190000",
        "continue",
        "continue",
        "p $rbx",
        "delete",
        "hbreak *0x100004",
        "continue",
        "p $rbx",
        "delete",
        "continue",
    ];
    let expected = [
        "atchpoint 1: *(int*)0x190000",
        "Old value = 0",
        "New value = 1",
        "Old value = 1",
        "New value = 2",
        "$1 = 2",
        "reakpoint 2",
        "$2 = 3",
        "exited with code 05",
    ];
    gdb(count::code(), &commands, &expected);
}

/// A debugger by hand.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(port: &str) -> Self {
        let stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(BufReader::new(stream))
    }

    fn send(&mut self, packet: &str) {
        let sum = packet.bytes().fold(0_u8, u8::wrapping_add);
        write!(self.0.get_mut(), "${packet}#{sum:02x}").unwrap();
    }

    /// The next packet, acknowledged.
    fn receive(&mut self) -> String {
        let mut bytes = Vec::new();
        self.0.read_until(b'#', &mut bytes).unwrap();
        self.0.read_exact(&mut [0; 2]).unwrap();
        self.0.get_mut().write_all(b"+").unwrap();
        let text = String::from_utf8(bytes).unwrap();
        text.trim_start_matches(['+', '$']).trim_end_matches('#').to_owned()
    }

    fn ask(&mut self, packet: &str) -> String {
        self.send(packet);
        self.receive()
    }

    fn interrupt(&mut self) {
        self.0.get_mut().write_all(b"\x03").unwrap();
    }
}

#[test]
fn interrupts_a_guest_that_computes_or_sleeps() {
    if !can_run() {
        return;
    }
    for (name, code) in [("computes", spin::code()), ("sleeps", sleep::code())] {
        let (child, port, _image) = waiting(code);
        let mut client = Client::connect(&port);
        for _ in 0..2 {
            client.send("c");
            std::thread::sleep(Duration::from_millis(50));
            client.interrupt();
            let stop = client.receive();
            assert!(stop.starts_with("T02") || stop.starts_with("S02"), "{name}: {stop}");
        }
        client.send("k");
        let ran = finished(child.wait_with_output().unwrap());
        assert_eq!(
            (ran.end, &ran.stderr[..]),
            (End::Exit(1), "solo5-hvt: guest killed: by its debugger\n"),
            "{name}"
        );
    }
}

#[test]
fn lets_go_of_a_guest_and_leaves_no_breakpoint_behind() {
    if !can_run() {
        return;
    }
    let (child, port, _image) = waiting(count::code());
    let mut client = Client::connect(&port);
    assert_eq!(client.ask("Z0,100004,1"), "OK");
    // What the guest has there, written over by nothing, and written over by the debugger.
    assert_eq!(client.ask("m100004,1"), "89");
    assert_eq!(client.ask("M100004,1:89"), "OK");
    assert_eq!(client.ask("m100003,3"), "c3891c");
    assert_eq!(client.ask("D"), "OK");
    assert_eq!(finished(child.wait_with_output().unwrap()).end, End::Exit(5));
}

#[test]
fn kills_a_guest_whose_debugger_is_gone() {
    if !can_run() {
        return;
    }
    let (child, port, _image) = waiting(spin::code());
    drop(Client::connect(&port));
    let ran = finished(child.wait_with_output().unwrap());
    assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(1), "solo5-hvt: guest killed: its debugger is gone\n"));
}

#[test]
fn survives_packets_that_make_no_sense() {
    if !can_run() {
        return;
    }
    let (child, port, _image) = waiting(count::code());
    let mut client = Client::connect(&port);
    for (packet, answer) in [
        ("m400000,1", "E"),
        ("mffffffffffffffff,1", "E"),
        ("M3ffffe,4:00000000", "E"),
        ("Z0,400000,1", "E"),
        ("Z2,100001,3", "E"),
        ("z0,123456,1", "E"),
        ("qNonsense", ""),
    ] {
        let said = client.ask(packet);
        assert!(said.starts_with(answer), "{packet}: {said}");
    }
    // More than there is: as much as there is, four digits that are all the same.
    assert_eq!(client.ask("m3ffffe,4"), "0* ");
    // More than a packet: as much as fits, or an error.
    assert!(client.ask("m100000,8000").len() < 4096);
    client.send("Gzz");
    let ran = finished(child.wait_with_output().unwrap());
    let said = "solo5-hvt: guest killed: its debugger sent what cannot be understood\n";
    assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(1), said));
}

#[test]
fn leaves_a_guest_its_own_breakpoints_and_halts() {
    for (needs, code, why) in [
        (Needs::Integers, own_halt::code(), "it executed HLT"),
        (Needs::Hardware, own_breakpoint::code(), "triple fault"),
    ] {
        if !kvm_has(needs) {
            continue;
        }
        let (child, port, _image) = waiting(code);
        let mut client = Client::connect(&port);
        let stop = client.ask("c");
        assert!(stop.starts_with('X'), "{stop}");
        let ran = finished(child.wait_with_output().unwrap());
        assert!(ran.end == End::Exit(1) && ran.stderr.contains(why), "{ran:?}");
    }
}

#[test]
fn refuses_ports_it_can_not_have() {
    for value in ["65536", "-1", "x", "1x", " 1"] {
        let image = ImageFile::of(&Image::new(AbiTarget::Hvt, count::code()).build());
        let option = format!("--gdb-port={value}");
        let ran = run([option.as_ref(), image.path().as_os_str()]);
        assert_eq!(line(&ran), format!("option '{option}': malformed port, give a number from 0 to 65535"));
    }
}
