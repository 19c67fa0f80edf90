/** The items of a pack whose index is damaged or missing, found by going through all its chunks (FORMAT.md, 20.8). */

import { CorruptFileError, LimitError, UnsupportedError, require } from "../errors.mjs";
import { Reader, latin1 } from "../format/bytes.mjs";
import { clauseOf } from "../format/chunks.mjs";
import { entriesIn } from "./blocks.mjs";
import { compareBytes, numberIn } from "./names.mjs";
import { CANDIDATE_WORK, FREE_WORK, HEAD_BYTES, MOST_CODEBOOKS, MOST_METADATA, SEARCH_WORK, chunkOf } from "./root.mjs";

const KINDS = ["CREF", "CEMB", "META", "NAME", "BULK", "ROOT", "FOOT"];
const SEARCHED = /CREF|CEMB|META|NAME|ROOT|FOOT/;
const TYPE_BYTES = 4;
const HEAD = TYPE_BYTES + 9; // type and the longest length
const MOST_BULK = 2 ** 30; // bytes of a payload
const MOST_CODEBOOK = 2 ** 26; // bytes, without its head
const MOST_BYTES = MOST_CODEBOOK + 1024; // of the payload of other chunks
const WINDOW = 1 << 20; // bytes that are read at once
const SEARCH = 1 << 13; // that are searched at once

/**
 * @typedef {object} Salvaged
 * @property {Map<string, import("./blocks.mjs").Entry>} entries by name, in the order of the names
 * @property {import("./root.mjs").Place[]} codebooks by number; with holes
 * @property {import("./root.mjs").Place[]} metadata likewise
 * @property {string[]} damage a clause for what of the index is damaged
 */

/**
 * All items to be found: of the last whole index, of its damaged blocks, and of what follows it. Removed ones may come
 * back.
 * @param {import("./sources.mjs").Source} source read from its beginning to its end, but for the bytes of items
 * @param {import("./root.mjs").Root | null} root of the last whole index
 * @param {(number: number) => Promise<import("./blocks.mjs").Entry[]>} block gives the items of a block of the root
 * @returns {Promise<Salvaged>}
 * @throws {CorruptFileError} it is too damaged to find what is intact
 */
export async function salvage(source, root, block) {
  const found = new Map();
  const take = (entry) => found.set(entry.name, entry);
  const damage = root === null ? ["the pack has no whole index"] : [];
  const lost = []; // ranges of names
  const firsts = (root?.blocks ?? []).map(({ first }) => bytesOfName(first));
  for (const [number, { first, count }] of (root?.blocks ?? []).entries()) {
    try {
      (await block(number)).forEach(take);
    } catch (error) {
      passOver(error);
      damage.push(`${count} items from '${first}' on: ${error.message}`);
      lost.push([firsts[number], firsts[number + 1]]);
    }
  }
  const codebooks = [...(root?.codebooks ?? [])];
  const metadata = [...(root?.metadata ?? [])];
  const isLost = ({ name }) => {
    const coded = bytesOfName(name);
    return lost.some(([first, end]) => compareBytes(first, coded) <= 0 && (!end || compareBytes(coded, end) < 0));
  };
  for await (const chunk of chunksOf(source)) {
    try {
      if (chunk.kind === "NAME") {
        const later = root === null || chunk.offset >= root.offset;
        entriesIn(chunk).filter((entry) => later || isLost(entry)).forEach(take);
      } else if (chunk.kind === "META") {
        metadata[numberIn(chunk.contents, MOST_METADATA - 1, "as a number")] ??= placeOf(chunk);
      } else if (chunk.kind === "CREF" || chunk.kind === "CEMB") {
        codebooks[numberIn(chunk.contents, MOST_CODEBOOKS - 1, "as a number")] ??= placeOf(chunk);
      }
    } catch (error) {
      passOver(error);
      damage.push(clauseOf(chunk.offset, chunk.offset + chunk.length, error.message));
    }
  }
  const sorted = [...found.values()].map((entry) => ({ entry, coded: bytesOfName(entry.name) }));
  sorted.sort((one, other) => compareBytes(one.coded, other.coded));
  return { entries: new Map(sorted.map(({ entry }) => [entry.name, entry])), codebooks, metadata, damage };
}

function placeOf({ offset, length }) {
  return { offset, length };
}

/** Go on after an error of what is read; what is wrong with reading itself is thrown. */
function passOver(error) {
  const isPassed = [CorruptFileError, LimitError, UnsupportedError].some((kind) => error instanceof kind);
  if (!isPassed) throw error;
}

function bytesOfName(name) {
  return new TextEncoder().encode(name);
}

/** All whole chunks but those of data, in the order of the file; what is damaged is passed over. */
async function* chunksOf(given) {
  const source = new Windowed(given);
  let budget = SEARCH_WORK * source.size + FREE_WORK;
  for (let position = HEAD_BYTES; position < source.size; ) {
    const found = await wholeAt(source, position);
    if (found !== null) {
      if (found.kind !== "BULK") yield found;
      position += found.length;
      continue;
    }
    position = await beginningFrom(source, position + 1);
    budget -= CANDIDATE_WORK + Math.min((await declaredAt(source, position))?.payload ?? 0, MOST_CODEBOOK);
    require(budget >= 0, "too damaged to find what is intact");
  }
}

/**
 * The whole chunk at a position; null if there is none. Of a chunk of data only its length is looked at, and whether a
 * chunk or the end of the file follows.
 */
async function wholeAt(source, offset) {
  const declared = await declaredAt(source, offset);
  if (declared === null) return null;
  const { kind, length, payload } = declared;
  const end = offset + length;
  if (!KINDS.includes(kind) || payload > (kind === "BULK" ? MOST_BULK : MOST_BYTES) || end > source.size) return null;
  if (kind === "BULK") {
    const follows = end === source.size || KINDS.includes(latin1(await source.read(end, TYPE_BYTES)));
    return follows ? { kind, offset, length } : null;
  }
  try {
    return await chunkOf(source, { offset, length }, [kind]);
  } catch (error) {
    passOver(error);
    return null;
  }
}

/** What a chunk at a position says it is: its type, and its length without and with type and checksum. */
async function declaredAt(source, position) {
  const head = new Reader(await source.read(position, HEAD), "a chunk");
  try {
    const kind = latin1(head.take(TYPE_BYTES));
    const payload = head.varint();
    return { kind, payload, length: head.position + payload + 4 };
  } catch (error) {
    passOver(error);
    return null;
  }
}

/** The next position from one on where the letters of a type stand that is no data; near the end that of the end. */
async function beginningFrom(source, start) {
  for (let position = start; position < source.size; position += SEARCH - TYPE_BYTES + 1) {
    const at = latin1(await source.read(position, SEARCH)).search(SEARCHED);
    if (at >= 0) return position + at;
  }
  return source.size;
}

/** A source whose bytes are read in large pieces, for reading from the beginning to the end. */
class Windowed {
  constructor(source) {
    this.source = source;
    this.size = source.size;
    this.first = 0;
    this.data = new Uint8Array(0);
  }

  /** Bytes of a range; fewer at the end of the file. */
  async read(offset, wanted) {
    const length = Math.min(wanted, this.size - offset);
    if (length > WINDOW) return this.source.read(offset, length);
    if (offset < this.first || offset + length > this.first + this.data.length) {
      this.first = offset;
      this.data = await this.source.read(offset, Math.min(WINDOW, this.size - offset));
    }
    return this.data.subarray(offset - this.first, offset - this.first + length);
  }
}
