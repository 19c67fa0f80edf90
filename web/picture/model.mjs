/** The trained tables of engine image/transform, from a codebook's arrays, which are checked (FORMAT.md, 9.2). */

import { CodebookError, VQCodecError, require } from "../errors.mjs";
import { checkLengths, decodeTables } from "../huffman.mjs";

export const LUMA = 0;
const TYPES = ["luma", "chroma"];
const CONTEXTS = 8398;
const POOLS = [
  { name: "flags", symbols: 16, first: 0, end: 5386 },
  { name: "modes", symbols: 40, first: 5386, end: 5710 },
  { name: "patterns", symbols: 256, first: 5710, end: CONTEXTS },
];
const SITUATIONS = 32; // of reconstruction offsets
const OFFSETS = SITUATIONS * 256 * 4;
const MODE_GROUPS = 11;
const MOST_ALTERNATIVES = 8;
const MOST_STEP = 63;
const TAPS = 36;
const EDGE_STATES = 2; // of a sample: whether it is at the edge of its block
const UNIT_CLASSES = 60;
const MOST_COEFFICIENT = 2048;
/** Which of the four samples of a unit's row are at the edge of their block, as the filter's kernel numbers rows. */
const ROW_PATTERNS = [
  [0, 0, 0, 0],
  [1, 0, 0, 0],
  [0, 0, 0, 1],
  [1, 0, 0, 1],
  [1, 1, 1, 1],
];

export class Model {
  /**
   * @param {Kernels} kernels
   * @param {Codebook} codebook
   */
  constructor(kernels, codebook) {
    this.kernels = kernels;
    this.codebook = codebook;
    this.made = new Map();
    this.rungs = Array.from(this.take("rungs", "uint8", [null]).data);
    const rises = this.rungs.every((rung, index) => index === 0 || rung > this.rungs[index - 1]);
    require(rises && this.rungs.at(-1) <= MOST_STEP, "codebook: 'rungs' must be rising step indices", CodebookError);
    this.types = TYPES.map((type) => this.checkedType(type));
    this.transforms = this.checkedTransforms();
    this.restoration = this.checkedRestoration();
  }

  has(name) {
    return this.codebook.arrays.has(name);
  }

  /** An array of this type and shape; null stands for any length. */
  take(name, type, shape) {
    const array = this.codebook.arrays.get(name);
    require(array !== undefined, `codebook: array '${name}' is missing`, CodebookError);
    const alike = array.type === type && array.shape.length === shape.length;
    const fits = alike && shape.every((length, axis) => length === null || length === array.shape[axis]);
    require(fits, `codebook: array '${name}' is ${array.type}[${array.shape}], which cannot be used`, CodebookError);
    return array;
  }

  checkedType(type) {
    const rungs = this.rungs.length;
    const rows = this.take(`${type}_rows`, "uint16", [rungs, CONTEXTS]).data;
    const pools = POOLS.map(({ name, symbols, first, end }) => {
      const { shape, data } = this.take(`${type}_${name}`, "uint8", [null, symbols]);
      for (let rung = 0; rung < rungs; rung++) {
        checkRows(rows.subarray(rung * CONTEXTS + first, rung * CONTEXTS + end), shape[0], `${type}_rows`);
      }
      const lengths = this.kernels.array("uint8", shape, data);
      checkLengths(this.kernels, lengths, `codebook: '${type}_${name}'`);
      return lengths;
    });
    const sets = this.take(`${type}_offset_sets`, "uint8", [rungs]).data;
    const offsets = this.take(`${type}_offsets`, "int8", [null, SITUATIONS, 256, 4]);
    checkRows(sets, offsets.shape[0], `${type}_offset_sets`);
    return { rows, pools, sets, offsets: offsets.data };
  }

