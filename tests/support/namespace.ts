import { BIN, type Ended, execute } from "./uk.ts";

/** Namespaces for networks, mounts and processes; what is still running at the end is killed. */
const NEW = ["--net", "--mount", "--pid", "--fork", "--kill-child"];
const refused = await execute("unshare", [...NEW, "test", "-c", "/dev/net/tun"]);

/** Whether this machine lets tests make namespaces and TAPs in them. */
export const hasNamespaces: boolean = refused.status === 0;

/** For the name of tests that need them. */
export const whyNot: string = hasNamespaces
  ? ""
  : " (skipped: this machine has no namespaces or no /dev/net/tun)";

const PRELUDE = `set -e
  node="${process.execPath}"
  bin="${BIN}"
  uk() { "$node" "$bin" "$@"; }
  tap() { ip tuntap add "$1" mode tap; ip link set "$1" up; }
  says() { for n in $(seq 1000); do grep -qs "$2" "$1" && return 0; sleep 0.01; done; cat "$1"; return 1; }
  ip link set lo up`;

/**
 * Runs a shell script in `folder` as root of network, mount and process namespaces of its own; taps, mounts and
 * processes made in it vanish with it. It has `uk`, `tap NAME` to make an interface, and `says FILE TEXT` to wait for a text in a file.
 */
export function inNamespace(folder: string, script: string): Promise<Ended> {
  return execute("unshare", [...NEW, "sh", "-c", `${PRELUDE}\ncd "${folder}"\n${script}`]);
}
