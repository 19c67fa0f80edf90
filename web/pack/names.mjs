/** Names and places in the index of a pack: columns of numbers in bounds (FORMAT.md, 20.4 to 20.6). */

import { LimitError, require } from "../errors.mjs";
import { utf8 } from "../format/bytes.mjs";

const MOST_NAME_BYTES = 1024;

/** A varint of at most `most`. */
export function numberIn(reader, most, what) {
  const value = reader.varint();
  require(value <= most, `${reader.what}: ${value} ${what}; at most ${most} are allowed`, LimitError);
  return value;
}

/** A column of varints. */
export function numbersIn(reader, count, most, what) {
  return Array.from({ length: count }, () => numberIn(reader, most, what));
}

/** Sorted names: bytes that each shares with the one before, number of its other bytes, and these. */
export function namesIn(reader, count) {
  const shared = numbersIn(reader, count, MOST_NAME_BYTES, "shared bytes of a name");
  const rests = numbersIn(reader, count, MOST_NAME_BYTES, "bytes of a name");
  let before = new Uint8Array(0);
  return shared.map((same, number) => {
    require(same <= before.length, `${reader.what}: names out of order`);
    const coded = new Uint8Array(same + rests[number]);
    coded.set(before.subarray(0, same));
    coded.set(reader.take(rests[number]), same);
    require(compareBytes(before, coded) < 0, `${reader.what}: names out of order`);
    before = coded;
    const name = utf8(coded, reader.what);
    require(isName(name, coded.length), `${reader.what}: an impossible name of an item`);
    return name;
  });
}

function isName(name, size) {
  const allowed = size >= 1 && size <= MOST_NAME_BYTES && !/[\\:\p{Cc}]/u.test(name);
  return allowed && name.split("/").every((part) => !["", ".", ".."].includes(part)) && name.normalize("NFC") === name;
}

/** Below 0 if the first bytes come before the second, 0 if they are equal, otherwise above 0. */
export function compareBytes(first, second) {
  const least = Math.min(first.length, second.length);
  for (let at = 0; at < least; at++) if (first[at] !== second[at]) return first[at] - second[at];
  return first.length - second.length;
}

/** The order of names by their bytes: not that of strings, which goes by their 16-bit units. */
export function compareNames(first, second) {
  const encoder = new TextEncoder();
  return compareBytes(encoder.encode(first), encoder.encode(second));
}