  checkedTransforms() {
    if (!this.has("small_transforms")) return null;
    const small = this.take("small_transforms", "int8", [MODE_GROUPS, null, 16, 16]);
    const alternatives = small.shape[1];
    const large = this.take("large_transforms", "int8", [2, MODE_GROUPS, alternatives, 64, 64]);
    require(alternatives <= MOST_ALTERNATIVES, `codebook: ${alternatives} transforms a mode; too many`, CodebookError);
    return { small, large };
  }

  checkedRestoration() {
    if (!this.has("restoration")) return null;
    const classes = UNIT_CLASSES * EDGE_STATES;
    const { data } = this.take("restoration", "int16", [TYPES.length, this.rungs.length, classes, TAPS]);
    const bounded = data.every((weight) => Math.abs(weight) <= MOST_COEFFICIENT);
    require(bounded, `restoration filter: a coefficient is beyond ${MOST_COEFFICIENT}`, CodebookError);
    return data;
  }

  /** The rung nearest to a step index, by its place; of two equally near, the smaller. */
  rungOf(step) {
    const distances = this.rungs.map((rung) => Math.abs(rung - step));
    return distances.indexOf(Math.min(...distances));
  }

  /** The tables of a type of planes on a rung, a tuple for kernels. */
  decoderTables(type, rung) {
    return this.once(`tables ${type} ${rung}`, () => {
      const { kernels } = this;
      const { rows, sets, offsets } = this.types[type];
      const set = sets[rung];
      return [
        kernels.array("int32", [CONTEXTS], rows.subarray(rung * CONTEXTS, (rung + 1) * CONTEXTS)),
        this.codes(type),
        kernels.array("int8", [SITUATIONS, 256, 4], offsets.subarray(set * OFFSETS, (set + 1) * OFFSETS)),
        this.transformsOf(type),
        kernels.room("int64", [0, 0]), // counts, for tables that adapt: these do not
        kernels.room("int64", [0, 0]),
      ];
    });
  }

  codes(type) {
    return this.once(`codes ${type}`, () => this.types[type].pools.map((pool) => decodeTables(this.kernels, pool)));
  }

  transformsOf(type) {
    const { kernels } = this;
    if (type !== LUMA || this.transforms === null) {
      return [kernels.room("int8", [0, 0, 16, 16]), kernels.room("int8", [0, 0, 0, 64, 64])];
    }
    const { small, large } = this.transforms;
    return this.once("transforms", () => [small, large].map(({ shape, data }) => kernels.array("int8", shape, data)));
  }

  /** The filter's weights, as its kernel takes them: those of the four samples of a unit's row in one number. */
  filterWeights(type, rung) {
    return this.once(`filter ${type} ${rung}`, () => {
      const start = (type * this.rungs.length + rung) * UNIT_CLASSES * EDGE_STATES * TAPS;
      const packed = new Int16Array(UNIT_CLASSES * ROW_PATTERNS.length * TAPS * 4);
      let at = 0;
      for (let unitClass = 0; unitClass < UNIT_CLASSES; unitClass++) {
        for (const pattern of ROW_PATTERNS) {
          for (let tap = 0; tap < TAPS; tap++) {
            for (const edge of pattern) {
              packed[at++] = this.restoration[start + (unitClass * EDGE_STATES + edge) * TAPS + tap];
            }
          }
        }
      }
      const shape = [UNIT_CLASSES * ROW_PATTERNS.length, TAPS];
      return this.kernels.array("int64", shape, new BigInt64Array(packed.buffer));
    });
  }

  /** What `make` returns, made once. It takes memory that has to stay, so the first time is outside all scopes. */
  once(key, make) {
    if (!this.made.has(key)) {
      require(this.kernels.scopes === 0, `${key} made within a scope`, VQCodecError);
      this.made.set(key, make());
    }
    return this.made.get(key);
  }
}

function checkRows(rows, count, name) {
  require(rows.every((row) => row < count), `codebook: '${name}' refers to a table that is not there`, CodebookError);
}
