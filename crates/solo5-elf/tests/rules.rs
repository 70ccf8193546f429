//! Every rule of ABI sections 2.3, 2.5, 3.1 and 3.2, each broken on its own in an otherwise good image.

use solo5_abi::limits::MFT_MAX_SIZE;
use solo5_abi::notes::{AbiTarget, TYPE_ABI1, TYPE_MFT1};
use solo5_elf::{
    Abi, DeviceKind, Header, HeaderError, LoadError, Manifest, ManifestError, ManifestNoteError, NoteError,
    NoteKind, Plan, ReadAt, ReadError, Segment, SegmentError, foreign_interpreter, read_abi, read_manifest,
};
use test_image::{
    Image, Program, R, W, X, abi_note, block, field, manifest, manifest_note, net, note, patch,
};

const MEMORY: u64 = 16 << 20;
const TEXT: usize = 1;

fn hello() -> Image {
    Image::new(AbiTarget::Spt, b"\x0f\x0b")
}

fn header(file: &[u8]) -> Header {
    Header::read(file).expect("a good header")
}

fn plan(file: &[u8]) -> Result<Plan, LoadError> {
    Plan::new(file, &header(file), MEMORY)
}

fn segments(file: &[u8]) -> Vec<Segment> {
    plan(file).unwrap().segments(file).map(Result::unwrap).collect()
}

fn abi(file: &[u8]) -> Result<Abi, NoteError> {
    read_abi(file, &header(file))
}

fn manifest_error(file: &[u8]) -> Option<ManifestNoteError> {
    read_manifest(file, &header(file), &mut [0; MFT_MAX_SIZE]).err()
}

/// Replaces the note that is the program header `from_end` places before the last.
fn with_note(from_end: usize, content: Vec<u8>) -> Vec<u8> {
    let mut image = hello();
    let at = image.programs.len() - 1 - from_end;
    image.programs[at] = Program::note(content);
    image.build()
}

fn with_abi(content: Vec<u8>) -> Vec<u8> {
    with_note(1, content)
}

fn with_manifest(content: Vec<u8>) -> Vec<u8> {
    with_note(0, content)
}

#[test]
fn accepts_an_image_as_upstream_lays_it_out() {
    let image =
        hello().and(Program::load(0x10_1000, R | W, &[1; 5000])).and(Program::bss(0x10_4000, 0x20_0000));
    let file = image.build();
    assert_eq!(abi(&file), Ok(Abi { target: 2, version: 2 }));
    assert_eq!(abi(&file).unwrap().expect(AbiTarget::Spt, 2), Ok(()));
    assert_eq!(manifest_error(&file), None);
    let plan = plan(&file).unwrap();
    assert_eq!(
        (plan.entry(), plan.kernel_end()),
        (0x10_0000, 0x10_3000),
        "zero-initialised data does not count"
    );
    let [text, data] = segments(&file)[..] else { panic!("two segments, not {:?}", segments(&file)) };
    assert_eq!((text.start, text.end, text.file_size), (0x10_0000, 0x10_1000, 2));
    assert!(text.protection.read() && text.protection.execute() && !text.protection.write());
    assert_eq!((data.start, data.end, data.file_size), (0x10_1000, 0x10_3000, 5000));
    assert!(data.protection.read() && data.protection.write() && !data.protection.execute());
    assert_eq!(data.offset % 0x1000, 0);
}

#[test]
fn counts_zero_initialised_data_behind_data_of_the_same_segment() {
    let mut data = Program::load(0x10_1000, R | W, &[1; 100]);
    data.mem_size = 0x5_0001;
    let file = hello().and(data).build();
    assert_eq!(plan(&file).unwrap().kernel_end(), 0x15_2000);
}

#[test]
fn refuses_what_is_not_an_elf_header_of_ours() {
    for (at, bytes, expected) in [
        (0, &b"#!/b"[..], HeaderError::Magic(*b"#!/b")),
        (4, &[1], HeaderError::Class(1)),
        (5, &[2], HeaderError::Data(2)),
        (16, &[3], HeaderError::Type(3)),
        (16, &[1], HeaderError::Type(1)),
        (18, &[183], HeaderError::Machine(183)),
        (20, &[2], HeaderError::Version(2)),
        (52, &[63], HeaderError::HeaderSize(63)),
        (54, &[55], HeaderError::ProgramHeaderSize(55)),
        (56, &[0, 0], HeaderError::NoProgramHeaders),
    ] {
        let mut file = hello().build();
        patch(&mut file, at, bytes);
        assert_eq!(Header::read(&file[..]), Err(expected));
    }
}

