/** One tile of engine image/transform: its planes, decoded and filtered (FORMAT.md, 9.3 to 9.16). */

import { require } from "../errors.mjs";
import { paddedBits } from "../huffman.mjs";
import { CHROMA, LUMA } from "./model.mjs";
import { HALF } from "./parameters.mjs";

export const UNIT = 4;
export const SUPERBLOCK = 32;
export const BLOCK_FIELDS = 7; // of what is kept of each unit; of them
const MODE = 3;
const PARTS = 16; // of the syntax, whose bits the kernel counts: more than there are
const SCRATCH = -1; // the argument of the kernel that is its working memory: the last
const BORDER = 3; // of samples around those that the filter is for

/** The working memory of `decodeTile`. */
export function tileScratch(kernels) {
  return kernels.record("blocks.decoding.plane_decoding.decode_plane", SCRATCH);
}

/** Each superblock takes a bit: so a short payload is refused before memory is taken. */
export function refuseTooLittle(payload, parts) {
  const squares = ({ width, height }) => Math.ceil(width / SUPERBLOCK) * Math.ceil(height / SUPERBLOCK);
  const least = parts.reduce((sum, part) => sum + squares(part), 0);
  require(8 * payload.length >= least, `${payload.length} bytes cannot hold a tile of the picture; cut off`);
}

/**
 * The planes of a tile, not yet filtered, in the memory of the kernels.
 * @param {Kernels} kernels
 * @param {Model} model
 * @param {object} parameters
 * @param {{width: number, height: number}[]} parts of each plane
 * @param {Uint8Array} payload
 * @param {KernelRecord} scratch
 */
export function decodeTile(kernels, model, parameters, parts, payload, scratch) {
  const buffer = paddedBits(kernels, payload);
  const bits = kernels.zeros("int64", [PARTS]);
  const end = 8 * payload.length;
  const planes = [];
  let position = 0;
  parts.forEach((part, index) => {
    const type = index === 0 ? LUMA : CHROMA;
    const step = index === 0 ? parameters.step : parameters.chromaStep;
    const plane = openPlane(kernels, part, step, planes, parameters.chroma === HALF ? 1 : 0);
    position = kernels.call(
      "blocks.decoding.plane_decoding.decode_plane",
      [plane.samples, plane.levels, plane.blocks, plane.guides, plane.guideModes, plane.steps, ...plane.memory],
      buffer,
      position,
      end,
      step,
      parameters.modulated && type === LUMA,
      model.decoderTables(type, model.rungOf(parameters.step)),
      bits,
      scratch,
    );
    require(position <= end, `${payload.length} bytes do not make a tile; cut off or damaged`);
    planes.push(plane);
  });
  require(end - position < 8, `${(end - position) >> 3} bytes are left over after a tile; damaged`);
  return planes;
}

/** An empty plane, as kernels take it; `before` are the planes that guide it. */
function openPlane(kernels, { width, height }, step, before, shift) {
  const rows = UNIT * Math.ceil(height / UNIT);
  const columns = UNIT * Math.ceil(width / UNIT);
  const units = [rows / UNIT, columns / UNIT];
  const plane = {
    samples: kernels.zeros("int16", [rows, columns]),
    levels: kernels.zeros("int16", [rows, columns]),
    blocks: kernels.zeros("uint8", [BLOCK_FIELDS, ...units]),
    guides: kernels.zeros("int16", [before.length, rows, columns]),
    guideModes: kernels.zeros("uint8", units),
    steps: kernels.room("uint8", [Math.ceil(rows / SUPERBLOCK), Math.ceil(columns / SUPERBLOCK)]),
    memory: noMemory(kernels),
  };
  plane.steps.view.fill(step);
  before.forEach((guide, number) => {
    const target = plane.guides.part(number, 1).view;
    if (number > 0 || shift === 0) target.set(guide.samples.view);
    else halve(guide.samples, target, rows, columns);
  });
  if (before.length > 0) pickModes(before[0].blocks, plane.guideModes, shift);
  return plane;
}

/** What stands for the references of a plane without any, its motion and that of luma. */
export function noMemory(kernels) {
  return [kernels.room("int16", [0, 0, 0]), kernels.room("int64", [0, 0]), kernels.room("int64", [0, 0])];
}

/** Means of 2x2 samples; beyond the border its samples are repeated. */
function halve({ view, shape: [height, width] }, target, rows, columns) {
  let at = 0;
  for (let y = 0; y < rows; y++) {
    const upper = Math.min(2 * y, height - 1) * width;
    const lower = Math.min(2 * y + 1, height - 1) * width;
    for (let x = 0; x < columns; x++) {
      const left = Math.min(2 * x, width - 1);
      const right = Math.min(2 * x + 1, width - 1);
      target[at++] = (view[upper + left] + view[upper + right] + view[lower + left] + view[lower + right] + 2) >> 2;
    }
  }
}

/** The modes of luma in the middle of each unit of a plane of the same or half its size. */
function pickModes(blocks, modes, shift) {
  const [, height, width] = blocks.shape;
  const luma = blocks.part(MODE, 1).view;
  const target = modes.view;
  const [rows, columns] = modes.shape;
  for (let v = 0; v < rows; v++) {
    const row = Math.min((v << shift) + shift, height - 1) * width;
    for (let u = 0; u < columns; u++) target[v * columns + u] = luma[row + Math.min((u << shift) + shift, width - 1)];
  }
}

/** The filtered samples of a decoded plane; `weights` are those of `packedWeights`. */
export function filterPlane(kernels, weights, plane) {
  const [rows, columns] = plane.samples.shape;
  const padded = withBorder(kernels, plane.samples);
  const units = [rows / UNIT, columns / UNIT];
  const sums = kernels.room("int32", [...units, 4]);
  const classes = kernels.room("uint8", units);
  const filtered = kernels.room("int16", [rows, columns]);
  const call = (name, ...values) => {
    kernels.scope(() => kernels.call(`blocks.signal.restoration_kernels.${name}`, ...values));
  };
  call("sum_unit_differences", padded, 0, units[0], sums);
  call("classify_units", sums, plane.blocks, plane.steps, 0, units[0], classes);
  call("filter_rows", padded, plane.blocks, plane.steps, classes, weights, 0, rows, filtered);
  return filtered;
}

function withBorder(kernels, samples) {
  const [rows, columns] = samples.shape;
  const width = columns + 2 * BORDER;
  const padded = kernels.room("int16", [rows + 2 * BORDER, width]);
  const from = samples.view;
  const to = padded.view;
  for (let y = 0; y < rows + 2 * BORDER; y++) {
    const start = Math.min(Math.max(y - BORDER, 0), rows - 1) * columns;
    to.set(from.subarray(start, start + columns), y * width + BORDER);
    to.fill(from[start], y * width, y * width + BORDER);
    to.fill(from[start + columns - 1], y * width + BORDER + columns, (y + 1) * width);
  }
  return padded;
}
