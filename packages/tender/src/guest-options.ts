/** What is behind a network device: the name of a TAP interface, or one of the two with more to say. */
export type NetBacking = string | NetInterface | NetDescriptor;

/** A TAP interface that exists and is up. */
export interface NetInterface {
  readonly interface: string;
  /** Its address, `"02:00:00:00:00:01"`; random at every start without it. */
  readonly mac?: string;
}

/** A TAP or an AF_UNIX socket with datagrams that this process has open. It stays this process's as well. */
export interface NetDescriptor {
  /** Number of the descriptor in this process. */
  readonly fd: number;
  /** As for {@link NetInterface}. */
  readonly mac?: string;
}

/** What is behind a block device: the path of a file or of a block device of the host. */
export type BlockBacking = string | BlockFile;

/** A file and the size of its blocks. */
export interface BlockFile {
  readonly path: string;
  /** Bytes, a power of two from 512, which it is without this, to 32768. */
  readonly blockSize?: number;
  /**
   * Shares a file that can be written to with other guests that are told the same: for those who see to it that they
   * do not write at the same time. Without it such a file is one guest's.
   */
  readonly shared?: boolean;
}

/**
 * Where a stream goes: `inherit` to this process's, `pipe` into a stream of the {@link Guest}, `ignore` nowhere.
 */
export type Stream = "inherit" | "pipe" | "ignore";

/** Each stream of its own. */
export interface Streams {
  /** The guest's console; also the number of a descriptor of this process. Default: `inherit`. */
  readonly stdout?: Stream | number;
  /** The tender's own lines. Default: `inherit`. */
  readonly stderr?: Stream;
}

/** How a guest is run, by any tender. */
export interface GuestOptions {
  /** By the name in the manifest. All that the image declares must be here. */
  readonly net?: Readonly<Record<string, NetBacking>>;
  /** By the name in the manifest. All that the image declares must be here. */
  readonly block?: Readonly<Record<string, BlockBacking>>;
  /** Guest memory in MiB; 512 without it. */
  readonly mem?: number;
  /** What the guest gets for its command line, joined by single spaces; at most 8191 bytes. */
  readonly args?: readonly string[];
  /** Both streams, or each of its own. Default: `inherit`. A guest has no standard input. */
  readonly stdio?: Stream | Streams;
  /** Folder that relative paths start from, the image's too; this process's without it. */
  readonly cwd?: string;
  /** Kills the guest with SIGKILL when it is aborted. */
  readonly signal?: AbortSignal;
}
