/** Numbers, names and checksums, as all parts of a file write them (FORMAT.md, 2). */

import { CorruptFileError, UnreadableInputError, VQCodecError, require } from "../errors.mjs";

const MOST_VARINT_BYTES = 9;

const plain = new WeakMap(); // by what was given, so that the same file is the same object

/** Data as a plain Uint8Array: that of an ArrayBuffer, and that of node's Buffer, whose `slice` does not copy. */
export function bytesOf(data) {
  if (data?.constructor === Uint8Array) return data;
  const isView = ArrayBuffer.isView(data);
  require(isView || data instanceof ArrayBuffer, "a file is given as an ArrayBuffer or a Uint8Array", VQCodecError);
  if (!plain.has(data)) {
    plain.set(data, isView ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data));
  }
  return plain.get(data);
}

/** Bytes that are taken from the front; taking more than there are is an error. */
export class Reader {
  /**
   * @param {Uint8Array} data
   * @param {string} what how messages name the data
   */
  constructor(data, what) {
    this.data = data;
    this.what = what;
    this.position = 0;
  }

  get left() {
    return this.data.length - this.position;
  }

  take(count) {
    require(count <= this.left, `${this.what}: cut off, or damaged`);
    this.position += count;
    return this.data.subarray(this.position - count, this.position);
  }

  rest() {
    return this.take(this.left);
  }

  /** An unsigned number of `width` bytes, 1 to 4. */
  number(width) {
    return this.take(width).reduceRight((value, byte) => value * 256 + byte, 0);
  }

  /** An unsigned number of 8 bytes, as a BigInt. */
  wideNumber() {
    const low = this.number(4);
    return (BigInt(this.number(4)) << 32n) | BigInt(low);
  }

  /** A varint, as a BigInt. */
  wideVarint() {
    let value = 0n;
    for (let index = 0; index < MOST_VARINT_BYTES; index++) {
      const byte = this.take(1)[0];
      value |= BigInt(byte & 127) << BigInt(7 * index);
      if (byte < 128) {
        require(byte !== 0 || index === 0, `${this.what}: a number in more bytes than it needs; damaged`);
        return value;
      }
    }
    throw new CorruptFileError(`${this.what}: a number without an end; damaged`);
  }

  /** A varint, as a Number: above 2^53 it is only near, which is enough to see that it is too large. */
  varint() {
    return Number(this.wideVarint());
  }

  /** A signed varint, as a Number; above 2^52 only near. */
  signedVarint() {
    const value = this.varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  /** The bytes after a byte that holds their number. */
  shortBytes() {
    return this.take(this.number(1));
  }
}

/** The text of bytes, one character a byte. */
export function latin1(data) {
  return String.fromCharCode(...data);
}

/** The text of UTF-8; another encoding is corrupt. */
export function utf8(data, what) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new CorruptFileError(`${what}: text that is not UTF-8`);
  }
}

const NAMES = {
  codebook: /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/,
  array: /^[a-z][a-z0-9_./-]{0,63}$/,
  engine: /^[a-z][a-z0-9]{0,15}\/[a-z0-9][a-z0-9-]{0,30}$/,
};

/** The name that bytes are: of a codebook, an array or an engine (2.6). */
export function nameOf(data, kind, what) {
  const name = latin1(data);
  require(NAMES[kind].test(name) && !name.includes("\n"), `${what}: an impossible name of a ${kind}`);
  return name;
}

/** Refuse data that do not begin with `magic`, of 8 bytes. */
export function checkMagic(data, magic, what) {
  const alike = (length) => magic.subarray(0, length).every((byte, index) => data[index] === byte);
  if (data.length >= magic.length && alike(magic.length)) return;
  require(!(data.length < magic.length && alike(data.length)), `${what}: cut off after ${data.length} bytes`);
  require(!(data.length >= 4 && alike(4)), `${what}: damaged by a transfer as text; copy it again in binary mode`);
  throw new UnreadableInputError(`${what}: not of this format`);
}

export function hexOf(data) {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The CRC-32 of all parts, one after the other (2.7). */
export function crc32(...parts) {
  let value = 0xffffffff;
  for (const part of parts) {
    for (let index = 0; index < part.length; index++) {
      value = CRC_TABLE[(value ^ part[index]) & 255] ^ (value >>> 8);
    }
  }
  return ~value >>> 0;
}

/** The first 32 bits of the fractional parts of roots of the first primes, from which SHA-256 takes its constants. */
function fractionsOfRoots(count, root) {
  const found = [];
  for (let number = 2; found.length < count; number++) {
    let prime = true;
    for (let factor = 2; factor * factor <= number; factor++) prime &&= number % factor !== 0;
    if (prime) found.push(Number(fraction(BigInt(number), root)));
  }
  return found;
}

/** floor(2^32 * number^(1 / root)) modulo 2^32, by bisection. */
function fraction(number, root) {
  const wanted = number << (32n * root);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** root <= wanted) low = middle;
    else high = middle;
  }
  return low & 0xffffffffn;
}

const SHA_START = fractionsOfRoots(8, 2n);
const SHA_ROUNDS = Int32Array.from(fractionsOfRoots(64, 3n), (value) => value | 0);

/**
 * The SHA-256 of data (2.8). Browsers have one, but not for pages without TLS.
 * @param {Uint8Array} data
 * @returns {Uint8Array} 32 bytes
 */
export function sha256(data) {
  const state = Int32Array.from(SHA_START, (value) => value | 0);
  const tail = new Uint8Array(data.length % 64 < 56 ? 64 : 128);
  const whole = data.length - (data.length % 64);
  tail.set(data.subarray(whole));
  tail[data.length - whole] = 0x80;
  new DataView(tail.buffer).setBigUint64(tail.length - 8, 8n * BigInt(data.length));
  const words = new Int32Array(64);
  for (let at = 0; at < whole; at += 64) hashBlock(state, words, data, at);
  for (let at = 0; at < tail.length; at += 64) hashBlock(state, words, tail, at);
  const result = new DataView(new ArrayBuffer(32));
  state.forEach((value, index) => result.setInt32(4 * index, value));
  return new Uint8Array(result.buffer);
}

function hashBlock(state, words, data, at) {
  for (let index = 0; index < 16; index++, at += 4) {
    words[index] = (data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3];
  }
  for (let index = 16; index < 64; index++) {
    const x = words[index - 15];
    const y = words[index - 2];
    const small = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const large = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[index] = (words[index - 16] + small + words[index - 7] + large) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let index = 0; index < 64; index++) {
    const turnedE = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const turnedA = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const first = (h + turnedE + ((e & f) ^ (~e & g)) + SHA_ROUNDS[index] + words[index]) | 0;
    const second = (turnedA + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((value, index) => {
    state[index] = (state[index] + value) | 0;
  });
}
