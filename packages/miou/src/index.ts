export { all, allSettled, both, oneOf, race } from "./combinators.ts";
export { ensure } from "./ensure.ts";
export {
  CancelledError,
  DeadlockError,
  LazyCycleError,
  type MiouCode,
  MiouError,
  NoDomainAvailableError,
  NoEventsError,
  NotAChildError,
  NotOwnerError,
  OutsideTaskError,
  ResourceLeakedError,
  StillHasChildrenError,
  TimeoutError,
} from "./errors.ts";
export { addHook, Hook } from "./hooks.ts";
export { isCancelled } from "./is-cancelled.ts";
export type { CommonOptions } from "./options.ts";
export { type Care, Orphans } from "./orphans.ts";
export { type ProtectHandlers, protect } from "./protect.ts";
export { Resource } from "./resource.ts";
export { type RunOptions, run } from "./run.ts";
export { type Events, type RunSyncOptions, runSync, type SelectRequest } from "./run-sync.ts";
export { shield } from "./shield.ts";
export { sleep } from "./sleep.ts";
export { type SpawnOptions, self, spawn } from "./spawn.ts";
export { type Stats, stats } from "./stats.ts";
export { type Arm, type Resume, suspend } from "./suspend.ts";
export { Signal, Syscall } from "./syscall.ts";
export { Subscription, type TraceEvent, trace } from "./trace.ts";
export type {
  Awaitable,
  CancelOptions,
  Effect,
  Operation,
  Result,
  Results,
  Task,
  ValueOf,
  Values,
} from "./types.ts";
export { toPromise, until } from "./until.ts";
export { virtualTime } from "./virtual-time.ts";
export { yieldNow } from "./yield-now.ts";
