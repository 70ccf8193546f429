//! Solo5 images built by hand, byte by byte, so that tests can run them or break them.
//!
//! The default layout is upstream's (ABI section 10.2): `PT_INTERP`, segments, then the notes.

mod mutate;

pub use mutate::{Random, mutate};

use solo5_abi::memory::LOAD_MIN;
use solo5_abi::mft::{TYPE_BLOCK_BASIC, TYPE_NET_BASIC, TYPE_RESERVED_FIRST};
use solo5_abi::notes::{AbiTarget, INTERP, TYPE_ABI1, TYPE_MFT1, mft1_descsz};

/// `PF_X`.
pub const X: u32 = 1;
/// `PF_W`.
pub const W: u32 = 2;
/// `PF_R`.
pub const R: u32 = 4;

/// `PT_LOAD`.
pub const PT_LOAD: u32 = 1;
/// `PT_INTERP`.
pub const PT_INTERP: u32 = 3;
/// `PT_NOTE`.
pub const PT_NOTE: u32 = 4;

/// Bytes of the ELF header; the program headers follow.
pub const ELF_HEADER: usize = 64;
/// Bytes of one program header.
pub const PROGRAM_HEADER: usize = 56;

/// An image to be.
#[derive(Clone, Debug)]
pub struct Image {
    /// `e_entry`.
    pub entry: u64,
    /// Program headers and what they cover, in table order.
    pub programs: Vec<Program>,
    /// Bytes appended behind everything else.
    pub trailer: Vec<u8>,
}

/// A program header, and the bytes of the file it covers.
#[derive(Clone, Debug)]
pub struct Program {
    /// `p_type`.
    pub kind: u32,
    /// `p_flags`.
    pub flags: u32,
    /// `p_vaddr`.
    pub vaddr: u64,
    /// `p_memsz`; `p_filesz` is the length of `content`.
    pub mem_size: u64,
    /// `p_align`; the offset in the file is congruent to `vaddr` modulo this.
    pub align: u64,
    /// What lies in the file.
    pub content: Vec<u8>,
    /// What lies behind it up to the next page, instead of zeroes.
    pub filler: u8,
}

impl Program {
    /// A segment to load at `vaddr`.
    #[must_use]
    pub fn load(vaddr: u64, flags: u32, content: &[u8]) -> Self {
        let content = content.to_vec();
        Self {
            kind: PT_LOAD,
            flags,
            vaddr,
            mem_size: content.len() as u64,
            align: 0x1000,
            content,
            filler: 0,
        }
    }

    /// A segment of zeroes, nothing of which is in the file.
    #[must_use]
    pub fn bss(vaddr: u64, mem_size: u64) -> Self {
        Self { mem_size, ..Self::load(vaddr, R | W, &[]) }
    }

    /// A note of its own.
    #[must_use]
    pub fn note(content: Vec<u8>) -> Self {
        Self { kind: PT_NOTE, flags: R, align: 4, ..Self::load(0, R, &content) }
    }
}

impl Image {
    /// An image whose text, at 0x100000, is `code`; it begins with its first instruction and needs no device.
    #[must_use]
    pub fn new(target: AbiTarget, code: &[u8]) -> Self {
        Self::with_devices(target, code, &[])
    }

    /// An image that declares devices, given by type and name.
    #[must_use]
    pub fn with_devices(target: AbiTarget, code: &[u8], devices: &[(u32, &str)]) -> Self {
        let mut interp = Program::load(LOAD_MIN, R, &INTERP);
        (interp.kind, interp.align) = (PT_INTERP, 8);
        Self {
            entry: LOAD_MIN,
            programs: vec![
                interp,
                Program::load(LOAD_MIN, R | X, code),
                Program::bss(0, 0),
                Program::note(not_openbsd_note()),
                Program::note(abi_note(target as u32, 2)),
                Program::note(manifest_note(devices)),
            ],
            trailer: Vec::new(),
        }
    }

    /// Adds a program header behind the last one that loads something.
    #[must_use]
    pub fn and(mut self, program: Program) -> Self {
        let at = self.programs.iter().rposition(|program| program.kind == PT_LOAD).map_or(0, |last| last + 1);
        self.programs.insert(at, program);
        self
    }

    /// The file.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let count = u16::try_from(self.programs.len()).expect("as many program headers as ELF can have");
        let mut file = vec![0x7F, b'E', b'L', b'F', 2, 1, 1, 0];
        file.resize(16, 0);
        file.extend(2_u16.to_le_bytes());
        file.extend(62_u16.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        for word in [self.entry, ELF_HEADER as u64, 0] {
            file.extend(word.to_le_bytes());
        }
        file.extend(0_u32.to_le_bytes());
        for half in [64_u16, 56, count, 64, 0, 0] {
            file.extend(half.to_le_bytes());
        }
        let mut content_at = vec![0_u8; self.programs.len() * PROGRAM_HEADER];
        let mut body = Vec::new();
        let begin = ELF_HEADER + content_at.len();
        for (program, header) in self.programs.iter().zip(content_at.chunks_exact_mut(PROGRAM_HEADER)) {
            let align = if program.kind == PT_LOAD { program.align.clamp(1, 0x1000) } else { 4 };
            while (begin + body.len()) as u64 % align != program.vaddr % align {
                body.push(0);
            }
            let offset = (begin + body.len()) as u64;
            let file_size = program.content.len() as u64;
            body.extend(&program.content);
            while program.filler != 0 && !(begin + body.len()).is_multiple_of(0x1000) {
                body.push(program.filler);
            }
            let mut fields = Vec::new();
            fields.extend(program.kind.to_le_bytes());
            fields.extend(program.flags.to_le_bytes());
            for word in [offset, program.vaddr, program.vaddr, file_size, program.mem_size, program.align] {
                fields.extend(word.to_le_bytes());
            }
            header.copy_from_slice(&fields);
        }
        file.extend(content_at);
        file.extend(body);
        file.extend(&self.trailer);
        file
    }
}

