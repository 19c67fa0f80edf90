/** Filters of finished speech: what the decoder makes for them before kernels run (FORMAT.md, 14.7). */

import { roundEven, sinc } from "./bands.mjs";

const TAP_UNIT = 2 ** -20;
const LENGTH = 512; // of the transforms that design the equalizer
export const EQUALIZER_TAPS = 24;
const CUTOFF_HZ = 1000;
const MOST_PITCH_FILTER = 10;

/** The taps of the filter that has these gains, in 1/64 dB, in the equalizer's bands. */
export function equalizerFilter(gains, band) {
  const middle = LENGTH / 2;
  const logarithms = Float64Array.from({ length: LENGTH }, (_, k) => {
    const frequency = (Math.min(k, LENGTH - k) * band.rate) / LENGTH;
    return responseAt(frequency, gains, band) * (Math.LN10 / 20);
  });
  const [sums] = spectrumOf(logarithms, new Float64Array(LENGTH)); // real and even, as what it is made of
  const cepstrum = sums.map((sum, n) => (sum / LENGTH) * (n === 0 || n === middle ? 1 : n < middle ? 2 : 0));
  const [real, imaginary] = spectrumOf(cepstrum, new Float64Array(LENGTH));
  const magnitudes = real.map(Math.exp);
  const [taps] = spectrumOf(
    magnitudes.map((magnitude, k) => magnitude * Math.cos(imaginary[k])),
    magnitudes.map((magnitude, k) => -magnitude * Math.sin(imaginary[k])), // conjugate: so the inverse transform
  );
  const half = EQUALIZER_TAPS / 2;
  return Array.from(taps.subarray(0, EQUALIZER_TAPS), (tap, i) => {
    const fade = i < half ? 1 : Math.cos(((i - half) * Math.PI) / (EQUALIZER_TAPS + 2)) ** 2;
    return roundEven(((tap / LENGTH) * fade) / TAP_UNIT) * TAP_UNIT;
  });
}

/** The response in dB at a frequency: straight lines between the middles of the bands. */
function responseAt(frequency, gains, { edges, rate }) {
  const middles = edges.slice(1).map((edge, index) => (edge + edges[index]) / 2);
  const known = [0, 2 * edges[0] - middles[0], ...middles, rate / 2];
  const values = [0, 0, ...Array.from(gains, (gain) => gain / 64)];
  values.push(values.at(-1));
  const after = known.findIndex((place) => place > frequency);
  if (after < 0) return values.at(-1);
  const share = (frequency - known[after - 1]) / (known[after] - known[after - 1]);
  return values[after - 1] + share * (values[after] - values[after - 1]);
}

/** The discrete Fourier transform of a sequence whose length is a power of 2: real and imaginary parts. */
function spectrumOf(real, imaginary) {
  const { length } = real;
  if (length === 1) return [real, imaginary];
  const half = length / 2;
  const [even, odd] = [0, 1].map((first) => {
    const pick = (of) => of.filter((_, index) => index % 2 === first);
    return spectrumOf(pick(real), pick(imaginary));
  });
  const result = [new Float64Array(length), new Float64Array(length)];
  for (let k = 0; k < half; k++) {
    const [cosine, sine] = [Math.cos((2 * Math.PI * k) / length), Math.sin((2 * Math.PI * k) / length)];
    const turned = odd[0][k] * cosine + odd[1][k] * sine;
    const turnedToo = odd[1][k] * cosine - odd[0][k] * sine;
    result[0][k] = even[0][k] + turned;
    result[1][k] = even[1][k] + turnedToo;
    result[0][k + half] = even[0][k] - turned;
    result[1][k + half] = even[1][k] - turnedToo;
  }
  return result;
}

/** The speech of a group, less the noise between its low harmonics; `speech` is float64 in the kernels' memory. */
export function filterPitch(kernels, speech, lags, band, strength) {
  if (strength === 0) return speech;
  const [samples] = speech.shape;
  const powers = kernels.zeros("float64", [samples + 1]);
  const [from, to] = [speech.view, powers.view];
  for (let n = 0; n < samples; n++) to[n + 1] = to[n] + from[n] * from[n];
  const sent = kernels.array("int64", [lags.length], lags);
  const periods = kernels.room("int64", [lags.length]);
  const shares = kernels.room("float64", [lags.length]);
  const name = "speech.filters.pitch_filter.find_periods";
  kernels.call(name, speech, powers, sent, band.shortest, band.frame, periods, shares);
  const factor = (0.5 * strength) / MOST_PITCH_FILTER;
  const weights = shares.view;
  for (let index = 0; index < weights.length; index++) weights[index] *= factor;
  const taps = lowPass(band);
  const filter = kernels.array("float64", [taps.length], taps);
  const between = kernels.zeros("float64", [samples + 2 * (taps.length >> 1)]);
  const filtered = kernels.array("float64", [samples], speech);
  kernels.call("speech.filters.pitch_filter.remove_between", speech, periods, shares, filter, between, filtered);
  return filtered;
}

function lowPass({ subframe, rate }) {
  const half = subframe / 2;
  const taps = Array.from({ length: subframe + 1 }, (_, index) => {
    const i = index - half;
    return sinc((2 * CUTOFF_HZ * i) / rate) * (0.54 + 0.46 * Math.cos((Math.PI * i) / half));
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => roundEven(tap / sum / TAP_UNIT) * TAP_UNIT);
}
