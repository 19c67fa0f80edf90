/**
 * Has the page show a file, without a browser: node show.mjs FOLDER FILE. FOLDER is a copy of `web/` with the decoder.
 * Writes what the page says, the SHA-256 of what the canvas shows, and the sound that is to be played, as JSON.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { finish } from "./finish.mjs";

const [folder, path] = process.argv.slice(2);
const shown = { picture: null, sound: null };
const hashOf = (data) => createHash("sha256").update(data).digest("hex");
const elements = {};

for (const id of ["drop", "file", "said", "canvas", "audio", "controls", "play", "seek", "moment", "items", "more"]) {
  elements[id] = { listeners: {}, classList: { toggle() {} }, style: {}, pause() {}, replaceChildren() {} };
  elements[id].addEventListener = (kind, listener) => (elements[id].listeners[kind] = listener);
}
elements.canvas.getContext = () => ({ putImageData: (image) => (shown.picture = hashOf(image.data)) });
globalThis.document = { getElementById: (id) => elements[id] };
globalThis.ImageData = class {
  constructor(...given) {
    this.data = typeof given[0] === "number" ? new Uint8ClampedArray(4 * given[0] * given[1]) : given[0];
  }
};
globalThis.fetch = async (address) => new Response(readFileSync(new URL(address)));
URL.createObjectURL = (blob) => {
  shown.sound = blob.arrayBuffer().then((data) => Buffer.from(data).toString("base64"));
  return "blob:";
};
URL.revokeObjectURL = () => {};

await import(pathToFileURL(join(folder, "page.mjs")));
const data = readFileSync(path);
const file = Object.assign(new Blob([data]), { name: basename(path) });
elements.drop.listeners.drop({ preventDefault() {}, type: "drop", dataTransfer: { files: [file] } });
while (!/: /.test(elements.said.textContent)) await new Promise((resolve) => setTimeout(resolve, 20));
finish({ said: elements.said.textContent, picture: shown.picture, sound: await shown.sound });
