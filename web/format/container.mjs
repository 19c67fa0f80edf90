/** Media files: the compact and the chunked form (FORMAT.md, 3 and 4). */

import { Reader, bytesOf, checkMagic, crc32, nameOf, utf8 } from "./bytes.mjs";
import { chunksOf, clauseOf, isDamage } from "./chunks.mjs";
import { codebookHead, findCodebook, fittingCodebook, readCodebook } from "./codebook.mjs";
import { CodebookError, CorruptFileError, LimitError, UnsupportedError, require } from "../errors.mjs";

const COMPACT_MAGIC = [0xd6, 0x51];
const COMPACT_HEAD = 7;
const SHORT_HEAD = 5;
const LONG_FILE = 256; // a short file from so many bytes on has a checksum of 4 bytes, others of 2
const CHECKED = 254; // begins speech whose packets have checks of their own (13.3)
const CHUNKED_MAGIC = Uint8Array.of(0x89, 0x56, 0x51, 0x43, 0x0d, 0x0a, 0x1a, 0x0a);
export const MEDIA = [undefined, "image", "speech", "video"];
export const ENGINES = [
  undefined,
  "image/block",
  "image/transform",
  "speech/celp-nb",
  "speech/celp-wb",
  "video/mc",
  "video/st3d",
  "speech/celp-fixed",
  "speech/ld-celp",
];
const METADATA = ["iccp", "exif", "xmpd", "cicp", "dens"];
const HEAD_BYTES = 11; // before their checksum
const MOST_METADATA = 1024;
const MOST_NUMBER = 255; // of a stream or a codebook

/**
 * @typedef {object} Stream
 * @property {string} medium
 * @property {string} engine
 * @property {number} codebook its number
 * @property {Uint8Array} header in the compact form empty: the packet then begins with it
 * @property {Uint8Array[]} packets
 * @property {number[]} numbers of the packets: if none is missing, 0, 1, 2 and so on
 * @property {bigint[]} starts
 *
 * @typedef {object} Reference to a codebook
 * @property {Uint8Array} identity
 * @property {string} [name] of a shared codebook
 * @property {Uint8Array} [file] of a codebook that is embedded
 *
 * @typedef {object} Media
 * @property {Map<number, Reference | import("./codebook.mjs").Codebook>} codebooks by number
 * @property {Map<number, Stream>} streams
 * @property {Map<string, Uint8Array>} metadata by type of chunk; texts by `text:` and their title
 */

/** The medium of a file, `image`, `speech` or `video`, as its first bytes say; undefined if they say none. */
export function mediumOf(given) {
  const data = bytesOf(given);
  if (isCompact(data)) return ENGINES[data[2] & 15]?.split("/")[0];
  return CHUNKED_MAGIC.every((byte, index) => data[index] === byte) ? MEDIA[data[10]] : undefined;
}

/** Whether a file has the compact form. */
export function isCompact(data) {
  return COMPACT_MAGIC.every((byte, index) => data[index] === byte);
}

/**
 * A media file, all of whose checksums are right, with its codebooks.
 * @param {Uint8Array | ArrayBuffer} given
 * @param {import("./codebook.mjs").Finder} find
 * @param {string[] | null} damage to which a clause for each damaged part is added; null if they are an error
 * @returns {Promise<Media>}
 */
export async function readMedia(given, find, damage = null) {
  const data = bytesOf(given);
  if (isCompact(data)) {
    const media = await readCompact(data, find, damage);
    media.streams.forEach((stream) => checkEngine(stream, media.codebooks.get(0)));
    return media;
  }
  return withCodebooks(readChunked(data, damage), find);
}

/** Media whose codebooks have not been found yet, with those of its streams. */
export async function withCodebooks({ codebooks, streams, metadata }, find) {
  const found = new Map();
  for (const stream of streams.values()) {
    const number = stream.codebook;
    if (!found.has(number)) found.set(number, await codebookFor(codebooks.get(number), find));
    checkEngine(stream, found.get(number));
  }
  return { codebooks: found, streams, metadata };
}

