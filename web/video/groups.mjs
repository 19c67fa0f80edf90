/** The groups of a stream of video: which frames each has, and when these are shown (FORMAT.md, 17.1, 17.3, 17.4). */

import { CorruptFileError, LimitError, require } from "../errors.mjs";
import { MOST_FRAMES, splitPacket } from "./header.mjs";

const SAMPLES_A_BYTE = 1 << 15; // of luma that a group holds at most: 64x64, or 32x32 of four frames, take a bit
const REPLACED_TIMES = 16; // most lost frames that are replaced, as a multiple of those that are intact
const REPLACED_SAMPLES = 1 << 22; // of luma of frames that may be replaced in any case

/**
 * @typedef {object} Group
 * @property {number} start its first frame
 * @property {number} count of frames
 * @property {Uint8Array} payload what the engine wrote
 * @property {bigint[] | null} times of its frames
 * @property {bigint | null} end the time at which its last frame ends
 */

/**
 * The groups of a stream, none of which is missing.
 * @param {Header} header
 * @param {Stream} stream
 * @param {(payload: Uint8Array) => number} framesIn tells the number of frames of a group
 * @returns {{groups: Group[], length: number}} the groups, and the number of frames of the video
 */
export function groupsOf(header, stream, framesIn) {
  require(stream.packets.length > 0, "the file has no frames");
  const starts = stream.starts.map(Number);
  require(starts[0] === 0, `the first group begins with frame ${starts[0]}, not with frame 0`);
  const found = stream.packets.map((packet) => splitPacket(header, packet));
  const length = header.frames ?? starts.at(-1) + framesIn(found.at(-1).payload);
  require(length > starts.at(-1), `a group begins with frame ${starts.at(-1)}, but there are ${length} frames`);
  require(length <= MOST_FRAMES, `${length} frames; at most ${MOST_FRAMES} are allowed`, LimitError);
  const groups = found.map((group, number) => {
    const start = starts[number];
    const count = (starts[number + 1] ?? length) - start;
    checkCount(header, stream.packets[number], group, start, count, framesIn(group.payload));
    return { start, count, ...group };
  });
  groups.slice(1).forEach((group, number) => {
    require(timesFollow(groups[number], group), "the times of the frames do not grow");
  });
  return { groups, length };
}

function checkCount({ width, height }, packet, { times }, start, count, told) {
  const what = `the group from frame ${start} on`;
  require(told === count, `${what} has ${told} frames, not ${count}`);
  const possible = (count - 1) * width * height <= SAMPLES_A_BYTE * packet.length;
  require(possible, `${what}: ${packet.length} bytes cannot hold ${count} frames`);
  require(times === null || times.length === count, `${what} has ${times?.length} times for ${count} frames`);
}

/**
 * The groups of a damaged file that can be used. Those that tell another number of frames than fits, and those behind
 * more lost frames than are replaced, are left out; a clause for each is added to `damage`.
 * @returns {{groups: Group[], length: number}}
 */
export function salvagedGroups(header, stream, framesIn, damage) {
  const told = stream.packets.flatMap((packet, number) => {
    const start = Number(stream.starts[number]);
    try {
      const group = splitPacket(header, packet);
      const count = framesIn(group.payload);
      checkCount(header, packet, group, start, count, count);
      return [{ start, count, ...group }];
    } catch (error) {
      if (!(error instanceof CorruptFileError)) throw error;
      damage.push(`the group from frame ${start} on: ${error.message}`);
      return [];
    }
  });
  const most = header.frames ?? MOST_FRAMES;
  let spare = REPLACED_TIMES * told.reduce((sum, { count }) => sum + count, 0);
  spare += Math.floor(REPLACED_SAMPLES / (header.width * header.height));
  const groups = [];
  let end = 0;
  for (const group of told) {
    const isNext = groups.length === 0 || timesFollow(groups.at(-1), group);
    const follows = isNext && group.start >= end && group.start + group.count <= most;
    if (!follows) damage.push(`the group from frame ${group.start} on contradicts the others`);
    else if (group.start - end > spare) {
      damage.push(`the group from frame ${group.start} on is too far from those before it to be used`);
    } else {
      if (group.start > end) damage.push(lostFrames(end, group.start));
      spare -= group.start - end;
      end = group.start + group.count;
      groups.push(group);
    }
  }
  require(groups.length > 0, "no group of frames is intact");
  const length = Math.min(header.frames ?? end, end + spare);
  if (length > end) damage.push(lostFrames(end, length));
  if (length < (header.frames ?? 0)) {
    damage.push(`frames ${length} to ${header.frames - 1} are left out: too many are lost`);
  }
  return { groups, length };
}

function lostFrames(first, end) {
  return end === first + 1 ? `frame ${first} is lost` : `frames ${first} to ${end - 1} are lost`;
}

/** Whether the times leave room for the frames between two groups. */
function timesFollow(group, next) {
  if (group.times === null) return true;
  const [frame, time] = lastKnown(group);
  return next.times[0] - time >= BigInt(next.start - frame);
}

/** The last frame whose time a group tells, and this time. The end of its last frame is the time of the next one. */
function lastKnown({ start, times, end }) {
  return end === null ? [start + times.length - 1, times.at(-1)] : [start + times.length, end];
}

/** The place of the last group that begins with a frame or before it; -1 if there is none. */
export function placeOf(groups, frame) {
  let [low, high] = [0, groups.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (groups[middle].start <= frame) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * When a frame is shown, in seconds from the first frame on; for the number of frames, when the video ends.
 * Lost frames lie between the others in equal steps.
 * @param {Header} header
 * @param {Group[]} groups
 * @param {number} frame
 */
export function momentOf({ rate, unit }, groups, frame) {
  const usual = rate[1] / rate[0];
  const place = placeOf(groups, frame);
  if (unit === null || place < 0) return frame * usual;
  const since = (time) => (Number(time - groups[0].times[0]) * unit[0]) / unit[1] + groups[0].start * usual;
  const { start, times } = groups[place];
  if (frame < start + times.length) return since(times[frame - start]);
  const [known, time] = lastKnown(groups[place]);
  const moment = since(time);
  const next = groups[place + 1];
  const step = next === undefined ? usual : (since(next.times[0]) - moment) / (next.start - known);
  return moment + (frame - known) * step;
}
