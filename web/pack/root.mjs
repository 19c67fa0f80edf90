/** The root of the index of a pack, and the search for it from the end of the file (FORMAT.md, 20.6 and 20.8). */

import { CorruptFileError, require } from "../errors.mjs";
import { Reader } from "../format/bytes.mjs";
import { chunkAt } from "../format/chunks.mjs";
import { unpack } from "../format/codebook.mjs";
import { namesIn, numberIn, numbersIn } from "./names.mjs";
import { TAIL_BYTES } from "./sources.mjs";

/** Bytes before the first chunk. */
export const HEAD_BYTES = 14;
const FOOT_BYTES = 17;
const FOOT = [70, 79, 79, 84];
const MOST_ROOT_BYTES = 2 ** 26;
export const MOST_CODEBOOKS = 256;
export const MOST_METADATA = 4096;
const MOST_BLOCKS = 2 ** 32;
const MOST_ENTRIES = 4096;
const WINDOW = 1 << 20; // bytes that are searched at once
export const SEARCH_WORK = 4; // bytes of roots that are looked at in a search, for each byte of the file, and
export const FREE_WORK = 2 ** 27;
export const CANDIDATE_WORK = 256; // that a false beginning counts
const UNREAD_ROOT = 2 ** 22; // that a root counts which is not whole

/**
 * @typedef {object} Place of a whole chunk
 * @property {number} offset
 * @property {number} length
 *
 * @typedef {object} Root
 * @property {number} offset of its chunk
 * @property {Place[]} codebooks
 * @property {Place[]} metadata sets
 * @property {(Place & {first: string, count: number})[]} blocks of names
 */

/**
 * The chunk at a place.
 * @param {import("./sources.mjs").Source} source
 * @param {Place} place
 * @param {string[]} kinds that it may be
 * @returns {Promise<import("../format/chunks.mjs").Chunk>}
 */
export async function chunkOf(source, { offset, length }, kinds) {
  const what = `chunk ${kinds[0]} at byte ${offset}`;
  require(offset + length <= source.size, `${what}: the pack is cut off`);
  const chunk = chunkAt(new Reader(await source.read(offset, length), what), undefined, offset);
  require(kinds.includes(chunk.kind) && chunk.length === length, `${what}: not the chunk that the index says`);
  return chunk;
}

/**
 * The root that the last whole foot leads to; null if there is none.
 * @param {import("./sources.mjs").Source} source
 * @returns {Promise<Root | null>}
 */
export async function lastRoot(source) {
  let budget = SEARCH_WORK * source.size + FREE_WORK;
  let { size: end } = source;
  let start = Math.max(HEAD_BYTES, end - TAIL_BYTES);
  while (budget > 0) {
    const data = await source.read(start, end - start);
    for (let at = lastFoot(data, data.length); at >= 0 && budget > 0; at = lastFoot(data, at + FOOT.length - 1)) {
      if (start + at + FOOT_BYTES > source.size) continue;
      const [root, cost] = await rootBefore(source, start + at);
      if (root !== null) return root;
      budget -= cost + CANDIDATE_WORK;
    }
    if (start <= HEAD_BYTES) return null;
    end = start + FOOT.length - 1; // a foot may begin on the boundary
    start = Math.max(HEAD_BYTES, end - WINDOW);
  }
  return null;
}

/** Where in the first `end` bytes of data the last four are that a foot begins with; -1 if nowhere. */
function lastFoot(data, end) {
  let at = end - FOOT.length;
  while (at >= 0 && !FOOT.every((byte, index) => data[at + index] === byte)) at--;
  return at;
}

/** The root that the foot at a position leads to, null if either is not whole; and what looking at it has cost. */
async function rootBefore(source, foot) {
  try {
    const { contents } = await chunkOf(source, { offset: foot, length: FOOT_BYTES }, ["FOOT"]);
    const offset = Number(contents.wideNumber());
    const place = { offset, length: foot - offset };
    if (offset < HEAD_BYTES || offset >= foot || place.length > MOST_ROOT_BYTES) return [null, FOOT_BYTES];
    return [rootIn(await chunkOf(source, place, ["ROOT"])), place.length];
  } catch (error) {
    if (!(error instanceof CorruptFileError)) throw error;
    return [null, UNREAD_ROOT];
  }
}

function rootIn({ contents, offset }) {
  const { what } = contents;
  const method = contents.number(1);
  const rawSize = numberIn(contents, MOST_ROOT_BYTES, "bytes of the root");
  const columns = new Reader(unpack(method, contents.rest(), rawSize, what), what);
  columns.wideVarint(); // unused bytes
  const codebooks = placesIn(columns, MOST_CODEBOOKS, "codebooks", offset);
  const metadata = placesIn(columns, MOST_METADATA, "sets of metadata", offset);
  const places = placesIn(columns, MOST_BLOCKS, "blocks of names", offset);
  const counts = numbersIn(columns, places.length, MOST_ENTRIES, "items in a block");
  require(!counts.includes(0), `${what}: a block without items`);
  const firsts = namesIn(columns, places.length);
  require(columns.left === 0, `${what}: bytes follow the columns`);
  const blocks = places.map((place, number) => ({ ...place, first: firsts[number], count: counts[number] }));
  return { offset, codebooks, metadata, blocks };
}

function placesIn(columns, most, what, end) {
  const count = numberIn(columns, most, what);
  require(count <= columns.left, `${columns.what}: more ${what} than there are bytes`);
  const offsets = numbersIn(columns, count, Infinity, "as a position");
  const lengths = numbersIn(columns, count, Infinity, "as a length");
  const inside = offsets.every((offset, number) => offset + lengths[number] <= end);
  require(inside, `${columns.what}: a chunk that would not lie before it`);
  return offsets.map((offset, number) => ({ offset, length: lengths[number] }));
}
