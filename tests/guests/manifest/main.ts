// @uk/manifest in an image says what it says on Node: documents, notes and C, and what is wrong with them.
import {
  createManifest,
  decodeDevices,
  decodeNote,
  encodeNote,
  format,
  ManifestError,
  NoteError,
  parse,
  print,
  toC,
  validate,
} from "@uk/manifest";

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function refusal(work: () => unknown): string {
  try {
    return `accepted: ${work()}`;
  } catch (error) {
    if (error instanceof ManifestError || error instanceof NoteError) return error.message;
    throw error;
  }
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (letter: string) => letter.charCodeAt(0));

const text = `{
  "type": "solo5.manifest", "version": 1,
  "devices": [{ "name": "net0", "type": "NET_BASIC" }, { "type": "BLOCK_BASIC", "name": "\\u0064isk" }]
}`;
const manifest = parse(text);
console.log(print(manifest));
console.log(print(parse(bytesOf(text))));
console.log(format(manifest));
console.log(toC(manifest));

const note = encodeNote(manifest);
console.log(hex(note));
console.log(print(decodeNote(note, "MFT1")), decodeDevices(note));
const abi = encodeNote({ type: "solo5.abi", target: "spt", version: 2 });
console.log(hex(abi), decodeNote(abi));

for (const wrong of [
  '{ "type": "solo5.manifest", "version": 1.0, "devices": [] }',
  '{ "type": "solo5.manifest", "version": 1, "devices": [], "devices": [] }',
  '{ "type": "solo5.manifest",\n  "version": 1, "devices": [{ "name": "a-b", "type": "NET_BASIC" }] }',
  bytesOf('{ "type": "\x80" }'),
])
  console.log(refusal(() => parse(wrong)));
console.log(refusal(() => validate({ type: "solo5.manifest", version: 1, devices: [{ name: "a" }] })));
const disk = { name: "disk", type: "BLOCK_BASIC" } as const;
const twice: readonly { readonly name: string; readonly type: "BLOCK_BASIC" }[] = [disk, disk];
console.log(refusal(() => createManifest(twice)));
for (const size of [0, 19, 40]) console.log(refusal(() => decodeNote(note.subarray(0, size), "MFT1")));
