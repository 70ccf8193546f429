//! Recognising ordinary programs, so that a tender can say what it was given.

use core::fmt;

use solo5_abi::notes::INTERP;

use crate::header::Header;
use crate::program::ProgramKind;
use crate::read::ReadAt;

/// Longest interpreter path that is kept.
const MAX_PATH: usize = 64;

/// The interpreter an ordinary executable asks its host for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interpreter {
    path: [u8; MAX_PATH],
    len: usize,
}

/// The interpreter of `image`, if it has one other than the one images carry (ABI section 2.6).
///
/// Only a hint for a message: headers that cannot be read count as absent.
pub fn foreign_interpreter(image: &(impl ReadAt + ?Sized), header: &Header) -> Option<Interpreter> {
    let interp = header
        .programs(image)
        .map_while(Result::ok)
        .find(|program| program.kind == ProgramKind::Interp && program.file_size > 0)?;
    let mut found = Interpreter { path: [0; MAX_PATH], len: 0 };
    let len = usize::try_from(interp.file_size).map_or(MAX_PATH, |size| size.min(MAX_PATH));
    image.read_at(interp.offset, &mut found.path[..len]).ok()?;
    found.len = found.path.iter().position(|&byte| byte == 0).unwrap_or(len);
    let ours = INTERP.iter().position(|&byte| byte == 0).map_or(&INTERP[..], |end| &INTERP[..end]);
    (found.bytes() != ours).then_some(found)
}

impl Interpreter {
    /// Its path, cut at 64 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.path[..self.len]
    }
}

impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes().escape_ascii().fmt(f)
    }
}
