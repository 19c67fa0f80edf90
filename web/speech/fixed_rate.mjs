/** Engines speech/celp-fixed and speech/ld-celp: units of fixed fields, in packets of their own (FORMAT.md, 15, 16). */

import { CodebookError, LimitError, require } from "../errors.mjs";
import { Reader } from "../format/bytes.mjs";
import { BANDS, LSF_UNIT, SUBFRAMES, historyOf, interpolators, lagsOf, roundEven, toPcm } from "./bands.mjs";

const MOST_SAMPLES = 2 ** 32;
const MOST_PACKET_SAMPLES = 1 << 19;
const MAGNITUDE_UNIT = 16384;
const SMOOTH = BANDS["speech/celp-fixed"];
const LSF_BITS = [3, 4, 4, 4, 4, 3, 3, 3, 3, 3];
const LEVEL_UNIT = 1024;
const SHORTEST_GAP = 1;
const LONGEST_GAP = 2048;
const MOST_POST_FILTER = 7;
const CODEWORDS = 1082;
const VECTOR = 5;
const CYCLE_VECTORS = 4;
const SHAPE_UNIT = 4096;
const FIRST_LEVEL = -30; // dB, less the mean
const SPEECH = { order: 50, block: 20, sine: 35, step: 0.047783, tail: 0.98892 };
const LEVELS = { order: 10, block: 4, sine: 20, step: 0.092468, tail: 0.93274 };

/** By engine: samples of a unit, the widths of its fields, and how it is synthesized. */
const ENGINES = {
  "speech/celp-fixed": {
    unit: SMOOTH.frame,
    widths: [6, ...LSF_BITS, ...[8, 6, 8, 6].flatMap((lag) => [lag, 5, 9, 1, 4])],
    tables: smoothTables,
    synthesize: synthesizeFrames,
  },
  "speech/ld-celp": {
    unit: VECTOR * CYCLE_VECTORS,
    widths: new Array(CYCLE_VECTORS).fill([7, 1, 2]).flat(),
    tables: lowDelayTables,
    synthesize: synthesizeCycles,
  },
};

/** What an engine header says. */
export function readHeader(data, engine) {
  const { unit } = ENGINES[engine];
  const reader = new Reader(data, "speech header");
  const samples = reader.varint();
  const packetUnits = reader.varint();
  require(reader.left === 0, "speech header: bytes too many");
  const possible = packetUnits >= 1 && packetUnits <= Math.floor(MOST_PACKET_SAMPLES / unit);
  require(possible, `speech header: packets of ${packetUnits} units are not possible`);
  require(samples <= MOST_SAMPLES, `speech header: ${samples} samples; too many`, LimitError);
  const units = Math.ceil(samples / unit);
  return { engine, samples, packetUnits, units, packets: Math.ceil(units / packetUnits) };
}

/** A header for another number of packets, all whole. */
export function withPackets(header, packets) {
  const units = packets * header.packetUnits;
  return { ...header, packets, units, samples: units * ENGINES[header.engine].unit };
}

/** The samples of a stream; arguments as those of `decode` in `celp.mjs`. */
export function decode(kernels, { engine, samples, packetUnits, units }, packets, codebook) {
  const { unit, widths, tables, synthesize } = ENGINES[engine];
  return kernels.scope(() => {
    const known = tables(kernels, codebook);
    const output = new Int16Array(samples);
    packets.forEach((packet, number) => {
      if (packet === null) return;
      const first = number * packetUnits;
      const fields = fieldsOf(packet, widths, Math.min(packetUnits, units - first), number);
      const speech = kernels.scope(() => toPcm(synthesize(kernels, known, fields)));
      output.set(speech.subarray(0, samples - first * unit), first * unit);
    });
    return output;
  });
}

/** The fields of each unit of a packet. */
function fieldsOf(packet, widths, units, number) {
  const bits = widths.reduce((sum, width) => sum + width, 0);
  require(packet.length === (units * bits) / 8, `packet ${number} of the speech has a wrong length; it is damaged`);
  let position = 0;
  return Array.from({ length: units }, () =>
    widths.map((width) => {
      let value = 0;
      for (let left = width; left > 0; left--, position++) {
        value = 2 * value + ((packet[position >> 3] >> (7 - (position & 7))) & 1);
      }
      return value;
    }),
  );
}

/** Takes arrays of a codebook that have a type, a shape and a range. */
function takerOf(codebook) {
  return (name, type, shape, least = -Infinity, most = Infinity) => {
    const array = codebook.arrays.get(name);
    const fits = array?.type === type && String(array.shape) === String(shape);
    const bounded = fits && array.data.every((value) => value >= least && value <= most);
    require(bounded, `codebook '${codebook.name}': array '${name}' does not fit the engine`, CodebookError);
    return Array.from(array.data);
  };
}

