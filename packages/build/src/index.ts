export { type BuildOptions, type Built, build, type ManifestOptions, manifestOf } from "./build.ts";
export { BuildError, type BuildErrorCode, type Place } from "./build-error.ts";
export { bundleForNode, type NodeProgram, watchForNode } from "./node-program.ts";
export { symbolicate } from "./symbolicate.ts";
