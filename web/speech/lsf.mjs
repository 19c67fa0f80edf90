/** Line spectral frequencies: their codebook, and vectors from symbols (FORMAT.md, 14.2 and 14.5). */

import { CodebookError, require } from "../errors.mjs";
import { checkLengths } from "../huffman.mjs";
import { LSF_UNIT } from "./bands.mjs";

const PI = 32768; // in units of frequencies
const MOST_CLASSES = 8;
const MOST_STAGES = 12;
const MOST_ENTRIES = 256;
const MOST_HEADERS = 256;
const POSITION_ONE = 16384;

/** An LSF codebook, checked. */
export class LsfCodebook {
  /**
   * @param {Kernels} kernels
   * @param {(name: string, type: string, shape: (number | null)[]) => CodebookArray} take an array of the codebook
   * @param {number} order
   */
  constructor(kernels, take, order) {
    this.kernels = kernels;
    this.start = take("start", "int16", [order]).data;
    const [gap] = take("gap", "int16", [1]).data;
    const offsets = take("offsets", "int32", [null, order]);
    const [classes] = offsets.shape;
    const sizes = take("sizes", "int16", [null]).data;
    this.stages = sizes.length;
    const most = Math.max(...sizes);
    const positions = take("positions", "int16", [null]);
    this.headers = classes * (this.stages + 1) + positions.data.length;
    const right = [
      classes <= MOST_CLASSES && this.stages <= MOST_STAGES && this.headers <= MOST_HEADERS,
      sizes.every((size) => size >= 2 && size <= MOST_ENTRIES),
      gap * (order + 1) >= 1 && gap * (order + 1) < PI,
      positions.data.every((position) => position >= 0 && position <= POSITION_ONE),
      [...this.start, PI].every((value, i) => value - (i > 0 ? this.start[i - 1] : 0) >= gap),
    ];
    require(right.every(Boolean), "codebook: its LSFs are damaged", CodebookError);
    const put = ({ type, shape, data }) => kernels.array(type, shape, data);
    this.tables = [
      gap,
      put(offsets),
      put(take("predictors", "int16", [classes, order, order])),
      put(take("codewords", "int16", [classes, this.stages, most, order])),
      put(positions),
    ];
    this.headerLengths = put(take("header_lengths", "uint8", [this.headers + 1, this.headers]));
    this.indexLengths = put(take("index_lengths", "uint8", [classes * this.stages, most]));
    checkLengths(kernels, this.headerLengths, "codebook: LSF headers");
    checkLengths(kernels, this.indexLengths, "codebook: LSF indices");
    const sizeAt = (at) => sizes[Math.floor(at / most) % this.stages];
    const known = this.indexLengths.view.every((length, at) => length === 0 || at % most < sizeAt(at));
    require(known, "codebook: a code for an LSF codeword that does not exist", CodebookError);
    this.depths = Array.from({ length: this.headers }, (_, header) => {
      return header < classes * (this.stages + 1) ? header % (this.stages + 1) : 0;
    });
  }

  /**
   * Vectors in units of pi / 32768, one after the other.
   * @param {Uint8Array} headers
   * @param {Uint8Array} stages indices, `this.stages` for each vector
   * @param {number[]} before the vector before the first
   * @returns {number[][]}
   */
  vectors(headers, stages, before) {
    const { kernels } = this;
    return kernels.scope(() => {
      const made = kernels.room("int64", [headers.length, before.length]);
      kernels.call(
        "speech.lsf_quantizer.decoding._reconstruct",
        kernels.array("uint8", [headers.length], headers),
        kernels.array("uint8", [headers.length, this.stages], stages),
        this.tables,
        kernels.array("int64", [before.length], before),
        made,
      );
      const numbers = Array.from(made.view, Number);
      return Array.from(headers, (_, n) => numbers.slice(n * before.length, (n + 1) * before.length));
    });
  }
}

/** Vectors in radians, as kernels take them. */
export function frequencies(kernels, vectors) {
  const flat = vectors.flat().map((value) => value * LSF_UNIT);
  return kernels.array("float64", [vectors.length, vectors[0].length], flat);
}
