import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import type { GuestProgram } from "./guests.ts";

const LAUNCHER = new URL("host-target.ts", import.meta.url).href;

/** Runs `guest` on Node, its scheduler in Node's loop; a guest has one console, so both streams are one. */
export async function runOnHost(
  { name, entry, args }: GuestProgram,
  folder: string,
): Promise<{ readonly status: number | null; readonly output: string }> {
  const program = join(folder, `${name}.mjs`);
  const launcher = join(folder, `${name}.launcher.mjs`);
  await build({
    entryPoints: { [name]: entry, [`${name}.launcher`]: new URL(LAUNCHER).pathname },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    charset: "utf8",
    logLevel: "error",
  });
  const transcript = join(folder, `${name}.host.txt`);
  const file = await open(transcript, "w");
  try {
    const child = spawn(process.execPath, ["--import", launcher, program, ...args], {
      stdio: ["ignore", file.fd, file.fd],
      env: { ...process.env, TZ: "UTC", NO_COLOR: "1" },
    });
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject).on("close", resolve);
    });
    return { status, output: await readFile(transcript, "utf8") };
  } finally {
    await file.close();
  }
}
