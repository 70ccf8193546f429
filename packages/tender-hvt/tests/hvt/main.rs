//! The real binary, run: guests, their devices, refusals. Guests need a KVM that can execute them:
//! tests/vm has one for hosts that do not.

mod block;
mod calls;
mod console;
mod cores;
mod debugger;
mod guests;
mod hostile;
mod hypercalls;
mod lifecycle;
mod net;
mod privileges;
mod refusals;
mod support;
