//! Leading `--solo5:` words of the command line (ABI section 7.4).

/// How much the bindings say of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Only what ends the guest.
    Error,
    /// Also what is probably a mistake; the default.
    Warn,
    /// Also the memory map and the exit status.
    Info,
    /// Also clocks and devices.
    Debug,
}

/// What the bindings took from the command line, and what they left for the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options<'a> {
    /// The last level named, or [`Level::Warn`].
    pub level: Level,
    /// The rest of the line from the first word that is not an option, inner spacing kept.
    pub rest: &'a [u8],
}

const WORDS: [(&[u8], Level); 5] = [
    (b"--solo5:quiet", Level::Error),
    (b"--solo5:error", Level::Error),
    (b"--solo5:warn", Level::Warn),
    (b"--solo5:info", Level::Info),
    (b"--solo5:debug", Level::Debug),
];

impl<'a> Options<'a> {
    /// Consumes leading options; later ones override earlier ones. The first word that is not
    /// exactly one of them, and everything after it, is the application's.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Self {
        let mut options = Self { level: Level::Warn, rest: skip_space(line) };
        loop {
            let end = options.rest.iter().position(|&b| is_space(b)).unwrap_or(options.rest.len());
            let (word, tail) = options.rest.split_at(end);
            let Some(&(_, level)) = WORDS.iter().find(|(name, _)| *name == word) else {
                return options;
            };
            options = Self { level, rest: skip_space(tail) };
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

fn skip_space(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|&b| !is_space(b)).unwrap_or(line.len());
    line.get(start..).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::{Level, Options};

    #[test]
    fn consumes_leading_options_and_leaves_the_rest_as_it_is() {
        let cases: [(&str, Level, &str); 12] = [
            ("", Level::Warn, ""),
            ("   ", Level::Warn, ""),
            ("a  b", Level::Warn, "a  b"),
            ("--solo5:quiet", Level::Error, ""),
            ("--solo5:error x", Level::Error, "x"),
            ("--solo5:debug --solo5:warn x", Level::Warn, "x"),
            ("\t--solo5:info\n \x0b x  y ", Level::Info, "x  y "),
            ("--solo5:quietX a", Level::Warn, "--solo5:quietX a"),
            ("--solo5: a", Level::Warn, "--solo5: a"),
            ("a --solo5:quiet", Level::Warn, "a --solo5:quiet"),
            ("--solo5:quiet a --solo5:debug", Level::Error, "a --solo5:debug"),
            ("--solo5:debug", Level::Debug, ""),
        ];
        for (line, level, rest) in cases {
            let expected = Options { level, rest: rest.as_bytes() };
            assert_eq!(Options::parse(line.as_bytes()), expected, "{line:?}");
        }
    }
}
