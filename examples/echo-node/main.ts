// A TCP echo server: main.ts [PORT] [CLIENTS] [MILLISECONDS]
import { all, isCancelled, race, spawn, TimeoutError, timeout } from "@uk/miou";
import { type Listener, listen, once, run, type Socket } from "@uk/miou/node";

const [port = 7000, clients = 2, limit = 5000] = process.argv.slice(2).map(Number);

function* echo(socket: Socket) {
  const buffer = new Uint8Array(65536);
  try {
    for (;;) {
      const length = yield* timeout(limit, () => socket.read(buffer));
      if (length === 0) return;
      yield* timeout(limit, () => socket.write(buffer.subarray(0, length)));
    }
  } catch (error) {
    if (isCancelled(error)) throw error;
    if (!(error instanceof TimeoutError)) console.error("client failed:", error);
  } finally {
    socket.close();
  }
}

// One of these for each client served at once: further clients wait to be accepted.
function* worker(listener: Listener) {
  for (;;) yield* echo(yield* listener.accept());
}

function* serve() {
  const listener = yield* listen({ port });
  try {
    console.log(`listening on ${listener.port}`);
    yield* all(Array.from({ length: clients }, () => spawn(() => worker(listener))));
  } finally {
    listener.close();
  }
}

// The signal first, so that it is waited for before the server says that it is there.
await run(function* () {
  yield* race([spawn(() => once(process, "SIGINT")), spawn(serve)]);
});
console.log("bye");
