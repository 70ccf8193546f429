//! A guest that makes the hypercalls of a table, and prints what became of each record.

use solo5_abi::hvt::Hypercall;
use solo5_abi::notes::AbiTarget;
use test_image::{Image, Program, R, W};

use crate::suite::support::{End, Ran, guest};

/// A hypercall: its record is written to an address, and read there again when it is done.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    number: u32,
    at: u64,
    record: [u64; 5],
    /// Words of the record.
    words: usize,
}

/// Where a record is, unless that is what is to be tested.
pub const RECORD: u64 = 0x18_1000;
/// Somewhere to read from and to write to.
pub const BUFFER: u64 = 0x18_2000;
/// Where the table is: data that the guest may write.
const TABLE: u64 = 0x11_0000;

impl Call {
    /// A hypercall with the words of its record.
    pub fn new(call: Hypercall, record: &[u64]) -> Self {
        let mut words = [0; 5];
        words[..record.len()].copy_from_slice(record);
        Self { number: call as u32, at: RECORD, record: words, words: record.len() }
    }

    /// The same with its record at another address.
    pub fn at(self, at: u64) -> Self {
        Self { at, ..self }
    }

    /// The same with its record where it is, unwritten: the guest could not write there.
    pub fn untouched_at(self, at: u64) -> Self {
        Self { at, words: 0, ..self }
    }

    /// `PUTS`.
    pub fn puts(data: u64, len: u64) -> Self {
        Self::new(Hypercall::Puts, &[data, len])
    }

    /// `BLOCK_READ`.
    pub fn block_read(handle: u64, offset: u64, data: u64, len: u64) -> Self {
        Self::new(Hypercall::BlockRead, &[handle, offset, data, len, !0])
    }

    /// `BLOCK_WRITE`.
    pub fn block_write(handle: u64, offset: u64, data: u64, len: u64) -> Self {
        Self::new(Hypercall::BlockWrite, &[handle, offset, data, len, !0])
    }

    /// `NET_READ`.
    pub fn net_read(handle: u64, data: u64, len: u64) -> Self {
        Self::new(Hypercall::NetRead, &[handle, data, len, !0])
    }

    /// `NET_WRITE`.
    pub fn net_write(handle: u64, data: u64, len: u64) -> Self {
        Self::new(Hypercall::NetWrite, &[handle, data, len, !0])
    }

    /// `POLL`.
    pub fn poll(nanoseconds: u64) -> Self {
        Self::new(Hypercall::Poll, &[nanoseconds, !0, !0])
    }
}

// Table: the number of calls; for each the number of the hypercall and of the record's words, the
// record's address, five words.
guest!(caller:
    "mov ebx, 0x110000" "mov r12, [rbx]" "add rbx, 8"
    "2: test r12, r12" "jz 3f"
    "mov rdi, [rbx + 8]" "lea rsi, [rbx + 16]" "mov ecx, [rbx + 4]" "shl ecx, 3" "rep movsb"
    "mov edx, [rbx]" "add edx, 0x500" "mov eax, [rbx + 8]" "out dx, eax"
    "mov eax, [rbx + 8]" "mov [0x180010], rax" "mov eax, [rbx + 4]" "shl eax, 3" "mov [0x180018], rax"
    "call_tender 2, 0x180010"
    "add rbx, 56" "dec r12" "jmp 2b"
    "3: exit 0");

/// An image that makes these calls. It has a page of read-only data at 0x120000, of text behind 0x100000,
/// and of nothing the guest may read at 0x121000.
pub fn image(devices: &[(u32, &str)], calls: &[Call]) -> Image {
    let mut table = (calls.len() as u64).to_le_bytes().to_vec();
    for call in calls {
        table.extend(call.number.to_le_bytes());
        table.extend(u32::try_from(call.words).unwrap().to_le_bytes());
        for word in [call.at].iter().chain(&call.record) {
            table.extend(word.to_le_bytes());
        }
    }
    Image::with_devices(AbiTarget::Hvt, caller::code(), devices)
        .and(Program::load(TABLE, R | W, &table))
        .and(Program::load(0x12_0000, R, b"read-only"))
        .and(Program::load(0x12_1000, 0, b"hidden"))
}

/// The records after the calls, and what the guest printed besides.
pub fn records(ran: &Ran, calls: &[Call]) -> Vec<Vec<u64>> {
    assert_eq!((&ran.end, &ran.stderr[..]), (&End::Exit(0), ""), "{ran:?}");
    let mut rest = &ran.stdout[..];
    let mut records = Vec::new();
    for call in calls {
        if call.number == Hypercall::Puts as u32 {
            let len = usize::try_from(call.record[1]).unwrap();
            rest = &rest[len..];
        }
        let (record, behind) = rest.split_at(call.words * 8);
        records.push(record.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect());
        rest = behind;
    }
    assert_eq!(rest.len(), 0, "more than the calls print");
    records
}
