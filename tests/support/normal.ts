import { readFileSync } from "node:fs";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

/**
 * A transcript with what may change between builds made constant: frames of a stack show the place in
 * the guest's own `main.ts`, runs of other frames are one line; sizes of memory and the
 * build id are `N`. At which place of a loop memory is gone for small things is chance, and left out.
 *
 * @param map - path of the image's source map
 */
export function normal(transcript: string, map: string): string {
  const trace = new TraceMap(readFileSync(map, "utf8"));
  const lines: string[] = [];
  let somewhere = false;
  for (const line of transcript.split("\n")) {
    const [, bytes = Number.POSITIVE_INFINITY] = /^Solo5: ABORT: out of memory: (\d+) /.exec(line) ?? [];
    somewhere ||= Number(bytes) <= SMALL_REQUEST;
    const place = /^ {4}at /.test(line) ? frame(line, trace) : withoutSizes(line);
    const shown = somewhere ? place.replace(/\(main\.ts:\d+:\d+\)$/, "(main.ts)") : place;
    if (shown !== ELSEWHERE || lines.at(-1) !== ELSEWHERE) lines.push(shown);
  }
  return lines.join("\n");
}

/** Largest request, in bytes, that the guest's allocator meets from its reserve (`packages/runtime/guest/src/heap.rs`). */
const SMALL_REQUEST = 8192;

const ELSEWHERE = "    at (code of packages)";

/** A frame, from a tender or as `uk run` shows it: with the place in a source. */
function frame(line: string, trace: TraceMap): string {
  const [, name, file = "", row, column] = /^ {4}at (.*) \(([^()]*):(\d+):(\d+)\)$/.exec(line) ?? [];
  if (row === undefined) return ELSEWHERE;
  const place = { source: file, line: Number(row), column: Number(column) - 1 };
  const origin = file.endsWith(".js") ? originalPositionFor(trace, place) : place;
  if (origin.source === null || !/tests\/guests\/[^/]+\/main\.ts$/.test(origin.source)) return ELSEWHERE;
  return `    at ${name} (main.ts:${origin.line}:${origin.column + 1})`;
}

function withoutSizes(line: string): string {
  return line.startsWith("Solo5: ")
    ? line.replace(/\b\d+ (more bytes|KiB)/g, "N $1").replace(/ build id [0-9a-f]{64}$/, " build id N")
    : line;
}
