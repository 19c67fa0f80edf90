/** Raw LZMA2 of a known size (as in .xz files, without their container), for codebooks. */

import { require } from "../errors.mjs";

const DICTIONARY_BYTES = 1 << 22;
const TOP = 0x1000000;
const HALF = 1024; // a probability of one half, of 2048

// Where the probabilities of each kind begin. The numbers of states and of places are those of LZMA's definition.
const STATES = 12;
const PLACES = 16;
const IS_MATCH = 0;
const IS_REPEAT = IS_MATCH + STATES * PLACES;
const IS_REPEAT_0 = IS_REPEAT + STATES;
const IS_REPEAT_1 = IS_REPEAT_0 + STATES;
const IS_REPEAT_2 = IS_REPEAT_1 + STATES;
const IS_LONG_0 = IS_REPEAT_2 + STATES;
const DISTANCE_SLOTS = IS_LONG_0 + STATES * PLACES;
const DISTANCE_SPECIAL = DISTANCE_SLOTS + 4 * 64;
const DISTANCE_ALIGN = DISTANCE_SPECIAL + 115;
const LENGTHS = DISTANCE_ALIGN + 16;
const LENGTH_CODER = 2 + 2 * PLACES * 8 + 256;
const LITERALS = LENGTHS + 2 * LENGTH_CODER;
const LITERAL_CODER = 0x300;

/**
 * @param {Uint8Array} data
 * @param {number} size how many bytes it has to unpack to
 * @param {string} what how messages name the data
 * @returns {Uint8Array}
 */
export function unpackLzma2(data, size, what) {
  return new Lzma2(data, size, what).unpack();
}

class Lzma2 {
  constructor(data, size, what) {
    this.data = data;
    this.what = what;
    this.at = 0; // in data
    this.output = new Uint8Array(size);
    this.done = 0; // bytes of output
    this.start = 0; // of the dictionary in output
    this.probabilities = new Uint16Array(LITERALS);
  }

  fail(reason = "damaged") {
    require(false, `${this.what}: ${reason}`);
  }

  byte() {
    if (this.at >= this.data.length) this.fail("cut off");
    return this.data[this.at++];
  }

  unpack() {
    let needsDictionary = true;
    let needsProperties = true;
    for (;;) {
      const control = this.byte();
      if (control === 0) break;
      if (control === 1 || control >= 0xe0) {
        needsDictionary = false;
        needsProperties = true;
        this.start = this.done;
      }
      if (needsDictionary || (control > 2 && control < 0x80)) this.fail();
      if (control < 0x80) {
        this.copy(((this.byte() << 8) | this.byte()) + 1);
        continue;
      }
      const size = (((control & 31) << 16) | (this.byte() << 8) | this.byte()) + 1;
      const packed = ((this.byte() << 8) | this.byte()) + 1;
      if (control >= 0xc0) {
        this.setProperties(this.byte());
        needsProperties = false;
      } else if (needsProperties) this.fail();
      if (control >= 0xa0) this.reset();
      this.unpackChunk(size, packed);
    }
    if (this.at !== this.data.length) this.fail("bytes follow its end");
    if (this.done !== this.output.length) {
      this.fail(`unpacks to ${this.done} bytes instead of ${this.output.length}`);
    }
    return this.output;
  }

  copy(count) {
    if (this.at + count > this.data.length) this.fail("cut off");
    if (this.done + count > this.output.length) this.fail("unpacks to more than it should");
    this.output.set(this.data.subarray(this.at, this.at + count), this.done);
    this.at += count;
    this.done += count;
  }

  setProperties(byte) {
    if (byte >= 9 * 5 * 5) this.fail();
    this.contextBits = byte % 9;
    this.literalPlaceBits = Math.floor(byte / 9) % 5;
    this.placeMask = (1 << Math.floor(byte / 45)) - 1;
    if (this.contextBits + this.literalPlaceBits > 4) this.fail();
    this.probabilities = new Uint16Array(LITERALS + (LITERAL_CODER << (this.contextBits + this.literalPlaceBits)));
  }

  reset() {
    this.probabilities.fill(HALF);
    this.state = 0;
    this.repeats = new Float64Array(4); // the last four distances, less 1
  }

  unpackChunk(size, packed) {
    if (this.at + packed > this.data.length) this.fail("cut off");
    if (this.done + size > this.output.length) this.fail("unpacks to more than it should");
    this.packedEnd = this.at + packed;
    if (packed < 5 || this.byte() !== 0) this.fail();
    this.range = 0xffffffff;
    this.code = 0;
    for (let index = 0; index < 4; index++) this.code = ((this.code << 8) | this.byte()) >>> 0;
    const end = this.done + size;
    while (this.done < end) this.unpackPiece(end);
    if (this.code !== 0 || this.at !== this.packedEnd) this.fail();
  }

