export { abortSignal, withSignal } from "./abort.ts";
export { Channel } from "./channel.ts";
export { all, allSettled, both, oneOf, race } from "./combinators.ts";
export { Computation } from "./computation.ts";
export { Condition } from "./condition.ts";
export { type CallOptions, call, Domain, parallel, portable } from "./domain.ts";
export type { DomainId, Portable } from "./domain-provider.ts";
export { ensure } from "./ensure.ts";
export {
  CancelledError,
  ClosedError,
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
export { forEach, toAsyncIterable } from "./iterate.ts";
export { Lazy } from "./lazy.ts";
export { type Logger, type LogLevel, logger, showLogs } from "./logger.ts";
export { Mutex, MutexGuard } from "./mutex.ts";
export { tracked } from "./note.ts";
export type { CommonOptions } from "./options.ts";
export { type Care, Orphans } from "./orphans.ts";
export { PriorityHandle, PriorityQueue } from "./priority-queue.ts";
export { type ProtectHandlers, protect } from "./protect.ts";
export { Queue } from "./queue.ts";
export { Resource } from "./resource.ts";
export { type RunOptions, run } from "./run.ts";
export {
  type Events,
  type RunSyncOptions,
  runStepped,
  runSync,
  type SelectRequest,
  type SteppedRun,
} from "./run-sync.ts";
export { Semaphore } from "./semaphore.ts";
export { Sequence, SequenceNode } from "./sequence.ts";
export { shield } from "./shield.ts";
export { sleep } from "./sleep.ts";
export { type SpawnOptions, self, spawn } from "./spawn.ts";
export { type Stats, stats } from "./stats.ts";
export { sub } from "./sub.ts";
export { type Arm, type Resume, suspend } from "./suspend.ts";
export { Signal, Syscall } from "./syscall.ts";
export { timeout } from "./timeout.ts";
export { errorTrail, Subscription, type TraceEvent, trace } from "./trace.ts";
export { Trigger } from "./trigger.ts";
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
