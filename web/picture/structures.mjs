/** The codewords of a layer of engine image/block, as they are or computed from a structure (FORMAT.md, 8.7). */

import { CodebookError, require } from "../errors.mjs";

const TYPES = ["uint8", "int16", "int32"];
const MOST_TABLES = 16;
const MOST_NUMBER = 2 ** 24;
const MOST_CODEWORDS = 65536;
const UNIT = 16384;
const MIDDLE = 128;

/**
 * The codewords of a layer.
 * @param {Codebook} codebook
 * @param {string} name of the layer
 * @param {number} dimension of a codeword
 * @returns {{size: number, words: Uint8Array}} their number, and their samples one after the other
 */
export function codewordsOf(codebook, name, dimension) {
  const fit = (condition) => require(condition, `codebook '${codebook.name}': unusable layer ${name}`, CodebookError);
  const arrays = new Arrays(codebook, name, fit);
  const stored = arrays.get("structure");
  if (stored === undefined) {
    const plain = arrays.get("codewords");
    fit(plain?.type === "uint8" && plain.shape.length === 2 && plain.shape[1] === dimension);
    return { size: plain.shape[0], words: plain.data };
  }
  fit(stored.type === "uint8" && String(stored.shape) === "1" && stored.data[0] in STRUCTURES);
  const tables = STRUCTURES[stored.data[0]](arrays, dimension);
  const size = tables.counts.reduce((product, count) => product * count, 1);
  fit(size >= 2 && size <= MOST_CODEWORDS);
  const words = new Uint8Array(size * dimension);
  for (let index = 0; index < size; index++) {
    const word = tables.at(digitsOf(index, tables.counts));
    fit(word.length === dimension);
    for (let i = 0; i < dimension; i++) words[index * dimension + i] = Math.min(Math.max(word[i], 0), 255);
  }
  return { size, words };
}

/** The number of the entry of each table that an index stands for; the last runs fastest. */
function digitsOf(index, counts) {
  const digits = [];
  for (const count of counts.toReversed()) {
    digits.unshift(index % count);
    index = Math.floor(index / count);
  }
  return digits;
}

class Arrays {
  constructor(codebook, name, fit) {
    this.codebook = codebook;
    this.name = name;
    this.fit = fit;
  }

  get(part) {
    return this.codebook.arrays.get(`${this.name}.${part}`);
  }

  /** The rows of an array of two axes, whose second has this length; null stands for any. */
  rows(part, length) {
    const array = this.get(part);
    this.fit(array !== undefined && TYPES.includes(array.type) && array.shape.length === 2);
    const [count, width] = array.shape;
    this.fit(count <= MOST_CODEWORDS && (length === null || width === length));
    this.fit(array.data.every((value) => Math.abs(value) <= MOST_NUMBER));
    return Array.from({ length: count }, (_, row) => array.data.subarray(row * width, (row + 1) * width));
  }

  /** The tables part0, part1 and so on. */
  numbered(part, length) {
    const tables = [this.rows(`${part}0`, length)];
    while (this.get(`${part}${tables.length}`) !== undefined) {
      this.fit(tables.length < MOST_TABLES);
      tables.push(this.rows(`${part}${tables.length}`, length));
    }
    return tables;
  }
}

/** By number of a structure: how many entries its tables have, and the codeword of an entry of each. */
const STRUCTURES = {
  1(arrays, dimension) {
    const nodes = arrays.rows("nodes", dimension);
    const stored = arrays.get("parents");
    arrays.fit(TYPES.includes(stored?.type) && String(stored.shape) === String([nodes.length]));
    const parents = Array.from(stored.data);
    const rises = (parent, node) => node === 0 || (parent < node && parent >= Math.max(0, parents[node - 1]));
    arrays.fit(parents[0] === -1 && parents.every(rises));
    const inner = new Set(parents);
    const leaves = nodes.filter((_, node) => !inner.has(node));
    return { counts: [leaves.length], at: ([leaf]) => leaves[leaf] };
  },

  2(arrays, dimension) {
    const stages = arrays.numbered("stage", dimension);
    const at = (digits) => {
      const chosen = digits.map((digit, stage) => stages[stage][digit]);
      return Array.from({ length: dimension }, (_, i) => chosen.reduce((sum, vector) => sum + vector[i], 0));
    };
    return { counts: stages.map((stage) => stage.length), at };
  },

  3(arrays) {
    const parts = arrays.numbered("part", null);
    const at = (digits) => digits.flatMap((digit, part) => Array.from(parts[part][digit]));
    return { counts: parts.map((part) => part.length), at };
  },

  4(arrays, dimension) {
    const gains = arrays.rows("gains", 1);
    const shapes = arrays.rows("shapes", dimension);
    arrays.fit(gains.every(([gain]) => gain >= 0));
    arrays.fit(shapes.every((shape) => Math.abs(Math.hypot(...shape) / UNIT - 1) <= 0.01));
    const at = ([gain, shape]) => {
      return Array.from(shapes[shape], (sample) => MIDDLE + Math.floor((gains[gain][0] * sample + UNIT / 2) / UNIT));
    };
    return { counts: [gains.length, shapes.length], at };
  },

  5(arrays, dimension) {
    const means = arrays.rows("means", 1);
    const residuals = arrays.rows("residuals", dimension);
    const at = ([mean, residual]) => Array.from(residuals[residual], (sample) => means[mean][0] + sample);
    return { counts: [means.length, residuals.length], at };
  },
};
