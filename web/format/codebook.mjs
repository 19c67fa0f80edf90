/** Codebooks: the `.vqcb` file, what it holds, and how a shared one is found (FORMAT.md, 5 and 6). */

import { Reader, bytesOf, checkMagic, crc32, hexOf, latin1, nameOf, sha256 } from "./bytes.mjs";
import { CodebookError, LimitError, UnsupportedError, require } from "../errors.mjs";
import { inflate } from "./inflate.mjs";
import { unpackLzma2 } from "./lzma2.mjs";
import { checkProvenance } from "./provenance.mjs";

const MAGIC = Uint8Array.of(0x89, 0x56, 0x51, 0x42, 0x0d, 0x0a, 0x1a, 0x0a);
const MOST_BYTES = 1 << 26;
const FREE_BYTES = 1 << 22; // and this many for each byte of the payload:
const MOST_EXPANSION = 256;
const MOST_ARRAYS = 4096;
const MOST_AXES = 8;
const DIFFERENCE = 16;
const DIFFERS = 0x80; // in an element type: the array is a difference
const TYPES = [
  ["int8", Int8Array],
  ["uint8", Uint8Array],
  ["int16", Int16Array],
  ["uint16", Uint16Array],
  ["int32", Int32Array],
  ["uint32", Uint32Array],
  ["int64", BigInt64Array],
];

/**
 * @typedef {object} CodebookArray
 * @property {string} type such as `uint8`
 * @property {number[]} shape
 * @property {TypedArray} data in C order
 *
 * @typedef {object} Codebook
 * @property {string} engine
 * @property {string} name
 * @property {Uint8Array} identity 32 bytes
 * @property {Map<string, CodebookArray>} arrays
 */

/** The head of a codebook file: what it says, and what follows. */
export function codebookHead(data, what = "codebook") {
  checkMagic(data, MAGIC, what);
  const reader = new Reader(data, what);
  reader.take(MAGIC.length);
  const version = reader.number(1);
  require(version !== 0, `${what}: a file of the impossible version 0`);
  require(version === 1, `${what}: version ${version} of codebook files is not known here`, UnsupportedError);
  const [method, engineLength, nameLength] = reader.take(3);
  const rawSize = reader.number(4);
  const payloadSize = reader.number(4);
  const identity = reader.take(32);
  const engine = nameOf(reader.take(engineLength), "engine", what);
  const name = nameOf(reader.take(nameLength), "codebook", what);
  const most = Math.min(MOST_BYTES, FREE_BYTES + MOST_EXPANSION * payloadSize);
  require(rawSize <= most, `${what}: ${rawSize} bytes; at most ${most} are allowed`, LimitError);
  return { method, rawSize, payloadSize, identity, engine, name, payload: reader.rest() };
}

/**
 * The codebook of a file.
 * @param {Uint8Array | ArrayBuffer} data
 * @param {Finder} find for the parent of a file that is a difference; null if it may not be one
 * @returns {Promise<Codebook>}
 */
export async function readCodebook(data, find, what = "codebook") {
  const head = codebookHead(bytesOf(data), what);
  const { payload, payloadSize } = head;
  require(payload.length === payloadSize, `${what}: ${payload.length} bytes where it says ${payloadSize}`);
  let canonical;
  if (head.method === DIFFERENCE) canonical = await undoDifference(head, find, what);
  else canonical = unpack(head.method, payload, head.rawSize, what);
  const identity = sha256(canonical);
  require(hexOf(identity) === hexOf(head.identity), `${what}: the contents do not have its SHA-256; damaged`);
  const codebook = parse(canonical, identity, what);
  const same = codebook.engine === head.engine && codebook.name === head.name;
  require(same, `${what}: head and contents name another engine or codebook`);
  return codebook;
}

/** The `size` bytes that packed ones unpack to, by a method of 6.4. */
export function unpack(method, packed, size, what) {
  if (method === 0) {
    require(packed.length === size, `${what}: ${packed.length} bytes instead of ${size}`);
    return packed;
  }
  require(method === 1 || method === 2, `${what}: packed by method ${method}, unknown here`, UnsupportedError);
  return method === 1 ? unpackLzma2(packed, size, what) : inflate(packed, size, what);
}

function parse(data, identity, what) {
  const reader = new Reader(data, what);
  require(latin1(reader.take(5)) === "vqcb\x01", `${what}: the contents are not those of a codebook`);
  const engine = nameOf(reader.shortBytes(), "engine", what);
  const name = nameOf(reader.shortBytes(), "codebook", what);
  const count = arrayCount(reader);
  const arrays = new Map();
  let before = "";
  for (let number = 0; number < count; number++) {
    const key = nameOf(reader.shortBytes(), "array", what);
    require(key > before, `${what}: arrays twice, or out of order`);
    before = key;
    const { type, shape, size } = arrayHead(reader);
    require(type < DIFFERS, `${what}: array '${key}' is a difference, and the file is none`);
    const [typeName, kind] = TYPES[type];
    const bytes = reader.take(size).slice(); // at an address that the elements may have
    arrays.set(key, { type: typeName, shape, data: new kind(bytes.buffer) });
  }
  const provenance = reader.take(reader.number(4));
  require(reader.left === 0, `${what}: bytes follow the provenance`);
  checkProvenance(provenance, what);
  return { engine, name, identity, arrays };
}

