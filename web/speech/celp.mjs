/** Engines speech/celp-nb and speech/celp-wb: code-excited linear prediction, in groups of packets (FORMAT.md, 14). */

import { CodebookError, LimitError, require } from "../errors.mjs";
import { Reader } from "../format/bytes.mjs";
import { paddedBits } from "../huffman.mjs";
import { BANDS, SUBFRAMES, toPcm } from "./bands.mjs";
import { TableSet } from "./celp_codebook.mjs";
import { filterPitch } from "./filters.mjs";
import { frequencies } from "./lsf.mjs";

const MOST_SAMPLES = 2 ** 32;
const MOST_PACKET_FRAMES = 1500;
const MOST_GROUP_PACKETS = 255;
const MOST_GROUP_FRAMES = 3000;
const MOST_PITCH_FILTER = 10;
const WIDE = 8;
const RISES = 16;
const PARTS = 32; // of the syntax, whose bits the kernel counts: more than there are
const SPECTRUM = 2; // what a packet says of the noise floor: nothing new, a level, a level and a spectrum
const SAME = 0;

/** What an engine header says. */
export function readHeader(data, engine) {
  const reader = new Reader(data, "speech header");
  const samples = reader.varint();
  const set = reader.number(1);
  const packetFrames = reader.varint();
  const groupPackets = reader.varint();
  const last = reader.left > 0 ? reader.number(1) : null;
  const pitch = (last ?? 0) & ~RISES;
  require(last !== 0 && pitch <= MOST_PITCH_FILTER, "speech header: an impossible filter");
  require(reader.left === 0, "speech header: bytes too many");
  const cut = packetFrames >= 1 && packetFrames <= MOST_PACKET_FRAMES && groupPackets >= 1;
  require(cut && groupPackets <= MOST_GROUP_PACKETS, "speech header: impossible packets or groups");
  require(packetFrames * groupPackets <= MOST_GROUP_FRAMES, "speech header: a group is too long", LimitError);
  require(samples <= MOST_SAMPLES, `speech header: ${samples} samples; too many`, LimitError);
  const band = BANDS[set & WIDE ? "speech/celp-wb" : "speech/celp-nb"];
  const fits = band === BANDS[engine];
  const frames = Math.ceil(samples / band.frame);
  const rises = ((last ?? 0) & RISES) !== 0;
  const filters = { formant: set & 7, pitch };
  const packets = Math.ceil(frames / packetFrames);
  return { band, fits, samples, set: set >> 4, packetFrames, groupPackets, filters, rises, frames, packets };
}

/** A header for another number of packets, all whole. */
export function withPackets(header, packets) {
  const frames = packets * header.packetFrames;
  return { ...header, packets, frames, samples: frames * header.band.frame };
}

/**
 * The samples of a stream.
 * @param {Kernels} kernels
 * @param {object} header as `readHeader` returns it
 * @param {(Uint8Array | null)[]} packets null for a lost one, which is silent
 * @param {Codebook} codebook
 * @returns {Int16Array}
 */
export function decode(kernels, header, packets, codebook) {
  const { band, samples, packetFrames, groupPackets, frames } = header;
  require(header.fits, "the stream is of another band than its codebook", CodebookError);
  return kernels.scope(() => {
    const tables = new TableSet(kernels, codebook, band, header.set, header.rises);
    const output = new Int16Array(samples);
    for (let start = 0; start < packets.length; start += groupPackets) {
      const first = start * packetFrames;
      const count = Math.min(packetFrames * groupPackets, frames - first);
      kernels.scope(() => {
        const symbols = parseGroup(kernels, tables, header, packets.slice(start, start + groupPackets), count, start);
        const speech = toPcm(synthesize(kernels, tables, header, symbols, count).view);
        output.set(speech.subarray(0, samples - first * band.frame), first * band.frame);
      });
    }
    return output;
  });
}

/** The symbols of a group of `frames` frames, whose first packet is number `start`. */
function parseGroup(kernels, { syntax, lsf }, { band, packetFrames }, packets, frames, start) {
  const subframes = frames * SUBFRAMES;
  const bytes = (...shape) => kernels.zeros("uint8", shape);
  const symbols = {
    excitation: [
      kernels.zeros("int16", [subframes]), // types
      kernels.zeros("int16", [subframes]), // lags
      kernels.zeros("int16", [subframes]), // gains
      kernels.zeros("int32", [subframes]), // entries of books, and signs
      kernels.zeros("int8", [subframes, band.subframe]), // pulses
    ],
    headers: bytes(frames + 1),
    stages: bytes(frames + 1, lsf.stages),
    silent: bytes(frames),
    entries: bytes(frames),
    floors: { sent: bytes(frames), levels: bytes(frames), headers: bytes(frames), stages: bytes(frames, lsf.stages) },
  };
  const tuple = Object.values({ ...symbols, floors: Object.values(symbols.floors) });
  const bits = kernels.zeros("int64", [PARTS]);
  packets.forEach((packet, number) => {
    const first = number * packetFrames;
    const count = Math.min(packetFrames, frames - first);
    if (packet === null) {
      symbols.silent.view.fill(1, first, first + count);
      return;
    }
    const end = kernels.scope(() => {
      const buffer = paddedBits(kernels, packet);
      return kernels.call("speech.celp.packet_syntax.get_packet", buffer, first, count, tuple, syntax, bits);
    });
    const whole = Math.ceil(end / 8) === packet.length;
    const clean = whole && (end % 8 === 0 || (packet.at(-1) & ((1 << (8 - (end % 8))) - 1)) === 0);
    require(clean, `packet ${start + number} of the speech is damaged: it is longer or shorter than its symbols`);
  });
  return symbols;
}

