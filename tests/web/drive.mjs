/**
 * What the decoder for browsers makes of files, for the tests in Python.
 *
 * Standard input holds JSON: `decoder`, the folder of its modules; `codebooks`, paths of shared codebooks; `files`,
 * paths; `as`: what they are decoded as, `picture`, `speech` or `video`, or `pack`, `container` or `groups`; `mostPixels`, or
 * null; `output`, a folder for decoded speech; `first`, a frame; `salvage`, whether to pass over damage. Standard output gets a list of JSON: for each file its
 * shape and the SHA-256 of its pixels (pictures), its rates and lengths (speech; the samples, channel after channel, go
 * to `output`), its frames from the first one on with the SHA-256 of their planes and pixels (video), its arrays
 * (codebooks), what each item is (packs), its streams (containers), its groups and when they are shown (groups), or the name of the error and its
 * message.
 */

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { finish } from "./finish.mjs";
import { decode, decodeSpeech, decodeVideo, readCodebook, readMedia } from "../../web/index.mjs";
import { Pack } from "../../web/pack/pack.mjs";
import { readChunked } from "../../web/format/container.mjs";
import { groupsOf, momentOf } from "../../web/video/groups.mjs";
import { readHeader } from "../../web/video/header.mjs";

const asked = JSON.parse(readFileSync(0, "utf-8"));
const moduleOf = (name) => new WebAssembly.Module(readFileSync(join(asked.decoder, name)));
const options = {
  codebook: asked.codebooks.map((path) => readFileSync(path)),
  wasm: moduleOf("vqcodec-pictures.wasm"),
  speechWasm: moduleOf("vqcodec-speech.wasm"),
  videoWasm: moduleOf("vqcodec-video.wasm"),
  mostPixels: asked.mostPixels ?? undefined,
  salvage: asked.salvage,
};

const WAYS = {
  async picture(data) {
    const { height, width, channels, data: pixels, ...rest } = await decode(data, options);
    const found = { shape: [height, width, channels], sha256: hashOf(pixels) };
    return asked.salvage ? { ...found, ...rest, pixels: Buffer.from(pixels).toString("base64") } : found;
  },
  async pack(data) {
    const pack = await Pack.open(data, options);
    const found = {};
    for await (const { name } of pack.items()) {
      found[name] = await outcome(async () => {
        const { height, width, channels, data: pixels } = await pack.decode(name);
        return { shape: [height, width, channels], sha256: hashOf(pixels) };
      });
    }
    return asked.salvage ? { items: found, damage: pack.damage } : found;
  },
  async speech(data, path) {
    return saved(await decodeSpeech(data, options), path);
  },
  async video(data, path) {
    const video = await decodeVideo(data, options);
    const frames = [];
    for await (const frame of video.frames(asked.first)) {
      const { number, seconds, planes, lost } = frame;
      frames.push([number, seconds, hashOf(Buffer.concat(planes.map((plane) => plane.data))), lost]);
    }
    const { width, height, length, seconds, hasSound, damage } = video;
    const sound = hasSound ? saved(await video.decodeSound(), path) : null;
    return { width, height, length, seconds, frames, sound, damage };
  },
  async pixels(data) {
    const video = await decodeVideo(data, options);
    const { value } = await video.frames(asked.first).next();
    return { shape: [video.height, video.width, 4], pixels: Buffer.from(video.rgbaOf(value)).toString("base64") };
  },
  async groups(data) {
    const [stream] = readChunked(new Uint8Array(data)).streams.values();
    const header = readHeader(stream.header);
    // Those of the engine of the hand-made files
    const framesIn = (payload) => new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
    const { groups, length } = groupsOf(header, stream, framesIn);
    const moments = Array.from({ length: length + 1 }, (_, frame) => momentOf(header, groups, frame));
    return { header, groups: groups.map(({ start, count }) => [start, count]), moments };
  },
  async container(data) {
    const { streams } = await readMedia(data, () => options.codebook);
    return Array.from(streams, ([number, { engine, packets }]) => [number, engine, packets.map(hashOf)]);
  },
  async codebook(data) {
    const { arrays } = await readCodebook(data, () => options.codebook);
    return Object.fromEntries([...arrays].map(([name, { type, shape, data }]) => [name, [type, shape, hashOf(data)]]));
  },
};

function saved({ channels, ...rest }, path) {
  const samples = channels.map(({ buffer }) => Buffer.from(buffer));
  writeFileSync(join(asked.output, `${basename(path)}.s16`), Buffer.concat(samples));
  return { ...rest, channels: channels.length };
}

function hashOf(data) {
  return createHash("sha256").update(data).digest("hex");
}

/** What work results in: its result, or its error. */
async function outcome(work) {
  try {
    return { result: await work() };
  } catch (error) {
    return { error: error.name, message: error.message };
  }
}

const results = [];
for (const path of asked.files) {
  const start = performance.now();
  const way = path.endsWith(".vqcb") ? "codebook" : asked.as;
  const result = await outcome(() => WAYS[way](readFileSync(path), path));
  results.push({ ...result, seconds: (performance.now() - start) / 1000 });
}
finish(results);
