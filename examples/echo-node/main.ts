// An echo server for Node: a limit of clients, a time limit for each request, and a clean end on SIGINT.
// Settings: PORT (0 for a free one), LIMIT (clients at a time), PATIENCE (ms).
import { Computation, isCancelled, type Operation, Orphans, race, spawn, timeout } from "@uk/miou";
import { listen, onSignal, run, type Socket } from "@uk/miou/node";

const setting = (name: string, standard: number): number => Number(process.env[name] ?? standard);
const limit = setting("LIMIT", 100);
const patience = setting("PATIENCE", 30_000);

/** Serves one client until it leaves, or is silent for too long. */
function* echo(socket: Socket): Operation<void> {
  const buffer = new Uint8Array(4096);
  try {
    for (;;) {
      const length = yield* timeout(patience, () => socket.read(buffer));
      if (length === 0) return;
      yield* timeout(patience, () => socket.write(buffer.subarray(0, length)));
    }
  } catch (error) {
    if (isCancelled(error)) throw error;
    console.log(`client dropped: ${error}`);
  } finally {
    socket.close();
  }
}

/** Serves clients until it is cancelled, and with it those it is serving. */
function* serve(): Operation<void> {
  const listener = yield* listen({ port: setting("PORT", 7007), host: "127.0.0.1" });
  const clients = new Orphans<void>();
  try {
    console.log(`listening on port ${listener.port}`);
    for (;;) {
      // One more only when one has gone: until then connections wait in the listener.
      if (clients.size === limit) yield* clients.next();
      const socket = yield* listener.accept();
      spawn(() => echo(socket), { orphans: clients });
    }
  } finally {
    listener.close();
  }
}

await run(function* () {
  const stop = new Computation<void>();
  onSignal("SIGINT", function* () {
    stop.tryReturn();
  });
  yield* race([spawn(serve), spawn(() => stop)]);
  console.log("stopped");
});
