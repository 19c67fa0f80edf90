/** A block of names: consecutive items of the index, in columns (FORMAT.md, 20.4). */

import { LimitError, require } from "../errors.mjs";
import { Reader } from "../format/bytes.mjs";
import { unpack } from "../format/codebook.mjs";
import { ENGINES, MEDIA } from "../format/container.mjs";
import { readShape } from "../picture/shape.mjs";
import { namesIn, numberIn, numbersIn } from "./names.mjs";

const MOST_ENTRIES = 4096;
const MOST_BYTES = 2 ** 22; // packed or not
const MOST_LENGTH = 2 ** 30; // of an item
const MOST_HEAD = 4096;
const MOST_METADATA = 4096;
const MOST_CODEBOOK = 255; // its number
const WHOLE_FILE = 16; // forms from here on are whole files: this plus the number of the medium
const OF_MEMORY = 32; // forms from here on are items of the memory of their codebook: this plus the number of the engine
const MOST_PLACE = 65535; // of an item of a memory
const LONG_ITEM = 256; // bytes from which on an item has a check of 4 bytes, others of 2

/**
 * @typedef {object} Kind
 * @property {number} form
 * @property {boolean} isFile whether the items are whole files
 * @property {boolean} ofMemory whether they are items of the memory of their codebook
 * @property {string} [medium] `image`, `speech` or `video`; undefined if the form is not known here
 * @property {string} [engine] of a stream
 * @property {number} [codebook] its number
 * @property {number} [metadata] 0 for none, otherwise 1 plus the number of a set
 * @property {Uint8Array} head
 * @property {import("../picture/shape.mjs").Shape} [size] of pictures that are streams
 *
 * @typedef {object} Entry an item
 * @property {string} name
 * @property {Kind} kind
 * @property {number} offset of its own bytes in the file; of an item of a memory its number there
 * @property {number} length
 * @property {number} check
 * @property {number} checkBits 16 or 32
 */

/**
 * The items of the block in a chunk.
 * @param {import("../format/chunks.mjs").Chunk} chunk
 * @returns {Entry[]}
 */
export function entriesIn({ contents, offset: start, length: size }) {
  const { what } = contents;
  const count = numberIn(contents, MOST_ENTRIES, "items in a block");
  const [flags, lowBits, method] = contents.take(3);
  require(count > 0 && flags <= 1 && lowBits <= 30, `${what}: an impossible head`);
  const rawSize = numberIn(contents, MOST_BYTES, "bytes of names");
  const packed = contents.take(numberIn(contents, MOST_BYTES, "bytes of packed names"));
  const columns = new Reader(unpack(method, packed, rawSize, what), what);
  const kinds = Array.from({ length: numberIn(columns, count, "kinds of items") }, () => kindIn(columns));
  const names = namesIn(columns, count);
  const ofKind = numbersIn(columns, count, kinds.length - 1, "as the number of a kind");
  const kindOf = ofKind.map((number) => kinds[number]);
  const places = kindOf.map(({ ofMemory }) =>
    ofMemory ? numberIn(columns, MOST_PLACE, "as an item") : columns.signedVarint(),
  );
  const stored = kindOf.filter(({ ofMemory }) => !ofMemory).length;
  const high = numbersIn(columns, stored, Math.floor(MOST_LENGTH / 2 ** lowBits), "as a length");
  require(columns.left === 0, `${what}: bytes follow the columns`);
  const low = fieldsIn(contents.take(Math.ceil((lowBits * stored) / 8)), lowBits, stored);
  let position = flags === 1 ? start + size : start;
  let at = 0;
  const entries = names.map((name, number) => {
    const kind = kindOf[number];
    if (kind.ofMemory) return { name, kind, offset: places[number], length: 0, check: 0, checkBits: 0 };
    const length = high[at] * 2 ** lowBits + low[at];
    at++;
    require(length <= MOST_LENGTH, `${what}: an item of ${length} bytes`, LimitError);
    const offset = position + places[number];
    require(offset >= 0, `${what}: an item before the beginning of the file`);
    position = offset + length;
    const bytes = length >= LONG_ITEM ? 4 : 2;
    return { name, kind, offset, length, check: contents.number(bytes), checkBits: 8 * bytes };
  });
  require(contents.left === 0, `${what}: bytes follow the checks`);
  return entries;
}

function kindIn(columns) {
  const form = columns.number(1);
  const none = new Uint8Array(0);
  if (form >= WHOLE_FILE && form < OF_MEMORY) {
    return { form, isFile: true, ofMemory: false, medium: MEDIA[form - WHOLE_FILE], head: none };
  }
  const codebook = numberIn(columns, MOST_CODEBOOK, "as the number of a codebook");
  const metadata = numberIn(columns, MOST_METADATA, "as the number of metadata");
  const head = columns.take(numberIn(columns, MOST_HEAD, "bytes of a stream header"));
  const ofMemory = form >= OF_MEMORY;
  const engine = ENGINES[ofMemory ? form - OF_MEMORY : form];
  const medium = engine?.split("/")[0];
  const size = medium === "image" ? sizeIn(head) : undefined;
  return { form, isFile: false, ofMemory, medium, engine, codebook, metadata, head, size };
}

/** The size of pictures with this head; undefined if it has none, which is said when one is decoded. */
function sizeIn(head) {
  try {
    return readShape(new Reader(head, "picture header"));
  } catch {
    return undefined;
  }
}

/** Numbers of `bits` bits each, the first bit the highest (2.2). */
function fieldsIn(data, bits, count) {
  let at = 0;
  return Array.from({ length: count }, () => {
    let value = 0;
    for (let index = 0; index < bits; index++, at++) value = 2 * value + ((data[at >> 3] >> (7 - (at & 7))) & 1);
    return value;
  });
}
