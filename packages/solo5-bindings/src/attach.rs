//! Opening devices: one by name, or all that a tender's options attach. A refusal is an answer, not an
//! exception: its text is the tender's, and `js/` makes an error of it.

use std::ffi::CString;

use napi::bindgen_prelude::{BigInt, Either};
use napi_derive::napi;
use solo5_abi::limits::NET_HLEN;
use solo5_elf::Manifest;
use tender_core::block::{BlockError, BlockFile, parse_block_size};
use tender_core::cli::TenderOption;
use tender_core::cmdline::Cmdline;
use tender_core::devices::{Attached, Attachments, Properties, Refusal, SetUpError};
use tender_core::diagnostics::{Escaped, Quoted};
use tender_core::net::{AdoptError, Mac, NetPort, TapRefusal, parse_descriptor};
use tender_core::syscall::Errno;

use crate::descriptor::Descriptor;
use crate::devices::{self, Device, Geometry, Kind};
use crate::manifest;

/// Most MiB that `--mem` may say, as `solo5-spt` has it.
const MAX_MEM_MIB: u64 = ((1 << 47) - 4096) >> 20;

/// Why a device cannot be had.
#[napi(object, object_from_js = false)]
pub struct Refused {
    /// A code of `BindingsError`.
    pub code: &'static str,
    /// One line for people.
    pub message: String,
}

/// A network device that is open.
#[napi(object, object_from_js = false)]
pub struct OpenNet {
    /// Its number for all further calls.
    pub device: u32,
    /// Its place in the manifest, or 0.
    pub handle: u32,
    /// Its Ethernet address, 6 bytes.
    pub mac: Vec<u8>,
    /// Largest frame in bytes, without the 14-byte header.
    pub mtu: u32,
}

/// A block device that is open.
#[napi(object, object_from_js = false)]
pub struct OpenBlock {
    /// Its number for all further calls.
    pub device: u32,
    /// Its place in the manifest, or 0.
    pub handle: u32,
    /// Bytes of it.
    pub capacity: BigInt,
    /// Bytes of a block.
    pub block_size: u32,
    /// Writes fail.
    pub read_only: bool,
    /// Nobody else who asks for the lock can write to it meanwhile.
    pub locked: bool,
}

/// All devices of a program.
#[napi(object, object_from_js = false)]
pub struct OpenAll {
    /// Its network devices.
    pub net: Vec<OpenNet>,
    /// Its block devices.
    pub block: Vec<OpenBlock>,
    /// Lines a user should see.
    pub warnings: Vec<String>,
}

type Outcome<T> = Either<T, Refused>;

fn outcome<T>(result: Result<T, Refused>) -> Outcome<T> {
    result.map_or_else(Either::B, Either::A)
}

fn refused(code: &'static str, message: impl ToString) -> Refused {
    Refused { code, message: message.to_string() }
}

/// Attaches the TAP interface `name`, or a copy of the descriptor if it is `@` and a number. `mac` is an
/// address as a tender takes it, or empty.
#[napi(catch_unwind)]
pub fn open_net(name: String, mac: String) -> Outcome<OpenNet> {
    outcome(net(&name, &mac))
}

fn net(name: &str, mac: &str) -> Result<OpenNet, Refused> {
    let mac = match mac {
        "" => Mac::NONE,
        text => Mac::parse(text.as_bytes()).ok_or_else(|| {
            let text = Quoted(text.as_bytes());
            refused(
                "MAC",
                format!(
                    "{text} is not an address, which has six pairs of hexadecimal digits: 02:00:00:00:00:01"
                ),
            )
        })?,
    };
    let mac = match mac {
        Mac::NONE => Mac::random()
            .map_err(|errno| refused("IO", format!("no random address can be had: {errno}; give `mac`")))?,
        given => given,
    };
    let port = match name.strip_prefix('@') {
        Some(number) => {
            let value = Escaped(name.as_bytes());
            let fd = parse_descriptor(number.as_bytes()).ok_or_else(|| {
                let why = "is not @ and the decimal number of a descriptor other than 1 and 2";
                refused("DESCRIPTOR", format!("'{value}' {why}"))
            })?;
            NetPort::copy_of(fd).map_err(|error| {
                refused(adopt_code(error), format!("descriptor {value} cannot be used: {error}"))
            })?
        }
        // The kernel would cut the name there.
        None if name.contains('\0') => {
            let name = Quoted(name.as_bytes());
            return Err(refused("NAME", format!("interface name {name} has a character that no name has")));
        }
        None => NetPort::tap(name.as_bytes()).map_err(|error| refused(tap_code(error.why), error))?,
    };
    Ok(open_port(0, Descriptor::of_port(port), mac, port.mtu))
}

