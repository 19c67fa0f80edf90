/** Engine video/mc: the frame that is being decoded, and those that it is predicted from (FORMAT.md, 18.4 and 18.9). */

import { BLOCK_FIELDS, SUPERBLOCK, UNIT, noMatrix, noMemory } from "../picture/tile.mjs";
import { weigh, weightOf } from "./exposures.mjs";
import { ENTRIES, References, SLOTS } from "./mc_order.mjs";

const GRID = 8; // samples of luma along a side of a unit of motion
const GRID_LOG = 3;
const BORDER = 80; // of luma around a reference, as kernels expect it; of chroma half
const MOTION_FIELDS = 9; // of a unit: its kind, the log of its size, its references, its vectors, the form of its rest
const KIND = 0;
const LOG_SIZE = 1;
const FIRST_REFERENCE = 2;
const WITHOUT_MOTION = 4; // a kind
const LISTS = 2;

/** Memory for frames of one size, for one group after the other. */
export class Frames {
  /**
   * @param {Kernels} kernels
   * @param {number} rows of luma, a multiple of 8
   * @param {number} columns likewise
   */
  constructor(kernels, rows, columns) {
    this.kernels = kernels;
    this.planes = openPlanes(kernels, rows, columns);
    this.exposures = null; // of the group
    // Behind the kept frames there is room for references as bright as the frame that is predicted from them
    this.luma = kernels.room("int16", [SLOTS + LISTS * ENTRIES, rows + 2 * BORDER, columns + 2 * BORDER]);
    this.chroma = kernels.room("int16", [2, SLOTS + LISTS * ENTRIES, rows / 2 + BORDER, columns / 2 + BORDER]);
    const motions = Array.from({ length: SLOTS + 1 }, () => {
      return kernels.room("int16", [MOTION_FIELDS, rows / GRID, columns / GRID]);
    });
    this.motion = motions.pop(); // of the frame that is being decoded
    this.motions = motions; // by slot
    this.motionTimes = Array.from({ length: SLOTS }, () => kernels.room("int64", [LISTS, ENTRIES]));
    this.slots = kernels.room("int64", [LISTS, ENTRIES]);
    this.times = kernels.room("int64", [LISTS, ENTRIES]);
    this.strengths = kernels.room("uint8", [rows / UNIT, columns / UNIT]);
    this.references = new References();
  }

  /** Forget all frames; a group with these exposures begins. */
  start(exposures) {
    this.references = new References();
    this.exposures = exposures;
  }

  /** The empty frame at a place, a tuple for kernels. */
  open(place, steps) {
    this.planes.forEach((plane, number) => {
      for (const array of [plane.samples, plane.levels, plane.blocks]) array.clear();
      plane.steps.view.fill(steps[Math.min(number, 1)]);
    });
    this.planes[2].guides.clear();
    this.planes[2].guideModes.clear();
    clearMotion(this.motion, 0);
    const lists = this.references.lists(place);
    const slotOf = this.weighted(place.time, new Set(lists.flat()));
    const slots = new BigInt64Array(LISTS * ENTRIES);
    const times = new BigInt64Array(LISTS * ENTRIES);
    lists.forEach((list, side) => {
      list.forEach((time, entry) => {
        times[side * ENTRIES + entry] = BigInt(time);
        slots[side * ENTRIES + entry] = BigInt(slotOf.get(time));
      });
    });
    this.slots.view.set(slots);
    this.times.view.set(times);
    const colocated = this.references.slotOf(lists[1][0]);
    return [
      this.planes.map(tupleOf),
      this.motion,
      this.motions[colocated],
      this.luma,
      this.chroma,
      this.slots,
      this.times,
      this.motionTimes[colocated],
      this.kernels.array("int64", [4], [place.time, lists[1][0], lists[0].length, lists[1].length]),
    ];
  }

