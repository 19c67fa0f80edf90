/** What code lengths say of the bits of symbols, for chances that are mixed (FORMAT.md, 9.22). */

const CERTAIN = 65536; // the chance of a bit that can only be 1; 0 if it can only be 0
const MOST_LENGTH = 16;

/**
 * The chance of a 1 at each node of symbols of so many bits.
 * @param {Kernels} kernels
 * @param {KernelArray} lengths checked, uint8 (tables, symbols)
 * @param {number} bits
 * @returns {KernelArray} int32 (tables, nodes)
 */
export function priorChances(kernels, lengths, bits) {
  const [tables, symbols] = lengths.shape;
  const chances = kernels.zeros("int32", [tables, 1 << bits]);
  fillPriorChances(lengths.view, symbols, bits, chances.view);
  return chances;
}

/**
 * The same for code lengths that are one after the other, into zeroed memory.
 * @param {Uint8Array} lengths checked
 * @param {number} symbols of a table
 * @param {number} bits of a symbol
 * @param {Int32Array} chances by table and node
 */
export function fillPriorChances(lengths, symbols, bits, chances) {
  const nodes = 1 << bits;
  const uses = new Float64Array(2 * nodes);
  for (let table = 0; table * symbols < lengths.length; table++) {
    for (let symbol = 0; symbol < nodes; symbol++) {
      const length = symbol < symbols ? lengths[table * symbols + symbol] : 0;
      uses[nodes + symbol] = length > 0 ? 2 ** (MOST_LENGTH - length) : 0;
    }
    for (let node = nodes - 1; node > 0; node--) {
      const upper = uses[2 * node + 1];
      const all = uses[2 * node] + upper;
      uses[node] = all;
      chances[table * nodes + node] = chanceOf(upper, all);
    }
  }
}

function chanceOf(upper, all) {
  if (upper === 0) return 0;
  if (upper === all) return CERTAIN;
  const rounded = Math.floor((upper * CERTAIN + Math.floor(all / 2)) / all);
  return Math.min(Math.max(rounded, 1), CERTAIN - 1);
}

/** What stands for the chances of flags and modes where none are mixed. */
export function noChances(kernels) {
  return [kernels.room("int32", [1, 1]), kernels.room("int32", [1, 1])];
}
