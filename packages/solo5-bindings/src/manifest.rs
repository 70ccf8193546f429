//! The manifest that a tender's options are about, made of what JavaScript says.

use solo5_abi::limits::MFT_NAME_MAX;
use solo5_abi::mft::{Entry, Header, TYPE_BLOCK_BASIC, TYPE_NET_BASIC, TYPE_RESERVED_FIRST, VERSION};

/// The bytes of a manifest (ABI section 2.2) with these devices, by name and type.
///
/// # Errors
/// Says which device cannot be in one.
pub fn bytes<'a>(devices: impl ExactSizeIterator<Item = (&'a str, &'a str)>) -> Result<Vec<u8>, String> {
    let entries = u32::try_from(devices.len() + 1).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(size_of::<Header>());
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(entries.to_le_bytes());
    push(&mut bytes, "", TYPE_RESERVED_FIRST);
    for (name, kind) in devices {
        let kind = match kind {
            "NET_BASIC" => TYPE_NET_BASIC,
            "BLOCK_BASIC" => TYPE_BLOCK_BASIC,
            _ => return Err(format!("device {name:?}: type {kind:?} is neither NET_BASIC nor BLOCK_BASIC")),
        };
        if !(1..=MFT_NAME_MAX).contains(&name.len()) || !name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(format!("device name {name:?} is not 1 to {MFT_NAME_MAX} letters and digits"));
        }
        push(&mut bytes, name, kind);
    }
    Ok(bytes)
}

fn push(bytes: &mut Vec<u8>, name: &str, kind: u32) {
    let start = bytes.len();
    bytes.extend(name.bytes());
    bytes.resize(start + std::mem::offset_of!(Entry, kind), 0);
    bytes.extend(kind.to_le_bytes());
    bytes.resize(start + size_of::<Entry>(), 0);
}
