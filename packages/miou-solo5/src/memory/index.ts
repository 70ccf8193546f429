export { Disk, type DiskFaults, type DiskOptions } from "./disk.ts";
export { Guest, type GuestOptions, type GuestState } from "./guest.ts";
export { Link, type LinkOptions, Port, type PortOptions } from "./link.ts";
export { type RunFor, World, type WorldOptions } from "./world.ts";
