import type { Random } from "./random.ts";

/* Manifest documents and what resembles them: grown from a grammar that takes wrong turns, then changed as text. */

const KEYS = [
  "type",
  "version",
  "devices",
  "$schema",
  "name",
  "Type",
  "",
  "__proto__",
  "constructor",
  "toString",
  "\\u0074ype",
  "é",
];
const STRINGS = [
  "solo5.manifest",
  "solo5.abi",
  "NET_BASIC",
  "BLOCK_BASIC",
  "net_basic",
  "service",
  "disk",
  "a",
  "",
  "x".repeat(67),
  "x".repeat(68),
  "a b",
  "a\\u0000b",
  "\\ud800",
  "\\udc00\\ud800",
  "\\u001b[31m",
  "größe",
  '\\"',
  "\\/\\b\\f\\n\\r\\t",
  "\\x",
  "\\u12",
  "__proto__",
];
const NUMBERS = [
  "1",
  "0",
  "-0",
  "2",
  "-1",
  "1.0",
  "1e0",
  "10e-1",
  "01",
  "1.",
  ".5",
  "+1",
  "1e999",
  "-",
  "9007199254740993",
  "0x1",
];
const WORDS = ["true", "false", "null", "nul", "undefined", "NaN", "trux", "{}", "[]"];
const SPACES = ["", "", "", " ", "\n", "\t", "\r\n", "\u00a0", "\ufeff", "/**/", "\v"];
const PIECES = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  " ",
  "\n",
  "1",
  "e",
  "-",
  "null",
  "\u0000",
  "\u2028",
  '"a":1,',
];

/** A text, as UTF-8 and now and then not. */
export function mutateJson(random: Random): Uint8Array {
  let text = space(random) + document(random) + space(random);
  for (let changes = random.once(3) ? 1 + random.below(3) : 0; changes > 0; changes--) {
    const at = random.below(text.length + 1);
    const length = random.of([0, 0, 1, 1, 2, 8, 64]);
    const from = random.below(text.length + 1);
    const put = random.once(3)
      ? text.slice(from, from + random.below(40))
      : random.of(["", random.of(PIECES)]);
    text = text.slice(0, at) + put + text.slice(at + length);
  }
  const bytes = new TextEncoder().encode(text);
  if (random.once(20) && bytes.length > 0) bytes[random.below(bytes.length)] = random.word();
  return bytes;
}

/** Most of the time what the grammar asks for, so that the rest of the document is read as well. */
function right<T>(random: Random, expected: T, other: (random: Random) => T): T {
  return random.once(30) ? other(random) : expected;
}

function document(random: Random): string {
  if (random.once(40)) return nested(random);
  const members = [
    member(random, "type", quoted(right(random, "solo5.manifest", string))),
    member(random, "version", right(random, "1", value)),
    member(random, "devices", right(random, devices(random), value)),
  ];
  if (random.once(6))
    members.unshift(member(random, "$schema", right(random, quoted(string(random)), value)));
  return object(random, members);
}

function devices(random: Random): string {
  const count = random.once(20) ? 60 + random.below(6) : random.below(4);
  const list = Array.from({ length: count }, (_, index) => {
    const name = right(random, count > 8 ? `n${index}` : random.of(["service", "disk", "a", "b7"]), string);
    const type = right(random, random.of(["NET_BASIC", "BLOCK_BASIC"]), string);
    return right(
      random,
      object(random, [member(random, "name", quoted(name)), member(random, "type", quoted(type))]),
      value,
    );
  });
  return `[${space(random)}${list.join(`,${space(random)}`)}${right(random, "", () => ",")}]`;
}

/** Members in another order, one of them twice, or one too few. */
function object(random: Random, members: string[]): string {
  if (random.once(8)) members.reverse();
  if (random.once(40)) members.push(random.of(members));
  if (random.once(40)) members.splice(random.below(members.length), 1);
  if (random.once(40)) members.push(member(random, random.of(KEYS), value(random)));
  return `{${space(random)}${members.join(`,${space(random)}`)}${right(random, "", () => ",")}}`;
}

function member(random: Random, key: string, text: string): string {
  const name = right(random, key, (source) => source.of(KEYS));
  return `"${name}"${space(random)}${right(random, ":", () => random.of(["", "::", "="]))}${space(random)}${text}`;
}

function value(random: Random): string {
  switch (random.below(6)) {
    case 0:
      return quoted(string(random));
    case 1:
      return random.of(NUMBERS);
    case 2:
      return random.of(WORDS);
    case 3:
      return devices(random);
    case 4:
      return object(random, [member(random, "name", random.of(NUMBERS))]);
    default:
      return nested(random);
  }
}

function nested(random: Random): string {
  const depth = random.of([1, 2, 3, 60, 61, 62, 63, 64, 65, 1000]);
  const [open, close] = random.of([
    ["[", "]"],
    ['{"a":', "}"],
  ] as const);
  return `${open.repeat(depth)}1${close.repeat(depth)}`;
}

function string(random: Random): string {
  return random.of(STRINGS);
}

function quoted(text: string): string {
  return `"${text}"`;
}

function space(random: Random): string {
  return random.once(3) ? random.of(random.once(10) ? SPACES : SPACES.slice(0, 7)) : "";
}
