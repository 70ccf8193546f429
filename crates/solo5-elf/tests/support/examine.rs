//! What has to hold of any file that is taken for an image.

use solo5_abi::limits::MFT_MAX_SIZE;
use solo5_abi::memory::{LOAD_MIN, PAGE_SIZE};
use solo5_abi::notes::AbiTarget;
use solo5_elf::{Header, Plan, foreign_interpreter, read_abi, read_manifest};

/// Does all a tender does, and checks what it relies on; whether it would load the file.
pub fn examine(file: &[u8], memory: u64) -> bool {
    let Some(header) = said(Header::read(file)) else {
        return false;
    };
    let abi = said(read_abi(file, &header));
    let _ = abi.map(|abi| said(abi.expect(AbiTarget::Spt, 2)));
    let mut buffer = [0; MFT_MAX_SIZE];
    let manifest = said(read_manifest(file, &header, &mut buffer));
    if let Some(manifest) = &manifest {
        assert!(manifest.devices().all(|device| (1..64).contains(&device.handle) && device.name.len() < 68));
    }
    let _ = foreign_interpreter(file, &header).map(|interpreter| interpreter.to_string());
    let plan = said(Plan::new(file, &header, memory));
    if let Some(plan) = &plan {
        check(plan, file, memory);
    }
    abi.is_some() && manifest.is_some() && plan.is_some()
}

/// An error is one line.
fn said<T, E: core::fmt::Display>(result: Result<T, E>) -> Option<T> {
    result.map_err(|error| assert!(!error.to_string().contains(|letter: char| letter.is_control()))).ok()
}

fn check(plan: &Plan, file: &[u8], memory: u64) {
    assert!((LOAD_MIN..memory).contains(&plan.entry()));
    let mut previous_end = LOAD_MIN;
    let segments: Vec<_> = plan.segments(file).map(Result::unwrap).collect();
    for segment in &segments {
        assert!(segment.start >= previous_end && segment.end <= memory, "{segment:x?}");
        assert!(
            segment.start.is_multiple_of(PAGE_SIZE) && segment.end.is_multiple_of(PAGE_SIZE),
            "{segment:x?}"
        );
        assert!(segment.start <= segment.vaddr && segment.file_end() <= segment.end, "{segment:x?}");
        assert!(
            segment.file_size > 0 && segment.offset + segment.file_size <= file.len() as u64,
            "{segment:x?}"
        );
        assert!(!(segment.protection.write() && segment.protection.execute()), "{segment:x?}");
        previous_end = segment.end;
    }
    assert_eq!(plan.kernel_end(), segments.last().map_or(0, |segment| segment.end));
}
