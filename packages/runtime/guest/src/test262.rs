//! An image that runs a test of the language's own suite instead of its program.

use guest_quickjs::Context;

use crate::solo5;

/// Runs the test in the block device `test`, and ends the guest: its program is not run.
pub fn run_device(context: Context) {
    let Ok((handle, info)) = solo5::block_acquire(c"test") else { solo5::exit(1) };
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut bytes = alloc::vec![0; size(info.capacity)];
    let mut offset = 0;
    for block in bytes.chunks_exact_mut(size(info.block_size)) {
        if solo5::block_read(handle, offset, block).is_err() {
            solo5::exit(1);
        }
        offset += info.block_size;
    }
    guest_test262::run(context, bytes.leak(), solo5::console_write);
    solo5::exit(0)
}
