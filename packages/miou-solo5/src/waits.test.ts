import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Resume, spawn } from "@uk/miou";
import { describe, expect, it } from "vitest";
import { net } from "./device.ts";
import { World } from "./memory/index.ts";
import { run } from "./run.ts";
import { type BlockRequest, Waits } from "./waits.ts";

const noop: Resume<void> = { ok: () => {}, fail: () => {} };

/** Makes the host forget what nobody holds. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  // What a job has looked at through a WeakRef stays until it is over.
  await new Promise((resolve) => setTimeout(resolve));
  gc();
}

describe("a wait that is given up", () => {
  it.each([
    { what: "for a frame", wait: (waits: Waits, resume: Resume<void>) => waits.await(1, resume) },
    {
      what: "for a block",
      wait: (waits: Waits, resume: Resume<void>) =>
        waits.enqueue({
          call: "block_read",
          name: "disk",
          handle: 1,
          offset: 0n,
          block: new Uint8Array(512),
          resume,
        } satisfies BlockRequest),
    },
  ])("$what is forgotten, also where nothing ever happens", async ({ wait }) => {
    const waits = new Waits(undefined);
    const given = (): WeakRef<Resume<void>> => {
      const resume = { ...noop };
      wait(waits, resume)();
      return new WeakRef(resume);
    };
    const refs = [given(), given()];
    await collectGarbage();
    expect(refs.map((ref) => ref.deref())).toEqual([undefined, undefined]);
    expect(waits).toBeInstanceOf(Waits);
  });

  it("after it was over leaves its frame to the next reader", async () => {
    const world = new World();
    const [control, lan] = [world.link(), world.link()];
    const ports = [control.port(), lan.port()];
    world.at(1_000_000n, () => {
      for (const port of ports) port.send(new Uint8Array(60));
    });
    const guest = await world.boot({ net: { control, service: lan } }, () =>
      run([net("control"), net("service")], function* (control, service) {
        const first = spawn(() => service.readFrame());
        const second = spawn(() => service.readFrame());
        // Woken at the same moment as the first reader, and in front of it.
        yield* control.readFrame();
        yield* first.cancel();
        return (yield* second).length;
      }),
    );
    await world.run();
    expect(guest.value).toBe(60);
  });
});
