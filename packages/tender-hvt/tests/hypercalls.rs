//! Hypercalls against a model, with arguments at random, without KVM: guest memory is the real mapping,
//! between pages that nobody can touch, with real segments, a real file, a real socket and a real pipe to
//! the console. After each call everything that the guest could see, and all that the host could have lost,
//! is what the model says.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use solo5_abi::hvt::Hypercall;
use solo5_abi::notes::AbiTarget;
use solo5_abi::result::{AGAIN, EINVAL, OK};
use solo5_elf::Plan;
use tender_core::devices::{Attached, Properties};
use tender_core::image::ImageFile;
use tender_core::net::Mac;
use tender_core::syscall::{self, Fd};
use tender_core::wait_set::WaitSet;
use tender_hvt::console::Console;
use tender_hvt::devices::DeviceTable;
use tender_hvt::guest_memory::GuestMemory;
use tender_hvt::hypercall::{After, HypercallError, Hypercalls};
use test_image::{Image, Program, R, W};

const SIZE: usize = 2 << 20;
const DISK: usize = 4 * 512;
const BLOCK_HANDLE: u64 = 2;
const NET_HANDLE: u64 = 5;

/// What the guest may do with a byte, said once more and in another way than the tender does.
fn may(write: bool, at: u64) -> bool {
    match at {
        0..0x1_0000 => false,
        0x1_0000..0x10_0000 => !write,
        0x10_0000..0x10_1000 | 0x12_0000..0x12_1000 => !write,
        0x12_1000..0x12_2000 => false,
        _ => at < SIZE as u64,
    }
}

fn may_all(write: bool, at: u64, len: u64) -> bool {
    let end = u128::from(at) + u128::from(len);
    len == 0 || (end <= SIZE as u128 && (at..at + len).all(|at| may(write, at)))
}

/// A file that is removed when it goes out of scope.
struct Temporary(PathBuf);

