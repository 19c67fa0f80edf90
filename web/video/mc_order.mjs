/** Engine video/mc: the parameters of a group, the order of its frames and their references (FORMAT.md, 18.1, 18.4). */

import { UnsupportedError, require } from "../errors.mjs";
import { Reader } from "../format/bytes.mjs";
import { readExposures } from "./exposures.mjs";

const WHAT = "group of frames";
const MOST_FRAMES = 1 << 16;
const MOST_STEP = 63;
const LEAST_CHROMA_STEP = -8;
const MOST_DISTANCE_LOG = 4;
const [MIXED_FRAMES, EXPOSED] = [0x80, 0x40]; // bits of the step
const FROM_MEMORY = 0x80; // bit of the form
const [MIXED, PALETTES, COPYING] = [16, 8, 4]; // flags of the first frame; 2 and 1: luma and chroma are filtered
const LEVEL_STEPS = [-5, 0, 3, 4, 5, 6]; // by level; deeper ones as the last

/** Frames that are kept at a time. */
export const SLOTS = 8;

/** Most references in a list. */
export const ENTRIES = 2;

/**
 * What a packet holds.
 * @param {Uint8Array} packet
 * @param {boolean} remembers whether the codebook has a memory
 */
export function readGroup(packet, remembers) {
  const reader = new Reader(packet, WHAT);
  const { frames, step, exposed, mixedFrames, form } = readHead(reader);
  if (form & FROM_MEMORY) {
    require(remembers, `${WHAT}: it needs a memory, which the codebook does not have; damaged`);
    require(false, `${WHAT}: it is predicted from the codebook's memory, which is not known here`, UnsupportedError);
  }
  const exposures = exposed ? readExposures(reader, frames) : null;
  const size = reader.varint();
  const flags = reader.number(1);
  require(flags < 2 * MIXED, `${WHAT}: it has flags that are not possible; damaged`);
  const chromaStep = (form & 15) + LEAST_CHROMA_STEP;
  const first = reader.take(size);
  const filters = flags & 3;
  const [copying, palettes, mixed] = [COPYING, PALETTES, MIXED].map((flag) => (flags & flag) !== 0);
  const distance = 1 << (form >> 4);
  const values = mixedFrames ? reader.varint() : 0; // bytes
  const rest = reader.rest();
  return { frames, step, chromaStep, distance, exposures, filters, copying, palettes, mixed, first, mixedFrames, values, rest };
}

/** The number of frames that a packet tells. */
export function framesIn(packet) {
  return readHead(new Reader(packet, WHAT)).frames;
}

function readHead(reader) {
  const frames = reader.varint();
  const [first, form] = reader.take(2);
  const step = first & ~(MIXED_FRAMES | EXPOSED);
  const possible = frames >= 1 && frames <= MOST_FRAMES && step <= MOST_STEP && (form & 0x7f) >> 4 <= MOST_DISTANCE_LOG;
  require(possible, `${WHAT}: its first bytes have values that are not possible; damaged`);
  return { frames, step, exposed: (first & EXPOSED) !== 0, mixedFrames: (first & MIXED_FRAMES) !== 0, form };
}

/** The step indices of luma and chroma of a frame of a level, whose header changes them by `change`. */
export function stepsOf({ step, chromaStep }, { level }, change = 0) {
  const luma = step + LEVEL_STEPS[Math.min(level, LEVEL_STEPS.length - 1)] + change;
  return [luma, luma + chromaStep].map((index) => Math.min(Math.max(index, 0), MOST_STEP));
}

/**
 * A frame in the order of coding.
 * @typedef {object} Place
 * @property {number} time its number in the order of display
 * @property {number} level
 * @property {number} frameClass 0 to 3
 * @property {boolean} kept whether others may be predicted from it
 */

/**
 * The frames of a group in the order of coding.
 * @returns {Generator<Place>}
 */
export function* codingOrder({ frames, distance }) {
  yield { time: 0, level: 0, frameClass: 0, kept: true };
  for (let low = 0; low < frames - 1; ) {
    const high = Math.min(low + distance, frames - 1);
    yield { time: high, level: 1, frameClass: 1, kept: true };
    yield* between(low, high, 2);
    low = high;
  }
}

function* between(low, high, level) {
  if (high - low < 2) return;
  const time = (low + high) >> 1;
  const kept = high - low > 2;
  yield { time, level, frameClass: kept ? 2 : 3, kept };
  yield* between(low, time, level + 1);
  yield* between(time, high, level + 1);
}

/** The frames that are kept: the slot of each. */
export class References {
  constructor() {
    this.times = new Array(SLOTS).fill(null);
    this.keys = []; // times of frames of levels 0 and 1, in the order of coding
  }

  /** Keep a frame; returns its slot. */
  keep({ time, level }) {
    if (level < 2) this.keys.push(time);
    if (!this.times.includes(null)) this.times[this.times.indexOf(Math.min(...this.times))] = null;
    const slot = this.times.indexOf(null);
    this.times[slot] = time;
    return slot;
  }

  slotOf(time) {
    return this.times.indexOf(time);
  }

  /** The times of the references in the two lists of a frame. */
  lists({ time, level }) {
    const kept = this.times.filter((one) => one !== null).sort((a, b) => a - b);
    if (level === 1) {
      const keys = this.keys.filter((key) => kept.includes(key)).slice(-ENTRIES).reverse();
      return [keys, keys];
    }
    const past = kept.filter((one) => one < time).reverse();
    const future = kept.filter((one) => one > time);
    return [[...past, ...future].slice(0, ENTRIES), [...future, ...past].slice(0, ENTRIES)];
  }
}
