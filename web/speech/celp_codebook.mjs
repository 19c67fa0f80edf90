/** A table set of the engines speech/celp-nb and speech/celp-wb, from a codebook's arrays (FORMAT.md, 14.2). */

import { CodebookError, CorruptFileError, require } from "../errors.mjs";
import { checkLengths, decodeTables } from "../huffman.mjs";
import { historyOf, interpolators, lagsOf } from "./bands.mjs";
import { EQUALIZER_TAPS, equalizerFilter } from "./filters.mjs";
import { LsfCodebook } from "./lsf.mjs";

const MOST_SETS = 16;
const MOST_PULSES = 24;
const MOST_POSITIONS = 80;
const MOST_VECTORS = 2n ** 62n;
const MOST_CODEWORDS = 65536;
const MOST_ENTRIES = 256; // of the equalizer
const MOST_GAIN = 24 * 64; // of the equalizer, 1/64 dB
const LAG_STEPS = 34;
const GAIN_CLASSES = 4;
const GAIN_UNIT = 16384;
const FIXED = 1; // the table of gains of the fixed vector alone
const RISES = 15;
const SHAPE_UNIT = 2048;
const SHAPE_LEAST = 1e-9; // mean power, so that zeros stay zeros

export class TableSet {
  /**
   * @param {Kernels} kernels outside all scopes: what is made here stays
   * @param {Codebook} codebook
   * @param {Band} band
   * @param {number} number of the set
   * @param {boolean} rises whether packets have rises
   */
  constructor(kernels, codebook, band, number, rises) {
    this.kernels = kernels;
    this.codebook = codebook;
    this.band = band;
    this.prefix = `set${number}/`;
    const ladder = this.taken("ladder", "int32", [null, 6]);
    const [sets] = ladder.shape;
    require(sets <= MOST_SETS, "codebook: too many table sets", CodebookError);
    require(number < sets, `table set ${number} is not in the codebook, which has ${sets}`, CorruptFileError);
    const lsf = ladder.data[6 * number + 4];
    this.lsf = new LsfCodebook(kernels, (name, ...rest) => this.taken(`lsf${lsf}/${name}`, ...rest), band.order);
    this.readEqualizer();
    this.readTables(rises);
    this.readCodes();
  }

  /** An array of the codebook, of this type and shape; null stands for any length. */
  taken(name, type, shape) {
    const array = this.codebook.arrays.get(name);
    require(array !== undefined, `codebook: array '${name}' is missing`, CodebookError);
    const alike = array.type === type && array.shape.length === shape.length;
    const fits = alike && shape.every((length, axis) => length === null || length === array.shape[axis]);
    require(fits, `codebook: array '${name}' is ${array.type}[${array.shape}], which cannot be used`, CodebookError);
    return array;
  }

  own(name, type, shape) {
    return this.taken(this.prefix + name, type, shape);
  }

  readEqualizer() {
    const bands = this.band.edges.length - 1;
    this.gains = new Int16Array(bands);
    this.entries = 1;
    if (this.codebook.arrays.has(`${this.prefix}equalizer`)) {
      const { data, shape } = this.own("equalizer", "int16", [null, bands]);
      this.gains = data;
      [this.entries] = shape;
    }
    const flat = this.gains.subarray(0, bands).every((gain) => gain === 0);
    const bounded = this.entries <= MOST_ENTRIES && this.gains.every((gain) => Math.abs(gain) <= MOST_GAIN);
    require(flat && bounded, "codebook: the equalizer is damaged", CodebookError);
    this.filters = this.kernels.zeros("float64", [this.entries, EQUALIZER_TAPS]);
    this.designed = new Set();
  }

  /** Make the filters of these entries ready in `filters`. */
  designFilters(entries) {
    const bands = this.band.edges.length - 1;
    for (const entry of new Set(entries)) {
      if (this.designed.has(entry)) continue;
      const gains = this.gains.subarray(entry * bands, (entry + 1) * bands);
      this.filters.part(entry, 1).view.set(equalizerFilter(gains, this.band));
      this.designed.add(entry);
    }
  }

