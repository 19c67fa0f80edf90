/**
 * vqcodec for browsers and node: decodes `.vqc` pictures to the same pixels as the program, and speech.
 *
 *     import { decode } from "./index.mjs";
 *     const { width, height, channels, data } = await decode(bytes, { codebook });
 */

import * as block from "./picture/block.mjs";
import { Reader } from "./format/bytes.mjs";
import { mediumOf, readMedia } from "./format/container.mjs";
import { LimitError, UnsupportedError, VQCodecError, require } from "./errors.mjs";
import { Kernels } from "./kernels.mjs";
import { readShape } from "./picture/shape.mjs";
import * as transform from "./picture/transform.mjs";
import { decodeSound } from "./speech/speech.mjs";

export * from "./errors.mjs";
export { readCodebook } from "./format/codebook.mjs";
export { mediumOf, readMedia } from "./format/container.mjs";

const ENGINES = { "image/block": block, "image/transform": transform };
const WASM = new URL("./vqcodec-decoder.wasm", import.meta.url);

/**
 * @typedef {object} Picture
 * @property {number} width pixels in a row
 * @property {number} height
 * @property {number} channels 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
 * @property {Uint8Array} data samples of 8 bits: row by row, of each pixel one channel after the other
 */

/**
 * @typedef {object} Sound
 * @property {number} rate samples a second of each channel: the codec's, 8000 or 16000
 * @property {Int16Array[]} channels
 * @property {number} sourceRate samples a second of what was encoded
 * @property {number} sourceLength samples of a channel of what was encoded
 *
 * @typedef {object} Options
 * @property {Uint8Array | Uint8Array[] | import("./format/codebook.mjs").Finder} [codebook] `.vqcb` files, of which the
 *     one that the file names is used, or a function that returns them. Files with a codebook of their own need none.
 * @property {number} [mostPixels] a picture of more is refused before it is decoded: a small file may hold a large one
 * @property {WebAssembly.Module | BufferSource} [wasm] the decoder; without it the file beside this module
 */

/**
 * Decode a picture.
 * @param {Uint8Array | ArrayBuffer} bytes of a `.vqc` file
 * @param {Options} [options]
 * @returns {Promise<Picture>}
 * @throws {VQCodecError} one of the classes of `errors.mjs`
 */
export async function decode(bytes, options = {}) {
  const media = await mediaOf(bytes, options, "image");
  require(media.streams.size === 1, "a file of several streams is no picture", UnsupportedError);
  const [stream] = media.streams.values();
  const engine = ENGINES[stream.engine];
  require(engine !== undefined, `the engine ${stream.engine} is not known here`, UnsupportedError);
  return withKernels(options, (kernels) => {
    let { header, packets } = stream;
    if (header.length === 0 && packets.length === 1) {
      [header, packets[0]] = engine.split(packets[0]);
    }
    const { width, height } = readShape(new Reader(header, "picture header"));
    const allowed = width * height <= (options.mostPixels ?? Infinity);
    require(allowed, `a picture of ${width}x${height} pixels; at most ${options.mostPixels} are wanted`, LimitError);
    return engine.decode(kernels, header, packets, media.codebooks[stream.codebook]);
  });
}

/**
 * Decode a sound: within 1 of what the program decodes, at the codec's rate.
 * @param {Uint8Array | ArrayBuffer} bytes of a `.vqc` file
 * @param {Options} [options]
 * @returns {Promise<Sound>}
 * @throws {VQCodecError} one of the classes of `errors.mjs`
 */
export async function decodeSpeech(bytes, options = {}) {
  const media = await mediaOf(bytes, options, "speech");
  return withKernels(options, (kernels) => decodeSound(kernels, media));
}

/** A media file whose streams are all of one medium. */
async function mediaOf(bytes, { codebook = [] }, medium) {
  require(mediumOf(bytes) !== "video", "this is video, which is not decoded here", UnsupportedError);
  const media = await readMedia(bytes, finderOf(codebook));
  for (const stream of media.streams.values()) {
    require(stream.medium === medium, `this is ${stream.medium}, not ${medium}`, UnsupportedError);
  }
  return media;
}

/** What `work` makes with kernels of its own. */
async function withKernels({ wasm }, work) {
  const kernels = await Kernels.of(await moduleOf(wasm));
  try {
    return work(kernels);
  } catch (error) {
    if (error instanceof RangeError) throw new LimitError("this needs more memory than there is");
    throw error;
  }
}

function finderOf(codebook) {
  if (typeof codebook === "function") return codebook;
  return () => [codebook].flat();
}

let own = null;

/** The compiled decoder. */
async function moduleOf(given) {
  if (given instanceof WebAssembly.Module) return given;
  if (given !== undefined) return WebAssembly.compile(given);
  own ??= read(WASM).then((code) => WebAssembly.compile(code));
  return own;
}

/** The bytes of a file beside this module, in a browser or in node, whose `fetch` reads no files. */
async function read(url) {
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return readFile(url);
  }
  const response = await fetch(url);
  require(response.ok, `${url} cannot be loaded: ${response.status}`, VQCodecError);
  return response.arrayBuffer();
}
