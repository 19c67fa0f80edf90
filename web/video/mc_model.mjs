/** Engine video/mc: the tables of a codebook, and how they adapt within a group (FORMAT.md, 18.2 and 18.10). */

import { CodebookError, require } from "../errors.mjs";
import { checkLengths, roomForTables } from "../huffman.mjs";
import { fillPriorChances, noChances } from "../mixing.mjs";
import { Model, noMotions } from "../picture/model.mjs";
import { FILTER_WEIGHTS, ModelArrays, checkRows, nearestRung, packedWeights } from "../picture/model_arrays.mjs";

/** Classes of frames that are predicted. */
export const CLASSES = 3;
const POOLS = [ // with the bits of symbols that may be coded by mixed chances
  { name: "nodes", contexts: 108, symbols: 32, bits: 5 },
  { name: "shapes", contexts: 24, symbols: 68, bits: 7 },
  { name: "vectors", contexts: 8, symbols: 288, bits: 9 },
  { name: "luma_masks", contexts: 720, symbols: 16, bits: 4 },
  { name: "luma_patterns", contexts: 384, symbols: 256 },
  { name: "chroma_masks", contexts: 720, symbols: 16, bits: 4 },
  { name: "chroma_patterns", contexts: 384, symbols: 256 },
];
const OFFSETS = 32 * 256 * 4; // of luma or chroma
const PRIOR_SHIFT = 16;
const COUNT_UNIT = 256;
const DECAY = 64;
const REBUILD_SHARE = 16;
const MOST_LENGTH = 15;
const SYMBOL_BITS = 16n;
const GREATEST_SYMBOL = 0xffff;
// Contexts of the picture tables (9.5), and the sizes of transforms whose contexts these tables have
const PICTURE_CONTEXTS = 8398;
const MASKS = { first: 346, ofForm: 180 };
const PATTERNS = { first: 5710, ofForm: 96 };
const SIZES = 4;
const PICTURE_KINDS = 2; // of planes; then come those of residuals

/** The tables of a codebook, checked. */
export class VideoModel {
  /**
   * @param {Kernels} kernels
   * @param {Codebook} codebook
   */
  constructor(kernels, codebook) {
    const arrays = new ModelArrays(codebook.arrays);
    this.kernels = kernels;
    this.picture = new Model(kernels, arrays.named("intra_"));
    this.rungs = arrays.takeRungs();
    this.remembers = codebook.arrays.has("memory_sizes");
    const rungs = this.rungs.length;
    this.pools = POOLS.map((pool) => {
      const lengths = arrays.take(`${pool.name}_lengths`, "uint8", [null, pool.symbols]);
      const what = `codebook: '${pool.name}_lengths'`;
      kernels.scope(() => checkLengths(kernels, kernels.array("uint8", lengths.shape, lengths.data), what));
      require(lengths.data.every((length) => length > 0), `${what} leaves a symbol without a code`, CodebookError);
      const rows = arrays.take(`${pool.name}_rows`, "uint16", [CLASSES, rungs, pool.contexts]).data;
      checkRows(rows, lengths.shape[0], `${pool.name}_rows`);
      return { ...pool, lengths: lengths.data, rows };
    });
    this.sets = arrays.take("offset_sets", "uint8", [CLASSES, rungs]).data;
    const offsets = arrays.take("offsets", "int8", [null, 2, 32, 256, 4]);
    checkRows(this.sets, offsets.shape[0], "offset_sets");
    this.offsets = offsets.data;
    this.restoration = arrays.takeRestoration([CLASSES, rungs, 2]);
  }

  /** The place of a class of frames on the rung for a base step, among all classes and rungs. */
  placeOf(frameClass, step) {
    return frameClass * this.rungs.length + nearestRung(this.rungs, step);
  }

  /** The code lengths of all contexts of a pool at the beginning of a group. */
  priorOf(pool, place) {
    const { contexts, symbols, lengths, rows } = this.pools[pool];
    const found = new Uint8Array(contexts * symbols);
    for (let context = 0; context < contexts; context++) {
      const row = rows[place * contexts + context];
      found.set(lengths.subarray(row * symbols, (row + 1) * symbols), context * symbols);
    }
    return found;
  }

  offsetsOf(place, type) {
    const first = (2 * this.sets[place] + type) * OFFSETS;
    return this.offsets.subarray(first, first + OFFSETS);
  }

  /** The filter of a type of planes, in memory that is taken now. */
  filterWeights(place, type) {
    const first = (2 * place + type) * FILTER_WEIGHTS;
    return packedWeights(this.kernels, this.restoration.subarray(first, first + FILTER_WEIGHTS));
  }
}

/** The tables of all classes of frames, while a group is decoded. Its memory serves one group after the other. */
export class Adaptation {
  constructor(kernels, model) {
    this.kernels = kernels;
    this.model = model;
    this.counts = POOLS.map(({ contexts, symbols }) => kernels.zeros("int64", [contexts, symbols]));
    this.rows = kernels.array("int32", [PICTURE_CONTEXTS], coefficientRows());
    this.noMotions = noMotions(kernels);
    [this.noChances] = noChances(kernels);
    this.noCounts = kernels.room("int64", [0, 0]);
    this.mixed = false;
    this.noTransforms = [kernels.room("int8", [0, 0, 16, 16]), kernels.room("int8", [0, 0, 0, 64, 64])];
    this.classes = Array.from({ length: CLASSES }, () => new ClassTables(kernels));
  }

