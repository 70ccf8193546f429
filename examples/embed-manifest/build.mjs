// The generator of @uk/manifest in a build of one's own: node build.mjs [SOURCE] [OUTPUT]
import { readFile } from "node:fs/promises";
import { ManifestError, parse, toC } from "@uk/manifest";
import { build } from "esbuild";

/** Makes the C source that defines its note out of `NAME.manifest.json`; what is wrong in it, esbuild shows at its place. */
const manifestToC = {
  name: "manifest to C",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.manifest\.json$/ }, async ({ path: file }) => {
      const json = await readFile(file, "utf8");
      try {
        return { contents: toC(parse(json)), loader: "copy" };
      } catch (error) {
        if (!(error instanceof ManifestError)) throw error;
        return { errors: error.issues.map((issue) => shown(issue, file, json)) };
      }
    }),
};

/** esbuild counts columns from 0, in bytes. A document over 1 MiB has no place. */
function shown({ path, expected, found, line, column }, file, json) {
  const lineText = json.split("\n", line).at(-1);
  const place = line && { line, column: Buffer.byteLength(lineText.slice(0, column - 1)), lineText };
  return { text: `${path}: expected ${expected}, found ${found}`, location: { file, ...place } };
}

const [source = "app.manifest.json", output = "dist/manifest.c"] = process.argv.slice(2);
// esbuild itself says why it failed.
await build({ entryPoints: [source], outfile: output, plugins: [manifestToC] }).catch(() => process.exit(1));
