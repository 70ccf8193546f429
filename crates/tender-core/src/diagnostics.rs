//! One clear line on standard error (ABI sections 1 and 6: prefixed with the base name of the program).

use core::fmt::{self, Write as _};

use crate::status::{self, Exit};
use crate::syscall::Fd;

/// Writes a tender's lines to standard error.
#[derive(Clone, Copy, Debug)]
pub struct Diagnostics<'a> {
    program: &'a [u8],
}

/// Text as a user or an image gave it, between quotes and on one line: control characters and bytes
/// that are not UTF-8 are escaped, so that it cannot drive a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a [u8]);

/// As [`Quoted`], without the quotes: for what already stands apart.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a [u8]);

impl<'a> Diagnostics<'a> {
    /// Diagnostics of the program invoked as `path`; `default` if that has no base name.
    #[must_use]
    pub fn new(path: &'a [u8], default: &'a str) -> Self {
        let base = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        Self { program: if base.is_empty() { default.as_bytes() } else { base } }
    }

    /// Writes `program: message` and a line end. Failing to is ignored: there is nowhere to say so.
    pub fn line(&self, message: fmt::Arguments<'_>) {
        let mut out = Stderr::new();
        let _ = write!(out, "{}: {message}", Escaped(self.program));
        let _ = out.write_char('\n');
        out.flush();
    }

    /// Says why there will be no guest.
    pub fn fail(&self, why: impl fmt::Display) -> Exit {
        self.line(format_args!("{why}"));
        Exit(status::FAILURE)
    }

    /// Writes text as it is: usage, version.
    pub fn text(&self, text: fmt::Arguments<'_>) {
        let mut out = Stderr::new();
        let _ = out.write_fmt(text);
        out.flush();
    }

    #[must_use]
    pub const fn program(&self) -> Escaped<'a> {
        Escaped(self.program)
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", Escaped(self.0))
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                if character.is_control() || is_direction_mark(character) {
                    character.escape_default().fmt(f)?;
                } else {
                    f.write_char(character)?;
                }
            }
            chunk.invalid().escape_ascii().fmt(f)?;
        }
        Ok(())
    }
}

/// Characters that reorder or hide the text around them.
const fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Collects text so that a line of ordinary length is one write.
struct Stderr {
    buffer: [u8; 512],
    len: usize,
}

impl Stderr {
    const fn new() -> Self {
        Self { buffer: [0; 512], len: 0 }
    }

    fn flush(&mut self) {
        let mut rest = &self.buffer[..self.len];
        while !rest.is_empty() {
            match rustix::io::write(Fd::STDERR, rest) {
                Ok(0) => break,
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(rustix::io::Errno::INTR) => {}
                Err(_closed) => break,
            }
        }
        self.len = 0;
    }
}

impl fmt::Write for Stderr {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            if self.len == self.buffer.len() {
                self.flush();
            }
            self.buffer[self.len] = byte;
            self.len += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_program_by_the_last_part_of_its_path() {
        for (path, name) in
            [("/usr/bin/solo5-spt", "solo5-spt"), ("my-tender", "my-tender"), ("", "x"), ("a/", "x")]
        {
            assert_eq!(Diagnostics::new(path.as_bytes(), "x").program().to_string(), name);
        }
    }

    #[test]
    fn escapes_what_could_drive_a_terminal_and_keeps_the_rest() {
        for (raw, shown) in [
            (&b"disk 1.img"[..], "'disk 1.img'"),
            ("größe".as_bytes(), "'größe'"),
            (b"a\nb\x1b[31m", r"'a\nb\u{1b}[31m'"),
            (b"\xFFx", r"'\xffx'"),
            ("\u{202E}gpj".as_bytes(), r"'\u{202e}gpj'"),
        ] {
            assert_eq!(Quoted(raw).to_string(), shown);
        }
    }
}
