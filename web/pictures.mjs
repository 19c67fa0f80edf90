/** Pictures: from a file to pixels. */

import * as block from "./picture/block.mjs";
import { mediaOf, withKernels } from "./decoding.mjs";
import { Reader } from "./format/bytes.mjs";
import { LimitError, UnsupportedError, require } from "./errors.mjs";
import { readShape } from "./picture/shape.mjs";
import * as transform from "./picture/transform.mjs";

const ENGINES = { "image/block": block, "image/transform": transform };

/**
 * @typedef {object} Picture
 * @property {number} width pixels in a row
 * @property {number} height
 * @property {number} channels 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
 * @property {Uint8Array} data samples of 8 bits: row by row, of each pixel one channel after the other
 * @property {{top: number, left: number, height: number, width: number}[]} [lost] parts that are lost, with `salvage`
 * @property {string[]} [damage] a clause for each damage, with `salvage`
 */

/**
 * Decode a picture.
 * @param {Uint8Array | ArrayBuffer | import("./format/container.mjs").Media} bytes of a `.vqc` file, or an item of a
 *     pack
 * @param {import("./decoding.mjs").Options} [options]
 * @returns {Promise<Picture>}
 * @throws {VQCodecError} one of the classes of `errors.mjs`
 */
export async function decode(bytes, options = {}) {
  const damage = options.salvage ? [] : null;
  const media = await mediaOf(bytes, options, "image", damage);
  require(media.streams.size === 1, "a file of several streams is no picture", UnsupportedError);
  const [stream] = media.streams.values();
  const engine = ENGINES[stream.engine];
  require(engine !== undefined, `the engine ${stream.engine} is not known here`, UnsupportedError);
  return withKernels("image", options, (kernels) => {
    let { header, packets } = stream;
    if (header.length === 0 && packets.length === 1) {
      [header, packets[0]] = engine.split(packets[0]);
    }
    const { width, height } = readShape(new Reader(header, "picture header"));
    const allowed = width * height <= (options.mostPixels ?? Infinity);
    require(allowed, `a picture of ${width}x${height} pixels; at most ${options.mostPixels} are wanted`, LimitError);
    const codebook = media.codebooks.get(stream.codebook);
    if (damage === null) return engine.decode(kernels, header, packets, codebook);
    const picture = engine.decode(kernels, header, packets, codebook, stream.numbers);
    const parts = picture.lost.map(({ top, left, height: high, width: wide }) => {
      return `${wide}x${high} pixels from ${left}, ${top} on are lost`;
    });
    return { ...picture, damage: [...damage, ...parts] };
  });
}
