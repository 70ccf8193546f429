import { MessageChannel, type MessagePort, workerData } from "node:worker_threads";
import { type Domains, provided } from "../../domain-provider.ts";
import { addHook } from "../../hooks.ts";
import { running } from "../../op.ts";
import { run } from "../../run.ts";
import type { Scheduler } from "../../scheduler.ts";
import { suspend } from "../../suspend.ts";
import type { TaskCell } from "../../task.ts";
import type { Operation } from "../../types.ts";
import { until } from "../../until.ts";
import { Link } from "./link.ts";
import type { Message, Setup, WireOutcome } from "./protocol.ts";
import { decodeError, encodeError } from "./wire-error.ts";

// The whole of a worker: it answers the calls of the main thread and of the other workers, each as a task of one run.
// The parent of such a task is elsewhere; here its place is taken by the root, which only waits.

const setup = workerData as Setup;
const links = new Set<Link>();
/** To the workers that this one has called. */
const peers = new Map<number, Link>();
/** Those whose worker has ended, until it is known why; and why, of those that are not closed yet. */
const closed = new Map<number, Link>();
const ends = new Map<number, Error>();
let scheduler: Scheduler | undefined;
/** The rule that was broken has been reported. */
let reported = false;

/** Answers the calls of one link. */
class Server {
  private readonly tasks = new Map<number, TaskCell>();

  receive(message: Message, link: Link): void {
    if (message.type === "start") {
      const { uid, url, name, argument } = message;
      scheduler?.later(() => this.start(link, uid, name, () => body(url, name, argument)));
    } else if (message.type === "cancel") {
      const { uid, reason } = message;
      scheduler?.later(() => {
        const task = this.tasks.get(uid);
        if (task === undefined) return;
        link.post({ type: "cancelling", uid });
        task.scheduler.cancelChild(task, decodeError(reason, task), false);
      });
    } else if (message.type === "serve") {
      serve(message.port);
    } else if (message.type === "gone" && scheduler !== undefined) {
      // Any task serves for the error of a worker: it is no cancellation.
      const error = decodeError(message.error, scheduler.root) as Error;
      const link = closed.get(message.domain);
      closed.delete(message.domain);
      if (link !== undefined) link.lose(error);
      else if (peers.has(message.domain)) ends.set(message.domain, error);
    }
  }

  /** The caller is gone. */
  abandon(): void {
    for (const task of this.tasks.values())
      scheduler?.later(() => task.scheduler.cancelChild(task, undefined, false));
  }

  private start(link: Link, uid: number, name: string, fn: () => Operation<unknown>): void {
    const { root, violation } = scheduler as Scheduler;
    if (root.state !== "running" || violation !== undefined) return;
    const task = (scheduler as Scheduler).spawn(root, fn);
    task.more().name = name;
    this.tasks.set(uid, task);
    task.watch({
      settled: () => {
        this.tasks.delete(uid);
        task.consume();
        report();
        link.post({ type: "settled", uid, outcome: outcome(task) });
      },
    });
  }
}

function outcome(task: TaskCell): WireOutcome {
  const result = task.outcome();
  return result.ok ? result : { ok: false, error: encodeError(result.error) };
}

/** Tells the main thread, before anything that follows from it, that a rule was broken. */
function report(): void {
  const violation = scheduler?.violation;
  if (violation === undefined || reported) return;
  reported = true;
  main.post({ type: "violation", error: encodeError(violation) });
}

/** Imports the function once, and runs it. */
function* body(url: string, name: string, argument: unknown): Operation<unknown> {
  const module = (yield* until(import(url))) as Record<string, unknown>;
  const found = module[name];
  const fn = typeof found === "object" && found !== null && "fn" in found ? found.fn : found;
  if (typeof fn !== "function")
    throw new TypeError(`call: ${url} exports no operation ${name}: the names given to portable must match`);
  return yield* (fn as (argument: unknown) => Operation<unknown>)(argument);
}

/** Ends this worker: its callers learn of it. */
function broken(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

/** Answers what comes through `port`, from a worker. */
function serve(port: MessagePort): void {
  const server = new Server();
  // Its caller reads its own port: it needs no flag, and domain 0 never reads its own.
  const link = new Link(port, 0, setup.flags, {
    receive: (message, from) => server.receive(message, from),
    stuck: () => {},
    broken,
  });
  links.add(link);
  port.on("close", () => {
    links.delete(link);
    server.abandon();
  });
}

/** The link through which this worker calls another. */
function peer(domain: number): Link {
  const known = peers.get(domain);
  if (known !== undefined) return known;
  const { port1, port2 } = new MessageChannel();
  const link = new Link(port1, domain, setup.flags, {
    receive: () => {},
    stuck: () => main.post({ type: "terminate", domain }),
    broken,
  });
  // The main thread says why, sooner or later than the port is closed.
  port1.on("close", () => {
    peers.delete(domain);
    const error = ends.get(domain);
    ends.delete(domain);
    if (error === undefined) closed.set(domain, link);
    else link.lose(error);
  });
  peers.set(domain, link);
  main.post({ type: "connect", domain, port: port2 }, [port2]);
  return link;
}

const domains: Domains = {
  self: setup.domain,
  all: () => Array.from({ length: setup.count }, (_, i) => i + 1),
  remote: (domain, fn, argument, transfer) => peer(domain).call(fn, argument, transfer),
};
provided.domains = domains;

const server = new Server();
const main = new Link(setup.port, 0, setup.flags, {
  receive: (message, link) => server.receive(message, link),
  stuck: () => {},
  broken,
});
links.add(main);

/** What was sent is read at the next step of whatever task, not only when the host's event loop comes round. */
let seen = 0;
function poll(): void {
  const flag = Atomics.load(setup.flags, setup.domain);
  if (flag === seen) return;
  seen = flag;
  for (const link of links) link.drain();
}

const limit = setup.cleanupTimeout;
const ended = run(
  function* root(): Operation<void> {
    scheduler = running("root").scheduler;
    addHook(poll);
    // A message that came before there was a scheduler is read now.
    for (const link of links) link.drain();
    yield* suspend<void>(() => {}, "calls");
  },
  limit === undefined ? { seed: setup.domain } : { seed: setup.domain, cleanupTimeoutNs: limit * 1e6 },
);
main.post({ type: "ready" });
// The root ends only when a rule was broken: what was running here has been cleaned up, and the run fails.
ended.catch(() => {
  report();
  setImmediate(() => process.exit(0));
});
