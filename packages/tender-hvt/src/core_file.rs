//! `--dumpcore`: what a guest was when it ended badly, as an ELF core (ABI section 4.13).

use std::ffi::{CStr, CString};

use rustix::fs::ftruncate;
use rustix::io::{pread, retry_on_intr};
use solo5_abi::Gpa;
use solo5_abi::hvt::TrapCookie;
use solo5_abi::memory::PAGE_SIZE;
use tender_core::syscall::{Errno, Fd, word};
use thiserror::Error;

use crate::guest_memory::GuestMemory;
use crate::host;
use crate::virtual_machine::Registers;

/// Where the notes begin, and where the memory.
const NOTES: usize = 176;
const MEMORY: usize = 532;
/// Where in the file the general registers are: in `struct elf_prstatus` of the note.
const REGISTERS: usize = 308;
const PAGE: usize = word(PAGE_SIZE);
/// Pages whose state is asked for at once.
const BATCH: usize = 512;

/// Where cores go: everything that takes a system call of its own is done before the guest runs.
#[derive(Debug)]
pub struct CoreFolder {
    folder: Fd,
    /// `/proc/self/pagemap`, if there is one: which pages exist.
    pages: Option<Fd>,
    /// The name of the file.
    name: CString,
    /// As the user gave it, for messages.
    path: &'static CStr,
}

/// Why cores cannot go to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is not a folder for cores: {0}")]
pub struct FolderError(#[source] pub Errno);

/// What became of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dumped {
    /// Pages that are in the file; the others are zero, and holes of it.
    pub pages: u64,
    /// Pages of the guest.
    pub total: u64,
}

impl CoreFolder {
    /// Cores go to the folder `path`.
    ///
    /// # Errors
    /// It is no folder that this process can make files in.
    pub fn open(path: &'static CStr) -> Result<Self, FolderError> {
        let folder = host::open_folder(path).map_err(FolderError)?;
        let pages = host::open_page_map().ok();
        let name = CString::new(format!("core.solo5-hvt.{}", std::process::id())).unwrap_or_default();
        Ok(Self { folder, pages, name, path })
    }

    /// The folder's descriptor, and that of the page map.
    #[must_use]
    pub const fn descriptors(&self) -> (Fd, Option<Fd>) {
        (self.folder, self.pages)
    }

    /// The file's name, and its folder's, as the user gave it.
    #[must_use]
    pub fn names(&self) -> (&[u8], &[u8]) {
        (self.path.to_bytes(), self.name.to_bytes())
    }

    /// Writes a core: memory that was ever touched, and the registers; those that a trap left in memory
    /// count instead of those of whoever reported it.
    ///
    /// # Errors
    /// The host's: there is such a file already, or no room for it.
    pub fn dump(
        &self,
        memory: &GuestMemory,
        registers: &Registers,
        trap: Option<Gpa>,
    ) -> Result<Dumped, Errno> {
        let file = host::create_in(self.folder, &self.name)?;
        let trap = trap.and_then(|at| memory.record::<TrapCookie>(at).ok());
        host::write_own_at(file, 0, &head(memory.size(), registers, trap))?;
        let total = memory.size() / PAGE_SIZE;
        let mut pages = 0;
        let mut page = [0; PAGE];
        let mut states = [0; 8 * BATCH];
        for first in (0..total).step_by(BATCH) {
            self.ask(memory, first, &mut states);
            for (number, state) in (first..total).zip(states.as_chunks::<8>().0) {
                let gpa = number * PAGE_SIZE;
                let exists = u64::from_le_bytes(*state) != 0 && memory.peek(gpa, &mut page) == PAGE;
                if exists && page.iter().any(|&byte| byte != 0) {
                    host::write_own_at(file, MEMORY as u64 + gpa, &page)?;
                    pages += 1;
                }
            }
        }
        // To its full size, even if the last page is a hole.
        ftruncate(file, MEMORY as u64 + memory.size())?;
        Ok(Dumped { pages, total })
    }

    /// Asks which pages exist; all might, if the kernel does not tell.
    fn ask(&self, memory: &GuestMemory, first: Gpa, states: &mut [u8; 8 * BATCH]) {
        states.fill(0xFF);
        if let Some(map) = self.pages {
            let offset = (memory.host_address() / PAGE_SIZE + first) * 8;
            if retry_on_intr(|| pread(map, &mut *states, offset)) != Ok(states.len()) {
                states.fill(0xFF);
            }
            // Bits 62 and 63: in memory, or in swap. Others are about pages that are neither.
            for state in states.as_chunks_mut::<8>().0 {
                *state = (u64::from_le_bytes(*state) >> 62).to_le_bytes();
            }
        }
    }
}

/// ELF header, program headers and the note.
fn head(mem_size: u64, registers: &Registers, trap: Option<TrapCookie>) -> [u8; MEMORY] {
    let mut head = [0; MEMORY];
    let mut put = |at: usize, bytes: &[u8]| head[at..at + bytes.len()].copy_from_slice(bytes);
    // 64-bit, little endian, version 1, no system; a core for x86-64 with two program headers.
    put(0, &[0x7F, b'E', b'L', b'F', 2, 1, 1, 255]);
    for (at, half) in [(16, 4_u16), (18, 62), (52, 64), (54, 56), (56, 2)] {
        put(at, &half.to_le_bytes());
    }
    put(20, &1_u32.to_le_bytes());
    put(32, &64_u64.to_le_bytes());
    put(64, &4_u32.to_le_bytes());
    for (at, value) in [(72, NOTES as u64), (96, 356), (104, 356)] {
        put(at, &value.to_le_bytes());
    }
    put(120, &1_u32.to_le_bytes());
    for (at, value) in [(128, MEMORY as u64), (152, mem_size), (160, mem_size)] {
        put(at, &value.to_le_bytes());
    }
    // The note: 8 bytes of name, 336 of description, NT_PRSTATUS.
    for (at, value) in [(176, 8_u32), (180, 336), (184, 1)] {
        put(at, &value.to_le_bytes());
    }
    put(188, b"CORE");
    for (index, value) in registers_of(registers, trap).into_iter().enumerate() {
        put(REGISTERS + index * 8, &value.to_le_bytes());
    }
    head
}

/// As `struct user_regs_struct` has them.
fn registers_of(registers: &Registers, trap: Option<TrapCookie>) -> [u64; 27] {
    let Registers { general: g, special: s } = registers;
    let (rip, cs, rflags, rsp, ss) = match trap {
        Some(trap) => (trap.rip, trap.cs, trap.rflags, trap.rsp, trap.ss),
        None => (g.rip, s.cs.selector.into(), g.rflags, g.rsp, s.ss.selector.into()),
    };
    let selectors = [s.ds, s.es, s.fs, s.gs].map(|segment| segment.selector.into());
    let [ds, es, fs, gs] = selectors;
    [
        g.r15, g.r14, g.r13, g.r12, g.rbp, g.rbx, g.r11, g.r10, g.r9, g.r8, g.rax, g.rcx, g.rdx, g.rsi,
        g.rdi, g.rax, rip, cs, rflags, rsp, ss, s.fs.base, s.gs.base, ds, es, fs, gs,
    ]
}
