/** Engine video/mc: the exposures of frames, and references as bright as the frame predicted from them (FORMAT.md, 18.4). */

import { require } from "../errors.mjs";

const WHAT = "group of frames: its exposures have values that are not possible; damaged";
const MOST_CONTRAST = 4095;
const MOST_OFFSET = 4080;
const MOST_GAIN = 2048;
const GREY = 2048;
const WHITE = 4080;

/**
 * The exposures of frames, from the bytes of a group.
 * @param {Reader} reader
 * @param {number} frames of the group
 * @returns {{time: number, contrast: number, offset: number}[]} points
 */
export function readExposures(reader, frames) {
  const count = reader.varint();
  require(count >= 1 && count <= frames, WHAT);
  const points = [];
  let [time, contrast, offset] = [0, 0, 0];
  for (let number = 0; number < count; number++) {
    if (number > 0) {
      const later = reader.varint();
      require(later > 0, WHAT);
      time += later;
    }
    contrast += reader.signedVarint();
    offset += reader.signedVarint();
    require(time < frames && contrast >= 1 && contrast <= MOST_CONTRAST && Math.abs(offset) <= MOST_OFFSET, WHAT);
    points.push({ time, contrast, offset });
  }
  return points;
}

/** What makes the frame at time `reference` as bright as that at `time`; null if they are alike. */
export function weightOf(points, time, reference) {
  const [own, other] = [exposureAt(points, time), exposureAt(points, Math.max(reference, 0))];
  if (own.contrast === other.contrast && own.offset === other.offset) return null;
  const gain = Math.floor((256 * own.contrast + (other.contrast >> 1)) / other.contrast);
  return { gain: Math.min(gain, MOST_GAIN), before: other.offset, after: own.offset };
}

/** Fill `target` with weighted samples of luma, or of chroma. */
export function weigh({ gain, before, after }, chroma, source, target) {
  const [less, more] = chroma ? [GREY, GREY] : [before, after];
  for (let i = 0; i < source.length; i++) {
    target[i] = Math.min(Math.max(((gain * (source[i] - less) + 128) >> 8) + more, 0), WHITE);
  }
}

function exposureAt(points, time) {
  const number = points.findLastIndex((point) => point.time <= time);
  const [first, last] = [points[number], points[number + 1]];
  if (last === undefined) return first;
  const whole = last.time - first.time;
  const between = (name) => {
    return first[name] + Math.floor(((last[name] - first[name]) * (time - first.time) + (whole >> 1)) / whole);
  };
  return { contrast: between("contrast"), offset: between("offset") };
}
