import { availableParallelism } from "node:os";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { type DomainId, type Domains, limits } from "../../domain-provider.ts";
import { running } from "../../op.ts";
import type { Scheduler } from "../../scheduler.ts";
import { emit, tracing } from "../../trace.ts";
import { WorkerTerminatedError } from "../errors.ts";
import { Link } from "./link.ts";
import type { Message, Setup } from "./protocol.ts";
import { decodeError, encodeError } from "./wire-error.ts";

/** A worker of the pool. */
interface Member {
  readonly worker: Worker;
  readonly link: Link;
  /** It has said that it has started. */
  ready: boolean;
  /** Why it is being terminated. */
  why: string | undefined;
}

const STUCK = "did not answer a cancellation in time";

/** The error of a worker that never started; where there is none, `status` says how it ended. */
function cannotStart(domain: DomainId, cause: unknown, status?: number): WorkerTerminatedError {
  const reason = cause === undefined ? `exited with status ${status}` : reasonOf(cause);
  const why = `could not start: ${reason}: ${BUNDLING}`;
  return new WorkerTerminatedError(domain, why, cause === undefined ? {} : { cause });
}

function reasonOf(cause: unknown): string {
  // A syntax error comes with a code frame.
  return (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0] ?? "";
}

const BUNDLING =
  "if the program is bundled, keep the package and the modules of portable functions out of the bundle " +
  '(external: ["@uk/miou"]), and the bundle an ES module';

/** The workers of one run, started when first used. */
class Pool {
  readonly domains: readonly DomainId[];
  private readonly scheduler: Scheduler;
  private readonly members = new Map<DomainId, Member>();
  private readonly flags: Int32Array;
  private stopping = false;

  constructor(scheduler: Scheduler, count: number) {
    this.scheduler = scheduler;
    this.domains = Array.from({ length: count }, (_, i) => i + 1);
    this.flags = new Int32Array(new SharedArrayBuffer(4 * (count + 1)));
    scheduler.closers.add(() => this.stop());
  }

  link(domain: DomainId): Link {
    return (this.members.get(domain) ?? this.begin(domain)).link;
  }

  private begin(domain: DomainId): Member {
    const { port1, port2 } = new MessageChannel();
    const { flags, domains } = this;
    const { cleanupTimeout } = this.scheduler;
    const setup: Setup = { domain, count: domains.length, port: port2, flags, cleanupTimeout };
    const worker = newWorker(domain, setup);
    const link = new Link(port1, domain, flags, {
      receive: (message) => {
        if (message.type === "ready") member.ready = true;
        else this.receive(message);
      },
      stuck: () => this.terminate(domain, STUCK),
      broken: (error) => this.terminate(domain, `sent what cannot be read (${error})`),
    });
    const member: Member = { worker, link, ready: false, why: undefined };
    this.members.set(domain, member);
    let cause: unknown;
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", (status) => {
      if (this.members.get(domain) === member) this.members.delete(domain);
      if (!this.stopping) link.drain();
      const error =
        member.why === undefined && !member.ready
          ? cannotStart(domain, cause, status)
          : new WorkerTerminatedError(
              domain,
              member.why ?? `exited with status ${status}`,
              cause === undefined ? {} : { cause },
            );
      link.lose(error);
      const gone: Message = { type: "gone", domain, error: encodeError(error) };
      for (const other of this.members.values()) other.link.post(gone);
    });
    // An idle worker does not keep the process alive.
    link.onBusy = (busy) => {
      if (busy) {
        worker.ref();
        port1.ref();
      } else {
        worker.unref();
        port1.unref();
      }
    };
    link.onBusy(false);
    return member;
  }

  private receive(message: Message): void {
    switch (message.type) {
      case "violation": {
        const { scheduler } = this;
        const error = decodeError(message.error, scheduler.root);
        if (tracing.on) emit({ type: "violation", task: undefined, error });
        scheduler.violation ??= error;
        scheduler.stop(error, false);
        return;
      }
      case "connect":
        this.connect(message.domain, message.port);
        return;
      case "terminate":
        this.terminate(message.domain, STUCK);
        return;
      default:
    }
  }

  private connect(domain: DomainId, port: MessagePort): void {
    if (this.stopping) port.close();
    else this.link(domain).post({ type: "serve", port }, [port]);
  }

  private terminate(domain: DomainId, why: string): void {
    const member = this.members.get(domain);
    if (member === undefined) return;
    member.why ??= `${why} and was terminated`;
    void member.worker.terminate();
  }

  /** The root has settled, and with it every call. */
  private async stop(): Promise<void> {
    this.stopping = true;
    const ends = [...this.members.values()].map(({ worker, link }) => {
      // Until it has ended it must keep the process alive: the run waits for it.
      worker.ref();
      link.port.close();
      return worker.terminate();
    });
    await Promise.allSettled(ends);
  }
}

/** @throws {WorkerTerminatedError} there cannot be one, for instance because this is no ES module any more */
function newWorker(domain: DomainId, setup: Setup): Worker {
  try {
    const script = new URL("./worker.js", import.meta.url);
    return new Worker(script, { workerData: setup, transferList: [setup.port] });
  } catch (cause) {
    throw cannotStart(domain, cause);
  }
}

const pools = new WeakMap<Scheduler, Pool>();

function pool(scheduler: Scheduler): Pool {
  let found = pools.get(scheduler);
  if (found === undefined) {
    found = new Pool(scheduler, limits.get(scheduler) ?? standard());
    pools.set(scheduler, found);
  }
  return found;
}

/** How many domains a run has unless it says otherwise. */
function standard(): number {
  const text = globalThis.process.env.MIOU_DOMAINS;
  if (text === undefined || text === "") return availableParallelism() - 1;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`MIOU_DOMAINS: ${text} is not an integer >= 0`);
  return count;
}

/** The domains of runs of the main thread. */
export const workers: Domains = {
  self: 0,
  all: (scheduler) => pool(scheduler).domains,
  remote: (domain, fn, argument, transfer) =>
    pool(running("call").scheduler).link(domain).call(fn, argument, transfer),
};
