/** The memory of a codebook: coded pictures that others are predicted from (FORMAT.md, 6.6 and 9.18). */

import { CodebookError, VQCodecError, require } from "../errors.mjs";
import { doubledRows } from "./colour.mjs";
import { HALF } from "./parameters.mjs";
import { halve } from "./tile.mjs";

const MIDDLE = 128 << 4; // in 1/16
const MOST_ITEMS = 65536;
const NAMES = ["memory_sizes", "memory_bytes"];
const TYPES = ["uint32", "uint8"];

/**
 * The items that a picture is predicted from.
 * @param {Kernels} kernels
 * @param {import("./model_arrays.mjs").ModelArrays} arrays of the codebook
 * @param {number[]} numbers of the items
 * @param {{colours: number, chroma: number}} picture how many planes it has, and the size of its chroma
 * @param {(item: Uint8Array) => {planes: Plane[], alpha: Plane | null}} decodeItem
 * @returns {{planes: Plane[], alpha: Plane | null}[]} with as many planes as the picture
 */
export function knownItems(kernels, arrays, numbers, picture, decodeItem) {
  const items = itemsOf(arrays);
  return numbers.map((number) => {
    require(number < items.length, `the picture is predicted from item ${number}; the codebook has ${items.length}`);
    try {
      const { planes, alpha } = decodeItem(items[number]);
      return { planes: planesFor(kernels, planes, picture), alpha };
    } catch (error) {
      if (!(error instanceof VQCodecError)) throw error;
      throw new CodebookError(`codebook: item ${number} of its memory cannot be used: ${error.message}`);
    }
  });
}

function itemsOf(arrays) {
  const has = NAMES.some((name) => arrays.has(name));
  require(has, "the picture is predicted from a memory, and its codebook has none", CodebookError);
  const [sizes, data] = NAMES.map((name, index) => arrays.take(name, TYPES[index], [null]).data);
  const possible = sizes.length <= MOST_ITEMS && sizes.every((size) => size > 0);
  const whole = sizes.reduce((sum, size) => sum + size, 0) === data.length;
  require(possible && whole, "codebook: the sizes of the items of its memory are not possible", CodebookError);
  let end = 0;
  return Array.from(sizes, (size) => data.subarray(end, (end += size)));
}

/** The planes of an item as a picture needs them: chroma is halved or doubled, and 128 if the item is grey. */
function planesFor(kernels, planes, { colours, chroma }) {
  const [luma, ...others] = planes;
  if (colours === 1) return [luma];
  const half = { height: (luma.height + 1) >> 1, width: (luma.width + 1) >> 1 };
  const { height, width } = chroma === HALF ? half : luma;
  const wanted = (samples) => ({ height, width, samples });
  if (others.length === 0) return [luma, ...[1, 2].map(() => wanted(new Int16Array(height * width).fill(MIDDLE)))];
  if (others[0].height === height && others[0].width === width) return planes;
  return [luma, ...others.map((plane) => wanted(resized(kernels, plane, height, width, chroma === HALF)))];
}

function resized(kernels, plane, height, width, isHalf) {
  if (isHalf) {
    const samples = new Int16Array(height * width);
    halve({ view: plane.samples, shape: [plane.height, plane.width] }, samples, height, width);
    return samples;
  }
  return kernels.scope(() => doubledRows(kernels, "int16", plane, width, 0, height).view.slice());
}
