/** Chunks: type, length, payload, checksum; and the search for them behind damage (FORMAT.md, 4.2 and 4.12). */

import { CorruptFileError, LimitError, require } from "../errors.mjs";
import { Reader, crc32, latin1 } from "./bytes.mjs";

const MOST_BYTES = 2 ** 30; // of a payload
const MOST_SALVAGED_BYTES = 2 ** 27; // a longer chunk counts as damage, so that a false length takes bounded work
const SALVAGE_WORK = 16; // bytes whose checksum is taken, for each byte of the file
const CANDIDATE_WORK = 4096; // bytes that a false beginning counts
const KNOWN = /CREF|CEMB|STRM|DATA|TAIL|ITEM|DONE|indx|iccp|exif|xmpd|cicp|dens|text/;
const WINDOW = 1 << 13; // bytes that are searched at once
const TYPE_BYTES = 4;

/**
 * @typedef {object} Chunk
 * @property {string} kind
 * @property {Reader} contents of its payload
 * @property {number} offset in the file
 * @property {number} length with type and checksum
 */

/**
 * The chunks at the place of a reader, up to the end of the data.
 * @param {Reader} reader
 * @param {string[] | null} damage to which a clause for what is passed over is added; null if it is an error
 * @returns {Generator<Chunk>}
 */
export function* chunksOf(reader, damage) {
  let checked = 0;
  while (reader.left > 0) {
    const start = reader.position;
    try {
      yield chunkAt(reader, damage ? MOST_SALVAGED_BYTES : MOST_BYTES);
      continue;
    } catch (error) {
      if (damage === null || !isDamage(error)) throw error;
      reader.position = start;
      checked = findChunk(reader, checked);
      damage.push(clauseOf(start, reader.position, error.message));
    }
  }
}

/** The clause that says which bytes of a file are not used, and why. */
export function clauseOf(start, end, reason) {
  return `bytes ${start} to ${end}: ${reason}`;
}

export function isDamage(error) {
  return error instanceof CorruptFileError || error instanceof LimitError;
}

/**
 * The chunk at the place of a reader, whose checksum is right.
 * @param {Reader} reader
 * @param {number} most bytes of its payload
 * @param {number} base where in the file the data of the reader begin
 * @returns {Chunk}
 */
export function chunkAt(reader, most = MOST_BYTES, base = 0) {
  const start = reader.position;
  const offset = base + start;
  const kind = latin1(reader.take(TYPE_BYTES));
  require(/^[A-Za-z]{4}$/.test(kind), `the file is damaged at byte ${offset}: no chunk begins there`);
  const length = reader.varint();
  const what = `chunk ${kind} at byte ${offset}`;
  require(length <= most, `${what}: ${length} bytes; too many`, LimitError);
  const payload = reader.take(length);
  const body = reader.data.subarray(start, reader.position);
  require(reader.number(4) === crc32(body), `${what} is damaged (wrong checksum)`);
  return { kind, contents: new Reader(payload, what), offset, length: reader.position - start };
}

/** Move the reader to the next place where an intact chunk of a known type begins, or to the end of the data. */
function findChunk(reader, checkedBefore) {
  const { data } = reader;
  let checked = checkedBefore;
  reader.position++;
  while (reader.left >= TYPE_BYTES) {
    const here = reader.position;
    const found = latin1(data.subarray(here, here + WINDOW)).search(KNOWN);
    if (found < 0) {
      reader.position = Math.min(here + WINDOW - TYPE_BYTES + 1, data.length);
      continue;
    }
    const start = here + found;
    require(checked <= SALVAGE_WORK * data.length + MOST_SALVAGED_BYTES, "too damaged to find what is intact");
    reader.position = start;
    try {
      chunkAt(reader, MOST_SALVAGED_BYTES);
      reader.position = start;
      return checked;
    } catch (error) {
      if (!isDamage(error)) throw error;
      checked += reader.position - start + CANDIDATE_WORK;
      reader.position = start + 1;
    }
  }
  reader.position = data.length;
  return checked;
}
