import { AGAIN, EINVAL, HEADER } from "../device-calls.ts";
import type { Solo5, Solo5Devices } from "../solo5.ts";

/** A target whose time passes only in `yield` and on its disks, which is what a program sees of a real one. */
export interface VirtualTarget extends Solo5 {
  yield(deadline: bigint): bigint;
  readonly devices: Solo5Devices;
  /** The deadlines of all yields so far, in ns on the monotonic clock. */
  readonly yields: readonly bigint[];
  /** Every call on a device so far: `read 512` of a block, `net read a` of a frame, and the like for writes. */
  readonly calls: readonly string[];
  /** The frames that were sent, as text. */
  readonly sent: readonly string[];
  /** Lets time pass. */
  pass(ns: bigint): void;
  /** Lets a frame come in after so many ns. */
  arrive(after: bigint, net: string, frame: Uint8Array): void;
}

/** What a virtual target is made of. */
export interface VirtualHardware {
  /** The monotonic clock at the start, in ns. */
  readonly boot?: bigint;
  /** How much too early `yield` returns, in ns; a target may, when a device is ready. */
  readonly early?: bigint;
  /** Names of network devices; all have an MTU of 1500 bytes. */
  readonly nets?: readonly string[];
  /** Disks of 512-byte blocks, by name. */
  readonly disks?: Readonly<Record<string, Uint8Array>>;
  /** How long a block takes, in ns. */
  readonly blockTime?: bigint;
  /** Answers instead of a disk, with a negative result code. */
  readonly refuse?: (call: string, offset: bigint) => number | undefined;
}

const MTU = 1500;
const BLOCK = 512;

export function virtualTarget(hardware: VirtualHardware = {}): VirtualTarget {
  const { boot = 123_456_789n, early = 0n, nets = [], disks = {}, blockTime = 0n, refuse } = hardware;
  const names = [...nets, ...Object.keys(disks)];
  const handleOf = (name: string): number => names.indexOf(name) + 1;
  const frames: { readonly at: bigint; readonly handle: number; readonly frame: Uint8Array }[] = [];
  const [yields, calls, sent]: [bigint[], string[], string[]] = [[], [], []];
  let now = boot;

  const ready = (): bigint =>
    frames.filter(({ at }) => at <= now).reduce((set, { handle }) => set | (1n << BigInt(handle)), 0n);
  const netCall = (call: string, handle: number): void => {
    calls.push(`net ${call} ${names[handle - 1]}`);
  };
  const block = (call: string, handle: number, offset: bigint): Uint8Array | number => {
    calls.push(`${call} ${offset}`);
    now += blockTime;
    const refused = refuse?.(call, offset);
    if (refused !== undefined) return refused;
    const disk = disks[names[handle - 1] ?? ""];
    return disk?.subarray(Number(offset), Number(offset) + BLOCK) ?? EINVAL;
  };

  return {
    target: "virtual",
    cmdline: "",
    clockMonotonic: () => now,
    clockWall: () => 1_800_000_000_000_000_000n + now,
    yield(deadline) {
      yields.push(deadline);
      const [first] = frames; // the earliest: `arrive` keeps them in order
      const next = first !== undefined && first.at < deadline ? first.at : deadline;
      const left = next - now;
      if (left > 0n) now += left > early ? left - early : left;
      return ready();
    },
    devices: {
      netAcquire: (name) =>
        nets.includes(name)
          ? { handle: handleOf(name), mac: Uint8Array.of(2, 0, 0, 0, 0, 1), mtu: MTU }
          : undefined,
      netRead(handle, into) {
        netCall("read", handle);
        if (into.length < MTU + HEADER) return EINVAL;
        const index = frames.findIndex((frame) => frame.handle === handle && frame.at <= now);
        const [found] = index < 0 ? [] : frames.splice(index, 1);
        if (found === undefined) return AGAIN;
        into.set(found.frame);
        return found.frame.length;
      },
      netWrite(handle, frame) {
        netCall("write", handle);
        sent.push(new TextDecoder().decode(frame));
        return 0;
      },
      blockAcquire(name) {
        const disk = disks[name];
        return disk && { handle: handleOf(name), capacity: BigInt(disk.length), blockSize: BLOCK };
      },
      blockRead(handle, offset, into) {
        const content = block("read", handle, offset);
        if (typeof content === "number") return content;
        into.set(content);
        return 0;
      },
      blockWrite(handle, offset, from) {
        const content = block("write", handle, offset);
        if (typeof content === "number") return content;
        content.set(from);
        return 0;
      },
    },
    yields,
    calls,
    sent,
    pass: (ns) => {
      now += ns;
    },
    arrive(after, net, frame) {
      frames.push({ at: now + after, handle: handleOf(net), frame });
      frames.sort((a, b) => Number(a.at - b.at));
    },
  };
}
