/** Media files: the compact and the chunked form (FORMAT.md, 3 and 4). */

import { Reader, bytesOf, checkMagic, crc32, latin1, nameOf, utf8 } from "./bytes.mjs";
import { codebookHead, findCodebook, readCodebook } from "./codebook.mjs";
import { CodebookError, CorruptFileError, LimitError, UnsupportedError, require } from "../errors.mjs";

const COMPACT_MAGIC = [0xd6, 0x51];
const COMPACT_HEAD = 7;
const CHUNKED_MAGIC = Uint8Array.of(0x89, 0x56, 0x51, 0x43, 0x0d, 0x0a, 0x1a, 0x0a);
const MEDIA = [undefined, "image", "speech", "video"];
const ENGINES = [
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
const MOST_CHUNK_BYTES = 2 ** 30;
const MOST_METADATA = 1024;
const MOST_NUMBER = 255; // of a stream or a codebook

/**
 * @typedef {object} Stream
 * @property {string} medium
 * @property {string} engine
 * @property {number} codebook its number
 * @property {Uint8Array} header in the compact form empty: the packet then begins with it
 * @property {Uint8Array[]} packets
 * @property {bigint[]} starts
 *
 * @typedef {object} Media
 * @property {import("./codebook.mjs").Codebook[]} codebooks
 * @property {Map<number, Stream>} streams
 * @property {Map<string, Uint8Array>} metadata by type of chunk; texts by `text:` and their title
 */

/** The medium of a file, `image`, `speech` or `video`, as its first bytes say; undefined if they say none. */
export function mediumOf(given) {
  const data = bytesOf(given);
  if (COMPACT_MAGIC.every((byte, index) => data[index] === byte)) return ENGINES[data[2] & 15]?.split("/")[0];
  return CHUNKED_MAGIC.every((byte, index) => data[index] === byte) ? MEDIA[data[10]] : undefined;
}

/**
 * A media file, all of whose checksums are right, with its codebooks.
 * @param {Uint8Array | ArrayBuffer} given
 * @param {import("./codebook.mjs").Finder} find
 * @returns {Promise<Media>}
 */
export async function readMedia(given, find) {
  const data = bytesOf(given);
  const isCompact = COMPACT_MAGIC.every((byte, index) => data[index] === byte);
  require(!(data.length === 1 && data[0] === COMPACT_MAGIC[0]), "the file is cut off after 1 byte");
  const media = isCompact ? await readCompact(data, find) : await readChunked(data, find);
  for (const stream of media.streams.values()) {
    const { engine, name } = media.codebooks[stream.codebook];
    require(engine === stream.engine, `coded by ${stream.engine}, but '${name}' is for ${engine}`, CodebookError);
  }
  return media;
}

async function readCompact(data, find) {
  require(data.length >= 3, `the file is cut off after ${data.length} bytes`);
  const version = data[2] >> 4;
  const engine = ENGINES[data[2] & 15];
  require(version !== 0, "a compact file of the impossible version 0");
  require(version === 1, `version ${version} of the format is not known here`, UnsupportedError);
  require(engine !== undefined, `coded by engine number ${data[2] & 15}, unknown here`, UnsupportedError);
  require(data.length >= COMPACT_HEAD + 4, `the file is cut off after ${data.length} bytes`);
  const codebook = await findCodebook(data.subarray(3, COMPACT_HEAD), find);
  const body = data.subarray(0, -4);
  const checksum = new Reader(data.subarray(-4), "checksum").number(4);
  require(checksum === crc32(body, codebook.identity), "the checksum is wrong: damaged, or another codebook");
  const [medium] = engine.split("/");
  const packets = [body.subarray(COMPACT_HEAD)];
  const stream = { medium, engine, codebook: 0, header: new Uint8Array(0), packets, starts: [0n] };
  return { codebooks: [codebook], streams: new Map([[0, stream]]), metadata: new Map() };
}

async function readChunked(data, find) {
  checkMagic(data, CHUNKED_MAGIC, "the file");
  const reader = new Reader(data, "the file");
  const head = reader.take(11);
  require(reader.number(4) === crc32(head), "the head of the file is damaged (wrong checksum)");
  const [major, , medium] = head.subarray(8);
  require(major !== 0, "a file of the impossible version 0");
  require(major === 1, `version ${major} of the format is not known here`, UnsupportedError);
  require(MEDIA[medium] !== undefined, `medium ${medium} is not known here`, UnsupportedError);
  const chunks = new Chunks();
  while (!chunks.ended) chunks.take(reader);
  require(reader.left === 0, "the file goes on after its end");
  const [first] = chunks.streams.values();
  require(first !== undefined, "no stream is declared");
  require(first.medium === MEDIA[medium], "the head names another medium than the first stream");
  for (const stream of chunks.streams.values()) {
    require(chunks.codebooks.has(stream.codebook), "the codebook of a stream is missing");
  }
  const codebooks = [];
  for (let number = 0; number < chunks.codebooks.size; number++) {
    require(chunks.codebooks.has(number), `codebook number ${number} is missing`);
    const { identity, name, file } = chunks.codebooks.get(number);
    codebooks.push(file ? await readCodebook(file, find) : await findCodebook(identity, find, name));
  }
  return { codebooks, streams: chunks.streams, metadata: chunks.metadata };
}

/** What the chunks so far have said. */
class Chunks {
  constructor() {
    this.codebooks = new Map();
    this.streams = new Map();
    this.tails = new Set(); // numbers of streams whose whole header has come
    this.metadata = new Map();
    this.places = []; // stream, start, offset and length of each packet's chunk
    this.index = null;
    this.ended = false;
  }

  take(reader) {
    const offset = reader.position;
    require(reader.left > 0, "the file is cut off: it has no end chunk");
    const kind = latin1(reader.take(4));
    require(/^[A-Za-z]{4}$/.test(kind), `the file is damaged at byte ${offset}: no chunk begins there`);
    const length = reader.varint();
    const what = `chunk ${kind} at byte ${offset}`;
    require(length <= MOST_CHUNK_BYTES, `${what}: ${length} bytes; too many`, LimitError);
    const payload = reader.take(length);
    const body = reader.data.subarray(offset, reader.position);
    require(reader.number(4) === crc32(body), `${what} is damaged (wrong checksum)`);
    require(kind === "DONE" || this.index === null, `${what}: only the end may follow the index`);
    this.use(kind, new Reader(payload, what), offset, reader.position - offset);
  }

  use(kind, contents, offset, length) {
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
    if (kind === "CEMB") {
      const file = contents.rest();
      this.codebooks.set(number, { identity: codebookHead(file, contents.what).identity, file });
      return;
    }
    const name = nameOf(contents.shortBytes(), "codebook", contents.what);
    this.codebooks.set(number, { name, identity: contents.take(32) });
    require(contents.left === 0, `${contents.what}: bytes follow the identity`);
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
    this.streams.set(number, { medium: MEDIA[medium], engine, codebook, header, packets: [], starts: [] });
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
    require(!this.tails.has(number), `${contents.what}: a packet after the tail of its stream`);
    require(this.codebooks.has(stream.codebook), `${contents.what}: the stream's codebook is not named before it`);
    const { packets, starts } = stream;
    require(packet === packets.length, `${contents.what}: packet ${packet} where packet ${packets.length} is due`);
    require(starts.length === 0 || start > starts.at(-1), `${contents.what}: the packet does not start after the last`);
    packets.push(contents.rest());
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
    require(packets === this.places.length, `${this.places.length} packets where the file says ${packets}: cut off`);
    if (indexOffset > 0n) this.checkIndex(indexOffset);
    this.ended = true;
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
