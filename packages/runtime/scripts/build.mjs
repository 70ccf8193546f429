// Builds what @uk/runtime ships: the bytecode compiler for this host, and the base images.
//
//   1. uk-compile, with std, static: an ordinary program.
//   2. js/guest/console.ts -> bytecode, by that very compiler.
//   3. base-spt and base-hvt, freestanding, with the bytecode inside; each gets its build id when it is linked.
//
// Images go to a target folder of their own, so that the two sets of flags do not evict each other.
//
// With --test262 it builds, from the same parts, what scripts/test262.mjs runs and nobody ships: a base image and a
// program of the host, into `test262` in that folder.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildIdNote, codeId } from "./build-id.mjs";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const root = join(here, "../..");
const dist = join(here, "dist");
const TARGET = "x86_64-unknown-linux-gnu";
const targetDir = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const guestDir = join(targetDir, "guest-images");

/** Baseline x86-64, no FS-relative stack canary, no PIC: what a freestanding static image needs. */
const GUEST_CFLAGS =
  "-fno-pic -fno-pie -mcmodel=small -fno-stack-protector -U_FORTIFY_SOURCE -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections";
const HOST = { RUSTFLAGS: "-C target-feature=+crt-static" };
const GUEST_RUSTFLAGS = "-C relocation-model=static -C code-model=small -C force-unwind-tables=no";

function cargo(args, env) {
  const flags = ["build", "--locked", "--target", TARGET, ...args];
  execFileSync("cargo", flags, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
}

/** Renamed into place: who runs or reads it at this moment keeps its file. */
function put(content, to, mode = 0o644) {
  writeFileSync(`${to}.${process.pid}`, content, { mode });
  renameSync(`${to}.${process.pid}`, to);
}

mkdirSync(dist, { recursive: true });

cargo(["--package", "uk-compile", "--release"], HOST);
const compiler = join(dist, "uk-compile");
put(readFileSync(join(targetDir, TARGET, "release/uk-compile")), compiler, 0o755);

/** The formatter was made for V8 with its hosts: where it assumes one, js/guest/engine.ts answers. */
const FORMATTER_EDITS = [
  ["t.exports=URL", "t.exports=class URL{}"],
  ["getOwnNonIndexProperties:function(t,e=2){", "getOwnNonIndexProperties:ukNamedKeys,upstream(t,e=2){"],
  ["getPromiseDetails:()=>[g,void 0]", "getPromiseDetails:t=>ukPromiseDetails(t,g,h)"],
  ["getProxyDetails:y.getProxyDetails", "getProxyDetails:ukProxyDetails"],
  ["getConstructorName(t){", "getConstructorName:ukClassName,upstreamName(t){"],
  ["t.exports={isAsyncFunction:", "t.exports=ukTypes;({isAsyncFunction:"],
  ["isSymbolObject:R}", "isSymbolObject:R})"],
  ["isError:t=>l?.(t)||s(i,t)", "isError:ukIsError"],
  ['const o=H(e);if(ie(o,"class")', 'const o=ukFunctionSource(e);if(ie(o,"class")'],
  // Of an array with holes it shows so many entries, and asks for all keys.
  ["function gr(t,e,n,r,o,i){const l=mt(e);", "function gr(t,e,n,r,o,i){const l=ukFirstIndices(e,i,r);"],
  // As the Node that runs programs beside images: a proxy is shown as its target.
  ["c=je(e=c,!1),s+=1}while(void 0!==c)", "c=je(e=c,!1)}while(void 0!==c)"],
];
const formatterForOurEngine = {
  name: "formatter for our engine",
  setup({ onLoad }) {
    onLoad({ filter: /node-inspect-extracted\/dist\/inspect\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      for (const [from, to] of FORMATTER_EDITS) {
        if (contents.split(from).length !== 2) throw new Error(`${path}: not once in the formatter: ${from}`);
        contents = contents.replace(from, () => to);
      }
      return { contents, loader: "js" };
    });
  },
};

const bundle = await build({
  entryPoints: [join(here, "js/guest/console.ts")],
  inject: [join(here, "js/guest/engine.ts")],
  plugins: [formatterForOurEngine],
  bundle: true,
  write: false,
  format: "esm",
  platform: "neutral",
  target: "es2023",
  mainFields: ["module", "main"],
  minify: true,
});
const bytecode = join(guestDir, "console.bin");
mkdirSync(guestDir, { recursive: true });
const compiled = execFileSync(compiler, ["uk:console"], {
  input: bundle.outputFiles[0].contents,
  maxBuffer: 1 << 26,
});
// Cargo looks at times: the same bytecode is the same file.
if (!existsSync(bytecode) || !readFileSync(bytecode).equals(compiled)) writeFileSync(bytecode, compiled);

/** Builds the base image with these features as file `to`. */
function baseImage(features, to) {
  const what = ["--package", "guest-base", "--features", features, "--profile", "guest"];
  cargo([...what, "--target-dir", guestDir], {
    RUSTFLAGS: GUEST_RUSTFLAGS,
    CFLAGS_x86_64_unknown_linux_gnu: GUEST_CFLAGS,
    UK_CONSOLE_BYTECODE: bytecode,
  });
  const elf = readFileSync(join(guestDir, TARGET, "guest/guest-base"));
  // As it is linked, the note has the id of the engine's sources: bytecode is only for the very same.
  const note = buildIdNote(elf);
  const compilerHas = execFileSync(compiler, ["--engine"], { encoding: "utf8" }).trim();
  if (note.toString("hex") !== compilerHas)
    throw new Error("the compiler has another engine than the base image");
  codeId(elf).copy(note);
  put(elf, to);
  put(note, join(dirname(to), "build-id"));
}

if (process.argv.includes("--test262")) {
  const to = join(guestDir, "test262");
  mkdirSync(to, { recursive: true });
  baseImage("spt,test262", join(to, "base-spt.elf"));
  cargo(["--package", "guest-test262", "--release", "--bin", "uk-test262"], HOST);
  put(readFileSync(join(targetDir, TARGET, "release/uk-test262")), join(to, "uk-test262"), 0o755);
  process.exit();
}

for (const target of ["spt", "hvt"]) baseImage(target, join(dist, `base-${target}.elf`));

// What is in the images has licences of its own; they travel with the binaries.
copyFileSync(join(root, "NOTICE"), join(dist, "NOTICE"));
