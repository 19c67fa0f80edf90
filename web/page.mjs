/** The page that shows a picture, or plays a sound or a clip. */

import { CorruptFileError, decode, decodeSpeech, decodeVideo, mediumOf } from "./index.mjs";
import { Player } from "./player.mjs";

const MOST_CLAUSES = 5; // of damage that are said
const ids = ["drop", "file", "said", "canvas", "audio", "controls", "play", "seek", "moment"];
const [drop, input, said, canvas, audio, controls, play, seek, moment] = ids.map((id) => document.getElementById(id));
const player = new Player({ canvas, audio, play, seek, moment }, (error) => {
  said.textContent = `${error.name}: ${error.message}`;
});
const shipped = fetch("codebooks.json").then((response) => response.json());
const fetched = new Map(); // codebook files by their addresses

/** The shipped codebook whose identity begins so. */
async function find(beginning) {
  const address = (await shipped)[beginning.slice(0, 8)];
  if (address === undefined) return [];
  if (!fetched.has(address)) {
    const response = await fetch(address);
    if (!response.ok) return [];
    fetched.set(address, new Uint8Array(await response.arrayBuffer()));
  }
  return [fetched.get(address)];
}

/** The four channels that a canvas shows, of a picture of one to four. */
function rgbaOf({ width, height, channels, data }) {
  const image = new ImageData(width, height);
  const grey = channels < 3;
  const hasAlpha = channels % 2 === 0;
  for (let from = 0, to = 0; from < data.length; from += channels, to += 4) {
    for (let index = 0; index < 3; index++) image.data[to + index] = data[from + (grey ? 0 : index)];
    image.data[to + 3] = hasAlpha ? data[from + channels - 1] : 255;
  }
  return image;
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

async function showPicture(bytes) {
  const picture = await decoded(decode, bytes);
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").putImageData(rgbaOf(picture), 0, 0);
  return [`${picture.width} x ${picture.height} pixels`, picture.damage];
}

async function playSound(bytes) {
  const sound = await decoded(decodeSpeech, bytes);
  const seconds = hear(sound);
  audio.hidden = false;
  return [`${seconds.toFixed(1)} s, ${sound.rate} Hz`, sound.damage];
}

async function showClip(bytes) {
  const video = await decoded(decodeVideo, bytes);
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

async function show(file) {
  player.close();
  canvas.width = canvas.height = 0;
  audio.hidden = controls.hidden = true;
  URL.revokeObjectURL(audio.src);
  said.textContent = `${file.name} is being decoded`;
  const start = performance.now();
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const [what, damage] = await (WAYS[mediumOf(bytes)] ?? showPicture)(bytes);
    const spent = `${bytes.length} bytes, ${(performance.now() - start).toFixed(0)} ms`;
    said.textContent = `${file.name}: ${what}, ${spent}${wordsOf(damage)}`;
  } catch (error) {
    said.textContent = `${file.name}: ${error.name}: ${error.message}`;
  }
}

input.addEventListener("change", () => input.files.length > 0 && show(input.files[0]));
for (const kind of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length > 0) show(event.dataTransfer.files[0]);
  });
}
