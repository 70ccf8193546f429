//! The guest's command line (ABI section 4.3).

use core::ffi::CStr;

use solo5_abi::limits::CMDLINE_MAX;
use thiserror::Error;

/// The words behind IMAGE, joined with single spaces; no quoting.
#[derive(Clone, Debug)]
pub struct Cmdline<W> {
    args: W,
    len: usize,
}

/// More words than a guest can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("arguments of the guest are too long: {len} bytes, at most {CMDLINE_MAX} fit")]
pub struct CmdlineTooLong {
    /// Bytes they are when joined.
    pub len: usize,
}

impl<'a, W> Cmdline<W>
where
    W: Iterator<Item = &'a CStr> + Clone,
{
    /// The command line of `args`.
    ///
    /// # Errors
    /// It has more than 8191 bytes.
    pub fn new(args: W) -> Result<Self, CmdlineTooLong> {
        let cmdline = Self { args, len: 0 };
        let len = cmdline.pieces().map(<[u8]>::len).sum();
        if len > CMDLINE_MAX { Err(CmdlineTooLong { len }) } else { Ok(Self { len, ..cmdline }) }
    }

    /// Bytes of it, without the NUL.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// There are no words, or they are empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Its bytes, a piece at a time; the NUL is left out.
    pub fn pieces(&self) -> impl Iterator<Item = &'a [u8]> + use<'a, W> {
        self.args.clone().enumerate().flat_map(|(index, word)| {
            let separator: &[u8] = if index == 0 { b"" } else { b" " };
            [separator, word.to_bytes()]
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;

    use super::*;

    fn joined(words: &[&str]) -> Result<String, CmdlineTooLong> {
        let words: Vec<CString> = words.iter().map(|word| CString::new(*word).unwrap()).collect();
        let cmdline = Cmdline::new(words.iter().map(CString::as_c_str))?;
        let bytes: Vec<u8> = cmdline.pieces().flatten().copied().collect();
        assert_eq!(bytes.len(), cmdline.len());
        Ok(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn joins_words_with_single_spaces_and_quotes_nothing() {
        assert_eq!(joined(&[]).unwrap(), "");
        assert_eq!(joined(&["Hello_Solo5"]).unwrap(), "Hello_Solo5");
        assert_eq!(
            joined(&["--ipv4=10.0.0.2/24", "--", "a b", "", "c"]).unwrap(),
            "--ipv4=10.0.0.2/24 -- a b  c"
        );
    }

    #[test]
    fn takes_8191_bytes_and_refuses_one_more() {
        assert_eq!(joined(&[&"x".repeat(8191)]).unwrap().len(), 8191);
        assert_eq!(joined(&[&"x".repeat(8189), "y"]).unwrap().len(), 8191);
        assert_eq!(joined(&[&"x".repeat(8192)]), Err(CmdlineTooLong { len: 8192 }));
        assert_eq!(joined(&[&"x".repeat(8190), "y"]), Err(CmdlineTooLong { len: 8192 }));
    }
}
