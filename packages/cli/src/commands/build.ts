import { join, relative } from "node:path";
import type { BuildError, Built } from "@uk/build";
import { STACK_BYTES } from "@uk/image";
import { isTarget, TARGETS, type Target } from "@uk/manifest";
import type { Command } from "../command.ts";
import { CliError, status } from "../error.ts";
import { say } from "../say.ts";

const KIB = 1024;
const PAGE = 4096;

export const build: Command = {
  what: "Build a program into Solo5 images.",
  operands: { ENTRY: "First module of the program, or its folder" },
  options: {
    target: { value: "TARGETS", what: `What to build for (default: ${TARGETS.join(",")})` },
    "out-dir": { value: "FOLDER", what: "Where the output goes (default: dist)" },
    name: { value: "NAME", what: "Name of the output files (default: the program's)" },
    stack: {
      value: "KIB",
      what: `Memory for calls within calls (default: ${STACK_BYTES.default / KIB})`,
    },
    json: { what: "Report as JSON" },
  },
  examples: [
    "uk build src/hello.ts",
    "uk build examples/hello --out-dir build --name hello",
    "uk build src/hello.ts --target hvt --json",
  ],
  async run({ operands: [entry = ""], options }) {
    const start = performance.now();
    const targets = parseTargets(options.get("target") ?? TARGETS.join(","));
    const stack = parseStack(options.get("stack") ?? `${STACK_BYTES.default / KIB}`);
    const name = options.get("name");
    const outDir = options.get("out-dir") ?? "dist";
    const named = name === undefined ? {} : { name };
    const { build } = await import("@uk/build");
    const building = build(entry, { targets, stack, outDir, stdio: "inherit", ...named });
    const built = await building.catch((error: BuildError) => {
      if (error.code !== "NAME") throw error;
      throw new CliError(`build: ${error.message}: give one with --name`, status.usage);
    });
    const elapsed = Math.round(performance.now() - start);
    say(options.has("json") ? reportJson(built, outDir, elapsed) : report(built, outDir, elapsed));
    return status.ok;
  },
};

/** KiB on the command line; bytes. */
function parseStack(text: string): number {
  const bytes = /^\d+$/.test(text) ? Number(text) * KIB : Number.NaN;
  const { min, max } = STACK_BYTES;
  if (bytes >= min && bytes <= max && bytes % PAGE === 0) return bytes;
  throw new CliError(
    `build: --stack=${text}: KiB are a multiple of ${PAGE / KIB} from ${min / KIB} to ${max / KIB}`,
    status.usage,
  );
}

function parseTargets(text: string): Target[] {
  const names = text.split(",").map((name) => name.trim());
  return names.map((name) => {
    if (isTarget(name)) return name;
    throw new CliError(
      `build: unknown target ${JSON.stringify(name)}: it is one of ${TARGETS.join(", ")}`,
      status.usage,
    );
  });
}

function report({ name, manifest, images, sizes }: Built, folder: string, elapsed: number): string {
  const devices = manifest.devices.map((device) => `${device.name} (${device.type})`).join(", ") || "none";
  const lines = [...images].map(
    ([target, image]) => `${path(folder, `${name}.${target}`)}  ${kib(image.length)}`,
  );
  lines.push(
    `devices: ${devices}; bundle ${kib(sizes.bundle)}, bytecode ${kib(sizes.bytecode)}; ${elapsed} ms`,
  );
  return lines.join("\n");
}

function reportJson({ name, manifest, images, sizes }: Built, folder: string, elapsed: number): string {
  return JSON.stringify({
    name,
    images: [...images].map(([target, image]) => ({
      target,
      path: path(folder, `${name}.${target}`),
      bytes: image.length,
    })),
    devices: manifest.devices,
    bundleBytes: sizes.bundle,
    bytecodeBytes: sizes.bytecode,
    milliseconds: elapsed,
  });
}

function path(folder: string, file: string): string {
  return relative(".", join(folder, file));
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
