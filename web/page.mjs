/** The page that shows a picture, or plays a sound. */

import { decode, decodeSpeech, mediumOf } from "./index.mjs";

const ids = ["drop", "file", "said", "canvas", "audio"];
const [drop, input, said, canvas, audio] = ids.map((id) => document.getElementById(id));
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

async function showPicture(bytes) {
  const picture = await decode(bytes, { codebook: find });
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").putImageData(rgbaOf(picture), 0, 0);
  return `${picture.width} x ${picture.height} pixels`;
}

async function playSound(bytes) {
  const sound = await decodeSpeech(bytes, { codebook: find });
  audio.src = URL.createObjectURL(wavOf(sound));
  audio.hidden = false;
  return `${(sound.channels[0].length / sound.rate).toFixed(1)} s, ${sound.rate} Hz`;
}

async function show(file) {
  canvas.width = canvas.height = 0;
  audio.hidden = true;
  URL.revokeObjectURL(audio.src);
  said.textContent = `${file.name} is being decoded`;
  const start = performance.now();
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const what = await (mediumOf(bytes) === "speech" ? playSound : showPicture)(bytes);
    said.textContent = `${file.name}: ${what}, ${bytes.length} bytes, ${(performance.now() - start).toFixed(0)} ms`;
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
