/** The memory of a codebook: coded pictures that others are predicted from (FORMAT.md, 6.6 and 9.18). */

import { CodebookError, VQCodecError, require } from "../errors.mjs";
import { doubledRows } from "./colour.mjs";
import { ModelArrays } from "./model_arrays.mjs";
import { HALF } from "./parameters.mjs";
import { halve } from "./tile.mjs";

const MIDDLE = 128 << 4; // in 1/16
const MOST_ITEMS = 65536;
const MOST_NEEDED = 32; // items that have to be decoded for one of them, itself included
const MOST_HEADS = 256;
const MOST_HEAD_BYTES = 64;
const NAMES = ["memory_sizes", "memory_bytes"];
const REST_NAMES = ["memory_rest_sizes", "memory_rest_bytes"]; // of items without their heads
const TYPES = ["uint32", "uint8"];

/**
 * The items that a picture is predicted from.
 * @param {Kernels} kernels
 * @param {import("./model_arrays.mjs").ModelArrays} arrays of the codebook
 * @param {number[]} numbers of the items
 * @param {{colours: number, chroma: number}} picture how many planes it has, and the size of its chroma
 * @param {(item: Uint8Array) => ItemHeader} headerOf what an item says of itself: the picture that it is, as `picture`,
 *     and the numbers of the items that it is predicted from
 * @param {(item: Uint8Array, known: object[]) => {planes: Plane[], alpha: Plane | null}} decodeItem from known items
 * @returns {{planes: Plane[], alpha: Plane | null}[]} with as many planes as the picture
 */
export function knownItems(kernels, arrays, numbers, picture, headerOf, decodeItem) {
  const items = itemsOf(arrays);
  const decoded = new Map();
  const shown = (wanted, of) => of.map((number) => forPicture(kernels, decoded.get(number), wanted));
  for (const number of numbers) {
    require(number < items.length, `the picture is predicted from item ${number}; the codebook has ${items.length}`);
    try {
      for (const needed of neededFor(items, number, headerOf)) {
        if (decoded.has(needed)) continue;
        const header = headerOf(items[needed]);
        decoded.set(needed, decodeItem(items[needed], shown(header.picture, header.items)));
      }
    } catch (error) {
      if (!(error instanceof VQCodecError)) throw error;
      throw new CodebookError(`codebook: item ${number} of its memory cannot be used: ${error.message}`);
    }
  }
  return shown(picture, numbers);
}

/** The numbers of an item and of all that it is predicted from, itself or through others, ascending. */
function neededFor(items, number, headerOf) {
  const found = new Set([number]);
  const left = [number];
  while (left.length > 0) {
    const one = left.pop();
    for (const other of headerOf(items[one]).items) {
      require(other < one, `item ${one} is predicted from one that is not before it`);
      if (!found.has(other)) left.push(other);
      found.add(other);
    }
    require(found.size <= MOST_NEEDED, `it needs more than ${MOST_NEEDED} items`);
  }
  return [...found].sort((a, b) => a - b);
}

function forPicture(kernels, { planes, alpha }, picture) {
  return { planes: planesFor(kernels, planes, picture), alpha };
}

/** All items of the memory that arrays of a codebook hold, by name; an error without a memory. */
export function memoryItems(arrays) {
  return itemsOf(new ModelArrays(arrays));
}

function itemsOf(arrays) {
  if (!REST_NAMES.some((name) => arrays.has(name))) return piecesOf(arrays, NAMES);
  const rests = piecesOf(arrays, REST_NAMES);
  const { data: heads, shape } = arrays.take("memory_heads", "uint8", [null, null]);
  const [count, length] = shape;
  const numbers = arrays.take("memory_head_numbers", "uint8", [rests.length]).data;
  const possible = count <= MOST_HEADS && length <= MOST_HEAD_BYTES && numbers.every((number) => number < count);
  require(possible, "codebook: the heads of the items of its memory are not possible", CodebookError);
  return rests.map((rest, place) => {
    const item = new Uint8Array(length + rest.length);
    item.set(heads.subarray(numbers[place] * length, (numbers[place] + 1) * length));
    item.set(rest, length);
    return item;
  });
}

function piecesOf(arrays, names) {
  const has = names.some((name) => arrays.has(name));
  require(has, "the picture is predicted from a memory, and its codebook has none", CodebookError);
  const [sizes, data] = names.map((name, index) => arrays.take(name, TYPES[index], [null]).data);
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
