import { type CommonOptions, type Operation, run as runOnHost, runStepped, runSync } from "@uk/miou";
import { acquireAll } from "./acquire.ts";
import { argvOf, useArgv } from "./argv.ts";
import type { Device, DeviceValues } from "./device.ts";
import { HostOnlyError } from "./errors.ts";
import { runYieldHooks } from "./hooks.ts";
import { hostProcess, writeAndExit } from "./host.ts";
import { HostPoll } from "./host-poll.ts";
import { enterIo, type Io, leaveIo, withIo } from "./io.ts";
import { collectDevices, manifestLine } from "./manifest.ts";
import { checkOptions } from "./options.ts";
import { Poll, runClock } from "./poll.ts";
import type { Solo5 } from "./solo5.ts";
import { currentTarget } from "./target.ts";

/** How a program runs. */
export interface RunOptions {
  /** Replaces the clock that sleepers follow, in nanoseconds. */
  readonly now?: () => bigint;
  /** Seed of every random choice of the scheduler. */
  readonly seed?: number | bigint;
  /** Operations that a task may complete before it goes to the back of the queue. Default: 16, on a host 1. */
  readonly quanta?: number;
  /** How long the cleanup of a cancelled task may take before it is cut short, in nanoseconds. Default: 5 s. */
  readonly cleanupTimeoutNs?: number;
  /** How often the network is looked at while tasks are ready, at least, in nanoseconds. Default: 1 ms. */
  readonly pollIntervalNs?: bigint;
}

/**
 * The entry point of a unikernel: acquires the devices, left to right, then runs `main` with their
 * values as the root task.
 *
 * On a host, where nothing runs, it prints the manifest of the devices on standard output and exits
 * with status 0; neither `main` nor a `map` is called then, but code before `run` is. A build does
 * exactly that to learn what devices an image needs.
 *
 * @returns the value of `main`. Nobody has to wait for it: in an image, an error that is not caught
 *   is printed and ends the unikernel with status 1
 * @throws {TypeError | RangeError} the device list or an option is invalid (thrown at once)
 * @throws {DeviceError} a device cannot be had (a rejection, like everything that `main` throws)
 */
export function run<const Ds extends readonly Device<unknown>[], T>(
  devices: Ds,
  main: (...values: DeviceValues<Ds>) => Operation<T>,
  options: RunOptions = {},
): Promise<T> {
  if (typeof main !== "function")
    throw new TypeError("run: the second argument must be a generator function");
  checkOptions("run", options, { now: "function", pollIntervalNs: "bigint" });
  collectDevices(devices);
  const solo5 = currentTarget();
  if (solo5 === undefined) {
    const host = hostProcess();
    if (host === undefined) throw new HostOnlyError("run");
    writeAndExit(host, `${manifestLine(devices)}\n`);
  }
  function* root(io: Io | undefined): Operation<T> {
    const values = yield* acquireAll(io, devices, new Map());
    return yield* main(...(values as DeviceValues<Ds>));
  }
  return solo5.yield === undefined ? inHostLoop(solo5, root, options) : inOwnLoop(solo5, root, options);
}

/** Measured in a guest: the smallest quantum within a tenth of the best throughput (bench/scheduler). */
const GUEST_QUANTA = 16;

/** A unikernel has nobody who would end it: cleanup that hangs must not hang it. */
const CLEANUP_TIMEOUT_NS = 5e9;

/** Shares the host's loop with whatever else is there. */
async function inHostLoop<T>(
  solo5: Solo5,
  root: (io: Io | undefined) => Operation<T>,
  options: RunOptions,
): Promise<T> {
  useArgv(argvOf(solo5.cmdline));
  const { devices } = solo5;
  const io =
    devices &&
    enterIo(devices, () => ({
      devices,
      poll: new HostPoll(solo5),
      acquired: new Map<string, unknown>(),
    }));
  try {
    return await runOnHost(() => root(io), {
      ...(options.now !== undefined && { now: runClock(solo5, options.now).now }),
      onWake: () => runYieldHooks(solo5),
      ...schedulerOptions(options),
    });
  } finally {
    if (io !== undefined) leaveIo(io);
  }
}

/** Starts after the code that called `run`, as in a host's loop, and then does nothing else until the end. */
async function inOwnLoop<T>(
  solo5: Solo5,
  root: (io: Io | undefined) => Operation<T>,
  options: RunOptions,
): Promise<T> {
  await undefined;
  const clock = runClock(solo5, options.now);
  const poll = new Poll(solo5, clock, options.pollIntervalNs);
  const { devices } = solo5;
  const io = devices && { devices, poll, acquired: new Map<string, unknown>() };
  const main = (): Operation<T> => root(io);
  const how = { events: poll, now: clock.now, ...schedulerOptions({ quanta: GUEST_QUANTA, ...options }) };
  const words = argvOf(solo5.cmdline);
  useArgv(words);
  if (solo5.drive === undefined) return withIo(io, () => runSync(main, how));
  const program = runStepped(main, how);
  const step = (): boolean => {
    useArgv(words);
    return program.step();
  };
  await solo5.drive(() => withIo(io, step));
  return program.value();
}

/** What the scheduler itself is told. */
function schedulerOptions({
  quanta,
  seed,
  cleanupTimeoutNs = CLEANUP_TIMEOUT_NS,
}: RunOptions): CommonOptions {
  return { cleanupTimeoutNs, ...(quanta !== undefined && { quanta }), ...(seed !== undefined && { seed }) };
}
