//! The command line: `solo5-TARGET [options] [--] IMAGE [ARGS...]` (ABI sections 6.1-6.3).
//!
//! Two passes, as upstream's tenders make them, because a bad image is reported before a bad option:
//! [`scan`] finds IMAGE, [`TenderOption::parse`] reads one option of those in front of it.

use core::ffi::CStr;
use core::iter::Take;

use solo5_abi::limits::MFT_NAME_MAX;
use solo5_elf::DeviceKind;
use thiserror::Error;

use crate::diagnostics::Quoted;

/// What a user asked for.
#[derive(Clone, Debug)]
pub enum Invocation<'a, W> {
    /// `--help`: usage, then status 1.
    Help,
    /// `--version`: release and ABI version, then status 0.
    Version,
    Run(Run<'a, W>),
}

/// A guest to run.
#[derive(Clone, Debug)]
pub struct Run<'a, W> {
    /// Words in front of IMAGE, a `--` left out: all begin with `-`.
    pub options: Take<W>,
    pub image: &'a CStr,
    /// Words behind IMAGE: the guest's, whatever they look like.
    pub args: W,
}

/// There is no IMAGE on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no IMAGE given: name the image to run")]
pub struct MissingImage;

/// First pass: finds IMAGE. `--help` and `--version` act at once, even behind an unknown option;
/// every other word that begins with `-` is an option, whether known or not. `words` leave out the
/// name of the program.
///
/// # Errors
/// There is no IMAGE.
pub fn scan<'a, W>(words: W) -> Result<Invocation<'a, W>, MissingImage>
where
    W: Iterator<Item = &'a CStr> + Clone,
{
    let mut rest = words.clone();
    let mut options = 0;
    let image = loop {
        let word = rest.next().ok_or(MissingImage)?;
        match word.to_bytes() {
            b"--help" => return Ok(Invocation::Help),
            b"--version" => return Ok(Invocation::Version),
            b"--" => break rest.next().ok_or(MissingImage)?,
            [b'-', ..] => options += 1,
            _ => break word,
        }
    };
    Ok(Invocation::Run(Run { options: words.take(options), image, args: rest }))
}

/// An option that all tenders have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenderOption<'a> {
    /// `--mem=N`: guest memory in MiB.
    MemMib(u64),
    /// Attaches a device or sets one of its properties.
    Device(DeviceOption<'a>),
}

/// An option about one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceOption<'a> {
    /// The whole word, for messages.
    pub word: &'a [u8],
    pub verb: DeviceVerb,
    /// Name of the device: 1 to 67 letters and digits.
    pub name: &'a [u8],
    /// What follows the first `=`, spaces included.
    pub value: &'a CStr,
}

/// What a device option does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceVerb {
    /// `--net:NAME=IFACE` or `--net:NAME=@FD`.
    Net,
    /// `--net-mac:NAME=MAC`.
    NetMac,
    /// `--block:NAME=PATH`.
    Block,
    /// `--block-sector-size:NAME=N`.
    BlockSectorSize,
    /// `--block-lock:NAME=shared`.
    BlockLock,
}

/// Why a word is not an option a tender can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OptionError<'a> {
    #[error("option {} needs a value in the same word: {form}", Quoted(.word))]
    MissingValue { word: &'a [u8], form: &'static str },
    #[error("option {}: malformed memory size, give MiB as a decimal number from 1 to {max}", Quoted(.word))]
    Memory { word: &'a [u8], max: u64 },
    /// `name` is what is in the place of one.
    #[error(
        "option {}: {} is not a device name, which has 1 to {MFT_NAME_MAX} letters and digits",
        Quoted(.word), Quoted(.name)
    )]
    DeviceName { word: &'a [u8], name: &'a [u8] },
}

impl<'a> TenderOption<'a> {
    /// Second pass: reads one word. `None` if it is none of these: a tender's own option, or unknown.
    /// Memory goes down to a multiple of `mem_step_mib`, and is at most `max_mem_mib` then.
    ///
    /// Stricter than upstream (ABI section 9 #12): a number is decimal digits and nothing else, and a
    /// value is all of what follows the `=`, spaces included.
    ///
    /// # Errors
    /// The option is known, what it says is not usable.
    pub fn parse(
        word: &'a CStr,
        max_mem_mib: u64,
        mem_step_mib: u64,
    ) -> Result<Option<Self>, OptionError<'a>> {
        let with_end = word;
        let word = word.to_bytes();
        if word == b"--mem" {
            return Err(OptionError::MissingValue { word, form: "--mem=N" });
        }
        if let Some(value) = word.strip_prefix(b"--mem=") {
            let fits = |&mib: &u64| mib > 0 && mib - mib % mem_step_mib <= max_mem_mib;
            let mib = decimal(value).filter(fits);
            return mib
                .map(|mib| Some(Self::MemMib(mib)))
                .ok_or(OptionError::Memory { word, max: max_mem_mib });
        }
        for verb in DeviceVerb::ALL {
            if let Some(rest) = word.strip_prefix(verb.prefix().as_bytes()) {
                return verb.option(with_end, rest).map(|option| Some(Self::Device(option)));
            }
        }
        Ok(None)
    }
}

/// A number of nothing but decimal digits.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, &digit| {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

impl DeviceVerb {
    const ALL: [Self; 5] = [Self::Net, Self::NetMac, Self::Block, Self::BlockSectorSize, Self::BlockLock];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Net => "--net:",
            Self::NetMac => "--net-mac:",
            Self::Block => "--block:",
            Self::BlockSectorSize => "--block-sector-size:",
            Self::BlockLock => "--block-lock:",
        }
    }

    const fn form(self) -> &'static str {
        match self {
            Self::Net => "--net:NAME=IFACE",
            Self::NetMac => "--net-mac:NAME=MAC",
            Self::Block => "--block:NAME=PATH",
            Self::BlockSectorSize => "--block-sector-size:NAME=N",
            Self::BlockLock => "--block-lock:NAME=shared",
        }
    }

    /// The kind of device it is about.
    #[must_use]
    pub const fn kind(self) -> DeviceKind {
        match self {
            Self::Net | Self::NetMac => DeviceKind::Net,
            Self::Block | Self::BlockSectorSize | Self::BlockLock => DeviceKind::Block,
        }
    }

    fn option<'a>(self, with_end: &'a CStr, rest: &'a [u8]) -> Result<DeviceOption<'a>, OptionError<'a>> {
        let word = with_end.to_bytes();
        let equals = rest.iter().position(|&byte| byte == b'=');
        let missing = OptionError::MissingValue { word, form: self.form() };
        let (name, value) = rest.split_at(equals.ok_or(missing)?);
        if !(1..=MFT_NAME_MAX).contains(&name.len()) || !name.iter().all(u8::is_ascii_alphanumeric) {
            return Err(OptionError::DeviceName { word, name });
        }
        // What is left of the word behind the first `=`, with the NUL that ends the word.
        let value = with_end.to_bytes_with_nul().get(word.len() - value.len() + 1..).unwrap_or_default();
        let value = CStr::from_bytes_with_nul(value).ok().filter(|value| !value.is_empty()).ok_or(missing)?;
        Ok(DeviceOption { word, verb: self, name, value })
    }
}