  readTables(rises) {
    const { kernels, band } = this;
    const books = [];
    while (this.codebook.arrays.has(`${this.prefix}shapes${books.length}`)) {
      books.push(this.own(`shapes${books.length}`, "int16", [null, band.subframe]));
    }
    this.bookSizes = books.map(({ shape }) => shape[0]);
    const entries = this.bookSizes.reduce((sum, size) => sum + size, 0);
    const counts = Array.from(this.own("pulse_counts", "uint8", [null]).data);
    const rising = counts.every((count, index) => count > (index > 0 ? counts[index - 1] : 0) && count <= MOST_PULSES);
    require(rising && entries <= MOST_CODEWORDS, "codebook: its excitation is damaged", CodebookError);
    const kinds = 1 + books.length + counts.length;
    this.types = 2 * kinds;
    this.lags = lagsOf(band);
    this.gainTables = [0, 1, 2].map((table) => this.pairs(table));
    this.ownGainCounts = this.gainTables.map((table) => table.length);
    let loudest = -1;
    if (rises) {
      const alone = this.gainTables[FIXED];
      loudest = alone.reduce((best, [, gain], index) => (gain > alone[best][1] ? index : best), 0);
      const rise = (step) => alone[loudest].map((gain) => gain * 2 ** (step / 2));
      this.gainTables[FIXED] = [...alone, ...Array.from({ length: RISES }, (_, index) => rise(index + 1))];
    }
    const most = Math.max(...this.gainTables.map((table) => table.length));
    const padded = this.gainTables.map((table) => Array.from({ length: most }, (_, index) => table[index] ?? [0, 0]));
    const contexts = (of) => padded.flatMap((table, number) => table.map(([g]) => (number === FIXED ? 0 : of(g))));
    const starts = [0];
    for (const size of this.bookSizes) starts.push(starts.at(-1) + size);
    const integers = (elements) => kernels.array("int64", [elements.length], elements);
    const levels = this.own("level_weights", "int32", [2, 4]).data;
    const bias = this.own("level_bias", "int32", [this.types]).data;
    this.tables = [
      kinds,
      integers(this.lags),
      kernels.array("float64", [12, 20], interpolators().flat()),
      kernels.array("float64", [entries, band.subframe], books.flatMap(({ data }) => unitShapes(data, band.subframe))),
      kernels.room("float32", [0, 0]), // of the search alone
      kernels.room("float32", [0, 0]),
      integers(starts),
      integers(counts),
      kernels.array("float64", [3, most, 2], padded.flat(2).map((gain) => gain / GAIN_UNIT)),
      integers(this.gainTables.map((table) => table.length)),
      kernels.array("int64", [3, most], contexts((g) => 1 + Number(g >= 7373) + Number(g >= 13107))),
      kernels.array("int64", [3, most], contexts((g) => 1 + Number(g >= 9830))),
      kernels.array("float64", [2, 4], Array.from(levels, (weight) => weight / GAIN_UNIT)),
      kernels.array("float64", [this.types], Array.from(bias, (value) => value / 256)),
      kernels.array("float64", [1], [this.own("sharpening", "int32", [1]).data[0] / 256]),
      loudest,
    ];
  }

  pairs(table) {
    const { data } = this.own(`gains${table}`, "int32", [null, 2]);
    require(data.every((gain) => gain >= 0), "codebook: a negative gain", CodebookError);
    return Array.from({ length: data.length / 2 }, (_, index) => [data[2 * index], data[2 * index + 1]]);
  }

