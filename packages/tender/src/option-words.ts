import type { BlockBacking, GuestOptions, NetBacking } from "./guest-options.ts";

/** Standard input, output and error come first in a process. */
const FIRST_DESCRIPTOR = 3;

/** A tender's options as it reads them. */
export interface OptionWords {
  readonly words: readonly string[];
  /** Descriptors of this process that become 3, 4, … in the tender. */
  readonly descriptors: readonly number[];
}

/**
 * The words in front of the image. Checked is what could be read as something else or could not be written
 * down; the rest the tender knows better.
 *
 * @throws {TypeError} an option has another type, or text that no word can hold
 * @throws {RangeError} a number is out of range, or a name is not a device's
 */
export function optionWords({ mem, net = {}, block = {} }: GuestOptions): OptionWords {
  const words: string[] = [];
  const descriptors: number[] = [];
  if (mem !== undefined) words.push(`--mem=${whole("mem", mem, 1)}`);
  for (const [name, backing] of Object.entries(record("net", net))) {
    const what = `net.${deviceName("net", name)}`;
    words.push(`--net:${name}=${netValue(what, backing, descriptors)}`);
    if (typeof backing !== "string" && backing.mac !== undefined)
      words.push(`--net-mac:${name}=${text(`${what}.mac`, backing.mac)}`);
  }
  for (const [name, backing] of Object.entries(record("block", block)))
    words.push(...blockWords(`block.${deviceName("block", name)}`, name, backing));
  return { words, descriptors };
}

function netValue(what: string, backing: NetBacking, descriptors: number[]): string {
  if (typeof backing !== "string") {
    record(what, backing, NEITHER);
    if ("fd" in backing) return `@${handedOver(whole(`${what}.fd`, backing.fd, 0), descriptors)}`;
  }
  const name =
    typeof backing === "string" ? text(what, backing) : text(`${what}.interface`, backing.interface);
  if (name.startsWith("@"))
    throw new RangeError(
      `${what}: ${JSON.stringify(name)} is not an interface: hand a descriptor over as { fd }`,
    );
  return name;
}

/** The number of `fd` in the tender. The same one twice is the same one there: the tender refuses that. */
function handedOver(fd: number, descriptors: number[]): number {
  const known = descriptors.indexOf(fd);
  return FIRST_DESCRIPTOR + (known < 0 ? descriptors.push(fd) - 1 : known);
}

function* blockWords(what: string, name: string, backing: BlockBacking): Generator<string> {
  if (typeof backing === "string") {
    yield `--block:${name}=${text(what, backing)}`;
    return;
  }
  record(what, backing, NEITHER);
  yield `--block:${name}=${text(`${what}.path`, backing.path)}`;
  if (backing.blockSize !== undefined)
    yield `--block-sector-size:${name}=${whole(`${what}.blockSize`, backing.blockSize, 1)}`;
  if (flag(`${what}.shared`, backing.shared)) yield `--block-lock:${name}=shared`;
}

/** A name that a device can have; any other could change what the word says. */
function deviceName(kind: string, name: string): string {
  if (/^[A-Za-z0-9]{1,67}$/.test(name)) return name;
  throw new RangeError(
    `${kind}: ${JSON.stringify(name)} is not a device name, which has 1 to 67 letters and digits`,
  );
}

/** An object with members by name, as options are. */
export function record<T extends object>(what: string, value: T, isNot = "is not an object"): T {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new TypeError(`${what}: ${Array.isArray(value) ? "an array" : String(value)} ${isNot}`);
}

const NEITHER = "is neither a string nor an object";

function flag(what: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== "boolean")
    throw new TypeError(`${what}: ${String(value)} is not a boolean`);
  return value === true;
}

/** Text that can be the end of a word: not empty, and without NUL, which ends words. */
export function text(what: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${what}: ${String(value)} is not a string`);
  if (value === "") throw new TypeError(`${what}: is empty`);
  return withoutNul(what, value);
}

/** As {@link text}, but it may be empty. */
export function withoutNul(what: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${what}: ${String(value)} is not a string`);
  if (value.includes("\0")) throw new TypeError(`${what}: ${JSON.stringify(value)} contains a NUL`);
  return value;
}

/** A number that has plain digits: no fraction, no exponent. */
export function whole(what: string, value: unknown, least: number): number {
  if (typeof value !== "number") throw new TypeError(`${what}: ${String(value)} is not a number`);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(`${what}: ${value} is not a whole number, ${least} or more`);
}
