/** Engine image/transform: blocks, predicted, transformed and vector quantized (FORMAT.md, 9). */

import { decodeAlpha } from "./alpha.mjs";
import { chancesOf, decodeByChances } from "./alpha_chances.mjs";
import { Reader } from "../format/bytes.mjs";
import { isDamage } from "../format/chunks.mjs";
import { put, writeColours } from "./colour.mjs";
import { UnsupportedError, require } from "../errors.mjs";
import { knownItems } from "./memory.mjs";
import { Model } from "./model.mjs";
import { ModelArrays } from "./model_arrays.mjs";
import { HALF_WIDTH, NONE, readColourParameters, readParameters } from "./parameters.mjs";
import { decodePlanes } from "./planes.mjs";
import { readShape } from "./shape.mjs";
import { tilesOf } from "./tiles.mjs";

const EXACT_ALPHA = 0x7f;
const ALPHA_DIFFERENCE = 0x7e; // exact, as the difference from that of an item of a memory
const ALPHA_BY_CHANCES = 0x7d;
const ALPHA_BESIDE = 0x7c; // by chances, beside that of an item of a memory
const ALONE = [EXACT_ALPHA, ALPHA_BY_CHANCES];
const REMEMBERING = [ALPHA_DIFFERENCE, ALPHA_BESIDE];
const OPAQUE = { height: 1, width: 1, samples: Uint8Array.of(255) };
const MOST_REFERENCES = 3;
const GREY = 128 << 4; // in 1/16
const MOST_TILES = 16; // for each that is intact: so that few bytes do not make a large picture

/** The stream header and the packet of a compact file, in which they follow each other. */
export function split(data) {
  const reader = new Reader(data, "picture header");
  readHeader(reader);
  return [data.subarray(0, reader.position), data.subarray(reader.position)];
}

/**
 * The picture of a stream.
 * @param {Kernels} kernels
 * @param {Uint8Array} header
 * @param {Uint8Array[]} packets
 * @param {Codebook} codebook
 * @param {number[] | null} numbers of the packets, if some may be lost: their tiles are then grey, and transparent if
 *     the picture has alpha; null if that is an error
 * @returns {Picture} with the tiles that are lost, if some may be
 */
export function decode(kernels, header, packets, codebook, numbers = null) {
  const reader = new Reader(header, "picture header");
  const { shape, parameters, items, alpha, kind } = readHeader(reader);
  const { width, height, channels, colours, hasAlpha } = shape;
  require(reader.left === 0, "picture header: bytes too many");
  const tiles = tilesOf(shape);
  require(numbers !== null || packets.length === tiles.length, `${packets.length} packets of ${tiles.length} tiles`);
  const lost = new Set();
  const report = (number) => lost.add(number);
  const payloads = tiles.map((_, number) => {
    const packet = numbers === null ? packets[number] : packets[numbers.indexOf(number)];
    try {
      if (packet !== undefined) return hasAlpha ? splitPacket(packet) : { colour: packet };
    } catch (error) {
      if (numbers === null || !isDamage(error)) throw error;
    }
    report(number);
    return { colour: null, alpha: null };
  });
  const least = tiles.length / MOST_TILES;
  require(tiles.length - lost.size >= least, `${tiles.length - lost.size} of ${tiles.length} tiles are there; too few`);
  const arrays = new ModelArrays(codebook.arrays);
  const model = new Model(kernels, arrays);
  const decoded = (item, others) => decodedItem(kernels, model, arrays, item, others);
  const wanted = { colours, chroma: parameters.chroma };
  const known = items.length > 0 ? knownItems(kernels, arrays, items, wanted, headerOfItem, decoded) : [];
  const references = known.map((item) => item.planes);
  const planesOf = (of, count, part, sample, from) => {
    const ofTiles = payloads.map((payload) => payload[part]);
    return decodePlanes(kernels, model, of, shape, count, ofTiles, numbers && { sample, report }, from);
  };
  const planes = planesOf(parameters, colours, "colour", GREY, references);
  const data = new Uint8Array(width * height * channels);
  if (colours === 3) writeColours(kernels, planes, shape, data);
  else put(rounded(planes[0].samples), 1, data, channels, 0);
  if (alpha !== null) put(rounded(planesOf(alpha, 1, "alpha", 0, [])[0].samples), 1, data, channels, 0, channels - 1);
  else if (hasAlpha) {
    const base = REMEMBERING.includes(kind) ? (known[0].alpha ?? OPAQUE) : null;
    const decodeOne = exactAlpha(kernels, arrays, kind, base);
    putExactAlpha(decodeOne, tiles, payloads, shape, data, numbers && report);
  }
  require(lost.size < tiles.length, "no part of the picture is intact");
  return { width, height, channels, data, lost: tiles.filter((_, number) => lost.has(number)) };
}

