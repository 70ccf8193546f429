import type { NoteDevice } from "@uk/manifest";
import { hex } from "@uk/manifest/elf";
import type { ImageInfo } from "./read.ts";

/** An {@link ImageInfo} that `JSON.stringify` writes in full: addresses as `"0x100000"`, sizes as numbers of bytes. */
export interface ImageInfoJson {
  readonly abi: { readonly target: string; readonly targetNumber: number; readonly version: number };
  readonly devices: readonly NoteDevice[];
  readonly entry: string;
  readonly segments: readonly {
    readonly vaddr: string;
    readonly memsz: number;
    readonly filesz: number;
    readonly offset: string;
    readonly flags: string;
  }[];
  readonly kernelEnd: string;
  readonly imageEnd: string;
  readonly sizes: { readonly file: number; readonly loaded: number; readonly memory: number };
  readonly writeXorExecute: boolean;
  readonly buildId: string | null;
  readonly program: {
    readonly vaddr: string;
    readonly offset: string;
    readonly size: number;
    readonly bytecodeOffset: string;
    readonly bytecodeSize: number;
    readonly stack: number;
  } | null;
}

/** The same facts for machines. Absent ones are `null`. */
export function toJson(info: ImageInfo): ImageInfoJson {
  const { abi, devices, program } = info;
  return {
    abi: { target: abi.target, targetNumber: abi.targetNumber, version: abi.version },
    devices: devices.map(({ handle, name, type }) => ({ handle, name, type })),
    entry: hex(info.entry),
    segments: info.segments.map(({ vaddr, memsz, filesz, offset, flags }) => ({
      vaddr: hex(vaddr),
      memsz,
      filesz,
      offset: hex(offset),
      flags,
    })),
    kernelEnd: hex(info.kernelEnd),
    imageEnd: hex(info.imageEnd),
    sizes: { ...info.sizes },
    writeXorExecute: info.writeXorExecute,
    buildId: info.buildId ?? null,
    program:
      program === undefined
        ? null
        : {
            vaddr: hex(program.vaddr),
            offset: hex(program.offset),
            size: program.size,
            bytecodeOffset: hex(program.bytecodeOffset),
            bytecodeSize: program.bytecodeSize,
            stack: program.stack,
          },
  };
}

/**
 * The facts for people: a few lines, then a table of segments and one of devices.
 *
 * @returns text with LF line ends, one at the end too; sizes in bytes
 */
export function format(info: ImageInfo): string {
  const { abi, program, sizes } = info;
  const target = abi.target === "unknown" ? `unknown (${abi.targetNumber})` : abi.target;
  const facts: [string, string][] = [
    ["target", `${target}, ABI version ${abi.version}`],
    ["file", `${sizes.file} bytes, ${sizes.loaded} of them loaded`],
    ["memory", `${sizes.memory} bytes before heap and stack`],
    ["entry", hex(info.entry)],
    ["image end", hex(info.imageEnd)],
    ["kernel end", hex(info.kernelEnd)],
    ["W^X", info.writeXorExecute ? "holds" : "does not hold: a segment is writable and executable"],
    ["build id", info.buildId ?? "none of ours"],
    [
      "program",
      program === undefined
        ? "none of ours"
        : `${program.bytecodeSize} bytes of bytecode at ${hex(program.vaddr)}, ${program.stack} bytes of stack`,
    ],
  ];
  const width = Math.max(...facts.map(([label]) => label.length));
  const lines = facts.map(([label, text]) => `${label.padEnd(width)}  ${text}`);
  const segments = info.segments.map(({ vaddr, memsz, filesz, offset, flags }) => [
    flags,
    hex(vaddr),
    hex(vaddr + memsz),
    `${memsz}`,
    `${filesz}`,
    filesz === 0 ? "-" : hex(offset),
  ]);
  const devices = info.devices.map(({ handle, name, type }) => [`${handle}`, name, type]);
  return [
    ...lines,
    "",
    ...table(["flags", "from", "to", "memory", "in file", "at"], segments),
    "",
    ...(devices.length === 0 ? ["no devices"] : table(["handle", "device", "type"], devices)),
    "",
  ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), title.length),
  );
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