function arrayCount(reader) {
  const count = reader.number(2);
  require(count <= MOST_ARRAYS, `${reader.what}: ${count} arrays; at most ${MOST_ARRAYS} are allowed`, LimitError);
  return count;
}

function arrayHead(reader) {
  const type = reader.number(1);
  require((type & ~DIFFERS) < TYPES.length, `${reader.what}: an unknown type of elements`);
  const axes = reader.number(1);
  require(axes <= MOST_AXES, `${reader.what}: an array of ${axes} axes`, LimitError);
  const shape = Array.from({ length: axes }, () => reader.number(4));
  require(!shape.includes(0), `${reader.what}: an axis of length 0`);
  const width = TYPES[type & ~DIFFERS][1].BYTES_PER_ELEMENT;
  const size = shape.reduce((product, length) => product * length, width);
  require(size <= MOST_BYTES, `${reader.what}: an array of ${size} bytes`, LimitError);
  return { type, shape, size };
}

/** The canonical bytes of a codebook that is stored as the difference from another (6.5). */
async function undoDifference(head, find, what) {
  const reader = new Reader(head.payload, what);
  const parentIdentity = reader.take(32);
  const method = reader.number(1);
  require(find !== null, `${what}: a difference, as the parent of another codebook`, CodebookError);
  const canonical = unpack(method, reader.rest(), head.rawSize, what).slice();
  const parent = await findCodebook(parentIdentity, find, "", false);
  const body = new Reader(canonical, what);
  body.take(5);
  body.shortBytes();
  body.shortBytes();
  for (let left = arrayCount(body); left > 0; left--) {
    const key = latin1(body.shortBytes());
    const typeAt = body.position;
    const { type, shape, size } = arrayHead(body);
    const stored = body.take(size);
    if (type < DIFFERS) continue;
    const like = parent.arrays.get(key);
    const [typeName] = TYPES[type - DIFFERS];
    const fits = like?.type === typeName && String(like.shape) === String(shape);
    require(fits, `${what}: differs from an array '${key}' that its parent does not have`);
    canonical[typeAt] = type - DIFFERS;
    addDifferences(stored, like.data);
  }
  return canonical;
}

/** Replace differences, folded to unsigned numbers, by the elements that they stand for, in place. */
function addDifferences(stored, parent) {
  const width = parent.BYTES_PER_ELEMENT;
  const view = new DataView(stored.buffer, stored.byteOffset, stored.length);
  if (width === 8) {
    parent.forEach((element, index) => {
      const folded = view.getBigUint64(8 * index, true);
      const difference = folded & 1n ? -(folded >> 1n) - 1n : folded >> 1n;
      view.setBigInt64(8 * index, BigInt.asIntN(64, element + difference), true);
    });
    return;
  }
  const bits = 8 * width;
  parent.forEach((element, index) => {
    const folded = view[`getUint${bits}`](width * index, true);
    const difference = folded & 1 ? -(folded >>> 1) - 1 : folded >>> 1;
    view[`setUint${bits}`](width * index, element + difference, true);
  });
}

/**
 * @callback Finder
 * @param {string} beginning in hex, of the identity of the codebook that is wanted: 4 or 32 bytes of it
 * @param {string} name what the file calls it, for people; "" if it does not
 * @returns {(Uint8Array | ArrayBuffer)[] | Promise<(Uint8Array | ArrayBuffer)[]>} codebook files; those that do not fit
 *     are passed over
 */

/**
 * The shared codebook whose identity begins with `beginning`.
 * @param {Uint8Array} beginning
 * @param {Finder} find
 * @returns {Promise<Codebook>}
 */
export async function findCodebook(beginning, find, name = "", mayDiffer = true) {
  const wanted = hexOf(beginning);
  const called = name ? ` '${name}'` : "";
  const files = new Map();
  for (const given of await find(wanted, name)) {
    const file = bytesOf(given);
    const identity = hexOf(codebookHead(file).identity);
    if (identity.startsWith(wanted)) files.set(identity, file);
  }
  require(files.size > 0, `the codebook${called} ${wanted} is not at hand`, CodebookError);
  require(files.size === 1, `two codebooks begin with ${wanted}; give the one that is meant`, CodebookError);
  const [file] = files.values();
  return readOnce(file, mayDiffer ? find : null, `codebook${called}`);
}

/**
 * The codebook whose identity `fits`.
 * @param {Uint8Array} beginning of its identity
 * @param {(identity: Uint8Array) => boolean} fits
 * @param {Finder} find
 * @returns {Promise<Codebook>}
 */
export async function fittingCodebook(beginning, fits, find) {
  const wanted = hexOf(beginning);
  let others = false;
  for (const given of await find(wanted, "")) {
    const file = bytesOf(given);
    const { identity } = codebookHead(file);
    if (!hexOf(identity).startsWith(wanted)) continue;
    if (fits(identity)) return readOnce(file, find, "codebook");
    others = true;
  }
  require(others, `the codebook ${wanted}... is not at hand`, CodebookError);
  require(false, "the checksum is wrong: damaged, or another codebook");
}

const known = new WeakMap(); // codebooks that were read, by their files: unpacking takes longer than most pictures

async function readOnce(file, find, what) {
  const { codebook, digest } = known.get(file) ?? {};
  const checksum = crc32(file); // the bytes may have been changed since
  if (digest === checksum && find !== null) return codebook;
  const read = await readCodebook(file, find, what);
  known.set(file, { codebook: read, digest: checksum });
  return read;
}
