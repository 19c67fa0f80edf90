/** The page that shows a picture, or plays a sound or a clip. */

import { shippedCodebooks } from "./codebooks.mjs";
import { CorruptFileError, decode, decodeSpeech, decodeVideo, mediumOf } from "./index.mjs";
import { isPack } from "./pack/magic.mjs";
import { rgbaOf } from "./pixels.mjs";
import { Player } from "./player.mjs";

const MOST_CLAUSES = 5; // of damage that are said
const ids = ["drop", "file", "said", "canvas", "audio", "controls", "play", "seek", "moment", "items", "more"];
const found = ids.map((id) => document.getElementById(id));
const [drop, input, said, canvas, audio, controls, play, seek, moment, items, more] = found;
const player = new Player({ canvas, audio, play, seek, moment }, (error) => {
  said.textContent = `${error.name}: ${error.message}`;
});
const find = shippedCodebooks();
let grid = null; // made with the first pack

function imageOf(picture) {
  return new ImageData(rgbaOf(picture), picture.width, picture.height);
}

/** A WAV file of 16-bit samples. */
function wavOf({ rate, channels }) {
  const samples = channels[0].length;
  const size = 2 * samples * channels.length;
  const view = new DataView(new ArrayBuffer(44 + size));
  const text = (at, letters) => {
    for (let index = 0; index < letters.length; index++) view.setUint8(at + index, letters.charCodeAt(index));
  };
  text(0, "RIFF");
  view.setUint32(4, 36 + size, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, channels.length, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate * channels.length, true);
  view.setUint16(32, 2 * channels.length, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, size, true);
  for (let n = 0, at = 44; n < samples; n++) {
    for (const channel of channels) {
      view.setInt16(at, channel[n], true);
      at += 2;
    }
  }
  return new Blob([view], { type: "audio/wav" });
}

/** What one of the decoders makes of a file; of a damaged one, what is intact. */
async function decoded(decoder, bytes) {
  try {
    return await decoder(bytes, { codebook: find });
  } catch (error) {
    if (!(error instanceof CorruptFileError)) throw error;
    return decoder(bytes, { codebook: find, salvage: true });
  }
}

/** What to say of damage. */
function wordsOf(damage = []) {
  if (damage.length === 0) return "";
  const more = damage.length > MOST_CLAUSES ? [`and ${damage.length - MOST_CLAUSES} more`] : [];
  return `; damaged: ${[...damage.slice(0, MOST_CLAUSES), ...more].join("; ")}`;
}

async function showPicture(decoder) {
  const picture = await decoder(decode);
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").putImageData(imageOf(picture), 0, 0);
  return [`${picture.width} x ${picture.height} pixels`, picture.damage];
}

async function playSound(decoder) {
  const sound = await decoder(decodeSpeech);
  const seconds = hear(sound);
  audio.hidden = false;
  return [`${seconds.toFixed(1)} s, ${sound.rate} Hz`, sound.damage];
}

async function showClip(decoder) {
  const video = await decoder(decodeVideo);
  const sound = await video.decodeSound();
  await player.open(video, sound === null ? 0 : hear(sound));
  controls.hidden = false;
  const { width, height, length, seconds } = video;
  return [`${width} x ${height} pixels, ${length} frames, ${seconds.toFixed(1)} s`, video.damage];
}

/** Give the audio element a sound; returns how long it lasts. */
function hear(sound) {
  audio.src = URL.createObjectURL(wavOf(sound));
  return sound.channels[0].length / sound.rate;
}

const WAYS = { speech: playSound, video: showClip };

/** Take away what is shown of the file or item before. */
function clear() {
  player.close();
  canvas.width = canvas.height = 0;
  audio.hidden = controls.hidden = true;
  URL.revokeObjectURL(audio.src);
}

/** Say what `work` returns, or what is wrong. */
async function saying(name, work) {
  clear();
  said.textContent = `${name} is being decoded`;
  try {
    said.textContent = `${name}: ${await work()}`;
  } catch (error) {
    said.textContent = `${name}: ${error.name}: ${error.message}`;
  }
}

/** Show a file, or the pack at an address. */
async function show(file) {
  grid?.close();
  const start = performance.now();
  const spent = (size) => `${size} bytes, ${(performance.now() - start).toFixed(0)} ms`;
  await saying(file.name, async () => {
    if (file.address !== undefined) return showPack(file.address);
    if (isPack(new Uint8Array(await file.slice(0, 8).arrayBuffer()))) return showPack(file);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const way = WAYS[mediumOf(bytes)] ?? showPicture;
    const [what, damage] = await way((decoder) => decoded(decoder, bytes));
    return `${what}, ${spent(bytes.length)}${wordsOf(damage)}`;
  });
}

async function showPack(given) {
  const [{ Pack }, { Grid }] = await Promise.all([import("./pack/pack.mjs"), import("./grid.mjs")]);
  grid ??= new Grid({ list: items, more }, (opened, entry) => showItem(opened, entry));
  const opened = async (options) => {
    const pack = await Pack.open(given, { codebook: find, ...options });
    return { pack, damage: await grid.open(pack) };
  };
  let { pack, damage } = await opened({}).catch((error) => {
    if (!(error instanceof CorruptFileError)) throw error;
    return { pack: null, damage: [] };
  });
  if (pack === null || damage.length > 0) ({ pack, damage } = await opened({ salvage: true }));
  return `${pack.length} items, ${pack.source.size} bytes${wordsOf(damage)}`;
}

/** Show one item of a pack, large. */
async function showItem(pack, entry) {
  await saying(entry.name, async () => {
    const [what] = await (WAYS[entry.kind.medium] ?? showPicture)((decoder) => pack.decoded(entry, decoder));
    return `${what}, ${entry.kind.ofMemory ? "in the memory of the codebook" : `${entry.length} bytes`}`;
  });
}

input.addEventListener("change", () => input.files.length > 0 && show(input.files[0]));
for (const kind of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length > 0) show(event.dataTransfer.files[0]);
  });
}

const address = new URLSearchParams(globalThis.location?.search).get("pack");
if (address !== null) show({ name: address, address });
