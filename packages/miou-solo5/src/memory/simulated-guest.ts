import { AGAIN, EINVAL, EUNSPEC, HEADER, isBytes, isRoom } from "../device-calls.ts";
import type { AcquiredBlock, AcquiredNet, Solo5, Solo5Devices } from "../solo5.ts";
import type { Disk } from "./disk.ts";
import type { Link, Port } from "./link.ts";

/** What a guest is booted with. */
export interface BootOptions {
  /** Name in messages and partitions. Default: `guest1`, `guest2`, ... */
  readonly name?: string;
  /** Arguments of the program, joined with spaces. */
  readonly cmdline?: string;
  /** Network devices by name: the link, or the link and the Ethernet address (6 bytes). */
  readonly net?: Readonly<Record<string, Link | { readonly link: Link; readonly mac: Uint8Array }>>;
  /** Block devices by name. */
  readonly block?: Readonly<Record<string, Disk>>;
  /** How far its clock on the wall is ahead of the world's, in ns. Default: 0. */
  readonly clockSkewNs?: bigint;
}

/** What became of a guest; `failed`: its program threw. */
export type GuestState = "running" | "ended" | "failed" | "killed";

/** What a guest needs of its world. */
export interface Surroundings {
  /** Ns since the world began. */
  readonly now: bigint;
  /** Ns between 1970 and the world's beginning. */
  readonly epoch: bigint;
  /** A device became readable, a task ready, or the guest new. */
  wake(guest: SimulatedGuest): void;
}

/** So often a program may read its clock while no time passes; then some does, or who waits for that would hang. */
const READS = 10_000;
const TICK = 1_000n;
/** A program that computes so long, in ns, lets the rest of the world have its turn. */
const SLICE = 1_000_000n;
/** A later deadline is none: 292 years. */
const FOREVER = (1n << 63n) - 1n;

/** A network device of a guest. */
interface Nic {
  readonly port: Port;
  /** `yield` told of its frames, and nobody has looked at them since. */
  told: boolean;
}

/** One unikernel of a world. Made by `World.boot`. */
export class SimulatedGuest {
  readonly name: string;
  state: GuestState = "running";
  /** What its program returned, once it has ended. */
  value: unknown;
  /** What its program threw, if it failed. */
  error: unknown;
  /** What its program runs on. @internal */
  readonly solo5: Solo5;
  /** When it goes on by itself, in ns since the world began. @internal */
  due: bigint | undefined;
  /** Its program, once it is there. @internal */
  step: (() => boolean) | undefined;
  /** It is ahead of the world by what it did: its own time, in ns since the world began. @internal */
  local = 0n;
  readonly #world: Surroundings;
  readonly #nets: readonly (readonly [string, Nic])[];
  readonly #disks: readonly (readonly [string, Disk])[];
  /** Its program is there. @internal */
  readonly started: Promise<void>;
  #start: () => void = () => {};
  #settle: (() => void) | undefined;
  #loaded = false;
  #reads = 0;

  /** @internal */
  static make(world: Surroundings, name: string, options: BootOptions): SimulatedGuest {
    return new SimulatedGuest(world, name, options);
  }

  private constructor(world: Surroundings, name: string, options: BootOptions) {
    const { cmdline = "", net = {}, block = {}, clockSkewNs = 0n } = options;
    this.#world = world;
    this.started = new Promise((start) => {
      this.#start = start;
    });
    this.name = name;
    this.local = world.now;
    this.#disks = Object.entries(block);
    for (const [index, [device, disk]] of this.#disks.entries()) {
      const twice = this.#disks.findIndex(([, other]) => other === disk) < index;
      const user = twice ? name : disk.user;
      if (user !== undefined)
        throw new TypeError(`boot ${name}: the disk of device "${device}" is in use by ${user}`);
    }
    const devices = this.#disks.length + Object.keys(net).length;
    if (devices > 63) throw new RangeError(`boot ${name}: ${devices} devices: a manifest holds at most 63`);
    this.#nets = Object.entries(net).map(([device, how]) => {
      const one: Nic = { port: this.#plug(how, () => this.#frame(one)), told: false };
      return [device, one] as const;
    });
    for (const [, disk] of this.#disks) disk.user = name;

    const booted = world.now;
    this.solo5 = {
      target: "memory",
      cmdline,
      clockMonotonic: () => this.#clock() - booted,
      clockWall: () => this.#clock() + world.epoch + clockSkewNs,
      yield: (deadline) => this.#yield(deadline + booted),
      drive: (step) => this.#drive(step),
      interrupt: () => world.wake(this),
      devices: this.#devices(),
    };
  }

  /** Ends it at once, like a power cut: nothing of its program runs any more. Its disks are free again. */
  kill(): void {
    if (this.state === "running") this.stop("killed");
  }

