// Checked by tsc alone: whatever is wrong here is a compile error, and so is what should be wrong and is not.
import {
  block,
  createManifest,
  type Device,
  type DeviceDeclaration,
  type DeviceType,
  decodeNote,
  encodeNote,
  format,
  type Manifest,
  type NoteDevice,
  net,
  parse,
  print,
  toC,
  validate,
} from "./index.ts";

declare const text: string;
declare const number: number;
declare const either: "a" | "b";
declare const type: DeviceType;
declare const declared: readonly DeviceDeclaration[];
declare const fromNote: readonly NoteDevice[];

/** What checks gives a manifest, and what writes takes one. */
export const made: Manifest[] = [
  parse(text),
  validate(text),
  createManifest([]),
  decodeNote(new Uint8Array(), "MFT1"),
];
export const written: unknown[] = made.flatMap((one) => [print(one), format(one), toC(one), encodeNote(one)]);

// No literal is a manifest, nor is a changed copy, and none is written.
const literal = { type: "solo5.manifest", version: 1, devices: [] } as const;
// @ts-expect-error
export const fromLiteral: Manifest = literal;
// @ts-expect-error
export const copy: Manifest = { ...createManifest([]), devices: [] };
// @ts-expect-error
print(literal);
// @ts-expect-error
toC(literal);
// @ts-expect-error
format(literal);
// @ts-expect-error
encodeNote(literal);
// @ts-expect-error the devices of a manifest stay as they were checked
createManifest([]).devices.push({ name: "a", type: "NET_BASIC" });

// Names.
const LONGEST = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012345678901234";
export const devices: [Device<"a", "NET_BASIC">, Device<typeof LONGEST, "BLOCK_BASIC">] = [
  net("a"),
  block(LONGEST),
];
net("0");
net(either);
// @ts-expect-error empty
net("");
// @ts-expect-error a space
net("a b");
// @ts-expect-error a letter beyond ASCII
block("größe");
// @ts-expect-error C code
block('a" }; int x; //');
// @ts-expect-error 68 letters
net(`${LONGEST}x` as const);
// @ts-expect-error one of two
net(either as "a" | "-");
// @ts-expect-error the known part of a name
net(`eth-${number}`);
// @ts-expect-error no text
net(1);
// What is known only when the program runs is checked then.
net(text);
net(`eth${number}`);

// Lists of devices.
createManifest(devices);
createManifest([net("a"), block("a"), net("b"), { name: "b", type: "BLOCK_BASIC" }]);
createManifest([{ type: "NET_BASIC", name: "a" }] as const);
// @ts-expect-error a name
createManifest([{ name: "a b", type: "NET_BASIC" }]);
// @ts-expect-error a type
createManifest([{ name: "a", type: "NET" }]);
// @ts-expect-error no type
createManifest([{ name: "a" }]);
// @ts-expect-error a member that devices do not have
createManifest([{ name: "a", type: "NET_BASIC", mac: "" }]);
// @ts-expect-error a name twice in one type
createManifest([net("a"), block("b"), net("a")]);
// @ts-expect-error the same, written out
createManifest([net("a"), { name: "a", type: "NET_BASIC" }]);
// @ts-expect-error a faulty device behind many
createManifest([...declared, { name: "-", type: "NET_BASIC" }]);
// @ts-expect-error what a note says has handles, which a manifest does not
createManifest(fromNote);
createManifest(declared);
createManifest([net("a"), ...declared, block("b")]);
createManifest([net(text), net(text), { name: text, type }, { name: text, type }]);
createManifest([
  { name: "a", type },
  { name: "a", type: type === "NET_BASIC" ? "BLOCK_BASIC" : "NET_BASIC" },
]);
createManifest([...(number === 1 ? [net("a")] : []), block("b")]);
createManifest(declared.map(({ name }) => ({ name, type })));
createManifest(Array.from({ length: number }, (_, i) => block(`disk${i}`)));
createManifest(
  Array.from({ length: number }, (_, i) => ({ name: `disk${i}`, type: "BLOCK_BASIC" as const })),
);

// The largest manifest, and one device more.
const MOST = [
  net("00abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("01abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("02abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("03abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("04abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("05abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("06abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("07abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("08abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("09abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("10abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("11abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("12abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("13abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("14abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("15abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("16abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("17abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("18abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("19abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("20abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("21abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("22abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("23abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("24abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("25abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("26abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("27abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("28abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("29abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("30abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("31abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("32abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("33abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("34abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("35abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("36abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("37abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("38abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("39abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("40abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("41abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("42abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("43abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("44abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("45abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("46abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("47abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("48abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("49abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("50abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("51abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("52abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("53abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("54abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("55abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("56abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("57abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("58abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("59abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("60abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("61abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
  net("62abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789012"),
] as const;
createManifest(MOST);
// @ts-expect-error 64 devices
createManifest([...MOST, block("last")]);
