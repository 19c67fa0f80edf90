/** Planes of frames: from 1/16 of a sample value to what is shown (FORMAT.md, 17.1). */

/**
 * @typedef {object} Plane
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array} data samples row by row
 */

/**
 * A plane as it is shown: without padding, in whole sample values.
 * @param {KernelArray} samples int16 (rows, columns) in 1/16, from 0 to 4080
 * @returns {Plane}
 */
export function shownPlane(samples, width, height) {
  const from = samples.view;
  const [, columns] = samples.shape;
  const data = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let at = y * columns, end = at + width; at < end; at++, to++) data[to] = (from[at] + 8) >> 4;
  }
  return { width, height, data };
}
