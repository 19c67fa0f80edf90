/** Pixels as canvases take them. */

/**
 * The four channels that a canvas shows.
 * @param {import("./index.mjs").Picture} picture
 * @returns {Uint8ClampedArray} red, green, blue and alpha of each pixel
 */
export function rgbaOf({ width, height, channels, data }) {
  const pixels = new Uint8ClampedArray(4 * width * height);
  const grey = channels < 3;
  const hasAlpha = channels % 2 === 0;
  for (let from = 0, to = 0; from < data.length; from += channels, to += 4) {
    for (let index = 0; index < 3; index++) pixels[to + index] = data[from + (grey ? 0 : index)];
    pixels[to + 3] = hasAlpha ? data[from + channels - 1] : 255;
  }
  return pixels;
}
