//! What this crate makes of an image, as one line that the reader in TypeScript writes as well
//! (`tests/support/verdict.ts`): `+ ` and what a tender would load, or `- ` and the code of `ImageError`.

use solo5_abi::limits::MFT_MAX_SIZE;
use solo5_elf::{
    Header, HeaderError, LoadError, ManifestNoteError, NoteError, NoteKind, Plan, ReadAt, ReadError,
    SegmentError, read_abi, read_manifest,
};

/// All that a tender does before it loads anything, but for the question whether the image is for it.
/// At most so many segments are listed, the others counted.
pub fn verdict(image: &(impl ReadAt + ?Sized), memory: u64, most: usize) -> String {
    match found(image, memory, most) {
        Ok(found) => format!("+ {found}"),
        Err(code) => format!("- {code}"),
    }
}

fn found(image: &(impl ReadAt + ?Sized), memory: u64, most: usize) -> Result<String, &'static str> {
    let header = Header::read(image).map_err(|error| header_code(&error))?;
    let mut buffer = [0; MFT_MAX_SIZE];
    let abi = read_abi(image, &header);
    let manifest = read_manifest(image, &header, &mut buffer);
    let abi = match (abi, &manifest) {
        (Ok(abi), _) => abi,
        (Err(NoteError::Missing(_)), Err(ManifestNoteError::Note(NoteError::Missing(_)))) => {
            return Err("LINUX_EXECUTABLE");
        }
        // Who has no ABI is told of a bad manifest first.
        (Err(NoteError::Missing(_)), Err(error)) => return Err(manifest_code(error)),
        (Err(error), _) => return Err(note_code(&error)),
    };
    let manifest = manifest.map_err(|error| manifest_code(&error))?;
    let plan = Plan::new(image, &header, memory).map_err(|error| load_code(&error))?;
    let devices: Vec<_> = manifest
        .devices()
        .map(|device| format!("{} {} {}", device.handle, device.kind, device.name.escape_ascii()))
        .collect();
    let mut segments = Vec::new();
    let mut more = 0;
    for segment in plan.segments(image) {
        let segment = segment.map_err(|error| load_code(&error))?;
        if segments.len() == most {
            more += 1;
            continue;
        }
        let letter = |set, letter| if set { letter } else { '-' };
        let protection = segment.protection;
        segments.push(format!(
            "{:#x} +{:#x} @{:#x} {}{}{}",
            segment.vaddr,
            segment.file_size,
            segment.offset,
            letter(protection.read(), 'R'),
            letter(protection.write(), 'W'),
            letter(protection.execute(), 'X')
        ));
    }
    if more > 0 {
        segments.push(format!("{more} more"));
    }
    Ok(format!(
        "target {} version {} entry {:#x} end {:#x} devices [{}] segments [{}]",
        abi.target,
        abi.version,
        plan.entry(),
        plan.kernel_end(),
        devices.join(", "),
        segments.join(", ")
    ))
}

fn header_code(error: &HeaderError) -> &'static str {
    const ET_DYN: u16 = 3;
    match error {
        HeaderError::Empty | HeaderError::Read(_) | HeaderError::TableOutsideFile { .. } => "TRUNCATED",
        HeaderError::Magic(_) => "NOT_ELF",
        HeaderError::Class(_) => "WRONG_CLASS",
        HeaderError::Data(_) => "WRONG_BYTE_ORDER",
        HeaderError::Machine(_) => "WRONG_MACHINE",
        HeaderError::Type(ET_DYN) => "LINUX_EXECUTABLE",
        HeaderError::Type(_) => "NOT_EXECUTABLE",
        HeaderError::Version(_)
        | HeaderError::HeaderSize(_)
        | HeaderError::ProgramHeaderSize(_)
        | HeaderError::NoProgramHeaders => "BAD_ELF_HEADER",
    }
}

fn note_code(error: &NoteError) -> &'static str {
    match error {
        NoteError::Missing(NoteKind::Abi) => "NO_ABI",
        NoteError::Missing(NoteKind::Manifest) => "NO_MANIFEST",
        NoteError::Read(ReadError::BeyondEnd { .. }) => "TRUNCATED",
        NoteError::Read(ReadError::Host { .. }) => unreachable!("there is no host"),
        NoteError::SegmentTooSmall { .. }
        | NoteError::DescriptorSize { .. }
        | NoteError::OutsideSegment { .. } => "BAD_NOTE",
    }
}

fn manifest_code(error: &ManifestNoteError) -> &'static str {
    match error {
        ManifestNoteError::Note(error) => note_code(error),
        ManifestNoteError::Invalid(_) => "BAD_NOTE",
    }
}

fn load_code(error: &LoadError) -> &'static str {
    match error {
        LoadError::Entry { .. } => "BAD_ENTRY",
        LoadError::Read(_) => "TRUNCATED",
        LoadError::Segment { error, .. } => match error {
            SegmentError::BelowMinimum { .. } => "SEGMENT_TOO_LOW",
            SegmentError::NotAscending { .. } => "SEGMENT_ORDER",
            SegmentError::Alignment { .. }
            | SegmentError::AlignedBelowMinimum { .. }
            | SegmentError::NotPageAligned { .. } => "SEGMENT_ALIGNMENT",
            SegmentError::Overlap { .. } => "SEGMENT_OVERLAP",
            SegmentError::OutsideMemory { .. } => "SEGMENT_OUTSIDE_MEMORY",
            SegmentError::MemorySmallerThanFile { .. } => "SEGMENT_SIZES",
            SegmentError::BeyondFile { .. } => "TRUNCATED",
            SegmentError::WritableAndExecutable => "WRITE_AND_EXECUTE",
        },
    }
}
