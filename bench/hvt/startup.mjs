// Instructions of a tender until its guest would begin, counted by callgrind. It does not have to stop the
// tenders there: valgrind has no system call `seccomp`, so solo5-hvt ends at its filter; and valgrind does not
// let itself be unmapped, so solo5-spt, whose filter is ready by then, ends at the removal of what is not the
// guest's. Where one ends elsewhere, there is no figure, but its last words.
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { median } from "../lib.mjs";

const RUNS = 5;

const spt = {
  name: "solo5-spt",
  ending: "spt",
  lastWords: /the kernel refused to remove the tender from memory/,
};
const hvt = {
  name: "solo5-hvt",
  ending: "hvt",
  lastWords: /the kernel refused the system call filter/,
};
const NET = ["--net:service=tap0"];

/** What is counted: words for both tenders, words for solo5-hvt, and the image. */
const ROWS = [
  { name: "--version", words: ["--version"], lastWords: /ABI version \d+$/ },
  { name: "hello", guest: "hello" },
  { name: "with a TAP", words: NET, guest: "guest" },
  { name: "with a TAP, --no-net-ring", words: NET, hvtWords: ["--no-net-ring"], guest: "guest" },
];

/** Rows of a table, and lines about what there is no figure of. `tap0` is in this network. */
export function countInstructions(tenders, work, memory) {
  const notes = [];
  const rows = ROWS.map(({ name, words = [], hvtWords = [], guest, lastWords }) => {
    const count = (tender, own) => {
      const image = guest === undefined ? [] : [memory, join(work, `${guest}.${tender.ending}`)];
      const command = [tenders[tender.name], ...words, ...own, ...image];
      const counted = Array.from({ length: RUNS }, () => callgrind(command, lastWords ?? tender.lastWords));
      const failed = counted.find(({ instructions }) => instructions === undefined);
      if (failed === undefined) return median(counted.map(({ instructions }) => instructions));
      notes.push(`${tender.name}, ${name}: left out, it ended elsewhere: ${failed.said}`);
      return undefined;
    };
    const [ofSpt, ofHvt] = [count(spt, []), count(hvt, hvtWords)];
    const ratio = ofSpt && ofHvt ? `${(ofHvt / ofSpt).toFixed(2)}x` : "";
    return [name, ofSpt ?? "", ofHvt ?? "", ratio];
  });
  return { runs: RUNS, rows: [["instructions", "solo5-spt", "solo5-hvt", "hvt/spt"], ...rows], notes };
}

/** Makes the interface the rows want. */
export function makeTap() {
  execFileSync("ip", ["tuntap", "add", "tap0", "mode", "tap"]);
  execFileSync("ip", ["link", "set", "tap0", "up"]);
}

function callgrind(command, lastWords) {
  const words = ["--tool=callgrind", "--callgrind-out-file=/dev/null", ...command];
  // A tender whose guest runs after all has to end.
  const { stderr } = spawnSync("valgrind", words, {
    encoding: "utf8",
    // A C library looks at each word of its environment when it starts.
    env: { PATH: process.env.PATH },
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  const said = stderr
    .split("\n")
    .filter((line) => line !== "" && !/^(==|--)\d+(==|--)/.test(line))
    .join("; ");
  const [, collected] = /Collected : (\d+)/.exec(stderr) ?? [];
  return { said, instructions: collected && lastWords.test(said) ? Number(collected) : undefined };
}
