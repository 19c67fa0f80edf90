/** The arrays of a codebook with tables for blocks, checked when they are taken (FORMAT.md, 9.2). */

import { CodebookError, require } from "../errors.mjs";

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

/** Coefficients of a restoration filter. */
export const FILTER_WEIGHTS = UNIT_CLASSES * EDGE_STATES * TAPS;

export class ModelArrays {
  /** @param {Map<string, CodebookArray>} arrays by name */
  constructor(arrays) {
    this.arrays = arrays;
  }

  /** Those whose names begin with `prefix`, by the rest of the name. */
  named(prefix) {
    const own = [...this.arrays].filter(([name]) => name.startsWith(prefix));
    return new ModelArrays(new Map(own.map(([name, array]) => [name.slice(prefix.length), array])));
  }

  has(name) {
    return this.arrays.has(name);
  }

  /** An array of this type and shape; null stands for any length above 0. */
  take(name, type, shape) {
    const array = this.arrays.get(name);
    require(array !== undefined, `codebook: array '${name}' is missing`, CodebookError);
    const alike = array.type === type && array.shape.length === shape.length;
    const fits = alike && array.shape.every((length, axis) => length > 0 && (shape[axis] ?? length) === length);
    require(fits, `codebook: array '${name}' is ${array.type}[${array.shape}], which cannot be used`, CodebookError);
    return array;
  }

  /** The step indices for which there are tables. */
  takeRungs() {
    const rungs = Array.from(this.take("rungs", "uint8", [null]).data);
    const rises = rungs.every((rung, index) => index === 0 || rung > rungs[index - 1]);
    require(rises && rungs.at(-1) <= MOST_STEP, "codebook: 'rungs' must be rising step indices", CodebookError);
    return rungs;
  }

  /** The coefficients of restoration filters, one for each of `of`; null if there are none. */
  takeRestoration(of) {
    if (!this.has("restoration")) return null;
    const { data } = this.take("restoration", "int16", [...of, UNIT_CLASSES * EDGE_STATES, TAPS]);
    const bounded = data.every((weight) => Math.abs(weight) <= MOST_COEFFICIENT);
    require(bounded, `restoration filter: a coefficient is beyond ${MOST_COEFFICIENT}`, CodebookError);
    return data;
  }
}

export function checkRows(rows, count, name) {
  require(rows.every((row) => row < count), `codebook: '${name}' refers to a table that is not there`, CodebookError);
}

/** The place of the rung nearest to a step index; of two equally near, the smaller. */
export function nearestRung(rungs, step) {
  const distances = rungs.map((rung) => Math.abs(rung - step));
  return distances.indexOf(Math.min(...distances));
}

/** A filter's coefficients as its kernel takes them: those of the four samples of a unit's row in one number. */
export function packedWeights(kernels, coefficients) {
  const packed = new Int16Array(UNIT_CLASSES * ROW_PATTERNS.length * TAPS * 4);
  let at = 0;
  for (let unitClass = 0; unitClass < UNIT_CLASSES; unitClass++) {
    for (const pattern of ROW_PATTERNS) {
      for (let tap = 0; tap < TAPS; tap++) {
        for (const edge of pattern) packed[at++] = coefficients[(unitClass * EDGE_STATES + edge) * TAPS + tap];
      }
    }
  }
  const shape = [UNIT_CLASSES * ROW_PATTERNS.length, TAPS];
  return kernels.array("int64", shape, new BigInt64Array(packed.buffer));
}
