/** Engine video/st3d: slabs of frames, transformed along time (FORMAT.md, 19). */

import { UnsupportedError, require } from "../errors.mjs";
import { Reader } from "../format/bytes.mjs";
import { PaddedRoom } from "../huffman.mjs";
import { CHROMA, LUMA, Model } from "../picture/model.mjs";
import { ModelArrays } from "../picture/model_arrays.mjs";
import { shownPlane } from "./planes.mjs";

const WHAT = "group of frames";
const MOST_FRAMES = 1 << 12;
const [LEAST_STEP, MOST_STEP] = [10, 59];
const DEPTHS = [1, 2, 4];
const TOOLS = 12; // of the flags: motion and adaptive
const REPLENISH = 16;
const RESERVED = 0xe0;
const MACROBLOCK = 16;
const SQUARE = 2; // macroblocks along the side of a square, which takes a bit
const STEP_SHIFTS = [0, -4, 4, -8, 0, 4]; // by class of bands
const CHROMA_STEP = -2;
const OCTAVE = [64, 70, 76, 83, 91, 99, 108, 117]; // steps, doubled every eight
const MAP_FIELDS = 5;
const GREY = 128 << 4;
const MOST_SAMPLE = 4080;
const PARTS = 16; // of the syntax, whose bits the kernel counts: more than there are
const SCRATCH = -1; // the argument of the kernel that is its working memory: the last
const ORDERS = { 1: [0], 2: [0, 1], 4: [0, 2, 1, 3] }; // bands as frames, by the size of the slab

/** What a packet holds. */
function readGroup(packet) {
  const reader = new Reader(packet, WHAT);
  const frames = reader.varint();
  const [step, flags] = reader.take(2);
  require((flags & RESERVED) === 0, `${WHAT}: a reserved bit is set`, UnsupportedError);
  const depth = DEPTHS[flags & 3];
  const counted = frames >= 1 && frames <= MOST_FRAMES && step >= LEAST_STEP && step <= MOST_STEP;
  require(counted && depth !== undefined, `${WHAT}: its first bytes have values that are not possible; damaged`);
  const replenish = (flags & REPLENISH) !== 0;
  return { frames, step, depth, tools: (flags & TOOLS) >> 2, replenish, bits: reader.rest() };
}

/** The number of frames that a packet tells. */
export function framesIn(packet) {
  return readGroup(packet).frames;
}

/** The numbers of frames of the slabs of a group. */
function slabSizes({ frames, depth }) {
  const sizes = [];
  for (let left = frames, size = depth; left > 0; left -= size) {
    while (size > left) size >>= 1;
    sizes.push(size);
  }
  return sizes;
}

/** Decodes the groups of a video, one after the other. */
export class Decoder {
  /**
   * @param {Kernels} kernels whose memory is this decoder's
   * @param {{width: number, height: number}} size of frames
   * @param {Codebook} codebook
   * @param {number} mostBytes of a group
   */
  constructor(kernels, size, codebook, mostBytes) {
    this.kernels = kernels;
    this.size = size;
    this.model = new Model(kernels, new ModelArrays(codebook.arrays));
    [this.rows, this.columns] = [size.height, size.width].map((side) => Math.ceil(side / MACROBLOCK));
    this.leastBits = Math.ceil(this.rows / SQUARE) * Math.ceil(this.columns / SQUARE);
    this.mostBytes = mostBytes;
    this.memory = null; // taken when the first group has enough bytes for a slab
  }

  /**
   * The frames of a group.
   * @param {Uint8Array} packet
   * @returns {Generator<import("./planes.mjs").Plane[]>}
   */
  *decode(packet) {
    const { kernels } = this;
    const group = readGroup(packet);
    const end = 8 * group.bits.length;
    const rung = this.model.rungOf(group.step);
    const tables = [LUMA, CHROMA].map((type) => this.model.decoderTables(type, rung));
    const sizes = slabSizes(group);
    let position = 0;
    for (const [number, bands] of sizes.entries()) {
      require(position + this.leastBits <= end, `${WHAT}: it ends before its last frame; cut off or damaged`);
      if (number === 0) this.start(group.bits);
      const frames = kernels.scope(() => {
        const slab = this.openSlab(bands, group.step);
        position = this.decodeSlab(slab, group, number > 0 && group.replenish, tables, position, end);
        const isLast = number === sizes.length - 1;
        require(!isLast || end - position < 8, `${WHAT}: bytes follow its last frame; damaged`);
        return this.shown(slab);
      });
      yield* frames;
    }
  }

