/**
 * What a released decoder makes of pictures and sounds: node released.mjs FOLDER FILE...; the folder is what `web/release.sh` made.
 * Writes for each file its shape and the SHA-256 of its pixels or its rate and length, or the name of the error, as JSON.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { finish } from "./finish.mjs";

const [folder, ...files] = process.argv.slice(2);
const moduleOf = (name) => import(pathToFileURL(join(folder, name)));
const [{ decode, decodeSpeech, mediumOf }, { shippedCodebooks }] = await Promise.all(["index.mjs", "codebooks.mjs"].map(moduleOf));
globalThis.fetch = async (address) => new Response(readFileSync(new URL(address)));
const options = { codebook: shippedCodebooks() };

async function outcome(data) {
  try {
    if (mediumOf(data) === "speech") {
      const { rate, channels } = await decodeSpeech(data, options);
      return { rate, length: channels[0].length };
    }
    const { height, width, channels, data: pixels } = await decode(data, options);
    return { shape: [height, width, channels], sha256: createHash("sha256").update(pixels).digest("hex") };
  } catch (error) {
    return { error: error.name, message: error.message };
  }
}

const found = [];
for (const file of files) found.push(await outcome(readFileSync(file)));
finish(found);
