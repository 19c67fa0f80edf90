/** One tile of engine image/transform: its planes, decoded and filtered (FORMAT.md, 9.3 to 9.16). */

import { require } from "../errors.mjs";
import { paddedBits } from "../huffman.mjs";
import { CHROMA, LUMA, REMEMBERING } from "./model.mjs";
import { HALF, hasValues } from "./parameters.mjs";

export const UNIT = 4;
const UNIT_LOG = 2;
export const SUPERBLOCK = 32;
export const BLOCK_FIELDS = 7; // of what is kept of each unit; of them
const [LOG_WIDTH, LOG_HEIGHT, MODE, CODED] = [1, 2, 3, 6]; // fields
const PARTS = 16; // of the syntax, whose bits the kernel counts: more than there are
const SCRATCH = -1; // the argument of the kernel that is its working memory: the last
const BORDER = 3; // of samples around those that the filter is for
const MEMORY_BORDER = 40; // of samples around references
const LAST_ANGLE = 34; // of the modes that may guide others
const SIZE_SHIFT = 6; // of the size of luma's block beside its mode
const NOT_DECODED = 1; // what is wrong with copies
const OFFSET = 1n << 15n; // of the displacements in a place

/** The working memory of `decodeTile`. */
export function tileScratch(kernels) {
  return kernels.record("blocks.decoding.plane_decoding.decode_plane", SCRATCH);
}

/**
 * Each superblock takes a bit, but those that reach beyond a plane that has copies or palettes: so a short payload is refused before
 * memory is taken. With mixed chances they may take next to nothing.
 */
export function refuseTooLittle(payload, parts, parameters) {
  if (parameters.mixed) return;
  const count = hasValues(parameters) ? Math.floor : Math.ceil;
  const squares = ({ width, height }) => count(width / SUPERBLOCK) * count(height / SUPERBLOCK);
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
 * @param {Plane[][]} references what the tile is predicted from: of each, a plane for each of the tile
 */
export function decodeTile(kernels, model, parameters, parts, payload, scratch, references = []) {
  const buffer = paddedBits(kernels, payload);
  const bits = kernels.zeros("int64", [PARTS]);
  const planes = [];
  let [position, end] = [0, 8 * payload.length];
  if (parameters.mixed) scratch.clear(kernels);
  if (hasValues(parameters)) [position, end] = kernels.call("blocks.syntax.values.open_values", buffer, scratch);
  parts.forEach((part, index) => {
    const type = index === 0 ? LUMA : CHROMA;
    const step = index === 0 ? parameters.step : parameters.chromaStep;
    const ofPlane = references.map((planesOf) => planesOf[index]);
    const plane = openPlane(kernels, part, step, planes, parameters.chroma === HALF ? 1 : 0, ofPlane, parameters.copying);
    if (parameters.shaped) plane.matrix = frequencyMatrix(kernels);
    const tables = type + (parameters.remembering ? REMEMBERING : 0);
    position = kernels.call(
      "blocks.decoding.plane_decoding.decode_plane",
      [plane.samples, plane.levels, plane.blocks, plane.guides, plane.guideModes, plane.steps, ...plane.memory, plane.matrix, Number(parameters.palettes)],
      buffer,
      position,
      end,
      step,
      parameters.modulated && type === LUMA,
      model.decoderTables(tables, model.rungOf(parameters.step), parameters.mixed),
      bits,
      scratch,
    );
    require(position <= end, `${payload.length} bytes do not make a tile; cut off or damaged`);
    planes.push(plane);
  });
  if (hasValues(parameters)) {
    const fault = kernels.call("blocks.syntax.values.close_values", scratch);
    require(fault !== NOT_DECODED, "a block is copied from samples that are not decoded before it; damaged");
    require(fault === 0, "bytes are left over after the values of a tile; damaged");
  }
  require(end - position < 8, `${(end - position) >> 3} bytes are left over after a tile; damaged`);
  return planes;
}

/** An empty plane, as kernels take it; `before` are the planes that guide it. */
function openPlane(kernels, { width, height }, step, before, shift, references, copying) {
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
    matrix: noMatrix(kernels),
  };
  if (references.length > 0) plane.memory = memoryOf(kernels, references, rows, columns, before[0], shift);
  else if (copying) plane.memory = ownMemory(kernels, units, before[0], shift);
  plane.steps.view.fill(step);
  before.forEach((guide, number) => {
    const target = plane.guides.part(number, 1).view;
    if (number > 0 || shift === 0) target.set(guide.samples.view);
    else halve(guide.samples, target, rows, columns);
  });
  if (before.length > 0) pickModes(before[0].blocks, plane.guideModes, shift, references.length > 0);
  return plane;
}

/** The factors of the step by frequency (FORMAT.md, 9.10). */
function frequencyMatrix(kernels) {
  const matrix = kernels.zeros("int32", [SUPERBLOCK, SUPERBLOCK]);
  const factors = matrix.view;
  for (let at = 0; at < factors.length; at++) {
    factors[at] = 45 + ((3 * (Math.floor(at / SUPERBLOCK) + (at % SUPERBLOCK))) >> 1);
  }
  return matrix;
}

