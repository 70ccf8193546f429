//! The devices an image declares, and which of them a user attached (ABI section 6.2).
//!
//! Attaching itself, to a TAP interface or a file, is not there yet: [`Devices::apply`] checks an
//! option as it always will, then says so. What an option attaches will be opened there and kept in
//! [`Devices`] by handle, for the copy of the manifest, the wait set and the filter.

use core::error::Error;
use core::fmt;

use solo5_elf::{Device, DeviceKind, Manifest, find_device};

use crate::cli::DeviceOption;
use crate::diagnostics::{Escaped, Quoted};

/// The devices of one image.
#[derive(Clone, Copy, Debug)]
pub struct Devices<'a> {
    manifest: Manifest<'a>,
    /// Bit *h* is set once the device with handle *h* is attached.
    attached: u64,
}

/// Why a device option was refused.
#[derive(Clone, Copy, Debug)]
pub enum DeviceError<'a> {
    /// The image has no such device.
    NotDeclared {
        /// The option.
        option: DeviceOption<'a>,
        /// What the image has.
        declared: Manifest<'a>,
    },
    /// This tender can not attach devices yet.
    NotSupported {
        /// The option.
        option: DeviceOption<'a>,
    },
}

/// A device that is declared and not attached: a guest never starts without all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unattached<'a>(pub Device<'a>);

impl<'a> Devices<'a> {
    /// The devices of `manifest`, none of them attached.
    #[must_use]
    pub const fn new(manifest: Manifest<'a>) -> Self {
        Self { manifest, attached: 0 }
    }

    /// Does what a device option says.
    ///
    /// # Errors
    /// The image does not declare the device, or it can not be attached.
    pub fn apply(&mut self, option: DeviceOption<'a>) -> Result<(), DeviceError<'a>> {
        match find_device(&self.manifest, option.name, option.verb.kind()) {
            None => Err(DeviceError::NotDeclared { option, declared: self.manifest }),
            Some(_device) => Err(DeviceError::NotSupported { option }),
        }
    }

    /// The devices that still have to be attached, in the order of their handles.
    pub fn unattached(&self) -> impl Iterator<Item = Unattached<'a>> {
        let attached = self.attached;
        self.manifest.devices().filter(move |device| attached & (1 << device.handle) == 0).map(Unattached)
    }

    /// The manifest that declares them.
    #[must_use]
    pub const fn manifest(&self) -> Manifest<'a> {
        self.manifest
    }
}

impl fmt::Display for DeviceError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDeclared { option, declared } => {
                let (word, kind, name) = (Quoted(option.word), option.verb.kind(), Quoted(option.name));
                write!(f, "option {word}: the image does not declare a {kind} device {name}")?;
                let mut separator = "; it declares ";
                for device in declared.devices() {
                    write!(f, "{separator}{} ({})", Escaped(device.name), device.kind)?;
                    separator = ", ";
                }
                if separator == "; it declares " { f.write_str("; it declares none") } else { Ok(()) }
            }
            Self::NotSupported { option } => write!(
                f,
                "option {}: attaching {} devices is not supported yet by this tender",
                Quoted(option.word),
                option.verb.kind()
            ),
        }
    }
}

impl fmt::Display for Unattached<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Device { name, kind, .. }) = self;
        write!(f, "device {} ({kind}) is declared by the image but not attached", Quoted(name))?;
        match kind {
            DeviceKind::Net => write!(f, ": give --net:{}=IFACE", Escaped(name)),
            DeviceKind::Block => write!(f, ": give --block:{}=PATH", Escaped(name)),
            DeviceKind::Unknown(_) => f.write_str(": no tender of this ABI can attach it"),
        }
    }
}

impl Error for DeviceError<'_> {}
impl Error for Unattached<'_> {}