/** The speech of a group, float64. */
function synthesize(kernels, tables, { band, packetFrames, filters }, symbols, frames) {
  const state = tables.cleanState();
  const boundaries = frequencies(kernels, boundaryVectors(tables.lsf, symbols, packetFrames, frames));
  const subframes = frames * SUBFRAMES;
  const lpc = kernels.room("float64", [subframes, band.order + 1]);
  kernels.scope(() => kernels.call("speech.signal.lsf._build_interpolated", boundaries, SUBFRAMES, lpc));
  const excited = kernels.room("float64", [subframes, band.subframe]);
  const { history, levels, memory } = state;
  const { excitation } = symbols;
  kernels.scope(() => {
    const name = "speech.celp.group_synthesis._synthesize";
    kernels.call(name, excitation, lpc, tables.tables, history, levels, memory, excited);
  });
  let speech = excited;
  if (filters.formant > 0) {
    speech = kernels.room("float64", excited.shape);
    const { inputs, outputs, gain } = state;
    const name = "speech.filters.post_filter.post_filter_subframes";
    kernels.call(name, excited, lpc, filters.formant, inputs, outputs, gain, speech);
  }
  speech = speech.reshaped([subframes * band.subframe]);
  if (tables.entries > 1) speech = equalized(kernels, tables, state, symbols.entries, speech);
  const lags = Array.from(symbols.excitation[1].view, (index) => tables.lags[index]);
  speech = filterPitch(kernels, speech, lags, band, filters.pitch);
  fillUp(kernels, tables.lsf, symbols.floors, speech, band, packetFrames);
  return speech;
}

function equalized(kernels, tables, state, entries, speech) {
  const chosen = kernels.array("int64", entries.shape, entries);
  tables.designFilters([0, ...entries.view]);
  const filtered = kernels.room("float64", speech.shape);
  const { subframe } = tables.band;
  const { unequalized, entry } = state;
  const name = "speech.filters.equalizer.equalize";
  kernels.call(name, speech, tables.filters, chosen, subframe, unequalized, entry, filtered);
  return filtered;
}

/** The LSF vectors at the boundaries of frames: sent ones, and those of silent frames (14.5). */
function boundaryVectors(lsf, { headers, stages, silent }, packetFrames, frames) {
  const silentFrames = Array.from(silent.view);
  const sent = [silentFrames[0], ...silentFrames].map((flag) => flag === 0);
  const vectors = [];
  let before = Array.from(lsf.start);
  for (let first = 0; first < frames; first += packetFrames) {
    const places = [];
    for (let vector = first > 0 ? first + 1 : 0; vector <= Math.min(first + packetFrames, frames); vector++) {
      places.push(vector);
    }
    const coded = places.filter((place) => sent[place]);
    const chosen = coded.flatMap((place) => Array.from(stages.part(place, 1).view));
    const made = lsf.vectors(coded.map((place) => headers.view[place]), chosen, before);
    let next = 0;
    for (const place of places) {
      vectors.push(made[Math.min(next, made.length - 1)] ?? before);
      if (sent[place]) next++;
    }
    before = vectors.at(-1);
  }
  return vectors;
}

/** Add noise where speech is below the noise floor, in place. */
function fillUp(kernels, lsf, floors, speech, band, packetFrames) {
  const { sent, levels, headers, stages } = floors;
  if (levels.view.every((level) => level === 0)) return;
  const [powers, vectors] = [[], []];
  let power = 0;
  let vector = Array.from(lsf.start);
  for (let first = 0; first < sent.view.length; first += packetFrames) {
    const level = levels.view[first];
    if (sent.view[first] !== SAME) power = level > 0 ? 10 ** ((2 * level - 8) / 10) : 0;
    if (sent.view[first] === SPECTRUM) {
      [vector] = lsf.vectors([headers.view[first]], stages.part(first, 1).view, Array.from(lsf.start));
    }
    powers.push(power);
    vectors.push(vector);
  }
  const predictors = kernels.room("float64", [vectors.length, band.order + 1]);
  kernels.scope(() => kernels.call("speech.signal.lsf._build_predictors", frequencies(kernels, vectors), predictors));
  const gains = kernels.room("float64", [speech.size / band.subframe]);
  const errors = kernels.room("float64", [band.subframe]);
  const allPowers = kernels.array("float64", [powers.length], powers);
  const samples = packetFrames * band.frame;
  kernels.call("speech.noise_floor.filling.measure_gaps", speech, predictors, allPowers, samples, errors, gains);
  const memory = kernels.zeros("float64", [band.order + band.subframe]);
  kernels.call("speech.noise_floor.filling.add_noise", predictors, gains, samples, band.subframe, memory, speech);
}
