/** Engine image/block: indices of codewords, Huffman-coded in contexts (FORMAT.md, 8). */

import { Reader } from "../format/bytes.mjs";
import { decodeAlpha } from "./alpha.mjs";
import { put, writeColours } from "./colour.mjs";
import { CodebookError, require } from "../errors.mjs";
import { checkLengths, decodeTables, paddedBits } from "../huffman.mjs";
import { readShape } from "./shape.mjs";
import { codewordsOf } from "./structures.mjs";

const LAYOUTS = [
  [{ name: "luma", planes: 1, factor: 1 }],
  [
    { name: "luma", planes: 1, factor: 1 },
    { name: "chroma", planes: 2, factor: 2 },
  ],
  [{ name: "joint", planes: 3, factor: 1 }],
];
const MOST_SIDE = 16;
const MOST_CODEWORDS = 65536;
const MOST_CLASSES = 256;
const RUN_SYMBOLS = 18;

/** The stream header and the packet of a compact file, in which they follow each other. */
export function split(data) {
  const reader = new Reader(data, "picture header");
  readShape(reader);
  return [data.subarray(0, reader.position), data.subarray(reader.position)];
}

/**
 * The picture of a stream.
 * @param {Kernels} kernels
 * @param {Uint8Array} header
 * @param {Uint8Array[]} packets
 * @param {Codebook} codebook
 * @returns {Picture} it has one part, so nothing of it is lost
 */
export function decode(kernels, header, packets, codebook) {
  const reader = new Reader(header, "picture header");
  const shape = readShape(reader);
  const { width, height, channels, colours, hasAlpha } = shape;
  require(reader.left === 0, "picture header: bytes too many");
  require(packets.length === 1, `a picture of image/block has one packet, not ${packets.length}`);
  const [packet] = packets;
  const layers = layersFor(colours, layersOf(codebook), codebook.name);
  const rows = layers.reduce((sum, layer) => sum + rowsOf(layer, height), 0);
  require(rows <= 8 * packet.length, `${packet.length} bytes cannot hold a picture of ${width}x${height} pixels`);
  const buffer = paddedBits(kernels, packet);
  const planes = [];
  let position = 0;
  for (const layer of layers) {
    kernels.scope(() => {
      const indices = kernels.room("int32", [rowsOf(layer, height), rowsOf(layer, width)]);
      position = readIndices(kernels, buffer, position, layer, indices);
      require(position <= 8 * packet.length, "the picture's data end before it is complete");
      planes.push(...planesOf(layer, indices, height, width));
    });
  }
  const rest = packet.subarray((position + 7) >> 3);
  require(hasAlpha || rest.length === 0, `${rest.length} bytes follow the end of the picture's data`);
  const data = new Uint8Array(width * height * channels);
  if (colours === 3) writeColours(kernels, planes, shape, data);
  else put(planes[0].samples, 1, data, channels, 0);
  if (hasAlpha) put(decodeAlpha(kernels, rest, height, width), 1, data, channels, 0, channels - 1);
  return { width, height, channels, data, lost: [] };
}

/** The layers of a codebook, checked. */
function layersOf(codebook) {
  const layout = LAYOUTS[numberOf(codebook, "layout", "uint8")];
  require(layout !== undefined, `codebook '${codebook.name}': an unknown layout`, CodebookError);
  const side = numberOf(codebook, "side", "uint8");
  return layout.map((layer) => checkedLayer(codebook, layer, side));
}

function numberOf(codebook, name, type) {
  const array = codebook.arrays.get(name);
  const fits = array?.type === type && array.shape.length === 1 && array.shape[0] === 1;
  require(fits, `codebook '${codebook.name}': array '${name}' is not one ${type}`, CodebookError);
  return array.data[0];
}

function checkedLayer(codebook, { name, planes, factor }, side) {
  const unusable = `codebook '${codebook.name}': the arrays of layer ${name} do not fit together`;
  const take = (part, type, shape) => {
    const array = codebook.arrays.get(`${name}.${part}`);
    const alike = array?.type === type && array.shape.length === shape.length;
    require(alike && shape.every((n, axis) => n === null || n === array.shape[axis]), unusable, CodebookError);
    return array;
  };
  const { size, words } = codewordsOf(codebook, name, planes * side * side);
  const left = take("left_class", "uint8", [size]);
  const up = take("up_class", "uint8", [size]);
  const runLengths = take("run_lengths", "uint8", [null, RUN_SYMBOLS]);
  const [classes] = runLengths.shape;
  const indexLengths = take("index_lengths", "uint8", [classes * classes, size]);
  const first = numberOf(codebook, `${name}.first`, "int32");
  const allowed =
    side >= 1 &&
    side <= MOST_SIDE &&
    size >= 2 &&
    size <= MOST_CODEWORDS &&
    classes <= MOST_CLASSES &&
    [left, up].every(({ data }) => data.every((value) => value < classes)) &&
    first >= 0 &&
    first < size;
  require(allowed, unusable, CodebookError);
  return { name, planes, side, factor, words, left, up, classes, indexLengths, runLengths, first };
}

function layersFor(colours, layers, name) {
  if (colours === 1) {
    require(layers[0].planes === 1, `codebook '${name}' codes colour pictures only`, CodebookError);
    return layers.slice(0, 1);
  }
  require(layers.length > 1 || layers[0].planes === 3, `codebook '${name}' codes grey pictures only`, CodebookError);
  return layers;
}

/** Blocks along a side of the picture. */
function rowsOf({ side, factor }, length) {
  return Math.ceil(length / (side * factor));
}

/** Read all indices of a layer; return the position after them. */
function readIndices(kernels, buffer, position, layer, indices) {
  const lengths = (array, what) => {
    const rows = kernels.array("uint8", array.shape, array.data);
    checkLengths(kernels, rows, `codebook: ${what} of layer ${layer.name}`);
    return decodeTables(kernels, rows);
  };
  const indexTables = lengths(layer.indexLengths, "code lengths");
  const runTables = lengths(layer.runLengths, "run lengths");
  const contexts = [
    kernels.array("int32", layer.left.shape, layer.left.data),
    kernels.array("int32", layer.up.shape, layer.up.data),
    layer.classes,
    layer.first,
  ];
  const kernel = "image.block.indices._read_indices";
  const [end] = kernels.call(kernel, buffer, position, contexts, indexTables, runTables, indices);
  return end;
}

/** The planes of a layer: of the picture's size, or of half of it, rounded up. */
function planesOf({ planes, side, factor, words }, indices, height, width) {
  const size = { height: Math.ceil(height / factor), width: Math.ceil(width / factor) };
  const numbers = indices.view;
  const columns = indices.shape[1];
  return Array.from({ length: planes }, (_, plane) => {
    const samples = new Uint8Array(size.height * size.width);
    for (let y = 0; y < size.height; y++) {
      const row = Math.floor(y / side) * columns;
      const inWord = (plane * side + (y % side)) * side;
      for (let x = 0; x < size.width; x += side) {
        const start = numbers[row + x / side] * planes * side * side + inWord;
        const count = Math.min(side, size.width - x);
        for (let i = 0; i < count; i++) samples[y * size.width + x + i] = words[start + i];
      }
    }
    return { ...size, samples };
  });
}