function smoothTables(kernels, codebook) {
  const take = takerOf(codebook);
  const numbers = (elements, unit = 1) => {
    return kernels.array("float64", [elements.length], elements.map((value) => value / unit));
  };
  const lags = lagsOf(SMOOTH);
  return [
    kernels.array("int64", [lags.length], lags),
    kernels.array("float64", [12, 20], interpolators().flat()),
    numbers(take("sequence", "int8", [CODEWORDS], -1, 1)),
    numbers(take("adaptive_gains", "int32", [32]), MAGNITUDE_UNIT),
    numbers(take("magnitudes", "int32", [16], 0), MAGNITUDE_UNIT),
    numbers(take("levels", "int32", [64], 0), LEVEL_UNIT),
    kernels.array("int64", [10, 16], take("lsf", "int16", [10, 16], 0)),
    take("gap", "int16", [1], SHORTEST_GAP, LONGEST_GAP)[0],
    take("post_filter", "uint8", [1], 0, MOST_POST_FILTER)[0],
  ];
}

function synthesizeFrames(kernels, tables, fields) {
  const { order, subframe } = SMOOTH;
  const frames = fields.length;
  const [lsf, gap, strength] = tables.slice(-3);
  const indices = kernels.array("int64", [frames, order], fields.flatMap((frame) => frame.slice(1, 1 + order)));
  const vectors = kernels.room("int64", [frames + 1, order]);
  kernels.call("speech.textbook.celp.synthesis._decode_lsf", indices, lsf, gap, vectors);
  const radians = Array.from(vectors.view, (value) => Number(value) * LSF_UNIT);
  const boundaries = kernels.array("float64", [frames + 1, order], radians);
  const lpc = kernels.room("float64", [frames * SUBFRAMES, order + 1]);
  kernels.call("speech.signal.lsf._build_interpolated", boundaries, SUBFRAMES, lpc);
  const zeros = (count) => kernels.zeros("float64", [count]);
  const state = [zeros(historyOf(SMOOTH)), zeros(16), zeros(subframe), zeros(subframe), zeros(subframe)];
  const all = kernels.array("int64", [frames, fields[0].length], fields.flat());
  const speech = kernels.room("float64", [frames * SUBFRAMES, subframe]);
  kernels.call("speech.textbook.celp.synthesis._synthesize", all, lpc, tables, state, speech);
  if (strength === 0) return speech.view;
  const filtered = kernels.room("float64", speech.shape);
  const gain = kernels.array("float64", [1], [1]);
  const name = "speech.filters.post_filter.post_filter_subframes";
  kernels.call(name, speech, lpc, strength, zeros(order), zeros(order), gain, filtered);
  return filtered.view;
}

function lowDelayTables(kernels, codebook) {
  const take = takerOf(codebook);
  const shapes = take("shapes", "int16", [128, VECTOR]).map((value) => value / SHAPE_UNIT);
  const magnitudes = take("magnitudes", "int32", [4], 0).map((value) => value / MAGNITUDE_UNIT);
  const windows = [SPEECH, LEVELS].map((adaptation) => {
    const window = windowOf(adaptation);
    return kernels.array("float64", [window.length], window);
  });
  return [kernels.array("float64", [128, VECTOR], shapes), kernels.array("float64", [4], magnitudes), ...windows];
}

/** The window of an adaptation by age (16.4). */
function windowOf({ order, block, sine, step, tail }) {
  return Array.from({ length: sine + block + order }, (_, age) => {
    const value = age < sine ? Math.sin(step * (age + 1)) : tail * 0.75 ** ((age - sine) / (2 * block));
    return roundEven(value * 32768) / 32768;
  });
}

function synthesizeCycles(kernels, tables, fields) {
  const zeros = (count) => kernels.zeros("float64", [count]);
  const cycles = fields.length;
  const reach = ({ order, block, sine }) => order + block + sine;
  const predictor = (of) => {
    const [coefficients, sums, correlations, scratch] = [0, 1, 2, 3].map(() => zeros(of.order + 1));
    coefficients.view[0] = 1;
    return [coefficients, sums, zeros(reach(of)), correlations, scratch];
  };
  const speech = zeros(reach(SPEECH) + cycles * CYCLE_VECTORS * VECTOR);
  const levels = zeros(reach(LEVELS) + cycles * CYCLE_VECTORS);
  levels.view.fill(FIRST_LEVEL);
  const ofLevels = predictor(LEVELS);
  ofLevels[0].view[1] = -1; // until the first adaptation, the last level is the prediction
  const state = [speech, levels, zeros(SPEECH.order), zeros(VECTOR), zeros(VECTOR), predictor(SPEECH), ofLevels];
  const indices = kernels.array("int64", [cycles, fields[0].length], fields.flat());
  kernels.call("speech.textbook.ld_celp.synthesis.synthesize_cycles", indices, tables, state);
  return speech.view.slice(reach(SPEECH));
}