/** What stands for the matrix of a plane that has one step for all frequencies. */
export function noMatrix(kernels) {
  return kernels.room("int32", [0, 0]);
}

/** What stands for the references of a plane without any, its motion and that of luma. */
export function noMemory(kernels) {
  return [kernels.room("int16", [0, 0, 0]), kernels.room("int64", [0, 0]), kernels.room("int64", [0, 0])];
}

/** The references of a plane, where its blocks are predicted from, and where those of luma are. */
function memoryOf(kernels, references, rows, columns, luma, shift) {
  const height = Math.max(rows, ...references.map((plane) => plane.height));
  const width = Math.max(columns, ...references.map((plane) => plane.width));
  const shape = [references.length, height + 2 * MEMORY_BORDER, width + 2 * MEMORY_BORDER];
  const padded = kernels.room("int16", shape);
  references.forEach((plane, number) => {
    extend(plane.samples, plane.height, plane.width, MEMORY_BORDER, padded.entry(number));
  });
  return [padded, ...motionOf(kernels, [rows / UNIT, columns / UNIT], luma, shift, 1n)];
}

/** The same of a plane that copies itself: no references, and displacements in whole samples. */
function ownMemory(kernels, units, luma, shift) {
  return [kernels.room("int16", [0, 0, 0]), ...motionOf(kernels, units, luma, shift, 0n)];
}

/** Where the blocks of a plane are predicted from, as yet from nowhere, and where those of luma are. */
function motionOf(kernels, units, luma, shift, finer) {
  const motion = kernels.room("int64", units);
  motion.words.fill(-1);
  const guide = kernels.room("int64", luma === undefined ? [0, 0] : units);
  if (luma !== undefined) scaleMotion(luma, guide, shift, finer);
  return [motion, guide];
}

/**
 * Where luma is predicted from in the middle of each unit of a plane, and whether it is coded there: in eighths if it
 * is told in quarters (`finer` is 1n), else in whole samples.
 */
function scaleMotion({ memory: [, motion], blocks }, guide, shift, finer) {
  const [height, width] = motion.shape;
  const coded = blocks.entry(CODED).view;
  const from = motion.view;
  const target = guide.view;
  const [rows, columns] = guide.shape;
  const coarser = BigInt(shift);
  for (let v = 0; v < rows; v++) {
    const row = Math.min((v << shift) + shift, height - 1) * width;
    for (let u = 0; u < columns; u++) {
      const at = row + Math.min((u << shift) + shift, width - 1);
      const place = from[at] >> 2n; // without the flavour
      const down = ((((place >> 16n) & 0xffffn) - OFFSET) << finer) >> coarser;
      const right = (((place & 0xffffn) - OFFSET) << finer) >> coarser;
      const scaled = ((place >> 32n) << 32n) | ((down + OFFSET) << 16n) | (right + OFFSET);
      target[v * columns + u] = from[at] < 0n ? -1n : (scaled << 2n) | BigInt(coded[at]);
    }
  }
}

/** Means of 2x2 samples; beyond the border its samples are repeated. */
export function halve({ view, shape: [height, width] }, target, rows, columns) {
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

/**
 * The modes of luma in the middle of each unit of a plane of the same or half its size; if `sized`, with the size of
 * luma's block there.
 */
function pickModes(blocks, modes, shift, sized) {
  const [, height, width] = blocks.shape;
  const luma = blocks.part(MODE, 1).view;
  const [logWidths, logHeights] = [LOG_WIDTH, LOG_HEIGHT].map((field) => blocks.part(field, 1).view);
  const target = modes.view;
  const [rows, columns] = modes.shape;
  for (let v = 0; v < rows; v++) {
    const row = Math.min((v << shift) + shift, height - 1) * width;
    for (let u = 0; u < columns; u++) {
      const at = row + Math.min((u << shift) + shift, width - 1);
      const size = sized ? Math.max(Math.min(logWidths[at], logHeights[at]) - shift - UNIT_LOG, 0) : 0;
      target[v * columns + u] = (luma[at] <= LAST_ANGLE ? luma[at] : 0) | (size << SIZE_SHIFT);
    }
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
  const padded = kernels.room("int16", [rows + 2 * BORDER, columns + 2 * BORDER]);
  extend(samples.view, rows, columns, BORDER, padded);
  return padded;
}

/** Fill `padded` with samples behind a border; the border and what is left repeat the nearest sample. */
function extend(from, rows, columns, border, padded) {
  const [height, width] = padded.shape;
  const to = padded.view;
  for (let y = 0; y < height; y++) {
    const start = Math.min(Math.max(y - border, 0), rows - 1) * columns;
    to.set(from.subarray(start, start + columns), y * width + border);
    to.fill(from[start], y * width, y * width + border);
    to.fill(from[start + columns - 1], y * width + border + columns, (y + 1) * width);
  }
}
