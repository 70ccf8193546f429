// ARCHITECTURE.md names every module that has unsafe Rust, and no other.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { complain, filesOf } from "./files.mjs";
import { root } from "./workspace.mjs";

/** Complains about modules that are unsafe and not named, or named and not unsafe; about how many. */
export function checkUnsafe() {
  const architecture = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  return complain(
    unsafeModules(architecture, filesOf(/^(crates|packages)\/(?!.*\/fuzz\/).*\/?src\/.*\.rs$/)),
  );
}

/** Which of these files of Rust are not as the list below the heading `Unsafe code` says. */
export function* unsafeModules(architecture, files) {
  const [, section = ""] = /^## Unsafe code\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(architecture) ?? [];
  const named = [...section.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => path.replace(/\/$/, ""));
  const unsafe = files.filter(({ text }) => isUnsafe(text)).map(({ path }) => path);
  const belongs = (path, module) => path === module || path.startsWith(`${module}/`);
  for (const path of unsafe)
    if (!named.some((module) => belongs(path, module)))
      yield `${path}: has unsafe code, and ARCHITECTURE.md does not name it under "Unsafe code"`;
  for (const module of named)
    if (!unsafe.some((path) => belongs(path, module)))
      yield `ARCHITECTURE.md: ${module} has no unsafe code: take it off the list`;
}

/** The word counts outside of comments and literals. */
function isUnsafe(text) {
  return /\bunsafe\b/.test(text.replace(/\/\/.*|"(?:[^"\\\n]|\\.)*"/g, ""));
}
