//! Whatever a guest writes into its memory, its ring included, and to the ports of its hypercalls: the tender
//! goes on, or says why the guest ends. It never panics, and never touches what is not the guest's: the pages
//! around guest memory are nobody's, and the disk, of which the guest has the first half, keeps its second.
//!
//! An input is a list of steps: `0 gpa:u32 len:u8 bytes` writes to memory, `1 port:u16 gpa:u32` makes a
//! hypercall, `2 len:u16` lets a frame arrive, and `3` serves the ring.

#![no_main]

use std::ffi::CString;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixDatagram;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use solo5_abi::hvt::Hypercall;
use solo5_abi::notes::AbiTarget;
use solo5_elf::Plan;
use tender_core::devices::{Attached, Properties};
use tender_core::image::ImageFile;
use tender_core::net::Mac;
use tender_core::syscall::{self, Fd};
use tender_core::wait_set::WaitSet;
use tender_hvt::console::Console;
use tender_hvt::devices::DeviceTable;
use tender_hvt::guest_memory::GuestMemory;
use tender_hvt::hypercall::{After, Hypercalls};
use tender_hvt::paging::{RING, RING_END};
use tender_hvt::ring::Ring;
use test_image::{Image, Program, R, W};

const SIZE: u64 = 2 << 20;
/// Bytes of the disk that the guest has, and of the file.
const DISK: [usize; 2] = [2048, 4096];
/// Longest wait that the guest may ask for, in ns.
const MOST_NS: u64 = 1000;

fuzz_target!(|input: &[u8]| {
    let memory = memory();
    let _guards = Guards::around(&memory);
    let disk = disk();
    let (host, device) = UnixDatagram::pair().expect("a pair of sockets");
    for end in [&host, &device] {
        end.set_nonblocking(true).expect("sockets that do not wait");
    }
    let attached = [
        Attached {
            handle: 2,
            fd: Fd::numbered(disk.as_raw_fd()),
            properties: Properties::Block { capacity: DISK[0] as u64, block_size: 512 },
        },
        Attached {
            handle: 5,
            fd: Fd::numbered(device.as_raw_fd()),
            properties: Properties::Net { mac: Mac([2, 0, 0, 0, 0, 1]), mtu: 1500 },
        },
    ];
    let nowhere = File::options().write(true).open("/dev/null").expect("/dev/null");
    let wait_set = WaitSet::new(attached.into_iter(), tender_hvt::TARGET.net_events).expect("a wait set");
    let WaitSet { epoll, timer } = wait_set;
    let devices = || DeviceTable::new(attached.into_iter());
    let ring = Ring::new(&memory, RING, devices());
    let console = Console::new(Fd::numbered(nowhere.as_raw_fd()));
    let mut hypercalls = Hypercalls::new(&memory, devices(), wait_set, console).with_ring(&ring);
    play(Steps(input), &memory, &host, &ring, &mut hypercalls);
    for fd in [epoll, timer] {
        syscall::close(fd);
    }
    let mut rest = [0; DISK[1] - DISK[0]];
    disk.read_exact_at(&mut rest, DISK[0] as u64).expect("the disk is as long as it was");
    assert!(rest == [0xEE; DISK[1] - DISK[0]], "the guest wrote behind its disk");
    assert_eq!(disk.metadata().expect("a file").len(), DISK[1] as u64);
});

/// Does what the input says, until it or the guest ends.
fn play(
    mut steps: Steps<'_>,
    memory: &GuestMemory,
    host: &UnixDatagram,
    ring: &Ring<'_>,
    hypercalls: &mut Hypercalls<'_>,
) -> Option<()> {
    loop {
        match steps.byte()? % 4 {
            0 => {
                let at = u64::from(steps.word()?);
                let len = usize::from(steps.byte()?);
                let bytes = steps.bytes(len)?;
                if (RING..=RING_END - len as u64).contains(&at) {
                    memory.leave(at, bytes);
                } else {
                    // Where the guest cannot write there is nothing to do.
                    let _ = memory.poke(at, bytes);
                }
            }
            1 => {
                let (port, at) = (steps.half()?, steps.word()?);
                if port == Hypercall::Poll.port() {
                    let mut wait = [0; 8];
                    memory.peek(at.into(), &mut wait);
                    if u64::from_le_bytes(wait) > MOST_NS {
                        continue;
                    }
                }
                if !matches!(hypercalls.serve(port, at), Ok(After::Resume)) {
                    return None;
                }
            }
            2 => {
                let len = usize::from(steps.half()? % 4096);
                // A queue that is full is full.
                let _ = host.send(&vec![0xAB; len]);
            }
            _ => ring.serve().ok()?,
        }
        let mut frame = [0; 4096];
        while host.recv(&mut frame).is_ok() {}
    }
}

/// The rest of an input; nothing where it is too short.
struct Steps<'a>(&'a [u8]);

impl<'a> Steps<'a> {
    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(first)
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    fn half(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.bytes(2)?.try_into().ok()?))
    }

    fn word(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes(4)?.try_into().ok()?))
    }
}

/// Memory of a guest with text, data that it may write and data that it may not.
fn memory() -> GuestMemory {
    static IMAGE: OnceLock<(ImageFile<'static>, Plan)> = OnceLock::new();
    let (image, plan) = IMAGE.get_or_init(|| {
        let bytes = Image::new(AbiTarget::Hvt, &[0x90; 4096])
            .and(Program::load(0x11_0000, R | W, &[0x11; 4096]))
            .and(Program::load(0x12_0000, R, &[0x22; 4096]))
            .and(Program::load(0x12_1000, 0, &[0x33; 4096]))
            .build();
        let file = unlinked(&bytes);
        let path = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd())).expect("a path");
        let image = ImageFile::open(&path, Box::leak(Box::new([0; _]))).expect("an image");
        let header = solo5_elf::Header::read(&image).expect("a header");
        let plan = Plan::new(&image, &header, SIZE).expect("a plan");
        (image, plan)
    });
    let mut memory = GuestMemory::map(SIZE).expect("memory");
    memory.load(image, plan).expect("segments");
    memory
}

/// Pages around guest memory that nobody may touch.
struct Guards(Vec<*mut libc::c_void>);

impl Guards {
    fn around(memory: &GuestMemory) -> Self {
        let start = usize::try_from(memory.host_address()).expect("an address");
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
        let made = [start - 4096, start + SIZE as usize].into_iter().map(|at| {
            let at = std::ptr::without_provenance_mut(at);
            // SAFETY: replaces nothing; where something is already, that is not the guest's either.
            unsafe { libc::mmap(at, 4096, libc::PROT_NONE, flags, -1, 0) }
        });
        Self(made.filter(|&at| at != libc::MAP_FAILED).collect())
    }
}

impl Drop for Guards {
    fn drop(&mut self) {
        for &at in &self.0 {
            // SAFETY: made above; nobody knows of it.
            unsafe { libc::munmap(at, 4096) };
        }
    }
}

fn disk() -> File {
    let mut content = vec![0xDD; DISK[0]];
    content.resize(DISK[1], 0xEE);
    unlinked(&content)
}

/// A file without a name.
fn unlinked(content: &[u8]) -> File {
    use std::os::fd::FromRawFd as _;
    // SAFETY: the name is NUL-terminated; the descriptor is new and ours.
    let mut file = unsafe { File::from_raw_fd(libc::memfd_create(c"fuzz".as_ptr(), 0)) };
    file.write_all(content).expect("room in memory");
    file
}