  /** What parsing takes, a tuple for kernels. */
  readCodes() {
    const { kernels, types, lsf } = this;
    const mostShapes = Math.max(1, ...this.bookSizes);
    const shapes = {
      first_type: [types + 1, types + 1],
      later_type: [types + 1, types],
      lag_steps: [3, LAG_STEPS],
      lags: [1, this.lags.length],
      gains: [3 * GAIN_CLASSES, Math.max(...this.ownGainCounts)],
      shapes: [Math.max(1, this.bookSizes.length), mostShapes],
    };
    const codes = Object.entries(shapes).map(([name, shape]) => {
      const lengths = this.own(`lengths.${name}`, "uint8", shape);
      const counts = { gains: (row) => this.ownGainCounts[row >> 2], shapes: (row) => this.bookSizes[row] ?? 1 }[name];
      const wide = lengths.shape[1];
      const exists = (at) => !counts || at % wide < counts(Math.floor(at / wide));
      const known = lengths.data.every((length, at) => length === 0 || exists(at));
      require(known, `codebook: '${name}' has codes for entries that do not exist`, CodebookError);
      return this.tablesOf(kernels.array("uint8", lengths.shape, lengths.data), `code lengths '${name}'`);
    });
    codes.push(decodeTables(kernels, lsf.headerLengths), decodeTables(kernels, lsf.indexLengths), this.equalizerCode());
    this.syntax = [
      this.tables,
      codes,
      kernels.array("uint8", [lsf.headers], lsf.depths),
      kernels.array("int64", [MOST_POSITIONS + 1, MOST_PULSES + 1], vectorCounts()),
    ];
  }

  equalizerCode() {
    const { kernels, entries } = this;
    if (entries === 1) return this.tablesOf(kernels.array("uint8", [2, 1], [1, 1]), "the equalizer");
    const { shape, data } = this.own("lengths.equalizer", "uint8", [entries + 1, entries]);
    require(data.every((length) => length > 0), "codebook: an entry of the equalizer has no code", CodebookError);
    return this.tablesOf(kernels.array("uint8", shape, data), "code lengths of the equalizer");
  }

  tablesOf(lengths, what) {
    checkLengths(this.kernels, lengths, `codebook: ${what}`);
    return decodeTables(this.kernels, lengths);
  }

  /** The state of synthesis at the start of a group. */
  cleanState() {
    const { kernels, band } = this;
    const levels = kernels.room("float64", [3]);
    levels.view.fill(10);
    const gain = kernels.room("float64", [1]);
    gain.view.fill(1);
    return {
      history: kernels.zeros("float64", [historyOf(band)]),
      levels,
      memory: kernels.zeros("float64", [band.order]),
      inputs: kernels.zeros("float64", [band.order]),
      outputs: kernels.zeros("float64", [band.order]),
      gain,
      unequalized: kernels.zeros("float64", [EQUALIZER_TAPS - 1]),
      entry: kernels.zeros("int64", [1]),
    };
  }
}

/** Vectors of an rms of 1; zeros stay zeros. */
function unitShapes(data, length) {
  const shapes = [];
  for (let start = 0; start < data.length; start += length) {
    const shape = Array.from(data.subarray(start, start + length), (value) => value / SHAPE_UNIT);
    const power = shape.reduce((sum, value) => sum + value * value, 0) / length;
    const norm = Math.sqrt(Math.max(power, SHAPE_LEAST));
    for (const value of shape) shapes.push(value / norm);
  }
  return shapes;
}

/** V(n, k) of 14.4, at most 2^62, row by row. */
function vectorCounts() {
  let row = Array.from({ length: MOST_PULSES + 1 }, (_, k) => (k === 0 ? 1n : 0n));
  const counts = [...row];
  for (let n = 1; n <= MOST_POSITIONS; n++) {
    const next = [1n];
    for (let k = 1; k <= MOST_PULSES; k++) next.push(row[k] + row[k - 1] + next[k - 1]);
    counts.push(...next);
    row = next;
  }
  return counts.map((count) => (count < MOST_VECTORS ? count : MOST_VECTORS));
}
