// Running out of memory, in a hundred ways and at sizes of memory from the smallest that boots, with the smallest stack: each ends in the error
// that the README of @uk/runtime promises, or the guest does, with the status and line that it promises. What
// happens at each single allocation is in packages/runtime/engine/tests/out_of_memory.rs.
import { beforeAll, describe, expect, it } from "vitest";
import { boot, build } from "./support/boot.ts";
import { guest } from "./support/guests.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();
let image: string;

beforeAll(async () => {
  image = await build({ ...guest("allocations"), stack: 256 }, folder);
});

/** How each way ended: what was caught, or the last words of a guest that ended, which is then started after it. */
async function endsWith(mem: number): Promise<ReadonlyMap<string, string>> {
  const ends = new Map<string, string>();
  for (let after = ""; ; ) {
    const { status, stdout } = await boot(image, { mem, args: after === "" ? [] : [after] });
    let way = "";
    for (const line of stdout.split("\n")) {
      const [, said, what = ""] = /^(trying|caught) (.*)$/.exec(line) ?? [];
      if (said === "trying") way = what;
      if (said === "caught") ends.set(way, what);
    }
    if (status === 0) return ends;
    if (way === after || way === "") throw new Error(`the guest ended with ${status}: ${stdout.slice(-400)}`);
    ends.set(way, `${status} ${/^Solo5: ABORT: out of memory/m.exec(stdout)?.[0] ?? stdout.slice(-400)}`);
    after = way;
  }
}

describe("a program that runs out of memory", () => {
  it.each([4, 5, 6, 8, 10, 16, 20, 24])(
    "catches an InternalError, or ends as documented, with %i MiB",
    async (mem) => {
      const ends = await endsWith(mem);
      expect(ends.size).toBeGreaterThan(100);
      const promised = ["InternalError: out of memory", "255 Solo5: ABORT: out of memory"];
      expect([...ends].filter(([, end]) => !promised.includes(end))).toEqual([]);
      // The abort is for where there is nothing else to do.
      expect([...ends.values()].filter((end) => end === promised[1]).length).toBeLessThan(ends.size / 4);
    },
    300_000,
  );
});
