/** Engine video/mc: groups of frames that are predicted along motion (FORMAT.md, 18). */

import { CodebookError, require } from "../errors.mjs";
import { PaddedRoom } from "../huffman.mjs";
import { CHROMA, LUMA } from "../picture/model.mjs";
import { HALF } from "../picture/parameters.mjs";
import { decodeTile, filterPlane, refuseTooLittle, tileScratch } from "../picture/tile.mjs";
import { Frames } from "./mc_frames.mjs";
import { Adaptation, CLASSES, VideoModel } from "./mc_model.mjs";
import { codingOrder, readGroup, stepsOf } from "./mc_order.mjs";
import { shownPlane } from "./planes.mjs";

export { framesIn } from "./mc_order.mjs";

const UNIT = 8; // of luma, in whose multiples frames are padded
const ROOT = 64; // samples of luma along the side of a superblock, which takes a bit
const SCRATCH = -1; // the argument of the kernel that is its working memory: the last
const COUNTED = [7, 16]; // bits of parts of the syntax, which the kernel counts: more than there are

/** Decodes the groups of a video, one after the other. */
export class Decoder {
  /**
   * @param {Kernels} kernels whose memory is this decoder's
   * @param {{width: number, height: number}} size of frames
   * @param {Codebook} codebook
   * @param {number} mostBytes of a group
   */
  constructor(kernels, size, codebook, mostBytes) {
    const [rows, columns] = [size.height, size.width].map((side) => UNIT * Math.ceil(side / UNIT));
    this.kernels = kernels;
    this.size = size;
    this.model = new VideoModel(kernels, codebook);
    this.parts = [LUMA, CHROMA, CHROMA].map((type) => ({ height: rows >> type, width: columns >> type }));
    this.mostBytes = mostBytes;
    this.memory = null; // for frames, taken when the first group has enough bytes for one
    this.filters = new Map();
  }

  /**
   * The frames of a group in the order of display.
   * @param {Uint8Array} packet
   * @returns {Generator<import("./planes.mjs").Plane[]>}
   */
  *decode(packet) {
    const group = readGroup(packet, this.model.remembers);
    refuseTooLittle(group.first, this.parts, group);
    const waiting = new Map();
    let next = 0;
    for (const [time, planes] of this.inCodingOrder(group)) {
      waiting.set(time, planes);
      for (; waiting.has(next); next++) {
        yield waiting.get(next);
        waiting.delete(next);
      }
    }
  }

  *inCodingOrder(group) {
    const memory = this.memoryFor(group);
    memory.bits.fill(group.rest);
    memory.end = 8 * group.rest.length;
    if (group.mixedFrames) {
      memory.scratch.clear(this.kernels);
      memory.end = this.kernels.call("video.mc.syntax.reading.open_frame_values", memory.bits.array, group.values, memory.scratch);
    }
    let position = 0;
    for (const place of codingOrder(group)) {
      let planes;
      if (place.level === 0) planes = this.decodeFirst(group, place);
      else [planes, position] = this.decodePredicted(group, place, position);
      yield [place.time, planes];
    }
    const left = group.mixedFrames && this.kernels.call("video.mc.syntax.reading.close_frame_values", memory.scratch);
    require(!left, "bytes are left over after the values of a group; damaged");
    const spare = (memory.end - position) >> 3;
    require(spare === 0, `${spare} bytes are left after the last frame of a group; damaged`);
  }

  /** The memory for frames, and the tables as they stand at the beginning of a group. */
  memoryFor({ step, exposures, mixedFrames }) {
    const { kernels, model } = this;
    this.memory ??= {
      bits: new PaddedRoom(kernels, this.mostBytes),
      frames: new Frames(kernels, this.parts[0].height, this.parts[0].width),
      adaptation: new Adaptation(kernels, model),
      tileScratch: tileScratch(kernels),
      scratch: kernels.record("video.mc.syntax.reading.decode_frame", SCRATCH),
      counted: kernels.zeros("int64", COUNTED),
    };
    if (model.restoration !== null) {
      for (let frameClass = 0; frameClass < CLASSES; frameClass++) {
        const place = model.placeOf(frameClass, step);
        for (const type of [LUMA, CHROMA]) this.filterOf(place, type);
      }
    }
    this.memory.frames.start(exposures);
    this.memory.adaptation.start(step, mixedFrames);
    return this.memory;
  }

