import { readFile } from "node:fs/promises";
import { ImageError, type ImageInfo, readImage } from "@uk/image";
import { CliError, systemReason } from "./error.ts";

/**
 * Reads an image from a file.
 *
 * @throws {CliError} the file cannot be read or is not a valid image; one line that says why
 */
export async function openImage(path: string): Promise<ImageInfo> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new CliError(`${path}: cannot open the image: ${systemReason(error)}`);
  }
  try {
    return readImage(bytes);
  } catch (error) {
    if (error instanceof ImageError) throw new CliError(`${path}: ${error.message}`);
    throw error;
  }
}
