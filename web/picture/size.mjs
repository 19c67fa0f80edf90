/** The size of a picture, before its codebook is there. */

import { Reader, bytesOf } from "../format/bytes.mjs";
import { isCompact, mediumOf, readChunked } from "../format/container.mjs";
import { readShape } from "./shape.mjs";

const COMPACT_HEAD = 7;

/**
 * @param {Uint8Array | ArrayBuffer} bytes of a `.vqc` file
 * @returns {import("./shape.mjs").Shape | undefined} undefined for a file of the short form, whose size its codebook
 *     says, and for another medium. The checksum of a file of the compact form is not looked at.
 * @throws {VQCodecError} the file is damaged
 */
export function sizeOf(bytes) {
  const data = bytesOf(bytes);
  if (mediumOf(data) !== "image") return undefined;
  if (isCompact(data)) return data[2] >> 4 === 1 ? readShape(new Reader(data.subarray(COMPACT_HEAD), "file")) : undefined;
  const [{ header, packets }] = readChunked(data).streams.values();
  return readShape(new Reader(header.length > 0 ? header : packets[0], "file"));
}
