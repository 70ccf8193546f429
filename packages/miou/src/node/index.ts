import { readEnvironment } from "../diagnostics/environment.ts";
import { provided } from "../domain-provider.ts";
import { workers } from "./domains/pool.ts";

export { call, Domain, parallel, portable } from "../domain.ts";
export { run } from "../run.ts";
export { sleep } from "../sleep.ts";
export { until } from "../until.ts";
export { connect } from "./connect.ts";
export { withContext } from "./context.ts";
export { EndOfStreamError, WorkerTerminatedError } from "./errors.ts";
export { type Emitter, type OnOptions, on, once, Subscribed } from "./events.ts";
export { Listener, type ListenOptions, listen } from "./listen.ts";
export { type ExitStatus, type ProcessOptions, process } from "./process.ts";
export { onSignal, type SignalBehavior, type SignalHandling } from "./signal.ts";
export {
  type ByteSink,
  type ByteSource,
  fromDuplex,
  fromReadable,
  fromWritable,
  type Owned,
  Socket,
} from "./socket.ts";
export { fromUdp, type Peer, type UdpOptions, UdpSocket, udp } from "./udp.ts";

provided.domains ??= workers;
readEnvironment();
