/** The page that shows a picture. */

import { decode } from "./index.mjs";

const [drop, input, said, canvas] = ["drop", "file", "said", "canvas"].map((id) => document.getElementById(id));
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

async function show(file) {
  canvas.width = canvas.height = 0;
  said.textContent = `${file.name} is decoded`;
  const start = performance.now();
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const picture = await decode(bytes, { codebook: find });
    const took = (performance.now() - start).toFixed(0);
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext("2d").putImageData(rgbaOf(picture), 0, 0);
    said.textContent = `${file.name}: ${picture.width} x ${picture.height} pixels, ${bytes.length} bytes, ${took} ms`;
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
