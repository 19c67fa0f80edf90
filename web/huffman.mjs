/** Sets of canonical Huffman codes, as kernels read them (FORMAT.md, 7). */

import { require } from "./errors.mjs";

const PADDING = 8; // zero bytes behind data whose bits are read
const MOST_LENGTH = 16;
const MOST_CONTEXTS = 65536;
const LOOKUP_BITS = 9; // at most
const MOST_LOOKUP_ENTRIES = 1 << 19; // of all contexts together, so that they stay in a cache
const LOOKUP_SYMBOLS = 4096; // symbols from here on do not fit into an entry
const FAULTS = [, "no symbol with a code", "more codes than the lengths have room for", "an incomplete code"];

/** Bytes in the memory of kernels, ready for reading bits. */
export function paddedBits(kernels, data) {
  const room = new PaddedRoom(kernels, data.length);
  room.fill(data);
  return room.array;
}

/** Memory for bytes, one piece of data after the other. */
export class PaddedRoom {
  constructor(kernels, most) {
    this.whole = kernels.room("uint8", [most + PADDING]);
    this.array = null;
  }

  /** Make `array` these bytes, ready for reading bits. */
  fill(data) {
    this.array = this.whole.part(0, data.length + PADDING);
    this.array.view.fill(0, data.length);
    this.array.view.set(data);
  }
}

/** Refuse code lengths (uint8, one code a row) that make no codes. */
export function checkLengths(kernels, lengths, what) {
  const most = lengths.view.reduce((greatest, length) => Math.max(greatest, length), 0);
  require(most <= MOST_LENGTH, `${what}: lengths must be 0 to ${MOST_LENGTH} bits; damaged`);
  const [row, fault] = kernels.call("entropy.huffman._find_fault", lengths);
  require(fault === 0, `${what}: table ${row} has ${FAULTS[fault]}; damaged`);
  require(lengths.shape[0] <= MOST_CONTEXTS, `${what}: ${lengths.shape[0]} contexts; too many`);
}

/**
 * The tables for decoding, a tuple for kernels.
 * @param {KernelArray} lengths checked, uint8 (contexts, symbols)
 */
export function decodeTables(kernels, lengths) {
  const longest = lengths.view.reduce((greatest, length) => Math.max(greatest, length), 0);
  const tables = roomForTables(kernels, ...lengths.shape, longest);
  kernels.scope(() => kernels.call("entropy.tables._fill_decode_tables", lengths, tables));
  return tables;
}

/** Zeroed tables for codes of up to `longest` bits. */
export function roomForTables(kernels, contexts, symbols, longest) {
  const affordable = Math.max(1, 31 - Math.clz32(Math.floor(MOST_LOOKUP_ENTRIES / contexts)));
  const width = Math.min(LOOKUP_BITS, longest, affordable);
  return [
    kernels.zeros("uint16", [contexts, 1 << width]),
    kernels.zeros("uint32", [contexts, MOST_LENGTH + 1]),
    kernels.zeros("int32", [contexts, MOST_LENGTH + 1]),
    kernels.zeros("uint16", [contexts, symbols]),
    width,
    symbols <= LOOKUP_SYMBOLS ? width + 1 : 1,
  ];
}
