import { type Operation, sleep } from "@uk/miou";

export { sleep };

/**
 * Suspends the current task for at least `duration` nanoseconds on the run's clock.
 *
 * @throws {TypeError} `duration` is no bigint
 * @throws {RangeError} `duration` is negative (thrown before anything is suspended)
 * @throws {CancelledError} the task was cancelled while it slept
 */
export function sleepNs(duration: bigint): Operation<void> {
  if (typeof duration !== "bigint")
    throw new TypeError(`sleepNs: a bigint of nanoseconds is needed, not a ${typeof duration}`);
  if (duration < 0n) throw new RangeError(`sleepNs: a duration must not be negative: ${duration}`);
  return sleep(Number(duration) / 1e6);
}
