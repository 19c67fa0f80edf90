/** Planes of engine image/transform: decoded tile by tile, and filtered (FORMAT.md, 9.3 to 9.16). */

import { CodebookError, require } from "../errors.mjs";
import { isDamage } from "../format/chunks.mjs";
import { CHROMA, LUMA, REMEMBERING } from "./model.mjs";
import { HALF } from "./parameters.mjs";
import { decodeTile, filterPlane, refuseTooLittle, tileScratch } from "./tile.mjs";
import { halfOf, tilesOf } from "./tiles.mjs";

/**
 * @typedef {object} Loss
 * @property {number} sample in 1/16, for the place of lost tiles
 * @property {(tile: number, error: Error) => void} report is told which tile is damaged
 */

/**
 * The planes that tiles hold.
 * @param {Kernels} kernels
 * @param {Model} model
 * @param {object} parameters
 * @param {{width: number, height: number}} size of the picture
 * @param {number} count of planes
 * @param {(Uint8Array | null)[]} payloads of the tiles; null for one that is lost
 * @param {Loss | null} loss what to do with tiles that cannot be decoded; null if that is an error
 * @param {Plane[][]} references what the planes are predicted from besides
 * @returns {{width: number, height: number, samples: Int16Array}[]} samples in 1/16
 */
export function decodePlanes(kernels, model, parameters, size, count, payloads, loss = null, references = []) {
  const usable = !parameters.restored || model.restoration !== null;
  require(usable, "the picture is filtered by a codebook with a filter, and this one has none", CodebookError);
  const tiles = tilesOf(size);
  require(payloads.length === tiles.length, `${payloads.length} tiles, but the picture has ${tiles.length}`);
  const half = parameters.chroma === HALF;
  const parts = tiles.map((tile) => Array.from({ length: count }, (_, n) => (n > 0 && half ? halfOf(tile) : tile)));
  const decoded = parts.map((_, number) => payloads[number] !== null);
  const attempt = (number, work) => {
    if (!decoded[number]) return;
    try {
      work();
    } catch (error) {
      if (loss === null || !isDamage(error)) throw error;
      decoded[number] = false;
      loss.report(number, error);
    }
  };
  parts.forEach((ofTile, number) => attempt(number, () => refuseTooLittle(payloads[number], ofTile, parameters)));
  const planes = Array.from({ length: count }, (_, number) => {
    const whole = number > 0 && half ? halfOf({ top: 0, left: 0, ...size }) : size;
    const { width, height } = whole;
    return { width, height, samples: new Int16Array(width * height).fill(loss?.sample ?? 0) };
  });
  const scratch = tileScratch(kernels);
  const rung = model.rungOf(parameters.step);
  for (const type of count > 1 ? [LUMA, CHROMA] : [LUMA]) { // made now, since they stay
    model.decoderTables(type + (parameters.remembering ? REMEMBERING : 0), rung, parameters.mixed);
    if (parameters.restored) model.filterWeights(type, rung);
  }
  parts.forEach((ofTile, number) => {
    attempt(number, () => kernels.scope(() => {
      const tile = decodeTile(kernels, model, parameters, ofTile, payloads[number], scratch, references);
      tile.forEach((plane, index) => {
        kernels.scope(() => {
          const weights = parameters.restored ? model.filterWeights(index === 0 ? LUMA : CHROMA, rung) : null;
          copyInto(planes[index], ofTile[index], weights ? filterPlane(kernels, weights, plane) : plane.samples);
        });
      });
    }));
  });
  return planes;
}

function copyInto(plane, { top, left, height, width }, samples) {
  const view = samples.view;
  const columns = samples.shape[1];
  for (let y = 0; y < height; y++) {
    plane.samples.set(view.subarray(y * columns, y * columns + width), (top + y) * plane.width + left);
  }
}
