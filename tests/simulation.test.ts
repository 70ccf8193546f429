import { type SimulatedGuest, World } from "@uk/miou-solo5/memory";
import { describe, expect, it } from "vitest";
import { client, server } from "./simulation/log-service.ts";

const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const DAY = 24n * 60n * MINUTE;
const BLOCK = 512;
const SEEDS = [1, 2, 3];

/** The texts of the records on a disk of examples/disk-log, up to the first block that holds none. */
function recordsOn(disk: Uint8Array): string[] {
  const view = new DataView(disk.buffer, disk.byteOffset, disk.byteLength);
  const texts: string[] = [];
  for (let at = 0; at < disk.length; at += BLOCK) {
    if (view.getBigUint64(at + 8) !== BigInt(texts.length + 1)) break;
    texts.push(new TextDecoder().decode(disk.subarray(at + 18, at + 18 + view.getUint16(at + 16))));
  }
  return texts;
}

describe("a day of a log behind a bad network, on a bad disk, with power cuts", () => {
  it.each(SEEDS)(
    "loses no acknowledged record and keeps none twice (seed %i)",
    { timeout: 120_000 },
    async (seed) => {
      const world = new World({ seed });
      const lan = world.link({
        latencyNs: 1_000_000n,
        loss: 0.05,
        duplicate: 0.02,
        reorder: 0.05,
        corrupt: 0.02,
      });
      const disk = world.disk({
        size: 16_384 * BLOCK,
        latencyNs: 100_000n,
        faults: { read: 0.001, write: 0.02, torn: 0.02, powerLoss: 0.005 },
      });
      const acknowledged: number[] = [];
      let boots = 0;
      const power = async (guest: SimulatedGuest | undefined): Promise<void> => {
        const alive = guest?.state === "running";
        const next = alive
          ? guest
          : await world.boot(
              { name: `server${++boots}`, net: { service: lan }, block: { storage: disk } },
              server,
            );
        world.at(world.now + 10n * SECOND, () => power(next));
      };
      await power(undefined);
      await world.boot({ name: "client", net: { service: lan } }, () =>
        client(10_000, (number) => acknowledged.push(number)),
      );
      for (let hour = 1n; hour <= 24n; hour++) {
        world.at(hour * 60n * MINUTE - 5n * MINUTE, () => lan.partition(["client"]));
        world.at(hour * 60n * MINUTE, () => lan.heal());
      }

      await world.run({ untilNs: DAY });

      const records = recordsOn(disk.content);
      expect(new Set(records).size).toBe(records.length);
      expect(acknowledged.filter((number) => !records.includes(String(number)))).toEqual([]);
      // The day was as bad as it was meant to be, and the service served.
      expect(acknowledged.length).toBeGreaterThan(5000);
      expect(boots).toBeGreaterThan(10);
      expect(disk.counts.failures).toBeGreaterThan(100);
      expect(lan.counts.lost).toBeGreaterThan(500);
    },
  );
});
