import type { Result } from "@uk/miou";
import { Block } from "./block.ts";
import type { Io } from "./io.ts";
import { Net } from "./net.ts";

declare const produces: unique symbol;

/**
 * Something that `run` produces before it calls the main function: a device, or a value made from
 * devices. Made by {@link net}, {@link block}, {@link map} and {@link constant}; the same object
 * appearing twice in a list is produced once.
 */
export interface Device<T> {
  /** Only for types: what the main function gets. */
  readonly [produces]?: T;
}

/** What the main function gets for a list of devices. */
export type DeviceValues<Ds extends readonly Device<unknown>[]> = {
  -readonly [K in keyof Ds]: Ds[K] extends Device<infer V> ? V : never;
};

/** The devices as `run` sees them. */
export type Declared =
  | {
      readonly kind: "net" | "block";
      readonly name: string;
      /** Brought along, so that a program without such devices does not carry their code. */
      readonly acquire: (io: Io, name: string) => Result<unknown>;
    }
  | {
      readonly kind: "map";
      readonly devices: readonly Device<unknown>[];
      readonly make: (...values: never[]) => unknown;
    }
  | { readonly kind: "constant"; readonly value: unknown };

/** Longest name of a device, in characters (ABI section 1.2). */
const MAX_NAME = 67;
const declared = new WeakMap<Device<unknown>, Declared>();

function declare<T>(what: Declared): Device<T> {
  const device: Device<T> = Object.freeze({});
  declared.set(device, what);
  return device;
}

/**
 * What a device list entry declares.
 *
 * @throws {TypeError} `device` was not made by this module
 */
export function declarationOf(device: Device<unknown>): Declared {
  const what = declared.get(device);
  if (what === undefined)
    throw new TypeError("run: the device list holds something that net, block, map or constant did not make");
  return what;
}

/**
 * Declares the network device `name`.
 *
 * @param name - as the tender is told: 1 to 67 ASCII letters and digits
 * @throws {TypeError} `name` is not a string
 * @throws {RangeError} `name` is empty, too long, or has other characters
 */
export function net(name: string): Device<Net> {
  return declare({ kind: "net", name: checkName("net", name), acquire: Net.acquire });
}

/**
 * Declares the block device `name`.
 *
 * @param name - as for {@link net}
 * @throws {TypeError} `name` is not a string
 * @throws {RangeError} `name` is empty, too long, or has other characters
 */
export function block(name: string): Device<Block> {
  return declare({ kind: "block", name: checkName("block", name), acquire: Block.acquire });
}

/**
 * Declares a value made from other devices. `make` runs once, in the root task, after its devices
 * were acquired; it may be a generator function, and may spawn tasks, which main must consume.
 */
export function map<const Ds extends readonly Device<unknown>[], T>(
  devices: Ds,
  make: (...values: DeviceValues<Ds>) => Generator<unknown, T, unknown> | T,
): Device<T> {
  return declare({ kind: "map", devices: [...devices], make: make as (...values: never[]) => unknown });
}

/** Declares a value that needs no device. */
export function constant<const T>(value: T): Device<T> {
  return declare({ kind: "constant", value });
}

function checkName(call: string, name: string): string {
  if (typeof name !== "string")
    throw new TypeError(`${call}: the device name must be a string, not ${typeof name}`);
  if (name.length > MAX_NAME || !/^[A-Za-z0-9]+$/.test(name))
    throw new RangeError(
      `${call}: device name ${JSON.stringify(name)} is not 1 to ${MAX_NAME} ASCII letters and digits`,
    );
  return name;
}
