import type { MessagePort } from "node:worker_threads";
import type { WireError } from "./wire-error.ts";

/** The outcome of a task, as it crosses. */
export type WireOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: WireError };

/** What threads say to each other; messages travel in batches. Numbers are the caller's. */
export type Message =
  | {
      readonly type: "start";
      readonly uid: number;
      readonly url: string;
      readonly name: string;
      readonly argument: unknown;
    }
  | { readonly type: "cancel"; readonly uid: number; readonly reason: WireError }
  /** The cancellation has reached the task. */
  | { readonly type: "cancelling"; readonly uid: number }
  | { readonly type: "settled"; readonly uid: number; readonly outcome: WireOutcome }
  /** To the main thread: a task has broken a rule, and the run must fail. */
  | { readonly type: "violation"; readonly error: WireError }
  /** To the main thread: hand `port` to the worker of `domain`, which answers the calls that come through it. */
  | { readonly type: "connect"; readonly domain: number; readonly port: MessagePort }
  /** To the main thread: the worker has started. */
  | { readonly type: "ready" }
  /** To a worker: that of `domain` has ended, and why. */
  | { readonly type: "gone"; readonly domain: number; readonly error: WireError }
  /** To a worker: answer the calls that come through `port`. */
  | { readonly type: "serve"; readonly port: MessagePort }
  /** To the main thread: the worker of `domain` is stuck. */
  | { readonly type: "terminate"; readonly domain: number };

/** What a worker is started with. */
export interface Setup {
  readonly domain: number;
  /** How many parallel domains there are. */
  readonly count: number;
  /** To the main thread. */
  readonly port: MessagePort;
  /** A counter for each domain, raised when something was sent to it. */
  readonly flags: Int32Array;
  /** In milliseconds. */
  readonly cleanupTimeout: number | undefined;
}