  /** Begin a group: its bits, and grey before its first frame. */
  start(data) {
    const { kernels, rows, columns } = this;
    this.memory ??= {
      bits: new PaddedRoom(kernels, this.mostBytes),
      lastLuma: kernels.room("int16", [MACROBLOCK * rows, MACROBLOCK * columns]),
      lastChroma: kernels.room("int16", [2, (MACROBLOCK / 2) * rows, (MACROBLOCK / 2) * columns]),
      scratch: kernels.record("video.st3d.syntax.reading.decode_luma_row", SCRATCH),
      counted: kernels.zeros("int64", [PARTS]),
    };
    this.memory.bits.fill(data);
    for (const last of [this.memory.lastLuma, this.memory.lastChroma]) last.view.fill(GREY);
  }

  openSlab(bands, step) {
    const { kernels, rows, columns } = this;
    const { lastLuma, lastChroma } = this.memory;
    const steps = [0, CHROMA_STEP].flatMap((added) => STEP_SHIFTS.map((shift) => stepOf(step + shift + added)));
    return {
      luma: kernels.zeros("int16", [bands, ...lastLuma.shape]),
      chroma: kernels.zeros("int16", [2, bands, ...lastChroma.shape.slice(1)]),
      lastLuma,
      lastChroma,
      maps: kernels.zeros("int16", [MAP_FIELDS, rows, columns]),
      parts: kernels.zeros("uint8", [bands, rows, columns]),
      quarters: kernels.zeros("uint8", [bands, rows, columns]),
      energy: kernels.zeros("uint8", [bands, 2 * rows, 2 * columns]),
      chromaEnergy: kernels.zeros("uint8", [2, bands, rows, columns]),
      steps: kernels.array("int32", [2, STEP_SHIFTS.length], steps),
    };
  }

  /** Decode the bands of a slab; returns the position after its bits. */
  decodeSlab(slab, { tools }, hasLast, [luma, chroma], start, end) {
    const { bits, counted, scratch } = this.memory;
    const call = (name, ...values) => this.kernels.call(`video.st3d.syntax.reading.${name}`, ...values);
    const tuple = Object.values(slab);
    let position = start;
    for (let top = 0; top < this.rows; top += SQUARE) {
      position = call(
        "decode_luma_row",
        tuple,
        bits.array,
        position,
        end,
        top,
        hasLast,
        tools,
        luma,
        counted,
        scratch,
      );
      if (position <= end) {
        position = call("decode_chroma_row", tuple, bits.array, position, end, top, chroma, counted, scratch);
      }
      require(position <= end, `${WHAT}: it ends before its last frame; cut off or damaged`);
    }
    return position;
  }

  /** The frames of a slab; its last one is kept. */
  shown({ luma, chroma, maps }) {
    const { kernels, size, memory } = this;
    const half = { width: (size.width + 1) >> 1, height: (size.height + 1) >> 1 };
    const planes = [
      { bands: luma, side: MACROBLOCK, size, last: memory.lastLuma },
      { bands: chroma.entry(0), side: MACROBLOCK / 2, size: half, last: memory.lastChroma.entry(0) },
      { bands: chroma.entry(1), side: MACROBLOCK / 2, size: half, last: memory.lastChroma.entry(1) },
    ].map(({ bands, side, size: { width, height }, last }) => {
      synthesise(kernels, bands, maps, side);
      const { view } = bands;
      for (let at = 0; at < view.length; at++) view[at] = Math.min(Math.max(view[at], 0), MOST_SAMPLE);
      const frames = ORDERS[bands.shape[0]].map((band) => bands.entry(band));
      last.view.set(frames.at(-1).view);
      return frames.map((frame) => shownPlane(frame, width, height));
    });
    return planes[0].map((_, number) => planes.map((frames) => frames[number]));
  }
}

/** Turn the bands of a plane into frames, in place (19.7). */
function synthesise(kernels, bands, maps, side) {
  const [count, rows, columns] = bands.shape;
  const owned = kernels.room("uint8", [rows, columns]);
  const block = kernels.room("int32", [MACROBLOCK, MACROBLOCK]);
  const lift = (low, high, level) => {
    const [l, h] = [bands.entry(low), bands.entry(high)];
    kernels.call("video.st3d.signal.lifting.update", l, h, -1, maps, side, level, owned);
    kernels.call("video.st3d.signal.lifting.predict", h, l, 1, maps, side, level, block);
  };
  if (count === 4) lift(0, 1, 2);
  for (let pair = 0; pair < count >> 1; pair++) lift(pair, (count >> 1) + pair, 1);
}

/** The step with an index, in 1/64 of a sample value. */
function stepOf(index) {
  return OCTAVE[index % 8] << (index >> 3);
}
