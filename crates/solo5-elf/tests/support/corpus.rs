//! The images of `tests/fixtures/images`, which the readers in Rust and in TypeScript read; the format is described in
//! the README there.

use std::fs;
use std::path::Path;

use solo5_elf::{ReadAt, ReadError};

/// An image and what every reader makes of it.
#[derive(Clone, Default)]
pub struct Case {
    /// What is odd about it.
    pub why: String,
    /// The line that `verdict` gives.
    pub verdict: String,
    /// Guest memory in bytes.
    pub memory: u64,
    /// The file.
    pub image: Sparse,
}

/// A file, most of which may be holes.
#[derive(Clone, Default)]
pub struct Sparse {
    size: u64,
    /// Later ones lie over earlier ones.
    pieces: Vec<(u64, Vec<u8>)>,
}

impl Sparse {
    /// All of it, holes included.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(self.size).expect("a size")];
        self.read_at(0, &mut bytes).expect("the file itself");
        bytes
    }
}

impl ReadAt for Sparse {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let (len, size) = (into.len() as u64, self.size);
        let end = offset.checked_add(len).filter(|&end| end <= size);
        let end = end.ok_or(ReadError::BeyondEnd { offset, len, size })?;
        into.fill(0);
        for (at, bytes) in &self.pieces {
            let (from, to) = (offset.max(*at), end.min(at + bytes.len() as u64));
            if from < to {
                let place = |at: u64| usize::try_from(at).expect("a part of a piece");
                into[place(from - offset)..place(to - offset)]
                    .copy_from_slice(&bytes[place(from - at)..place(to - at)]);
            }
        }
        Ok(())
    }
}

/// All cases of all files.
pub fn cases() -> Vec<Case> {
    let house = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .find(|folder| folder.join("ARCHITECTURE.md").exists());
    let folder = house.expect("the repository").join("tests/fixtures/images");
    let files = fs::read_dir(folder).expect("the fixtures").map(|file| file.expect("a file").path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    files.sort();
    files.iter().flat_map(|path| parse(&fs::read_to_string(path).expect("text"))).collect()
}

fn parse(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "=" {
            cases.push(Case { why: rest.into(), memory: 16 << 20, ..Case::default() });
            continue;
        }
        let like = cases.iter().find(|case| case.why == rest).map(|case| case.image.clone());
        let Some(case) = cases.last_mut() else { continue };
        match word {
            "" => {}
            "+" | "-" => case.verdict = line.into(),
            "memory" => case.memory = number(rest),
            "like" => case.image = like.expect("a case in front of it"),
            "size" => case.image.size = number(rest),
            at => case.image.pieces.push((number(at.trim_end_matches(':')), bytes_of(rest))),
        }
    }
    cases
}

/// Hexadecimal digits, and how often they are repeated, which words of 64 bits growing by how much.
fn bytes_of(text: &str) -> Vec<u8> {
    let (digits, repetition) = text.split_once('*').unwrap_or((text, "1"));
    let digits: Vec<_> = digits.bytes().filter(|byte| *byte != b' ').collect();
    let digits = digits.chunks(2).map(|pair| str::from_utf8(pair).expect("ASCII"));
    let mut unit: Vec<_> = digits.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect();
    let mut words = repetition.split_ascii_whitespace();
    let count = number(words.next().expect("a number"));
    let steps: Vec<_> = words.map(|word| word.split_once('+').expect("a step")).collect();
    let mut bytes = Vec::new();
    for _ in 0..count {
        bytes.extend(&unit);
        for &(at, step) in &steps {
            let at = usize::try_from(number(at)).expect("a place");
            let field: &mut [u8; 8] = unit[at..].first_chunk_mut().expect("a word");
            *field = u64::from_le_bytes(*field).wrapping_add(number(step)).to_le_bytes();
        }
    }
    bytes
}

fn number(text: &str) -> u64 {
    let parsed =
        text.strip_prefix("0x").map_or_else(|| text.parse(), |digits| u64::from_str_radix(digits, 16));
    parsed.expect("a number")
}
