/**
 * vqcodec for browsers and node: decodes `.vqc` pictures and video to the same samples as the program, and speech.
 *
 *     import { decode } from "./index.mjs";
 *     const { width, height, channels, data } = await decode(bytes, { codebook });
 */

import * as block from "./picture/block.mjs";
import { Reader, bytesOf } from "./format/bytes.mjs";
import { isCompact, mediumOf, readChunked, readMedia, withCodebooks } from "./format/container.mjs";
import { LimitError, UnsupportedError, VQCodecError, require } from "./errors.mjs";
import { Kernels } from "./kernels.mjs";
import { readShape } from "./picture/shape.mjs";
import * as transform from "./picture/transform.mjs";
import { decodeSound } from "./speech/speech.mjs";
import { Video } from "./video/video.mjs";

export * from "./errors.mjs";
export { readCodebook } from "./format/codebook.mjs";
export { mediumOf, readMedia } from "./format/container.mjs";

const ENGINES = { "image/block": block, "image/transform": transform };
const DECODER = new URL("./vqcodec-decoder.wasm", import.meta.url);
const VIDEO = new URL("./vqcodec-video.wasm", import.meta.url);

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
 * @typedef {object} Sound
 * @property {number} rate samples a second of each channel: the codec's, 8000 or 16000
 * @property {Int16Array[]} channels
 * @property {number} sourceRate samples a second of what was encoded
 * @property {number} sourceLength samples of a channel of what was encoded
 * @property {string[]} [damage] a clause for each damage, with `salvage`
 *
 * @typedef {object} Options
 * @property {Uint8Array | Uint8Array[] | import("./format/codebook.mjs").Finder} [codebook] `.vqcb` files, of which the
 *     one that the file names is used, or a function that returns them. Files with a codebook of their own need none.
 * @property {number} [mostPixels] a picture, or a video with frames, of more is refused before it is decoded: a small
 *     file may hold a large one
 * @property {boolean} [salvage] whether to decode what is intact of a damaged file; what is found is in `damage`
 * @property {WebAssembly.Module | BufferSource} [wasm] the decoder of pictures and speech; without it the file
 *     `vqcodec-decoder.wasm` beside this module
 * @property {WebAssembly.Module | BufferSource} [videoWasm] that of video; without it `vqcodec-video.wasm`
 */

/**
 * Decode a picture.
 * @param {Uint8Array | ArrayBuffer | import("./format/container.mjs").Media} bytes of a `.vqc` file, or an item of a
 *     pack
 * @param {Options} [options]
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
  return withKernels(options, (kernels) => {
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

/**
 * Decode a sound: within 1 of what the program decodes, at the codec's rate.
 * @param {Uint8Array | ArrayBuffer | import("./format/container.mjs").Media} bytes of a `.vqc` file, or an item of a
 *     pack
 * @param {Options} [options]
 * @returns {Promise<Sound>}
 * @throws {VQCodecError} one of the classes of `errors.mjs`
 */
export async function decodeSpeech(bytes, options = {}) {
  const damage = options.salvage ? [] : null;
  const media = await mediaOf(bytes, options, "speech", damage);
  const sound = await withKernels(options, (kernels) => decodeSound(kernels, media, damage));
  return damage === null ? sound : { ...sound, damage };
}

/**
 * Open a video. Frames are decoded when they are asked for: `for await (const frame of video.frames())`.
 * @param {Uint8Array | ArrayBuffer} bytes of a `.vqc` file; they must not change while the video is used
 * @param {Options} [options]
 * @returns {Promise<Video>}
 * @throws {VQCodecError} one of the classes of `errors.mjs`
 */
export async function decodeVideo(bytes, options = {}) {
  const data = bytesOf(bytes);
  require(!isCompact(data), `this is ${mediumOf(data)}, not video of the chunked form`, UnsupportedError);
  const find = finderOf(options.codebook);
  const damage = options.salvage ? [] : null;
  const needed = {
    find,
    newKernels: async () => Kernels.of(await moduleOf(VIDEO, options.videoWasm)),
    decodeSound: async (media) => {
      const found = await withCodebooks(media, find);
      return withKernels(options, (kernels) => decodeSound(kernels, found, damage));
    },
    mostPixels: options.mostPixels ?? Infinity,
  };
  return Video.open(readChunked(data, damage), needed, damage);
}

/** A media file whose streams are all of one medium. */
async function mediaOf(bytes, { codebook }, medium, damage) {
  if (bytes?.streams instanceof Map) {
    checkMedium(bytes, medium);
    return bytes;
  }
  const data = bytesOf(bytes);
  const find = finderOf(codebook);
  if (!isCompact(data)) {
    const media = readChunked(data, damage);
    checkMedium(media, medium);
    return withCodebooks(media, find);
  }
  require(mediumOf(data) !== "video", `this is video, not ${medium}`, UnsupportedError);
  const media = await readMedia(data, find, damage);
  checkMedium(media, medium);
  return media;
}

function checkMedium({ streams }, medium) {
  for (const stream of streams.values()) {
    require(stream.medium === medium, `this is ${stream.medium}, not ${medium}`, UnsupportedError);
  }
}

/** What `work` makes with kernels of its own. */
async function withKernels({ wasm }, work) {
  const kernels = await Kernels.of(await moduleOf(DECODER, wasm));
  try {
    return work(kernels);
  } catch (error) {
    if (error instanceof RangeError) throw new LimitError("this needs more memory than there is");
    throw error;
  }
}

/** What finds codebooks, of the option `codebook`. */
export function finderOf(codebook = []) {
  if (typeof codebook === "function") return codebook;
  return () => [codebook].flat();
}

const compiled = new Map(); // modules by address

/** A compiled module: the one that is given, or the file at an address. */
async function moduleOf(url, given) {
  if (given instanceof WebAssembly.Module) return given;
  if (given !== undefined) return WebAssembly.compile(given);
  if (!compiled.has(url)) {
    const made = read(url).then((code) => WebAssembly.compile(code));
    made.catch(() => compiled.delete(url)); // so that it is tried again
    compiled.set(url, made);
  }
  return compiled.get(url);
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
