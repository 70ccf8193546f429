// What `npm run fuzz` runs of TypeScript: TARGET, SECONDS, COUNT and SEED, or TARGET and a file with an input.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fuzz } from "./run.ts";
import { TARGETS, type Target } from "./targets.ts";

const [name = "", ...words] = process.argv.slice(2);
const target = TARGETS[name] as Target;
if (words.length === 1) {
  const [file = ""] = words;
  console.log(`uk: ${name}, ${file}: ${target.check([readFileSync(file)])}`);
} else {
  const [seconds = 0, count = 0, seed = 0] = words.map(Number);
  const begin = performance.now();
  const passed = () => (performance.now() - begin) / 1000;
  const { count: done, outcomes, finding } = fuzz(target, seed, count, () => passed() < seconds);
  const speed = `${passed().toFixed(1)} s, ${Math.round(done / passed())} a second`;
  console.log(`uk: ${name}: ${done} inputs of seed ${seed} in ${speed}: ${JSON.stringify(outcomes)}`);
  if (finding !== undefined) {
    const file = `target/fuzz/findings/${name}-${seed}-${finding.index}`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, finding.input);
    console.error(finding.error);
    console.error(`uk: ${name}: found something; to see it again: npm run fuzz -- ${name} ${file}`);
    process.exitCode = 1;
  }
}
