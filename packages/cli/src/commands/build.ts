import { join, relative } from "node:path";
import { isTarget, type Target, targets } from "@uk/runtime";
import { defineCommand } from "citty";
import { type Built, buildImages } from "../build-images.ts";
import type { Command } from "../command.ts";
import { findEntry } from "../entry.ts";
import { CliError, status } from "../error.ts";
import { say } from "../say.ts";
import { writeOutputs } from "../write-outputs.ts";

export const build: Command = {
  command: defineCommand({
    meta: { name: "build", description: "Build a program into Solo5 images." },
    args: {
      entry: {
        type: "positional",
        description: "First module of the program, or its folder",
        required: true,
      },
      target: {
        type: "string",
        description: `What to build for: ${targets.join(", ")}`,
        default: targets.join(","),
      },
      "out-dir": { type: "string", description: "Where the output goes", default: "dist" },
      name: { type: "string", description: "Name of the output files (default: the program's)" },
      json: { type: "boolean", description: "Report as JSON" },
    },
    async run({ args }) {
      const start = performance.now();
      const wanted = parseTargets(args.target);
      const entry = findEntry(args.entry);
      const name = checkName(args.name ?? entry.name);
      const built = await buildImages(entry, name, wanted);
      const folder = args["out-dir"];
      const files = new Map<string, Uint8Array | string>();
      for (const [target, image] of built.images) files.set(`${name}.${target}`, image);
      for (const [extension, text] of built.sidecars) files.set(`${name}.${extension}`, text);
      await writeOutputs(folder, files);
      const elapsed = Math.round(performance.now() - start);
      say(args.json ? reportJson(built, folder, name, elapsed) : report(built, folder, name, elapsed));
    },
  }),
  examples: [
    "uk build src/hello.ts",
    "uk build examples/hello --out-dir build --name hello",
    "uk build src/hello.ts --target hvt --json",
  ],
};

function parseTargets(text: string): Target[] {
  const names = text.split(",").map((name) => name.trim());
  return names.map((name) => {
    if (isTarget(name)) return name;
    throw new CliError(
      `build: unknown target ${JSON.stringify(name)}: it is one of ${targets.join(", ")}`,
      status.usage,
    );
  });
}

function checkName(name: string): string {
  if (/^[^/\0]+$/.test(name) && name !== "." && name !== "..") return name;
  throw new CliError(`build: ${JSON.stringify(name)} is not a file name: give one with --name`, status.usage);
}

function report({ manifest, images, sizes }: Built, folder: string, name: string, elapsed: number): string {
  const devices = manifest.devices.map((device) => `${device.name} (${device.type})`).join(", ") || "none";
  const lines = [...images].map(
    ([target, image]) => `${path(folder, `${name}.${target}`)}  ${kib(image.length)}`,
  );
  lines.push(
    `devices: ${devices}; bundle ${kib(sizes.bundle)}, bytecode ${kib(sizes.bytecode)}; ${elapsed} ms`,
  );
  return lines.join("\n");
}

function reportJson(
  { manifest, images, sizes }: Built,
  folder: string,
  name: string,
  elapsed: number,
): string {
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
