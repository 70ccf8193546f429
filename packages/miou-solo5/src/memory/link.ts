import { HEADER } from "../device-calls.ts";
import { checkOptions } from "../options.ts";
import { checkDuration, checkProbability, type Random } from "./random.ts";

/** What a link is; it can be changed at any time with `Link.set`. */
export interface LinkOptions {
  /** How long a frame takes, in ns, at least 1. Default: 50 us. */
  readonly latencyNs?: bigint;
  /** What a frame may take longer, in ns; order is kept. Default: 0. */
  readonly jitterNs?: bigint;
  /** How often a frame gets lost, from 0 to 1. Default: 0. */
  readonly loss?: number;
  /** How often a frame arrives twice. Default: 0. */
  readonly duplicate?: number;
  /** How often a frame is overtaken by those sent up to `reorderNs` later. Default: 0. */
  readonly reorder?: number;
  /** How much later a frame comes that is overtaken, at most, in ns. Default: 1 ms. */
  readonly reorderNs?: bigint;
  /** How often a bit of a frame is flipped. Default: 0. */
  readonly corrupt?: number;
}

/** What a port of a test is. */
export interface PortOptions {
  /** Ethernet address, 6 bytes. Default: one of its own. */
  readonly mac?: Uint8Array;
  /** Called when a frame arrived; {@link Port.take} gives it. */
  readonly onFrame?: () => void;
}

/** What a link needs of its world. */
export interface Timeline {
  /** Calls `what` at that moment, in ns since the world began. */
  at(ns: bigint, what: () => void): void;
  /** Ns since the world began. */
  readonly now: bigint;
}

/** A place on a link: that of a guest's device, or a test's own. Made by `Link.port`. */
export class Port {
  /** 6 bytes. */
  readonly mac: Uint8Array;
  /** Name of the guest, or `"test"`. */
  readonly owner: string;
  readonly link: Link;
  /** Frames that arrived and that nobody has taken, oldest first. */
  readonly frames: Uint8Array[] = [];
  /** Frames that found the queue full. */
  dropped = 0;
  readonly #onFrame: (() => void) | undefined;
  /** When the last frame in order from this port arrives at each other. @internal */
  readonly lastTo: Map<Port, bigint> = new Map();

  /** @internal */
  static make(link: Link, owner: string, mac: Uint8Array, onFrame: (() => void) | undefined): Port {
    return new Port(link, owner, mac, onFrame);
  }

  private constructor(link: Link, owner: string, mac: Uint8Array, onFrame: (() => void) | undefined) {
    if (mac.length !== 6) throw new RangeError(`link: an Ethernet address has 6 bytes, not ${mac.length}`);
    this.link = link;
    this.owner = owner;
    this.mac = mac;
    this.#onFrame = onFrame;
  }

  /**
   * Sends one frame, header included, now. A guest sends no frame that is shorter than a header; a test can, as a
   * socket can: one of no bytes, too.
   *
   * @throws {RangeError} it is longer than the link's MTU and a header
   * @throws {TypeError} the port was closed
   */
  send(frame: Uint8Array): void {
    if (!this.link.has(this)) throw new TypeError("port: send: it was closed");
    const most = this.link.mtu + HEADER;
    if (frame.length > most)
      throw new RangeError(`port: a frame of ${frame.length} bytes: a frame has at most ${most}`);
    this.link.transmit(this, frame, this.link.now);
  }

  /** The oldest frame that nobody has taken. */
  take(): Uint8Array | undefined {
    return this.frames.shift();
  }

  /** Takes the port off its link. */
  close(): void {
    this.link.remove(this);
  }

  /** A frame is here. @internal */
  arrive(frame: Uint8Array): void {
    if (this.frames.length < QUEUE) this.frames.push(frame);
    else this.dropped++;
    this.#onFrame?.();
  }
}

/** Frames that wait at a port, at most: as many as Linux keeps for a TAP. */
const QUEUE = 500;
const DEFAULTS: Required<LinkOptions> = {
  latencyNs: 50_000n,
  jitterNs: 0n,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  reorderNs: 1_000_000n,
  corrupt: 0,
};

/** An Ethernet segment: what one port sends arrives at all the others. Made by `World.link`. */
export class Link {
  /** Largest frame in bytes, without its 14-byte header. */
  readonly mtu: number;
  readonly #random: Random;
  readonly #timeline: Timeline;
  readonly #ports = new Set<Port>();
  readonly #newMac: () => Uint8Array;
  #options = DEFAULTS;
  /** The side of a partition on which an owner is; all others are on side 0. */
  #sides = new Map<string, number>();
  /** Frames sent, delivered, and lost on the way, whatever the reason; a copy counts by itself. */
  readonly counts: { sent: number; delivered: number; lost: number } = { sent: 0, delivered: 0, lost: 0 };

