// Arguments come from the boot command line: uk run dist/cmdline.spt --foo Foo --bar Bar
import { argv, run } from "@uk/miou-solo5";

function option(name: string): string | undefined {
  const at = argv.indexOf(`--${name}`);
  return at < 0 ? undefined : argv[at + 1];
}

run([], function* () {
  argv.forEach((word, index) => {
    console.log(`argv[${index}]: ${word}`);
  });
  console.log(`foo: ${option("foo")}, bar: ${option("bar")}`);
});
