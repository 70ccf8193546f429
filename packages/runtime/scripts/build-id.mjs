// The build id of a base image: what ties bytecode, which has numbers of the engine's own in it, to the code that reads it.
import { createHash } from "node:crypto";

/** End of the slot of the bindings (link/base.ld): all behind it is the same for every target. */
const SLOT_END = 0x14_0000n;
const PT_LOAD = 1;
const PT_NOTE = 4;
const ID_SIZE = 32;

/** Program headers of a base image, which is a file that this build has made. */
function headers(elf) {
  const table = Number(elf.readBigUInt64LE(32));
  return Array.from({ length: elf.readUInt16LE(56) }, (_, index) => {
    const at = table + 56 * index;
    const [offset, address, , size, room] = [8, 16, 24, 32, 40].map((field) =>
      elf.readBigUInt64LE(at + field),
    );
    return { type: elf.readUInt32LE(at), offset: Number(offset), address, size: Number(size), room };
  });
}

/** The 32 bytes of the build id note in a base image: a view. */
export function buildIdNote(elf) {
  const head = Buffer.from("\x03\0\0\0\x20\0\0\0UID1uk\0\0", "latin1");
  const note = headers(elf).find(
    ({ type, offset }) => type === PT_NOTE && elf.subarray(offset, offset + head.length).equals(head),
  );
  if (note === undefined) throw new Error("a base image has no build id note");
  return elf.subarray(note.offset + head.length, note.offset + head.length + ID_SIZE);
}

/** SHA-256 over what a base image has behind the slot of its bindings, the notes left out. */
export function codeId(elf) {
  const content = Buffer.from(elf);
  const all = headers(elf);
  for (const { type, offset, size } of all) if (type === PT_NOTE) content.fill(0, offset, offset + size);
  const hash = createHash("sha256");
  for (const { type, offset, address, size, room } of all) {
    if (type !== PT_LOAD || address < SLOT_END) continue;
    hash.update(`${address} ${room} ${size}\n`);
    hash.update(content.subarray(offset, offset + size));
  }
  return hash.digest();
}
