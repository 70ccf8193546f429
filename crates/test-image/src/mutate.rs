//! Changes to an image that know what an image is made of: fields of the ELF header and of program headers, heads
//! and descriptors of notes. For fuzzers; nothing here is shared with the readers.

use crate::{ELF_HEADER, PROGRAM_HEADER, PT_NOTE};

/// Numbers that follow from a seed.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The same numbers for the same seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number (splitmix64).
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `end`, which is not included; 0 if that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = end.max(1) as u64;
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    /// One of some values.
    pub fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }
}

/// Place and width of the fields of the ELF header; the last byte of `e_ident` comes first.
const ELF_FIELDS: [(usize, usize); 13] = [
    (15, 1),
    (4, 1),
    (5, 1),
    (16, 2),
    (18, 2),
    (20, 4),
    (24, 8),
    (32, 8),
    (40, 8),
    (52, 2),
    (54, 2),
    (56, 2),
    (62, 2),
];
/// Place and width of the fields of a program header.
const ROW_FIELDS: [(usize, usize); 8] = [(0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 8), (48, 8)];
/// Numbers at the edges of what rules speak of.
const EDGES: [u64; 32] = [
    0,
    1,
    2,
    4,
    5,
    6,
    7,
    8,
    11,
    12,
    16,
    19,
    20,
    32,
    33,
    63,
    64,
    65,
    0x800,
    0x1000,
    0x2000,
    6668,
    6669,
    0xF_FFFF,
    0x10_0000,
    0x20_0000,
    0x100_0000,
    0x100_0001,
    0x4000_0000,
    0xFFFF_FFFF,
    1 << 53,
    1 << 63,
];

/// Changes an image in a few places, which may make it longer by some hundred bytes.
pub fn mutate(file: &mut Vec<u8>, random: &mut Random) {
    let most = random.of(&[1, 2, 3, 12]);
    for _ in 0..=random.below(most) {
        change(&mut Draft(file), random);
    }
}

fn change(draft: &mut Draft<'_>, random: &mut Random) {
    match random.below(20) {
        0 => draft.change_field(0, &ELF_FIELDS, random),
        1..=5 => {
            let row = draft.any_row(random);
            draft.change_field(row, &ROW_FIELDS, random);
        }
        6 => {
            let row = draft.any_row(random);
            draft.set(row, 4, random.of(&[0, 1, 1, 2, 3, 4, 4, 6, 7]));
        }
        7 => {
            let (a, b) = (draft.any_row(random), draft.any_row(random));
            for at in 0..PROGRAM_HEADER {
                let (first, second) = (draft.get(a + at, 1), draft.get(b + at, 1));
                draft.set(a + at, 1, second);
                draft.set(b + at, 1, first);
            }
        }
        8 => {
            let (from, to) = (draft.any_row(random), draft.any_row(random));
            draft.copy(from, to, PROGRAM_HEADER);
        }
        9 => draft.delete_row(random),
        10 => draft.insert_row(random),
        11 => {
            let to = random.below(draft.0.len());
            draft.copy(draft.table(), to, PROGRAM_HEADER * draft.count());
            draft.set(32, 8, to as u64);
        }
        12 | 13 => {
            let note = draft.any_note(random);
            draft.change_field(note, &[(0, 4), (4, 4), (8, 4), (12, 1), (17, 1), (18, 1)], random);
        }
        14 | 15 => {
            let note = draft.any_note(random);
            draft.change_manifest(note, random);
        }
        16 => {
            let (from, to) = (draft.any_note(random), draft.any_note(random));
            draft.copy(from, to, random.of(&[20, 28, 36, 136, 240]));
        }
        17 => {
            let row = draft.any_row(random);
            let said = usize::try_from(draft.get(row + random.of(&[8, 32]), 8) & 0xFFFF).unwrap_or_default();
            let len = draft.0.len();
            let len = random.of(&[
                len - len.min(1),
                len + 1,
                ELF_HEADER,
                said,
                said + 1,
                random.clone().below(len),
            ]);
            draft.0.resize(len.min(draft.0.len() + 64), 0);
        }
        18 => {
            let (from, to) = (random.below(draft.0.len()), random.below(draft.0.len()));
            draft.copy(from, to, 1 << random.below(8));
        }
        _ => {
            let at = random.below(draft.0.len());
            draft.set(at, 1, random.next());
        }
    }
}

/// An image under change. What lies outside is 0, and stays it.
struct Draft<'a>(&'a mut Vec<u8>);

