export { type CompiledModule, compileModule } from "./compile.ts";
export { RuntimeError, type RuntimeErrorCode } from "./error.ts";
export { baseImagePath, compilerPath, isTarget, type Target, targets } from "./parts.ts";
