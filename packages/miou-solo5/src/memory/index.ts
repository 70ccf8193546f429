export { Disk, type DiskFaults, type DiskOptions } from "./disk.ts";
export { Link, type LinkOptions, Port, type PortOptions } from "./link.ts";
export { type BootOptions, type GuestState, SimulatedGuest } from "./simulated-guest.ts";
export { type RunFor, World, type WorldOptions } from "./world.ts";
