import type { ChildProcess } from "node:child_process";
import { tracked } from "../note.ts";
import { suspend } from "../suspend.ts";
import type { Operation } from "../types.ts";

/** How a child process ended: one of the two is null. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How {@link process} waits. */
export interface ProcessOptions {
  /**
   * A cancellation kills the child and waits for its end. Default: it only stops waiting, as for a promise that somebody
   * else owns.
   */
  readonly owned?: boolean;
  /** What an owned child is killed with. Default: `"SIGTERM"`, which the child may ignore. */
  readonly killSignal?: NodeJS.Signals;
}

/**
 * Waits until a child process has exited. Its streams may still hold output: read them with `fromReadable`. Call it in
 * the slice that started the child, so that a failure to start is not missed.
 *
 * @throws Node's error when the child could not be started, such as `ENOENT`
 */
export function process(child: ChildProcess, options: ProcessOptions = {}): Operation<ExitStatus> {
  return tracked(waitForExit(child, options), process);
}

function* waitForExit(child: ChildProcess, options: ProcessOptions): Operation<ExitStatus> {
  let exited = false;
  try {
    const status = yield* exit(child);
    exited = true;
    return status;
  } catch (error) {
    exited = child.pid === undefined;
    throw error;
  } finally {
    if (!exited && options.owned === true) {
      child.kill(options.killSignal ?? "SIGTERM");
      yield* exit(child);
    }
  }
}

function exit(child: ChildProcess): Operation<ExitStatus> {
  return suspend<ExitStatus>(({ ok, fail }) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      ok({ code: child.exitCode, signal: child.signalCode });
      return undefined;
    }
    const settle = (): void => {
      child.off("exit", onExit);
      child.off("error", onError);
    };
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
      settle();
      ok({ code, signal });
    };
    const onError = (error: Error): void => {
      // A kill or a message that failed is no end.
      if (child.pid !== undefined) return;
      settle();
      fail(error);
    };
    child.on("exit", onExit);
    child.on("error", onError);
    return settle;
  }, "process");
}
