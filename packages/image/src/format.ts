import type { NoteDevice } from "@uk/manifest";
import { hex } from "@uk/manifest/elf";
import type { Difference } from "./diff.ts";
import type { Finding } from "./finding.ts";
import type { Part } from "./identity.ts";
import type { ImageInfo } from "./read.ts";
import type { Package } from "./sbom.ts";
import type { Verification } from "./verify.ts";

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
  readonly id: string | null;
  readonly buildId: string | null;
  readonly engine: readonly Part[] | null;
  readonly debugId: string | null;
  readonly notes: readonly {
    readonly kind: string | null;
    readonly owner: string;
    readonly type: string;
    readonly offset: string;
    readonly size: number;
  }[];
  /** What the bill of materials lists; the document itself is `sbom.document` of {@link ImageInfo}. */
  readonly packages:
    | readonly { readonly name: string; readonly version: string | null; readonly license: string | null }[]
    | null;
  readonly refusals: readonly Finding[];
  readonly faults: readonly Finding[];
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
    id: info.id ?? null,
    buildId: info.buildId ?? null,
    engine: info.engine ?? null,
    debugId: info.debugId ?? null,
    notes: info.notes.map(({ kind, owner, type, offset, size }) => ({
      kind: kind ?? null,
      owner,
      type: hex(type),
      offset: hex(offset),
      size,
    })),
    packages:
      info.sbom?.packages.map(({ name, version, license }) => ({
        name,
        version: version ?? null,
        license: license ?? null,
      })) ?? null,
    refusals: info.refusals,
    faults: info.faults,
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
 * The facts for people: a few lines, then tables of segments, notes, devices and packages, and what is wrong.
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
    ["image id", info.id ?? "none"],
    ["build id", info.buildId ?? "none of ours"],
    ...(info.engine === undefined
      ? []
      : [
          ["engine", info.engine.map(({ name, version }) => `${name} ${version}`).join(", ")] as [
            string,
            string,
          ],
        ]),
    [
      "program",
      program === undefined
        ? "none of ours"
        : `${program.bytecodeSize} bytes of bytecode at ${hex(program.vaddr)}, ${program.stack} bytes of stack`,
    ],
    ...(info.debugId === undefined ? [] : [["debug id", info.debugId] as [string, string]]),
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
  const notes = info.notes.map(({ kind, owner, type, offset, size }) => [
    kind ?? "unknown",
    owner,
    hex(type),
    `${size}`,
    hex(offset),
  ]);
  const packages = packageRows(info.sbom?.packages ?? []);
  const wrong = [
    ...info.refusals.map(({ code, rule, message }) => `refused by tenders: ${code}: ${message} (${rule})`),
    ...info.faults.map(({ code, message }) => `faulty: ${code}: ${message}`),
  ];
  return [
    ...lines,
    "",
    ...table(["flags", "from", "to", "memory", "in file", "at"], segments),
    "",
    ...table(["note", "owner", "type", "bytes", "at"], notes),
    "",
    ...(devices.length === 0 ? ["no devices"] : table(["handle", "device", "type"], devices)),
    ...(packages.length === 0 ? [] : ["", ...table(["package", "version", "licence"], packages)]),
    ...(wrong.length === 0 ? [] : ["", ...wrong]),
    "",
  ].join("\n");
}

function packageRows(packages: readonly Package[]): string[][] {
  return packages.map(({ name, version, license }) => [name, version ?? "-", license ?? "-"]);
}

/** A {@link Verification} for people: a line for each tender and each check, and why not. LF line ends. */
export function formatVerification({ verdicts, checks }: Verification): string {
  const rows = [
    ...verdicts.map(({ by, tender, loads, reasons }) => [
      by === "ours" ? tender : `upstream's ${tender}`,
      loads ? "loads" : "refuses",
      reasons.map(({ rule, message }) => `${message} (${rule})`).join("; "),
    ]),
    ...checks.map(({ name, holds, reasons }) => [
      name,
      holds === undefined ? "not ours" : holds ? "holds" : "fails",
      reasons.join("; "),
    ]),
  ];
  return `${table(["tender or check", "verdict", "why"], rows).join("\n")}\n`;
}

/** What {@link diff} found for people: a line for each difference, `-` where one of the images has nothing. LF line ends. */
export function formatDiff(differences: readonly Difference[]): string {
  if (differences.length === 0) return "no differences\n";
  const rows = differences.map(({ part, name, a, b }) => [part, name, a ?? "-", b ?? "-"]);
  return `${table(["part", "which", "first", "second"], rows).join("\n")}\n`;
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
