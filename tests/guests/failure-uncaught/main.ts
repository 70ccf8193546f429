// An error that nobody catches: its name, message and stack are printed, the status is 1.
import type { Operation } from "@uk/miou";
import { run, sleep } from "@uk/miou-solo5";

class ConfigError extends Error {
  override readonly name = "ConfigError";
}

function parse(text: string): never {
  throw new ConfigError(`cannot read ${JSON.stringify(text)}`);
}

function* load(): Operation<void> {
  yield* sleep(1);
  parse("port=?");
}

run([], function* () {
  console.log("before");
  try {
    yield* load();
  } finally {
    console.log("cleanup runs");
  }
});
