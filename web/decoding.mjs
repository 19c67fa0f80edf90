/** What the decoders of all media share: the options, files of one medium, and kernels. */

import { bytesOf } from "./format/bytes.mjs";
import { isCompact, mediumOf, readChunked, readMedia, withCodebooks } from "./format/container.mjs";
import { LimitError, UnsupportedError, VQCodecError, require } from "./errors.mjs";
import { Kernels } from "./kernels.mjs";

const MODULES = {
  image: { url: new URL("./vqcodec-pictures.wasm", import.meta.url), option: "wasm" },
  speech: { url: new URL("./vqcodec-speech.wasm", import.meta.url), option: "speechWasm" },
  video: { url: new URL("./vqcodec-video.wasm", import.meta.url), option: "videoWasm" },
};

/**
 * @typedef {object} Options
 * @property {Uint8Array | Uint8Array[] | import("./format/codebook.mjs").Finder} [codebook] `.vqcb` files, of which the
 *     one that the file names is used, or a function that returns them. Files with a codebook of their own need none.
 * @property {number} [mostPixels] a picture, or a video with frames, of more is refused before it is decoded: a small
 *     file may hold a large one
 * @property {boolean} [salvage] whether to decode what is intact of a damaged file; what is found is in `damage`
 * @property {WebAssembly.Module | BufferSource} [wasm] the decoder of pictures; without it the file
 *     `vqcodec-pictures.wasm` beside this module
 * @property {WebAssembly.Module | BufferSource} [speechWasm] that of speech; without it `vqcodec-speech.wasm`
 * @property {WebAssembly.Module | BufferSource} [videoWasm] that of video; without it `vqcodec-video.wasm`
 */

/** A media file whose streams are all of one medium. */
export async function mediaOf(bytes, { codebook }, medium, damage) {
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

/** New kernels of a medium, with memory of their own. */
export async function kernelsOf(medium, options) {
  const { url, option } = MODULES[medium];
  return Kernels.of(await moduleOf(url, options[option]));
}

/** What `work` makes with new kernels of a medium. */
export async function withKernels(medium, options, work) {
  const kernels = await kernelsOf(medium, options);
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
