/** Deflate (RFC 1951) and zlib streams (RFC 1950) of a known size. Those of browsers do not bound what comes out. */

import { require } from "../errors.mjs";

const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MOST_BITS = 15;
const END_OF_BLOCK = 256;

/** Bits, the lowest of each byte first. */
class Bits {
  constructor(data, what) {
    this.data = data;
    this.what = what;
    this.position = 0; // of the next byte
    this.held = 0;
    this.count = 0;
  }

  take(count) {
    while (this.count < count) {
      require(this.position < this.data.length, `${this.what}: cut off`);
      this.held |= this.data[this.position++] << this.count;
      this.count += 8;
    }
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.count -= count;
    return value;
  }

  /** The next bytes, after the byte that bits were taken of. */
  bytes(count) {
    this.held = this.count = 0; // fewer than 8 bits are held
    require(this.position + count <= this.data.length, `${this.what}: cut off`);
    this.position += count;
    return this.data.subarray(this.position - count, this.position);
  }
}

/** A canonical code: numbers of codes by length, and the symbols in the order of their codes. */
function codeOf(lengths, what, mayBeSingle) {
  const counts = new Uint16Array(MOST_BITS + 1);
  for (const length of lengths) counts[length]++;
  counts[0] = 0;
  let room = 1;
  for (let length = 1; length <= MOST_BITS; length++) {
    room = 2 * room - counts[length];
    require(room >= 0, `${what}: more codes than there is room for; damaged`);
  }
  const used = counts.reduce((sum, count) => sum + count, 0);
  require(room === 0 || (mayBeSingle && used <= 1 && counts[1] === used), `${what}: an incomplete code; damaged`);
  const firsts = new Uint16Array(MOST_BITS + 2);
  for (let length = 1; length <= MOST_BITS; length++) firsts[length + 1] = firsts[length] + counts[length];
  const symbols = new Uint16Array(used);
  lengths.forEach((length, symbol) => {
    if (length) symbols[firsts[length]++] = symbol;
  });
  return { counts, symbols };
}

function symbolFrom(bits, { counts, symbols }) {
  let code = 0;
  let first = 0;
  let index = 0;
  for (let length = 1; length <= MOST_BITS; length++) {
    code |= bits.take(1);
    const count = counts[length];
    if (code - first < count) return symbols[index + code - first];
    index += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  return require(false, `${bits.what}: an unknown code; damaged`);
}

function fixedCodes(what) {
  const lengths = Array.from({ length: 288 }, (_, n) => (n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8));
  return [codeOf(lengths, what, false), codeOf(new Array(32).fill(5), what, false)];
}

function dynamicCodes(bits) {
  const what = bits.what;
  const literals = bits.take(5) + 257;
  const distances = bits.take(5) + 1;
  require(literals <= 286 && distances <= 30, `${what}: more symbols than there are; damaged`);
  const ofLengths = new Array(19).fill(0);
  for (let left = bits.take(4) + 4, at = 0; left > 0; left--) ofLengths[LENGTH_ORDER[at++]] = bits.take(3);
  const code = codeOf(ofLengths, what, false);
  const lengths = [];
  while (lengths.length < literals + distances) {
    const symbol = symbolFrom(bits, code);
    if (symbol < 16) {
      lengths.push(symbol);
      continue;
    }
    require(symbol > 16 || lengths.length > 0, `${what}: nothing to repeat; damaged`);
    const value = symbol === 16 ? lengths[lengths.length - 1] : 0;
    const times = symbol === 16 ? 3 + bits.take(2) : symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7);
    require(lengths.length + times <= literals + distances, `${what}: too many code lengths; damaged`);
    for (let time = 0; time < times; time++) lengths.push(value);
  }
  require(lengths[END_OF_BLOCK] > 0, `${what}: a block without an end; damaged`);
  return [codeOf(lengths.slice(0, literals), what, true), codeOf(lengths.slice(literals), what, true)];
}

function lengthFrom(bits, symbol) {
  if (symbol < 265) return symbol - 254;
  if (symbol === 285) return 258;
  require(symbol < 285, `${bits.what}: an unknown length; damaged`);
  const extra = (symbol - 261) >> 2;
  return 3 + ((4 + ((symbol - 261) & 3)) << extra) + bits.take(extra);
}

function distanceFrom(bits, code) {
  const symbol = symbolFrom(bits, code);
  if (symbol < 4) return symbol + 1;
  require(symbol < 30, `${bits.what}: an unknown distance; damaged`);
  const extra = (symbol - 2) >> 1;
  return 1 + ((2 + (symbol & 1)) << extra) + bits.take(extra);
}

function inflateBits(bits, size) {
  const what = bits.what;
  const output = new Uint8Array(size);
  let at = 0;
  let last = 0;
  while (!last) {
    last = bits.take(1);
    const kind = bits.take(2);
    require(kind !== 3, `${what}: an unknown kind of block; damaged`);
    if (kind === 0) {
      const [low, high, notLow, notHigh] = bits.bytes(4);
      require((low ^ notLow) === 255 && (high ^ notHigh) === 255, `${what}: a wrong length; damaged`);
      const stored = bits.bytes(low | (high << 8));
      require(at + stored.length <= size, `${what}: unpacks to more than it should`);
      output.set(stored, at);
      at += stored.length;
      continue;
    }
    const [literals, distances] = kind === 1 ? fixedCodes(what) : dynamicCodes(bits);
    for (;;) {
      const symbol = symbolFrom(bits, literals);
      if (symbol === END_OF_BLOCK) break;
      if (symbol < END_OF_BLOCK) {
        require(at < size, `${what}: unpacks to more than it should`);
        output[at++] = symbol;
        continue;
      }
      const length = lengthFrom(bits, symbol);
      const distance = distanceFrom(bits, distances);
      require(distance <= at, `${what}: a distance beyond the beginning; damaged`);
      require(at + length <= size, `${what}: unpacks to more than it should`);
      for (let end = at + length; at < end; at++) output[at] = output[at - distance];
    }
  }
  require(at === size, `${what}: unpacks to ${at} bytes instead of ${size}`);
  return output;
}

/** The `size` bytes that raw deflate data unpack to. */
export function inflate(data, size, what) {
  const bits = new Bits(data, what);
  const output = inflateBits(bits, size);
  require(bits.position === data.length, `${what}: bytes follow its end`);
  return output;
}

/** The `size` bytes that a zlib stream without a preset dictionary unpacks to. */
export function inflateZlib(data, size, what) {
  require(data.length >= 2, `${what}: cut off`);
  const whole = (data[0] & 15) === 8 && data[0] >> 4 <= 7 && (data[0] * 256 + data[1]) % 31 === 0;
  require(whole && (data[1] & 32) === 0, `${what}: no zlib stream, or one that needs a dictionary`);
  const bits = new Bits(data.subarray(2), what);
  const output = inflateBits(bits, size);
  const [a, b, c, d] = bits.bytes(4);
  require(((a << 24) | (b << 16) | (c << 8) | d) >>> 0 === adler32(output), `${what}: a wrong checksum; damaged`);
  require(bits.position === bits.data.length, `${what}: bytes follow its end`);
  return output;
}

function adler32(data) {
  let low = 1;
  let high = 0;
  for (let at = 0; at < data.length; ) {
    for (const end = Math.min(at + 3800, data.length); at < end; at++) {
      low += data[at];
      high += low;
    }
    low %= 65521;
    high %= 65521;
  }
  return ((high << 16) | low) >>> 0;
}
