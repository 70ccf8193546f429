import { type NetConnectOpts, type Socket as NetSocket, connect as netConnect } from "node:net";
import { tracked } from "../note.ts";
import { running } from "../op.ts";
import { suspend } from "../suspend.ts";
import type { Operation } from "../types.ts";
import { awaitClose } from "./scope.ts";
import { type Owned, Socket } from "./socket.ts";

/**
 * Connects to a TCP port (`{ port, host }`) or to a Unix socket (`{ path }`), and waits until that is done. The other
 * side may end its direction while this one goes on.
 *
 * @throws Node's error, whose `code` says why: `ECONNREFUSED`, `ENOTFOUND`, ...
 * @throws {CancelledError} the task was cancelled; the attempt was given up
 */
export function connect(options: NetConnectOpts & Owned): Operation<Socket> {
  return tracked(connecting(options), connect);
}

function* connecting(options: NetConnectOpts & Owned): Operation<Socket> {
  const { root } = running("connect").scheduler;
  const raw = yield* suspend<NetSocket>(({ ok, fail }) => {
    const socket = netConnect({ allowHalfOpen: true, ...options });
    // Until the task runs again nobody else listens to its errors; the socket remembers them.
    socket.on("error", () => {});
    const settle = (): void => {
      socket.off("connect", onConnect);
      socket.off("error", onError);
    };
    const onConnect = (): void => {
      settle();
      ok(socket);
    };
    const onError = (error: Error): void => {
      settle();
      fail(error);
    };
    socket.on("connect", onConnect);
    socket.on("error", onError);
    return () => {
      settle();
      if (!socket.closed) awaitClose(root, socket, false);
      socket.destroy();
    };
  }, "connect");
  return Socket.make(raw, root, false, options.owned);
}
