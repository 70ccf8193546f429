//! The hvt tender: runs a Solo5 image as a virtual machine of its own under KVM (ABI section 4).
//!
//! A guest has one processor, one piece of memory, and eight hypercalls. What it asks for is copied in,
//! checked against what it may do itself, and done; the tender trusts nothing that a guest says. Before
//! the guest runs, the tender gives up its privileges and all system calls but those that serve it.
//!
//! | module | what |
//! |---|---|
//! | `tender` | the start-up sequence (ABI section 4.10) |
//! | `options` | what only its command line has (ABI section 6.1) |
//! | `access` | what a guest may do with its memory, and so have done |
//! | `guest_memory` | mapping, loading, and all access (ABI sections 3.3, 4.2); unsafe |
//! | `paging` | the tables a guest boots on (ABI section 4.1) |
//! | `boot` | what a guest finds at its start (ABI section 4.3) |
//! | `virtual_machine` | KVM: the machine and its processor (ABI section 4.4); unsafe |
//! | `run_loop` | a guest's life and end |
//! | `hypercall` | what a guest asks for (ABI section 4.5) |
//! | `console`, `devices`, `wait` | what serves it |
//! | `ring` | the network ring (ABI section 4.6) |
//! | `host` | system calls on guest memory; unsafe |
//! | `privileges` | which system calls are left, as data (ABI section 4.11) |
//! | `signals` | how a user ends a guest, and a debugger interrupts it; unsafe |
//! | `core_file` | `--dumpcore` (ABI section 4.13) |
//! | `debugger`, `breakpoints`, `virtual_machine_debug` | `--gdb` (ABI section 4.14); the last one unsafe |

#![deny(unsafe_code)]

pub mod access;
mod boot;
mod breakpoints;
pub mod console;
mod core_file;
mod debugger;
pub mod devices;
#[expect(unsafe_code, reason = "guest memory changes at any time: it is copied, or used by address")]
pub mod guest_memory;
#[expect(unsafe_code, reason = "the kernel reads and writes guest memory by address")]
mod host;
pub mod hypercall;
mod options;
pub mod paging;
pub mod privileges;
pub mod ring;
mod run_loop;
#[expect(unsafe_code, reason = "handlers of signals are installed by address")]
mod signals;
mod tender;
#[expect(unsafe_code, reason = "hands memory to KVM, and reads a union that KVM wrote")]
mod virtual_machine;
#[expect(unsafe_code, reason = "a byte that is shared with KVM")]
mod virtual_machine_debug;
mod wait;

pub use tender::{TARGET, run};
