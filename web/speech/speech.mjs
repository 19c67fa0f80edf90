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

/**
 * The sound of a media file.
 * @param {Kernels} kernels
 * @param {Media} media whose streams are all of speech
 * @returns {{rate: number, channels: Int16Array[], sourceRate: number, sourceLength: number}}
 */
export function decodeSound(kernels, media) {
  const numbers = [...media.streams.keys()].sort((a, b) => a - b);
  const streams = numbers.map((number) => media.streams.get(number));
  const [{ engine, codebook }] = streams;
  require(engine in ENGINES, `the engine ${engine} is not known here`, UnsupportedError);
  const alike = streams.every((stream) => stream.engine === engine && stream.codebook === codebook);
  require(alike, "the channels of the sound differ in engine or codebook");
  const { coder, rate } = ENGINES[engine];
  const found = streams.map((stream) => {
    const { header, packets } = unpacked(stream, rate);
    const parsed = coder.readHeader(header.engine, engine);
    const length = Math.ceil((parsed.samples * header.rate) / rate) - header.surplus;
    require(length >= 1, "the header of the stream contradicts itself: the sound would have no samples");
    require(packets.length === parsed.packets, `${packets.length} packets of speech; ${parsed.packets} are expected`);
    return { parsed, packets, shape: { sourceRate: header.rate, sourceLength: length, length: parsed.samples } };
  });
  const [{ shape }] = found;
  const same = found.every((one) => JSON.stringify(one.shape) === JSON.stringify(shape));
  require(same, "the channels of the sound differ in length or sampling rate");
  const book = media.codebooks[codebook];
  const channels = found.map(({ parsed, packets }) => coder.decode(kernels, parsed, packets, book));
  return { rate, channels, sourceRate: shape.sourceRate, sourceLength: shape.sourceLength };
}

function unpacked({ header, packets }, rate) {
  if (header.length === 0 && packets.length === 1) return unfold(packets[0], rate);
  const reader = new Reader(header, "stream header");
  const parsed = readStreamHeader(reader, rate);
  require(reader.left === 0, "stream header: bytes too many");
  return { header: parsed, packets };
}