  filterOf(place, type) {
    const key = `${place} ${type}`;
    if (!this.filters.has(key)) this.filters.set(key, this.model.filterWeights(place, type));
    return this.filters.get(key);
  }

  decodeFirst(group, place) {
    const { kernels, parts } = this;
    const { picture } = this.model;
    const [step, chromaStep] = stepsOf(group, place);
    const rung = picture.rungOf(step);
    const usable = group.filters === 0 || picture.restoration !== null;
    require(usable, "this group needs a codebook with a filter, and this one has none", CodebookError);
    const weights = [LUMA, CHROMA].map((type) => {
      picture.decoderTables(type, rung, group.mixed); // made now, since they stay
      return group.filters ? picture.filterWeights(type, rung) : null;
    });
    return kernels.scope(() => {
      const { copying, palettes, mixed } = group;
      const parameters = { step, chromaStep, modulated: false, chroma: HALF, copying, palettes, mixed };
      const planes = decodeTile(kernels, picture, parameters, parts, group.first, this.memory.tileScratch);
      const samples = filtered(kernels, planes, weights, group.filters);
      this.memory.frames.keepFirst(place, samples);
      return this.shown(samples);
    });
  }

  /** The planes of a predicted frame, and the position after its bits. */
  decodePredicted(group, place, position) {
    const { kernels, model, size } = this;
    const { bits, frames, adaptation, scratch, counted, end } = this.memory;
    const cutOff = `a group ends within frame ${place.time}; cut off or damaged`;
    const least = group.mixedFrames ? 1 : Math.ceil(size.height / ROOT) * Math.ceil(size.width / ROOT);
    require(position + least <= end, cutOff);
    const filters = model.restoration !== null;
    const [change, flags, start] = kernels.call(
      "video.mc.syntax.header.get_frame_header",
      bits.array,
      position,
      filters,
    );
    const frameClass = place.frameClass - 1;
    const steps = stepsOf(group, place, change);
    const picture = [LUMA, CHROMA].map((type) => model.picture.decoderTables(type, model.picture.rungOf(steps[type]), group.mixedFrames));
    return kernels.scope(() => {
      const tables = adaptation.tablesFor(frameClass, picture);
      const frame = frames.open(place, steps);
      const name = "video.mc.syntax.reading.decode_frame";
      const after = kernels.call(name, frame, bits.array, start, end, tables, counted, scratch);
      require(after <= end, cutOff);
      adaptation.add(frameClass);
      frames.smoothEdges();
      const weights = [LUMA, CHROMA].map((type) => {
        return flags ? this.filterOf(model.placeOf(frameClass, group.step), type) : null;
      });
      const samples = filtered(kernels, frames.planes, weights, flags);
      if (place.kept) frames.keep(place, samples);
      return [this.shown(samples), after];
    });
  }

  shown(samples) {
    const { width, height } = this.size;
    return samples.map((plane, number) => {
      return number === 0 ? shownPlane(plane, width, height) : shownPlane(plane, (width + 1) >> 1, (height + 1) >> 1);
    });
  }
}

/** The samples of planes, filtered where `flags` (2 luma, 1 chroma) say so. */
function filtered(kernels, planes, weights, flags) {
  return planes.map((plane, number) => {
    const type = number === 0 ? LUMA : CHROMA;
    const wanted = (flags >> (1 - type)) & 1;
    return wanted ? filterPlane(kernels, weights[type], plane) : plane.samples;
  });
}
