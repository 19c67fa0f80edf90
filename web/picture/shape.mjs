/** The shape of a picture, as stream headers begin (FORMAT.md, 8.1). */

import { LimitError, require } from "../errors.mjs";

const MOST_SIDE = 65535;
const MOST_AREA = 2 ** 28;

/**
 * @typedef {object} Shape
 * @property {number} width
 * @property {number} height
 * @property {number} channels 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
 * @property {number} colours channels without alpha: 1 or 3
 * @property {boolean} hasAlpha
 */

/** The shape at the place of a reader. */
export function readShape(reader) {
  const width = reader.varint() + 1;
  const height = reader.varint() + 1;
  const channels = reader.number(1) + 1;
  require(channels <= 4, `a picture of ${channels} channels is not possible`);
  const allowed = width <= MOST_SIDE && height <= MOST_SIDE && width * height <= MOST_AREA;
  require(allowed, `a picture of ${width}x${height} pixels is beyond the limits of the format`, LimitError);
  const hasAlpha = channels % 2 === 0;
  return { width, height, channels, hasAlpha, colours: channels - Number(hasAlpha) };
}