  /** Begin a group with a base step. */
  start(step, mixed) {
    this.mixed = mixed;
    this.classes.forEach((tables, frameClass) => tables.start(this.model, this.model.placeOf(frameClass, step), mixed));
  }

  /**
   * The tables for a frame, a tuple for kernels, which count what they read.
   * @param {number} frameClass 0 to 2
   * @param {any[]} picture tables of luma and chroma for blocks without motion
   */
  tablesFor(frameClass, picture) {
    this.counts.forEach((counts) => counts.clear());
    const { pools, offsets } = this.classes[frameClass];
    const [nodes, shapes, vectors] = pools.map(({ tables, chances }, pool) => [tables, this.counts[pool], chances]);
    const coefficients = [3, 5].map((masks, type) => [
      this.rows,
      pools[masks].tables,
      pools[masks].tables,
      pools[masks + 1].tables,
      this.noMotions,
      offsets[type],
      this.noTransforms,
      this.mixed ? this.noCounts : this.counts[masks],
      this.counts[masks + 1],
      pools[masks].chances,
      this.noChances,
      PICTURE_KINDS + 2 * frameClass + type,
      Number(this.mixed),
    ]);
    return [nodes, shapes, vectors, coefficients, picture, frameClass, Number(this.mixed)];
  }

  /** Add what has been counted in a frame of a class. */
  add(frameClass) {
    this.classes[frameClass].pools.forEach((pool, number) => pool.add(this.counts[number].words));
  }
}

class ClassTables {
  constructor(kernels) {
    this.pools = POOLS.map((pool) => new AdaptingPool(kernels, pool));
    this.offsets = [0, 1].map(() => kernels.room("int8", [32, 256, 4]));
  }

  start(model, place, mixed) {
    this.pools.forEach((pool, number) => pool.start(model.priorOf(number, place), mixed));
    this.offsets.forEach((offsets, type) => offsets.view.set(model.offsetsOf(place, type)));
  }
}

/** The codes of one pool. */
class AdaptingPool {
  constructor(kernels, { contexts, symbols, bits }) {
    this.kernels = kernels;
    this.symbols = symbols;
    this.bits = bits;
    this.chances = bits ? kernels.zeros("int32", [contexts, 1 << bits]) : null;
    this.prior = null;
    this.running = new Float64Array(contexts * symbols); // K, whole numbers
    this.totals = new Float64Array(contexts); // of K
    this.fresh = new Float64Array(contexts); // F
    this.lengths = kernels.room("uint8", [contexts, symbols]);
    this.tables = roomForTables(kernels, contexts, symbols, MOST_LENGTH);
    this.keys = kernels.room("int64", [1, symbols]);
  }

  start(prior, mixed) {
    this.prior = prior;
    if (mixed && this.chances) fillPriorChances(prior, this.symbols, this.bits, this.chances.view);
    for (const counts of [this.running, this.totals, this.fresh]) counts.fill(0);
    this.lengths.view.set(prior);
    this.fill(0, this.totals.length);
  }

  /** Add counts, given as pairs of 32 bits, and make codes anew where enough has come. */
  add(counts) {
    const { symbols, running, totals, fresh } = this;
    const stale = [];
    for (let context = 0, at = 0; context < totals.length; context++) {
      let found = 0;
      let total = 0;
      const end = at + symbols;
      for (let place = at; place < end; place++) found += counts[2 * place];
      if (found === 0 && totals[context] === 0) {
        at = end;
        continue;
      }
      for (; at < end; at++) {
        const kept = running[at] - Math.floor(running[at] / DECAY) + COUNT_UNIT * counts[2 * at];
        running[at] = kept;
        total += kept;
      }
      totals[context] = total;
      fresh[context] += COUNT_UNIT * found;
      if (REBUILD_SHARE * fresh[context] > (1 << PRIOR_SHIFT) + total) stale.push(context);
    }
    for (const context of stale) this.rebuild(context);
  }

  rebuild(context) {
    const { kernels, symbols, keys } = this;
    const first = context * symbols;
    const view = keys.view;
    for (let symbol = 0; symbol < symbols; symbol++) {
      const weight = ((1 << PRIOR_SHIFT) >> this.prior[first + symbol]) + this.running[first + symbol];
      view[symbol] = (BigInt(weight) << SYMBOL_BITS) | BigInt(GREATEST_SYMBOL - symbol);
    }
    view.sort();
    const lengths = this.lengths.part(context, 1);
    lengths.clear();
    kernels.scope(() => kernels.call("entropy.huffman._package_merge", keys, MOST_LENGTH, lengths));
    this.fresh[context] = 0;
    this.fill(context, 1);
  }

  /** Make the tables of some contexts for their code lengths. */
  fill(first, count) {
    const { kernels } = this;
    const parts = this.tables.map((table) => (typeof table === "number" ? table : table.part(first, count)));
    parts[0].clear();
    const lengths = this.lengths.part(first, count);
    kernels.scope(() => kernels.call("entropy.tables._fill_decode_tables", lengths, parts));
  }
}

/** Which row of the adapting tables each context of the picture tables stands for. */
function coefficientRows() {
  const rows = new Int32Array(PICTURE_CONTEXTS);
  for (const { first, ofForm } of [MASKS, PATTERNS]) {
    for (let size = 0; size < SIZES; size++) {
      for (let number = 0; number < ofForm; number++) rows[first + 2 * size * ofForm + number] = size * ofForm + number;
    }
  }
  return rows;
}