#[test]
fn ignores_what_upstream_ignores_in_the_elf_header() {
    for at in [6, 7, 8, 40, 48, 58, 60, 62] {
        let mut file = hello().build();
        patch(&mut file, at, &[0xFF]);
        assert!(Header::read(&file[..]).is_ok(), "byte {at}");
    }
}

#[test]
fn refuses_a_file_that_ends_in_its_headers() {
    let file = hello().build();
    assert_eq!(Header::read(&file[..0]), Err(HeaderError::Empty));
    let short = HeaderError::Read(ReadError::BeyondEnd { offset: 0, len: 64, size: 63 });
    assert_eq!(Header::read(&file[..63]), Err(short));
    assert_eq!(
        Header::read(&file[..64 + 55]),
        Err(HeaderError::TableOutsideFile { offset: 64, count: 6, size: 119 })
    );
    let mut far = file.clone();
    patch(&mut far, 32, &u64::MAX.to_le_bytes());
    assert!(matches!(Header::read(&far[..]), Err(HeaderError::TableOutsideFile { offset: u64::MAX, .. })));
}

#[test]
fn refuses_a_note_segment_too_small_for_any_note_even_if_it_is_not_ours() {
    let index = 3;
    let mut file = hello().build();
    patch(&mut file, field(index, 32), &11_u64.to_le_bytes());
    let too_small = NoteError::SegmentTooSmall { index: 3, file_size: 11 };
    assert_eq!(abi(&file), Err(too_small));
    assert_eq!(manifest_error(&file), Some(ManifestNoteError::Note(too_small)));
}

#[test]
fn skips_notes_that_are_not_the_wanted_one() {
    for other in [
        vec![0; 12],
        vec![0; 19],
        note(TYPE_MFT1, 16, &[0; 16]),
        note(0x1234, 16, &[0; 16]),
        [&5_u32.to_le_bytes()[..], &note(TYPE_ABI1, 16, &[0; 16])[4..]].concat(),
        {
            let mut bytes = abi_note(2, 2);
            bytes[12] = b's';
            bytes
        },
        {
            let mut bytes = abi_note(2, 2);
            bytes[17] = b'6';
            bytes
        },
    ] {
        assert_eq!(abi(&with_abi(other)), Err(NoteError::Missing(NoteKind::Abi)));
    }
    // Padding of the name is not looked at, and the first of several notes counts.
    let mut padded = abi_note(2, 2);
    padded[18] = 1;
    assert_eq!(abi(&with_abi(padded)), Ok(Abi { target: 2, version: 2 }));
    let mut twice = hello();
    twice.programs.push(Program::note(abi_note(1, 7)));
    assert_eq!(abi(&twice.build()), Ok(Abi { target: 2, version: 2 }));
}

#[test]
fn refuses_notes_of_a_size_out_of_range() {
    for (size, fine) in [
        (0, false),
        (1, false),
        (7, false),
        (8, true),
        (16, true),
        (32, true),
        (33, false),
        (u32::MAX, false),
    ] {
        let result = abi(&with_abi(note(TYPE_ABI1, size, &[2; 64])));
        if fine {
            assert_eq!(result, Ok(Abi { target: 0x0202_0202, version: 0x0202_0202 }), "descsz={size}");
        } else {
            let error = NoteError::DescriptorSize { kind: NoteKind::Abi, size, min: 8, max: 32 };
            assert_eq!(result, Err(error), "descsz={size}");
        }
    }
    for size in [0, 1, 4, 6669, u32::MAX] {
        let error = NoteError::DescriptorSize { kind: NoteKind::Manifest, size, min: 5, max: 6668 };
        let file = with_manifest(note(TYPE_MFT1, size, &[0; 8000]));
        assert_eq!(manifest_error(&file), Some(ManifestNoteError::Note(error)), "descsz={size}");
    }
}

#[test]
fn refuses_a_note_that_does_not_lie_in_its_segment() {
    let file = with_abi(note(TYPE_ABI1, 16, &[0; 15]));
    let error = NoteError::OutsideSegment { kind: NoteKind::Abi, size: 16, file_size: 35 };
    assert_eq!(abi(&file), Err(error));
}

#[test]
fn refuses_a_note_that_lies_behind_the_end_of_the_file() {
    for offset in [u64::MAX, u64::MAX - 20, 1 << 40] {
        let mut file = hello().build();
        patch(&mut file, field(4, 8), &offset.to_le_bytes());
        assert!(matches!(abi(&file), Err(NoteError::Read(ReadError::BeyondEnd { .. }))), "{offset:#x}");
    }
    let file = hello().build();
    let truncated = &file[..file.len() - 1];
    assert!(matches!(manifest_error(truncated), Some(ManifestNoteError::Note(NoteError::Read(_)))));
}