  /** @internal */
  static make(
    timeline: Timeline,
    random: Random,
    newMac: () => Uint8Array,
    options: LinkOptions & { readonly mtu?: number },
  ): Link {
    return new Link(timeline, random, newMac, options);
  }

  private constructor(
    timeline: Timeline,
    random: Random,
    newMac: () => Uint8Array,
    { mtu = 1500, ...options }: LinkOptions & { readonly mtu?: number },
  ) {
    if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65521)
      throw new RangeError(`link: an MTU of ${mtu} is not a whole number from 68 to 65521`);
    this.#timeline = timeline;
    this.#random = random;
    this.#newMac = newMac;
    this.mtu = mtu;
    this.set(options);
  }

  /**
   * Changes the link from now on; frames on their way are not touched. What is not named stays.
   *
   * @throws {TypeError | RangeError} a value is out of range; nothing is changed
   */
  set(options: LinkOptions): void {
    checkOptions("link.set", options, {});
    const all = { ...this.#options, ...options };
    for (const name of ["loss", "duplicate", "reorder", "corrupt"] as const)
      checkProbability(`link: ${name}`, all[name]);
    checkDuration("link: latencyNs", all.latencyNs, 1n); // or a world in which two guests talk stands still
    checkDuration("link: jitterNs", all.jitterNs);
    checkDuration("link: reorderNs", all.reorderNs);
    this.#options = all;
  }

  /** A place on the link for a test. */
  port(options: PortOptions = {}): Port {
    checkOptions("link.port", options, { onFrame: "function" });
    const { mac, onFrame } = options;
    return this.attach("test", mac, onFrame);
  }

  /**
   * Cuts the link into parts: frames pass only within a part, from now on and for those on their way. A part
   * is a list of guests, by name; `"test"` stands for the ports of tests. Whoever is in none has one together.
   */
  partition(...parts: readonly (readonly string[])[]): void {
    this.#sides = new Map(parts.flatMap((owners, index) => owners.map((owner) => [owner, index + 1])));
  }

  /** Ends a partition. */
  heal(): void {
    this.#sides.clear();
  }

  /** Ns since the world began. @internal */
  get now(): bigint {
    return this.#timeline.now;
  }

  /** @internal */
  attach(owner: string, mac: Uint8Array | undefined, onFrame: (() => void) | undefined): Port {
    const port = Port.make(this, owner, mac ?? this.#newMac(), onFrame);
    this.#ports.add(port);
    return port;
  }

  /** Whether it is on the link. @internal */
  has(port: Port): boolean {
    return this.#ports.has(port);
  }

  /** @internal */
  remove(port: Port): void {
    this.#ports.delete(port);
    for (const other of this.#ports) other.lastTo.delete(port);
  }

  /** Sends a copy of `frame` on its way at the moment `sent`. @internal */
  transmit(from: Port, frame: Uint8Array, sent: bigint): void {
    this.counts.sent++;
    const { loss, duplicate } = this.#options;
    for (const to of this.#ports) {
      if (to === from) continue;
      if (this.#random.chance(loss) || !this.#joined(from, to)) this.counts.lost++;
      else this.#deliver(from, to, frame.slice(), sent);
      if (this.#random.chance(duplicate)) this.#deliver(from, to, frame.slice(), sent);
    }
  }

  #deliver(from: Port, to: Port, frame: Uint8Array, sent: bigint): void {
    const { latencyNs, jitterNs, reorder, reorderNs, corrupt } = this.#options;
    let at = sent + latencyNs + this.#random.duration(jitterNs);
    if (this.#random.chance(reorder)) {
      at += this.#random.duration(reorderNs);
    } else {
      const last = from.lastTo.get(to) ?? 0n;
      if (at < last) at = last;
      from.lastTo.set(to, at);
    }
    if (frame.length > 0 && this.#random.chance(corrupt)) {
      const bit = this.#random.below(frame.length * 8);
      frame[bit >> 3] = (frame[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    }
    this.#timeline.at(at, () => {
      if (!this.#ports.has(to) || !this.#joined(from, to)) this.counts.lost++;
      else {
        this.counts.delivered++;
        to.arrive(frame);
      }
    });
  }

  #joined(from: Port, to: Port): boolean {
    return (this.#sides.get(from.owner) ?? 0) === (this.#sides.get(to.owner) ?? 0);
  }
}
