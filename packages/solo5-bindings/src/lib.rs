//! The host's side of devices for Node: TAP interfaces, local sockets and block files, attached by the
//! rules of the tenders (`tender-core`), read and written from JavaScript's own memory.
//!
//! A device is a number for JavaScript, and never that of another device again. Nothing here throws
//! because of a device: opening answers a refusal with its text, and a call answers a count or one of
//! the negative numbers of `code`. `js/native.ts` is the other side.
//!
//! | module | what |
//! |---|---|
//! | `attach` | opening devices, one by one or by a tender's options |
//! | `manifest` | the manifest that options are about |
//! | `devices` | the devices that are open in this thread |
//! | `calls` | one call a frame or block, without conversions; unsafe |
//! | `later` | blocks moved by a thread of the pool |
//! | `poller` | a thread that waits for frames |
//! | `wait_set` | what it waits with |
//! | `descriptor` | reads and writes of the host; unsafe |
//! | `code` | what a call answers |

#![deny(unsafe_code)]

mod attach;
#[expect(unsafe_code, reason = "the fast way into Node's C interface")]
mod calls;
mod code;
#[expect(unsafe_code, reason = "system calls on memory that is not Rust's")]
mod descriptor;
mod devices;
mod later;
mod manifest;
mod poller;
mod wait_set;
