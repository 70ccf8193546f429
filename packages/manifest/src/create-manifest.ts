import type { DeviceDeclaration, DeviceType, Manifest } from "./manifest.ts";
import { MANIFEST_TYPE, MANIFEST_VERSION } from "./manifest.ts";
import { validate } from "./validate.ts";

/**
 * Makes a manifest of devices; device `n` (from 0) gets handle `n + 1`. What is wrong with devices that are written out
 * does not compile; what is known only when the program runs is checked then.
 *
 * @param devices - at most 63, with names of 1 to 67 letters and digits, unique among the devices of a type
 * @throws {ManifestError} a device is not as declared
 */
export function createManifest<const D extends readonly DeviceDeclaration[]>(
  devices: readonly [...D] extends CheckedDevices<D> ? readonly [...D] : CheckedDevices<D>,
): Manifest {
  return validate({ type: MANIFEST_TYPE, version: MANIFEST_VERSION, devices });
}

/** A device as {@link net} and {@link block} make it. */
export interface Device<N extends string, T extends DeviceType> extends DeviceDeclaration {
  readonly name: N;
  readonly type: T;
}

/**
 * A network device for {@link createManifest}.
 *
 * @param name - 1 to 67 letters and digits; a literal that is not does not compile, other text is checked by `createManifest`
 */
export function net<const N extends string>(name: CheckedName<N>): Device<N, "NET_BASIC"> {
  return { name: name as string as N, type: "NET_BASIC" };
}

/** A block device for {@link createManifest}; `name` as that of {@link net}. */
export function block<const N extends string>(name: CheckedName<N>): Device<N, "BLOCK_BASIC"> {
  return { name: name as string as N, type: "BLOCK_BASIC" };
}

/*
 * The rules of ABI section 1.2 as types. A faulty literal becomes a sentence that no literal of the kind is assignable to,
 * and the compiler prints it. Text that is not known (`string`, or a template with a hole) passes.
 */

type Letter =
  | ("a" | "b" | "c" | "d" | "e" | "f" | "g" | "h" | "i" | "j" | "k" | "l" | "m")
  | ("n" | "o" | "p" | "q" | "r" | "s" | "t" | "u" | "v" | "w" | "x" | "y" | "z");
type Character = Letter | Uppercase<Letter> | "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

type Ten = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/** As long as the longest name. */
type NameRoom = [...Ten, ...Ten, ...Ten, ...Ten, ...Ten, ...Ten, 0, 0, 0, 0, 0, 0, 0];

/** Whether `T` is not one string, but many that are not listed. */
type IsOpen<T extends string> = Record<never, never> extends Record<T, 0> ? true : false;

/** What is wrong with a name, `never` if nothing is. Takes a letter off at a time. */
type NameFault<Rest extends string, Room extends readonly 0[] = NameRoom> = Rest extends ""
  ? Room["length"] extends NameRoom["length"]
    ? "a device name has at least one character"
    : never
  : Rest extends `${infer First}${infer Others}`
    ? IsOpen<First> extends true
      ? never
      : First extends Character
        ? Room extends readonly [0, ...infer Less extends readonly 0[]]
          ? NameFault<Others, Less>
          : "a device name has at most 67 characters"
        : "a device name has only letters and digits of ASCII"
    : never;

/** `N`, or what is wrong with it. */
export type CheckedName<N extends string> = [NameFault<N>] extends [never] ? N : NameFault<N>;

/** `D`, or the same with what is wrong in the place of it. */
export type CheckedDevice<D extends DeviceDeclaration> = {
  readonly [K in keyof D]: K extends "name"
    ? CheckedName<D["name"]>
    : K extends "type"
      ? D["type"]
      : "a device has a name and a type, nothing else";
};

type IsUnion<T, All = T> = T extends unknown ? ([All] extends [T] ? false : true) : never;

/** Type and name in one, which no other device has; `never` if they are not known. */
type KeyOf<D extends DeviceDeclaration, Key extends string = `${D["type"]} ${D["name"]}`> =
  IsOpen<Key> extends true ? never : true extends IsUnion<Key> ? never : Key;

type CheckedList<
  D extends readonly DeviceDeclaration[],
  Seen extends string = never,
  Done extends readonly unknown[] = [],
> = D extends readonly [
  infer First extends DeviceDeclaration,
  ...infer Others extends readonly DeviceDeclaration[],
]
  ? CheckedList<
      Others,
      Seen | KeyOf<First>,
      [
        ...Done,
        Done["length"] extends 63
          ? "a manifest has at most 63 devices"
          : [KeyOf<First>] extends [never]
            ? CheckedDevice<First>
            : [KeyOf<First>] extends [Seen]
              ? Device<"no two devices of one type have the same name", First["type"]>
              : CheckedDevice<First>,
      ]
    >
  : Readonly<Done>;

/** `D`, or the same with what is wrong in the place of it; of a list whose length is not known, the names alone. */
export type CheckedDevices<D extends readonly DeviceDeclaration[]> = number extends D["length"]
  ? { readonly [I in keyof D]: CheckedDevice<D[I]> }
  : CheckedList<D>;