#[test]
fn says_what_an_image_was_built_for() {
    for (target, version, message) in [
        (1, 2, "built for hvt, not for spt"),
        (2, 1, "built for version 1 of spt, only 2 is known"),
        (3, 2, "built for virtio, not for spt"),
        (99, 2, "built for unknown target 99, not for spt"),
    ] {
        let mismatch =
            abi(&with_abi(abi_note(target, version))).unwrap().expect(AbiTarget::Spt, 2).unwrap_err();
        assert_eq!(mismatch.to_string(), message);
    }
}

#[test]
fn refuses_manifests_that_are_not_valid() {
    let valid = manifest(&[net("service"), block("storage")]);
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = valid.clone();
        patch(&mut changed, at, bytes);
        changed
    };
    let entry = |index: usize, at: usize| 8 + 104 * index + at;
    for (bytes, expected) in [
        (valid[..7].to_vec(), ManifestError::TooShort { size: 7 }),
        (with(0, &[2]), ManifestError::Version(2)),
        (with(4, &[65]), ManifestError::TooManyEntries(65)),
        (with(4, &[0xFF; 4]), ManifestError::TooManyEntries(u32::MAX)),
        (with(4, &[4]), ManifestError::Size { entries: 4, size: 320, expected: 424 }),
        (with(4, &[2]), ManifestError::Size { entries: 2, size: 320, expected: 216 }),
        (valid[..319].to_vec(), ManifestError::Size { entries: 3, size: 319, expected: 320 }),
        ([1, 0, 0, 0, 0, 0, 0, 0].to_vec(), ManifestError::NoEntries),
        (with(entry(0, 68), &[1, 0, 0, 0]), ManifestError::FirstNotReserved { kind: 1 }),
        (with(entry(0, 68), &[1, 0, 0, 0x40]), ManifestError::FirstNotReserved { kind: 0x4000_0001 }),
        (with(entry(0, 0), b"a"), ManifestError::FirstNotReserved { kind: 0x4000_0000 }),
        (with(entry(1, 67), b"a"), ManifestError::NameNotTerminated { entry: 1 }),
        (with(entry(2, 96), &[1]), ManifestError::AlreadyAttached { entry: 2 }),
        (with(entry(1, 68), &[0; 4]), ManifestError::UnknownType { entry: 1, kind: 0 }),
        (with(entry(1, 68), &[3]), ManifestError::UnknownType { entry: 1, kind: 3 }),
        (
            with(entry(2, 68), &[0xFF, 0xFF, 0xFF, 0x3F]),
            ManifestError::UnknownType { entry: 2, kind: 0x3FFF_FFFF },
        ),
        (with(entry(1, 0), &[0]), ManifestError::Name { entry: 1 }),
        (with(entry(2, 3), b" "), ManifestError::Name { entry: 2 }),
        (with(entry(2, 6), &[0xE9]), ManifestError::Name { entry: 2 }),
        (manifest(&[net("a"), block("a"), net("b"), block("a")]), ManifestError::Duplicate { entry: 4 }),
    ] {
        assert_eq!(Manifest::parse(&bytes), Err(expected));
    }
}

#[test]
fn lists_the_devices_by_handle_and_leaves_reserved_entries_out() {
    let bytes =
        manifest(&[net("service"), (0x4000_0005, "\x1b"), block("storage"), (u32::MAX, ""), net("storage")]);
    let manifest = Manifest::parse(&bytes).unwrap();
    let devices: Vec<_> =
        manifest.devices().map(|device| (device.handle, device.name, device.kind)).collect();
    assert_eq!(
        devices,
        [
            (1, &b"service"[..], DeviceKind::Net),
            (3, b"storage", DeviceKind::Block),
            (5, b"storage", DeviceKind::Net),
        ]
    );
    assert_eq!(manifest.bytes(), bytes);
}

#[test]
fn takes_63_devices() {
    let names: Vec<String> = (0..63).map(|index| format!("{index}{}", "x".repeat(65))).collect();
    let devices: Vec<_> = names.iter().map(|name| net(name)).collect();
    let file = with_manifest(manifest_note(&devices));
    let mut buffer = [0; MFT_MAX_SIZE];
    let manifest = read_manifest(&file[..], &header(&file), &mut buffer).unwrap();
    assert!(manifest.devices().map(|device| device.name).eq(names.iter().map(String::as_bytes)));
}

