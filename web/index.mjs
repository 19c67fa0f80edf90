/**
 * vqcodec for browsers and node: decodes `.vqc` pictures and video to the same samples as the program, and speech.
 *
 *     import { decode } from "./index.mjs";
 *     const { width, height, channels, data } = await decode(bytes, { codebook });
 *
 * What only speech or video needs is loaded with the first sound or clip. Service workers may load nothing late: they
 * import `pictures.mjs`.
 */

import { finderOf, kernelsOf, mediaOf, withKernels } from "./decoding.mjs";
import { bytesOf } from "./format/bytes.mjs";
import { isCompact, mediumOf, readChunked, withCodebooks } from "./format/container.mjs";
import { UnsupportedError, require } from "./errors.mjs";

export * from "./errors.mjs";
export { readCodebook } from "./format/codebook.mjs";
export { mediumOf, readMedia } from "./format/container.mjs";
export { decode } from "./pictures.mjs";

/**
 * @typedef {object} Sound
 * @property {number} rate samples a second of each channel: the codec's, 8000 or 16000
 * @property {Int16Array[]} channels
 * @property {number} sourceRate samples a second of what was encoded
 * @property {number} sourceLength samples of a channel of what was encoded
 * @property {string[]} [damage] a clause for each damage, with `salvage`
 */

/**
 * Decode a sound: within 1 of what the program decodes, at the codec's rate.
 * @param {Uint8Array | ArrayBuffer | import("./format/container.mjs").Media} bytes of a `.vqc` file, or an item of a
 *     pack
 * @param {import("./decoding.mjs").Options} [options]
 * @returns {Promise<Sound>}
 * @throws {VQCodecError} one of the classes of `errors.mjs`
 */
export async function decodeSpeech(bytes, options = {}) {
  const damage = options.salvage ? [] : null;
  const media = await mediaOf(bytes, options, "speech", damage);
  const sound = await soundOf(media, options, damage);
  return damage === null ? sound : { ...sound, damage };
}

/**
 * Open a video. Frames are decoded when they are asked for: `for await (const frame of video.frames())`.
 * @param {Uint8Array | ArrayBuffer} bytes of a `.vqc` file; they must not change while the video is used
 * @param {import("./decoding.mjs").Options} [options]
 * @returns {Promise<import("./video/video.mjs").Video>}
 * @throws {VQCodecError} one of the classes of `errors.mjs`
 */
export async function decodeVideo(bytes, options = {}) {
  const data = bytesOf(bytes);
  require(!isCompact(data), `this is ${mediumOf(data)}, not video of the chunked form`, UnsupportedError);
  const find = finderOf(options.codebook);
  const damage = options.salvage ? [] : null;
  const needed = {
    find,
    newKernels: () => kernelsOf("video", options),
    decodeSound: async (media) => soundOf(await withCodebooks(media, find), options, damage),
    mostPixels: options.mostPixels ?? Infinity,
  };
  const { Video } = await import("./video/video.mjs");
  return Video.open(readChunked(data, damage), needed, damage);
}

async function soundOf(media, options, damage) {
  const { decodeSound } = await import("./speech/speech.mjs");
  return withKernels("speech", options, (kernels) => decodeSound(kernels, media, damage));
}
