import type { Step } from "./batch.ts";

/** Milliseconds a step may take, if it does not say. */
const TIMEOUT_MS = 60_000;

/** `word` as one word of a shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * What runs one step, in a shell of this machine or of the virtual one: the same words, so that a step
 * means the same in both. TAP interfaces are made in a network of the step's own.
 */
export function stepScript(step: Step): string {
  const lines = ["ip link set lo up"];
  for (const { name, address } of step.taps ?? []) {
    lines.push(`make_tap ${quoted(name)}`);
    if (address !== undefined) lines.push(`ip addr add ${quoted(address)} dev ${quoted(name)}`);
    lines.push(`ip link set ${quoted(name)} up`);
  }
  const env = Object.entries(step.env ?? {}).map(([name, value]) => `${name}=${quoted(value)}`);
  // busybox has tunctl and no `ip tuntap`; with iproute2 it is the other way round.
  return `make_tap() {
  if command -v tunctl >/dev/null; then tunctl -t "$1" >/dev/null; else ip tuntap add "$1" mode tap; fi
}
set -e
${lines.join("\n")}
${env.length > 0 ? `export ${env.join(" ")}` : ""}
exec ${step.argv.map(quoted).join(" ")}
`;
}

/**
 * What runs a batch. Each step leaves `out/N/` with its output, status and the files to keep. `begin N` is
 * called before it and `send N` behind it; the surroundings define both.
 */
export function batchScript(steps: readonly Step[]): string {
  const calls = steps.map((step, index) => {
    const seconds = Math.ceil((step.timeoutMs ?? TIMEOUT_MS) / 1000);
    const keep = (step.keep ?? []).map(quoted).join(" ");
    return `run_step ${index} ${seconds} ${keep}`;
  });
  return `run_step() {
  number=$1 limit=$2
  shift 2
  begin "$number"
  mkdir -p "$top/out/$number/kept"
  cd "$top/work"
  timeout -s KILL "$limit" unshare --net sh "$top/step-$number.sh" \\
    </dev/null >"$top/out/$number/stdout" 2>"$top/out/$number/stderr"
  echo $? >"$top/out/$number/status"
  for kept in "$@"; do cp -r "$kept" "$top/out/$number/kept/" 2>/dev/null; done
  send "$number"
}
${calls.join("\n")}
`;
}
