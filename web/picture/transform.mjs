/** Engine image/transform: blocks, predicted, transformed and vector quantized (FORMAT.md, 9). */

import { decodeAlpha } from "./alpha.mjs";
import { Reader } from "../format/bytes.mjs";
import { put, writeColours } from "./colour.mjs";
import { UnsupportedError, require } from "../errors.mjs";
import { Model } from "./model.mjs";
import { HALF_WIDTH, NONE, readParameters } from "./parameters.mjs";
import { decodePlanes } from "./planes.mjs";
import { readShape } from "./shape.mjs";
import { tilesOf } from "./tiles.mjs";

const EXACT_ALPHA = 0x7f;

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
 * @returns {{width: number, height: number, channels: number, data: Uint8Array}}
 */
export function decode(kernels, header, packets, codebook) {
  const reader = new Reader(header, "picture header");
  const { shape, parameters, alpha } = readHeader(reader);
  const { width, height, channels, colours, hasAlpha } = shape;
  require(reader.left === 0, "picture header: bytes too many");
  const tiles = tilesOf(shape);
  require(packets.length === tiles.length, `${packets.length} packets, but the picture has ${tiles.length} tiles`);
  const payloads = hasAlpha ? packets.map(splitPacket) : packets.map((packet) => ({ colour: packet }));
  const model = new Model(kernels, codebook);
  const planesOf = (of, count, part) => {
    return decodePlanes(kernels, model, of, shape, count, payloads.map((payload) => payload[part]));
  };
  const planes = planesOf(parameters, colours, "colour");
  const data = new Uint8Array(width * height * channels);
  if (colours === 3) writeColours(kernels, planes, shape, data);
  else put(rounded(planes[0].samples), 1, data, channels, 0);
  if (!hasAlpha) return { width, height, channels, data };
  if (alpha !== null) {
    put(rounded(planesOf(alpha, 1, "alpha")[0].samples), 1, data, channels, 0, channels - 1);
    return { width, height, channels, data };
  }
  tiles.forEach((tile, number) => {
    const samples = decodeAlpha(kernels, payloads[number].alpha, tile.height, tile.width);
    for (let y = 0; y < tile.height; y++) {
      const row = samples.subarray(y * tile.width, (y + 1) * tile.width);
      put(row, 1, data, channels, (tile.top + y) * width + tile.left, channels - 1);
    }
  });
  return { width, height, channels, data };
}

/** Shape and parameters; those of alpha are null if it is exact or if there is none. */
function readHeader(reader) {
  const shape = readShape(reader);
  const parameters = readParameters(reader);
  require(parameters.chroma !== HALF_WIDTH, "chroma of half the width is not known here", UnsupportedError);
  const fits = (parameters.chroma === NONE) === (shape.colours === 1);
  require(fits, "picture header: channels and chroma contradict each other");
  let alpha = null;
  if (shape.hasAlpha) {
    if (reader.left > 0 && reader.data[reader.position] === EXACT_ALPHA) reader.take(1);
    else {
      alpha = readParameters(reader);
      require(alpha.chroma === NONE, "picture header: alpha as if it were colour");
    }
  }
  return { shape, parameters, alpha };
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
