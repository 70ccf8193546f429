import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { setNote } from "../note.ts";
import type { TaskCell } from "../task.ts";
import { Subscription } from "../trace.ts";

/** An operation that has not been performed. */
interface Made {
  readonly what: string;
  /** Where it was made, in its stack. */
  readonly at: Error;
  /** Those of the same run. */
  readonly others: Set<Made>;
  /** Held until it is old enough to be waited for its end. */
  operation: object | undefined;
}

/** How long an operation may wait to be performed before it is suspected, in ms. */
const PATIENCE = 1000;

let gc: (() => void) | undefined;

/** Collects all garbage. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  gc ??= runInNewContext("gc") as () => void;
  gc();
}

/**
 * Reports operations that are made in a run from now on and never performed, as in `sleep(10)` without `yield*`: one line for
 * each place in the program, at the end of the run or of the process, or sooner, when it is certain: an operation that has
 * waited for a second to be performed is reported when it is garbage, and garbage is collected then, once for each such
 * second. Calls of a program's own generator functions cannot be seen, unless they use `tracked`.
 */
export function watchOperations(report: (line: string) => void): Subscription {
  const runs = new Map<TaskCell, Set<Made>>();
  const reported = new Set<string>();
  const garbage = new FinalizationRegistry<Made>(tell);
  let isTimed = false;

  function tell(made: Made): void {
    if (!made.others.delete(made)) return;
    const place = placeOf(made.at);
    if (reported.has(place)) return;
    reported.add(place);
    report(`${made.what}, made at ${place}, was never performed: is yield* missing before it?`);
  }

  /** Those that wait for long are let go of, to be told of when they are garbage. */
  function suspect(): void {
    isTimed = false;
    let some = false;
    for (const made of [...runs.values()].flatMap((all) => [...all])) {
      if (made.operation === undefined) continue;
      garbage.register(made.operation, made);
      made.operation = undefined;
      some = true;
    }
    // Not from here, where the engine may still hold the last of them.
    if (some) setImmediate(collect);
  }

  function listOf(root: TaskCell): Set<Made> {
    const known = runs.get(root);
    if (known !== undefined) return known;
    const list = new Set<Made>();
    runs.set(root, list);
    root.watch({
      settled() {
        runs.delete(root);
        for (const made of [...list]) tell(made);
      },
    });
    return list;
  }

  setNote((operation, call, task) => {
    if (task === undefined) return operation;
    const others = listOf(task.scheduler.root);
    const { label = call.name } = operation as { label?: string };
    const made: Made = { what: label, at: stackOf(call), others, operation };
    others.add(made);
    onPerformed(operation, () => others.delete(made));
    if (!isTimed) setTimeout(suspect, PATIENCE).unref();
    isTimed = true;
    return operation;
  });
  function end(): void {
    process.off("exit", end);
    setNote(undefined);
    for (const list of [...runs.values()]) for (const made of [...list]) tell(made);
  }
  process.on("exit", end);
  return new Subscription(end);
}

type Method = (this: object, ...words: unknown[]) => unknown;

/** Calls `fn` when `operation` is begun, or made into another one. */
function onPerformed(operation: object, fn: () => void): void {
  const methods = operation as Record<PropertyKey, Method | undefined>;
  // What is no iterator itself is asked for one.
  for (const name of ["next" in operation ? "next" : Symbol.iterator, "result"]) {
    const method = methods[name];
    if (method === undefined) continue;
    methods[name] = function (...words) {
      fn();
      return method.apply(this, words);
    };
  }
}

/** The stack of whoever called `call`; formatted when it is read. */
function stackOf(call: (...words: never[]) => unknown): Error {
  const at = new Error();
  Error.captureStackTrace(at, call);
  return at;
}

/** Of this package and those on top of it: what a program calls, not the program. */
const OURS =
  /[\\/](node_modules[\\/]@uk|packages)[\\/](miou|miou-solo5|solo5-bindings)[\\/](src|dist|js)[\\/]/;

/** The line of the program: the first that is not ours. */
function placeOf({ stack = "" }: Error): string {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const frame = frames.find((line) => !OURS.test(line)) ?? frames[0] ?? "an unknown place";
  return frame
    .replace(/^\s+at (?:.* \()?/, "")
    .replace(/\)$/, "")
    .replace(/^file:\/\//, "");
}
