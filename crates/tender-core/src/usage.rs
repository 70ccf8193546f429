//! What a tender prints when it is asked for help, or cannot make sense of its command line.

use solo5_abi::limits::{DEFAULT_BLOCK_SIZE, DEFAULT_MEM_MIB, MAX_BLOCK_SIZE, MIN_BLOCK_SIZE};
use solo5_abi::notes::AbiTarget;

use crate::diagnostics::Diagnostics;

/// What the usage of one target says beyond what is the same for all.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// What becomes of an image: "as ...".
    pub runs_as: &'static str,
    /// What there is to say of `--mem` beyond its unit.
    pub memory: &'static str,
    /// What of a guest `--x-exec-heap` makes executable.
    pub executable_heap: &'static str,
    /// A line for each option of its own.
    pub options: &'static str,
    /// Modules of its own, a space in front of each.
    pub modules: &'static str,
}

impl Usage {
    pub fn print(&self, target: AbiTarget, diagnostics: &Diagnostics<'_>) {
        let Self { runs_as, memory, executable_heap, options, modules } = self;
        let (program, name) = (diagnostics.program(), target.name());
        diagnostics.text(format_args!(
            "\
usage: {program} [options] [--] IMAGE [ARGS...]

Runs IMAGE, a Solo5 image for {name}, {runs_as}.
ARGS are the guest's, whatever they look like.

options:
  --mem=N         guest memory in MiB{memory} (default: {DEFAULT_MEM_MIB})
  --x-exec-heap   {executable_heap} of the guest are executable
{options}  --version       release and ABI version
  --help          this text

modules: core block net{modules}

  --block:NAME=PATH             attach a file or block device; read-only if it cannot be written
  --block-sector-size:NAME=N    block size in bytes, a power of two from {MIN_BLOCK_SIZE} to {MAX_BLOCK_SIZE} (default: {DEFAULT_BLOCK_SIZE})
  --block-lock:NAME=shared      guests that all say so share what they write to (default: exclusive)
  --net:NAME=IFACE              attach a TAP interface that exists and is up
  --net:NAME=@FD                attach a descriptor handed over: a TAP, or an AF_UNIX socket with datagrams
  --net-mac:NAME=MAC            address of a network device (default: random, new at every start)

NAME is that of a device IMAGE declares; it does not start without all of them.

example:
  {program} --mem=64 --net:service=tap0 --block:storage=disk.img -- hello.{name} --name=world
"
        ));
    }
}
