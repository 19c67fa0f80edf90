/** The header of a stream of video, and the times in its packets (FORMAT.md, 17.2 and 17.3). */

import { CorruptFileError, LimitError, UnsupportedError, require } from "../errors.mjs";
import { Reader } from "../format/bytes.mjs";

const FULL_RANGE = 1;
const ASPECT = 2;
const MATRIX = 4;
const COUNT = 8;
const TIMES = 16;
const COLOURS = 32;
const SITING = 64;
const ENDS = 128;
const MOST_SIDE = 65535;
const MOST_AREA = 2 ** 28;
const MOST_FRAME_SECONDS = 3600;
const MOST_RATE = 100_000;
const MOST_RATIO_PART = 2 ** 31 - 1;
const MOST_TIME = 1n << 62n;
const UNKNOWN = 2; // matrix, primaries or transfer
const MIDWAY = 1; // siting
const MOST_SITING = 5;

/** Most frames of a video. */
export const MOST_FRAMES = 2 ** 31;

/**
 * @typedef {object} Header
 * @property {number} width of a frame in samples
 * @property {number} height
 * @property {[number, number]} rate frames a second; their mean, if frames have times
 * @property {[number, number] | null} aspect width of a sample to its height; null: not known
 * @property {boolean} fullRange whether luma goes from 0 to 255, and not from 16 to 235
 * @property {number} matrix of ITU-T H.273 table 4; 2: not known
 * @property {number | null} frames their number; null: not known when the stream began
 * @property {[number, number] | null} unit of times, in seconds; null: frames have no times of their own
 * @property {number} primaries of H.273 table 2; 2: not known
 * @property {number} transfer of H.273 table 3; 2: not known
 * @property {number} siting where chroma lies, a Chroma420SampleLocType of H.273
 * @property {boolean} ends whether packets tell when their last frame ends
 */

/**
 * The header of a stream.
 * @param {Uint8Array} data
 * @returns {Header}
 */
export function readHeader(data) {
  const reader = new Reader(data, "video header");
  const flags = reader.varint();
  require(flags < 256, "video header: a flag of a later version", UnsupportedError);
  const [width, height] = [reader.varint(), reader.varint()];
  const header = {
    width,
    height,
    rate: ratioOf(reader, "frame rate"),
    aspect: flags & ASPECT ? ratioOf(reader, "aspect") : null,
    fullRange: (flags & FULL_RANGE) !== 0,
    matrix: flags & MATRIX ? reader.varint() : UNKNOWN,
    frames: flags & COUNT ? reader.varint() : null,
    unit: flags & TIMES ? ratioOf(reader, "unit of time") : null,
    primaries: flags & COLOURS ? reader.varint() : UNKNOWN,
    transfer: flags & COLOURS ? reader.varint() : UNKNOWN,
    siting: flags & SITING ? reader.varint() : MIDWAY,
    ends: (flags & ENDS) !== 0,
  };
  require(reader.left === 0, "video header: bytes too many");
  checkMeanings(header, flags);
  checkLimits(header);
  return header;
}

function ratioOf(reader, what) {
  const [above, below] = [reader.varint(), reader.varint()];
  const possible = above > 0 && below > 0 && greatestDivisor(above, below) === 1;
  require(possible, `video header: the ${what} ${above}/${below} is not possible`);
  return [above, below];
}

function greatestDivisor(a, b) {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

function checkMeanings({ matrix, primaries, transfer, siting }, flags) {
  require(!(flags & ENDS) || flags & TIMES, "video header: frames of a constant rate have no ends of their own");
  const known = !(flags & MATRIX) || (matrix !== UNKNOWN && matrix <= 255);
  require(known, `video header: the matrix ${matrix} is not possible`);
  const unknown = primaries === UNKNOWN && transfer === UNKNOWN;
  const coloured = !(flags & COLOURS) || (!unknown && primaries <= 255 && transfer <= 255);
  require(coloured, `video header: primaries ${primaries} with transfer ${transfer} are not possible`);
  const sited = !(flags & SITING) || (siting !== MIDWAY && siting <= MOST_SITING);
  require(sited, `video header: the siting ${siting} of chroma is not possible`);
}

function checkLimits({ width, height, rate, aspect, unit, frames }) {
  const counted = frames === null || (frames >= 1 && frames <= MOST_FRAMES);
  require(counted, `video header: ${frames} frames; 1 to ${MOST_FRAMES} are allowed`, LimitError);
  const sides = width >= 1 && height >= 1 && width <= MOST_SIDE && height <= MOST_SIDE && width * height <= MOST_AREA;
  require(sides, `video of ${width}x${height} pixels is beyond the limits of the format`, LimitError);
  const [above, below] = rate;
  const timely = above * MOST_FRAME_SECONDS >= below && above <= MOST_RATE * below;
  require(timely, `${above}/${below} frames a second are beyond the limits of the format`, LimitError);
  const greatest = Math.max(...rate, ...(aspect ?? []), ...(unit ?? []));
  require(greatest <= MOST_RATIO_PART, `video header: a ratio of ${greatest}; too large a number`, LimitError);
}

/**
 * What a packet holds: the engine's bytes, and before them the times of its frames, if they have some.
 * @param {Header} header
 * @param {Uint8Array} packet
 * @returns {{payload: Uint8Array, times: bigint[] | null, end: bigint | null}} the end of the last frame, if it is told
 */
export function splitPacket({ unit, ends }, packet) {
  if (unit === null) return { payload: packet, times: null, end: null };
  const reader = new Reader(packet, "times of frames");
  const count = reader.varint() + Number(ends);
  const times = [];
  while (times.length < count) {
    const step = reader.wideVarint();
    require(times.length === 0 || step > 0n, "two frames have the same time");
    times.push(step + (times.at(-1) ?? 0n));
    require(times.at(-1) <= MOST_TIME, "the time of a frame is too large");
  }
  const end = ends ? times.pop() : null;
  if (times.length === 0) throw new CorruptFileError("a group has no frames");
  return { payload: reader.rest(), times, end };
}
