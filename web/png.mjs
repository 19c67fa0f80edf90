/** PNG files of decoded pictures, for what knows no `.vqc`: the pixels are exact. */

import { crc32 } from "./format/bytes.mjs";

const MAGIC = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const COLOUR_TYPES = [0, 4, 2, 6]; // by channels less 1: grey, grey and alpha, RGB, RGB and alpha
const DEPTH = 8;

/**
 * @param {import("./index.mjs").Picture} picture
 * @returns {Promise<Blob>}
 */
export async function pngOf({ width, height, channels, data }) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([DEPTH, COLOUR_TYPES[channels - 1]], 8);
  const stride = width * channels;
  const rows = new Uint8Array((stride + 1) * height); // each begins with its filter: none
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  const stream = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const parts = [MAGIC, ...chunk("IHDR", header), ...chunk("IDAT", packed), ...chunk("IEND", new Uint8Array(0))];
  return new Blob(parts, { type: "image/png" });
}

function chunk(kind, payload) {
  const name = new TextEncoder().encode(kind);
  const number = (value) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return bytes;
  };
  return [number(payload.length), name, payload, number(crc32(name, payload))];
}
