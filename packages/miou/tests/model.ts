/**
 * Programs as data, and the scheduler's rules as plainly as they can be put: arrays, scans and recursion, no
 * generators. The real scheduler must log the same, in the same order.
 */
export type Statement =
  | { readonly op: "log"; readonly n: number }
  | { readonly op: "yield" }
  | { readonly op: "sleep"; readonly ms: number }
  | { readonly op: "throw"; readonly n: number }
  | { readonly op: "spawn"; readonly body: readonly Statement[] }
  /** The operand of these is one of the task's own children, counted modulo their number; nothing without any. */
  | { readonly op: "result" | "await" | "cancel"; readonly child: number }
  | { readonly op: "finally"; readonly body: readonly Statement[]; readonly cleanup: readonly Statement[] }
  | { readonly op: "catch"; readonly body: readonly Statement[] };

export const CANCELLED = "CANCELLED";
export const STILL_HAS_CHILDREN = "STILL_HAS_CHILDREN";

export interface Report {
  readonly log: readonly string[];
  readonly outcome: string;
}

interface Frame {
  readonly statements: readonly Statement[];
  at: number;
  readonly kind: "plain" | "finally" | "catch" | "cleanup";
  readonly cleanup: readonly Statement[];
  /** What a cleanup goes on to throw. */
  readonly rethrow: string | undefined;
}

interface Task {
  readonly id: number;
  readonly parent: Task | undefined;
  readonly frames: Frame[];
  /** Every child, for operands. */
  readonly handles: Task[];
  /** Unconsumed, oldest first. */
  children: Task[];
  started: boolean;
  cancelled: boolean;
  /** Waits for its children before it unwinds or settles. */
  cancelling: boolean;
  ended: boolean;
  settled: boolean;
  /** The error, once ended. */
  error: string | undefined;
  /** Thrown, or told, when it resumes. */
  throws: string | undefined;
  waitsFor: { readonly child: Task; readonly how: "result" | "await" | "cancel" } | undefined;
}

