import type { EventEmitter } from "node:events";
import { suspend } from "../suspend.ts";
import type { Operation } from "../types.ts";

/**
 * Starts something that announces itself with `"listening"`, and waits for that or for its `"error"`, which is thrown.
 *
 * @param giveUp - undoes the start when the wait is cancelled
 */
export function listening(
  emitter: EventEmitter,
  label: string,
  start: () => void,
  giveUp: () => void,
): Operation<void> {
  return suspend<void>(({ ok, fail }) => {
    const settle = (): void => {
      emitter.off("listening", onListening);
      emitter.off("error", onError);
    };
    const onListening = (): void => {
      settle();
      ok();
    };
    const onError = (error: Error): void => {
      settle();
      fail(error);
    };
    emitter.on("listening", onListening);
    emitter.on("error", onError);
    start();
    return () => {
      settle();
      giveUp();
    };
  }, label);
}
