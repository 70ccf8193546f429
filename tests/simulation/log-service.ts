// A log behind a network: every request is one record, and is answered once the record is on the disk.
import { type Operation, TimeoutError, timeout } from "@uk/miou";
import { block, type Net, net, run, Solo5Error, sleep } from "@uk/miou-solo5";
import { Log } from "../../examples/disk-log/log.ts";

/*
 * Both frames:
 *   0 12  addresses
 *  12  2  0x88b5, for local experiments (IEEE 802)
 *  14  4  checksum (FNV-1a) of what follows
 *  18  1  0 request, 1 answer
 *  19  4  number of the request
 */
const [TYPE, CHECKSUM, KIND, NUMBER, LENGTH] = [12, 14, 18, 19, 60];
const [REQUEST, ANSWER] = [0, 1];
const EXPERIMENT = 0x88b5;

function frameOf(service: Net, kind: number, number: number): Uint8Array {
  const frame = new Uint8Array(LENGTH);
  const view = new DataView(frame.buffer);
  frame.fill(0xff, 0, 6);
  frame.set(service.mac, 6);
  view.setUint16(TYPE, EXPERIMENT);
  view.setUint8(KIND, kind);
  view.setUint32(NUMBER, number);
  view.setUint32(CHECKSUM, checksum(frame));
  return frame;
}

/** The number in a frame of that kind; `undefined` for any other, and for a damaged one. */
function numberIn(frame: Uint8Array, kind: number): number | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length !== LENGTH || view.getUint16(TYPE) !== EXPERIMENT || view.getUint8(KIND) !== kind)
    return undefined;
  return view.getUint32(CHECKSUM) === checksum(frame) ? view.getUint32(NUMBER) : undefined;
}

function checksum(frame: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of frame.subarray(KIND)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The server. It never answers for a record that is not on its disk, and takes no request twice. */
export const server = (): Promise<void> =>
  run([net("service"), block("storage")], function* (service, disk) {
    const log = new Log(disk);
    const known = new Set<number>();
    yield* insist(() => log.recover((text) => known.add(Number(text))));
    for (;;) {
      const number = numberIn(yield* service.readFrame(), REQUEST);
      if (number === undefined) continue;
      if (!known.has(number)) {
        yield* insist(() => log.append(String(number)));
        known.add(number);
      }
      service.write(frameOf(service, ANSWER, number));
    }
  });

/** Does it until the disk does. */
function* insist<T>(work: () => Operation<T>): Operation<T> {
  for (;;) {
    try {
      return yield* work();
    } catch (error) {
      if (!(error instanceof Solo5Error)) throw error;
      yield* sleep(50);
    }
  }
}

/** A client. It asks every `pauseMs` for one more record, again and again until it is answered. */
export const client = (pauseMs: number, acknowledge: (number: number) => void): Promise<void> =>
  run([net("service")], function* (service) {
    for (let number = 1; ; number++) {
      for (let answered = false; !answered; ) {
        service.write(frameOf(service, REQUEST, number));
        answered = yield* answerWithin(service, 200, number);
      }
      acknowledge(number);
      yield* sleep(pauseMs);
    }
  });

function* answerWithin(service: Net, ms: number, number: number) {
  try {
    return yield* timeout(ms, function* () {
      while (numberIn(yield* service.readFrame(), ANSWER) !== number);
      return true;
    });
  } catch (error) {
    if (error instanceof TimeoutError) return false;
    throw error;
  }
}
