import { type AddressInfo, createServer, type Socket as RawSocket, connect as rawConnect } from "node:net";
import { expect } from "vitest";
import type { Operation } from "../../src/index.ts";
import { type Listener, listen } from "../../src/node/index.ts";

/** What a run might have left open; pipes and timers are those of the test framework too. */
function handles(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /TCP|UDP|Process|Port|Worker|GetAddr/.test(name));
}

/** Fails if `body` leaves a handle behind. */
export async function clean(body: () => Promise<unknown>): Promise<void> {
  await body();
  // A run that has ended has closed its handles; but looking up a name cannot be interrupted, and other clients take their time.
  for (let i = 0; i < 10_000 && handles().length > 0; i++)
    await new Promise<void>((done) => setImmediate(done));
  expect(handles()).toEqual([]);
}

/** A listener on a free port of the loopback. */
export function loopback(): Operation<Listener> {
  return listen({ port: 0, host: "127.0.0.1" });
}

/** A connection made by Node alone, once it is there. */
export async function rawClient(port: number): Promise<RawSocket> {
  const socket = rawConnect({ port, host: "127.0.0.1" });
  await new Promise<void>((done, fail) => {
    socket.once("connect", done);
    socket.once("error", fail);
  });
  return socket;
}

/** A port that nobody listens to. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** What `operation` throws, by code or else by class; "nothing" when it returns. */
export function* thrownBy(operation: Operation<unknown>): Operation<string> {
  try {
    yield* operation;
    return "nothing";
  } catch (error) {
    return nameOf(error);
  }
}

/** The same for a plain call. */
export function thrown(fn: () => unknown): string {
  try {
    fn();
    return "nothing";
  } catch (error) {
    return nameOf(error);
  }
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
