/**
 * Decodes pictures for `<vqc-image>`, away from the page.
 *
 * A message `{ id, src }` is answered by `{ id, size }` once the file is there, if it says its size, and then by
 * `{ id, picture }` or `{ id, error }`. `src` is a whole address, that of a pack with `#` and the name of an item.
 */

import { shippedCodebooks } from "./codebooks.mjs";
import { UnreadableInputError, require } from "./errors.mjs";
import { sizeOf } from "./picture/size.mjs";
import { decode } from "./pictures.mjs";
import { rgbaOf } from "./pixels.mjs";

const MOST_PIXELS = 2 ** 26; // of a picture: a small file may hold a large one
const KEPT_BYTES = 2 ** 26; // of decoded pictures
const KEPT_PACKS = 8;
const options = { codebook: shippedCodebooks(), mostPixels: MOST_PIXELS };
const pictures = new Map(); // decoded ones by address, the one used last at the end
const packs = new Map(); // promises by address

self.addEventListener("message", async ({ data: { id, src } }) => {
  try {
    const picture = pictures.get(src) ?? (await load(src, (size) => self.postMessage({ id, size })));
    keep(src, picture);
    self.postMessage({ id, picture });
  } catch (error) {
    self.postMessage({ id, error: { name: error.name, message: error.message } });
  }
});

async function load(src, report) {
  const address = new URL(src);
  const name = decodeURIComponent(address.hash.slice(1));
  address.hash = "";
  const picture = await (name === "" ? loadFile(address.href, report) : loadItem(address.href, name, report));
  return { width: picture.width, height: picture.height, pixels: rgbaOf(picture) };
}

async function loadFile(address, report) {
  const response = await fetch(address);
  require(response.ok, `${address}: cannot be loaded: ${response.status}`, UnreadableInputError);
  const bytes = new Uint8Array(await response.arrayBuffer());
  tell(sizeOf(bytes), report);
  return decode(bytes, options);
}

async function loadItem(address, name, report) {
  if (!packs.has(address)) {
    const opened = open(address);
    opened.catch(() => packs.delete(address)); // so that it is tried again
    packs.set(address, opened);
    if (packs.size > KEPT_PACKS) packs.delete(packs.keys().next().value);
  }
  const pack = await packs.get(address);
  const item = await pack.item(name);
  require(item !== undefined, `${address}: no item '${name}'`, UnreadableInputError);
  tell(item.kind.size, report);
  return pack.decode(item);
}

async function open(address) {
  const { Pack } = await import("./pack/pack.mjs");
  return Pack.open(address, options);
}

function tell(size, report) {
  if (size !== undefined) report({ width: size.width, height: size.height });
}

function keep(src, picture) {
  pictures.delete(src);
  pictures.set(src, picture);
  let bytes = 0;
  for (const { pixels } of pictures.values()) bytes += pixels.length;
  for (const [oldest, { pixels }] of pictures) {
    if (bytes <= KEPT_BYTES) break;
    pictures.delete(oldest);
    bytes -= pixels.length;
  }
}
