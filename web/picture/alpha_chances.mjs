/** Alpha planes by the chances of a codebook (FORMAT.md, 9.19). */

import { CodebookError, require } from "../errors.mjs";

const ALONE = { name: "alpha_chances", size: 2058, ends: 1024, values: 1034, shared: 10 };
const BESIDE = { name: "alpha_chances_beside", size: 3092, ends: 2048, values: 2068, shared: 6 };
const MOST_EXPONENT = 11;
const NEAR = 4; // of NEIGHBOURS
const NEIGHBOURS = [
  [0, -1],
  [-1, 0],
  [-1, 1],
  [-1, -1],
  [-2, 0],
  [0, -2],
  [-1, 2],
  [-1, -2],
  [-2, -1],
  [-2, 1],
];
const KNOWN = [
  [0, 0],
  [0, 1],
  [1, 0],
  [0, -1],
  [-1, 0],
];

/**
 * The contexts of planes alone, or beside a known one, and the chance of the value 1 in each, in 1/65536.
 * @param {import("./model_arrays.mjs").ModelArrays} arrays of the codebook
 */
export function chancesOf(arrays, isBeside) {
  const contexts = isBeside ? BESIDE : ALONE;
  const has = arrays.has(contexts.name);
  require(has, "codebook: it has no chances for the alpha of the picture; it is another codebook", CodebookError);
  const codes = arrays.take(contexts.name, "uint8", [contexts.size]).data;
  const possible = codes.every((code) => ((code >> 3) & 15) <= MOST_EXPONENT);
  require(possible, `codebook: array '${contexts.name}' holds what is no chance`, CodebookError);
  const chances = Int32Array.from(codes, (code) => {
    const unlikely = (8 + (code & 7)) << (MOST_EXPONENT - ((code >> 3) & 15));
    return code & 128 ? 65536 - unlikely : unlikely;
  });
  return { ...contexts, chances };
}

/**
 * The samples of a plane, row by row.
 * @param {Uint8Array} data
 * @param {{height: number, width: number, samples: Uint8Array} | null} base the known plane, of any size
 */
export function decodeByChances(data, height, width, { ends, values, shared, chances }, base) {
  const decoder = new RangeDecoder(data);
  const samples = new Uint8Array(height * width);
  const at = (y, x) => (y < 0 || x < 0 || x >= width ? 0 : samples[y * width + x]);
  const known = base && ((y, x) => {
    const row = Math.min(Math.max(y, 0), height - 1, base.height - 1);
    return base.samples[row * base.width + Math.min(Math.max(x, 0), width - 1, base.width - 1)];
  });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let context = 0;
      for (let number = 0; number < shared; number++) {
        const [down, across] = NEIGHBOURS[number];
        context |= (at(y + down, x + across) >> 7) << number;
      }
      KNOWN.forEach(([down, across], number) => {
        if (known) context |= (known(y + down, x + across) >> 7) << (shared + number);
      });
      const half = decoder.next(chances[context]);
      const near = NEIGHBOURS.slice(0, NEAR).map(([down, across]) => at(y + down, x + across));
      let end = 5 * half + near.filter(isBetween).length;
      if (known) end = 2 * end + Number(isBetween(known(y, x)));
      let sample = 255 * half;
      if (decoder.next(chances[ends + end])) {
        const level = Math.min(Math.max(((near[0] + near[1] + 1) >> 1) - 128 * half, 0), 127) >> 5;
        const first = values + (4 * half + level) * 128;
        let node = 1;
        for (let bit = 0; bit < 7; bit++) node = 2 * node + decoder.next(chances[first + node]);
        sample = 128 * half + node - 128;
      }
      samples[y * width + x] = sample;
    }
  }
  require(decoder.position >= data.length, "alpha plane: bytes follow its end");
  return samples;
}

function isBetween(sample) {
  return sample > 0 && sample < 255;
}

class RangeDecoder {
  constructor(data) {
    this.data = data;
    this.position = 0;
    this.code = 0;
    this.width = 2 ** 32 - 1;
    for (let number = 0; number < 4; number++) this.append();
  }

  append() {
    this.code = this.code * 256 + (this.data[this.position++] ?? 0);
  }

  next(chance) {
    const bound = (this.width >>> 16) * chance;
    const value = Number(this.code < bound);
    if (value) this.width = bound;
    else {
      this.code -= bound;
      this.width -= bound;
    }
    while (this.width < 2 ** 24) {
      this.append();
      this.width *= 256;
    }
    return value;
  }
}
