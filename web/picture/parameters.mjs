/** The coding parameters of planes (FORMAT.md, 9.1). */

import { UnsupportedError, require } from "../errors.mjs";

export const FULL = 0; // chroma of full size
export const HALF = 1;
export const HALF_WIDTH = 2;
const EXTENDED = 2; // in the second byte: there is a third
export const NONE = 3;
const LEAST_CHROMA_STEP = -8;
const MOST_STEP = 63;

/** The two bytes of parameters at the place of a reader. */
export function readParameters(reader) {
  const [first, second] = reader.take(2);
  require((first & second & 0x80) === 0, "coding parameters: copies beside a memory", UnsupportedError);
  const step = first & 63;
  const chromaStep = step + (second & 15) + LEAST_CHROMA_STEP;
  return {
    step,
    chromaStep: Math.min(Math.max(chromaStep, 0), MOST_STEP),
    modulated: (first & 64) !== 0,
    shaped: false, // whether the step grows with the frequency
    chroma: (second >> 4) & 3,
    restored: (second & 64) !== 0,
    remembering: (second & 128) !== 0, // predicted from a memory
    copying: (first & 128) !== 0, // blocks may be copied from their plane
    palettes: false, // blocks may have palettes
    mixed: false, // chances are mixed
  };
}

/** The parameters of the colours of a picture, at the place of a reader. */
export function readColourParameters(reader) {
  const parameters = readParameters(reader);
  if (parameters.chroma !== EXTENDED) return parameters;
  const third = reader.number(1);
  const shaped = (third & 4) !== 0;
  const known = third >= 4 && third < 32 && (parameters.modulated || !shaped);
  require(known, "coding parameters: reserved bits are set", UnsupportedError);
  return { ...parameters, chroma: third & 3, shaped, palettes: (third & 8) !== 0, mixed: (third & 16) !== 0 };
}

/** Whether payloads have values of the range coder. */
export function hasValues({ copying, palettes, mixed }) {
  return copying || palettes || mixed;
}