fn open_port(handle: usize, descriptor: Descriptor, mac: Mac, mtu: u16) -> OpenNet {
    OpenNet {
        device: devices::insert(Device {
            descriptor,
            kind: Kind::Net { longest: usize::from(mtu) + NET_HLEN },
        }),
        handle: u32::try_from(handle).unwrap_or_default(),
        mac: mac.0.to_vec(),
        mtu: mtu.into(),
    }
}

/// Opens a file or block device, and locks it: together with others that are `sharing`, or alone.
#[napi(catch_unwind)]
pub fn open_block(path: String, block_size: String, read_only: bool, sharing: bool) -> Outcome<OpenBlock> {
    outcome(block(path, &block_size, read_only, sharing))
}

fn block(path: String, block_size: &str, read_only: bool, sharing: bool) -> Result<OpenBlock, Refused> {
    let block_size = parse_block_size(block_size.as_bytes()).ok_or_else(|| {
        refused("BLOCK_SIZE", format!("block size {block_size} is not a power of two from 512 to 32768"))
    })?;
    let word = CString::new(path).map_err(|error| {
        let path = error.into_vec();
        refused("NAME", format!("path {} has a character that no path has", Quoted(&path)))
    })?;
    let path = Quoted(word.to_bytes());
    let open = if read_only { BlockFile::open_for_reading } else { BlockFile::open };
    let refusal = |error| match error {
        BlockError::Host(errno) => refused(errno_code(errno), format!("{path} cannot be opened: {error}")),
        BlockError::NotStorage => refused("KIND", format!("{path} {error}")),
        BlockError::InUse => refused("BUSY", format!("{path} {error}")),
    };
    let mut file = open(&word).map_err(refusal)?;
    let descriptor = Descriptor::of_file(file);
    file.lock(sharing).map_err(refusal)?;
    let capacity = file.capacity;
    if capacity == 0 || !capacity.is_multiple_of(block_size.into()) {
        return Err(refused(
            "CAPACITY",
            format!(
                "{path}: Backing storage size must be block aligned: {capacity} bytes are not one or more blocks of \
                 {block_size}"
            ),
        ));
    }
    let (read_only, locked) = (file.read_only.is_some(), file.unlocked.is_none());
    Ok(open_file(0, descriptor, Geometry { capacity, block_size }, read_only, locked))
}

fn open_file(
    handle: usize,
    descriptor: Descriptor,
    geometry: Geometry,
    read_only: bool,
    locked: bool,
) -> OpenBlock {
    OpenBlock {
        device: devices::insert(Device { descriptor, kind: Kind::Block(geometry) }),
        handle: u32::try_from(handle).unwrap_or_default(),
        capacity: BigInt::from(geometry.capacity),
        block_size: geometry.block_size.into(),
        read_only,
        locked,
    }
}

/// Closes a device. One whose blocks are being moved is closed when that is done.
#[napi(catch_unwind)]
pub fn close_device(device: u32) {
    devices::close(device);
}

/// Nanoseconds since 1970, UTC.
#[napi(catch_unwind)]
pub fn clock_wall() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}

/// Attaches all devices that a manifest declares, by name and type, as `options` say: words of a tender.
/// `cmdline` is what the program gets.
#[napi(catch_unwind)]
pub fn open_all(
    names: Vec<String>,
    types: Vec<String>,
    options: Vec<String>,
    cmdline: String,
) -> Outcome<OpenAll> {
    outcome(all(&names, &types, options, cmdline))
}

fn all(
    names: &[String],
    types: &[String],
    options: Vec<String>,
    cmdline: String,
) -> Result<OpenAll, Refused> {
    let declared = names.iter().map(String::as_str).zip(types.iter().map(String::as_str));
    let bytes = manifest::bytes(declared).map_err(|why| refused("MANIFEST", why))?;
    let manifest = Manifest::parse(&bytes).map_err(|error| refused("MANIFEST", error))?;
    let words = options.into_iter().map(word).collect::<Result<Vec<_>, _>>()?;
    let mut devices = Attachments::copying(manifest);
    match settle(&mut devices, &words, cmdline) {
        Ok(()) => Ok(take(&devices)),
        Err(refusal) => {
            devices.close();
            Err(refusal)
        }
    }
}

