/** Frames as pixels for a canvas: the matrix and the range that the header tells (FORMAT.md, 17.2). */

/** The shares of red and blue in luma, by the number of the matrix in ITU-T H.273. */
const BT709 = [0.2126, 0.0722];
const BT601 = [0.299, 0.114];
const BT2020 = [0.2627, 0.0593];
const SHARES = {
  1: BT709,
  4: [0.3, 0.11],
  5: BT601,
  6: BT601,
  7: [0.212, 0.087],
  9: BT2020,
  10: BT2020,
  12: BT2020,
  13: BT2020,
};
/** Where chroma is between two samples of luma, across and down, by siting. */
const PLACES = [
  [0, 0.5],
  [0.5, 0.5],
  [0, 0],
  [0.5, 0],
  [0, 1],
  [0.5, 1],
];

const UNIT = 1 << 16; // of fixed-point numbers
const QUARTERS = 4; // of a sample, in which chroma lies between samples of luma; across and down
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const SHIFTS = LITTLE_ENDIAN ? [0, 8, 16, 24] : [24, 16, 8, 0]; // of red, green, blue and alpha in 32 bits

/**
 * The pixels of a frame: red, green, blue and an alpha of 255, row by row. Primaries and transfer are not regarded.
 * @param {import("./header.mjs").Header} header of the video
 * @param {import("./planes.mjs").Plane[]} planes of the frame
 * @returns {Uint8ClampedArray}
 */
export function rgbaOf({ matrix, fullRange, siting, width, height }, [luma, blue, red]) {
  const [redShare, blueShare] = SHARES[matrix] ?? (width >= 1280 || height > 576 ? BT709 : BT601);
  const greenShare = 1 - redShare - blueShare;
  const [black, lumaScale, chromaScale] = fullRange ? [0, 1, 1] : [16, 255 / 219, 255 / 224];
  const fixed = (share) => Math.round((2 * (1 - share) * chromaScale * UNIT) / QUARTERS ** 2);
  const [ofRed, ofBlue] = [fixed(redShare), fixed(blueShare)];
  const redInGreen = Math.round((ofRed * redShare) / greenShare);
  const blueInGreen = Math.round((ofBlue * blueShare) / greenShare);
  const levels = Int32Array.from({ length: 256 }, (_, sample) => {
    return Math.round(((sample - black) * lumaScale + 0.5) * UNIT);
  });
  const [across, down] = PLACES[siting];
  const pixels = new Uint32Array(width * height);
  const [toRed, toGreen, toBlue, toAlpha] = SHIFTS;
  const opaque = 255 << toAlpha;
  const [blueRow, redRow] = [new Int32Array(width), new Int32Array(width)];
  const half = new Int32Array(blue.width + 2);
  for (let y = 0, at = 0; y < height; y++) {
    blend(blue, y, down, half);
    spread(half, across, blueRow);
    blend(red, y, down, half);
    spread(half, across, redRow);
    for (let x = 0; x < width; x++, at++) {
      const level = levels[luma.data[at]];
      const r = bounded((level + ofRed * redRow[x]) >> 16);
      const g = bounded((level - redInGreen * redRow[x] - blueInGreen * blueRow[x]) >> 16);
      const b = bounded((level + ofBlue * blueRow[x]) >> 16);
      pixels[at] = opaque | (r << toRed) | (g << toGreen) | (b << toBlue);
    }
  }
  return new Uint8ClampedArray(pixels.buffer);
}

function bounded(value) {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** The quarters by which a sample at a parity of luma is beyond chroma at `place`, and the way to the next sample. */
function weightsOf(parity, place) {
  const offset = (parity - place) / 2;
  return [(Math.abs(offset) * QUARTERS) | 0, Math.sign(offset) | 0];
}

/**
 * Fill `row` with chroma, less 128, at row `y` of luma, in quarters of a sample value; its ends stand once more before
 * and behind it.
 */
function blend({ data, width, height }, y, place, row) {
  const [share, step] = weightsOf(y & 1, place);
  const ownShare = QUARTERS - share;
  let own = (y >> 1) * width;
  let other = Math.min(Math.max((y >> 1) + step, 0), height - 1) * width;
  for (let x = 1; x <= width; x++) row[x] = ownShare * data[own++] + share * data[other++] - 128 * QUARTERS;
  row[0] = row[1];
  row[width + 1] = row[width];
}

/** Fill `row` with the samples that `blend` has made, interpolated, in quarters of theirs. */
function spread(half, place, row) {
  for (let parity = 0; parity < 2; parity++) {
    const [share, step] = weightsOf(parity, place);
    const ownShare = QUARTERS - share;
    for (let x = parity, own = 1; x < row.length; x += 2, own++) {
      row[x] = ownShare * half[own] + share * half[own + step];
    }
  }
}
