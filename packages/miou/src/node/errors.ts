import { MiouError } from "../errors.ts";

/** A stream ended before all the bytes asked for had arrived. */
export class EndOfStreamError extends MiouError {
  override readonly name = "EndOfStreamError";
  readonly code = "END_OF_STREAM";
  /** How many bytes had been read into the buffer. */
  readonly received: number;
  /** How many were asked for. */
  readonly expected: number;
  constructor(call: string, received: number, expected: number) {
    super(`${call}: END_OF_STREAM: the stream ended after ${received} of ${expected} bytes`);
    this.received = received;
    this.expected = expected;
  }
}

/** The worker that ran the task is gone: it exited, ran out of memory, or was stuck and had to be terminated. */
export class WorkerTerminatedError extends MiouError {
  override readonly name = "WorkerTerminatedError";
  readonly code = "WORKER_TERMINATED";
  /** The worker's domain. */
  readonly domain: number;
  constructor(domain: number, why: string, options?: ErrorOptions) {
    super(`call: WORKER_TERMINATED: the worker of domain ${domain} ${why}`, options);
    this.domain = domain;
  }
}
