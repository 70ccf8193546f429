import { hostClock } from "../clock.ts";
import { slot } from "../op.ts";
import { runs } from "../run.ts";
import type { Scheduler } from "../scheduler.ts";
import { CANCELLED, CANCELLING, READY, SETTLED, type TaskCell } from "../task.ts";
import { type Subscription, trace } from "../trace.ts";
import type { Task } from "../types.ts";

/** What one task was doing when {@link taskTree} was called. */
export interface TaskNode {
  readonly uid: number;
  /** The name given to `spawn`, or an empty string. */
  readonly name: string;
  /** `"ready"` waits only for its turn; `"closing"` waits for its children to end; `"settled"` for its parent to consume it. */
  readonly state: "running" | "ready" | "waiting" | "closing" | "settled";
  /** Its cancellation has been requested. */
  readonly cancelled: boolean;
  /** What it waits for, when it waits. */
  readonly waitsFor: string | undefined;
  /** How long it has been in that state, in ms; known since {@link watchTasks}. */
  readonly forMs: number | undefined;
  /** The line of code that spawned it; known since {@link watchTasks}. */
  readonly spawnedAt: string | undefined;
  /** Oldest first. */
  readonly children: readonly TaskNode[];
}

const since = new WeakMap<Task<unknown>, number>();

/**
 * From now on notes where tasks are spawned and since when they wait, until the result is disposed of. It subscribes to
 * the trace, so that runs get slower.
 */
export function watchTasks(): Subscription {
  return trace.subscribe((event) => {
    if (event.type !== "begin" && event.task !== undefined) since.set(event.task, hostClock());
  });
}

/**
 * The tasks of every run in progress, one root each, the handlers of signals included; of `runSync` only when called
 * inside it. May be called at any moment. Changes nothing.
 */
export function taskTree(): readonly TaskNode[] {
  const schedulers = new Set<Scheduler>([...runs].map(({ scheduler }) => scheduler));
  if (slot.task !== undefined) schedulers.add(slot.task.scheduler);
  const now = hostClock();
  return [...schedulers].map(({ root }) => grow(root, now));
}

/** Without recursion: a tree of tasks may be deeper than the stack. */
function grow(root: TaskCell, now: number): TaskNode {
  const top = node(root, now);
  const open: [TaskCell, TaskNode[]][] = [[root, top.children]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [task, siblings] = next;
    for (let child = task.child; child !== undefined; child = child.older) {
      const made = node(child, now);
      siblings.unshift(made);
      open.push([child, made.children]);
    }
  }
  return top;
}

function node(task: TaskCell, now: number): TaskNode & { readonly children: TaskNode[] } {
  const from = since.get(task);
  return {
    uid: task.uid,
    name: task.name,
    state: state(task),
    cancelled: (task.flags & CANCELLED) !== 0,
    waitsFor: state(task) === "waiting" ? task.wait?.label : undefined,
    forMs: from === undefined ? undefined : now - from,
    spawnedAt: task.extra?.spawnedAt?.split("\n")[2]?.trim().replace(/^at /, ""),
    children: [],
  };
}

function state(task: TaskCell): TaskNode["state"] {
  if ((task.flags & SETTLED) !== 0) return "settled";
  if (task === slot.task) return "running";
  if ((task.flags & CANCELLING) !== 0) return "closing";
  return (task.flags & READY) !== 0 || task.wait === undefined ? "ready" : "waiting";
}

/** The tree as text, a line a task, indented: who waits for what, since when, and where it was spawned. */
export function formatTaskTree(trees: readonly TaskNode[]): string {
  const lines: string[] = [];
  const open = trees.map((tree): [TaskNode, number] => [tree, 0]).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [task, depth] = next;
    const name = task.name === "" ? "" : ` (${task.name})`;
    const what = task.waitsFor === undefined ? task.state : `waits for ${task.waitsFor}`;
    const cancelled = task.cancelled ? ", cancelled" : "";
    const duration = task.forMs === undefined ? "" : ` for ${Math.round(task.forMs)} ms`;
    const where = task.spawnedAt === undefined ? "" : `, spawned at ${task.spawnedAt}`;
    lines.push(`${"  ".repeat(depth)}task ${task.uid}${name}: ${what}${duration}${cancelled}${where}`);
    for (const child of [...task.children].reverse()) open.push([child, depth + 1]);
  }
  return lines.join("\n");
}
