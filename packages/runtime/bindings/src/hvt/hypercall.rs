//! Hypercalls: a write of a record's address to a port, and the tender has answered in the record when the
//! guest goes on (ABI section 4.5).

use core::arch::asm;

use solo5_abi::hvt::{
    BlockIo, Halt, Hypercall, NetRead, NetWrite, PORT_KICK, Poll, Puts, TrapCookie, Walltime,
};

/// A record, and the hypercall that it is the argument of.
///
/// # Safety
/// The tender writes fields of the record, and nothing behind it.
unsafe trait Record {
    const CALL: Hypercall;
}

macro_rules! records {
    ($($record:ty => $call:ident,)*) => {
        $(
            // SAFETY: the ABI's record for this call (ABI section 4.5).
            unsafe impl Record for $record {
                const CALL: Hypercall = Hypercall::$call;
            }
        )*
    };
}

records! {
    Walltime => Walltime,
    Puts => Puts,
    Poll => Poll,
    NetWrite => NetWrite,
    NetRead => NetRead,
    Halt => Halt,
}

/// # Safety
/// Memory that the record points to is what the call expects: readable or writable for its length.
unsafe fn call<R: Record>(record: &mut R) {
    // SAFETY: by the caller's word and the trait's.
    unsafe { out(R::CALL.port(), address(record)) };
}

/// # Safety
/// `port` and `value` are what the tender expects; what it does to memory is the caller's to know.
unsafe fn out(port: u16, value: u64) {
    // All memory of a guest lies below 4 GiB (ABI section 4.2): nothing is lost.
    let value = (value & 0xFFFF_FFFF) as u32;
    // SAFETY: a write to a port ends in the tender, which changes no register. The compiler takes it for
    // granted that any memory whose address is known may be read and written here.
    unsafe { asm!("out dx, eax", in("dx") port, in("eax") value, options(nostack, preserves_flags)) };
}

fn address<T>(pointer: *const T) -> u64 {
    pointer.expose_provenance() as u64
}

/// Nanoseconds since 1970, UTC.
pub fn wall_clock() -> u64 {
    let mut record = Walltime { nsecs: 0 };
    // SAFETY: the record points to nothing.
    unsafe { call(&mut record) };
    record.nsecs
}

/// Text for the console.
///
/// # Safety
/// `data` is readable for `len` bytes.
pub unsafe fn puts(data: *const u8, len: usize) {
    let mut record = Puts { data: address(data), len: len as u64 };
    // SAFETY: by the caller's word.
    unsafe { call(&mut record) };
}

/// Waits so long, in nanoseconds, or until a network device is readable; the set of readable ones.
pub fn poll(timeout_nsecs: u64) -> u64 {
    let mut record = Poll { timeout_nsecs, ready_set: 0, ret: 0, reserved: 0 };
    // SAFETY: the record points to nothing.
    unsafe { call(&mut record) };
    record.ready_set
}

/// One frame out: a result code.
///
/// # Safety
/// `frame` is readable for `len` bytes.
pub unsafe fn net_write(handle: u64, frame: *const u8, len: usize) -> i32 {
    let mut record = NetWrite { handle, data: address(frame), len: len as u64, ret: 0, reserved: 0 };
    // SAFETY: by the caller's word.
    unsafe { call(&mut record) };
    record.ret
}

/// One frame in: a result code, and the frame's length.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
pub unsafe fn net_read(handle: u64, buffer: *mut u8, len: usize) -> (i32, u64) {
    let mut record = NetRead { handle, data: address(buffer), len: len as u64, ret: 0, reserved: 0 };
    // SAFETY: by the caller's word.
    unsafe { call(&mut record) };
    (record.ret, record.len)
}

/// Reads from a block device: a result code.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
pub unsafe fn block_read(handle: u64, offset: u64, buffer: *mut u8, len: usize) -> i32 {
    // SAFETY: by the caller's word.
    unsafe { block(Hypercall::BlockRead, handle, offset, buffer, len) }
}

/// Writes to a block device: a result code.
///
/// # Safety
/// `data` is readable for `len` bytes.
pub unsafe fn block_write(handle: u64, offset: u64, data: *const u8, len: usize) -> i32 {
    // SAFETY: by the caller's word.
    unsafe { block(Hypercall::BlockWrite, handle, offset, data, len) }
}

/// # Safety
/// As for [`block_read`] or [`block_write`], whichever `call` is.
unsafe fn block(call: Hypercall, handle: u64, offset: u64, data: *const u8, len: usize) -> i32 {
    let data = address(data);
    let mut record = BlockIo { handle, offset, data, len: len as u64, ret: 0, reserved: 0 };
    // SAFETY: the record of both calls; what it points to is as the caller says.
    unsafe { out(call.port(), address(&raw mut record)) };
    record.ret
}

/// Ends the guest. The tender may keep what a trap left in `cookie`.
pub fn halt(status: i32, cookie: Option<&'static Cookie>) -> ! {
    let cookie = cookie.map_or(0, |cookie| address(cookie));
    let mut record = Halt { cookie, exit_status: status, reserved: 0 };
    loop {
        // SAFETY: a cookie is as long as the tender needs (ABI section 4.8). The call does not return.
        unsafe { call(&mut record) };
    }
}

/// What a trap leaves for the tender (ABI section 4.8), as long as it must be.
#[repr(C, align(8))]
pub struct Cookie {
    /// What the tender reads.
    pub trap: TrapCookie,
    /// Room for what tenders may want to know one day.
    pub reserved: [u8; RESERVED],
}

const RESERVED: usize = 512 - size_of::<TrapCookie>();
const _: () = assert!(size_of::<Cookie>() as u64 == solo5_abi::hvt::HALT_COOKIE_SIZE);

/// Wakes the tender's thread that serves the network ring (ABI section 4.6).
pub fn kick() {
    // SAFETY: only used where there is a ring; the value means nothing.
    unsafe { out(PORT_KICK, 0) };
}
