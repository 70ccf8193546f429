import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** What lies at a path of an archive. */
export type Content =
  /** A file of this machine, with its permission to be executed. */
  | { readonly file: string }
  /** A file with this text; it can be executed. */
  | { readonly text: string }
  /** A symbolic link. */
  | { readonly link: string };

const DIRECTORY = 0o040755;
const FILE = 0o100644;
const PROGRAM = 0o100755;
const LINK = 0o120777;

/**
 * A cpio archive ("newc"), which a kernel unpacks before it has a file system. Folders are made as
 * needed.
 *
 * @param entries - by path, without a slash in front
 */
export function archive(entries: ReadonlyMap<string, Content>): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  let inode = 0;
  const push = (part: Buffer) => {
    parts.push(part);
    length += part.length;
    const padding = -length & 3;
    if (padding > 0) parts.push(Buffer.alloc(padding));
    length += padding;
  };
  const add = (path: string, mode: number, data: Buffer) => {
    inode += 1;
    const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, path.length + 1, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
    push(Buffer.from(`${header}${path}\0`, "latin1"));
    push(data);
  };
  const folders = new Set<string>(["."]);
  const addFolders = (path: string) => {
    if (folders.has(path)) return;
    addFolders(dirname(path));
    folders.add(path);
    add(path, DIRECTORY, Buffer.alloc(0));
  };
  for (const [path, content] of entries) {
    addFolders(dirname(path));
    if ("link" in content) add(path, LINK, Buffer.from(content.link));
    else if ("text" in content) add(path, PROGRAM, Buffer.from(content.text));
    else add(path, statSync(content.file).mode & 0o111 ? PROGRAM : FILE, readFileSync(content.file));
  }
  add("TRAILER!!!", 0, Buffer.alloc(0));
  return Buffer.concat(parts);
}
