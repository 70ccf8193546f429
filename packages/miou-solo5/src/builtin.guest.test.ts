import { afterEach, expect, it, vi } from "vitest";
import { builtin } from "./builtin.guest.ts";
import { argv, heapSize, map, net, run } from "./index.ts";
import { installTarget } from "./target.ts";

/** The native module of an image, of which nothing may be asked until its program runs. */
const bindings = vi.hoisted(() => {
  const state = { runs: false, now: 0n };
  const answer =
    <T>(name: string, value: () => T) =>
    (): T => {
      if (!state.runs) throw new Error(`${name} was asked before the program ran`);
      return value();
    };
  return {
    state,
    module: {
      target: answer("target", () => "spt"),
      cmdline: answer("cmdline", () => "one two"),
      heapSize: answer("heapSize", () => 4096),
      clockMonotonic: answer("clockMonotonic", () => state.now++),
      clockWall: answer("clockWall", () => state.now),
      yieldUntil: answer("yieldUntil", () => 0n),
      runJobs: answer("runJobs", () => false),
      netAcquire: answer("netAcquire", () => ({ handle: 1, mac: new Uint8Array(6), mtu: 1500 })),
      ...Object.fromEntries(
        ["netRead", "netWrite", "blockAcquire", "blockRead", "blockWrite", "exit"].map((name) => [
          name,
          answer(name, () => -1),
        ]),
      ),
    },
  };
});
vi.mock("uk:solo5", () => bindings.module);

afterEach(() => installTarget(undefined));

it("asks nothing of its bindings while modules are evaluated, and everything anew when the program runs", async () => {
  installTarget(builtin);
  expect(argv).toEqual(["uk"]);
  const mtu = map([net("service")], (service) => service.mtu);
  const ends = run([mtu], function* (size) {
    return [argv, heapSize(), size, builtin?.target];
  });
  bindings.state.runs = true;
  expect(await ends).toEqual([["uk", "one", "two"], 4096, 1500, "spt"]);
});
