import type { Port } from "@uk/miou-solo5/memory";

const IPV4 = 0x0800;
const ARP = 0x0806;

/** A host on a virtual link: it asks for the Ethernet address of `to` (ARP), then sends echo requests (RFC 792). */
export class Pinger {
  readonly #answers: number[] = [];
  readonly #port: Port;
  readonly #from: readonly number[];
  readonly #to: readonly number[];
  #peer: Uint8Array | undefined;

  constructor(port: Port, from: readonly number[], to: readonly number[]) {
    this.#port = port;
    this.#from = from;
    this.#to = to;
  }

  /** Asks who has the address. */
  ask(): void {
    const frame = this.#frame(42, new Uint8Array(6).fill(0xff), ARP);
    frame.set([0, 1, 8, 0, 6, 4, 0, 1], 14);
    frame.set([...this.#port.mac, ...this.#from], 22);
    frame.set(this.#to, 38);
    this.#port.send(frame);
  }

  /** Sends one echo request. */
  ping(sequence: number): void {
    this.#look();
    if (this.#peer === undefined) throw new Error("nobody has answered who has the address");
    const frame = this.#frame(98, this.#peer, IPV4);
    const view = new DataView(frame.buffer);
    frame.set([0x45, 0, 0, 84, 0, 0, 0, 0, 64, 1], 14);
    frame.set([...this.#from, ...this.#to], 26);
    view.setUint16(24, checksum(frame.subarray(14, 34)));
    view.setUint8(34, 8);
    view.setUint16(40, sequence);
    for (let at = 42; at < 98; at++) frame[at] = at;
    view.setUint16(36, checksum(frame.subarray(34)));
    this.#port.send(frame);
  }

  /** Takes the frames that came. */
  #look(): void {
    for (let frame = this.#port.take(); frame !== undefined; frame = this.#port.take()) {
      const view = new DataView(frame.buffer);
      const type = view.getUint16(12);
      if (type === ARP && view.getUint16(20) === 2) this.#peer = frame.slice(22, 28);
      const isReply = type === IPV4 && view.getUint8(34) === 0;
      if (isReply && checksum(frame.subarray(34)) === 0) this.#answers.push(view.getUint16(40));
    }
  }

  /** Sequence numbers of the answers so far, in their order. */
  get answers(): readonly number[] {
    this.#look();
    return this.#answers;
  }

  #frame(length: number, to: Uint8Array, type: number): Uint8Array<ArrayBuffer> {
    const frame = new Uint8Array(length);
    frame.set(to);
    frame.set(this.#port.mac, 6);
    new DataView(frame.buffer).setUint16(12, type);
    return frame;
  }
}

/** The Internet checksum (RFC 1071); 0 over bytes that hold the right one. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
