//! Segments, and what the processor does when something goes wrong (ABI sections 7.3, 7.6).

use core::arch::asm;
use core::cell::UnsafeCell;

use solo5_abi::hvt::boot::{CODE_SELECTOR, DATA_SELECTOR, GDT_CODE, GDT_DATA};

use super::trap;

/// Selector of the task state.
const TASK_SELECTOR: u16 = 24;
/// The processor marks what it has used; marked beforehand, it need not write.
const ACCESSED: u64 = 1 << 40;
/// Present, 64-bit task state, not in use.
const TASK_STATE: u64 = 0x89 << 40;
/// Present, 64-bit gate, interrupts stay off.
const GATE: u64 = 0x8E << 40;
/// Bytes of a stack for reports; a few frames of formatting, and the engine's if it tells its own stack.
const STACK: usize = 32 * 1024;
/// Stack of all traps but these.
const IST_TRAP: u64 = 1;
/// Stack of what can hit the other handler: a double fault, an interrupt that cannot be masked, and a
/// broken machine.
const IST_WORST: u64 = 2;
const WORST: [usize; 3] = [2, 8, 18];

/// A static that only [`load`] and the processor touch.
struct Table<T>(UnsafeCell<T>);

// SAFETY: there is one processor, and `load` runs once, before the processor uses any of these.
unsafe impl<T> Sync for Table<T> {}

#[repr(C, align(16))]
struct Stack([u8; STACK]);

static GDT: Table<[u64; 5]> = Table(UnsafeCell::new([0; 5]));
/// As 32-bit words: the record's 64-bit fields lie at odd multiples of 4.
static TASK: Table<[u32; 26]> = Table(UnsafeCell::new([0; 26]));
static IDT: Table<[[u64; 2]; trap::VECTORS]> = Table(UnsafeCell::new([[0; 2]; trap::VECTORS]));
static STACKS: Table<[Stack; 2]> = Table(UnsafeCell::new([const { Stack([0; STACK]) }; 2]));

/// What `lgdt` and `lidt` read.
#[repr(C, packed)]
struct Pointer {
    limit: u16,
    base: u64,
}

impl Pointer {
    fn to<T>(table: &'static Table<T>) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "no table has 64 KiB")]
        let limit = (size_of::<T>() - 1) as u16;
        Self { limit, base: table.0.get().expose_provenance() as u64 }
    }
}

/// Sets up segments of our own, and a handler for every trap, on a stack of its own.
///
/// # Safety
/// Called once, at boot.
pub unsafe fn load() {
    let task = TASK.0.get().expose_provenance() as u64;
    let limit = size_of_val(&TASK) as u64 - 1;
    let gdt = [
        0,
        GDT_CODE | ACCESSED,
        GDT_DATA | ACCESSED,
        limit | (task & 0xFF_FFFF) << 16 | TASK_STATE | (task >> 24 & 0xFF) << 56,
        task >> 32,
    ];
    // SAFETY: the first and last time that anybody but the processor touches these (by the caller's word).
    unsafe {
        GDT.0.get().write(gdt);
        IDT.0.get().write(core::array::from_fn(gate));
        *TASK.0.get() = task_state();
    }
    let (gdt, idt) = (Pointer::to(&GDT), Pointer::to(&IDT));
    // SAFETY: the tables are complete and stay where they are; the new segments are those that were in
    // force already, so the code that follows, and its stack, go on as before.
    unsafe {
        asm!(
            "lgdt [{gdt}]",
            "push {code}",
            "lea {scratch}, [rip + 2f]",
            "push {scratch}",
            "retfq",
            "2:",
            "mov ds, {data:x}",
            "mov es, {data:x}",
            "mov ss, {data:x}",
            "mov fs, {data:x}",
            "mov gs, {data:x}",
            "lidt [{idt}]",
            "ltr {task:x}",
            gdt = in(reg) &raw const gdt,
            idt = in(reg) &raw const idt,
            code = in(reg) u64::from(CODE_SELECTOR),
            data = in(reg) u64::from(DATA_SELECTOR),
            task = in(reg) u64::from(TASK_SELECTOR),
            scratch = out(reg) _,
        );
    }
}

/// The gate of a vector.
fn gate(vector: usize) -> [u64; 2] {
    let at = trap::handler(vector);
    let ist = if WORST.contains(&vector) { IST_WORST } else { IST_TRAP };
    let low = (at & 0xFFFF) | u64::from(CODE_SELECTOR) << 16 | ist << 32 | GATE | (at >> 16 & 0xFFFF) << 48;
    [low, at >> 32]
}

/// A task state: all that counts in it are the stacks for traps.
fn task_state() -> [u32; 26] {
    /// Word of the first of them, and the one that says that no port is anybody's: its upper half is
    /// where the list of ports begins, the end of the record.
    const FIRST_IST: usize = 9;
    const PORTS: usize = 25;
    let mut words = [0; 26];
    words[PORTS] = 104 << 16;
    let base = STACKS.0.get().expose_provenance() as u64;
    for (index, words) in words[FIRST_IST..FIRST_IST + 4].chunks_exact_mut(2).enumerate() {
        let top = base + (index as u64 + 1) * size_of::<Stack>() as u64;
        words[0] = (top & 0xFFFF_FFFF) as u32;
        words[1] = (top >> 32) as u32;
    }
    words
}