export function model(main: readonly Statement[]): Report {
  const log: string[] = [];
  let ready: Task[] = [];
  const urgent: Task[] = [];
  let sleepers: { readonly task: Task; readonly deadline: number }[] = [];
  let now = 0;
  let created = 0;
  let violated = false;
  let stopRequested = false;

  function create(parent: Task | undefined, body: readonly Statement[]): Task {
    const frame: Frame = { statements: body, at: 0, kind: "plain", cleanup: [], rethrow: undefined };
    const task: Task = {
      id: created++,
      parent,
      frames: [frame],
      handles: [],
      children: [],
      started: false,
      cancelled: false,
      cancelling: false,
      ended: false,
      settled: false,
      error: undefined,
      throws: undefined,
      waitsFor: undefined,
    };
    parent?.children.push(task);
    parent?.handles.push(task);
    ready.push(task);
    return task;
  }

  const root = create(undefined, main);

  function consume(task: Task): void {
    if (task.parent !== undefined)
      task.parent.children = task.parent.children.filter((child) => child !== task);
  }

  /** What `waiter` sees of the settled child it waited for. */
  function deliver(waiter: Task, child: Task, how: "result" | "await" | "cancel"): void {
    consume(child);
    if (how === "await" && child.error !== undefined) waiter.throws = child.error;
    if (how === "result") log.push(`${waiter.id} result ${child.id} ${child.error ?? "ok"}`);
    if (how === "cancel") log.push(`${waiter.id} cancelled ${child.id}`);
  }

  function cancelTree(task: Task): void {
    if (task.settled || task.cancelled) return;
    task.cancelled = true;
    if (task.ended) return;
    task.cancelling = true;
    task.throws = undefined;
    task.waitsFor = undefined;
    ready = ready.filter((other) => other !== task);
    sleepers = sleepers.filter((sleeper) => sleeper.task !== task);
    cancelChildren(task);
    if (task.children.length === 0) urgent.push(task);
  }

  function cancelChildren(task: Task): void {
    for (const child of task.children.toReversed()) {
      if (child.settled) consume(child);
      else cancelTree(child);
    }
  }

  function end(task: Task, error: string | undefined): void {
    if (task.started) log.push(`${task.id} ended`);
    task.ended = true;
    task.error = error;
    windUp(task);
  }

  function windUp(task: Task): void {
    task.cancelling = false;
    if (task.cancelled) task.error = CANCELLED;
    if (task.error === undefined && task.children.length > 0) {
      task.error = STILL_HAS_CHILDREN;
      violated = true;
      stopRequested = true;
    }
    if (task.error !== undefined) {
      cancelChildren(task);
      if (task.children.length > 0) {
        task.cancelling = true;
        return;
      }
    }
    if (task.cancelled) task.error = CANCELLED;
    task.settled = true;
    log.push(`${task.id} settled ${task.error ?? "ok"}`);
    const { parent } = task;
    if (parent === undefined) return;
    if (parent.cancelling) {
      consume(task);
      if (parent.children.length === 0 && !urgent.includes(parent)) urgent.unshift(parent);
    } else if (parent.waitsFor?.child === task) {
      ready.push(parent);
    }
  }

  /** Throws `error` inside the task: into the innermost cleanup or catch, or out of its body. */
  function raise(task: Task, error: string): boolean {
    for (let frame = task.frames.pop(); frame !== undefined; frame = task.frames.pop()) {
      if (frame.kind === "finally") {
        task.frames.push({ statements: frame.cleanup, at: 0, kind: "cleanup", cleanup: [], rethrow: error });
        return true;
      }
      if (frame.kind === "catch") {
        log.push(`${task.id} caught ${error}`);
        return true;
      }
    }
    end(task, error);
    return false;
  }

  /** Runs `task` up to its next operation. */
  function slice(task: Task): void {
    task.started = true;
    if (task.waitsFor !== undefined) {
      const { child, how } = task.waitsFor;
      task.waitsFor = undefined;
      deliver(task, child, how);
    }
    for (;;) {
      const { throws } = task;
      task.throws = undefined;
      if (throws !== undefined && !raise(task, throws)) return;
      const frame = task.frames.at(-1);
      if (frame === undefined) {
        end(task, undefined);
        return;
      }
      const statement = frame.statements[frame.at++];
      if (statement === undefined) {
        task.frames.pop();
        if (frame.kind === "finally") {
          task.frames.push({
            statements: frame.cleanup,
            at: 0,
            kind: "cleanup",
            cleanup: [],
            rethrow: undefined,
          });
        }
        if (frame.kind === "cleanup" && frame.rethrow !== undefined) task.throws = frame.rethrow;
        continue;
      }
      switch (statement.op) {
        case "log":
          log.push(`${task.id} log ${statement.n}`);
          break;
        case "throw":
          task.throws = `e${statement.n}`;
          break;
        case "spawn":
          create(task, statement.body);
          break;
        case "yield":
          ready.push(task);
          return;
        case "sleep":
          if (statement.ms === 0) ready.push(task);
          else sleepers.push({ task, deadline: now + statement.ms });
          return;
        case "finally":
        case "catch":
          task.frames.push({
            statements: statement.body,
            at: 0,
            kind: statement.op,
            cleanup: statement.op === "finally" ? statement.cleanup : [],
            rethrow: undefined,
          });
          break;
        default: {
          const child = task.handles[statement.child % task.handles.length];
          if (child === undefined) break;
          task.waitsFor = { child, how: statement.op };
          if (statement.op === "cancel") {
            if (child.settled) {
              child.cancelled = true;
              child.error = CANCELLED;
            } else cancelTree(child);
          }
          if (child.settled) {
            consume(child);
            ready.push(task);
          }
          return;
        }
      }
    }
  }

  while (!root.settled) {
    if (stopRequested) {
      stopRequested = false;
      cancelTree(root);
    }
    const cancelled = urgent.shift();
    if (cancelled !== undefined) {
      cancelled.cancelling = false;
      if (cancelled.ended) windUp(cancelled);
      else if (!cancelled.started) end(cancelled, CANCELLED);
      else {
        cancelled.throws = CANCELLED;
        slice(cancelled);
      }
      continue;
    }
    const task = ready.shift();
    if (task !== undefined) {
      slice(task);
      continue;
    }
    now = Math.min(...sleepers.map((sleeper) => sleeper.deadline));
    const due = sleepers.filter((sleeper) => sleeper.deadline === now);
    sleepers = sleepers.filter((sleeper) => sleeper.deadline !== now);
    ready.unshift(...due.map((sleeper) => sleeper.task));
  }
  return { log, outcome: violated ? STILL_HAS_CHILDREN : (root.error ?? "ok") };
}
