// How often a guest leaves its machine for one frame that it sends back, with the network ring and without.
import { median } from "../lib.mjs";

const ROUNDS = 3;
const LOADS = [
  { window: 1, frames: 1000 },
  { window: 64, frames: 3200 },
];
const RINGS = [
  { name: "ring", options: [] },
  { name: "no ring", options: ["--no-net-ring"] },
];
const CASES = LOADS.flatMap((load) => RINGS.map((ring) => ({ ...load, ring })));

/** Ports of hypercalls (solo5-abi), as `kvm_pio` has them. */
const NET_WRITE = 0x506;
const NET_READ = 0x507;
const POLL = 0x503;
const KICK = 0x600;

/** Rows of the table: of what was counted at a trace point, all, or what has this key. */
const ROWS = [
  { name: "exits to the kernel", of: "kvm_exit" },
  { name: "... by writing to a port", of: "kvm_pio" },
  { name: "exits to the tender", of: "kvm_userspace_exit" },
  { name: "hypercall NET_READ", of: "kvm_pio", key: NET_READ },
  { name: "hypercall NET_WRITE", of: "kvm_pio", key: NET_WRITE },
  { name: "hypercall POLL", of: "kvm_pio", key: POLL },
  { name: "kick of the ring", of: "kvm_pio", key: KICK },
  { name: "system calls of the tender", of: "sys_enter" },
];

/** Steps of a batch that has exits.sh, frame-load, solo5-hvt and guest.hvt; one for each case and round. */
export function exitSteps(memory) {
  return Array.from({ length: ROUNDS }, () => CASES)
    .flat()
    .map(({ window, frames, ring }, index) => ({
      name: `exits ${index}`,
      taps: [{ name: "tap0" }],
      argv: [
        ...["sh", "exits.sh", String(window), String(frames)],
        ...["./solo5-hvt", memory, "--net:service=tap0", ...ring.options, "guest.hvt", "1"],
      ],
    }));
}

/** Rows of a table from what the steps left, or why there are none: trace points are not everywhere. */
export function exitTable(results) {
  const failed = results.find(({ status }) => status !== 0);
  if (failed !== undefined) return { leftOut: `status ${failed.status}: ${failed.stderr.trim()}` };
  const samples = results.map(({ stdout }) => readCounts(stdout));
  const rows = ROWS.map(({ name, of, key }) => [
    name,
    ...CASES.map((_, index) => {
      const rounds = samples.filter((_, step) => step % CASES.length === index);
      return median(rounds.map(({ frames, counts }) => total(counts.get(of), key) / frames)).toFixed(3);
    }),
  ]);
  const head = CASES.map(({ window, ring }) => `window ${window}, ${ring.name}`);
  const frames = LOADS.map(({ frames, window }) => `${frames} at window ${window}`).join(", ");
  return { rounds: ROUNDS, frames, rows: [["of one frame", ...head], ...rows] };
}

/** Counts by key at each trace point, from the output of exits.sh. */
function readCounts(text) {
  const [load, ...points] = text.split(/^point \w+\//m);
  const counts = points.map((point) => {
    const hits = [...point.matchAll(/^\{ \w+: +(\d+) \} hitcount: +(\d+)$/gm)];
    return [
      point.slice(0, point.indexOf("\n")),
      new Map(hits.map(([, key, hit]) => [Number(key), Number(hit)])),
    ];
  });
  return { frames: JSON.parse(load).frames, counts: new Map(counts) };
}

function total(counts, key) {
  if (key !== undefined) return counts.get(key) ?? 0;
  return [...counts.values()].reduce((sum, hits) => sum + hits, 0);
}
