/**
 * What the decoder for browsers makes of files, for the tests in Python.
 *
 * Standard input holds JSON: `wasm`, the path of the decoder; `codebooks`, paths of shared codebooks; `files`, paths.
 * Standard output gets a list of JSON: for each file its shape and the SHA-256 of its pixels (pictures), its arrays
 * (codebooks), or the name of the error and its message.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { decode, readCodebook, readMedia } from "../../web/index.mjs";

const { wasm, codebooks, files, containers } = JSON.parse(readFileSync(0, "utf-8"));
const module = new WebAssembly.Module(readFileSync(wasm));
const shared = codebooks.map(bytesOf);

function bytesOf(path) {
  return new Uint8Array(readFileSync(path));
}

function hashOf(data) {
  return createHash("sha256").update(data).digest("hex");
}

async function resultOf(path) {
  const data = bytesOf(path);
  if (path.endsWith(".vqcb")) {
    const { arrays } = await readCodebook(data, () => shared);
    return Object.fromEntries(Array.from(arrays, ([name, { type, shape, data }]) => [name, [type, shape, hashOf(data)]]));
  }
  if (containers) {
    const { streams } = await readMedia(data, () => shared);
    return Array.from(streams, ([number, { engine, packets }]) => [number, engine, packets.map(hashOf)]);
  }
  const { height, width, channels, data: pixels } = await decode(data, { codebook: shared, wasm: module });
  return { shape: [height, width, channels], sha256: hashOf(pixels) };
}

const results = [];
for (const path of files) {
  const start = performance.now();
  let result;
  try {
    result = { result: await resultOf(path) };
  } catch (error) {
    result = { error: error.name, message: error.message };
  }
  results.push({ ...result, seconds: (performance.now() - start) / 1000 });
}
console.log(JSON.stringify(results));