/** What an item of a memory says of itself: planes and chroma of the picture, and what it is predicted from. */
function headerOfItem(item) {
  const { shape, parameters, items } = readHeader(new Reader(item, "item"));
  require(tilesOf(shape).length === 1, "it has tiles");
  return { picture: { colours: shape.colours, chroma: parameters.chroma }, items };
}

/** The planes of a picture that an item of a memory is, predicted from others, and its alpha: a plane, or null. */
function decodedItem(kernels, model, arrays, item, known) {
  const reader = new Reader(item, "item");
  const { shape, parameters, alpha, kind } = readHeader(reader);
  const packet = reader.rest();
  const { height, width, hasAlpha } = shape;
  const payload = hasAlpha ? splitPacket(packet) : { colour: packet };
  const references = known.map((other) => other.planes);
  const planes = decodePlanes(kernels, model, parameters, shape, shape.colours, [payload.colour], null, references);
  if (!hasAlpha) return { planes, alpha: null };
  const base = REMEMBERING.includes(kind) ? (known[0].alpha ?? OPAQUE) : null;
  const samples =
    alpha === null
      ? exactAlpha(kernels, arrays, kind, base)(payload.alpha, height, width)
      : rounded(decodePlanes(kernels, model, alpha, shape, 1, [payload.alpha])[0].samples);
  return { planes, alpha: { height, width, samples } };
}

/**
 * What decodes the alpha of a tile of this kind from its payload, height and width. `base` is that of an item, or null.
 */
function exactAlpha(kernels, arrays, kind, base) {
  if (kind === ALPHA_BY_CHANCES || kind === ALPHA_BESIDE) {
    const chances = chancesOf(arrays, base !== null);
    return (payload, height, width) => decodeByChances(payload, height, width, chances, base);
  }
  return (payload, height, width) => {
    const samples = decodeAlpha(kernels, payload, height, width);
    if (base !== null) add(base, samples, width);
    return samples;
  };
}

/** Write the alpha of all tiles into pixels. That of damaged ones is told to `report`, or an error if it is null. */
function putExactAlpha(decodeOne, tiles, payloads, { width, channels }, data, report) {
  tiles.forEach((tile, number) => {
    const { alpha } = payloads[number];
    if (alpha === null) return;
    try {
      const samples = decodeOne(alpha, tile.height, tile.width);
      for (let y = 0; y < tile.height; y++) {
        const row = samples.subarray(y * tile.width, (y + 1) * tile.width);
        put(row, 1, data, channels, (tile.top + y) * width + tile.left, channels - 1);
      }
    } catch (error) {
      if (report === null || !isDamage(error)) throw error;
      report(number);
    }
  });
}

/** Add a plane of another size, whose edges are repeated, modulo 256. */
function add({ height, width, samples }, target, columns) {
  for (let at = 0; at < target.length; at++) {
    const y = Math.min(Math.floor(at / columns), height - 1);
    target[at] += samples[y * width + Math.min(at % columns, width - 1)];
  }
}

/** Shape and parameters, those of alpha null if it is exact, of a kind, or if there is none; items to predict from. */
function readHeader(reader) {
  const shape = readShape(reader);
  const parameters = readColourParameters(reader);
  require(parameters.chroma !== HALF_WIDTH, "chroma of half the width is not known here", UnsupportedError);
  const fits = (parameters.chroma === NONE) === (shape.colours === 1);
  require(fits, "picture header: channels and chroma contradict each other");
  const items = parameters.remembering ? readItems(reader) : [];
  const possible = items.length === 0 || tilesOf(shape).length === 1;
  require(possible, "picture header: a picture in tiles that is predicted from a memory");
  let alpha = null;
  let kind = null;
  if (shape.hasAlpha) {
    const first = reader.data[reader.position];
    if (ALONE.includes(first) || (REMEMBERING.includes(first) && parameters.remembering)) {
      kind = reader.number(1);
    } else {
      alpha = readParameters(reader);
      const plain = alpha.chroma === NONE && !alpha.remembering && !alpha.copying;
      require(plain, "picture header: alpha as if it were colour, or predicted from a memory, or copied");
    }
  }
  return { shape, parameters, items, alpha, kind };
}

/** The numbers of items: three times the first one plus how many follow, and those that follow. */
function readItems(reader) {
  const first = reader.varint();
  const others = Array.from({ length: first % MOST_REFERENCES }, () => reader.varint());
  return [Math.floor(first / MOST_REFERENCES), ...others];
}

function splitPacket(packet) {
  const reader = new Reader(packet, "packet");
  const length = reader.varint();
  return { colour: reader.take(length), alpha: reader.rest() };
}

/** Samples in 1/16 as whole numbers. */
function rounded(samples) {
  return Uint8Array.from(samples, (sample) => (sample + 8) >> 4);
}