impl Image {
    /// The file, with a symbol table for debuggers: functions by name, first byte and length, in the segment
    /// with the entry point.
    #[must_use]
    pub fn build_with_symbols(&self, functions: &[(&str, u64, u64)]) -> Vec<u8> {
        const TEXT: u16 = 1;
        let mut file = self.build();
        let text = self.programs.iter().position(|program| {
            let end = program.vaddr + program.mem_size;
            program.kind == PT_LOAD && (program.vaddr..end).contains(&self.entry)
        });
        let text = text.expect("a segment with the entry point");
        let Program { vaddr, content, .. } = &self.programs[text];
        let offset_at = field(text, 8);
        let offset = u64::from_le_bytes(file[offset_at..offset_at + 8].try_into().expect("eight bytes"));
        let mut names = b"\0.text\0.symtab\0.strtab\0".to_vec();
        let mut symbols = vec![0; 24];
        for (name, start, len) in functions {
            let name_at = u32::try_from(names.len()).expect("few names");
            names.extend(name.as_bytes());
            names.push(0);
            symbols.extend(name_at.to_le_bytes());
            // A global function.
            symbols.extend([0x12, 0]);
            symbols.extend(TEXT.to_le_bytes());
            symbols.extend(start.to_le_bytes());
            symbols.extend(len.to_le_bytes());
        }
        file.resize(file.len().next_multiple_of(8), 0);
        let symbols_at = file.len() as u64;
        file.extend(&symbols);
        let names_at = file.len() as u64;
        file.extend(&names);
        file.resize(file.len().next_multiple_of(8), 0);
        let table = file.len() as u64;
        // Name, type and flags, address, offset, size, link and info, alignment, size of an entry.
        let sections: [[u64; 8]; 4] = [
            [0; 8],
            [1 | 1 << 32, 6, *vaddr, offset, content.len() as u64, 0, 16, 0],
            [7 | 2 << 32, 0, 0, symbols_at, symbols.len() as u64, 3 | 1 << 32, 8, 24],
            [15 | 3 << 32, 0, 0, names_at, names.len() as u64, 0, 1, 0],
        ];
        file.extend(sections.as_flattened().iter().flat_map(|word| word.to_le_bytes()));
        patch(&mut file, 40, &table.to_le_bytes());
        // Size and number of section headers, and which of them has their names.
        patch(&mut file, 58, &[64, 0, 4, 0, 3, 0]);
        file
    }
}

/// Where field `at` of program header `index` lies in a file: 0 type, 4 flags, 8 offset, 16 vaddr, 32
/// filesz, 40 memsz, 48 align.
#[must_use]
pub const fn field(index: usize, at: usize) -> usize {
    ELF_HEADER + index * PROGRAM_HEADER + at
}

/// Overwrites bytes of a file.
pub fn patch(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// A note of any kind.
#[must_use]
pub fn note(kind: u32, descsz: u32, rest: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [6, descsz, kind] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(b"Solo5\0\0\0");
    bytes.extend(rest);
    bytes
}

/// The note that says what an image was built for.
#[must_use]
pub fn abi_note(target: u32, version: u32) -> Vec<u8> {
    let words = [target, version, 0, 0];
    note(TYPE_ABI1, 16, &words.map(u32::to_le_bytes).concat())
}

/// The note that keeps another system from executing an image.
#[must_use]
pub fn not_openbsd_note() -> Vec<u8> {
    [&8_u32.to_le_bytes()[..], &4_u32.to_le_bytes(), &1_u32.to_le_bytes(), b"OpenBSD\0", &[0; 4]].concat()
}

/// The note that declares devices, given by type and name.
#[must_use]
pub fn manifest_note(devices: &[(u32, &str)]) -> Vec<u8> {
    let manifest = manifest(devices);
    let count = u32::try_from(devices.len()).expect("few devices") + 1;
    note(TYPE_MFT1, mft1_descsz(count), &[&[0; 4], &manifest[..]].concat())
}

/// A `struct mft`.
#[must_use]
pub fn manifest(devices: &[(u32, &str)]) -> Vec<u8> {
    let count = u32::try_from(devices.len()).expect("few devices") + 1;
    let mut bytes = Vec::new();
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    for &(kind, name) in [(TYPE_RESERVED_FIRST, "")].iter().chain(devices) {
        let mut entry = name.as_bytes().to_vec();
        entry.resize(68, 0);
        entry.extend(kind.to_le_bytes());
        entry.resize(104, 0);
        bytes.extend(entry);
    }
    bytes
}

/// A network device, for [`Image::with_devices`].
#[must_use]
pub const fn net(name: &str) -> (u32, &str) {
    (TYPE_NET_BASIC, name)
}

/// A block device, for [`Image::with_devices`].
#[must_use]
pub const fn block(name: &str) -> (u32, &str) {
    (TYPE_BLOCK_BASIC, name)
}
