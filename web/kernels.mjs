/**
 * The kernels of one of the modules `vqcodec-*.wasm`, and their memory.
 *
 * A call fills slots of 8 bytes: an array is its address and shape, a record its address, a number itself. Results
 * overwrite the slots. What a kernel takes, the module itself says in its section `kernels`.
 */

import { LimitError, VQCodecError, require } from "./errors.mjs";

const SECTION = "kernels";
const SLOT = 8;
const VIEWS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** An array in the memory of the kernels. */
class KernelArray {
  constructor(kernels, address, type, shape) {
    this.kernels = kernels;
    this.address = address;
    this.type = type;
    this.shape = shape;
  }

  get size() {
    return this.shape.reduce((product, length) => product * length, 1);
  }

  /** The elements, until memory is taken next. */
  get view() {
    return new VIEWS[this.type](this.kernels.buffer, this.address, this.size);
  }

  /** The elements as pairs of 32 bits, the lower ones first, if they have 64; until memory is taken next. */
  get words() {
    return new Int32Array(this.kernels.buffer, this.address, 2 * this.size);
  }

  /** What kernels call the type of such an array. */
  get leaf() {
    return `${this.type}[${this.shape.map(() => ":").join(", ")}]`;
  }

  /** The same memory under another shape of as many elements. */
  reshaped(shape) {
    return new KernelArray(this.kernels, this.address, this.type, shape);
  }

  /** Some of the entries along the first axis; the same memory. */
  part(first, count) {
    const [, ...inner] = this.shape;
    const step = inner.reduce((product, length) => product * length, VIEWS[this.type].BYTES_PER_ELEMENT);
    return new KernelArray(this.kernels, this.address + first * step, this.type, [count, ...inner]);
  }

  /** One of the entries along the first axis; the same memory. */
  entry(index) {
    return this.part(index, 1).reshaped(this.shape.slice(1));
  }

  /** Make all elements 0. */
  clear() {
    new Uint8Array(this.kernels.buffer, this.address, this.size * VIEWS[this.type].BYTES_PER_ELEMENT).fill(0);
  }
}

/** A record in the memory of the kernels: an area of this many bytes. */
class KernelRecord {
  constructor(address, size) {
    this.address = address;
    this.size = size;
  }

  /** Make it what a new one is. */
  clear(kernels) {
    new Uint8Array(kernels.buffer, this.address, this.size).fill(0);
  }
}

/** Compiled kernels; each decoding has an instance, and so memory, of its own. */
export class Kernels {
  /**
   * @param {WebAssembly.Module} module
   * @returns {Promise<Kernels>}
   */
  static async of(module) {
    const sections = WebAssembly.Module.customSections(module, SECTION);
    require(sections.length === 1, "this is not the decoder of vqcodec", VQCodecError);
    return new Kernels(await WebAssembly.instantiate(module, {}), JSON.parse(new TextDecoder().decode(sections[0])));
  }

  constructor(instance, described) {
    this.exports = instance.exports;
    this.described = described;
    this.scopes = 0; // that work runs in
    const counts = Object.values(described).flatMap((variants) => variants.map(slotsOf));
    this.slots = this.take(SLOT * Math.max(...counts));
  }

  get buffer() {
    return this.exports.memory.buffer;
  }

  /** The address of new memory. */
  take(size) {
    const address = size < 2 ** 32 ? this.exports.vqcodec_take(size) >>> 0 : 0;
    require(address !== 0, `there is no memory for ${size} bytes`, LimitError);
    return address;
  }

  /** Give back all memory that is taken while `work` runs; return what it returns. */
  scope(work) {
    const taken = this.exports.vqcodec_taken();
    this.scopes++;
    try {
      return work();
    } finally {
      this.scopes--;
      this.exports.vqcodec_give_back(taken);
    }
  }

  /** A new array of zeros. */
  zeros(type, shape) {
    const array = this.room(type, shape);
    array.clear();
    return array;
  }

  /** A new array whose elements are what was in the memory. */
  room(type, shape) {
    const size = shape.reduce((product, length) => product * length, VIEWS[type].BYTES_PER_ELEMENT);
    return new KernelArray(this, this.take(size), type, shape);
  }

  /** A new array of these elements; those of another array in this memory are given as the array, not as its view. */
  array(type, shape, elements) {
    const array = this.room(type, shape);
    const values = elements instanceof KernelArray ? elements.view : elements;
    array.view.set(type === "int64" ? BigInt64Array.from(values, BigInt) : values);
    return array;
  }

  /** The zeroed record that argument number `argument`, counted in leaves, of a kernel is. */
  record(kernel, argument) {
    const size = Number(this.described[kernel][0].arguments.at(argument).split(" ")[1]);
    const address = this.take(size);
    new Uint8Array(this.buffer, address, size).fill(0);
    return new KernelRecord(address, size);
  }

  /**
   * Call a kernel.
   * @param {string} name its module, without `vqcodec.`, and its own name
   * @param {...any} values arrays and records of this class, numbers, booleans; tuples as lists of them
   * @returns {number | number[]} its result
   */
  call(name, ...values) {
    const leaves = values.flat(Infinity);
    const variant = this.described[name]?.find((known) => fits(known.arguments, leaves));
    require(variant !== undefined, `the kernel ${name} does not take ${leaves.map(kindOf).join("; ")}`, VQCodecError);
    let view = new DataView(this.buffer, this.slots, SLOT * slotsOf(variant));
    let slot = 0;
    const put = (value) => view.setBigInt64(SLOT * slot++, BigInt(value), true);
    leaves.forEach((leaf, index) => {
      if (leaf instanceof KernelArray) [leaf.address, ...leaf.shape].forEach(put);
      else if (leaf instanceof KernelRecord) put(leaf.address);
      else if (variant.arguments[index].startsWith("float")) view.setFloat64(SLOT * slot++, leaf, true);
      else put(leaf);
    });
    const status = this.exports[variant.entry](this.slots);
    require(status !== 2, `the kernel ${name} finds no memory`, LimitError);
    require(status === 0, `the kernel ${name} failed`, VQCodecError);
    view = new DataView(this.buffer, this.slots);
    const results = variant.results.map((kind, index) =>
      kind.startsWith("float") ? view.getFloat64(SLOT * index, true) : Number(view.getBigInt64(SLOT * index, true)),
    );
    return results.length === 1 ? results[0] : results;
  }
}

function slotsOf({ arguments: leaves, results }) {
  const axes = leaves.map((leaf) => (leaf.match(/:/g) ?? []).length);
  return Math.max(1, results.length, leaves.length + axes.reduce((sum, count) => sum + count, 0));
}

function fits(wanted, leaves) {
  return wanted.length === leaves.length && wanted.every((kind, index) => isA(leaves[index], kind));
}

function isA(leaf, kind) {
  if (leaf instanceof KernelArray) return leaf.leaf === kind;
  if (leaf instanceof KernelRecord) return kind === `record ${leaf.size}`;
  if (kind === "bool") return typeof leaf === "boolean";
  return typeof leaf === "number" && (kind.startsWith("float") || (/^u?int\d+$/.test(kind) && Number.isInteger(leaf)));
}

function kindOf(leaf) {
  if (leaf instanceof KernelArray) return leaf.leaf;
  return leaf instanceof KernelRecord ? `record ${leaf.size}` : typeof leaf;
}