#[test]
fn refuses_an_entry_point_outside_memory() {
    for (entry, fine) in
        [(0x0F_FFFF, false), (0x10_0000, true), (MEMORY - 1, true), (MEMORY, false), (u64::MAX, false)]
    {
        let file = Image { entry, ..hello() }.build();
        assert_eq!(plan(&file).is_ok(), fine, "{entry:#x}");
    }
}

#[test]
fn refuses_segments_that_break_a_rule() {
    let data = |vaddr| Program::load(vaddr, R | W, &[7; 16]);
    let cases: [(&str, Program, SegmentError); 16] = [
        ("L1", data(0x0F_F000), SegmentError::BelowMinimum { vaddr: 0x0F_F000 }),
        ("L2", data(0x10_1000), SegmentError::NotAscending { vaddr: 0x10_1000, previous: 0x20_0000 }),
        ("L3", Program { align: 0, ..data(0x30_0000) }, SegmentError::Alignment { align: 0 }),
        ("L3", Program { align: 0x3000, ..data(0x30_0000) }, SegmentError::Alignment { align: 0x3000 }),
        ("L5", data(0x20_0800), SegmentError::Overlap { start: 0x20_0000, previous_end: 0x20_1000 }),
        (
            "L5",
            Program { align: 0x20_0000, ..data(0x30_0000) },
            SegmentError::Overlap { start: 0x20_0000, previous_end: 0x20_1000 },
        ),
        (
            "L6",
            data(MEMORY),
            SegmentError::OutsideMemory { vaddr: MEMORY, size: 16, end: Some(MEMORY + 16), memory: MEMORY },
        ),
        (
            "L6",
            data(MEMORY - 8),
            SegmentError::OutsideMemory {
                vaddr: MEMORY - 8,
                size: 16,
                end: Some(MEMORY + 8),
                memory: MEMORY,
            },
        ),
        (
            "L6",
            data(u64::MAX - 8),
            SegmentError::OutsideMemory { vaddr: u64::MAX - 8, size: 16, end: None, memory: MEMORY },
        ),
        (
            "L7",
            Program { mem_size: 15, ..data(0x30_0000) },
            SegmentError::MemorySmallerThanFile { mem_size: 15, file_size: 16 },
        ),
        (
            "L8",
            Program { mem_size: u64::MAX, ..data(0x30_0000) },
            SegmentError::OutsideMemory { vaddr: 0x30_0000, size: u64::MAX, end: None, memory: MEMORY },
        ),
        (
            "L8",
            Program { mem_size: MEMORY, ..data(0x30_0000) },
            SegmentError::OutsideMemory {
                vaddr: 0x30_0000,
                size: MEMORY,
                end: Some(MEMORY + 0x30_0000),
                memory: MEMORY,
            },
        ),
        (
            "L10",
            Program { align: 1, ..data(0x30_0000) },
            SegmentError::NotPageAligned { start: 0x30_0000, end: 0x30_0010 },
        ),
        (
            "L10",
            Program { align: 0x800, ..data(0x30_0800) },
            SegmentError::NotPageAligned { start: 0x30_0800, end: 0x30_1000 },
        ),
        ("L11", Program { flags: W | X, ..data(0x30_0000) }, SegmentError::WritableAndExecutable),
        ("L11", Program { flags: R | W | X, ..data(0x30_0000) }, SegmentError::WritableAndExecutable),
    ];
    for (rule, program, error) in cases {
        let file = hello().and(Program::load(0x20_0000, R, b"first")).and(program).build();
        assert_eq!(plan(&file).unwrap_err(), LoadError::Segment { index: 4, error }, "{rule}");
    }
}

#[test]
fn refuses_an_image_at_1_mib_aligned_to_2_mib() {
    let mut file = hello().build();
    patch(&mut file, field(TEXT, 48), &0x20_0000_u64.to_le_bytes());
    let error = SegmentError::AlignedBelowMinimum { vaddr: 0x10_0000, align: 0x20_0000 };
    assert_eq!(plan(&file).unwrap_err(), LoadError::Segment { index: 1, error });
}

#[test]
fn refuses_a_segment_whose_bytes_are_not_in_the_file() {
    for offset in [u64::MAX, 1 << 30] {
        let mut file = hello().build();
        patch(&mut file, field(TEXT, 8), &offset.to_le_bytes());
        let error = SegmentError::BeyondFile { offset, file_size: 2, size: file.len() as u64 };
        assert_eq!(plan(&file).unwrap_err(), LoadError::Segment { index: 1, error });
    }
}

