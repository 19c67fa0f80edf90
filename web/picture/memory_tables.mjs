/** The tables of planes that are predicted from a memory: those of other planes with changes (FORMAT.md, 9.18). */

import { CodebookError, require } from "../errors.mjs";
import { checkLengths } from "../huffman.mjs";
import { checkRows } from "./model_arrays.mjs";

const CONTEXTS = 8398; // of planes without a memory
const ALL_CONTEXTS = 8423;
const POOLS = [
  { name: "flags", symbols: 16, first: 0, end: 5386, own: "may" },
  { name: "modes", symbols: 40, first: 5386, end: 5710, own: "never" },
  { name: "patterns", symbols: 256, first: 5710, end: CONTEXTS, own: "may" },
  { name: "motions", symbols: 32, first: CONTEXTS, end: ALL_CONTEXTS, own: "always" },
];

/**
 * The tables of both types of planes, as `Model` keeps those of others; none if the codebook has none.
 * @param {Kernels} kernels
 * @param {import("./model_arrays.mjs").ModelArrays} arrays
 * @param {string[]} names of the types
 * @param {object[]} types their tables without a memory
 * @param {number} rungs
 */
export function memoryTypes(kernels, arrays, names, types, rungs) {
  if (!arrays.has("memory_groups")) return [];
  const groups = arrays.take("memory_groups", "uint8", [rungs]).data;
  const rises = groups.every((group, rung) => group === (groups[rung - 1] ?? 0) || group === groups[rung - 1] + 1);
  require(rises, "codebook: 'memory_groups' must number groups of rungs from 0 on", CodebookError);
  return types.map((type, number) => changedType(kernels, arrays, names[number], type, groups));
}

function changedType(kernels, arrays, name, base, groups) {
  const count = groups.at(-1) + 1;
  const own = arrays.take(`memory_${name}_rows`, "uint16", [count, ALL_CONTEXTS]).data;
  const rows = new Uint16Array(groups.length * ALL_CONTEXTS);
  const pools = POOLS.map(({ name: pool, symbols, first, end, own: has }, number) => {
    const key = `memory_${name}_${pool}`;
    const isOwn = has === "always" || (has === "may" && arrays.has(key));
    const { shape, data } = isOwn ? arrays.take(key, "uint8", [null, symbols]) : { shape: [0], data: [] };
    if (isOwn) kernels.scope(() => checkLengths(kernels, kernels.array("uint8", shape, data), `codebook: '${key}'`));
    for (let group = 0; group < count; group++) {
      const part = own.subarray(group * ALL_CONTEXTS + first, group * ALL_CONTEXTS + end);
      checkRows(part, shape[0] + 1, `memory_${name}_rows`);
      const named = has !== "always" || part.every((row) => row > 0);
      require(named, `codebook: 'memory_${name}_rows' leaves a context of motion without a table`, CodebookError);
    }
    const plain = base.pools[number];
    const start = plain?.shape[0] ?? 0;
    groups.forEach((group, rung) => {
      for (let context = first; context < end; context++) {
        const row = own[group * ALL_CONTEXTS + context];
        const chosen = row > 0 ? start + row - 1 : base.rows[rung * CONTEXTS + context];
        rows[rung * ALL_CONTEXTS + context] = chosen;
      }
    });
    if (!isOwn) return plain;
    return kernels.array("uint8", [start + shape[0], symbols], [...(plain?.view ?? []), ...data]);
  });
  return { ...base, rows, pools, contexts: ALL_CONTEXTS };
}