impl Draft<'_> {
    fn get(&self, at: usize, width: usize) -> u64 {
        let mut bytes = [0; 8];
        if let Some(field) = at.checked_add(width).and_then(|end| self.0.get(at..end)) {
            bytes[..width].copy_from_slice(field);
        }
        u64::from_le_bytes(bytes)
    }

    fn set(&mut self, at: usize, width: usize, value: u64) {
        if let Some(field) = at.checked_add(width).and_then(|end| self.0.get_mut(at..end)) {
            field.copy_from_slice(&value.to_le_bytes()[..width]);
        }
    }

    /// Where the table is; at the end where it is said to be elsewhere.
    fn table(&self) -> usize {
        usize::try_from(self.get(32, 8)).map_or(self.0.len(), |at| at.min(self.0.len()))
    }

    /// Headers that are said to be there and are.
    fn count(&self) -> usize {
        let room = (self.0.len() - self.table()) / PROGRAM_HEADER;
        usize::try_from(self.get(56, 2)).map_or(room, |count| count.min(room))
    }

    fn any_row(&self, random: &mut Random) -> usize {
        self.table() + PROGRAM_HEADER * random.below(self.count())
    }

    /// Where the note of any `PT_NOTE` begins; 0 if there is none.
    fn any_note(&self, random: &mut Random) -> usize {
        let (count, first) = (self.count(), random.below(self.count()));
        (0..count)
            .map(|index| self.table() + PROGRAM_HEADER * ((first + index) % count))
            .find(|&row| self.get(row, 4) == u64::from(PT_NOTE))
            .and_then(|row| usize::try_from(self.get(row + 8, 8)).ok())
            .unwrap_or_default()
    }

    fn copy(&mut self, from: usize, to: usize, size: usize) {
        let len = self.0.len();
        if from >= len || to >= len {
            return;
        }
        let size = size.min(len - from).min(len - to);
        self.0.copy_within(from..from + size, to);
    }

    fn change_field(&mut self, at: usize, fields: &[(usize, usize)], random: &mut Random) {
        let (field, width) = random.of(fields);
        let Some(at) = at.checked_add(field) else { return };
        let before = self.get(at, width);
        let near = (random.next() % 5).wrapping_sub(2);
        let (row, (other, other_width)) = (self.any_row(random), random.of(&ROW_FIELDS));
        let value = match random.below(8) {
            0 => random.of(&EDGES),
            1 => random.of(&EDGES).wrapping_add(near),
            2 => random.of(&EDGES).wrapping_neg(),
            3 => before.wrapping_add(near),
            4 => (self.0.len() as u64).wrapping_add(near),
            5 => 0x10_0000 + random.next() % 0x200 * 0x800,
            6 => self.get(row + other, other_width).wrapping_add(near),
            _ => random.next() >> random.below(64),
        };
        self.set(at, width, value);
    }

    fn delete_row(&mut self, random: &mut Random) {
        let count = self.count();
        if count > 1 {
            let at = self.any_row(random);
            self.copy(at + PROGRAM_HEADER, at, self.table() + PROGRAM_HEADER * (count - 1) - at);
            self.set(56, 2, count as u64 - 1);
        }
    }

    /// The table goes to the end of the file, where there is room for one more.
    fn insert_row(&mut self, random: &mut Random) {
        let (count, end) = (self.count(), self.0.len());
        if count == 0 || count > 100 {
            return;
        }
        let mut rows = self.0[self.table()..][..PROGRAM_HEADER * count].to_vec();
        let (which, at) = (random.below(count) * PROGRAM_HEADER, random.below(count + 1) * PROGRAM_HEADER);
        let row = rows[which..which + PROGRAM_HEADER].to_vec();
        rows.splice(at..at, row);
        self.0.extend(rows);
        self.set(32, 8, end as u64);
        self.set(56, 2, count as u64 + 1);
    }

    /// Number of entries, or a field of an entry.
    fn change_manifest(&mut self, note: usize, random: &mut Random) {
        let Some(first) = note.checked_add(32) else { return };
        let entry = first.saturating_add(104 * random.below(4));
        match random.below(6) {
            0 => self.change_field(note, &[(20, 4), (24, 4), (28, 4)], random),
            1 => self.set(entry.saturating_add(68), 4, random.of(&[0, 1, 2, 3, 0x4000_0000, 0x4000_0001])),
            2 => {
                let at = entry.saturating_add(random.of(&[67, 68, 96, 97, 103]));
                self.set(at, 1, random.next() % 3);
            }
            3 => {
                let at = entry.saturating_add(random.below(4));
                self.set(at, 1, random.of(&[0, 0x1B, 0x30, 0x41, 0x7A, 0x80, 0xFF]));
            }
            4 => self.copy(first.saturating_add(104), entry, 104),
            _ => {
                let entries = self.get(note + 28, 4).wrapping_add(random.next() % 3).wrapping_sub(1);
                self.set(note + 28, 4, entries);
                self.set(note + 4, 4, entries.wrapping_mul(104).wrapping_add(12));
            }
        }
    }
}
