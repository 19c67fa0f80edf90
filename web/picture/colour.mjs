/** From planes to pixels (FORMAT.md, 8.5 and 9.17). */

const BAND = 64; // rows of pixels that are turned at once
const RGB_KERNELS = { uint8: "image.colour._ycbcr_to_rgb", int16: "image.fine_colour._ycbcr_to_rgb" };

/**
 * @typedef {object} Plane
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array | Int16Array} samples int16: in 1/16
 */

/**
 * Write the colours of a picture into its pixels.
 * @param {Kernels} kernels
 * @param {Plane[]} planes luma, Cb and Cr, the last two of the picture's size or half of it
 * @param {Shape} shape
 * @param {Uint8Array} data pixels, channel by channel, written
 */
export function writeColours(kernels, planes, { width, height, channels }, data) {
  const type = planes[0].samples instanceof Uint8Array ? "uint8" : "int16";
  const doubled = planes[1].height !== height || planes[1].width !== width;
  for (let top = 0; top < height; top += BAND) {
    const rows = Math.min(BAND, height - top);
    kernels.scope(() => {
      const luma = rowsOf(kernels, type, planes[0], top, rows);
      const chroma = planes.slice(1).map((plane) => {
        return doubled ? doubledRows(kernels, type, plane, width, top, rows) : rowsOf(kernels, type, plane, top, rows);
      });
      const rgb = kernels.room("uint8", [rows, width, 3]);
      kernels.call(RGB_KERNELS[type], luma, ...chroma, rgb);
      put(rgb.view, 3, data, channels, top * width);
    });
  }
}

/** Write samples of `count` channels into the first channels of pixels, from pixel `first` on. */
export function put(samples, count, data, channels, first, channel = 0) {
  let to = first * channels + channel;
  for (let from = 0; from < samples.length; from += count, to += channels) {
    for (let index = 0; index < count; index++) data[to + index] = samples[from + index];
  }
}

function rowsOf(kernels, type, { width, samples }, top, rows) {
  return kernels.array(type, [rows, width], samples.subarray(top * width, (top + rows) * width));
}

/** Rows of a plane that is interpolated from one of half the size. */
export function doubledRows(kernels, type, half, width, top, rows) {
  const first = Math.max((top >> 1) - 1, 0);
  const end = Math.min(((top + rows + 1) >> 1) + 1, half.height);
  const near = rowsOf(kernels, type, half, first, end - first);
  const before = top - 2 * first; // rows that only the first ones need
  const plane = kernels.room(type, [before + rows, width]);
  kernels.call("image.colour._double", near, plane);
  return plane.part(before, rows);
}