/** The codebook of a stream of a file whose codebooks have not been found yet. */
export async function codebookOf({ codebooks }, stream, find) {
  const codebook = await codebookFor(codebooks.get(stream.codebook), find);
  checkEngine(stream, codebook);
  return codebook;
}

/** The codebook that a reference means. */
export async function codebookFor({ identity, name, file }, find) {
  return file ? readCodebook(file, find) : findCodebook(identity, find, name);
}

/** Refuse the codebook of another engine than that of a stream. */
export function checkEngine(stream, { engine, name }) {
  require(engine === stream.engine, `coded by ${stream.engine}, but '${name}' is for ${engine}`, CodebookError);
}

async function readCompact(data, find, damage) {
  require(data.length >= 3, `the file is cut off after ${data.length} bytes`);
  const version = data[2] >> 4;
  const engine = ENGINES[data[2] & 15];
  require(version !== 0, "a compact file of the impossible version 0");
  require(version === 1 || version === 2, `version ${version} of the format is not known here`, UnsupportedError);
  require(engine !== undefined, `coded by engine number ${data[2] & 15}, unknown here`, UnsupportedError);
  if (version === 2) return readShort(data, engine, find);
  require(data.length >= COMPACT_HEAD + 4, `the file is cut off after ${data.length} bytes`);
  const codebook = await findCodebook(data.subarray(3, COMPACT_HEAD), find);
  const body = data.subarray(0, -4);
  const checksum = new Reader(data.subarray(-4), "checksum").number(4);
  const [medium] = engine.split("/");
  const isRight = checksum === crc32(body, codebook.identity);
  const isChecked = damage !== null && medium === "speech" && data[COMPACT_HEAD] === CHECKED;
  require(isRight || isChecked, "the checksum is wrong: damaged, or another codebook");
  return onePacket(engine, codebook, (isRight ? body : data).subarray(COMPACT_HEAD)); // checked: cut off anywhere
}

/**
 * Media of one stream, whose one packet begins with the stream's header, as the compact form has it.
 * @param {string} engine
 * @param {import("./codebook.mjs").Codebook} codebook
 * @param {Uint8Array} packet
 * @returns {Media}
 */
export function onePacket(engine, codebook, packet) {
  const [medium] = engine.split("/");
  const empty = new Uint8Array(0);
  const stream = { medium, engine, codebook: 0, header: empty, packets: [packet], numbers: [0], starts: [0n] };
  return { codebooks: new Map([[0, codebook]]), streams: new Map([[0, stream]]), metadata: new Map() };
}

/** A file of the short form (FORMAT.md, 3.7). */
async function readShort(data, engine, find) {
  const width = data.length < LONG_FILE ? 2 : 4;
  require(data.length > SHORT_HEAD + width, `the file is cut off after ${data.length} bytes`);
  const before = data.subarray(0, -width);
  const checksum = new Reader(data.subarray(-width), "checksum").number(width);
  const fits = (identity) => checksum === crc32(before, identity) % 2 ** (8 * width);
  const codebook = await fittingCodebook(data.subarray(3, SHORT_HEAD), fits, find);
  const [first, second] = usualHeaders(codebook);
  const body = before.subarray(SHORT_HEAD);
  if (body[0] < 128) return onePacket(engine, codebook, joined(first.subarray(0, -2), body));
  const header = (body[0] & 64 ? second : first).slice();
  header[header.length - 2] |= body[0] & 63;
  return onePacket(engine, codebook, joined(header, body.subarray(1)));
}

function usualHeaders({ name, arrays }) {
  const { type, shape, data } = arrays.get("usual_headers") ?? {};
  const [rows, length] = shape ?? [];
  const isRight = type === "uint8" && shape.length === 2 && rows === 2 && length >= 3 && length <= 32;
  require(isRight, `codebook '${name}' has no headers for files of the short form`, CodebookError);
  const both = [data.subarray(0, length), data.subarray(length)];
  const alike = both[0].subarray(0, -2).every((byte, index) => byte === both[1][index]);
  const open = both.every((row) => (row[length - 2] & ~64) === 0);
  require(alike && open, `codebook '${name}': its usual headers are no two headers of one shape`, CodebookError);
  return both;
}

