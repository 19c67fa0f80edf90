/** Streams of speech: their header, and packets folded into a compact file (FORMAT.md, 13.2 and 13.3). */

import { LimitError, require } from "../errors.mjs";
import { Reader } from "../format/bytes.mjs";
import { isDamage } from "../format/chunks.mjs";

const RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 192000];
const OTHER_RATE = 255;
const LEAST_RATE = 1000;
const MOST_RATE = 768000;
const CHECKED = 254; // begins packets that have checks
const CHECK_BYTES = 2;

/** The header of a stream, whose engine works at `codecRate`, at the place of a reader. */
export function readStreamHeader(reader, codecRate) {
  const code = reader.number(1);
  require(code <= RATES.length || code === OTHER_RATE, `stream header: sampling rate number ${code} is not possible`);
  let rate = code === 0 ? codecRate : RATES[code - 1];
  if (code === OTHER_RATE) rate = reader.varint();
  const allowed = rate >= LEAST_RATE && rate <= MOST_RATE;
  require(allowed, `stream header: a sampling rate of ${rate} Hz is beyond the limits`, LimitError);
  const surplus = code === 0 ? 0 : reader.varint();
  require(surplus <= Math.ceil(rate / codecRate), "stream header: more surplus than resampling gives");
  return { rate, surplus, engine: reader.take(reader.varint()) };
}

/**
 * The header and the packets that are folded into the one packet of a compact file.
 * @param {Uint8Array} data
 * @param {number} codecRate
 * @param {boolean} lenient whether packets may be damaged; these are null
 */
export function unfold(data, codecRate, lenient = false) {
  const reader = new Reader(data, "speech");
  if (data[0] === CHECKED) return unfoldChecked(reader, codecRate, lenient);
  const header = readStreamHeader(reader, codecRate);
  const count = reader.varint();
  const packets = [];
  while (packets.length + 1 < count) packets.push(reader.take(reader.varint()));
  if (count > 0) packets.push(reader.rest());
  require(reader.left === 0, "speech: bytes follow the last packet");
  return { header, packets };
}

function unfoldChecked(reader, codecRate, lenient) {
  reader.take(1);
  const header = readStreamHeader(reader, codecRate);
  const lengths = [];
  for (let left = reader.varint(); left > 0; left--) lengths.push(reader.varint());
  check(reader, reader.data.subarray(0, reader.position), "the part before the packets");
  const packets = lengths.map((length, number) => {
    try {
      const packet = reader.take(length);
      check(reader, packet, `packet ${number}`);
      return packet;
    } catch (error) {
      if (!lenient || !isDamage(error)) throw error;
      return null;
    }
  });
  require(lenient || reader.left === 0, "speech: bytes follow the last packet");
  return { header, packets };
}

function check(reader, data, what) {
  require(reader.number(CHECK_BYTES) === crc16(data), `speech: ${what} is damaged (wrong check)`);
}

function crc16(data) {
  let value = 0xffff;
  for (const byte of data) {
    value ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) value = value & 0x8000 ? ((value << 1) ^ 0x1021) & 0xffff : value << 1;
  }
  return value;
}
