// The portable suite of the scheduler, in a guest: prints a report in the Test Anything Protocol.
import { run } from "@uk/miou-solo5";
import { catalogue } from "../../packages/miou/tests/cases/index.ts";

// A build needs the manifest and goes no further. The cases start runs of their own, so they are called after this one.
await run([], function* () {});

const all = Object.values(catalogue).flat();
console.log(`TAP version 13\n1..${all.length}`);
let failed = 0;
all.forEach(({ id, name, run: check }, index) => {
  const title = `${index + 1} - [${id}] ${name.replace(/#/g, "\\#")}`;
  try {
    check();
    console.log(`ok ${title}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${title}`);
    const text = error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error);
    for (const line of text.trimEnd().split("\n")) console.log(`# ${line}`);
  }
});
console.log(`# ${all.length} cases, ${all.length - failed} passed, ${failed} failed`);
