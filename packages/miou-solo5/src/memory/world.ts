import { later } from "../host.ts";
import { checkOptions } from "../options.ts";
import { installedTarget, installTarget } from "../target.ts";
import { Disk, type DiskOptions } from "./disk.ts";
import { Link, type LinkOptions } from "./link.ts";
import { Random } from "./random.ts";
import { type BootOptions, SimulatedGuest } from "./simulated-guest.ts";
import { Timetable } from "./timetable.ts";

/** How a world begins. */
export interface WorldOptions {
  /** Seed of everything random: the same seed, the same story. Default: 0. */
  readonly seed?: number | bigint;
  /** What the clock on the wall says at the beginning, in ns since 1970. Default: 2026-01-01, 00:00 UTC. */
  readonly epochNs?: bigint;
}

/** How long a world goes on. Default: until nothing can happen any more. */
export interface RunFor {
  /** Not beyond this moment, in ns since the world began; the clock then stands there. */
  readonly untilNs?: bigint;
  /** So many ns from now. */
  readonly forNs?: bigint;
}

/** When the host has run the jobs of promises. */
const jobsDone = (): Promise<void> => new Promise(later);

/**
 * A world of unikernels, networks and disks in one process, with a clock of its own: a day passes as fast as
 * it can be computed. All that happens follows from the seed.
 */
export class World {
  /** Ns since the world began. */
  now = 0n;
  /** Ns between 1970 and the world's beginning. */
  readonly epoch: bigint;
  readonly #seed: number | bigint;
  /** Which of the guests that could go on does. */
  readonly #choice: Random;
  readonly #events = new Timetable<() => unknown>();
  readonly #guests: SimulatedGuest[] = [];
  /** Guests that can go on now. */
  readonly #awake = new Set<SimulatedGuest>();
  readonly #failures: unknown[] = [];
  #made = 0;
  #booting: Promise<unknown> = Promise.resolve();
  #running = false;

  /**
   * @throws {TypeError} an option is of another type
   * @throws {RangeError} the seed is no integer
   */
  constructor(options: WorldOptions = {}) {
    checkOptions("world", options, { epochNs: "bigint" });
    const { seed = 0, epochNs = 1_767_225_600_000_000_000n } = options;
    if (typeof seed !== "number" && typeof seed !== "bigint")
      throw new TypeError("world: the seed must be a number or a bigint");
    if (typeof seed === "number" && !Number.isSafeInteger(seed))
      throw new RangeError(`world: seed ${seed} is not an integer`);
    this.#seed = seed;
    this.epoch = epochNs;
    this.#choice = new Random(seed, "choice");
  }

  /** The guests that were booted, in that order. */
  get guests(): readonly SimulatedGuest[] {
    return this.#guests;
  }