/// A word as a process would get it.
fn word(text: String) -> Result<CString, Refused> {
    CString::new(text).map_err(|error| {
        let text = error.into_vec();
        refused("OPTION", format!("{} has a character that no word of a command line has", Quoted(&text)))
    })
}

/// The tender's sequence (ABI section 5.7): options, what they settle together, what is missing.
fn settle<'a>(devices: &mut Attachments<'a>, words: &'a [CString], cmdline: String) -> Result<(), Refused> {
    for word in words {
        match TenderOption::parse(word, MAX_MEM_MIB, 1) {
            // Memory is Node's own here.
            Ok(Some(TenderOption::MemMib(_))) => {}
            Ok(Some(TenderOption::Device(option))) => {
                devices.apply(option).map_err(|error| refused(refusal_code(&error.why), error))?;
            }
            Ok(None) => {
                return Err(refused("OPTION", format!("unknown option {}", Quoted(word.to_bytes()))));
            }
            Err(error) => return Err(refused("OPTION", error)),
        }
    }
    devices.set_up().map_err(|error| refused(set_up_code(&error), error))?;
    let missing: Vec<_> = devices.unattached().map(|device| device.to_string()).collect();
    if !missing.is_empty() {
        return Err(refused("UNATTACHED", missing.join("\n")));
    }
    let cmdline = word(cmdline)?;
    Cmdline::new(std::iter::once(cmdline.as_c_str())).map_err(|error| refused("CMDLINE", error))?;
    Ok(())
}

/// Makes devices of this addon of those that are attached.
fn take(attached: &Attachments<'_>) -> OpenAll {
    let mut all = OpenAll { net: Vec::new(), block: Vec::new(), warnings: Vec::new() };
    all.warnings.extend(attached.warnings().map(|warning| warning.to_string()));
    for device in attached.attached() {
        let Attached { handle, properties, .. } = device;
        let descriptor = Descriptor::of_attached(&device);
        match properties {
            Properties::Net { mac, mtu } => all.net.push(open_port(handle, descriptor, mac, mtu)),
            Properties::Block { capacity, block_size } => {
                let geometry = Geometry { capacity, block_size };
                // A program of this target learns of a failed write, as on the others.
                all.block.push(open_file(handle, descriptor, geometry, false, false));
            }
        }
    }
    all
}

const fn refusal_code(refusal: &Refusal<'_>) -> &'static str {
    match refusal {
        Refusal::NotDeclared(_) => "NOT_DECLARED",
        Refusal::Block(BlockError::Host(errno)) => errno_code(*errno),
        Refusal::Block(BlockError::NotStorage) => "KIND",
        Refusal::Block(BlockError::InUse) => "BUSY",
        Refusal::BlockSize => "BLOCK_SIZE",
        Refusal::Lock => "OPTION",
        Refusal::Tap(error) => tap_code(error.why),
        Refusal::Descriptor => "DESCRIPTOR",
        Refusal::Shared => "BUSY",
        Refusal::Adopt(error) => adopt_code(*error),
        Refusal::Mac => "MAC",
    }
}

const fn set_up_code(error: &SetUpError<'_>) -> &'static str {
    match error {
        SetUpError::Capacity { .. } => "CAPACITY",
        SetUpError::InUse(..) => "BUSY",
        SetUpError::Random(..) => "IO",
    }
}

const fn tap_code(refusal: TapRefusal) -> &'static str {
    match refusal {
        TapRefusal::NameTooLong | TapRefusal::OtherName => "NAME",
        TapRefusal::NoInterface => "NOT_FOUND",
        TapRefusal::Down => "DOWN",
        TapRefusal::Busy => "BUSY",
        TapRefusal::NotPermitted => "NOT_PERMITTED",
        TapRefusal::NotTap => "KIND",
        TapRefusal::Tun(errno) | TapRefusal::Host(errno) => errno_code(errno),
    }
}

const fn adopt_code(error: AdoptError) -> &'static str {
    match error {
        AdoptError::NotOpen => "DESCRIPTOR",
        AdoptError::OneWay
        | AdoptError::Kind
        | AdoptError::Socket
        | AdoptError::Detached
        | AdoptError::Tun
        | AdoptError::Headers => "KIND",
        AdoptError::Host(errno) => errno_code(errno),
    }
}

const fn errno_code(errno: Errno) -> &'static str {
    match errno.number() {
        1 | 13 => "NOT_PERMITTED",
        2 | 20 => "NOT_FOUND",
        16 => "BUSY",
        21 => "KIND",
        36 => "NAME",
        _ => "IO",
    }
}