impl Temporary {
    fn of(name: &str, content: &[u8]) -> Self {
        // Tests of this file run at the same time, and remove what they have made.
        static MADE: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("uk-hypercalls-{process}-{number}-{name}"));
        fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Memory with text, read-only data, data, and a page that the guest cannot use; pages that nobody can
/// touch on both sides, if the kernel has put nothing there.
fn memory() -> GuestMemory {
    let image = Image::new(AbiTarget::Hvt, &[0x90; 4096])
        .and(Program::load(0x11_0000, R | W, &[0x11; 4096]))
        .and(Program::load(0x12_0000, R, &[0x22; 4096]))
        .and(Program::load(0x12_1000, 0, &[0x33; 4096]));
    let file = Temporary::of("image", &image.build());
    let path = CString::new(file.0.as_os_str().as_bytes()).unwrap();
    let mut window = [0; _];
    let opened = ImageFile::open(&path, &mut window).unwrap();
    let header = solo5_elf::Header::read(&opened).unwrap();
    let plan = Plan::new(&opened, &header, SIZE as u64).unwrap();
    let mut memory = GuestMemory::map(SIZE as u64).unwrap();
    memory.load(&opened, &plan).unwrap();
    syscall::close(opened.fd());
    let start = usize::try_from(memory.host_address()).unwrap();
    for guard in [start - 4096, start + SIZE] {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
        let at = std::ptr::without_provenance_mut(guard);
        // SAFETY: replaces nothing.
        unsafe { libc::mmap(at, 4096, libc::PROT_NONE, flags, -1, 0) };
    }
    memory
}

/// All of guest memory; what the guest may not read is zero here.
fn snapshot(memory: &GuestMemory) -> Vec<u8> {
    let mut all = vec![0; SIZE];
    let mut at = 0;
    while at < SIZE {
        let read = memory.peek(at as u64, &mut all[at..]);
        // A page that cannot be read is skipped.
        at += read.max(4096 - at % 4096);
    }
    all
}

#[test]
fn a_debugger_reads_up_to_what_nobody_may_read() {
    let memory = memory();
    let cases: [(u64, usize); 8] = [
        (0x12_0FF0, 16),
        (0x12_1000, 0),
        (0x12_1008, 0),
        (0x12_1FF8, 0),
        (0x12_2000, 32),
        (SIZE as u64 - 4, 4),
        (SIZE as u64, 0),
        (u64::MAX, 0),
    ];
    for (at, bytes) in cases {
        assert_eq!(memory.peek(at, &mut [0; 32]), bytes, "at {at:#x}");
    }
}

#[derive(Clone, Debug)]
struct Turn {
    port: u16,
    at: u32,
    record: [u64; 5],
    /// A frame that arrives before.
    frame: Option<Vec<u8>>,
}

fn value() -> impl Strategy<Value = u64> {
    let edges = [
        0,
        1,
        2,
        5,
        9,
        14,
        60,
        511,
        512,
        513,
        1514,
        2047,
        2048,
        0xFFFF,
        0x1_0000,
        0xF_FFFF,
        0x10_0000,
        0x10_0FFF,
        0x10_1000,
        0x11_0000,
        0x11_FFFF,
        0x12_0000,
        0x12_0FFF,
        0x12_1000,
        0x12_2000,
        0x18_0000,
        0x18_0000,
        0x18_0000,
        0x1F_FFFF,
        0x20_0000,
        1 << 32,
        (1 << 32) + 2,
        1 << 63,
        u64::MAX,
    ];
    prop_oneof![
        6 => proptest::sample::select(edges.to_vec()),
        2 => (proptest::sample::select(edges.to_vec()), -64_i64..64).prop_map(|(edge, by)| edge.wrapping_add_signed(by)),
        2 => 0..SIZE as u64,
        1 => any::<u64>(),
    ]
}

/// Mostly a record that makes some sense, so that the tender gets somewhere.
fn record(port: u16) -> impl Strategy<Value = [u64; 5]> {
    let figure =
        || prop_oneof![proptest::sample::select(vec![0, 1, 511, 512, 1536, 2047, 2048]), 0_u64..2049];
    let handle = prop_oneof![Just(BLOCK_HANDLE), Just(NET_HANDLE), 0_u64..8];
    let sensible = (handle, figure(), 0x18_0000_u64..0x1F_0000, figure());
    let sensible = sensible.prop_map(move |(handle, offset, data, len)| match Hypercall::from_port(port) {
        Some(Hypercall::Puts) => [data, len, 0, 0, 0],
        Some(Hypercall::NetRead | Hypercall::NetWrite) => [handle, data, len, !0, 0],
        Some(Hypercall::Halt) => [data, offset, 0, 0, 0],
        _ => [handle, offset, data, len, !0],
    });
    let wild = proptest::array::uniform5(value());
    prop_oneof![2 => sensible, 2 => wild].prop_map(move |mut record| {
        if port == Hypercall::Poll.port() {
            // Not forever.
            record[0] %= 2000;
        }
        if port == Hypercall::NetWrite.port() && record[2] < SIZE as u64 {
            // As much as a socket takes at once.
            record[2] %= 4096;
        }
        record
    })
}

fn turn() -> impl Strategy<Value = Turn> {
    let at = prop_oneof![8 => Just(0x18_8000_u32), 2 => value().prop_map(|at| u32::try_from(at % (1 << 32)).unwrap())];
    let frame = proptest::option::of(proptest::collection::vec(any::<u8>(), 1..1600));
    (0x4FF_u16..=0x50A, at, frame).prop_flat_map(|(port, at, frame)| {
        record(port).prop_map(move |record| Turn { port, at, record, frame: frame.clone() })
    })
}

/// What a turn has to do.
enum Expected {
    Resume,
    Halt(i32),
    Unknown,
    Fault,
}

/// The world as the model knows it.
struct Model {
    memory: Vec<u8>,
    disk: Vec<u8>,
    arrived: Vec<Vec<u8>>,
    sent: Vec<Vec<u8>>,
    console: Vec<u8>,
}

impl Model {
    fn word(&self, at: u64) -> u64 {
        let at = usize::try_from(at).unwrap();
        u64::from_le_bytes(self.memory[at..at + 8].try_into().unwrap())
    }