/** One array of the bytes of two. */
export function joined(first, second) {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/**
 * A file of the chunked form, whose codebooks have yet to be found.
 * @param {Uint8Array} data
 * @param {string[] | null} damage to which a clause for each damaged part is added; null if they are an error
 * @returns {Media}
 */
export function readChunked(data, damage = null) {
  require(!(data.length === 1 && data[0] === COMPACT_MAGIC[0]), "the file is cut off after 1 byte");
  checkMagic(data, CHUNKED_MAGIC, "the file");
  const reader = new Reader(data, "the file");
  const medium = readHead(reader, damage);
  const chunks = new Chunks(damage !== null);
  for (const chunk of chunksOf(reader, damage)) {
    try {
      chunks.use(chunk);
      if (chunks.ended) require(reader.left === 0, "the file goes on after its end");
    } catch (error) {
      if (damage === null || !isDamage(error)) throw error;
      damage.push(clauseOf(chunk.offset, chunk.offset + chunk.length, error.message));
    }
  }
  require(chunks.ended || damage !== null, "the file is cut off: it has no end chunk");
  if (!chunks.ended) damage.push(`the file ends after ${data.length} bytes, without an end chunk`);
  const [first] = chunks.streams.values();
  require(first !== undefined, "no stream is declared");
  require(medium === null || first.medium === medium, "the head names another medium than the first stream");
  for (const stream of chunks.streams.values()) {
    require(chunks.codebooks.has(stream.codebook), "the codebook of a stream is missing");
  }
  const { codebooks, streams, metadata } = chunks;
  for (let number = 0; number < codebooks.size; number++) {
    require(damage !== null || codebooks.has(number), `codebook number ${number} is missing`);
  }
  return { codebooks, streams, metadata };
}

/** The medium that the head of a file names; null if it is damaged, and that is passed over. */
function readHead(reader, damage) {
  const head = reader.take(HEAD_BYTES);
  if (reader.number(4) !== crc32(head)) {
    const reason = "the head of the file is damaged (wrong checksum)";
    require(damage !== null, reason);
    damage.push(clauseOf(0, reader.position, reason));
    return null;
  }
  const [major, , medium] = head.subarray(8);
  require(major !== 0, "a file of the impossible version 0");
  require(major === 1, `version ${major} of the format is not known here`, UnsupportedError);
  require(MEDIA[medium] !== undefined, `medium ${medium} is not known here`, UnsupportedError);
  return MEDIA[medium];
}

/**
 * The reference in a chunk `CREF` or `CEMB`, whose number is already read.
 * @param {string} kind
 * @param {Reader} contents
 * @returns {Reference}
 */
export function referenceIn(kind, contents) {
  if (kind === "CEMB") {
    const file = contents.rest();
    return { identity: codebookHead(file, contents.what).identity, file };
  }
  const name = nameOf(contents.shortBytes(), "codebook", contents.what);
  const identity = contents.take(32);
  require(contents.left === 0, `${contents.what}: bytes follow the identity`);
  return { name, identity };
}

/** What the chunks so far have said. */
class Chunks {
  /** @param {boolean} lenient whether packets may be missing */
  constructor(lenient) {
    this.lenient = lenient;
    this.codebooks = new Map();
    this.streams = new Map();
    this.tails = new Set(); // numbers of streams whose whole header has come
    this.metadata = new Map();
    this.places = []; // stream, start, offset and length of each packet's chunk
    this.index = null;
    this.ended = false;
  }

  use({ kind, contents, offset, length }) {
    const late = kind !== "DONE" && this.index !== null && !this.lenient;
    require(!late, `${contents.what}: only the end may follow the index`);
    if (kind === "CREF" || kind === "CEMB") this.takeCodebook(kind, contents);
    else if (kind === "STRM") this.takeStream(contents);
    else if (kind === "TAIL") this.takeTail(contents);
    else if (kind === "DATA") this.takePacket(contents, offset, length);
    else if (METADATA.includes(kind)) this.addMetadata(kind, contents.rest(), contents.what);
    else if (kind === "text") this.takeText(contents);
    else if (kind === "indx") this.index = { offset, contents };
    else if (kind === "DONE") this.takeEnd(contents);
    else require(/^[a-z]/.test(kind), `${contents.what}: not known here, and needed`, UnsupportedError);
  }

  takeNumber(contents, taken) {
    const number = contents.varint();
    require(number <= MOST_NUMBER, `${contents.what}: number ${number}; at most ${MOST_NUMBER}`, LimitError);
    require(!taken.has(number), `${contents.what}: number ${number} a second time`);
    return number;
  }

  takeCodebook(kind, contents) {
    const number = this.takeNumber(contents, this.codebooks);
    this.codebooks.set(number, referenceIn(kind, contents));
  }

  takeStream(contents) {
    const number = this.takeNumber(contents, this.streams);
    const medium = contents.number(1);
    const codebook = contents.varint();
    const engine = nameOf(contents.shortBytes(), "engine", contents.what);
    require(MEDIA[medium] !== undefined, `${contents.what}: medium ${medium} is not known here`, UnsupportedError);
    const fits = MEDIA[medium] === engine.split("/")[0];
    require(fits, `${contents.what}: a stream of medium ${MEDIA[medium]} with the engine ${engine}`);
    const header = contents.rest();
    this.streams.set(number, { medium: MEDIA[medium], engine, codebook, header, packets: [], numbers: [], starts: [] });
  }

  takeTail(contents) {
    const number = contents.varint();
    const stream = this.streams.get(number);
    require(stream !== undefined, `${contents.what}: the tail of a stream that is not declared`);
    require(!this.tails.has(number), `${contents.what}: a second tail`);
    this.tails.add(number);
    stream.header = contents.rest();
  }

  takePacket(contents, offset, length) {
    const number = contents.varint();
    const packet = contents.varint();
    const start = contents.wideVarint();
    const stream = this.streams.get(number);
    require(stream !== undefined, `${contents.what}: a packet of a stream that is not declared`);
    const { packets, numbers, starts } = stream;
    const orderly = !this.tails.has(number) && this.codebooks.has(stream.codebook);
    require(this.lenient || orderly, `${contents.what}: a packet after the tail of its stream, or before its codebook`);
    const due = (numbers.at(-1) ?? -1) + 1;
    const follows = this.lenient ? packet >= due : packet === due;
    require(follows, `${contents.what}: packet ${packet} where packet ${due} is due`);
    require(starts.length === 0 || start > starts.at(-1), `${contents.what}: the packet does not start after the last`);
    packets.push(contents.rest());
    numbers.push(packet);
    starts.push(start);
    this.places.push([BigInt(number), start, BigInt(offset), BigInt(length)]);
  }

  takeText(contents) {
    const title = utf8(contents.shortBytes(), contents.what);
    require(/^\P{Cc}+$/u.test(title), `${contents.what}: an impossible title`);
    const text = contents.rest();
    utf8(text, contents.what);
    this.addMetadata(`text:${title}`, text, contents.what);
  }

  addMetadata(key, value, what) {
    require(!this.metadata.has(key), `${what}: a second time`);
    require(this.metadata.size < MOST_METADATA, `${what}: more than ${MOST_METADATA} pieces of metadata`, LimitError);
    this.metadata.set(key, value);
  }

  takeEnd(contents) {
    const packets = contents.number(4);
    const indexOffset = contents.wideNumber();
    require(contents.left === 0, `${contents.what}: bytes too many`);
    this.ended = true;
    if (this.lenient) return;
    require(packets === this.places.length, `${this.places.length} packets where the file says ${packets}: cut off`);
    if (indexOffset > 0n) this.checkIndex(indexOffset);
  }

  checkIndex(offset) {
    const problem = "the index is not that of the file's packets";
    require(this.index !== null && BigInt(this.index.offset) === offset, problem);
    const { contents } = this.index;
    require(contents.varint() === this.places.length, problem);
    let previousEnd = 0n;
    for (const [stream, start, at, length] of this.places) {
      for (const value of [stream, start, at - previousEnd, length]) require(contents.wideVarint() === value, problem);
      previousEnd = at + length;
    }
    require(contents.left === 0, problem, CorruptFileError);
  }
}