  /**
   * Makes a network.
   *
   * @throws {TypeError | RangeError} an option is out of range
   */
  link(options: LinkOptions & { readonly mtu?: number } = {}): Link {
    checkOptions("link", options, { mtu: "number" });
    return Link.make(this, this.#stream("link"), () => this.#newMac(), options);
  }

  /**
   * Makes a disk.
   *
   * @throws {TypeError | RangeError} an option is out of range
   */
  disk(options: DiskOptions): Disk {
    checkOptions("disk", options, {
      size: "number",
      blockSize: "number",
      readOnly: "boolean",
      faults: "object",
    });
    return Disk.make(this.#stream("disk"), options);
  }

  /**
   * Boots a guest. Its program runs when the world does.
   *
   * @param load - calls `run` of `@uk/miou-solo5`, or imports a module that does; it may return what `run` does
   * @returns once the program is there, or `load` has ended without one
   * @throws {TypeError | RangeError} (rejects) the hardware makes no sense, e.g. a disk is in use
   */
  boot(options: BootOptions, load: () => unknown): Promise<SimulatedGuest> {
    // One at a time: what is being loaded finds its target in the realm.
    const booted = this.#booting.then(() => this.#boot(options, load));
    this.#booting = booted.catch(() => {});
    return booted;
  }

  /**
   * Calls `what` at that moment, in ns since the world began. The world waits for a promise that it returns.
   *
   * @throws {RangeError} the moment has passed
   */
  at(ns: bigint, what: () => unknown): void {
    if (ns < this.now) throw new RangeError(`world: at ${ns} ns: it is ${this.now} ns already`);
    this.#events.add(ns, what);
  }

  /**
   * Lets time pass, until nothing can happen any more, or until a moment.
   *
   * @throws (rejects) what the program of a guest, or a callback of {@link World.at}, threw; the world can
   *   go on after that
   * @throws {TypeError} (rejects) it is running already, or an option is of another type
   */
  async run(how: RunFor = {}): Promise<void> {
    checkOptions("world.run", how, { untilNs: "bigint", forNs: "bigint" });
    const { untilNs, forNs } = how;
    if (this.#running) throw new TypeError("world: run was called while it runs");
    const end = untilNs ?? (forNs === undefined ? undefined : this.now + forNs);
    this.#running = true;
    try {
      while (await this.#happen(end));
    } finally {
      this.#running = false;
    }
  }

  /** @internal */
  wake(guest: SimulatedGuest): void {
    if (guest.step !== undefined) this.#awake.add(guest);
  }

  /** Whether anything happened by then. */
  async #happen(end: bigint | undefined): Promise<boolean> {
    const guest = this.#next();
    if (guest !== undefined) {
      await this.#step(guest);
      return true;
    }
    const at = this.#earliest();
    if (at === undefined || (end !== undefined && at > end)) {
      if (end !== undefined && end > this.now) this.now = end;
      return false;
    }
    if (at > this.now) this.now = at;
    for (let event = this.#events.take(this.now); event !== undefined; event = this.#events.take(this.now)) {
      const result = event();
      if (result instanceof Promise) await result;
    }
    for (const each of this.#guests)
      if (each.due !== undefined && each.due <= this.now) this.#awake.add(each);
    return true;
  }

  /** One of the guests that can go on now; those that are ahead of the world wait until it has caught up. */
  #next(): SimulatedGuest | undefined {
    if (this.#awake.size === 0) return undefined;
    const able: SimulatedGuest[] = [];
    for (const guest of this.#awake) {
      if (guest.local <= this.now) able.push(guest);
      else {
        guest.due = guest.local;
        this.#awake.delete(guest);
      }
    }
    const guest = able[able.length > 1 ? this.#choice.below(able.length) : 0];
    if (guest !== undefined) this.#awake.delete(guest);
    return guest;
  }

  #earliest(): bigint | undefined {
    let earliest = this.#events.earliest;
    for (const { due } of this.#guests)
      if (due !== undefined && (earliest === undefined || due < earliest)) earliest = due;
    return earliest;
  }

  async #step(guest: SimulatedGuest): Promise<void> {
    const before = installedTarget();
    installTarget(guest.solo5);
    try {
      guest.due = undefined;
      if (guest.step?.() === true) guest.ended();
      // What promises of the program bring about belongs to the same moment.
      await jobsDone();
    } catch (error) {
      guest.error = error;
      guest.stop("failed");
      throw error;
    } finally {
      installTarget(before);
    }
    if (this.#failures.length > 0) throw this.#failures.shift();
  }

  async #boot(options: BootOptions, load: () => unknown): Promise<SimulatedGuest> {
    const types = {
      name: "string",
      cmdline: "string",
      net: "object",
      block: "object",
      clockSkewNs: "bigint",
    } as const;
    checkOptions("boot", options, types);
    const guest = SimulatedGuest.make(this, options.name ?? `guest${this.#guests.length + 1}`, options);
    this.#guests.push(guest);
    const before = installedTarget();
    installTarget(guest.solo5);
    try {
      await Promise.race([guest.started, this.#loaded(guest, load)]);
    } finally {
      installTarget(before);
    }
    return guest;
  }

  /** Waits for what `load` returns, and knows then what became of the guest. */
  async #loaded(guest: SimulatedGuest, load: () => unknown): Promise<void> {
    try {
      guest.value = await load();
      guest.loaded();
    } catch (error) {
      guest.error = error;
      if (guest.state !== "running") return;
      guest.stop("failed");
      this.#failures.push(error);
    }
  }

  #stream(what: string): Random {
    return new Random(this.#seed, `${what} ${this.#made++}`);
  }

  /** Locally administered, one after the other. */
  #newMac(): Uint8Array {
    const number = ++this.#made;
    return Uint8Array.of(2, 0, 0, 0, number >> 8, number);
  }
}
