/** Sounds: one stream for each channel (FORMAT.md, 13). */

import { UnsupportedError, require } from "../errors.mjs";
import { Reader } from "../format/bytes.mjs";
import * as celp from "./celp.mjs";
import * as fixedRate from "./fixed_rate.mjs";
import { readStreamHeader, unfold } from "./stream.mjs";

const ENGINES = {
  "speech/celp-nb": { coder: celp, rate: 8000 },
  "speech/celp-wb": { coder: celp, rate: 16000 },
  "speech/celp-fixed": { coder: fixedRate, rate: 8000 },
  "speech/ld-celp": { coder: fixedRate, rate: 8000 },
};

const SILENT_TIMES = 16; // most lost packets for which there is silence, for each that is intact

/**
 * The sound of a media file.
 * @param {Kernels} kernels
 * @param {Media} media whose streams are all of speech
 * @param {string[] | null} damage to which a clause for each loss is added; null if it is an error. There is silence in
 *     the place of lost packets; the sound ends with the last packet that is intact.
 * @returns {{rate: number, channels: Int16Array[], sourceRate: number, sourceLength: number}}
 */
export function decodeSound(kernels, media, damage = null) {
  const numbers = [...media.streams.keys()].sort((a, b) => a - b);
  const streams = numbers.map((number) => media.streams.get(number));
  const [{ engine, codebook }] = streams;
  require(engine in ENGINES, `the engine ${engine} is not known here`, UnsupportedError);
  const alike = streams.every((stream) => stream.engine === engine && stream.codebook === codebook);
  require(alike, "the channels of the sound differ in engine or codebook");
  const { coder, rate } = ENGINES[engine];
  const found = streams.map((stream, channel) => {
    const { header, packets } = unpacked(stream, rate, damage !== null);
    return { header, packets: placed(packets, channel, damage), parsed: coder.readHeader(header.engine, engine) };
  });
  if (damage !== null) endWithTheLast(found, coder, damage);
  const shapes = found.map(({ header, packets, parsed }) => {
    const length = Math.ceil((parsed.samples * header.rate) / rate) - header.surplus;
    require(length >= 1, "the header of the stream contradicts itself: the sound would have no samples");
    require(packets.length === parsed.packets, `${packets.length} packets of speech; ${parsed.packets} are expected`);
    return { sourceRate: header.rate, sourceLength: length, length: parsed.samples };
  });
  const [shape] = shapes;
  const same = shapes.every((one) => JSON.stringify(one) === JSON.stringify(shape));
  require(same, "the channels of the sound differ in length or sampling rate");
  const book = media.codebooks.get(codebook);
  const channels = found.map(({ parsed, packets }) => coder.decode(kernels, parsed, packets, book));
  return { rate, channels, sourceRate: shape.sourceRate, sourceLength: shape.sourceLength };
}

/** The header of a stream, and its packets by number. */
function unpacked({ header, packets, numbers }, rate, lenient) {
  if (header.length === 0 && packets.length === 1) {
    const folded = unfold(packets[0], rate, lenient);
    return { header: folded.header, packets: [...folded.packets.entries()].filter(([, packet]) => packet !== null) };
  }
  const reader = new Reader(header, "stream header");
  const parsed = readStreamHeader(reader, rate);
  require(reader.left === 0, "stream header: bytes too many");
  return { header: parsed, packets: packets.map((packet, index) => [numbers[index], packet]) };
}

/** Packets in their places, null for lost ones. */
function placed(packets, channel, damage) {
  const found = [];
  let spare = SILENT_TIMES * packets.length;
  for (const [number, packet] of packets) {
    const lost = number - found.length;
    if (lost > spare) {
      damage.push(`packet ${number} of channel ${channel + 1} is too far from those before it to be used`);
      continue;
    }
    if (lost > 0) damage.push(`packets ${found.length} to ${number - 1} of channel ${channel + 1} are lost`);
    spare -= lost;
    while (found.length < number) found.push(null);
    found.push(packet);
  }
  return found;
}

/** Have all channels end with the last packet that is intact, if more are due or if the length is not known. */
function endWithTheLast(found, coder, damage) {
  const there = found.reduce((most, { packets }) => Math.max(most, packets.length), 0);
  require(there > 0, "no packet of the sound is intact");
  for (const one of found) {
    const { samples, packets: due } = one.parsed;
    const count = samples === 0 ? there : Math.min(due, there);
    if (samples === 0) damage.push("the length of the sound is not known; it ends with the last packet");
    else if (count < due) damage.push(`packets ${count} to ${due - 1}, at the end of the sound, are lost`);
    if (count !== due) {
      one.parsed = coder.withPackets(one.parsed, count);
      one.header.surplus = 0;
    }
    one.packets = Array.from({ length: count }, (_, number) => one.packets[number] ?? null);
  }
}