    fn bytes(&self, at: u64, len: u64) -> Vec<u8> {
        let (at, len) = (usize::try_from(at).unwrap_or(0), usize::try_from(len).unwrap());
        if len == 0 { Vec::new() } else { self.memory[at..at + len].to_vec() }
    }

    fn put(&mut self, at: u64, bytes: &[u8]) {
        if !bytes.is_empty() {
            let at = usize::try_from(at).unwrap();
            self.memory[at..at + bytes.len()].copy_from_slice(bytes);
        }
    }

    fn turn(&mut self, port: u16, at: u32) -> Expected {
        let at = u64::from(at);
        let Some(call) = Hypercall::from_port(port) else { return Expected::Unknown };
        let (size, answers) = match call {
            Hypercall::Walltime => (8, true),
            Hypercall::Puts | Hypercall::Halt => (16, false),
            Hypercall::Poll => (24, true),
            Hypercall::BlockRead | Hypercall::BlockWrite => (40, true),
            Hypercall::NetRead | Hypercall::NetWrite => (32, true),
        };
        if !may_all(answers, at, size) {
            return Expected::Fault;
        }
        let word = |index: u64| self.word(at + index * 8);
        match call {
            // The test looks at the time itself.
            Hypercall::Walltime => {}
            Hypercall::Puts => {
                let (data, len) = (word(0), word(1));
                if !may_all(false, data, len) {
                    return Expected::Fault;
                }
                let text = self.bytes(data, len);
                self.console.extend(text);
            }
            Hypercall::Poll => {
                let ready = !self.arrived.is_empty();
                self.put(at + 8, &(u64::from(ready) << NET_HANDLE).to_le_bytes());
                self.put(at + 16, &i32::from(ready).to_le_bytes());
            }
            Hypercall::BlockRead | Hypercall::BlockWrite => {
                let (handle, offset, data, len) = (word(0), word(1), word(2), word(3));
                let end = u128::from(offset) + u128::from(len);
                let code = if handle != BLOCK_HANDLE || offset >= DISK as u64 || end > DISK as u128 {
                    EINVAL
                } else if !may_all(call == Hypercall::BlockRead, data, len) {
                    return Expected::Fault;
                } else {
                    let range = usize::try_from(offset).unwrap()..usize::try_from(end).unwrap();
                    if call == Hypercall::BlockRead {
                        let read = self.disk[range].to_vec();
                        self.put(data, &read);
                    } else {
                        let written = self.bytes(data, len);
                        self.disk[range].copy_from_slice(&written);
                    }
                    OK
                };
                self.put(at + 32, &code.to_le_bytes());
            }
            Hypercall::NetRead => {
                let (handle, data, len) = (word(0), word(1), word(2));
                let code = if handle != NET_HANDLE {
                    EINVAL
                } else if !may_all(true, data, len) {
                    return Expected::Fault;
                } else if self.arrived.is_empty() || len == 0 {
                    // Without room for any of a frame it stays: the kernel does not ask the socket.
                    AGAIN
                } else {
                    let mut frame = self.arrived.remove(0);
                    frame.truncate(usize::try_from(len).unwrap());
                    self.put(data, &frame);
                    self.put(at + 16, &(frame.len() as u64).to_le_bytes());
                    OK
                };
                self.put(at + 24, &code.to_le_bytes());
            }
            Hypercall::NetWrite => {
                let (handle, data, len) = (word(0), word(1), word(2));
                let code = if handle != NET_HANDLE {
                    EINVAL
                } else if !may_all(false, data, len) {
                    return Expected::Fault;
                } else {
                    let frame = self.bytes(data, len);
                    self.sent.push(frame);
                    OK
                };
                self.put(at + 24, &code.to_le_bytes());
            }
            Hypercall::Halt => {
                let (cookie, status) = (word(0), word(1));
                if cookie != 0 && !may_all(false, cookie, 512) {
                    return Expected::Fault;
                }
                let [a, b, c, d, ..] = status.to_le_bytes();
                return Expected::Halt(i32::from_le_bytes([a, b, c, d]));
            }
        }
        Expected::Resume
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn do_what_the_model_says_and_nothing_else(turns in proptest::collection::vec(turn(), 1..12)) {
        let memory = memory();
        let content: Vec<u8> = (0..=250).cycle().take(DISK).collect();
        let disk = Temporary::of("disk", &content);
        let file = File::options().read(true).write(true).open(&disk.0).unwrap();
        let (host, device) = UnixDatagram::pair().unwrap();
        host.set_nonblocking(true).unwrap();
        device.set_nonblocking(true).unwrap();
        let printed = Temporary::of("console", b"");
        let mut console = File::options().read(true).write(true).open(&printed.0).unwrap();
        let attached = [
            Attached {
                handle: usize::try_from(BLOCK_HANDLE).unwrap(),
                fd: Fd::numbered(file.as_raw_fd()),
                properties: Properties::Block { capacity: DISK as u64, block_size: 512 },
            },
            Attached {
                handle: usize::try_from(NET_HANDLE).unwrap(),
                fd: Fd::numbered(device.as_raw_fd()),
                properties: Properties::Net { mac: Mac([2, 0, 0, 0, 0, 1]), mtu: 1500 },
            },
        ];
        let wait_set = WaitSet::new(attached.into_iter(), tender_hvt::TARGET.net_events).unwrap();
        let WaitSet { epoll, timer } = wait_set;
        let console_fd = Fd::numbered(console.as_raw_fd());
        let mut hypercalls =
            Hypercalls::new(&memory, DeviceTable::new(attached.into_iter()), wait_set, Console::new(console_fd));
        let mut model = Model {
            memory: snapshot(&memory),
            disk: content,
            arrived: Vec::new(),
            sent: Vec::new(),
            console: Vec::new(),
        };
        for Turn { port, at, record, frame } in turns {
            if let Some(frame) = frame.filter(|_| model.arrived.len() < 5) {
                host.send(&frame).unwrap();
                model.arrived.push(frame);
            }
            // The guest writes its record where it can.
            for (index, word) in (0_u64..).zip(record) {
                let at = u64::from(at) + index * 8;
                if may_all(true, at, 8) {
                    memory.poke(at, &word.to_le_bytes()).unwrap();
                    model.put(at, &word.to_le_bytes());
                }
            }
            let expected = model.turn(port, at);
            let done = hypercalls.serve(port, at);
            match expected {
                Expected::Resume => prop_assert_eq!(done, Ok(After::Resume)),
                Expected::Halt(status) => {
                    let halted = matches!(done, Ok(After::Halt(halted)) if halted.status == status);
                    prop_assert!(halted, "{:?}", done);
                }
                Expected::Unknown => prop_assert_eq!(done, Err(HypercallError::Unknown { port })),
                Expected::Fault => prop_assert!(matches!(done, Err(HypercallError::Fault(..))), "{:?}", done),
            }
            if port == Hypercall::Walltime.port() && done.is_ok() {
                let mut now = [0; 8];
                memory.peek(at.into(), &mut now);
                prop_assert!(u64::from_le_bytes(now) > 1_483_228_800_000_000_000);
                model.put(at.into(), &now);
            }
            prop_assert!(snapshot(&memory) == model.memory, "memory differs after {:?}", done);
            let mut frame = [0; 4096];
            while let Ok(len) = host.recv(&mut frame) {
                prop_assert!(!model.sent.is_empty(), "a frame that nobody sent");
                let sent = model.sent.remove(0);
                prop_assert_eq!(&frame[..len], &sent[..len.min(sent.len())]);
                prop_assert!(len == sent.len() || len == frame.len());
            }
            prop_assert!(model.sent.is_empty(), "a frame was lost");
        }
        prop_assert_eq!(&fs::read(&disk.0).unwrap(), &model.disk);
        let mut text = Vec::new();
        console.seek(SeekFrom::Start(0)).unwrap();
        console.read_to_end(&mut text).unwrap();
        prop_assert!(text == model.console, "the console differs");
        for fd in [epoll, timer] {
            tender_core::syscall::close(fd);
        }
    }
}
