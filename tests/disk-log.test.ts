import { spawn } from "node:child_process";
import { closeSync, ftruncateSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { binaryPath } from "@uk/tender-spt";
import { beforeAll, describe, expect, it } from "vitest";
import { ended, uk } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();
const image = join(folder, "disk-log.spt");
const disk = join(folder, "log.img");
const BLOCK = 512;
const BLOCKS = 16_384;
const KILLS = 300;
const SEED = 20_261_123;

beforeAll(async () => {
  const example = fileURLToPath(new URL("../examples/disk-log", import.meta.url));
  expect(await uk(["build", example, "--out-dir", folder])).toMatchObject({ status: 0 });
  const file = openSync(disk, "w");
  ftruncateSync(file, BLOCK * BLOCKS);
  closeSync(file);
});

/** Boots the log to append `count` records; kills it after `ms` if that comes first. */
async function boot(count: number, ms?: number): Promise<{ recovered: number; acknowledged: number[] }> {
  const guest = spawn(binaryPath(), ["--mem=16", `--block:storage=${disk}`, image, String(count)]);
  const end = ended(guest);
  if (ms !== undefined) {
    await Promise.race([delay(ms), end]);
    guest.kill("SIGKILL");
  }
  const { status, stdout, stderr } = await end;
  expect({ stderr, status: status ?? 0 }).toEqual({ stderr: "", status: 0 });
  const numbers = (word: string): number[] =>
    [...stdout.matchAll(new RegExp(`^${word} (\\d+)\\n`, "gm"))].map(([, digits]) => Number(digits));
  return { recovered: numbers("recovered")[0] ?? -1, acknowledged: numbers("acknowledged") };
}

describe("examples/disk-log", () => {
  it(`keeps every acknowledged record through ${KILLS} kills`, { timeout: 120_000 }, async () => {
    let state = SEED;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    let known = 0;
    let killedWhileWriting = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const { recovered, acknowledged } = await boot(BLOCKS, 1 + random() * 12);
      if (recovered < 0) continue; // killed before it said anything
      expect(recovered, `after kill ${kill}`).toBeGreaterThanOrEqual(known);
      const expected = acknowledged.map((_, index) => recovered + index + 1);
      expect(acknowledged, `after kill ${kill}`).toEqual(expected);
      known = Math.max(recovered, acknowledged.at(-1) ?? 0);
      if (acknowledged.length > 0 && known < BLOCKS) killedWhileWriting++;
    }
    expect(killedWhileWriting).toBeGreaterThan(0);
    expect((await boot(0)).recovered).toBeGreaterThanOrEqual(known);
    const bytes = readFileSync(disk);
    for (let record = 1; record <= known; record++) {
      const at = (record - 1) * BLOCK;
      expect(bytes.toString("latin1", at + 18, at + 18 + bytes.readUInt16BE(at + 16))).toBe(
        `record ${record}`,
      );
    }
  });
});
