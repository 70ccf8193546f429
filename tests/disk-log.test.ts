import { spawn } from "node:child_process";
import { closeSync, ftruncateSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { binaryPath } from "@uk/tender-spt";
import { beforeAll, describe, expect, it } from "vitest";
import { build } from "./support/boot.ts";
import { guest } from "./support/guests.ts";
import { ended } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();
const image = join(folder, "disk-log.spt");
const disk = join(folder, "log.img");
const BLOCK = 512;
const BLOCKS = 16_384;
const SEED = 20_261_123;
/** At most: a kill can miss, and the test has to end. */
const STARTS_PER_KILL = 3;

beforeAll(async () => {
  await build(guest("disk-log"), folder);
});

function eraseDisk(): void {
  const file = openSync(disk, "w");
  ftruncateSync(file, BLOCK * BLOCKS);
  closeSync(file);
}

/** Records on the disk, as `NUMBER: TEXT`, up to the first block that holds none. */
function recordsOnDisk(): string[] {
  const bytes = readFileSync(disk);
  const records: string[] = [];
  for (let at = 0; at < bytes.length && bytes.readUInt32BE(at) !== 0; at += BLOCK) {
    const text = bytes.toString("latin1", at + 18, at + 18 + bytes.readUInt16BE(at + 16));
    records.push(`${bytes.readBigUInt64BE(at + 8)}: ${text}`);
  }
  return records;
}

/** When to kill a guest: so long after it was started, or after it began to speak. */
interface Kill {
  readonly after: "start" | "recovery";
  readonly ms: number;
}

interface Run {
  /** Records found; `undefined` if the guest was killed before it said so. */
  readonly recovered: number | undefined;
  readonly acknowledged: readonly number[];
  readonly killed: boolean;
  /** From the start to the first words. */
  readonly recoveryMs: number | undefined;
}

/** Boots the log to append `count` records, unless it is killed before. */
async function boot(count: number, kill?: Kill): Promise<Run> {
  const started = performance.now();
  const guest = spawn(binaryPath(), ["--mem=16", `--block:storage=${disk}`, image, String(count)]);
  const end = ended(guest);
  let recoveryMs: number | undefined;
  const spoke = new Promise<void>((resolve) => {
    guest.stdout.once("data", () => {
      recoveryMs = performance.now() - started;
      resolve();
    });
  });
  if (kill !== undefined) {
    const moment = kill.after === "start" ? delay(kill.ms) : spoke.then(() => delay(kill.ms));
    await Promise.race([moment, end]);
    guest.kill("SIGKILL");
  }
  const { status, signal, stdout, stderr } = await end;
  const killed = kill !== undefined && signal === "SIGKILL";
  expect({ stderr, status }).toEqual({ stderr: "", status: killed ? null : 0 });
  const numbers = (word: string): number[] =>
    [...stdout.matchAll(new RegExp(`^${word} (\\d+)\\n`, "gm"))].map(([, digits]) => Number(digits));
  return {
    recovered: numbers("recovered")[0],
    acknowledged: numbers("acknowledged"),
    killed,
    recoveryMs,
  };
}

/** Holds a run and the disk after it against the `known` records before it; the number of those known now. */
function check({ recovered, acknowledged, killed }: Run, known: number, when: string): number {
  let now = known;
  if (recovered === undefined) {
    expect({ killed, acknowledged }, when).toEqual({ killed: true, acknowledged: [] });
  } else {
    // One more than was acknowledged: the kill came between the write and its line.
    expect([known, known + 1], when).toContain(recovered);
    expect(acknowledged, when).toEqual(acknowledged.map((_, index) => recovered + index + 1));
    now = acknowledged.at(-1) ?? recovered;
  }
  const records = recordsOnDisk();
  const expected = Array.from({ length: now }, (_, index) => `${index + 1}: record ${index + 1}`);
  expect(records.slice(0, now), when).toEqual(expected);
  expect(records.length, when).toBeLessThanOrEqual(now + 1);
  return now;
}

describe("examples/disk-log", () => {
  it.each([
    // Recovery takes longer with every record: only on short logs is there time for many kills.
    { logs: "short logs", records: 0, startsPerDisk: 8, recovering: 30, writing: 220 },
    {
      logs: "a long log",
      records: 2000,
      startsPerDisk: Number.POSITIVE_INFINITY,
      recovering: 30,
      writing: 20,
    },
  ])(
    "keeps every acknowledged record of $logs through $writing kills while it writes and $recovering before",
    { timeout: 120_000 },
    async ({ records, startsPerDisk, recovering, writing }) => {
      let state = SEED;
      const random = (): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state / 2 ** 32;
      };
      const starts = STARTS_PER_KILL * (recovering + writing);
      const hits = { recovering: 0, writing: 0 };
      let known = 0;
      let recoveryMs = 0;
      for (let start = 0; hits.recovering < recovering || hits.writing < writing; start++) {
        const when = `start ${start} of seed ${SEED}`;
        if (start === starts) {
          const [hit, wanted] = [hits, { recovering, writing }].map((kills) => JSON.stringify(kills));
          expect.fail(`too few kills hit in ${starts} starts: ${hit}, not ${wanted}`);
        }
        if (start % startsPerDisk === 0) {
          if (start > 0) check(await boot(0), known, when);
          eraseDisk();
          known = check(await boot(records), 0, when);
          expect(known).toBe(records);
        }
        const early = hits.recovering / recovering <= hits.writing / writing;
        const run = await boot(
          BLOCKS,
          early ? { after: "start", ms: random() * recoveryMs } : { after: "recovery", ms: random() * 12 },
        );
        known = check(run, known, when);
        recoveryMs = run.recoveryMs ?? recoveryMs;
        if (run.killed && run.recovered === undefined) hits.recovering++;
        if (run.killed && run.acknowledged.length > 0 && known < BLOCKS) hits.writing++;
      }
      check(await boot(0), known, "after the last kill");
    },
  );
});
