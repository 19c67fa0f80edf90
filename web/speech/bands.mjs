/** The constants of the speech engines (FORMAT.md, 14 and 15). Lengths and lags are in samples. */

const LAG_UNITS = 12; // in a sample
const HALF_TAPS = 10;

/**
 * @typedef {object} Band
 * @property {number} rate Hz
 * @property {number} frame
 * @property {number} subframe
 * @property {number} order of the linear prediction
 * @property {number} shortest the shortest lag
 * @property {number} longest the longest lag
 * @property {number[]} knees lags at which the steps change
 * @property {number[]} steps of lags in a sample: below the first knee, below the second, above
 * @property {number[]} edges of the equalizer's bands, Hz
 */

export const BANDS = {
  "speech/celp-nb": {
    rate: 8000,
    frame: 160,
    subframe: 40,
    order: 10,
    shortest: 18,
    longest: 146,
    knees: [40, 80],
    steps: [4, 3, 2],
    edges: [300, 700, 1100, 1500, 2000, 2500, 3200, 4000],
  },
  "speech/celp-wb": {
    rate: 16000,
    frame: 320,
    subframe: 80,
    order: 16,
    shortest: 34,
    longest: 290,
    knees: [80, 160],
    steps: [2, 2, 1],
    edges: [1000, 1500, 2000, 2500, 3200, 4000, 5000, 6000, 7000, 8000],
  },
  "speech/celp-fixed": {
    rate: 8000,
    frame: 240,
    subframe: 60,
    order: 10,
    shortest: 20,
    longest: 147,
    knees: [34, 77],
    steps: [4, 3, 1],
    edges: [],
  },
};

export const SUBFRAMES = 4; // of a frame
/** Radians that frequencies are multiples of. */
export const LSF_UNIT = Math.PI / 32768;

/** The lags that can be sent, rising, in 1/12 sample. */
export function lagsOf({ shortest, longest, knees, steps }) {
  const lags = [];
  for (let lag = shortest * LAG_UNITS; lag <= longest * LAG_UNITS; ) {
    lags.push(lag);
    lag += LAG_UNITS / steps[knees.filter((knee) => lag >= knee * LAG_UNITS).length];
  }
  return lags;
}

/** How many samples of past excitation the longest lag reaches. */
export function historyOf({ longest }) {
  return longest + HALF_TAPS + 2;
}

/** The taps that interpolate between samples, for each twelfth of a sample (14.6). */
export function interpolators() {
  return Array.from({ length: LAG_UNITS }, (_, fraction) => {
    const taps = Array.from({ length: 2 * HALF_TAPS }, (_, i) => {
      const d = i - (HALF_TAPS - 1) - fraction / LAG_UNITS;
      const window = Math.abs(d) < HALF_TAPS + 0.5 ? Math.cos((Math.PI * d) / (2 * HALF_TAPS + 1)) ** 2 : 0;
      return sinc(0.93 * d) * window;
    });
    const sum = taps.reduce((total, tap) => total + tap, 0);
    return taps.map((tap) => roundEven((tap / sum) * 32768) / 32768);
  });
}

export function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The nearest whole number; of two, the even one. */
export function roundEven(x) {
  const lower = Math.floor(x);
  if (x - lower !== 0.5) return Math.round(x);
  return lower % 2 === 0 ? lower : lower + 1;
}

/** Speech as samples of 16 bits. */
export function toPcm(speech) {
  return Int16Array.from(speech, (value) => Math.min(Math.max(roundEven(value), -32768), 32767));
}
