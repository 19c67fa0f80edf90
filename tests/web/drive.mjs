/**
 * What the decoder for browsers makes of files, for the tests in Python.
 *
 * Standard input holds JSON: `wasm`, the path of the decoder; `codebooks`, paths of shared codebooks; `files`, paths;
 * `as`: what they are decoded as, `picture` or `speech`, or `container`; `mostPixels`, or null; `output`, a folder for
 * decoded speech. Standard output gets a list of JSON: for each file its shape and the SHA-256 of its pixels
 * (pictures), its rates and lengths (speech; the samples, channel after channel, go to `output`), its arrays
 * (codebooks), its streams (containers), or the name of the error and its message.
 */

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { finish } from "./finish.mjs";
import { decode, decodeSpeech, readCodebook, readMedia } from "../../web/index.mjs";

const asked = JSON.parse(readFileSync(0, "utf-8"));
const options = {
  codebook: asked.codebooks.map((path) => readFileSync(path)),
  wasm: new WebAssembly.Module(readFileSync(asked.wasm)),
  mostPixels: asked.mostPixels ?? undefined,
};

const WAYS = {
  async picture(data) {
    const { height, width, channels, data: pixels } = await decode(data, options);
    return { shape: [height, width, channels], sha256: hashOf(pixels) };
  },
  async speech(data, path) {
    const { channels, ...rest } = await decodeSpeech(data, options);
    const samples = channels.map(({ buffer }) => Buffer.from(buffer));
    writeFileSync(join(asked.output, `${basename(path)}.s16`), Buffer.concat(samples));
    return { ...rest, channels: channels.length };
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

function hashOf(data) {
  return createHash("sha256").update(data).digest("hex");
}

const results = [];
for (const path of asked.files) {
  const start = performance.now();
  let result;
  try {
    const way = path.endsWith(".vqcb") ? "codebook" : asked.as;
    result = { result: await WAYS[way](readFileSync(path), path) };
  } catch (error) {
    result = { error: error.name, message: error.message };
  }
  results.push({ ...result, seconds: (performance.now() - start) / 1000 });
}
finish(results);