  /** The slot of each reference, as bright as the frame at `time`. */
  weighted(time, references) {
    const slots = new Map();
    for (const reference of references) {
      const slot = this.references.slotOf(reference);
      const weight = this.exposures && weightOf(this.exposures, time, reference);
      if (!weight) {
        slots.set(reference, slot);
        continue;
      }
      const bright = SLOTS + slots.size;
      weigh(weight, false, this.luma.entry(slot).view, this.luma.entry(bright).view);
      for (const plane of [this.chroma.entry(0), this.chroma.entry(1)]) {
        weigh(weight, true, plane.entry(slot).view, plane.entry(bright).view);
      }
      slots.set(reference, bright);
    }
    return slots;
  }

  /** Smooth the edges of the frame: first those between columns, then those between rows. */
  smoothEdges() {
    const { kernels, strengths, motion, times, planes } = this;
    const call = (name, ...values) => kernels.call(`video.mc.motion.deblocking.${name}`, ...values);
    for (const vertical of [true, false]) {
      call("edge_strengths", planes[0].blocks, motion, times, vertical, strengths);
      planes.forEach(({ samples, steps }, number) => {
        const [, columns] = samples.shape;
        const kernel = number === 0 ? "smooth_luma" : "smooth_chroma";
        call(kernel, samples.reshaped([samples.size]), columns, strengths, steps.view[0], vertical);
      });
    }
  }

  /** Keep the first frame of a group. */
  keepFirst(place, samples) {
    const slot = this.keepSamples(place, samples);
    clearMotion(this.motions[slot], WITHOUT_MOTION);
    this.motionTimes[slot].clear();
  }

  /** Keep the frame that has been decoded. */
  keep(place, samples) {
    const slot = this.keepSamples(place, samples);
    [this.motion, this.motions[slot]] = [this.motions[slot], this.motion];
    this.motionTimes[slot].view.set(this.times.view);
  }

  keepSamples(place, samples) {
    const slot = this.references.keep(place);
    samples.forEach((plane, number) => {
      const padded = number === 0 ? this.luma.entry(slot) : this.chroma.entry(number - 1).entry(slot);
      const border = number === 0 ? BORDER : BORDER / 2;
      this.kernels.call("blocks.signal.interpolation.pad_reference", plane, border, padded);
    });
    return slot;
  }
}

/** Planes whose memory is shared: a plane is among the guides of the next one. */
function openPlanes(kernels, rows, columns) {
  const half = [rows / 2, columns / 2];
  const guides = kernels.room("int16", [2, ...half]);
  const guideModes = kernels.room("uint8", [half[0] / UNIT, half[1] / UNIT]);
  const noGuides = kernels.room("int16", [0, rows, columns]);
  const noModes = kernels.room("uint8", [rows / UNIT, columns / UNIT]);
  return [
    openPlane(kernels, kernels.room("int16", [rows, columns]), noGuides, noModes),
    openPlane(kernels, guides.entry(1), guides.part(0, 1), guideModes),
    openPlane(kernels, kernels.room("int16", half), guides, guideModes),
  ];
}

function openPlane(kernels, samples, guides, guideModes) {
  const [rows, columns] = samples.shape;
  return {
    samples,
    levels: kernels.room("int16", samples.shape),
    blocks: kernels.room("uint8", [BLOCK_FIELDS, rows / UNIT, columns / UNIT]),
    guides,
    guideModes,
    steps: kernels.room("uint8", [Math.ceil(rows / SUPERBLOCK), Math.ceil(columns / SUPERBLOCK)]),
    memory: noMemory(kernels),
    matrix: noMatrix(kernels),
  };
}

/** A plane as kernels take it. */
function tupleOf({ samples, levels, blocks, guides, guideModes, steps, memory, matrix }) {
  return [samples, levels, blocks, guides, guideModes, steps, ...memory, matrix, 0];
}

/** Make all units of a map of motion of one kind. */
function clearMotion(motion, kind) {
  motion.clear();
  const units = motion.size / MOTION_FIELDS;
  const { view } = motion;
  view.fill(kind, KIND * units, (KIND + 1) * units);
  view.fill(GRID_LOG, LOG_SIZE * units, (LOG_SIZE + 1) * units);
  view.fill(-1, FIRST_REFERENCE * units, (FIRST_REFERENCE + LISTS) * units);
}