  /** A literal or a match. */
  unpackPiece(end) {
    const place = (this.done - this.start) & this.placeMask;
    if (!this.bit(IS_MATCH + this.state * PLACES + place)) {
      this.literal();
      return;
    }
    if (!this.bit(IS_REPEAT + this.state)) {
      const length = this.length(LENGTHS, place);
      this.repeats.copyWithin(1, 0, 3);
      this.repeats[0] = this.distance(length);
      this.state = this.state < 7 ? 7 : 10;
      this.repeat(length, end);
      return;
    }
    const number = this.repeatNumber();
    if (number === 0 && !this.bit(IS_LONG_0 + this.state * PLACES + place)) {
      this.state = this.state < 7 ? 9 : 11;
      this.repeat(1, end);
      return;
    }
    const distance = this.repeats[number];
    this.repeats.copyWithin(1, 0, number);
    this.repeats[0] = distance;
    const length = this.length(LENGTHS + LENGTH_CODER, place);
    this.state = this.state < 7 ? 8 : 11;
    this.repeat(length, end);
  }

  /** Which of the last four distances comes again. */
  repeatNumber() {
    if (!this.bit(IS_REPEAT_0 + this.state)) return 0;
    if (!this.bit(IS_REPEAT_1 + this.state)) return 1;
    return this.bit(IS_REPEAT_2 + this.state) ? 3 : 2;
  }

  repeat(length, end) {
    const distance = this.repeats[0] + 1;
    if (distance > this.done - this.start || distance > DICTIONARY_BYTES || this.done + length > end) this.fail();
    const { output } = this;
    for (let index = 0; index < length; index++, this.done++) output[this.done] = output[this.done - distance];
  }

  literal() {
    const before = this.done > this.start ? this.output[this.done - 1] : 0;
    const low = (this.done - this.start) & ((1 << this.literalPlaceBits) - 1);
    const coder = LITERALS + LITERAL_CODER * ((low << this.contextBits) + (before >> (8 - this.contextBits)));
    let symbol = 1;
    if (this.state >= 7) {
      const distance = this.repeats[0] + 1;
      if (distance > this.done - this.start) this.fail();
      let match = this.output[this.done - distance];
      while (symbol < 0x100) {
        const matched = (match >> 7) & 1;
        match <<= 1;
        const bit = this.bit(coder + ((1 + matched) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== matched) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.bit(coder + symbol);
    this.output[this.done++] = symbol & 255;
    this.state = this.state < 4 ? 0 : this.state < 10 ? this.state - 3 : this.state - 6;
  }

  length(coder, place) {
    if (!this.bit(coder)) return 2 + this.tree(coder + 2 + place * 8, 3);
    if (!this.bit(coder + 1)) return 10 + this.tree(coder + 2 + (PLACES + place) * 8, 3);
    return 18 + this.tree(coder + 2 + 2 * PLACES * 8, 8);
  }

  distance(length) {
    const slot = this.tree(DISTANCE_SLOTS + 64 * Math.min(length - 2, 3), 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const high = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < 14) return high + this.reverseTree(DISTANCE_SPECIAL + high - slot, bits);
    return high + 16 * this.directBits(bits - 4) + this.reverseTree(DISTANCE_ALIGN, 4);
  }

  bit(index) {
    const probability = this.probabilities[index];
    const bound = (this.range >>> 11) * probability;
    let value = 0;
    if (this.code < bound) {
      this.range = bound;
      this.probabilities[index] = probability + ((2048 - probability) >> 5);
    } else {
      this.range -= bound;
      this.code -= bound;
      this.probabilities[index] = probability - (probability >> 5);
      value = 1;
    }
    this.normalise();
    return value;
  }

  normalise() {
    if (this.range >= TOP) return;
    if (this.at >= this.packedEnd) this.fail();
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | this.data[this.at++]) >>> 0;
  }

  tree(first, bits) {
    let symbol = 1;
    for (let index = 0; index < bits; index++) symbol = (symbol << 1) | this.bit(first + symbol);
    return symbol - (1 << bits);
  }

  reverseTree(first, bits) {
    let symbol = 1;
    let value = 0;
    for (let index = 0; index < bits; index++) {
      const bit = this.bit(first + symbol);
      symbol = (symbol << 1) | bit;
      value |= bit << index;
    }
    return value;
  }

  directBits(count) {
    let value = 0;
    for (let index = 0; index < count; index++) {
      this.range >>>= 1;
      const bit = this.code >= this.range ? 1 : 0;
      if (bit) this.code -= this.range;
      value = 2 * value + bit;
      this.normalise();
    }
    return value;
  }
}