#[test]
fn checks_zero_initialised_data_against_memory_and_ignores_an_empty_one() {
    for (vaddr, size, fine) in [
        (0, 0, true),
        (u64::MAX, 0, true),
        (0x20_0000, MEMORY - 0x20_0000, true),
        (0x20_0000, MEMORY - 0x20_0000 + 1, false),
        (u64::MAX, 2, false),
        (0x1000, 0x1000, false),
    ] {
        let file = hello().and(Program::bss(vaddr, size)).build();
        assert_eq!(plan(&file).is_ok(), fine, "{size:#x} at {vaddr:#x}");
    }
}

#[test]
fn says_how_much_memory_would_be_enough() {
    let file = hello().and(Program::bss(0x20_0000, MEMORY)).build();
    assert_eq!(plan(&file).unwrap_err().needed_memory(), Some(MEMORY + 0x20_0000));
    let file = Image { entry: MEMORY + 5, ..hello() }.build();
    assert_eq!(plan(&file).unwrap_err().needed_memory(), Some(MEMORY + 6));
    let file = hello().and(Program::load(0x20_0000, W | X, b"x")).build();
    assert_eq!(plan(&file).unwrap_err().needed_memory(), None);
}

#[test]
fn takes_as_many_segments_as_there_can_be_program_headers() {
    for count in [65, 2000, usize::from(u16::MAX) - 5] {
        let mut image = hello();
        let page = |at: usize| Program::load(0x10_0000 + at as u64 * 0x1000, R, b"x");
        // Of all that share a page of the file: an image of 256 MiB would prove no more.
        image.programs.splice(2..2, (1..count).map(|at| Program { align: 1, ..page(at) }));
        let mut file = image.build();
        for at in 1..count {
            patch(&mut file, field(at + 1, 48), &0x1000_u64.to_le_bytes());
        }
        let plan = Plan::new(&file[..], &header(&file), 1 << 30).unwrap();
        assert_eq!(plan.segments(&file[..]).map(Result::unwrap).count(), count);
        assert_eq!(plan.kernel_end(), 0x10_0000 + count as u64 * 0x1000);
    }
}

#[test]
fn checks_a_segment_again_when_it_is_read() {
    let mut file = hello().and(Program::load(0x20_0000, R, b"first")).build();
    let plan = plan(&file).unwrap();
    patch(&mut file, field(3, 16), &MEMORY.to_le_bytes());
    let mut segments = plan.segments(&file[..]);
    assert!(segments.next().unwrap().is_ok());
    assert!(matches!(segments.next(), Some(Err(LoadError::Segment { index: 3, .. }))));
    assert!(segments.next().is_none(), "it ends after an error");
}

#[test]
fn ignores_program_headers_of_other_kinds_and_reads_tables_of_any_length() {
    let mut image = hello();
    for _ in 0..1000 {
        image.programs.insert(
            0,
            Program { kind: 0x6474_E551, vaddr: u64::MAX, mem_size: u64::MAX, ..Program::load(0, 7, &[]) },
        );
    }
    let file = image.build();
    assert_eq!(segments(&file).len(), 1);
    assert_eq!(abi(&file), Ok(Abi { target: 2, version: 2 }));
}

#[test]
fn recognises_ordinary_programs_by_their_interpreter() {
    let file = hello().build();
    assert_eq!(foreign_interpreter(&file[..], &header(&file)), None);
    let mut image = hello();
    image.programs[0].content = b"/lib64/ld-linux-x86-64.so.2\0".to_vec();
    let file = image.build();
    let found = foreign_interpreter(&file[..], &header(&file)).unwrap();
    assert_eq!(found.to_string(), "/lib64/ld-linux-x86-64.so.2");
    image.programs[0].content = vec![b'\n'; 5000];
    let file = image.build();
    assert_eq!(foreign_interpreter(&file[..], &header(&file)).unwrap().bytes().len(), 64);
}

#[test]
fn passes_on_that_the_host_failed_to_read() {
    struct Failing(Vec<u8>);
    impl ReadAt for Failing {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), ReadError> {
            if offset >= 64 {
                Err(ReadError::Host { offset, errno: 5 })
            } else {
                self.0.read_at(offset, into)
            }
        }
    }
    let image = Failing(hello().build());
    let header = Header::read(&image).unwrap();
    let failed = ReadError::Host { offset: 64, errno: 5 };
    assert_eq!(read_abi(&image, &header), Err(NoteError::Read(failed)));
    assert_eq!(Plan::new(&image, &header, MEMORY).unwrap_err(), LoadError::Read(failed));
}
