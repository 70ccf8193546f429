//! What an image tells hosts and tenders about itself (ABI sections 2.4, 2.6).

use solo5_abi::notes::{Abi1Note, INTERP, NotOpenBsdNote};

use crate::target;

/// Keeps a host from executing the image (ABI section 2.6).
#[used]
#[unsafe(link_section = ".interp")]
static INTERPRETER: [u8; 24] = INTERP;

/// As [`INTERPRETER`], for another host.
#[used]
#[unsafe(link_section = ".note.solo5.not_openbsd")]
static NOT_OPENBSD: NotOpenBsdNote = NotOpenBsdNote::NOTE;

/// Tells the tender what this image was built for (ABI section 2.4).
#[used]
#[unsafe(link_section = ".note.solo5.abi")]
static ABI_NOTE: Abi1Note = Abi1Note::new(target::ABI.0, target::ABI.1);
