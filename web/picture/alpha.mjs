/** Alpha planes without loss: deflated (FORMAT.md, 8.3) or predicted (8.6). */

import { Reader } from "../format/bytes.mjs";
import { require } from "../errors.mjs";
import { checkLengths, decodeTables, paddedBits } from "../huffman.mjs";
import { inflateZlib } from "../format/inflate.mjs";

const WHAT = "alpha plane";
const MARK = 1;
const PRESETS = [
  [0, 0],
  [64, 0],
  [64, -64],
  [32, 0],
];
const OTHER_WEIGHTS = 9; // w2 to w10; w1 is what they leave of 64
const WEIGHT_SUM = 64;
const MOST_LEVELS = 8;
const RUNS = { symbols: 34, countBits: 6 };
const VALUES = { symbols: 13, countBits: 4 };
const MARGIN = 2;

/**
 * The samples of a plane, row by row.
 * @param {Kernels} kernels
 * @param {Uint8Array} data
 */
export function decodeAlpha(kernels, data, height, width) {
  if (data[0] === MARK) return kernels.scope(() => predicted(kernels, data, height, width));
  const samples = inflateZlib(data, height * width, WHAT);
  for (let at = width; at < samples.length; at++) samples[at] += samples[at - width];
  return samples;
}

function predicted(kernels, data, height, width) {
  const reader = new Reader(data, WHAT);
  reader.take(1);
  const across = reader.varint();
  const down = reader.varint();
  const number = reader.number(1);
  const given = number === 0 ? new Int8Array(reader.take(OTHER_WEIGHTS).slice().buffer) : PRESETS[number - 1];
  require(given !== undefined, `${WHAT}: unknown weights; damaged`);
  const levels = reader.number(1);
  const known = levels >= 1 && levels <= MOST_LEVELS && across <= 2 * width && down <= 2 * height;
  require(known, `${WHAT}: the head of the prediction is damaged`);
  const others = Array.from({ length: OTHER_WEIGHTS }, (_, index) => given[index] ?? 0);
  const weights = [WEIGHT_SUM - others.reduce((sum, weight) => sum + weight, 0), ...others];
  const bits = new Bits(data, 8 * reader.position);
  const lengths = { runs: [], values: [] };
  for (let context = 0; context <= levels; context++) {
    lengths.runs.push(bits.lengths(RUNS));
    lengths.values.push(bits.lengths(VALUES));
  }
  const runs = tablesOf(kernels, lengths.runs);
  const values = tablesOf(kernels, lengths.values);
  const left = kernels.room("int64", [levels + 1]);
  left.view.fill(-1n);
  const end = 8 * data.length;
  const head = [bits.position, end, across - 1, down - 1, levels];
  const wide = kernels.zeros("uint8", [height + MARGIN, width + 2 * MARGIN]);
  const position = kernels.call(
    "image.alpha.decoding._decode",
    paddedBits(kernels, data),
    kernels.array("int64", [head.length], head),
    kernels.array("int32", [weights.length], weights),
    runs.tables,
    values.tables,
    kernels.array("uint8", [2, levels + 1], [...runs.missing, ...values.missing]),
    left,
    wide,
    kernels.zeros("int64", [2, width + 2]),
  );
  const whole = position >= 0 && position <= end && end - position < 8 && left.view.every((count) => count <= 0n);
  require(whole, `${WHAT}: cut off or damaged`);
  const samples = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const start = (y + MARGIN) * wide.shape[1] + MARGIN;
    samples.set(wide.view.subarray(start, start + width), y * width);
  }
  return samples;
}

/** Tables, and which of them have no symbols; these get one that is never read. */
function tablesOf(kernels, rows) {
  const missing = rows.map((lengths) => Number(lengths.every((length) => length === 0)));
  const filled = rows.map((lengths, row) => (missing[row] ? [1, ...lengths.slice(1)] : lengths));
  const lengths = kernels.array("uint8", [rows.length, rows[0].length], filled.flat());
  checkLengths(kernels, lengths, WHAT);
  return { tables: decodeTables(kernels, lengths), missing };
}

class Bits {
  constructor(data, position) {
    this.data = data;
    this.position = position;
  }

  take(count) {
    require(this.position + count <= 8 * this.data.length, `${WHAT}: cut off within the code tables`);
    let value = 0;
    for (let index = 0; index < count; index++, this.position++) {
      value = 2 * value + ((this.data[this.position >> 3] >> (7 - (this.position & 7))) & 1);
    }
    return value;
  }

  /** The code lengths of a table. */
  lengths({ symbols, countBits }) {
    const count = this.take(countBits);
    require(count <= symbols, `${WHAT}: a table has more code lengths than symbols; damaged`);
    return Array.from({ length: symbols }, (_, symbol) => (symbol < count ? this.take(4) : 0));
  }
}
