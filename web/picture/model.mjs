/** The trained tables of engine image/transform, from a codebook's arrays, which are checked (FORMAT.md, 9.2). */

import { CodebookError, VQCodecError, require } from "../errors.mjs";
import { checkLengths, decodeTables } from "../huffman.mjs";
import { noChances, priorChances } from "../mixing.mjs";
import { memoryTypes } from "./memory_tables.mjs";
import { FILTER_WEIGHTS, checkRows, nearestRung, packedWeights } from "./model_arrays.mjs";

export const LUMA = 0;
export const CHROMA = 1;
export const REMEMBERING = 2; // added to the type of planes that are predicted from a memory
const TYPES = ["luma", "chroma"];
const CONTEXTS = 8398;
const MOTION_SYMBOLS = 32;
const POOLS = [
  { name: "flags", symbols: 16, first: 0, end: 5386 },
  { name: "modes", symbols: 40, first: 5386, end: 5710 },
  { name: "patterns", symbols: 256, first: 5710, end: CONTEXTS },
];
const SITUATIONS = 32; // of reconstruction offsets
const OFFSETS = SITUATIONS * 256 * 4;
const MODE_GROUPS = 11;
const MOST_ALTERNATIVES = 8;

export class Model {
  /**
   * @param {Kernels} kernels
   * @param {import("./model_arrays.mjs").ModelArrays} arrays of the codebook
   */
  constructor(kernels, arrays) {
    this.kernels = kernels;
    this.arrays = arrays;
    this.made = new Map();
    this.rungs = arrays.takeRungs();
    const types = TYPES.map((type) => this.checkedType(type));
    this.types = [...types, ...memoryTypes(kernels, arrays, TYPES, types, this.rungs.length)];
    this.transforms = this.checkedTransforms();
    this.restoration = arrays.takeRestoration([TYPES.length, this.rungs.length]);
  }

  checkedType(type) {
    const rungs = this.rungs.length;
    const rows = this.arrays.take(`${type}_rows`, "uint16", [rungs, CONTEXTS]).data;
    const pools = POOLS.map(({ name, symbols, first, end }) => {
      const { shape, data } = this.arrays.take(`${type}_${name}`, "uint8", [null, symbols]);
      for (let rung = 0; rung < rungs; rung++) {
        checkRows(rows.subarray(rung * CONTEXTS + first, rung * CONTEXTS + end), shape[0], `${type}_rows`);
      }
      const lengths = this.kernels.array("uint8", shape, data);
      checkLengths(this.kernels, lengths, `codebook: '${type}_${name}'`);
      return lengths;
    });
    const sets = this.arrays.take(`${type}_offset_sets`, "uint8", [rungs]).data;
    const offsets = this.arrays.take(`${type}_offsets`, "int8", [null, SITUATIONS, 256, 4]);
    checkRows(sets, offsets.shape[0], `${type}_offset_sets`);
    return { rows, pools, sets, offsets: offsets.data, contexts: CONTEXTS };
  }

  checkedTransforms() {
    if (!this.arrays.has("small_transforms")) return null;
    const small = this.arrays.take("small_transforms", "int8", [MODE_GROUPS, null, 16, 16]);
    const alternatives = small.shape[1];
    const large = this.arrays.take("large_transforms", "int8", [2, MODE_GROUPS, alternatives, 64, 64]);
    require(alternatives <= MOST_ALTERNATIVES, `codebook: ${alternatives} transforms a mode; too many`, CodebookError);
    return { small, large };
  }

  /** The rung nearest to a step index, by its place; of two equally near, the smaller. */
  rungOf(step) {
    return nearestRung(this.rungs, step);
  }

  /** The tables of a type of planes on a rung, a tuple for kernels. */
  decoderTables(type, rung, mixed = false) {
    return this.once(`tables ${type} ${rung} ${mixed}`, () => {
      const { kernels } = this;
      require(type < this.types.length, "codebook: it has no tables for prediction from a memory", CodebookError);
      const { rows, sets, offsets, contexts } = this.types[type];
      const set = sets[rung];
      return [
        kernels.array("int32", [contexts], rows.subarray(rung * contexts, (rung + 1) * contexts)),
        this.codes(type),
        kernels.array("int8", [SITUATIONS, 256, 4], offsets.subarray(set * OFFSETS, (set + 1) * OFFSETS)),
        this.transformsOf(type),
        kernels.room("int64", [0, 0]), // counts, for tables that adapt: these do not
        kernels.room("int64", [0, 0]),
        mixed ? this.chances(type) : noChances(kernels),
        type % REMEMBERING,
        Number(mixed),
      ];
    });
  }

  /** What the code lengths of flags and of modes say of their bits. */
  chances(type) {
    const [flags, modes] = this.types[type].pools;
    return this.once(`chances ${type}`, () => [priorChances(this.kernels, flags, 4), priorChances(this.kernels, modes, 6)]);
  }

  codes(type) {
    return this.once(`codes ${type}`, () => {
      const tables = this.types[type].pools.map((pool) => decodeTables(this.kernels, pool));
      return type < REMEMBERING ? [...tables, noMotions(this.kernels)] : tables;
    });
  }

  transformsOf(type) {
    const { kernels } = this;
    if (type % REMEMBERING !== LUMA || this.transforms === null) {
      return [kernels.room("int8", [0, 0, 16, 16]), kernels.room("int8", [0, 0, 0, 64, 64])];
    }
    const { small, large } = this.transforms;
    return this.once("transforms", () => [small, large].map(({ shape, data }) => kernels.array("int8", shape, data)));
  }

  /** The filter's weights, as its kernel takes them. */
  filterWeights(type, rung) {
    return this.once(`filter ${type} ${rung}`, () => {
      const start = (type * this.rungs.length + rung) * FILTER_WEIGHTS;
      return packedWeights(this.kernels, this.restoration.subarray(start, start + FILTER_WEIGHTS));
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

/** What stands for the tables of motion in planes that are not predicted from a memory. */
export function noMotions(kernels) {
  const lengths = kernels.zeros("uint8", [1, MOTION_SYMBOLS]);
  lengths.view[0] = 1;
  return decodeTables(kernels, lengths);
}
