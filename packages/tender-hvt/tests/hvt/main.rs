//! The real binary, run: what every tender promises, and what only this one does. Guests need a KVM that can execute
//! them: tests/vm has one for hosts that do not.

#[path = "../../../../crates/tender-core/suite/mod.rs"]
mod suite;

mod block;
mod calls;
mod console;
mod cores;
mod debugger;
mod guests;
mod hostile;
mod hypercalls;
mod net;
mod privileges;
mod target;