  /** @internal */
  stop(state: GuestState): void {
    this.state = state;
    this.due = undefined;
    this.step = undefined;
    for (const [, { port }] of this.#nets) port.close();
    for (const [, disk] of this.#disks) disk.user = undefined;
  }

  /** Its program has ended; nothing else holds it up, once it is loaded. @internal */
  ended(): void {
    this.step = undefined;
    this.due = undefined;
    this.#settle?.();
    if (this.#loaded && this.state === "running") this.stop("ended");
  }

  /** All of its modules have run. @internal */
  loaded(): void {
    this.#loaded = true;
    if (this.step === undefined && this.state === "running") this.stop("ended");
  }

  #drive(step: () => boolean): Promise<void> {
    if (this.step !== undefined)
      throw new TypeError(`guest ${this.name}: a second program was started while one runs`);
    this.step = step;
    this.#start();
    this.#world.wake(this);
    return new Promise((settle) => {
      this.#settle = settle;
    });
  }

  #plug(how: Link | { readonly link: Link; readonly mac: Uint8Array }, onFrame: () => void): Port {
    return "link" in how
      ? how.link.attach(this.name, how.mac, onFrame)
      : how.attach(this.name, undefined, onFrame);
  }

  #frame(net: Nic): void {
    net.told = false;
    this.#world.wake(this);
  }

  /** Its own time, in ns since the world began. */
  #clock(): bigint {
    const { now } = this.#world;
    if (this.local < now) {
      this.local = now;
      this.#reads = 0;
    }
    if (++this.#reads > READS) this.local += TICK;
    return this.local;
  }

  #yield(deadline: bigint): bigint | undefined {
    if (this.state !== "running") return undefined;
    const now = this.#clock();
    if (now - this.#world.now >= SLICE) return this.#pause(now);
    const ready = this.#ready();
    if (ready !== 0n || deadline <= now) return ready;
    return this.#pause(deadline >= FOREVER ? undefined : deadline);
  }

  #pause(until: bigint | undefined): undefined {
    this.due = until;
    return undefined;
  }

  /** Devices with a frame of which the program does not know yet. */
  #ready(): bigint {
    let set = 0n;
    for (const [index, [, net]] of this.#nets.entries()) {
      if (net.told || net.port.frames.length === 0) continue;
      net.told = true;
      set |= 1n << BigInt(index + 1);
    }
    return set;
  }

  #devices(): Solo5Devices {
    const nets = this.#nets;
    const disks = this.#disks;
    const index = (handle: number): number => (typeof handle === "number" ? handle - 1 : -1);
    const netOf = (handle: number): Nic | undefined =>
      this.state === "running" ? nets[index(handle)]?.[1] : undefined;
    const diskOf = (handle: number): Disk | undefined => disks[index(handle) - nets.length]?.[1];
    /** The block's place on the disk; `undefined` if that is not one whole block of it. */
    const place = (disk: Disk, offset: bigint, length: number): number | undefined => {
      const at = Number(offset);
      const whole = length === disk.blockSize && at % disk.blockSize === 0;
      return whole && at >= 0 && at <= disk.content.length - disk.blockSize ? at : undefined;
    };
    const move = (
      handle: number,
      offset: bigint,
      block: Uint8Array,
      how: (disk: Disk, at: number) => "done" | "failed" | "power lost",
    ): number => {
      const disk = diskOf(handle);
      if (disk === undefined || typeof offset !== "bigint" || !isBytes(block)) return EINVAL;
      const at = place(disk, offset, block.length);
      if (at === undefined) return EINVAL;
      if (this.state !== "running") return EUNSPEC;
      this.local = this.#clock() + disk.latencyNs;
      const result = how(disk, at);
      if (result === "power lost") this.kill();
      return result === "done" ? 0 : EUNSPEC;
    };
    return {
      netAcquire: (name): AcquiredNet | undefined => {
        const index = nets.findIndex(([own]) => own === name);
        const port = nets[index]?.[1].port;
        return port && { handle: index + 1, mac: port.mac.slice(), mtu: port.link.mtu };
      },
      netRead: (handle, into) => {
        const net = netOf(handle);
        if (net === undefined || !isRoom(into)) return EINVAL;
        if (into.length < net.port.link.mtu + HEADER) return EINVAL;
        net.told = false;
        const frame = net.port.frames.shift();
        if (frame === undefined) return AGAIN;
        into.set(frame);
        return frame.length;
      },
      netWrite: (handle, frame) => {
        const port = netOf(handle)?.port;
        if (port === undefined || !isBytes(frame)) return EINVAL;
        if (frame.length < HEADER || frame.length > port.link.mtu + HEADER) return EINVAL;
        port.link.transmit(port, frame, this.#clock());
        return 0;
      },
      blockAcquire: (name): AcquiredBlock | undefined => {
        const index = disks.findIndex(([own]) => own === name);
        const disk = disks[index]?.[1];
        if (disk === undefined) return undefined;
        const { blockSize, content } = disk;
        return { handle: index + 1 + nets.length, capacity: BigInt(content.length), blockSize };
      },
      blockRead: (handle, offset, into) =>
        isRoom(into) ? move(handle, offset, into, (disk, at) => disk.read(at, into)) : EINVAL,
      blockWrite: (handle, offset, from) => move(handle, offset, from, (disk, at) => disk.write(at, from)),
    };
  }
}
